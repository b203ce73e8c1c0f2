/**
 * What every implementation of `AuditWitness` that keeps checkpoints has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as AuditCheckpoint from "../security/AuditCheckpoint.ts"
import type { AuditWitness, Log, WitnessError } from "../security/AuditWitness.ts"
import * as MerkleTree from "../security/MerkleTree.ts"
import * as SigningKey from "../security/SigningKey.ts"

type Crypto = Digest.Digest | Signature.Signature

const layer = Layer.merge(Digest.layerWebCrypto, Layer.provide(Signature.layerWebCrypto, SecureRandom.layerWebCrypto))

const signerOf = (origin: string, seed: number) =>
  Effect.flatMap(
    SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(seed))),
    (key) => AuditCheckpoint.signer({ key, origin })
  )

const origin = "example.com/audit"

const hashes = Effect.forEach(
  ["a", "b", "c", "d", "e"],
  (text) => MerkleTree.leafHash(new TextEncoder().encode(text))
)

const treeOf = (leaves: ReadonlyArray<string>, size: number) =>
  Effect.map(MerkleTree.root(MerkleTree.leaves(leaves), size), (root) => ({ size, root: Option.getOrThrow(root) }))

const submissionOf = Effect.fnUntraced(function*(
  signer: AuditCheckpoint.Signer,
  leaves: ReadonlyArray<string>,
  from: number,
  size: number
) {
  const proof = from === 0 ? [] : Option.getOrThrow(
    yield* MerkleTree.proveConsistency(MerkleTree.leaves(leaves), from, size)
  )
  return { note: yield* signer.sign(yield* treeOf(leaves, size)), from, proof }
})

/**
 * Registers the tests. `make` gives a witness of its own that holds nothing and
 * takes the checkpoints of `log`; run again in the same scope it gives the
 * witness as it is after its process ended, where it keeps anything then.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(
  name: string,
  place: Effect.Effect<
    { readonly make: (log: Log) => Effect.Effect<AuditWitness, E | WitnessError, Crypto>; readonly isDurable: boolean },
    E,
    Scope.Scope
  >
): void => {
  const run = <A, E2>(
    test: (
      open: Effect.Effect<AuditWitness, E | WitnessError, Crypto>,
      signer: AuditCheckpoint.Signer,
      isDurable: boolean
    ) => Effect.Effect<A, E2, Crypto>
  ) =>
    Effect.scoped(Effect.gen(function*() {
      const { isDurable, make } = yield* place
      const signer = yield* signerOf(origin, 1)
      return yield* test(make(signer), signer, isDurable)
    })).pipe(Effect.provide(layer))

  describe(`AuditWitness (${name})`, () => {
    it.effect("takes what appends to what it holds", () =>
      run((open, signer) =>
        Effect.gen(function*() {
          const witness = yield* open
          const leaves = yield* hashes
          for (const [from, size] of [[0, 2], [2, 3], [3, 3], [3, 5]] as const) {
            yield* witness.accept(yield* submissionOf(signer, leaves, from, size))
          }
        })
      ))

    it.effect("refuses another history, and goes on with its own", () =>
      run((open, signer) =>
        Effect.gen(function*() {
          const witness = yield* open
          const leaves = yield* hashes
          yield* witness.accept(yield* submissionOf(signer, leaves, 0, 3))
          const other = leaves.with(1, leaves[0] ?? "")
          const error = yield* Effect.flip(witness.accept(yield* submissionOf(signer, other, 3, 5)))
          assert.strictEqual(error.reason, "Refused")
          const same = yield* Effect.flip(witness.accept(yield* submissionOf(signer, other, 3, 3)))
          assert.strictEqual(same.reason, "Refused")
          const unproved = { ...(yield* submissionOf(signer, leaves, 3, 5)), proof: [] }
          assert.strictEqual((yield* Effect.flip(witness.accept(unproved))).reason, "Refused")
          yield* witness.accept(yield* submissionOf(signer, leaves, 3, 5))
        })
      ))

    it.effect("says what it holds to somebody who thinks that it holds something else", () =>
      run((open, signer) =>
        Effect.gen(function*() {
          const witness = yield* open
          const leaves = yield* hashes
          yield* witness.accept(yield* submissionOf(signer, leaves, 0, 4))
          for (const [from, size] of [[0, 5], [3, 5], [2, 3], [0, 2]] as const) {
            const error = yield* Effect.flip(witness.accept(yield* submissionOf(signer, leaves, from, size)))
            assert.deepStrictEqual([error.reason, error.size], ["Elsewhere", 4])
          }
        })
      ))

    it.effect("takes nothing that is not signed by the log, for its origin, as it stands", () =>
      run((open, signer) =>
        Effect.gen(function*() {
          const witness = yield* open
          const leaves = yield* hashes
          const { note } = yield* submissionOf(signer, leaves, 0, 2)
          const notes = [
            yield* (yield* signerOf(origin, 2)).sign(yield* treeOf(leaves, 2)),
            yield* (yield* signerOf("example.com/other", 1)).sign(yield* treeOf(leaves, 2)),
            note.replace("\n2\n", "\n3\n"),
            note.slice(0, note.lastIndexOf("\u2014")),
            ""
          ]
          for (const wrong of notes) {
            const error = yield* Effect.flip(witness.accept({ note: wrong, from: 0, proof: [] }))
            assert.strictEqual(error.reason, "Refused", wrong)
          }
          yield* witness.accept({ note, from: 0, proof: [] })
        })
      ))

    it.effect("holds what it took when it is opened again", () =>
      run((open, signer, isDurable) =>
        Effect.gen(function*() {
          if (!isDurable) return
          const leaves = yield* hashes
          for (const [from, size] of [[0, 2], [2, 4]] as const) {
            yield* (yield* open).accept(yield* submissionOf(signer, leaves, from, size))
          }
          const error = yield* Effect.flip((yield* open).accept(yield* submissionOf(signer, leaves, 0, 3)))
          assert.strictEqual(error.size, 4)
        })
      ))
  })
}
