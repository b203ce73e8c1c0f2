import * as NodeSignature from "@airssys/platform-node/NodeSignature"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import * as PublicKey from "airssys/security/PublicKey"
import * as SigningKey from "airssys/security/SigningKey"
import { Effect, Redacted, Result } from "effect"
import { Signature } from "effect/crypto"

const seed = (byte: number) => Redacted.make(new Uint8Array(32).fill(byte))

/** The order of the group, and what is added to a signature to write it in a second way. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n

const number = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => sum << 8n | BigInt(byte), 0n)

const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, index) => Number(value >> BigInt(8 * index) & 255n))

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, index) => index === bit >> 3 ? byte ^ 1 << (bit & 7) : byte)

/** Keys, signatures and texts: what was signed, and what was nearly signed. */
const cases = Effect.gen(function*() {
  const found: Array<readonly [key: Uint8Array, signature: Uint8Array, data: Uint8Array]> = []
  for (let index = 1; index <= 8; index++) {
    const key = yield* SigningKey.fromSeed(seed(index))
    const publicKey = PublicKey.toBytes(key.publicKey)
    const data = new Uint8Array(index * 7).fill(index)
    const signature = yield* SigningKey.sign(key, data)
    const again = Uint8Array.of(...signature.subarray(0, 32), ...bytesOf(number(signature.subarray(32)) + order))
    found.push(
      [publicKey, signature, data],
      [publicKey, again, data],
      [publicKey, signature.subarray(0, 63), data],
      [publicKey, new Uint8Array(0), data],
      [publicKey, Uint8Array.of(...signature, 0), data],
      [publicKey, new Uint8Array(64), data],
      [publicKey, signature, new Uint8Array(0)],
      [bytesOf(1n), signature, data],
      [bytesOf(0n), new Uint8Array(64), data],
      [bytesOf(2n ** 255n - 19n), signature, data],
      [new Uint8Array(32).fill(255), signature, data]
    )
    for (let bit = index; bit < 512; bit += 37) {
      found.push([publicKey, flipped(signature, bit), data], [flipped(publicKey, bit % 256), signature, data])
    }
  }
  return found
})

const answers = Effect.gen(function*() {
  const service = yield* Signature.Signature
  return yield* Effect.forEach(
    yield* cases,
    ([key, signature, data]) =>
      Effect.result(
        Effect.flatMap(Signature.publicKey(Signature.ed25519, key), (imported) =>
          service.verify(imported, signature, data))
      )
  )
})

describe("NodeSignature", () => {
  it.effect("says of each signature what WebCrypto does, good or bad", () =>
    Effect.gen(function*() {
      const ours = yield* Effect.provide(answers, NodeSignature.layer)
      const theirs = yield* Effect.provide(answers, NodeCrypto.layerSignature)
      assert.deepStrictEqual(ours.map(Result.getOrUndefined), theirs.map(Result.getOrUndefined))
      assert.deepStrictEqual(ours.map(Result.isSuccess), theirs.map(Result.isSuccess))
      assert.strictEqual(ours.filter((_) => Result.isSuccess(_) && _.success).length, 8)
    }))

  it.effect("verifies other algorithms, and keys that nobody can export", () =>
    Effect.gen(function*() {
      const service = yield* Signature.Signature
      const { privateKey, publicKey } = yield* service.generateKeyPair(Signature.ecdsaP256)
      const data = new Uint8Array(9)
      const signature = yield* service.sign(privateKey, data)
      assert.isTrue(yield* service.verify(publicKey, signature, data))
      const key = yield* SigningKey.fromSeed(seed(1))
      const signed = yield* SigningKey.sign(key, data)
      const closed = yield* Effect.promise(() =>
        crypto.subtle.importKey("raw", Buffer.from(PublicKey.toBytes(key.publicKey)), "Ed25519", false, ["verify"])
      )
      const imported = yield* Signature.publicKeyFromCryptoKey(Signature.ed25519, closed)
      assert.isTrue(yield* service.verify(imported, signed, data))
      assert.isFalse(yield* service.verify(imported, signed, new Uint8Array(10)))
    }).pipe(Effect.provide(NodeSignature.layer)))
})
