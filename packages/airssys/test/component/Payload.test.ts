import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Payload from "../../src/component/Payload.ts"

/** As multiformats define it: seven bits a byte, least significant first. */
const varint = (value: number): ReadonlyArray<number> =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)]

describe("Payload", () => {
  it("puts bytes behind the unsigned varint of their multicodec", () => {
    for (const codec of Payload.codecs) {
      const bytes = Payload.toBytes({ codec, bytes: Uint8Array.of(7) })
      assert.deepStrictEqual(Array.from(bytes), [...varint(Payload.multicodec[codec]), 7])
    }
  })

  it.prop(
    "reads what it wrote, as a copy",
    { codec: Payload.Codec, bytes: Schema.Uint8Array },
    ({ bytes, codec }) => {
      const wire = Payload.toBytes({ codec, bytes })
      const read = Result.getOrThrow(Payload.fromBytes(wire))
      wire.fill(0)
      assert.deepStrictEqual(read, { codec, bytes })
    }
  )

  it("takes no prefix but the shortest of a codec that it knows", () => {
    for (const wire of [[], [0x80], [0x81], [0xd1, 0x00], [0x80, 0x84, 0x00], [0x71, 1], [0x00]]) {
      const result = Payload.fromBytes(Uint8Array.from(wire))
      assert.isTrue(Result.isFailure(result) && result.failure.reason._tag === "UnknownCodec", String(wire))
    }
  })

  it("bounds the bytes, 1 MiB where nothing else is said", () => {
    const of = (size: number): Payload.Payload => ({ codec: "cbor", bytes: new Uint8Array(size) })
    assert.isTrue(Result.isSuccess(Payload.check(of(Payload.maxBytes))))
    assert.isTrue(Result.isFailure(Payload.check(of(Payload.maxBytes + 1))))
    assert.isTrue(Result.isFailure(Payload.check(of(3), { maxBytes: 2 })))
    const read = Payload.fromBytes(Payload.toBytes(of(3)), { maxBytes: 2 })
    assert.deepStrictEqual(
      Result.isFailure(read) ? read.failure.reason : undefined,
      { _tag: "TooLarge", bytes: 3, limit: 2 }
    )
  })

  it("is a payload only with a codec that exists and bytes", () => {
    const bytes = new Uint8Array(1)
    assert.isTrue(Payload.isPayload({ codec: "borsh", bytes }))
    for (const other of [{ codec: "xml", bytes }, { codec: "json", bytes: [1] }, { bytes }, null, "json"]) {
      assert.isFalse(Payload.isPayload(other))
    }
    assert.isTrue(Schema.is(Payload.Codec)("json"))
  })
})
