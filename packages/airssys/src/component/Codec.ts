/**
 * Reading and writing payloads.
 *
 * Bytes of a peer are hostile: what one payload may cost is bounded by its
 * limits, whatever its bytes say, and nothing is read in two ways. A map of
 * CBOR becomes a `Map`, an object of JSON an object without a prototype.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SafeText from "../security/SafeText.ts"
import type * as Borsh from "./Borsh.ts"
import { CodecError } from "./CodecError.ts"
import * as cbor from "./internal/cbor.ts"
import { attempt, attemptEncode, Budget, Reader, Writer } from "./internal/codecFault.ts"
import * as json from "./internal/json.ts"
import * as Payload from "./Payload.ts"

/**
 * What one payload may cost. An element is a value, a key, a field or what a
 * list has.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  /** Default: `Payload.maxBytes`. */
  readonly maxBytes?: number | undefined
  /** Arrays and maps within each other. Default: 64. */
  readonly maxDepth?: number | undefined
  /** Default: 131,072. */
  readonly maxElements?: number | undefined
}

/**
 * Reads and writes payloads whose values are of one type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Codec<in out A> {
  readonly codec: Payload.Codec
  readonly encode: (value: A) => Result.Result<Payload.Payload, CodecError>
  readonly decode: (payload: Payload.Payload) => Result.Result<A, CodecError>
}

/**
 * Codecs whose bytes say what they are.
 *
 * @category models
 * @since 0.1.0
 */
export type SelfDescribing = "cbor" | "json"

const defaultDepth = 64
const defaultElements = 131_072

const within = ({ maxBytes, maxDepth, maxElements }: Limits) => ({
  maxBytes: maxBytes ?? Payload.maxBytes,
  maxDepth: maxDepth ?? defaultDepth,
  maxElements: maxElements ?? defaultElements
})

const codecs = { cbor, json }

/**
 * Reads a value: of CBOR null, undefined, booleans, numbers (bigints beyond
 * 2^53), texts, `Uint8Array`, arrays and `Map`; of JSON what JSON has.
 *
 * **Example** (A key is a key)
 *
 * ```ts
 * import { Codec } from "airssys/component"
 * import { Result } from "effect"
 *
 * const bytes = new TextEncoder().encode("{\"__proto__\": 1}")
 * const read = Codec.decode("json", bytes).pipe(Result.getOrThrow) as object
 *
 * Object.entries(read) // => [["__proto__", 1]]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const decode = (
  codec: SelfDescribing,
  bytes: Uint8Array,
  limits: Limits = {}
): Result.Result<unknown, CodecError> => attempt(codec, () => codecs[codec].decode(bytes, within(limits)))

/**
 * Writes a value of those that `decode` gives, or with plain objects, whose
 * undefined fields are left out.
 *
 * @category combinators
 * @since 0.1.0
 */
export const encode = (
  codec: SelfDescribing,
  value: unknown,
  limits: Limits = {}
): Result.Result<Uint8Array, CodecError> => attemptEncode(codec, () => codecs[codec].encode(value, within(limits)))

const make = <A>(
  codec: Payload.Codec,
  encode: (value: A) => Result.Result<Uint8Array, CodecError>,
  decode: (bytes: Uint8Array) => Result.Result<A, CodecError>
): Codec<A> => ({
  codec,
  encode: (value) => Result.map(encode(value), (bytes) => ({ codec, bytes })),
  decode: (payload) =>
    payload.codec === codec
      ? decode(payload.bytes)
      : Result.fail(
        new CodecError({ codec, reason: "OtherCodec", detail: `a payload of ${payload.codec} was given` })
      )
})

const detailLimit = 512

const mismatch = (codec: SelfDescribing) => (error: Schema.SchemaError): CodecError =>
  new CodecError({ codec, reason: "Mismatch", detail: SafeText.escape(error.message, detailLimit) })

/** Maps whose keys are all texts, as objects without a prototype: what schemas of structs and records take. */
const withObjects = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withObjects)
  if (!(value instanceof Map)) return value
  const entries = [...value].map(([key, field]) => [key, withObjects(field)] as const)
  return entries.every(([key]) => typeof key === "string")
    ? Object.assign(Object.create(null), Object.fromEntries(entries))
    : new Map(entries)
}

/**
 * A codec for the values of a schema. Of JSON it is the schema's JSON form; of
 * CBOR its encoded form, in which bytes and bigints stay what they are.
 *
 * @category constructors
 * @since 0.1.0
 */
export const schema = <A, I>(
  codec: SelfDescribing,
  schema: Schema.Codec<A, I>,
  limits: Limits = {}
): Codec<A> => {
  const form: Schema.Codec<A, unknown> = codec === "json" ? Schema.toCodecJson(schema) : schema
  const [read, write] = [Schema.decodeUnknownResult(form), Schema.encodeUnknownResult(form)]
  return make(
    codec,
    (value) =>
      Result.flatMap(
        Result.flatMap(attemptEncode(codec, () => write(value)), Result.mapError(mismatch(codec))),
        (value) => encode(codec, value, limits)
      ),
    (bytes) =>
      Result.flatMap(
        decode(codec, bytes, limits),
        (value) => Result.mapError(read(codec === "cbor" ? withObjects(value) : value), mismatch(codec))
      )
  )
}

/**
 * A codec for the values of a type of Borsh.
 *
 * **Example** (A struct in Borsh)
 *
 * ```ts
 * import { Borsh, Codec } from "airssys/component"
 * import { Result } from "effect"
 *
 * const Order = Codec.borsh(Borsh.struct({ sku: Borsh.string, count: Borsh.u16 }))
 *
 * Array.from(Result.getOrThrow(Order.encode({ sku: "a", count: 258 })).bytes) // => [1, 0, 0, 0, 97, 2, 1]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const borsh = <A>(type: Borsh.Type<A>, limits: Limits = {}): Codec<A> => {
  const bounds = within(limits)
  const codec = "borsh"
  return make<A>(
    codec,
    (value) =>
      attemptEncode(codec, () => {
        const writer = new Writer(bounds.maxBytes)
        type.write({ writer, budget: new Budget(bounds) }, value)
        return writer.written()
      }),
    (bytes) =>
      attempt(codec, () => {
        const reader = new Reader(bytes, bounds)
        const value = type.read({ reader, budget: new Budget(bounds) })
        reader.end()
        return value
      })
  )
}

/**
 * A codec that leaves the bytes as they are, and copies them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bytes = (codec: Payload.Codec): Codec<Uint8Array> =>
  make(codec, (value) => Result.succeed(value.slice()), (value) => Result.succeed(value.slice()))
