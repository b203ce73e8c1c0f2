import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Borsh from "../../src/component/Borsh.ts"
import * as Codec from "../../src/component/Codec.ts"
import type { CodecError } from "../../src/component/CodecError.ts"
import * as vectors from "./fixtures/cborVectors.ts"

const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The same numbers for the same seed, below 2^32. */
const randomOf = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  const mixed = Math.imul(seed ^ (seed >>> 15), seed | 1)
  const more = mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61))
  return (more ^ (more >>> 14)) >>> 0
}

/** One to four bytes changed, inserted, left out or copied from elsewhere. */
const mutated = (random: () => number, corpus: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = Array.from(corpus[random() % corpus.length]!)
  for (let count = random() % 4 + 1; count > 0; count--) {
    const at = random() % (bytes.length + 1)
    const kind = random() % 5
    if (kind === 0) bytes.splice(at, 1)
    else if (kind === 1) bytes.splice(at, 0, random() & 255)
    else if (kind === 2) bytes[Math.min(at, bytes.length - 1)] = random() & 255
    else if (kind === 3) bytes.splice(at, 0, ...corpus[random() % corpus.length]!.slice(0, 64))
    else bytes.length = at
  }
  return Uint8Array.from(bytes)
}

/** Values and keys, each of which took a byte at least. */
const size = (value: unknown): number => {
  if (value instanceof Map) return [...value].reduce((sum, [, field]) => sum + 1 + size(field), 1)
  if (Array.isArray(value)) return value.reduce<number>((sum, element) => sum + size(element), 1)
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return 1
  return Object.values(value).reduce<number>((sum, field) => sum + 1 + size(field), 1)
}

const millisOf = (run: () => void): number => {
  const before = process.threadCpuUsage()
  run()
  const { system, user } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/** Far above what any input needs and far below what one that is not bounded takes. */
const mostMillis = 250

const fuzz = (
  corpus: ReadonlyArray<Uint8Array>,
  decode: (bytes: Uint8Array) => Result.Result<unknown, CodecError>,
  check: (bytes: Uint8Array, result: Result.Result<unknown, CodecError>) => void
): { readonly taken: number; readonly refused: ReadonlySet<string> } => {
  const random = randomOf(20_261_121)
  const refused = new Set<string>()
  let taken = 0
  for (let round = 0; round < 20_000; round++) {
    const bytes = mutated(random, corpus)
    let result: Result.Result<unknown, CodecError> | undefined
    assert.isBelow(millisOf(() => (result = decode(bytes))), mostMillis, String(bytes))
    if (Result.isFailure(result!)) refused.add(result.failure.reason)
    else taken++
    check(bytes, result!)
  }
  return { taken, refused }
}

/** What is read, written again and read again is the same. */
const isStable = (codec: Codec.SelfDescribing, value: unknown): void => {
  const again = Codec.decode(codec, Result.getOrThrow(Codec.encode(codec, value)))
  assert.deepStrictEqual(again, Result.succeed(value))
}

describe("mutated payloads", () => {
  it("of CBOR are refused, or are values that can be written again", () => {
    const corpus = [...vectors.taken.map(([text]) => text), ...vectors.unsupported].map(hex)
    const { refused, taken } = fuzz(corpus, (bytes) => Codec.decode("cbor", bytes), (bytes, result) => {
      if (Result.isFailure(result)) return
      assert.isAtMost(size(result.success), bytes.length)
      isStable("cbor", result.success)
    })
    assert.isAbove(taken, 1000)
    assert.includeMembers([...refused], [
      "Truncated",
      "Trailing",
      "Malformed",
      "NotUtf8",
      "DuplicateKey",
      "Unsupported"
    ])
  })

  it("of JSON are taken as JSON.parse takes them, where that reads them in one way", () => {
    const corpus = [
      "{\"a\":[1,2.5e3,-0,null,true,false],\"b\":{\"c\":\"d\\n\\u00e9\\ud83d\\ude00\"}}",
      "[[[]],{},\"\",\" \\\\ \"]",
      " \t\r\n12 ",
      "{\"__proto__\":{\"x\":1},\"0\":1,\"1\":\"\u6c34\"}"
    ].map(utf8)
    const { refused, taken } = fuzz(corpus, (bytes) => Codec.decode("json", bytes), (bytes, result) => {
      const usual = Result.try(() =>
        JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes))
      )
      if (Result.isSuccess(result)) {
        assert.isAtMost(size(result.success), bytes.length)
        isStable("json", result.success)
        assert.strictEqual(JSON.stringify(result.success), JSON.stringify(Result.getOrThrow(usual)))
      } else if (Result.isSuccess(usual)) {
        assert.include(["DuplicateKey", "NotUtf8", "Unsupported", "TooLarge"], result.failure.reason)
      }
    })
    assert.isAbove(taken, 1000)
    assert.includeMembers([...refused], ["Truncated", "Trailing", "Malformed", "NotUtf8", "DuplicateKey"])
  })

  it("of Borsh are refused, or are values that are written as the same bytes", () => {
    const codec = Codec.borsh(Borsh.struct({
      name: Borsh.string,
      tags: Borsh.vec(Borsh.option(Borsh.u16)),
      choice: Borsh.variant({ None: {}, Some: { raw: Borsh.bytes, ratio: Borsh.f64 } })
    }))
    const corpus = [
      { name: "a\u6c34", tags: [1, undefined, 65_535], choice: { _tag: "None" as const } },
      { name: "", tags: [], choice: { _tag: "Some" as const, raw: Uint8Array.of(1, 2), ratio: 1.5 } }
    ].map((value) => Result.getOrThrow(codec.encode(value)).bytes)
    const { refused, taken } = fuzz(corpus, (bytes) => codec.decode({ codec: "borsh", bytes }), (bytes, result) => {
      if (Result.isFailure(result)) return
      assert.deepStrictEqual(
        Result.getOrThrow(codec.encode(result.success as Parameters<typeof codec.encode>[0])).bytes,
        bytes
      )
    })
    assert.isAbove(taken, 100)
    assert.includeMembers([...refused], ["Truncated", "Trailing", "Malformed", "NotUtf8"])
  })
})

