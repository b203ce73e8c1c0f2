/**
 * Signed statements: ours, opened with all checks, and the bare verification of
 * Node that is in it.
 */
import * as NodeSignature from "@airssys/platform-node/NodeSignature"
import { PublicKey, ReleaseStatement, SigningKey, Statement } from "airssys/security"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createPublicKey, verify } from "node:crypto"
import type { Work } from "../../harness/Suite.ts"
import { expect } from "./Work.ts"

const layer = NodeSignature.layer

/** As many as are verified in the row of ten thousand; those of one publisher. */
const different = 100

const digestOf = (index: number): string => `sha256:${String(index).padStart(64, "0")}`

const statements = (): Promise<ReadonlyArray<Statement.Signed>> =>
  Effect.runPromise(Effect.provide(
    Effect.gen(function*() {
      const key = yield* SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(7)))
      return yield* Effect.forEach(Array.from({ length: different }, (_, index) => index), (index) =>
        Statement.sign(ReleaseStatement.statement, {
          algorithm: "ed25519",
          artifact: digestOf(index),
          capabilities: digestOf(1),
          issued: 1_800_000_000_000,
          key: key.publicKey,
          manifest: digestOf(2),
          name: "rates",
          namespace: "acme",
          notAfter: 1_900_000_000_000,
          version: `1.${index}.0`
        }, [key]))
    }),
    layer
  ))

/** Opens statements, one after the other or so many at a time. */
export const open = async (concurrency: number): Promise<Work> => {
  const signed = await statements()
  const context = await Effect.runPromise(Effect.scoped(Layer.build(layer)))
  const run = Effect.runPromiseWith(context)
  let opened = 0
  const one = (index: number) =>
    Effect.map(ReleaseStatement.open(signed[index % different]!), (_) => void (opened += _.signers.length))
  return {
    run: (count) =>
      run(Effect.orDie(Effect.forEach(Array.from({ length: count }, (_, index) => index), one, {
        concurrency,
        discard: true
      }))),
    check: (count) => {
      const done = opened
      opened = 0
      expect(done, count)
    }
  }
}

/** `crypto.verify` over the same bytes, with a key that was made once. */
export const verifyBare = async (): Promise<Work> => {
  const signed = await statements()
  const prepared = signed.map(({ signatures, text }) => {
    const { key, signature } = signatures[0]!
    const x = Buffer.from(PublicKey.toBytes(key)).toString("base64url")
    return {
      key: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }),
      signature: Buffer.from(signature, "base64url"),
      bytes: new TextEncoder().encode(text)
    }
  })
  let verified = 0
  return {
    run: (count) => {
      for (let index = 0; index < count; index++) {
        const { bytes, key, signature } = prepared[index % different]!
        if (verify(null, bytes, key, signature)) verified++
      }
    },
    check: (count) => {
      const done = verified
      verified = 0
      expect(done, count)
    }
  }
}
