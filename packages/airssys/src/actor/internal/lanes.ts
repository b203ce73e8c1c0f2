import type * as Tracer from "effect/Tracer"
import type { Priority } from "../ActorRef.ts"
import type { Ask } from "./ask.ts"
import type { Delivery, From } from "./target.ts"

/** Whether a message still counts when its turn comes; a timer that is cancelled takes it back. */
export interface Ticket {
  isLive: boolean
  /** Its message is no longer to be taken back. */
  taken?(): void
}

/** A message that waits with more than its `From`. */
export class Envelope {
  /** Keeps the shape alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: Envelope = new Envelope(undefined, undefined, 0, 0, undefined)

  readonly message: unknown
  readonly from: From
  /** By the monotonic clock of the actor, in milliseconds. */
  readonly expiresAt: number
  readonly ttlMillis: number
  readonly ticket: Ticket | undefined
  /** How often it crashed the actor that is to get it again. */
  crashes = 0
  /** In which it was sent, where the system carries spans. */
  readonly span: Tracer.AnySpan | undefined

  constructor(
    message: unknown,
    from: From,
    expiresAt: number,
    ttlMillis: number,
    ticket: Ticket | undefined,
    span?: Tracer.AnySpan
  ) {
    this.message = message
    this.from = from
    this.expiresAt = expiresAt
    this.ttlMillis = ttlMillis
    this.ticket = ticket
    this.span = span
  }
}

/** First in, first out; what is taken is let go of a half at a time. */
class Lane {
  private items: Array<Envelope | undefined> = []
  private first = 0

  get size(): number {
    return this.items.length - this.first
  }

  get head(): Envelope | undefined {
    return this.items[this.first]
  }

  push(envelope: Envelope): void {
    this.items.push(envelope)
  }

  shift(): Envelope | undefined {
    if (this.first === this.items.length) return undefined
    const envelope = this.items[this.first]
    this.items[this.first++] = undefined
    if (this.first * 2 >= this.items.length) {
      this.items.splice(0, this.first)
      this.first = 0
    }
    return envelope
  }

  values(): ReadonlyArray<Envelope> {
    return this.items.slice(this.first) as Array<Envelope>
  }

  /** Puts these before all others, in their order. */
  prepend(envelopes: ReadonlyArray<Envelope>): void {
    this.items = [...envelopes, ...this.items.slice(this.first)]
    this.first = 0
  }
}

/** An offer or a request that waits for room. */
export interface Blocked {
  readonly message: unknown
  readonly delivery: Delivery | undefined
  /** By the monotonic clock of the actor: its time to live runs while it waits. */
  readonly sentAt: number
  /** Who is told: of an offer when there is room, of a request when there is an answer. */
  readonly ask: Ask
  readonly from: From
}

/** What waits besides the ring of the cell, which is the lane of normal priority. */
export class Lanes {
  /** Before all others: what the actor continues with. */
  readonly next = new Lane()
  /** What was unstashed, or is delivered again. */
  readonly front = new Lane()
  readonly system = new Lane()
  readonly high = new Lane()
  readonly low = new Lane()
  /** Envelopes in the ring. */
  inRing = 0
  /** How often a message that crashed the actor is delivered again; it is taken out of these lanes then. */
  redeliver = 0
  /** The current message, where it may be delivered again. */
  taken: Envelope | undefined = undefined
  /** In the order they came. */
  readonly blocked = new Set<Blocked>()

  /** What waits outside of the ring. */
  outside(): ReadonlyArray<Envelope> {
    return [this.next, this.front, this.system, this.high, this.low].flatMap((lane) => lane.values())
  }

  get size(): number {
    return this.next.size + this.front.size + this.system.size + this.high.size + this.low.size
  }

  get isIdle(): boolean {
    return this.redeliver === 0 && this.inRing === 0 && this.blocked.size === 0 && this.size === 0
  }

  of(priority: Exclude<Priority, "Normal">): Lane {
    return priority === "System" ? this.system : priority === "High" ? this.high : this.low
  }

  /** The next one that goes before the ring. */
  shiftUrgent(): Envelope | undefined {
    return this.next.shift() ?? this.front.shift() ?? this.system.shift() ?? this.high.shift()
  }

  /** The message that is to be delivered again at once, if there is one. */
  takePutBack(): Envelope | undefined {
    return this.front.head !== undefined && this.front.head.crashes > 0 ? this.front.shift() : undefined
  }
}