describe("the worst payloads of 1 MiB", () => {
  const most = 1_048_576
  const filled = (byte: number, head: string): Uint8Array => {
    const bytes = new Uint8Array(most).fill(byte)
    bytes.set(hex(head))
    return bytes
  }
  const entries = (keys: ReadonlyArray<string>): Uint8Array =>
    hex(`ba${keys.length.toString(16).padStart(8, "0")}${keys.map((key) => `${key}00`).join("")}`)
  const bignum = (index: number): string => `c24c${(index + 1).toString(16).padStart(8, "0")}0000000000000007`

  it.each<readonly [string, Codec.SelfDescribing, Uint8Array, string]>([
    ["a bignum", "cbor", filled(0xff, "c25a000ffffa"), "TooLarge"],
    ["a regular expression", "cbor", filled(0x61, "d81b82617a"), "Unsupported"],
    ["empty arrays", "cbor", filled(0x80, "9a000ffffb"), "TooManyElements"],
    ["arrays in arrays", "cbor", filled(0x81, ""), "TooDeep"],
    [
      "bignums of one hash as keys",
      "cbor",
      entries(Array.from({ length: 30_000 }, (_, index) => bignum(index))),
      "TooManyElements"
    ],
    ["a long text", "cbor", filled(0x61, "7a000ffffb"), "taken"],
    ["arrays in arrays", "json", filled(0x5b, ""), "TooDeep"],
    ["backslashes", "json", filled(0x5c, "22"), "Truncated"],
    ["digits", "json", filled(0x31, ""), "TooLarge"],
    ["white space", "json", filled(0x20, ""), "Truncated"],
    ["zeros in an array", "json", utf8(`[${"0,".repeat(500_000)}0]`), "TooManyElements"],
    ["escapes", "json", utf8(`"${"\\u0061".repeat(174_000)}"`), "taken"],
    [
      "numbers as keys",
      "json",
      utf8(`{${Array.from({ length: 60_000 }, (_, index) => `"${index * 32_768}":0`).join(",")}}`),
      "taken"
    ]
  ])("%s in %s are bounded", (_, codec, bytes, reason) => {
    let result: Result.Result<unknown, CodecError> | undefined
    assert.isBelow(millisOf(() => (result = Codec.decode(codec, bytes))), mostMillis)
    assert.strictEqual(Result.isFailure(result!) ? result.failure.reason : "taken", reason)
  })
})
