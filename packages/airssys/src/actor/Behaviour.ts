/**
 * What an actor does with its messages, and how it comes to do it.
 *
 * A behaviour is an Effect that makes a handler. It runs at the start and at
 * every restart in a fresh scope: what it acquires is released when the actor
 * stops or restarts, and what its closure holds is fresh state.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ActorContext } from "./ActorContext.ts"
import { Self } from "./internal/context.ts"

/**
 * Handles one message. Nothing and an Exit are settled at once; any other
 * Effect runs on a fiber of its own with the actor's context and scope, without
 * a fiber where `Pending` made it, and the next message waits for it. A failure,
 * a throw, and a value that is neither, crash the actor.
 *
 * @category models
 * @since 0.1.0
 */
export type Handler<M> = (
  message: M,
  context: ActorContext<M>
) => void | Effect.Effect<unknown, unknown, Scope.Scope>

/**
 * An Effect that makes the handler of one life. It may fail with `E`, which is
 * what a spawn fails with, and needs `R`, which is captured at the spawn.
 *
 * @category models
 * @since 0.1.0
 */
export type Behaviour<M, E = never, R = never> = Effect.Effect<Handler<M>, E, R>

/**
 * A behaviour that has the actor's context from the start: to set timers, to
 * spawn children, to watch, to continue with a message before those that wait.
 *
 * **Example** (A clock that ticks)
 *
 * ```ts
 * import * as Behaviour from "airssys/actor/Behaviour"
 * import * as Effect from "effect/Effect"
 *
 * const clock = Behaviour.setup<"tick">((context) => {
 *   context.timers.periodic("tick", "1 second", "tick")
 *   let ticks = 0
 *   return Effect.succeed(() => void ticks++)
 * })
 *
 * Effect.isEffect(clock) // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const setup = <M, E = never, R = never>(
  make: (context: ActorContext<M>) => Behaviour<M, E, R>
): Behaviour<M, E, R> =>
  Effect.withFiber((fiber) => {
    const self = Context.getOrUndefined(fiber.context, Self)
    if (self === undefined) return Effect.die(new Error("Behaviour.setup runs where an actor is spawned"))
    return make(self as unknown as ActorContext<M>)
  })
