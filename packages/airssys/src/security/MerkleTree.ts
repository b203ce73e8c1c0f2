/**
 * Merkle trees of RFC 6962 over SHA-256, and proofs about them.
 *
 * The root of a tree stands for all of its leaves and their order. An inclusion
 * proof shows that a leaf is in it, a consistency proof that a later tree only
 * appended to an earlier one; each has about log2(size) hashes. Leaves and nodes
 * are hashed in domains of their own. Leaves count from 0.
 *
 * A hash is 64 lower-case hex digits.
 *
 * @since 0.1.0
 */
import { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as frontier from "./internal/merkleFrontier.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Hash = string

/**
 * Root of a tree and how many leaves it has.
 *
 * @category models
 * @since 0.1.0
 */
export interface TreeHead {
  readonly size: number
  readonly root: Hash
}

/**
 * What is known of a tree: the hashes of its leaves, but for the first ones,
 * of which only the roots of their complete subtrees are left, largest first.
 *
 * @category models
 * @since 0.1.0
 */
export interface Leaves {
  readonly first: number
  readonly nodes: ReadonlyArray<Hash>
  readonly hashes: ReadonlyArray<Hash>
}

/**
 * The tree without leaves.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: TreeHead = { size: 0, root: frontier.emptyRoot }

/**
 * A tree of which all leaves are known.
 *
 * @category constructors
 * @since 0.1.0
 */
export const leaves = (hashes: ReadonlyArray<Hash>): Leaves => ({ first: 0, nodes: [], hashes })

/**
 * @category combinators
 * @since 0.1.0
 */
export const leafHash = (data: Uint8Array): Effect.Effect<Hash, never, Digest> =>
  Effect.flatMap(Digest, (sha256) => frontier.leafHash(sha256, data))

/**
 * @category combinators
 * @since 0.1.0
 */
export const nodeHash = (left: Hash, right: Hash): Effect.Effect<Hash, never, Digest> =>
  Effect.flatMap(Digest, (sha256) => frontier.nodeHash(sha256, left, right))

/** Largest power of two below `size`, which is at least 2. */
const split = (size: number): number => {
  let left = 1
  while (left * 2 < size) left *= 2
  return left
}

/** The kept root of the leaves `from` to `to`, if these are one of the complete subtrees that were kept. */
const kept = (self: Leaves, from: number, to: number): Hash | undefined => {
  let at = 0
  for (const node of self.nodes) {
    let length = 1
    while (length * 2 <= self.first - at) length *= 2
    if (at === from && to === at + length) return node
    at += length
  }
  return undefined
}

const isIndex = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

const isKnown = (self: Leaves, size: number): boolean => isIndex(size) && size <= self.first + self.hashes.length

const rootOf = (self: Leaves, from: number, to: number): Effect.Effect<Option.Option<Hash>, never, Digest> =>
  Effect.gen(function*() {
    if (from === to) return Option.some(empty.root)
    if (!isKnown(self, to)) return Option.none()
    if (from < self.first) {
      const node = kept(self, from, to)
      if (node !== undefined) return Option.some(node)
      if (to <= self.first) return Option.none()
    } else if (to - from === 1) return Option.fromUndefinedOr(self.hashes[from - self.first])
    const middle = from + split(to - from)
    const left = yield* rootOf(self, from, middle)
    const right = yield* rootOf(self, middle, to)
    return Option.isSome(left) && Option.isSome(right)
      ? Option.some(yield* nodeHash(left.value, right.value))
      : Option.none()
  })

/**
 * The root of the first `size` leaves; none where too few are known.
 *
 * @category combinators
 * @since 0.1.0
 */
export const root = (self: Leaves, size: number): Effect.Effect<Option.Option<Hash>, never, Digest> =>
  rootOf(self, 0, size)

/**
 * Proves that leaf `index` is in the tree of the first `size` leaves; none
 * where it is not, or too few are known.
 *
 * @category combinators
 * @since 0.1.0
 */
export const proveInclusion = (
  self: Leaves,
  index: number,
  size: number
): Effect.Effect<Option.Option<ReadonlyArray<Hash>>, never, Digest> => {
  if (!isIndex(index) || index >= size || !isKnown(self, size)) return Effect.succeedNone
  const spans: Array<readonly [number, number]> = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + split(to - from)
    if (index < middle) {
      spans.unshift([middle, to])
      to = middle
    } else {
      spans.unshift([from, middle])
      from = middle
    }
  }
  return rootsOf(self, spans)
}

