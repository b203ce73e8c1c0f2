/**
 * What happens to actors: the edges of their lives, as data.
 *
 * `Restarting` follows the `Crashed` (or the normal end) of a supervised actor,
 * or stands alone where it is restarted with another one; it is followed by
 * `Restarted`, or by `Crashed` when the start fails. The last event of an actor
 * is `Stopped` or `Failed`. A supervisor that gives up has `Crashed`, too.
 * `severity` says how much one matters.
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
 * The actor ended, and not by a crash. `Normal`: by itself; `Shutdown`: it was stopped
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
 * Why an actor ended that did not fail, see `Stopped`.
 *
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
 * one more. The supervisor stops its other children and ends; the actor fails,
 * unless the supervisor is restarted.
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
 * Messages wait, and the actor has begun none for `forMillis`. Told once until
 * it begins one. Only a system with a `watchdog` looks for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface StuckMailbox extends Base {
  readonly _tag: "StuckMailbox"
  readonly depth: number
  readonly forMillis: number
}

/**
 * Each of these actors waits, in its current message, for the answer of the
 * next one, and the last for that of the first. Told once while it lasts, for
 * the first. Only a system with a `watchdog` looks for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface AskCycle extends Base {
  readonly _tag: "AskCycle"
  readonly actors: ReadonlyArray<string>
}

/**
 * Everything a system tells of the lives of its actors.
 *
 * @category models
 * @since 0.1.0
 */
export type ActorEvent =
  | Started
  | Crashed
  | Restarting
  | Restarted
  | Stopped
  | Failed
  | GaveUp
  | Abandoned
  | StuckMailbox
  | AskCycle

/**
 * How much an event matters to whoever runs the system.
 *
 * @category models
 * @since 0.1.0
 */
export type Severity = "Debug" | "Info" | "Warning" | "Error"

/**
 * The severity of an event. `Error`: an actor is gone, or something of it could
 * not be ended; `Warning`: something went wrong and is dealt with, or may need
 * somebody; `Info`: a start, a restart that succeeded and an end in order.
 *
 * @category combinators
 * @since 0.1.0
 */
export const severity = (event: ActorEvent): Severity => {
  switch (event._tag) {
    case "Started":
    case "Restarted":
      return "Info"
    case "Restarting":
      return "Debug"
    case "Stopped":
      return event.reason === "DeadlineExceeded" || event.reason === "Killed" ? "Warning" : "Info"
    case "Crashed":
    case "StuckMailbox":
      return "Warning"
    case "Failed":
    case "GaveUp":
    case "Abandoned":
    case "AskCycle":
      return "Error"
  }
}

/**
 * An event as a line of text.
 *
 * **Example** (A restart)
 *
 * ```ts
 * import * as ActorEvent from "airssys/actor/ActorEvent"
 *
 * const event = { _tag: "Restarting", id: 7, name: "ledger", at: 0, attempt: 1, max: 3, delayMillis: 200 } as const
 *
 * ActorEvent.format(event) // => "ledger is restarted in 200 ms (1 of 3)"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const format = (event: ActorEvent): string => `${event.name} ${whatOf(event)}`

const whatOf = (event: ActorEvent): string => {
  switch (event._tag) {
    case "Started":
      return "started"
    case "Crashed":
      return "crashed"
    case "Restarting":
      return `is restarted in ${event.delayMillis} ms (${event.attempt} of ${event.max})`
    case "Restarted":
      return `restarted after ${event.afterMillis} ms (${event.attempt} of ${event.max})`
    case "Stopped":
      return `stopped (${event.reason})`
    case "Failed":
      return "failed, and is not restarted"
    case "GaveUp":
      return `needed more than ${event.restarts} restarts within ${event.withinMillis} ms: its supervisor gives up`
    case "Abandoned":
      return `does not end, and is left behind (${event.part})`
    case "StuckMailbox":
      return `has ${event.depth} messages, and began none for ${event.forMillis} ms`
    case "AskCycle":
      return `waits for an answer in a circle: ${event.actors.join(", ")}`
  }
}
