/**
 * The Ed25519 keys of publishers, operators and witnesses, as texts.
 *
 * `ed25519:` and 43 characters of base64url: the text is the identity of the
 * key, so two texts are never the same key. That holds because only the
 * canonical encoding of a point is taken, and no point of small order, for
 * which a signature can be made that fits any message.
 *
 * A text that is no point of the curve is not told apart here: no signature
 * verifies with it.
 *
 * @since 0.1.0
 */
import type * as CryptoError from "effect/crypto/CryptoError"
import * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as curvePoint from "./internal/curvePoint.ts"
import * as SafeText from "./SafeText.ts"

const algorithm = "ed25519:"

/**
 * A text that is no public key.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidKey extends Schema.TaggedError<InvalidKey>("airssys/security/InvalidKey")("InvalidKey", {
  reason: Schema.Literals(["UnknownAlgorithm", "Malformed", "NotCanonical", "SmallOrder"]),
  key: Schema.String
}) {
  override get message(): string {
    return `the key "${SafeText.escape(this.key, 64)}" ${problems[this.reason]}`
  }
}

const problems = {
  UnknownAlgorithm: "is of no known algorithm: a key is \"ed25519:\" and 43 characters of base64url",
  Malformed: "is cut or has other characters: a key is \"ed25519:\" and 43 characters of base64url",
  NotCanonical: "is not written as a key is written, so that it could stand for another",
  SmallOrder: "is a point of small order, with which anybody can sign"
} as const

const problemOf = (text: string): InvalidKey["reason"] | undefined => {
  if (typeof text !== "string" || !text.startsWith(algorithm)) return "UnknownAlgorithm"
  if (text.length !== algorithm.length + 43) return "Malformed"
  const encoded = text.slice(algorithm.length)
  const bytes = Base64Url.decode(encoded)
  if (Result.isFailure(bytes) || bytes.success.length !== 32) return "Malformed"
  return Base64Url.encode(bytes.success) === encoded ? curvePoint.problemOf(bytes.success) : "NotCanonical"
}

/**
 * Schema of a public key.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PublicKey = Schema.String.check(
  Schema.makeFilter((text: string) => {
    const reason = problemOf(text)
    return reason === undefined || `a public key: this one ${problems[reason]}`
  })
).pipe(Schema.brand("airssys/security/PublicKey"))

/**
 * @category models
 * @since 0.1.0
 */
export type PublicKey = typeof PublicKey.Type

/**
 * @category guards
 * @since 0.1.0
 */
export const isPublicKey = (u: unknown): u is PublicKey => typeof u === "string" && problemOf(u) === undefined

/**
 * Takes the text of a key.
 *
 * ```ts
 * import { PublicKey } from "airssys/security"
 * import { Result } from "effect"
 *
 * const zero = PublicKey.fromText(`ed25519:${"A".repeat(43)}`)
 * Result.isFailure(zero) && zero.failure.reason // => "SmallOrder"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromText = (text: string): Result.Result<PublicKey, InvalidKey> => {
  const reason = problemOf(text)
  return reason === undefined
    ? Result.succeed(text as PublicKey)
    : Result.fail(new InvalidKey({ reason, key: typeof text === "string" ? text.slice(0, 64) : "" }))
}

/**
 * The text of a key of 32 bytes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromBytes = (bytes: Uint8Array): Result.Result<PublicKey, InvalidKey> =>
  fromText(`${algorithm}${Base64Url.encode(bytes)}`)

/**
 * @category combinators
 * @since 0.1.0
 */
export const toBytes = (key: PublicKey): Uint8Array => Result.getOrThrow(Base64Url.decode(key.slice(algorithm.length)))

/**
 * Whether a signature of 64 bytes was made over `bytes` by the owner of `key`.
 * Fails only when the platform cannot verify; then nothing is known.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verify = (
  key: PublicKey,
  signature: Uint8Array,
  bytes: Uint8Array
): Effect.Effect<boolean, CryptoError.CryptoError, Signature.Signature> =>
  Effect.flatMap(Signature.Signature, (service) =>
    Effect.flatMap(
      Signature.publicKey(Signature.ed25519, toBytes(key)),
      (imported) => service.verify(imported, signature, bytes)
    )).pipe(Effect.catchReason("CryptoError", "InvalidKey", () => Effect.succeed(false)))
