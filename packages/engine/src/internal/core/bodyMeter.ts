/**
 * Rewrites the body of one function after another so that it pays for what it does.
 *
 * A body is cut into regions, each entered at its top alone: the function and
 * every loop. A region has a charge at its top, and so has every segment of it
 * that is too dear to be paid in advance with the charge that dominates it. In a
 * function with loops the counter is in a local, unless it catches exceptions.
 */
import { defaultLimits } from "../../Admission.ts"
import type { CostTable } from "../../CostTable.ts"
import { DecodeError } from "../../DecodeError.ts"
import type { Additions } from "./additions.ts"
import { BodyWalk } from "./bodyWalk.ts"
import { BodyWriter } from "./bodyWriter.ts"
import { Cursor } from "./cursor.ts"
import type { Hints } from "./hints.ts"
import type { Scan, ScannedType } from "./scan.ts"
import type { Sink } from "./sink.ts"

/** Fuel that may pass on one path without a check; more, and every charge checks. */
const maxUnchecked = 40_000
/** Bytes of a frame besides parameters, locals and operands. */
const frameBase = 128
/** Fuel that a function that calls may pay unchecked for each byte of its frame, as a power of two: all frames may return in a row. */
const uncheckedShift = 3
/** A function that calls none has its frame counted above this size. */
const redZone = 1_024

export class BodyMeter {
  readonly #scan: Scan
  readonly #costs: CostTable
  readonly #cursor: Cursor
  readonly #walk: BodyWalk
  readonly #writer: BodyWriter
  #weight = 0

  /** `leaves` has, for each function that does not pay for itself, its price and one. */
  constructor(scan: Scan, added: Additions, costs: CostTable, leaves: Uint8Array, out: Sink) {
    this.#scan = scan
    this.#costs = costs
    this.#cursor = new Cursor(scan.sections.bytes)
    this.#walk = new BodyWalk(this.#cursor, scan, added, costs, leaves)
    this.#writer = new BodyWriter(scan.sections.bytes, added, this.#walk, out)
  }

  get hints(): Hints {
    return this.#writer.hints
  }

  /** Writes the body that starts at an offset, with its size. */
  write(index: number, start: number): void {
    const cursor = this.#cursor
    const walk = this.#walk
    const type = this.#scan.types[this.#scan.functions[index] ?? 0] ?? noType
    cursor.at = start
    const groups = cursor.u32()
    const groupsAt = cursor.at
    let locals = type.params
    let bytes = 0
    for (let i = 0; i < groups; i++) {
      const count = cursor.u32()
      const isVector = cursor.bytes[cursor.at] === 0x7b
      cursor.skipValueType()
      locals += count
      bytes += count * (isVector ? 16 : 8)
    }
    const code = cursor.at
    walk.walk(type.results)
    const { segments, total } = walk.ledger
    const isChecked = total > maxUnchecked
    segments.settle(isChecked)
    const entry = this.#costs.entry + (bytes >> 4) * this.#costs.locals + segments.charge(0)
    const isLocal = walk.loops && !walk.tries
    const frame = this.#frame(type, bytes, isChecked)
    this.#writer.write({ type, groups, groupsAt, code, locals, isLocal, frame, entry, isChecked })
    this.#weigh(locals * (walk.branches + this.hints.count), start)
    this.hints.end(index)
  }

  /** Bytes of the frame of a function with so many bytes of locals, or -1 where it is not counted. */
  #frame(type: ScannedType, locals: number, isChecked: boolean): number {
    const { calls, ledger: { thrown, total }, maxHeight, maxResults, tries, vectors } = this.#walk
    const slot = vectors || this.#scan.vectors ? 16 : 8
    // What a call is given and what it gives have places of their own in baseline code.
    const values = frameBase + 2 * type.frame + locals + (maxHeight + maxResults) * slot
    if (!calls && !tries) return values > redZone ? values : -1
    return isChecked ? values : Math.max(values, (total - thrown) >> uncheckedShift)
  }

  /** Compilers reconcile the state of all locals at each branch. */
  #weigh(weight: number, start: number): void {
    const { localBranches, moduleLocalBranches } = defaultLimits
    this.#weight += weight
    if (weight <= localBranches && this.#weight <= moduleLocalBranches) return
    throw new DecodeError({
      reason: "TooLarge",
      offset: start,
      section: "code section",
      message: weight > localBranches
        ? `${weight} locals times branches in a metered function, at most ${localBranches} are allowed`
        : `${this.#weight} locals times branches in a metered module, at most ${moduleLocalBranches} are allowed`
    })
  }
}

const noType: ScannedType = { params: 0, results: 0, resultBytes: [], frame: 0, vectors: false }
