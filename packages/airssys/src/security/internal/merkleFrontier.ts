import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** 64 lower-case hex digits. */
export type Hash = string

type Sha256 = Digest.Digest["Service"]

const encoder = new TextEncoder()

const hex = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"))

/** The digits of one hash, and the same as pairs. */
const digits = new Uint8Array(64)
const pairs = new Uint16Array(digits.buffer)

/** What a pair of digits stands for. */
const valueOf = new Uint8Array(65_536)
for (const [value, text] of hex.entries()) {
  encoder.encodeInto(text, digits)
  valueOf[pairs[0]!] = value
}

/** Encoding first is twice as fast as reading the characters of a text one by one. */
const writeHash = (target: Uint8Array, at: number, hash: Hash): void => {
  encoder.encodeInto(hash, digits)
  for (let index = 0; index < 32; index++) target[at + index] = valueOf[pairs[index]!]!
}

export const bytesOf = (hash: Hash): Uint8Array => {
  const bytes = new Uint8Array(32)
  writeHash(bytes, 0, hash)
  return bytes
}

export const hashOfBytes = (bytes: Uint8Array): Hash => Array.from(bytes, (byte) => hex[byte]).join("")

/** SHA-256 of nothing: the root of the empty tree. */
export const emptyRoot: Hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/** RFC 6962, 2.1: a leaf is hashed behind 0x00 and a node behind 0x01, so that neither passes for the other. */
export const leafHash = (sha256: Sha256, data: Uint8Array): Effect.Effect<Hash> => {
  const bytes = new Uint8Array(data.length + 1)
  bytes.set(data, 1)
  return sha256.digestHex(Digest.sha256, bytes)
}

export const leafHashOfText = (sha256: Sha256, text: string): Effect.Effect<Hash> =>
  sha256.digestHex(Digest.sha256, encoder.encode(`\u0000${text}`))

/** `scratch` has 65 bytes and is used until the hash is there. */
const hashInto = (sha256: Sha256, scratch: Uint8Array, left: Hash, right: Hash): Effect.Effect<Hash> => {
  scratch[0] = 1
  writeHash(scratch, 1, left)
  writeHash(scratch, 33, right)
  return sha256.digestHex(Digest.sha256, scratch)
}

export const nodeHash = (sha256: Sha256, left: Hash, right: Hash): Effect.Effect<Hash> =>
  Effect.suspend(() => hashInto(sha256, new Uint8Array(65), left, right))

/** A hash that is made when it is asked for, as on Node: a loop over entries need not wait for it. */
export const done = (hash: Effect.Effect<Hash>): Hash | undefined => {
  if (!Exit.isExit(hash)) return undefined
  const exit: Exit.Exit<unknown, unknown> = hash
  return exit._tag === "Success" && typeof exit.value === "string" ? exit.value : undefined
}

/** How many complete subtrees make up a tree: the ones in the binary form of its size. */
export const widthOf = (size: number): number => {
  let width = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) width += rest % 2
  return width
}

/**
 * The right edge of a growing tree: the roots of its complete subtrees, largest
 * first. It is all that is needed to append and to know the root.
 */
export class Frontier {
  size: number
  readonly nodes: Array<Hash>
  private readonly sha256: Sha256
  private readonly scratch = new Uint8Array(65)

  constructor(sha256: Sha256, size = 0, nodes: ReadonlyArray<Hash> = []) {
    this.sha256 = sha256
    this.size = size
    this.nodes = [...nodes]
  }

  copy(): Frontier {
    return new Frontier(this.sha256, this.size, this.nodes)
  }

  /**
   * Appends a leaf, and returns what is left to be done where a hash is not made
   * when it is asked for: a loop over entries makes no effect for each.
   */
  push(leaf: Hash): Effect.Effect<void> | undefined {
    return this.merge(leaf, this.size)
  }

  /** Each pair of complete subtrees of one height, the ones that end the size before, becomes one. */
  private merge(node: Hash, size: number): Effect.Effect<void> | undefined {
    let merged = node
    for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const made = hashInto(this.sha256, this.scratch, this.nodes.pop() ?? emptyRoot, merged)
      const hash = done(made)
      if (hash === undefined) {
        const above = (rest - 1) / 2
        return Effect.flatMap(made, (hash) => this.merge(hash, above) ?? Effect.void)
      }
      merged = hash
    }
    this.nodes.push(merged)
    this.size++
    return undefined
  }

  get root(): Effect.Effect<Hash> {
    return Effect.suspend(() => this.fold(this.nodes.at(-1) ?? emptyRoot, this.nodes.length - 2))
  }

  private fold(node: Hash, index: number): Effect.Effect<Hash> {
    let root = node
    for (let at = index; at >= 0; at--) {
      const made = hashInto(this.sha256, this.scratch, this.nodes[at] ?? emptyRoot, root)
      const hash = done(made)
      if (hash === undefined) return Effect.flatMap(made, (hash) => this.fold(hash, at - 1))
      root = hash
    }
    return Effect.succeed(root)
  }
}
