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

declare const queueMicrotask: (task: () => void) => void

/**
 * @category models
 * @since 0.1.0
 */
export interface TurnScheduler {
  /** Runs the task before the event loop goes on: a microtask. */
  readonly soon: (task: () => void) => void
  /** Runs the task after other events of the loop: a macrotask. */
  readonly later: (task: () => void) => void
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
        later: (task) => dispatcher.scheduleTask(task, 0)
      }
    }
  }
)
