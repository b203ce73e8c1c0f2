import type { TurnScheduler } from "../TurnScheduler.ts"

/** Messages one actor may handle before the next ready actor has its go. */
export const actorBatch = 256

const turnBudget = 16_384

/** What the turn calls: handles up to `actorBatch` messages, returns how many. */
export interface Ready {
  run(): number
}

/**
 * The run-queue of a system and its counters. At most one turn is scheduled
 * or running; an actor is in the ring at most once (its own flag says so).
 */
export class Turns {
  offered = 0
  accepted = 0
  rejected = 0
  handled = 0
  failed = 0
  discarded = 0

  private ring: Array<Ready | undefined> = Array.from({ length: 16 })
  private mask = 15
  private head = 0
  private size = 0
  private scheduled = false
  private readonly scheduler: TurnScheduler

  constructor(scheduler: TurnScheduler) {
    this.scheduler = scheduler
  }

  ready(cell: Ready): void {
    if (this.size > this.mask) this.grow()
    this.ring[(this.head + this.size++) & this.mask] = cell
    if (!this.scheduled) {
      this.scheduled = true
      this.scheduler.soon(this.turn)
    }
  }

  private readonly turn = (): void => {
    let budget = turnBudget
    try {
      while (this.size > 0 && budget > 0) {
        const cell = this.ring[this.head]!
        this.ring[this.head] = undefined
        this.head = (this.head + 1) & this.mask
        this.size--
        budget -= cell.run()
      }
    } finally {
      // A throw out of `run` is a bug of the loop; the other actors go on.
      if (this.size > 0) this.scheduler.later(this.turn)
      else this.scheduled = false
    }
  }

  private grow(): void {
    const { head, mask, ring, size } = this
    const next: Array<Ready | undefined> = Array.from({ length: size * 2 })
    for (let i = 0; i < size; i++) next[i] = ring[(head + i) & mask]
    this.ring = next
    this.mask = next.length - 1
    this.head = 0
  }
}
