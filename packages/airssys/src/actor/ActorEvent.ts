/**
 * What happens to actors: the edges of their lives, as data.
 *
 * `Restarting` follows the `Crashed` (or the normal end) of a supervised actor
 * and is followed by `Restarted`, or by `Crashed` when the start fails. The
 * last event of an actor is `Stopped` or `Failed`.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"

interface Base {
  readonly id: number
  readonly name: string
  /** Milliseconds since the epoch, by the actor's clock. */
  readonly at: number
}

/**
 * The first start succeeded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Started extends Base {
  readonly _tag: "Started"
}

/**
 * The handler failed on a message, or the behaviour at a restart.
 *
 * @category models
 * @since 0.1.0
 */
export interface Crashed extends Base {
  readonly _tag: "Crashed"
  readonly cause: Cause.Cause<unknown>
}

/**
 * A restart was decided. `attempt` of `max` is this one's place in the window
 * of the supervisor's intensity; `delayMillis` is how long it is held back.
 *
 * @category models
 * @since 0.1.0
 */
export interface Restarting extends Base {
  readonly _tag: "Restarting"
  readonly attempt: number
  readonly max: number
  readonly delayMillis: number
}

/**
 * A fresh instance runs, `afterMillis` since the restart was decided.
 *
 * @category models
 * @since 0.1.0
 */
export interface Restarted extends Base {
  readonly _tag: "Restarted"
  readonly attempt: number
  readonly max: number
  readonly afterMillis: number
}

/**
 * The actor ended in order. `Normal`: by itself; `Shutdown`: it was stopped
 * and had handled what was waiting; `DeadlineExceeded`: it was stopped and had
 * not; `Killed`: without being asked.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stopped extends Base {
  readonly _tag: "Stopped"
  readonly reason: StopReason
}

/**
 * @category models
 * @since 0.1.0
 */
export type StopReason = "Normal" | "Shutdown" | "DeadlineExceeded" | "Killed"

/**
 * The actor ended by a crash that nobody restarts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failed extends Base {
  readonly _tag: "Failed"
  readonly cause: Cause.Cause<unknown>
}

/**
 * A supervisor allowed `restarts` within `withinMillis`, and this actor needed
 * one more. The actor fails; the supervisor stops its other children.
 *
 * @category models
 * @since 0.1.0
 */
export interface GaveUp extends Base {
  readonly _tag: "GaveUp"
  readonly restarts: number
  readonly withinMillis: number
}

/**
 * Something of the actor did not end within the bound after it was
 * interrupted. It may still run; what it does is ignored.
 *
 * @category models
 * @since 0.1.0
 */
export interface Abandoned extends Base {
  readonly _tag: "Abandoned"
  readonly part: "Behaviour" | "Handler" | "Finalizers" | "Shutdown"
}

/**
 * @category models
 * @since 0.1.0
 */
export type ActorEvent = Started | Crashed | Restarting | Restarted | Stopped | Failed | GaveUp | Abandoned
