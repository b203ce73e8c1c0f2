/**
 * What an actor does with its messages, and how it comes to do it.
 *
 * A behaviour is an Effect that makes a handler. It runs at the start and at
 * every restart in a fresh scope: what it acquires is released when the actor
 * stops or restarts, and what its closure holds is fresh state.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ActorContext } from "./ActorContext.ts"

/**
 * Handles one message. Nothing and an Exit are settled at once; any other
 * Effect runs on a fiber of its own with the actor's context and scope, and
 * the next message waits for it. A failure, a throw, and a value that is
 * neither, crash the actor.
 *
 * @category models
 * @since 0.1.0
 */
export type Handler<M> = (
  message: M,
  context: ActorContext<M>
) => void | Effect.Effect<unknown, unknown, Scope.Scope>

/**
 * @category models
 * @since 0.1.0
 */
export type Behaviour<M, E = never, R = never> = Effect.Effect<Handler<M>, E, R>
