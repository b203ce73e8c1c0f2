import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import * as MerkleTree from "airssys/security/MerkleTree"
import { Effect, Option, Schema } from "effect"
import type { Digest } from "effect/crypto"
import { createHash } from "node:crypto"

const run = <A, E>(effect: Effect.Effect<A, E, Digest.Digest>) => Effect.provide(effect, NodeCrypto.layerDigest)

const sha256 = (...parts: ReadonlyArray<Uint8Array>): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest()

/** The definitions of RFC 6962, 2.1, word for word. */
const split = (n: number): number => 2 ** Math.floor(Math.log2(n - 1))
const mth = (d: ReadonlyArray<Uint8Array>): Buffer => {
  if (d.length === 0) return sha256()
  if (d.length === 1) return sha256(Uint8Array.of(0), d[0]!)
  const k = split(d.length)
  return sha256(Uint8Array.of(1), mth(d.slice(0, k)), mth(d.slice(k)))
}
const path = (m: number, d: ReadonlyArray<Uint8Array>): ReadonlyArray<Buffer> => {
  if (d.length === 1) return []
  const k = split(d.length)
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))]
}
const subproof = (m: number, d: ReadonlyArray<Uint8Array>, whole: boolean): ReadonlyArray<Buffer> => {
  if (m === d.length) return whole ? [] : [mth(d)]
  const k = split(d.length)
  return m <= k
    ? [...subproof(m, d.slice(0, k), whole), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))]
}

const hex = (hash: Buffer) => hash.toString("hex")
const data = Array.from({ length: 300 }, (_, index) => new TextEncoder().encode(`entry ${index}`))
const hashes = data.map((bytes) => hex(mth([bytes])))
const all = MerkleTree.leaves(hashes)
const head = (size: number): MerkleTree.TreeHead => ({ size, root: hex(mth(data.slice(0, size))) })
const heads = Array.from({ length: 301 }, (_, size) => head(size))

const Size = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 300 }))

/** What is left of the leaves when the first ones were cut. */
const cutAt = (first: number): MerkleTree.Leaves => {
  const nodes: Array<string> = []
  for (let from = 0; from < first;) {
    const length = 2 ** Math.floor(Math.log2(first - from))
    nodes.push(hex(mth(data.slice(from, from + length))))
    from += length
  }
  return { first, nodes, hashes: hashes.slice(first) }
}

