import type { Steering, TurnScheduler } from "../TurnScheduler.ts"
import type { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import { run, runInline } from "./loop.ts"

/** Messages one actor may handle before the next ready actor has its go. */
const actorBatch = 256

const turnBudget = 16_384

/** Handles a request where its asker is. */
export const inPlace = (task: () => void): void => task()

/** How many requests may be handled on top of each other. */
const inlineDepth = 16

/**
 * The run-queue of a system and its counters. At most one turn is scheduled
 * or running; an actor is in the ring at most once (its own flag says so).
 */
export class Turns {
  offered = 0
  /** Those of cells that are gone; a cell that is there counts its own. */
  accepted = 0
  rejected = 0
  /** Without the batch that is on the stack. */
  handled = 0
  failed = 0
  expired = 0
  evicted = 0
  quarantined = 0
  discarded = 0
  /** Answers that came when nobody waited any more. */
  lateReplies = 0
  /** Messages the actor that is run may handle. */
  batch = actorBatch
  readonly steering: Steering | undefined

  isInlining: boolean
  private readonly isInPlace: boolean
  private depth = 0
  /** On its way through the scheduler. */
  private inlined: Cell | undefined = undefined
  private inlinedMessage: unknown = undefined
  private inlinedAsk: Ask | undefined = undefined
  private current: Cell | undefined = undefined
  private batchFrom = 0

  private ring: Array<Cell | undefined> = Array.from({ length: 16 })
  private mask = 15
  private head = 0
  private size = 0
  private scheduled = false
  private readonly scheduler: TurnScheduler

  constructor(scheduler: TurnScheduler) {
    this.scheduler = scheduler
    this.steering = scheduler.steering
    this.isInPlace = scheduler.inline === inPlace
    this.isInlining = scheduler.steering === undefined && scheduler.inline !== undefined
  }

  /** Whether a request may be handled on the stack of its asker. */
  get canInline(): boolean {
    return this.isInlining && this.depth < inlineDepth
  }

  inline(cell: Cell, message: unknown, ask: Ask): void {
    this.depth++
    try {
      if (this.isInPlace) runInline(cell, message, ask)
      else this.inlineElsewhere(cell, message, ask)
    } finally {
      this.depth--
    }
  }

  private inlineElsewhere(cell: Cell, message: unknown, ask: Ask): void {
    this.inlined = cell
    this.inlinedMessage = message
    this.inlinedAsk = ask
    this.scheduler.inline!(this.runInlined)
  }

  private readonly runInlined = (): void => {
    const { inlined, inlinedAsk, inlinedMessage } = this
    this.inlined = undefined
    this.inlinedMessage = undefined
    this.inlinedAsk = undefined
    runInline(inlined!, inlinedMessage, inlinedAsk!)
  }

  /** A batch is on the stack from here to `leave`; its messages are counted there. */
  enter(cell: Cell): void {
    this.current = cell
    this.batchFrom = cell.head
  }

  leave(handled: number): void {
    this.current = undefined
    this.handled += handled
  }

  /** A message of this cell was taken out by somebody else than its batch. */
  skipped(cell: Cell): void {
    if (this.current === cell) this.batchFrom++
  }

  /** Those of the batch on the stack, without the message in work. */
  get handledInBatch(): number {
    return this.current === undefined ? 0 : this.current.head - this.batchFrom - 1
  }

  ready(cell: Cell): void {
    if (this.size > this.mask) this.grow()
    this.ring[(this.head + this.size++) & this.mask] = cell
    if (!this.scheduled) {
      this.scheduled = true
      this.scheduler.soon(this.turn)
    }
  }

  private readonly turn = (): void => {
    const { steering } = this
    let budget = steering === undefined ? turnBudget : 1
    try {
      while (this.size > 0 && budget > 0) {
        if (steering !== undefined) this.steer(steering)
        const cell = this.ring[this.head]!
        this.ring[this.head] = undefined
        this.head = (this.head + 1) & this.mask
        this.size--
        budget -= run(cell)
      }
    } finally {
      // A throw out of `run` is a bug of the loop; the other actors go on.
      if (this.size > 0) this.scheduler.later(this.turn)
      else this.scheduled = false
    }
  }

  /** Brings the actor that is to be next to the front; the others keep their order. */
  private steer(steering: Steering): void {
    const { head, mask, ring } = this
    const place = steering.next(this.size)
    const cell = ring[(head + place) & mask]
    for (let i = place; i > 0; i--) ring[(head + i) & mask] = ring[(head + i - 1) & mask]
    ring[head] = cell
    this.batch = steering.batch(actorBatch)
  }

  private grow(): void {
    const { head, mask, ring, size } = this
    const next: Array<Cell | undefined> = Array.from({ length: size * 2 })
    for (let i = 0; i < size; i++) next[i] = ring[(head + i) & mask]
    this.ring = next
    this.mask = next.length - 1
    this.head = 0
  }
}
