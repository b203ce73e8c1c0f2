/**
 * How an actor ended for good, as its watchers learn it.
 *
 * | what happened                                    | reason             |
 * | ------------------------------------------------ | ------------------ |
 * | `context.stop()`                                 | `Normal`           |
 * | a stop from outside, what waited was handled     | `Shutdown`         |
 * | a stop from outside, what waited was not         | `DeadlineExceeded` |
 * | a kill                                           | `Killed`           |
 * | a failure, a defect, an interruption by somebody | `Failed`           |
 *
 * A stop discards what waits at the deadline, and at once where the actor waits
 * for its restart or crashes. A crash that is followed by a restart is no end.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type { ActorRef } from "./ActorRef.ts"

/**
 * `NoActor`: it had ended before it was watched.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason =
  | { readonly _tag: "Normal" }
  | { readonly _tag: "Shutdown" }
  | { readonly _tag: "DeadlineExceeded" }
  | { readonly _tag: "Killed" }
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<unknown> }
  | { readonly _tag: "NoActor" }

/**
 * What a watcher is told, once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Terminated {
  readonly ref: ActorRef<never>
  readonly reason: Reason
}

/**
 * Whether the end was nobody's failure: the actor ended by itself or was
 * stopped.
 *
 * @category guards
 * @since 0.1.0
 */
export const isOrderly = ({ _tag }: Reason): boolean =>
  _tag === "Normal" || _tag === "Shutdown" || _tag === "DeadlineExceeded"
