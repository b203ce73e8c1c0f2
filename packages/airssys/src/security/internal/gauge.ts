import type * as Quota from "../Quota.ts"

/**
 * How much of one quota one subject has taken. All amounts are whole numbers
 * from 0, and `now` is in nanoseconds. `take` changes nothing when it says no.
 */
export interface Gauge {
  /** What is there to be taken. */
  readonly available: (now: number) => number
  readonly take: (amount: number, now: number) => boolean
  /** Undoes a part of what was taken at `since`. */
  readonly giveBack: (amount: number, now: number, since: number) => void
  /** Milliseconds until `amount` is there if nobody takes it; undefined where time does not bring it. */
  readonly waitFor: (amount: number, now: number) => number | undefined
  /** The most that is ever there. */
  readonly limit: number
  /** The taken part, from 0. */
  readonly used: (now: number) => number
  readonly isIdle: (now: number) => boolean
}

const boundless: Gauge = {
  available: () => Number.MAX_SAFE_INTEGER,
  take: () => true,
  giveBack: () => {},
  waitFor: () => undefined,
  limit: Number.MAX_SAFE_INTEGER,
  used: () => 0,
  isIdle: () => true
}

/** What is held at once. `taken` may be above the limit when that was lowered. */
export class LevelGauge implements Gauge {
  readonly limit: number
  taken: number

  constructor(limit: number, taken: number) {
    this.limit = limit
    this.taken = taken
  }

  available(): number {
    return Math.max(0, this.limit - this.taken)
  }

  take(amount: number): boolean {
    if (!(amount <= this.available())) return false
    this.taken += amount
    return true
  }

  giveBack(amount: number): void {
    this.taken = Math.max(0, this.taken - amount)
  }

  waitFor(): undefined {
    return undefined
  }

  used(): number {
    return this.taken
  }

  isIdle(): boolean {
    return this.taken === 0
  }
}

const second = 1_000_000_000

/**
 * A token bucket in whole tokens. `at` is the instant up to which tokens were
 * paid out: it moves by the time of whole tokens, rounded up, so that over any
 * span no more than `burst` and the rate times the span are taken, however
 * often it is asked.
 */
export class RateGauge implements Gauge {
  readonly limit: number
  readonly #perSecond: number
  /** Nanoseconds that fill an empty bucket: products of shorter times stay exact enough to be rounded. */
  readonly #filling: number
  #tokens: number
  #at: number

  constructor({ burst, perSecond }: { readonly perSecond: number; readonly burst: number }, now: number) {
    this.limit = burst
    this.#perSecond = perSecond
    this.#filling = perSecond === 0 ? Number.POSITIVE_INFINITY : Math.ceil(burst / perSecond * second)
    this.#tokens = burst
    this.#at = now
  }

  #refill(now: number): void {
    const elapsed = now - this.#at
    if (elapsed <= 0 || this.#perSecond === 0) return
    if (this.#tokens === this.limit) {
      this.#at = now
      return
    }
    const gained = elapsed >= this.#filling ? this.limit : Math.floor(elapsed * this.#perSecond / second)
    if (gained === 0) return
    if (gained >= this.limit - this.#tokens) {
      this.#tokens = this.limit
      this.#at = now
      return
    }
    this.#tokens += gained
    this.#at += this.#timeOf(gained)
  }

  #timeOf(tokens: number): number {
    return this.#perSecond === 0 ? Number.POSITIVE_INFINITY : Math.ceil(tokens / this.#perSecond * second)
  }

  available(now: number): number {
    this.#refill(now)
    return this.#tokens
  }

  take(amount: number, now: number): boolean {
    this.#refill(now)
    if (!(amount <= this.#tokens)) return false
    this.#tokens -= amount
    return true
  }

  /**
   * Takes the time away for which it was reserved, as far as that could bring it
   * back, so that what is reserved and released adds up to no larger burst. Time
   * that was paid out already is paid back in tokens.
   */
  giveBack(amount: number, now: number, since: number): void {
    this.#refill(now)
    this.#tokens += amount
    this.#at += Math.min(now - since, this.#timeOf(amount))
    if (this.#at > now) {
      const early = Math.min(amount, Math.ceil((this.#at - now) * this.#perSecond / second))
      this.#tokens -= early
      this.#at -= Math.floor(early / this.#perSecond * second)
    }
    if (this.#tokens < this.limit) return
    this.#tokens = this.limit
    this.#at = now
  }

  waitFor(amount: number, now: number): number | undefined {
    if (amount > this.limit || this.#perSecond === 0) return undefined
    this.#refill(now)
    if (amount <= this.#tokens) return 0
    return Math.max(0, Math.ceil((this.#at + this.#timeOf(amount - this.#tokens) - now) / 1_000_000))
  }

  used(now: number): number {
    return this.limit - this.available(now)
  }

  isIdle(now: number): boolean {
    return this.available(now) === this.limit
  }

  /** The same bucket under another limit: what was used stays used. */
  static next(previous: Gauge | undefined, limit: Exclude<Quota.RateLimit, "unlimited">, now: number): RateGauge {
    const made = new RateGauge(limit, now)
    if (previous !== undefined) made.#tokens = Math.max(0, limit.burst - previous.used(now))
    return made
  }
}

export type Gauges = Record<Quota.Quota, Gauge>

const level = (limit: Quota.LevelLimit, previous: Gauge | undefined): Gauge =>
  new LevelGauge(
    limit === "unlimited" ? Number.MAX_SAFE_INTEGER : limit,
    previous instanceof LevelGauge ? previous.taken : 0
  )

const rate = (limit: Quota.RateLimit, previous: Gauge | undefined, now: number): Gauge =>
  limit === "unlimited" ? boundless : RateGauge.next(previous, limit, now)

/** The gauges of a subject, full at first; what `previous` had taken is kept. */
export const gauges = (limits: Quota.Limits, now: number, previous?: Gauges): Gauges => ({
  storage: level(limits.storage, previous?.storage),
  memory: level(limits.memory, previous?.memory),
  calls: level(limits.calls, previous?.calls),
  messages: rate(limits.messages, previous?.messages, now),
  network: rate(limits.network, previous?.network, now),
  fuel: rate(limits.fuel, previous?.fuel, now)
})
