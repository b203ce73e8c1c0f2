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
  /** Among those whose calls are waited for; -1 for one whose is not. */
  place = -1
  since = 0
  readonly everyMillis: number
  readonly #paces: Paces
  readonly #told: Told
  #target: Contract.Target | undefined
  #isTold = false

  constructor(paces: Paces, everyMillis: number, told: Told) {
    this.#paces = paces
    this.everyMillis = everyMillis
    this.#told = told
  }

  get due(): number {
    return this.since + this.everyMillis
  }

  begin(target: Contract.Target): void {
    this.#target = target
    this.#paces.add(this)
  }

  /** What was told of an instance that is lost is taken back by nobody. */
  end(isLost: boolean): void {
    if (!this.#isTold) return this.#paces.remove(this)
    this.#isTold = false
    if (!isLost) this.#told(undefined)
  }

  /** Its instance ends, also in the middle of a call. */
  leave(): void {
    if (this.place !== -1) this.#paces.remove(this)
  }

  tell(): void {
    this.#isTold = true
    this.#told({ export: Contract.exportName(this.#target!), since: this.since })
  }
}

/** The instances whose calls are waited for, until these end or are told of. */
export class Paces {
  readonly #clock: Clock.Clock
  readonly #waiting: Array<Pace> = []
  readonly #look = Latch.makeUnsafe(false)
  /** When they are looked at. */
  #next = Infinity

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  add(pace: Pace): void {
    pace.since = this.#clock.currentTimeMillisUnsafe()
    pace.place = this.#waiting.push(pace) - 1
    if (pace.due < this.#next) this.#look.openUnsafe()
  }

  remove(pace: Pace): void {
    const last = this.#waiting.pop()!
    if (last !== pace) {
      this.#waiting[pace.place] = last
      last.place = pace.place
    }
    pace.place = -1
  }

  readonly watch: Effect.Effect<never> = Effect.forever(Effect.suspend(() => {
    const now = this.#clock.currentTimeMillisUnsafe()
    this.#look.closeUnsafe()
    this.#next = this.#tell(now)
    return this.#next === Infinity ? this.#look.await : Effect.timeoutOption(this.#look.await, this.#next - now)
  }))

  /** Tells of those that are due; gives when the next one is. */
  #tell(now: number): number {
    const due = this.#waiting.filter((pace) => pace.due <= now)
    for (const pace of due) {
      this.remove(pace)
      pace.tell()
    }
    return this.#waiting.reduce((next, pace) => Math.min(next, pace.due), Infinity)
  }
}
