/**
 * How far long work has come, on standard error.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * @category models
 * @since 0.1.0
 */
export interface Progress {
  /** Says that so much more is done; prints if the last time is long enough ago. */
  readonly add: (amount: number) => Effect.Effect<void>
}

const every = Duration.toMillis("2 seconds")

/**
 * Prints what `line` says of the amount, at most every two seconds, so that short
 * work prints nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (line: (done: number) => string): Effect.Effect<Progress> =>
  Effect.map(Clock.currentTimeMillis, (begun) => {
    let last = begun
    let done = 0
    return {
      add: (amount) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          done += amount
          if (now - last < every) return Effect.void
          last = now
          return Console.error(line(done))
        })
    }
  })

/**
 * Prints `line` every two seconds until an effect ends that does not say how far
 * it is.
 *
 * @category combinators
 * @since 0.1.0
 */
export const during = (line: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(effect, Effect.forever(Effect.andThen(Effect.sleep(every), Console.error(line))))
