/**
 * The seam between an actor and whoever supervises it.
 *
 * A guardian is asked, synchronously, when a life of the actor has ended by a
 * crash or by itself. Stops and kills are not put to it: they are final.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type { ActorRef } from "./ActorRef.ts"

/**
 * How a life of an actor ended. `Shutdown` and `GaveUp` are ends of supervisors:
 * with their significant children, and beyond their intensity.
 *
 * @category models
 * @since 0.1.0
 */
export type ActorExit =
  | { readonly _tag: "Normal" }
  | { readonly _tag: "Shutdown" }
  | { readonly _tag: "GaveUp"; readonly cause: Cause.Cause<unknown> }
  | { readonly _tag: "Crashed"; readonly cause: Cause.Cause<unknown> }

/**
 * A restart that was decided: its place among at most `max` in the window of the
 * supervisor's intensity, and how long it is held back.
 *
 * @category models
 * @since 0.1.0
 */
export interface Restart {
  readonly attempt: number
  readonly max: number
  readonly delayMillis: number
}

/**
 * What follows. `Restart` begins the next life after its delay. After `Suspend`
 * the guardian does, together with others; without a restart it has not decided
 * yet. `next` of a `GiveUp` is called when that has been told; the actor ends
 * with its supervisor.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict =
  | { readonly _tag: "End" }
  | { readonly _tag: "Restart"; readonly restart: Restart }
  | { readonly _tag: "Suspend"; readonly restart: Restart | undefined }
  | {
    readonly _tag: "GiveUp"
    readonly restarts: number
    readonly withinMillis: number
    readonly next: () => void
  }

/**
 * Who decides what follows the end of a life. Its functions are called
 * synchronously; what `decide` throws is logged, and the actor ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Guardian {
  /** Decides. `now` is in milliseconds by the monotonic time of the actor's clock. */
  readonly decide: (exit: ActorExit, ref: ActorRef<never>, now: number) => Verdict
  /** A life has begun, the first or a later one. */
  readonly started: (ref: ActorRef<never>, now: number) => void
  /** The actor has ended for good. */
  readonly ended: (ref: ActorRef<never>) => void
}