describe("MerkleTree", () => {
  it.effect("has the roots of the reference implementation of RFC 6962", () =>
    run(Effect.gen(function*() {
      const inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f"
      ]
      const roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
      ]
      const leaves = MerkleTree.leaves(
        yield* Effect.forEach(inputs, (input) => MerkleTree.leafHash(Buffer.from(input, "hex")))
      )
      for (const [index, root] of roots.entries()) {
        assert.deepStrictEqual(yield* MerkleTree.root(leaves, index + 1), Option.some(root))
      }
      assert.deepStrictEqual(yield* MerkleTree.root(leaves, 0), Option.some(MerkleTree.empty.root))
      assert.strictEqual(MerkleTree.empty.root, hex(sha256()))
    })))

  it.effect("hashes leaves and nodes in domains of their own", () =>
    run(Effect.gen(function*() {
      const [left = "", right = ""] = hashes
      const node = yield* MerkleTree.nodeHash(left, right)
      const disguised = yield* MerkleTree.leafHash(Buffer.from(left + right, "hex"))
      assert.notStrictEqual(node, disguised)
      const stated = yield* MerkleTree.leafHash(Buffer.from(`01${left}${right}`, "hex"))
      assert.notStrictEqual(node, stated)
    })))

  it.effect("proves each leaf in each tree up to 32 leaves, and no other leaf, place or tree", () =>
    run(Effect.gen(function*() {
      for (let size = 1; size <= 32; size++) {
        for (let index = 0; index < size; index++) {
          const proof = Option.getOrThrow(yield* MerkleTree.proveInclusion(all, index, size))
          assert.deepStrictEqual(proof, path(index, data.slice(0, size)).map(hex))
          const claim = { index, leaf: hashes[index]!, head: heads[size]!, proof }
          assert.isTrue(yield* MerkleTree.verifyInclusion(claim))
          for (
            const other of [
              { ...claim, leaf: hashes[index + 1]! },
              { ...claim, index: index + 1 },
              { ...claim, head: { ...claim.head, root: heads[size + 1]!.root } },
              { ...claim, proof: [...proof, hashes[0]!] },
              ...size === 1 ? [] : [{ ...claim, proof: proof.slice(1) }, { ...claim, proof: proof.slice(0, -1) }]
            ]
          ) assert.isFalse(yield* MerkleTree.verifyInclusion(other))
        }
      }
    })))

  it.effect.prop(
    "proves a leaf in any tree up to 300, as the definition does",
    [Size, Size],
    ([a, b]) =>
      run(Effect.gen(function*() {
        const index = Math.min(a, b) - 1
        const size = Math.max(a, b)
        const proof = Option.getOrThrow(yield* MerkleTree.proveInclusion(all, index, size))
        assert.deepStrictEqual(proof, path(index, data.slice(0, size)).map(hex))
        assert.isTrue(yield* MerkleTree.verifyInclusion({ index, leaf: hashes[index]!, head: heads[size]!, proof }))
      }))
  )

  it.effect("proves that each tree up to 32 leaves appends to each before, and to no other", () =>
    run(Effect.gen(function*() {
      for (let newer = 1; newer <= 32; newer++) {
        for (let older = 1; older <= newer; older++) {
          const proof = Option.getOrThrow(yield* MerkleTree.proveConsistency(all, older, newer))
          assert.deepStrictEqual(proof, subproof(older, data.slice(0, newer), true).map(hex))
          const claim = { older: heads[older]!, newer: heads[newer]!, proof }
          assert.isTrue(yield* MerkleTree.verifyConsistency(claim))
          for (
            const other of [
              { ...claim, older: { ...claim.older, root: hashes[7]! } },
              { ...claim, newer: { ...claim.newer, root: hashes[7]! } },
              { ...claim, proof: [...proof, hashes[0]!] },
              ...proof.length === 0
                ? []
                : [{ ...claim, proof: proof.slice(1) }, { ...claim, proof: proof.slice(0, -1) }]
            ]
          ) assert.isFalse(yield* MerkleTree.verifyConsistency(other), `${older} ${newer}`)
        }
      }
    })))

  it.effect.prop(
    "proves any two trees up to 300, as the definition does",
    [Size, Size],
    ([a, b]) =>
      run(Effect.gen(function*() {
        const [older, newer] = a < b ? [a, b] : [b, a]
        const proof = Option.getOrThrow(yield* MerkleTree.proveConsistency(all, older, newer))
        assert.deepStrictEqual(proof, subproof(older, data.slice(0, newer), true).map(hex))
        assert.isTrue(yield* MerkleTree.verifyConsistency({ older: heads[older]!, newer: heads[newer]!, proof }))
      }))
  )

  it.effect.prop(
    "proves what follows a cut from what was kept of the leaves before it",
    [Size, Size, Size],
    (sizes) =>
      run(Effect.gen(function*() {
        const [first = 0, older = 0, newer = 0] = [...sizes].sort((a, b) => a - b)
        const rest = cutAt(first)
        assert.deepStrictEqual(yield* MerkleTree.root(rest, newer), Option.some(heads[newer]!.root))
        assert.deepStrictEqual(
          yield* MerkleTree.proveConsistency(rest, older, newer),
          yield* MerkleTree.proveConsistency(all, older, newer)
        )
        if (older < newer) {
          assert.deepStrictEqual(
            yield* MerkleTree.proveInclusion(rest, older, newer),
            yield* MerkleTree.proveInclusion(all, older, newer)
          )
        }
      }))
  )

  it.effect("proves nothing about leaves that were cut or never were", () =>
    run(Effect.gen(function*() {
      assert.isTrue(Option.isNone(yield* MerkleTree.proveInclusion(cutAt(8), 3, 9)))
      assert.isTrue(Option.isNone(yield* MerkleTree.root(cutAt(8), 7)))
      assert.isTrue(Option.isNone(yield* MerkleTree.proveInclusion(all, 5, 5)))
      assert.isTrue(Option.isNone(yield* MerkleTree.root(all, 301)))
      assert.isTrue(Option.isNone(yield* MerkleTree.proveConsistency(all, 0, 5)))
    })))

  it.effect("proves nothing about a tree of a size that nothing has, and looks no further", () =>
    run(Effect.gen(function*() {
      for (const size of [301, 2 ** 40, 2 ** 60, Number.POSITIVE_INFINITY, Number.NaN, 2.5, -1]) {
        assert.isTrue(Option.isNone(yield* MerkleTree.root(all, size)), `${size}`)
        assert.isTrue(Option.isNone(yield* MerkleTree.proveInclusion(all, 0, size)), `${size}`)
        assert.isTrue(Option.isNone(yield* MerkleTree.proveInclusion(all, size, 300)), `${size}`)
        assert.isTrue(Option.isNone(yield* MerkleTree.proveConsistency(all, 1, size)), `${size}`)
        assert.isTrue(Option.isNone(yield* MerkleTree.proveConsistency(all, size, 300)), `${size}`)
      }
    })))

  it.effect("takes nothing for a proof that is none", () =>
    run(Effect.gen(function*() {
      const claim = { index: 0, leaf: hashes[0]!, head: heads[2]!, proof: [hashes[1]!] }
      assert.isTrue(yield* MerkleTree.verifyInclusion(claim))
      for (
        const other of [
          { ...claim, index: -1 },
          { ...claim, index: 0.5 },
          { ...claim, index: Number.NaN },
          { ...claim, head: { ...claim.head, size: Number.POSITIVE_INFINITY } },
          { ...claim, head: { ...claim.head, size: 2 ** 60 } },
          { ...claim, leaf: hashes[0]!.toUpperCase() },
          { ...claim, proof: [""] },
          { ...claim, proof: Array.from({ length: 10_000 }, () => hashes[1]!) }
        ]
      ) assert.isFalse(yield* MerkleTree.verifyInclusion(other))
      assert.isTrue(
        yield* MerkleTree.verifyConsistency({ older: MerkleTree.empty, newer: heads[3]!, proof: [] })
      )
      assert.isFalse(
        yield* MerkleTree.verifyConsistency({ older: { size: 0, root: hashes[0]! }, newer: heads[3]!, proof: [] })
      )
      assert.isFalse(yield* MerkleTree.verifyConsistency({ older: heads[3]!, newer: heads[2]!, proof: [] }))
    })))
})
