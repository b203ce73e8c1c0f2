/**
 * The accounts of a body while it is walked over: the segment that code belongs
 * to, and what is to be inserted. Calls are noted as if the counter were in a
 * local while the body runs; whoever writes the edits knows whether it is.
 */
import { Edits } from "./edits.ts"
import { maxCharge, Segments } from "./segments.ts"

/** A segment is cut before its price is too much for one charge with what any instruction adds. */
export const mostBySegment: number = maxCharge - 512

export class Ledger {
  readonly edits = new Edits()
  readonly segments = new Segments()
  /** Price of the segment so far. */
  cost = 0
  /** The code is not reached. */
  dead = false
  /** Of all segments, and how much of that is for throws, which are checked. */
  total = 0
  thrown = 0
  /** The counter would be in the global, not in the local. */
  #outside = false

  clear(): void {
    this.edits.count = 0
    this.segments.clear()
    this.cost = 0
    this.dead = false
    this.total = 0
    this.thrown = 0
    this.#outside = false
    this.segments.openAlone()
  }

  /** Starts a segment. */
  open(at: number, dominator: number): void {
    this.cost = 0
    const segment = this.segments.open(dominator)
    if (!this.dead) this.edits.charge(at, segment)
  }

  /** Starts the segment at the top of a loop. */
  openLoop(at: number): void {
    this.cost = 0
    this.edits.loop(at, this.segments.openAlone())
  }

  /** Ends the segment. Dead code costs nothing, except for loops, which are charged all the same. */
  close(): void {
    const { segments } = this
    const price = this.dead && !segments.isAlone(segments.last) ? 0 : this.cost
    segments.close(price)
    this.total += price
  }

  /** Cuts a segment whose price has become too large for one charge. */
  split(at: number): void {
    if (this.dead) {
      this.cost = 0
      return
    }
    this.settle(at)
    this.close()
    this.open(at, this.segments.last)
  }

  /** The code from here on is not reached. */
  die(at: number): void {
    this.close()
    this.dead = true
    this.open(at, this.segments.last)
  }

  /** Before a call: the counter goes to the global. */
  leave(at: number): void {
    if (this.#outside || this.dead) return
    this.edits.leave(at)
    this.#outside = true
  }

  /** Before control passes on: the counter comes back. */
  settle(at: number): void {
    if (!this.#outside) return
    this.#outside = false
    if (!this.dead) this.edits.settle(at)
  }

  /** Calls an appended function, instead of what is between `from` and `to`. */
  call(from: number, to: number, index: number): void {
    this.leave(from)
    this.edits.call(from, to, index)
  }

  /** Before a tail call. */
  tailCall(at: number): void {
    if (!this.#outside) this.edits.leave(at)
    this.#outside = false
    this.edits.unframe(at)
  }

  /** Before a throw of a price, which is checked. */
  throw(at: number, price: number): void {
    if (this.cost > maxCharge - price) this.split(at)
    this.cost += price
    if (!this.dead) this.thrown += price
    this.settle(at)
    this.edits.check(at)
    this.edits.leave(at)
  }
}
