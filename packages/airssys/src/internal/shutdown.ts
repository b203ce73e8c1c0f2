import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/**
 * Waits for `close`; where that takes longer than the bound, `kill` is to make
 * it end. A fiber of its own can be timed: that of a finalizer may be
 * interrupted already.
 */
export const within = (
  bound: Duration.Duration,
  { close, kill }: { readonly close: Effect.Effect<void>; readonly kill: Effect.Effect<void> }
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const closing = yield* Effect.forkChild(close, { startImmediately: true })
    const closed = yield* Effect.timeoutOption(Fiber.await(closing), bound)
    if (Option.isNone(closed)) yield* kill
    yield* Fiber.join(closing)
  }).pipe(Effect.forkChild({ startImmediately: true }), Effect.flatMap(Fiber.join))
