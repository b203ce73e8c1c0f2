/**
 * When an actor system takes its turns.
 *
 * All ready actors of a system share one loop, the turn. `soon` runs it after
 * the current synchronous code; `later` after timers and input had a chance,
 * which a turn asks for when it has handled its budget of messages.
 *
 * The default carries the asynchronous context of whoever sent the first
 * message of a turn; a platform replaces it with one that does not.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Scheduler from "effect/Scheduler"
import type { Accounting } from "./Accounting.ts"
import type { ActorRef } from "./ActorRef.ts"
import { inPlace } from "./internal/turns.ts"

declare const queueMicrotask: (task: () => void) => void

/**
 * How the tasks of a system get onto the event loop.
 *
 * @category models
 * @since 0.1.0
 */
export interface TurnScheduler {
  /** Runs the task before the event loop goes on: a microtask. */
  readonly soon: (task: () => void) => void
  /** Runs the task after other events of the loop: a macrotask. */
  readonly later: (task: () => void) => void
  /**
   * Runs the task before it returns, as `soon` would otherwise: for requests to
   * an actor that has nothing else to do. Default: none is handled that way.
   */
  readonly inline?: ((task: () => void) => void) | undefined
  /** Takes the decisions of the loop. Default: the loop does. */
  readonly steering?: Steering | undefined
}

/**
 * Who decides in place of the loop, and sees each message pass. A steered
 * system runs one actor per turn and answers no ask on the stack of its asker.
 * It is what a simulation is made of; production has none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Steering {
  /** A system was made; `accounting` may be read between turns. */
  readonly began: (accounting: () => Accounting) => void
  /** Which actor is next: its place among those that are ready, from 0, the longest ready first. */
  readonly next: (ready: number) => number
  /** How many messages the next actor may handle in its turn, from 1. `most` is what the loop would allow. */
  readonly batch: (most: number) => number
  /** A message is sent. `deliver` puts it into the mailbox each time it is called, now or later. */
  readonly send: <A>(target: ActorRef<never>, message: unknown, deliver: () => A) => A | undefined
  /** A message is handled, by `handle`. What this throws is thrown by the handler. */
  readonly handle: <A>(actor: ActorRef<never>, message: unknown, handle: () => A) => A
}

/**
 * The scheduler a system reads when its layer is built.
 *
 * @category references
 * @since 0.1.0
 */
export const TurnScheduler: Context.Reference<TurnScheduler> = Context.Reference<TurnScheduler>(
  "airssys/actor/TurnScheduler",
  {
    defaultValue: () => {
      const dispatcher = new Scheduler.MixedScheduler().makeDispatcher()
      return {
        soon: (task) => queueMicrotask(task),
        inline: inPlace,
        later: (task) => dispatcher.scheduleTask(task, 0)
      }
    }
  }
)
