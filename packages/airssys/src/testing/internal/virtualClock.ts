import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Something that becomes runnable at a time. */
export interface Timer {
  readonly at: number
  readonly label: string
  readonly run: () => void
  isCancelled: boolean
}

/**
 * Time that moves only when it is moved: Unix time and monotonic time are the
 * same, milliseconds from 0.
 */
export class VirtualClock implements Clock.Clock {
  private millis = 0
  private timers: Array<Timer> = []
  private sleeps = 0

  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

  currentTimeMillisUnsafe(): number {
    return this.millis
  }

  currentTimeNanosUnsafe(): bigint {
    return BigInt(Math.round(this.millis * 1e6))
  }

  monotonicTimeNanosUnsafe(): bigint {
    return this.currentTimeNanosUnsafe()
  }

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const millis = Duration.toMillis(duration)
    if (!Number.isFinite(millis)) return Effect.never
    return Effect.callback<void>((resume) => {
      const timer = this.after(millis, `sleep ${++this.sleeps} ends`, () => resume(Effect.void))
      return Effect.sync(() => {
        timer.isCancelled = true
      })
    })
  }

  after(millis: number, label: string, run: () => void): Timer {
    const timer: Timer = { at: this.millis + Math.max(0, millis), label, run, isCancelled: false }
    this.timers.push(timer)
    return timer
  }

  /** Those that are due, in the order in which they were set. */
  takeDue(): ReadonlyArray<Timer> {
    if (!this.timers.some((timer) => timer.at <= this.millis)) return []
    const due = this.timers.filter((timer) => timer.at <= this.millis && !timer.isCancelled)
    this.timers = this.timers.filter((timer) => timer.at > this.millis && !timer.isCancelled)
    return due
  }

  /** Moves to the next timer; false where there is none. */
  advance(): boolean {
    let next = Infinity
    for (const timer of this.timers) if (!timer.isCancelled && timer.at < next) next = timer.at
    if (next === Infinity) return false
    this.millis = next
    return true
  }
}
