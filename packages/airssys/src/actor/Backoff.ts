/**
 * How long a restart is held back: `base`, then `factor` times as long at each
 * further one, at most `cap`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * @category models
 * @since 0.1.0
 */
export interface Backoff {
  readonly base: Duration.Duration
  readonly factor: number
  readonly cap: Duration.Duration
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
}

/**
 * Makes a backoff. Throws a `RangeError` unless `factor` is at least 1 and
 * `base` is finite.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Input): Backoff => {
  const base = Duration.fromInputUnsafe(options.base)
  if (!(options.factor >= 1 && Number.isFinite(options.factor))) {
    throw new RangeError(`The factor of a backoff is a number from 1, not ${options.factor}`)
  }
  if (!Duration.isFinite(base)) throw new RangeError("The base of a backoff is finite")
  return { base, factor: options.factor, cap: Duration.fromInputUnsafe(options.cap) }
}

/**
 * 100 milliseconds, doubled up to one minute.
 *
 * @category constructors
 * @since 0.1.0
 */
export const standard: Backoff = make({ base: "100 millis", factor: 2, cap: "1 minute" })

/**
 * The delay before restart number `restart`, counted from 0, in milliseconds.
 *
 * **Example** (Doubling up to a cap)
 *
 * ```ts
 * import * as Backoff from "airssys/actor/Backoff"
 *
 * const backoff = Backoff.make({ base: "100 millis", factor: 2, cap: "1 second" })
 *
 * Backoff.delayMillis(backoff, 0) // => 100
 * Backoff.delayMillis(backoff, 9) // => 1000
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const delayMillis = (self: Backoff, restart: number): number =>
  Math.min(Duration.toMillis(self.cap), Duration.toMillis(self.base) * Math.min(self.factor ** restart, 2 ** 53))
