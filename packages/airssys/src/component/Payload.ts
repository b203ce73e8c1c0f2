/**
 * What a message between components carries: bytes, and how they are to be
 * read.
 *
 * On a wire and in storage the bytes stand behind the multicodec of their codec
 * as an unsigned varint: CBOR 0x51, JSON 0x0200, Borsh 0x0701. Nothing here
 * reads the bytes themselves.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/**
 * @category schemas
 * @since 0.1.0
 */
export const Codec = Schema.Literals(["cbor", "json", "borsh"])

/**
 * How bytes are to be read.
 *
 * @category models
 * @since 0.1.0
 */
export type Codec = typeof Codec.Type

/**
 * Schema of `Payload`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Payload = Schema.Struct({ codec: Codec, bytes: Schema.Uint8Array })

/**
 * Bytes and their codec. Whoever has made one does not change the bytes any
 * more.
 *
 * @category models
 * @since 0.1.0
 */
export interface Payload extends Schema.Schema.Type<typeof Payload> {}

/**
 * @category guards
 * @since 0.1.0
 */
export const isPayload: (u: unknown) => u is Payload = Schema.is(Payload)

/**
 * The codecs, in the order of their multicodecs.
 *
 * @category models
 * @since 0.1.0
 */
export const codecs: ReadonlyArray<Codec> = ["cbor", "json", "borsh"]

/**
 * The multicodec of each codec.
 *
 * @category models
 * @since 0.1.0
 */
export const multicodec: Readonly<Record<Codec, number>> = { cbor: 0x51, json: 0x0200, borsh: 0x0701 }

/**
 * The most bytes of a payload where nothing else is said: 1 MiB, without the
 * multicodec.
 *
 * @category models
 * @since 0.1.0
 */
export const maxBytes: number = 1_048_576

/**
 * Bytes that are no payload, or too many. `limit` is the most bytes that were
 * allowed.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidPayload extends Schema.TaggedError<InvalidPayload>("airssys/component/Payload/InvalidPayload")(
  "InvalidPayload",
  {
    reason: Schema.TaggedUnion({
      /** More bytes than allowed. */
      TooLarge: { bytes: Schema.Number, limit: Schema.Number },
      /** The bytes do not begin with the shortest varint of a codec that is known here. */
      UnknownCodec: {}
    })
  }
) {
  override get message(): string {
    return this.reason._tag === "TooLarge"
      ? `a payload of ${this.reason.bytes} bytes is more than the ${this.reason.limit} that are allowed`
      : "a payload begins with the multicodec of cbor (51), json (80 04) or borsh (81 0e)"
  }
}

/**
 * How many bytes a payload may have: `maxBytes` where nothing else is said.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bounds {
  readonly maxBytes?: number | undefined
}

const prefixes: Readonly<Record<Codec, Uint8Array>> = {
  cbor: Uint8Array.of(0x51),
  json: Uint8Array.of(0x80, 0x04),
  borsh: Uint8Array.of(0x81, 0x0e)
}

const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean =>
  prefix.every((byte, index) => bytes[index] === byte)

/**
 * Gives the payload if it is within the bounds.
 *
 * @category combinators
 * @since 0.1.0
 */
export const check = (self: Payload, bounds: Bounds = {}): Result.Result<Payload, InvalidPayload> => {
  const { maxBytes: limit = maxBytes } = bounds
  return self.bytes.length <= limit
    ? Result.succeed(self)
    : Result.fail(new InvalidPayload({ reason: { _tag: "TooLarge", bytes: self.bytes.length, limit } }))
}

/**
 * The bytes behind their multicodec, for a wire or a store.
 *
 * **Example** (JSON behind its multicodec)
 *
 * ```ts
 * import { Payload } from "airssys/component"
 *
 * const bytes = new TextEncoder().encode("1")
 *
 * Array.from(Payload.toBytes({ codec: "json", bytes })) // => [128, 4, 49]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const toBytes = (self: Payload): Uint8Array => {
  const prefix = prefixes[self.codec]
  const bytes = new Uint8Array(prefix.length + self.bytes.length)
  bytes.set(prefix)
  bytes.set(self.bytes, prefix.length)
  return bytes
}

/**
 * Reads what `toBytes` wrote. The payload's bytes are a copy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromBytes = (bytes: Uint8Array, bounds: Bounds = {}): Result.Result<Payload, InvalidPayload> => {
  const codec = codecs.find((codec) => startsWith(bytes, prefixes[codec]))
  return codec === undefined
    ? Result.fail(new InvalidPayload({ reason: { _tag: "UnknownCodec" } }))
    : Result.map(
      check({ codec, bytes: bytes.subarray(prefixes[codec].length) }, bounds),
      (payload) => ({ codec, bytes: payload.bytes.slice() })
    )
}
