/**
 * What is inserted into a body, or replaced in it, in the order of its code.
 */
import { doubled } from "./doubled.ts"

/** What an edit does. The number that comes with it is in brackets. */
export const EditKind = {
  /** Charges a segment, if it has a charge (the segment). */
  charge: 0,
  /** Charges a segment at the top of a loop (the segment). */
  loop: 1,
  /** The counter goes to the global, before a call. */
  leave: 2,
  /** The counter comes back from the global, before control passes on. */
  settle: 3,
  /** Calls an appended function (the function). */
  call: 4,
  /** Branches to the end of the body, where the accounts are settled (the label). */
  end: 5,
  /** Refills if the fuel is spent. */
  check: 6,
  /** Gives the frame back, before a tail call. */
  unframe: 7,
  /** An exception may have been caught. */
  land: 8
} as const

/** Where in the record of an edit what is. */
const Edit = { kind: 0, from: 1, to: 2, what: 3, size: 4 } as const

/** An edit is known by its number. */
export class Edits {
  count = 0
  #records = new Int32Array(256 * Edit.size)

  kind(edit: number): number {
    return this.#records[edit * Edit.size + Edit.kind] ?? 0
  }

  /** Where it starts. */
  from(edit: number): number {
    return this.#records[edit * Edit.size + Edit.from] ?? 0
  }

  /** Where the code goes on. */
  to(edit: number): number {
    return this.#records[edit * Edit.size + Edit.to] ?? 0
  }

  /** The number that comes with it. */
  what(edit: number): number {
    return this.#records[edit * Edit.size + Edit.what] ?? 0
  }

  charge(at: number, segment: number): void {
    this.#add(EditKind.charge, at, at, segment)
  }

  loop(at: number, segment: number): void {
    this.#add(EditKind.loop, at, at, segment)
  }

  leave(at: number): void {
    this.#add(EditKind.leave, at, at, 0)
  }

  settle(at: number): void {
    this.#add(EditKind.settle, at, at, 0)
  }

  call(from: number, to: number, index: number): void {
    this.#add(EditKind.call, from, to, index)
  }

  end(from: number, to: number, label: number): void {
    this.#add(EditKind.end, from, to, label)
  }

  check(at: number): void {
    this.#add(EditKind.check, at, at, 0)
  }

  unframe(at: number): void {
    this.#add(EditKind.unframe, at, at, 0)
  }

  land(at: number): void {
    this.#add(EditKind.land, at, at, 0)
  }

  /** Puts something in the place of what is between `from` and `to`. */
  #add(kind: number, from: number, to: number, what: number): void {
    const at = this.count++ * Edit.size
    if (at === this.#records.length) this.#records = doubled(this.#records)
    const records = this.#records
    records[at + Edit.kind] = kind
    records[at + Edit.from] = from
    records[at + Edit.to] = to
    records[at + Edit.what] = what
  }
}
