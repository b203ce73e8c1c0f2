/**
 * Turns of actors in the root asynchronous context of the process.
 *
 * Without it, a message is handled in the `AsyncLocalStorage` of whoever sent
 * the first message of its turn: a stranger's request, with its identity.
 *
 * @since 0.1.0
 */
import { TurnScheduler } from "airssys/actor/TurnScheduler"
import * as Layer from "effect/Layer"
import { AsyncResource } from "node:async_hooks"

/** Belongs to what this module was loaded in. A snapshot of `AsyncLocalStorage` is the same at seven times the price. */
const root = new AsyncResource("airssys/turns")

/**
 * Layer to be provided to `ActorSystem.layer`; `NodeHost.layer` has it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(TurnScheduler, {
  soon: (task) => root.runInAsyncScope(queueMicrotask, undefined, task),
  inline: (task) => root.runInAsyncScope(task),
  later: (task) => {
    root.runInAsyncScope(setImmediate, undefined, task)
  }
})
