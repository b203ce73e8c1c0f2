import { assert, describe, it } from "@effect/vitest"
import { randomBytes } from "node:crypto"
import * as guest from "../src/internal/guestEncoding.ts"

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

/** Every begin of a sequence with every kind of second, third and fourth byte. */
const edges = function*() {
  const others = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xf0, 0xf5]
  for (let first = 0x80; first <= 0xff; first++) {
    yield [first]
    for (const second of others) {
      yield [first, second]
      for (const third of others) {
        yield [first, second, third]
        for (const fourth of first < 0xf0 ? [] : others) yield [first, second, third, fourth]
      }
    }
  }
}

const mark = [0xef, 0xbb, 0xbf]

describe("encoding in guests", () => {
  it("decodes every edge of UTF-8 as the platform does, with and without a mark before it", () => {
    const [own, theirs] = [new guest.TextDecoder(), new TextDecoder()]
    const [ownMark, theirMark] = [
      new guest.TextDecoder("UTF8", { ignoreBOM: true }),
      new TextDecoder("utf-8", {
        ignoreBOM: true
      })
    ]
    const others: Array<string> = []
    for (const edge of edges()) {
      const bytes = Uint8Array.from([...edge, 0x61])
      if (own.decode(bytes) !== theirs.decode(bytes)) others.push(hex(bytes))
      const marked = Uint8Array.from([...mark, ...edge])
      if (own.decode(marked) !== theirs.decode(marked)) others.push(hex(marked))
      if (ownMark.decode(marked) !== theirMark.decode(marked)) others.push(hex(marked))
    }
    assert.deepStrictEqual(others, [])
  })

  it("refuses what is no UTF-8 where the platform does", () => {
    const [own, theirs] = [new guest.TextDecoder("utf-8", { fatal: true }), new TextDecoder("utf-8", { fatal: true })]
    const outcome = (decode: () => string) => {
      try {
        return decode()
      } catch (error) {
        return (error as Error).name
      }
    }
    const others: Array<string> = []
    for (const edge of edges()) {
      const bytes = Uint8Array.from(edge)
      if (outcome(() => own.decode(bytes)) !== outcome(() => theirs.decode(bytes))) others.push(hex(bytes))
    }
    assert.deepStrictEqual(others, [])
    assert.throws(() => new guest.TextDecoder("utf-16"), RangeError)
    assert.throws(() => new guest.TextDecoder().decode(new Uint8Array(1), { stream: true }), TypeError)
  })

  it("decodes long bytes, of any view", () => {
    const bytes = randomBytes(100_000)
    assert.strictEqual(new guest.TextDecoder().decode(bytes), new TextDecoder().decode(bytes))
    const part = new DataView(bytes.buffer, bytes.byteOffset + 3, 1_000)
    assert.strictEqual(new guest.TextDecoder().decode(part), new TextDecoder().decode(part))
    assert.strictEqual(new guest.TextDecoder().decode(), "")
  })

  it("encodes every code unit and pair as the platform does", () => {
    const [own, theirs] = [new guest.TextEncoder(), new TextEncoder()]
    const texts = Array.from({ length: 0x1_0000 }, (_, unit) => String.fromCharCode(unit))
    const others = [...texts, texts.join(""), "\ud83c\udf0d", "\udf0d\ud83c", "a\ud83c"]
      .filter((text) => hex(own.encode(text)) !== hex(theirs.encode(text)))
    assert.deepStrictEqual(others, [])
    for (let room = 0; room < 12; room++) {
      const [a, b] = [new Uint8Array(room), new Uint8Array(room)]
      assert.deepStrictEqual(own.encodeInto("aü世🌍b", a), { ...theirs.encodeInto("aü世🌍b", b) })
      assert.deepStrictEqual(a, b)
    }
  })
})
