/**
 * How long a restart is held back: `base`, then `factor` times as long at each
 * further one, at most `cap`. With jitter, a part of the delay is left to chance, so
 * that what crashed together does not come back together.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { durationOf } from "./internal/durations.ts"
import { shown } from "./internal/words.ts"

/**
 * A backoff that has been checked.
 *
 * @category models
 * @since 0.1.0
 */
export interface Backoff {
  readonly base: Duration.Duration
  readonly factor: number
  readonly cap: Duration.Duration
  /** The part of each delay that is random, from 0 to 1. */
  readonly jitter: number
}

/**
 * A backoff as it is written down.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly base: Duration.Input
  readonly factor: number
  readonly cap: Duration.Input
  /** The part of each delay that is random, from 0 to 1. Default: 0. */
  readonly jitter?: number | undefined
}

/**
 * Makes a backoff. Throws a `RangeError` unless `factor` is at least 1, `base`
 * and `cap` are durations, `base` is finite and `jitter` is from 0 to 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Input): Backoff => {
  const base = durationOf("The base of a backoff", options.base)
  if (!(Number.isFinite(options.factor) && options.factor >= 1)) {
    throw new RangeError(`The factor of a backoff is a number from 1, not ${shown(options.factor)}`)
  }
  if (!Duration.isFinite(base)) throw new RangeError("The base of a backoff is finite")
  const jitter = options.jitter ?? 0
  if (!(typeof jitter === "number" && jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`The jitter of a backoff is from 0 to 1, not ${shown(jitter)}`)
  }
  return { base, factor: options.factor, cap: durationOf("The cap of a backoff", options.cap), jitter }
}

/**
 * 100 milliseconds, doubled up to one minute.
 *
 * @category constructors
 * @since 0.1.0
 */
export const standard: Backoff = make({ base: "100 millis", factor: 2, cap: "1 minute" })

/**
 * No delay, as in OTP.
 *
 * @category constructors
 * @since 0.1.0
 */
export const none: Backoff = make({ base: 0, factor: 1, cap: 0 })

/**
 * The delay before restart number `restart`, counted from 0, in milliseconds:
 * between the whole delay and what jitter leaves of it. `random` gives numbers
 * from 0 to 1.
 *
 * **Example** (Doubling up to a cap)
 *
 * ```ts
 * import * as Backoff from "airssys/actor/Backoff"
 *
 * const backoff = Backoff.make({ base: "100 millis", factor: 2, cap: "1 second" })
 *
 * Backoff.delayMillis(backoff, 0, () => 0) // => 100
 * Backoff.delayMillis(backoff, 9, () => 0) // => 1000
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const delayMillis = (self: Backoff, restart: number, random: () => number): number => {
  const delay = Math.min(
    Duration.toMillis(self.cap),
    Duration.toMillis(self.base) * Math.min(self.factor ** restart, 2 ** 53)
  )
  return self.jitter === 0 ? delay : delay * (1 - self.jitter * random())
}
