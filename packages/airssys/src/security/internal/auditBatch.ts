import type { Hash } from "../MerkleTree.ts"
import * as format from "./auditFormat.ts"

const encoder = new TextEncoder()

/** What is before the text of an entry in its line. */
const before = encoder.encode(`{"hash":"${"0".repeat(64)}","entry":`)

const hashAt = before.indexOf(0x30)

const colon = before.at(-1) ?? 0

const closing = 0x7d

const lineEnd = 0x0a

const sealBytes = 256

const leastBytes = 65_536

/**
 * The bytes of a batch, each text encoded once: what is hashed as a leaf lies
 * where it is written, and the 0x00 that goes before it in the place of the
 * colon until the hash is there.
 */
export class BatchBytes {
  private bytes = new Uint8Array(leastBytes)
  private at = 0
  private drafted = 0
  private kept = 0

  /** How many lines were kept. */
  get count(): number {
    return this.kept
  }

  get length(): number {
    return this.at
  }

  /** Writes the line of an entry without its hash, in the place of the last draft unless that was kept; its length. */
  draft(text: string): number {
    this.reserve(before.length + 3 * text.length + 2 + sealBytes)
    this.bytes.set(before, this.at)
    const from = this.at + before.length
    const to = from + encoder.encodeInto(text, this.bytes.subarray(from)).written
    this.bytes[to] = closing
    this.bytes[to + 1] = lineEnd
    this.drafted = to + 2
    return this.drafted - this.at
  }

  keep(): void {
    this.at = this.drafted
    this.kept++
  }

  /** What the leaf of the line from `from` to `to` is the hash of; only until `end`. */
  leaf(from: number, to: number): Uint8Array {
    const leafAt = from + before.length - 1
    this.bytes[leafAt] = 0
    return this.bytes.subarray(leafAt, to - 2)
  }

  end(from: number, hash: Hash): void {
    this.bytes[from + before.length - 1] = colon
    const start = from + hashAt
    for (let index = 0; index < 64; index++) this.bytes[start + index] = hash.charCodeAt(index)
  }

  /** The whole batch with its seal, which is not kept. */
  seal(size: number, root: Hash): Uint8Array {
    const seal = encoder.encode(format.sealLine(size, root))
    this.reserve(seal.length)
    this.bytes.set(seal, this.at)
    return this.bytes.subarray(0, this.at + seal.length)
  }

  /** Begins another batch in the same memory. */
  clear(): void {
    this.at = 0
    this.kept = 0
  }

  private reserve(length: number): void {
    if (this.at + length <= this.bytes.length) return
    const larger = new Uint8Array(2 * (this.at + length))
    larger.set(this.bytes.subarray(0, this.at))
    this.bytes = larger
  }
}
