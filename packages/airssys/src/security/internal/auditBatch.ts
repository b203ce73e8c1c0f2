import type { Hash } from "../MerkleTree.ts"
import * as format from "./auditFormat.ts"
import type { Pending } from "./auditQueue.ts"

const encoder = new TextEncoder()

/** What is before the text of an entry in its line. */
const before = encoder.encode(`{"hash":"${"0".repeat(64)}","entry":`)

const hashAt = before.indexOf(0x30)

const after = encoder.encode("}\n")

const colon = before.at(-1) ?? 0

const sealBytes = 256

/**
 * The bytes of a batch, each text encoded once: what is hashed as a leaf lies
 * where it is written, and the 0x00 that goes before it in the place of the
 * colon until the hash is there.
 */
export class BatchBytes {
  private bytes: Uint8Array
  private at = 0
  private leafAt = 0

  constructor(batch: ReadonlyArray<Pending>) {
    this.bytes = new Uint8Array(batch.reduce((sum, entry) => sum + entry.bytes, sealBytes))
  }

  /** Takes the text of an entry and gives what its leaf is the hash of; only until `end`. */
  leaf(text: string): Uint8Array {
    this.reserve(before.length + 3 * text.length + after.length + sealBytes)
    this.bytes.set(before, this.at)
    this.leafAt = this.at + before.length - 1
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.leafAt + 1))
    this.bytes[this.leafAt] = 0
    this.at = this.leafAt + 1 + written
    return this.bytes.subarray(this.leafAt, this.at)
  }

  end(hash: Hash): void {
    this.bytes[this.leafAt] = colon
    const start = this.leafAt + 1 - before.length + hashAt
    for (let index = 0; index < 64; index++) this.bytes[start + index] = hash.charCodeAt(index)
    this.bytes.set(after, this.at)
    this.at += after.length
  }

  seal(size: number, root: Hash): Uint8Array {
    const seal = encoder.encode(format.sealLine(size, root))
    this.bytes.set(seal, this.at)
    return this.bytes.subarray(0, this.at + seal.length)
  }

  private reserve(length: number): void {
    if (this.at + length <= this.bytes.length) return
    const larger = new Uint8Array(2 * (this.at + length))
    larger.set(this.bytes.subarray(0, this.at))
    this.bytes = larger
  }
}