/**
 * Proves that the tree of the first `newer` leaves appends to that of the first
 * `older`, which has at least one; none where it does not, or too few are
 * known.
 *
 * @category combinators
 * @since 0.1.0
 */
export const proveConsistency = (
  self: Leaves,
  older: number,
  newer: number
): Effect.Effect<Option.Option<ReadonlyArray<Hash>>, never, Digest> => {
  if (!isIndex(older) || older < 1 || older > newer || !isKnown(self, newer)) return Effect.succeedNone
  const spans: Array<readonly [number, number]> = []
  let from = 0
  let to = newer
  while (older < to) {
    const middle = from + split(to - from)
    if (older <= middle) {
      spans.unshift([middle, to])
      to = middle
    } else {
      spans.unshift([from, middle])
      from = middle
    }
  }
  if (from > 0) spans.unshift([from, to])
  return rootsOf(self, spans)
}

const rootsOf = (
  self: Leaves,
  spans: ReadonlyArray<readonly [number, number]>
): Effect.Effect<Option.Option<ReadonlyArray<Hash>>, never, Digest> =>
  Effect.map(Effect.forEach(spans, ([from, to]) => rootOf(self, from, to)), Option.all)

const isHash = (hash: Hash): boolean => /^[0-9a-f]{64}$/.test(hash)

const half = (value: number): number => Math.floor(value / 2)

/**
 * Whether a proof shows that the leaf is in the tree (RFC 9162, 2.1.3.2).
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifyInclusion = Effect.fnUntraced(function*(claim: {
  readonly index: number
  readonly leaf: Hash
  readonly head: TreeHead
  readonly proof: ReadonlyArray<Hash>
}): Effect.fn.Return<boolean, never, Digest> {
  const { head, index, leaf, proof } = claim
  if (!isIndex(index) || !isIndex(head.size) || index >= head.size || ![leaf, ...proof].every(isHash)) return false
  let node = index
  let last = head.size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = yield* nodeHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else hash = yield* nodeHash(hash, sibling)
    node = half(node)
    last = half(last)
  }
  return last === 0 && hash === head.root
})

/**
 * Whether a proof shows that the newer tree appends to the older (RFC 9162,
 * 2.1.4.2). Every tree appends to the empty one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifyConsistency = Effect.fnUntraced(function*(claim: {
  readonly older: TreeHead
  readonly newer: TreeHead
  readonly proof: ReadonlyArray<Hash>
}): Effect.fn.Return<boolean, never, Digest> {
  const { newer, older, proof } = claim
  if (!isIndex(older.size) || !isIndex(newer.size) || older.size > newer.size || !proof.every(isHash)) return false
  if (older.size === newer.size) return proof.length === 0 && older.root === newer.root
  if (older.size === 0) return proof.length === 0 && older.root === empty.root
  let node = older.size - 1
  let last = newer.size - 1
  while (node % 2 === 1) {
    node = half(node)
    last = half(last)
  }
  const [start, ...path] = node === 0 ? [older.root, ...proof] : proof
  if (start === undefined) return false
  let before = start
  let after = start
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      before = yield* nodeHash(sibling, before)
      after = yield* nodeHash(sibling, after)
      while (node % 2 === 0 && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else after = yield* nodeHash(after, sibling)
    node = half(node)
    last = half(last)
  }
  return last === 0 && before === older.root && after === newer.root
})
