/**
 * The segments of a body, and who pays for each.
 *
 * A segment is code that is passed through as a whole. It is dominated by an
 * earlier one, which every path to it goes through, or it stands for itself: the
 * first one, and the one at the top of each loop. What is cheap is paid in advance
 * with the charge that pays for the dominator; what is not has a charge of its own.
 */
import { doubled } from "./doubled.ts"

/** The most that one charge takes: two bytes of a signed number. */
export const maxCharge = 8_191
/** What a charge may take for segments that need not follow it. */
const inAdvance = 20

/** Where in the record of a segment what is: its price and what it takes in advance, who comes before it, who pays, room for more. */
const Segment = { price: 0, dominator: 1, payer: 2, room: 3, size: 4 } as const

const itself = -1

/** A segment is known by where its record starts. */
export class Segments {
  #length = 0
  #records = new Int32Array(256 * Segment.size)

  clear(): void {
    this.#length = 0
  }

  /** The segment that was opened last. */
  get last(): number {
    return this.#length - Segment.size
  }

  /** Opens one that every path to goes through `dominator`. */
  open(dominator: number): number {
    const at = this.#length
    if (at === this.#records.length) this.#records = doubled(this.#records)
    this.#records[at + Segment.dominator] = dominator
    this.#length = at + Segment.size
    return at
  }

  /** Opens one that pays for itself. */
  openAlone(): number {
    return this.open(itself)
  }

  isAlone(segment: number): boolean {
    return this.#records[segment + Segment.dominator] === itself
  }

  /** Ends the last one. */
  close(price: number): void {
    this.#records[this.last + Segment.price] = price
  }

  /** Settles who pays; with `eachItself` nothing is paid in advance but what costs nothing. */
  settle(eachItself: boolean): void {
    const records = this.#records
    const initial = eachItself ? 0 : inAdvance
    for (let at = 0; at < this.#length; at += Segment.size) {
      const price = records[at + Segment.price] ?? 0
      const dominator = records[at + Segment.dominator] ?? 0
      if (dominator !== itself) {
        const payer = records[dominator + Segment.payer] ?? 0
        const room = records[payer + Segment.room] ?? 0
        const whole = (records[payer + Segment.price] ?? 0) + price
        if (price === 0 || (price <= room && whole <= maxCharge)) {
          records[at + Segment.payer] = payer
          records[payer + Segment.price] = whole
          records[payer + Segment.room] = room - price
          continue
        }
      }
      records[at + Segment.payer] = at
      records[at + Segment.room] = initial
    }
  }

  /** What is charged at the top of a segment, or -1. */
  charge(segment: number): number {
    return this.#records[segment + Segment.payer] === segment ? this.#records[segment + Segment.price] ?? 0 : -1
  }
}
