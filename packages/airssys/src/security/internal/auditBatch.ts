import type { Hash } from "../MerkleTree.ts"
import * as format from "./auditFormat.ts"
import type { Frame, Use } from "./auditUse.ts"

const encoder = new TextEncoder()

const bytesOf = (text: string): Uint8Array => encoder.encode(text)

/** What is before the text of an entry in its line. */
const before = bytesOf(`{"hash":"${"0".repeat(64)}","entry":`)

const beforeSequence = bytesOf(`{"hash":"${"0".repeat(64)}","entry":{"sequence":`)

const beforeMessage = bytesOf(",\"correlation\":")

const beforeCount = bytesOf(",\"count\":")

/** Closes an event, its entry and their line. */
const ending = bytesOf(format.ending)

const hashAt = before.indexOf(0x30)

/** The digits of one hash. */
const digits = new Uint8Array(64)

const colon = before.at(-1) ?? 0

const [quote, backslash, zero] = [0x22, 0x5c, 0x30]

const sealBytes = 256

const leastBytes = 65_536

/** What a line takes beside its texts and its frame, at most. */
const frameBytes = 512

/** Bytes of a character in JSON, at most. */
const longest = 6

/**
 * The bytes of a batch, each text encoded once: what is hashed as a leaf lies
 * where it is written, and the 0x00 that goes before it in the place of the
 * colon until the hash is there.
 *
 * A draft is behind the lines that are kept, and in the place of the draft
 * before it; it returns its length.
 */
export class BatchBytes {
  private bytes = new Uint8Array(leastBytes)
  private at = 0
  private to = 0
  private kept = 0
  private time = Number.NaN
  private timeBytes = before

  /** How many lines were kept. */
  get count(): number {
    return this.kept
  }

  get length(): number {
    return this.at
  }

  /** The line of an entry that is printed. */
  draft(text: string): number {
    this.begin(longest * text.length)
    this.put(before)
    this.encode(text)
    this.put(ending.subarray(2))
    return this.to - this.at
  }

  /** The line of a use, of which `frame` has what is around its resource. */
  draftUse(sequence: number, time: number, frame: Frame, { correlation, resource }: Use): number {
    this.begin(frame.before.length + frame.behind.length + longest * (resource.length + (correlation?.length ?? 0)))
    if (time !== this.time) {
      this.time = time
      this.timeBytes = bytesOf(`,"time":${time}`)
    }
    this.put(beforeSequence)
    this.putNumber(sequence)
    this.put(this.timeBytes)
    this.put(frame.before)
    this.putJson(resource)
    this.put(frame.behind)
    if (correlation !== undefined) {
      this.to -= ending.length
      this.put(beforeMessage)
      this.putJson(correlation)
      this.put(ending)
    }
    return this.to - this.at
  }

  /** A line of another batch, which is `length` long, and how often its use was made, where the line does not say so. */
  draftCopy(batch: BatchBytes, from: number, length: number, count: number | undefined): number {
    this.begin(length)
    this.put(batch.bytes.subarray(from, from + length - ending.length))
    if (count !== undefined) {
      this.put(beforeCount)
      this.putNumber(count)
    }
    this.put(ending)
    return this.to - this.at
  }

  /** Where the draft begins, which is a line of the batch from here on. */
  keep(): number {
    const from = this.at
    this.at = this.to
    this.kept++
    return from
  }

  /** What the leaf of the line from `from` to `to` is the hash of; only until `end`. */
  leaf(from: number, to: number): Uint8Array {
    const leafAt = from + before.length - 1
    this.bytes[leafAt] = 0
    return this.bytes.subarray(leafAt, to - 2)
  }

  end(from: number, hash: Hash): void {
    this.bytes[from + before.length - 1] = colon
    encoder.encodeInto(hash, digits)
    this.bytes.set(digits, from + hashAt)
  }

  /** The whole batch with its seal, which is not kept. */
  seal(size: number, root: Hash): Uint8Array {
    this.begin(0)
    this.encode(format.sealLine(size, root))
    return this.bytes.subarray(0, this.to)
  }

  /** Begins another batch in the same memory. */
  clear(): void {
    this.at = 0
    this.kept = 0
  }

  private begin(length: number): void {
    const needed = this.at + length + frameBytes + sealBytes
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(2 * needed)
      larger.set(this.bytes.subarray(0, this.at))
      this.bytes = larger
    }
    this.to = this.at
  }

  private put(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.to)
    this.to += bytes.length
  }

  private encode(text: string): void {
    this.to += encoder.encodeInto(text, this.bytes.subarray(this.to)).written
  }

  private putNumber(value: number): void {
    let digits = 1
    for (let power = 10; power <= value; power *= 10) digits++
    this.to += digits
    let rest = value
    for (let at = this.to - 1; at >= this.to - digits; at--) {
      const next = Math.floor(rest / 10)
      this.bytes[at] = zero + (rest - 10 * next)
      rest = next
    }
  }

  /** As `JSON.stringify` prints it: what is plain is copied here. */
  private putJson(text: string): void {
    const { bytes } = this
    let to = this.to
    bytes[to++] = quote
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code < 0x20 || code > 0x7e || code === quote || code === backslash) return this.encode(JSON.stringify(text))
      bytes[to++] = code
    }
    bytes[to++] = quote
    this.to = to
  }
}
