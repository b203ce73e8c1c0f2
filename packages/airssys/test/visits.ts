/** Counts what sets are asked for one by one: work that grows with what waits, without a clock. */
// oxlint-disable no-extend-native -- for as long as it counts
import * as Effect from "effect/Effect"

/** How many members of sets were looked at while an effect ran. */
export const visits = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const { [Symbol.iterator]: real } = Set.prototype
      const counter = { visited: 0, real }
      Set.prototype[Symbol.iterator] = function() {
        return real.call(this).map((member) => {
          counter.visited++
          return member
        }) as SetIterator<unknown>
      }
      return counter
    }),
    (counter) => Effect.map(effect, () => counter.visited),
    ({ real }) =>
      Effect.sync(() => {
        Set.prototype[Symbol.iterator] = real
      })
  )
