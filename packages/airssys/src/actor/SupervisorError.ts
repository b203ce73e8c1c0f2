/**
 * Why a supervisor did not do what it was asked for, or ended.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type { SpawnError } from "./ActorError.ts"
import type { Status } from "./ActorRef.ts"

/**
 * The supervisor has a child with this id: a live one, or one that has ended
 * and can be restarted or deleted.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChildExists extends Data.TaggedError("ChildExists")<{
  readonly child: string
  readonly isRunning: boolean
}> {
  override get message(): string {
    return `The supervisor has a child ${this.child}${this.isRunning ? "" : ", which has ended"}`
  }
}

/**
 * The supervisor has no child with this id.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChildNotFound extends Data.TaggedError("ChildNotFound")<{ readonly child: string }> {
  override get message(): string {
    return `The supervisor has no child ${this.child}`
  }
}

/**
 * The child has not ended: it runs, starts, or waits for its restart.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChildRunning extends Data.TaggedError("ChildRunning")<{
  readonly child: string
  readonly status: Status
}> {
  override get message(): string {
    return `The child ${this.child} has not ended: it is ${this.status}`
  }
}

/**
 * A child that was restarted by hand did not start.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChildNotStarted extends Data.TaggedError("ChildNotStarted")<{
  readonly child: string
  readonly cause: Cause.Cause<unknown>
}> {
  override get message(): string {
    return `The child ${this.child} did not start`
  }
}

/**
 * The supervisor does not run: it was stopped, gave up, or is restarted itself.
 *
 * @category errors
 * @since 0.1.0
 */
export class SupervisorStopped extends Data.TaggedError("SupervisorStopped")<{ readonly child: string }> {
  override get message(): string {
    return `The supervisor does not run; it does not start ${this.child}`
  }
}

/**
 * The children of a supervisor needed more restarts than it allows. `child` was
 * the last one, and `cause` why it crashed; empty when it ended in order.
 *
 * @category errors
 * @since 0.1.0
 */
export class SupervisorGaveUp extends Data.TaggedError("SupervisorGaveUp")<{
  readonly supervisor: string
  readonly child: string
  readonly restarts: number
  readonly withinMillis: number
  readonly cause: Cause.Cause<unknown>
}> {
  override get message(): string {
    return `${this.supervisor} gave up at ${this.child}: more than ${this.restarts} restarts in ${this.withinMillis} ms`
  }
}

/**
 * What a supervisor fails to start a child with, besides the child's own error.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = SpawnError | ChildExists | SupervisorStopped | SupervisorGaveUp
