/**
 * Signed checkpoints of an audit log: what its size and root were, as a text
 * that can be kept anywhere.
 *
 * The text is a signed note with a checkpoint of the C2SP specifications
 * (`signed-note`, `tlog-checkpoint`), so tools for transparency logs read it:
 * the origin, the size and the root in lines of their own, an empty line, and
 * signatures by Ed25519. The origin names the log, the name of a key its owner.
 *
 * @since 0.1.0
 */
import type * as CryptoError from "effect/crypto/CryptoError"
import * as Digest from "effect/crypto/Digest"
import { Signature } from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { bytesOf, hashOfBytes } from "./internal/merkleFrontier.ts"
import type { TreeHead } from "./MerkleTree.ts"
import * as PublicKey from "./PublicKey.ts"
import * as SafeText from "./SafeText.ts"
import * as SigningKey from "./SigningKey.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface AuditCheckpoint extends TreeHead {
  readonly origin: string
}

/**
 * Whose signature counts. `name` has no spaces and no plus sign.
 *
 * @category models
 * @since 0.1.0
 */
export interface Verifier {
  readonly name: string
  readonly publicKey: PublicKey.PublicKey
}

/**
 * What signs the checkpoints of a log.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signer extends Verifier {
  readonly origin: string
  /** The signed note of a tree. */
  readonly sign: (head: TreeHead) => Effect.Effect<string, CryptoError.CryptoError>
}

/**
 * A text that is no checkpoint, or not one of this origin and key.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidCheckpoint
  extends Schema.TaggedError<InvalidCheckpoint>("airssys/security/InvalidCheckpoint")("InvalidCheckpoint", {
    detail: Schema.String
  })
{
  override get message(): string {
    return `checkpoint: ${this.detail}`
  }
}

const invalid = (detail: string): InvalidCheckpoint => new InvalidCheckpoint({ detail })

const isName = (name: string): boolean => name.length <= 256 && /^[^\s+\p{C}]+$/u.test(name)

const isOrigin = (origin: string): boolean => origin.length <= 256 && /^[^\p{C}]+$/u.test(origin)

const encoder = new TextEncoder()

/** The bytes of a key behind the number of its algorithm, Ed25519. */
const keyBytes = (publicKey: PublicKey.PublicKey): Uint8Array => Uint8Array.of(1, ...PublicKey.toBytes(publicKey))

/** The first 4 bytes of the hash of name and key: a hint which key a signature is of. */
const keyHint = ({ name, publicKey }: Verifier): Effect.Effect<Uint8Array, never, Digest.Digest> =>
  Effect.map(
    Digest.Digest.use((digest) =>
      digest.digest(Digest.sha256, Uint8Array.of(...encoder.encode(`${name}\n`), ...keyBytes(publicKey)))
    ),
    (hash) => hash.slice(0, 4)
  )

const bodyOf = (origin: string, { root, size }: TreeHead): string =>
  `${origin}\n${size}\n${Base64.encode(bytesOf(root))}\n`

const mark = "\u2014"

/**
 * Makes a signer of the checkpoints of a log. Name and origin have at most 256
 * characters.
 *
 * @category constructors
 * @since 0.1.0
 */
export const signer = Effect.fnUntraced(function*(options: {
  readonly key: SigningKey.SigningKey
  /** Names the log, such as `example.com/host-1/audit`. */
  readonly origin: string
  /** Name of the key, default the origin. */
  readonly name?: string | undefined
}): Effect.fn.Return<Signer, InvalidCheckpoint, Signature | Digest.Digest> {
  const { key: { publicKey }, origin, name = origin } = options
  if (!isOrigin(origin)) return yield* invalid("an origin has 1 to 256 characters that can be printed")
  if (!isName(name)) return yield* invalid("a name has 1 to 256 characters, no spaces and no plus sign")
  const signature = yield* Signature
  const hint = yield* keyHint({ name, publicKey })
  return {
    name,
    origin,
    publicKey,
    sign: (head) => {
      const body = bodyOf(origin, head)
      return SigningKey.sign(options.key, encoder.encode(body)).pipe(
        Effect.map((signed) => `${body}\n${mark} ${name} ${Base64.encode(Uint8Array.of(...hint, ...signed))}\n`),
        Effect.provideService(Signature, signature)
      )
    }
  }
})

