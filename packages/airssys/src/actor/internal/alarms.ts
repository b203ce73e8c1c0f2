import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

/** Clocks take no longer sleep than this; a later deadline takes several. */
const longestSleep = 2 ** 30

/** Something to be done at a time of a clock, once. */
export class Alarm {
  /** Keeps the shape alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: Alarm = new Alarm(undefined as never, 0, () => {})

  readonly deadline: number
  readonly ring: () => void
  readonly alarms: Alarms
  /** Its place in the heap; -1 where it has rung or was cancelled. */
  at = -1

  constructor(alarms: Alarms, deadline: number, ring: () => void) {
    this.alarms = alarms
    this.deadline = deadline
    this.ring = ring
  }

  cancel(): void {
    this.alarms.remove(this)
  }
}

/**
 * The alarms of one clock, as a heap by deadline. One fiber sleeps to the
 * earliest; it is left asleep when that alarm is cancelled, so that requests
 * with a timeout that are answered in time, one after another, wake nobody.
 */
export class Alarms {
  private readonly heap: Array<Alarm> = []
  private sleeper: Fiber.Fiber<void> | undefined = undefined
  private wakesAt = Infinity
  private readonly clock: Clock.Clock
  private readonly context: Context.Context<never>

  constructor(context: Context.Context<never>) {
    this.clock = Context.get(context, Clock.Clock)
    this.context = Context.make(Scheduler.Scheduler, Context.get(context, Scheduler.Scheduler)).pipe(
      Context.add(Clock.Clock, this.clock)
    ) as Context.Context<never>
  }

  /** By the monotonic clock, in milliseconds. */
  get now(): number {
    return Number(this.clock.monotonicTimeNanosUnsafe()) / 1e6
  }

  get size(): number {
    return this.heap.length
  }

  in(millis: number, ring: () => void): Alarm {
    return this.at(this.now + millis, ring)
  }

  at(deadline: number, ring: () => void): Alarm {
    const alarm = new Alarm(this, deadline, ring)
    this.rise(this.heap.length, alarm)
    if (deadline < this.wakesAt) this.sleep()
    return alarm
  }

  remove(alarm: Alarm): void {
    const { at } = alarm
    if (at < 0) return
    alarm.at = -1
    const last = this.heap.pop()!
    if (last === alarm) return
    if (at > 0 && last.deadline < this.heap[(at - 1) >> 1]!.deadline) this.rise(at, last)
    else this.sink(at, last)
  }

  /** Nothing rings any more. */
  silence(): void {
    for (const alarm of this.heap) alarm.at = -1
    this.heap.length = 0
    this.sleeper?.interruptUnsafe()
    this.sleeper = undefined
    this.wakesAt = Infinity
  }

  private sleep(): void {
    this.sleeper?.interruptUnsafe()
    this.sleeper = undefined
    this.wakesAt = Infinity
    const first = this.heap[0]
    if (first === undefined) return
    const now = this.now
    const wakesAt = this.wakesAt = Math.min(first.deadline, now + longestSleep)
    const sleeper = Effect.runForkWith(this.context)(Effect.sleep(Math.max(0, Math.ceil(wakesAt - now))))
    this.sleeper = sleeper
    sleeper.addObserver((exit) => {
      if (this.sleeper !== sleeper) return
      this.sleeper = undefined
      if (exit._tag === "Success") this.wake(wakesAt)
      else this.sleep()
    })
  }

  /** A timer of the platform may go off a little early: what it was set for is due. */
  private wake(wakesAt: number): void {
    const due = Math.max(wakesAt, this.now)
    // While alarms ring, those that are added start no sleep of their own.
    this.wakesAt = -Infinity
    try {
      for (let first = this.heap[0]; first !== undefined && first.deadline <= due; first = this.heap[0]) {
        this.remove(first)
        first.ring()
      }
    } finally {
      // A throw out of `ring` is a bug of its owner; the other alarms go off.
      this.sleep()
    }
  }

  private rise(from: number, alarm: Alarm): void {
    const { heap } = this
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = heap[above]!
      if (other.deadline <= alarm.deadline) break
      heap[at] = other
      other.at = at
      at = above
    }
    heap[at] = alarm
    alarm.at = at
  }

  private sink(from: number, alarm: Alarm): void {
    const { heap } = this
    let at = from
    while (true) {
      let below = at * 2 + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && heap[below + 1]!.deadline < heap[below]!.deadline) below++
      const other = heap[below]!
      if (alarm.deadline <= other.deadline) break
      heap[at] = other
      other.at = at
      at = below
    }
    heap[at] = alarm
    alarm.at = at
  }
}
