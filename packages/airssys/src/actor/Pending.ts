/**
 * Waiting for what is no Effect, such as a promise, at the price of a callback.
 *
 * A handler that returns an Effect costs a fiber for each message. Where that
 * is one that was made here, the actor waits for it without one; anywhere else
 * it is an Effect like any other. It is interrupted like any other too: its
 * actor is stopped when it is over.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as internal from "./internal/pending.ts"

/**
 * Calls `begin` each time it is run, with the context of the actor or fiber.
 * `begin` has `end` called once, at once or later, and gives what is called where
 * it is interrupted before that: `end` is waited for then too.
 *
 * **Example** (A promise)
 *
 * ```ts
 * import * as Pending from "airssys/actor/Pending"
 * import * as Effect from "effect/Effect"
 * import * as Exit from "effect/Exit"
 *
 * const answer = Pending.make<number>((_, end) => {
 *   Promise.resolve(42).then((value) => end(Exit.succeed(value)))
 *   return () => {}
 * })
 *
 * await Effect.runPromise(answer) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A, E = never>(
  begin: (context: Context.Context<never>, end: (exit: Exit.Exit<A, E>) => void) => () => void
): Effect.Effect<A, E> => new internal.Pending<A, E>(begin as internal.Begin<unknown, unknown>)

/**
 * Ends as `f` says, which is not called where the effect is interrupted. What it
 * makes of a pending effect is one too.
 *
 * @category combinators
 * @since 0.1.0
 */
export const settle = <A, E, R, B, E2>(
  self: Effect.Effect<A, E, R>,
  f: (exit: Exit.Exit<A, E>) => Exit.Exit<B, E2>
): Effect.Effect<B, E2, R> =>
  self instanceof internal.Pending
    ? new internal.Pending<B, E2>(self.begin, (exit) => f(self.settled(exit)))
    : Effect.flatMap(Effect.exit(self), f)
