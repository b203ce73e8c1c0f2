import { type Digest, sha256 } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import type { Batch } from "./auditQueue.ts"
import { done, type Frontier, type Hash } from "./merkleFrontier.ts"

/**
 * Puts the hashes of the leaves of a batch into its lines and onto a tree. Where
 * they are made when they are asked for it is one loop, else an effect for each.
 */
export const hashLeaves = (
  digest: Digest["Service"],
  { entries, lines }: Batch,
  frontier: Frontier
): Effect.Effect<ReadonlyArray<Hash>> => {
  const hashes: Array<Hash> = []
  let from = 0
  let to = 0
  const put = (hash: Hash): Effect.Effect<void> | undefined => {
    lines.end(from, hash)
    hashes.push(hash)
    from = to
    return frontier.push(hash)
  }
  const go = (): Effect.Effect<ReadonlyArray<Hash>> => {
    while (hashes.length < entries.length) {
      to = from + entries[hashes.length]!.bytes
      const made = digest.digestHex(sha256, lines.leaf(from, to))
      const hash = done(made)
      if (hash === undefined) return Effect.flatMap(made, (hash) => goOn(put(hash)))
      const merging = put(hash)
      if (merging !== undefined) return goOn(merging)
    }
    return Effect.succeed(hashes)
  }
  const goOn = (merging: Effect.Effect<void> | undefined): Effect.Effect<ReadonlyArray<Hash>> =>
    merging === undefined ? go() : Effect.flatMap(merging, go)
  return Effect.suspend(go)
}
