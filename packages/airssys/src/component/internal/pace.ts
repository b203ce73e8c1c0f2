/**
 * Sees from outside which messages take long: an instance that works on one
 * answers no check of its health. Only calls that are waited for are followed;
 * the others end within a slice.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Contract from "../Contract.ts"

/** What an instance works on, since a time in milliseconds. */
export interface Working {
  readonly export: string
  readonly since: number
}

/** Learns of a message that takes long, and of its end. */
type Told = (working: Working | undefined) => void

/** Of one instance, which has one call at a time. */
export class Pace {
  readonly #paces: Paces
  readonly #everyMillis: number
  readonly #told: Told
  #target: Contract.Target | undefined
  #since = 0
  #isTold = false

  constructor(paces: Paces, everyMillis: number, told: Told) {
    this.#paces = paces
    this.#everyMillis = everyMillis
    this.#told = told
  }

  get due(): number {
    return this.#since + this.#everyMillis
  }

  begin(target: Contract.Target): void {
    this.#target = target
    this.#since = this.#paces.now
    this.#paces.add(this)
  }

  /** What was told of an instance that is lost is taken back by nobody. */
  end(isLost: boolean): void {
    if (!this.#isTold) return this.#paces.remove(this)
    this.#isTold = false
    if (!isLost) this.#told(undefined)
  }

  tell(): void {
    this.#isTold = true
    this.#told({ export: Contract.exportName(this.#target!), since: this.#since })
  }
}

/** The instances whose calls are waited for, until these end or are told of. */
export class Paces {
  readonly #clock: Clock.Clock
  readonly #waiting = new Set<Pace>()
  readonly #some = Latch.makeUnsafe(false)

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  get now(): number {
    return this.#clock.currentTimeMillisUnsafe()
  }

  /** Who watches may look at it at once. */
  add(pace: Pace): void {
    this.#waiting.add(pace)
    if (this.#waiting.size === 1) this.#some.openUnsafe()
  }

  remove(pace: Pace): void {
    this.#waiting.delete(pace)
    if (this.#waiting.size === 0) this.#some.closeUnsafe()
  }

  readonly watch: Effect.Effect<never> = Effect.forever(
    Effect.andThen(this.#some.await, Effect.suspend(() => this.#look()))
  )

  /** Tells of those that are due, and waits until the next one is. */
  #look(): Effect.Effect<void> {
    const { now } = this
    let next = Infinity
    for (const pace of this.#waiting) {
      if (pace.due > now) next = Math.min(next, pace.due)
      else {
        this.remove(pace)
        pace.tell()
      }
    }
    return next === Infinity ? Effect.void : Effect.sleep(next - now)
  }
}
