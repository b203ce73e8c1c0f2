import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"

/** Runs an effect when there is a place for it. */
export type Places = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * At most `count` effects at once. Unlike a semaphore, whose release looks at
 * all that wait, one that ends costs the same however many there are.
 */
export const make = Effect.fnUntraced(function*(count: number): Effect.fn.Return<Places> {
  const free = yield* Queue.unbounded<void>()
  for (let place = 0; place < count; place++) Queue.offerUnsafe(free, undefined)
  return (effect) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        restore(Queue.take(free)),
        () => Effect.ensuring(restore(effect), Effect.sync(() => Queue.offerUnsafe(free, undefined)))
      )
    )
})
