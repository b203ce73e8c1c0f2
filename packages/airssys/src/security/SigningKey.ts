/**
 * Ed25519 keys that sign: of a publisher, an operator, a host.
 *
 * A key shows its public key and nothing else, whatever prints it; anything
 * that holds the value can sign with it. Its seed leaves through `seed` alone.
 *
 * @since 0.1.0
 */
import * as CryptoError from "effect/crypto/CryptoError"
import * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Redacted from "effect/Redacted"
import * as untrusted from "./internal/untrusted.ts"
import * as PublicKey from "./PublicKey.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface SigningKey {
  readonly publicKey: PublicKey.PublicKey
  readonly toJSON: () => unknown
}

const secrets = new WeakMap<SigningKey, Signature.PrivateKey<Signature.Ed25519>>()

class Key implements SigningKey {
  readonly publicKey: PublicKey.PublicKey
  constructor(publicKey: PublicKey.PublicKey) {
    this.publicKey = publicKey
  }
  toJSON(): unknown {
    return { _id: "SigningKey", publicKey: this.publicKey }
  }
  toString(): string {
    return `SigningKey(${this.publicKey})`
  }
  [NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}

const unusable = (method: string, description: string) =>
  new CryptoError.CryptoError({
    module: "SigningKey",
    method,
    reason: new CryptoError.InvalidKey({ description })
  })

const make = Effect.fnUntraced(function*(privateKey: Signature.PrivateKey<Signature.Ed25519>) {
  const signature = yield* Signature.Signature
  const bytes = yield* Signature.toBytes(yield* signature.publicKeyOf(privateKey))
  const publicKey = yield* Effect.mapError(
    Effect.fromResult(PublicKey.fromBytes(bytes)),
    (error) => unusable("make", error.message)
  )
  const key = new Key(publicKey)
  secrets.set(key, privateKey)
  return key as SigningKey
})

/**
 * @category guards
 * @since 0.1.0
 */
export const isSigningKey = (u: unknown): u is SigningKey => untrusted.look(() => u instanceof Key, false)

/**
 * Makes a key of a seed of 32 bytes, which are copied.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromSeed = (
  seed: Redacted.Redacted<Uint8Array>
): Effect.Effect<SigningKey, CryptoError.CryptoError, Signature.Signature> =>
  Effect.flatMap(Signature.privateKey(Signature.ed25519, Redacted.value(seed)), make)

/**
 * Makes a key of random bytes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generate: Effect.Effect<SigningKey, CryptoError.CryptoError, Signature.Signature> = Effect.flatMap(
  Signature.Signature,
  (signature) => Effect.flatMap(signature.generateKeyPair(Signature.ed25519), ({ privateKey }) => make(privateKey))
)

const secretOf = (key: SigningKey, method: string) =>
  Effect.suspend(() => {
    const secret = secrets.get(key)
    return secret === undefined
      ? Effect.fail(unusable(method, "the value is no signing key"))
      : Effect.succeed(secret)
  })

/**
 * The seed of a key, to be kept where nobody else reads it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const seed = (key: SigningKey): Effect.Effect<Redacted.Redacted<Uint8Array>, CryptoError.CryptoError> =>
  Effect.map(
    Effect.flatMap(secretOf(key, "seed"), Signature.toBytes),
    (bytes) => Redacted.make(bytes, { label: "seed" })
  )

/**
 * Signs bytes as they are. What is signed should begin with the purpose it is
 * signed for: `Statement` does that.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sign = (
  key: SigningKey,
  bytes: Uint8Array
): Effect.Effect<Uint8Array, CryptoError.CryptoError, Signature.Signature> =>
  Effect.flatMap(secretOf(key, "sign"), (secret) => Signature.Signature.use((_) => _.sign(secret, bytes)))