/**
 * The key of a verifier as a text: name, hint and key with `+` between.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifierText = (verifier: Verifier): Effect.Effect<string, never, Digest.Digest> =>
  Effect.map(
    keyHint(verifier),
    (hint) =>
      `${verifier.name}+${Array.from(hint, (byte) => byte.toString(16).padStart(2, "0")).join("")}+${
        Base64.encode(keyBytes(verifier.publicKey))
      }`
  )

/**
 * Reads what `verifierText` writes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const verifierFromText = Effect.fnUntraced(function*(
  text: string
): Effect.fn.Return<Verifier, InvalidCheckpoint, Digest.Digest> {
  const malformed = invalid("a key is a name, 8 hex digits and base64 with + between")
  const match = text.length > 512 ? null : /^([^\s+\p{C}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(text)
  const bytes = yield* Effect.mapError(Effect.fromResult(Base64.decode(match?.[3] ?? "-")), () => malformed)
  if (bytes[0] !== 1) return yield* invalid("the key is not of Ed25519")
  const publicKey = yield* Effect.mapError(
    Effect.fromResult(PublicKey.fromBytes(bytes.subarray(1))),
    (error) => invalid(error.message)
  )
  const verifier: Verifier = { name: match?.[1] ?? "", publicKey }
  return (yield* verifierText(verifier)) === text ? verifier : yield* malformed
})

const longestNote = 65_536

const bodyShape = /^([^\n\p{C}]{1,256})\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/u

const signatureShape = new RegExp(`^${mark} ([^\\s+\\p{C}]{1,256}) ([A-Za-z0-9+/]+={0,2})$`, "u")

const readBody = (body: string): AuditCheckpoint | undefined => {
  const match = bodyShape.exec(body)
  if (match === null) return undefined
  const [, origin = "", size = "", encoded = ""] = match
  const root = Base64.decode(encoded)
  if (Result.isFailure(root) || root.success.length !== 32 || !Number.isSafeInteger(Number(size))) return undefined
  const checkpoint = { origin, size: Number(size), root: hashOfBytes(root.success) }
  return bodyOf(origin, checkpoint) === body ? checkpoint : undefined
}

/**
 * Reads a signed note and checks that it is one of this origin and that the key
 * signed it. Signatures of others are left alone.
 *
 * @category combinators
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function*(
  note: string,
  verifier: Verifier & { readonly origin: string }
): Effect.fn.Return<AuditCheckpoint, InvalidCheckpoint | CryptoError.CryptoError, Signature | Digest.Digest> {
  if (note.length > longestNote) return yield* invalid("the text is longer than 64 KiB")
  const end = note.lastIndexOf(`\n\n${mark} `)
  const body = note.slice(0, end + 1)
  const checkpoint = end < 0 ? undefined : readBody(body)
  if (checkpoint === undefined || !note.endsWith("\n")) {
    return yield* invalid("the text is not origin, size, root, an empty line and signatures")
  }
  if (checkpoint.origin !== verifier.origin) {
    return yield* invalid(
      `it is of ${SafeText.escape(checkpoint.origin, 64)} and not of ${SafeText.escape(verifier.origin, 64)}`
    )
  }
  const lines = note.slice(end + 2, -1).split("\n").map((line) => signatureShape.exec(line))
  if (!lines.every((line) => line !== null)) return yield* invalid("a line behind the empty one is no signature")
  const hint = yield* keyHint(verifier)
  for (const [, name, encoded = ""] of lines) {
    const bytes = Base64.decode(encoded)
    if (name !== verifier.name || Result.isFailure(bytes) || bytes.success.length !== 68) continue
    if (!hint.every((byte, index) => bytes.success[index] === byte)) continue
    return (yield* PublicKey.verify(verifier.publicKey, bytes.success.subarray(4), encoder.encode(body)))
      ? checkpoint
      : yield* invalid("its signature is not of this text")
  }
  return yield* invalid(`${SafeText.escape(verifier.name, 64)} did not sign it with this key`)
})
