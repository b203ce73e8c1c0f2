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
 * How a life of an actor ended.
 *
 * @category models
 * @since 0.1.0
 */
export type ActorExit =
  | { readonly _tag: "Normal" }
  | { readonly _tag: "Crashed"; readonly cause: Cause.Cause<unknown> }

/**
 * What follows. `attempt`, `max`, `restarts` and `withinMillis` are for the
 * events that tell of it.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict =
  | { readonly _tag: "End" }
  | { readonly _tag: "GiveUp"; readonly restarts: number; readonly withinMillis: number }
  | { readonly _tag: "Restart"; readonly delayMillis: number; readonly attempt: number; readonly max: number }

/**
 * @category models
 * @since 0.1.0
 */
export interface Guardian {
  /** Decides. `now` is in milliseconds by the actor's clock. */
  readonly decide: (exit: ActorExit, ref: ActorRef<never>, now: number) => Verdict
  /** A life has begun, the first or a later one. */
  readonly started: (ref: ActorRef<never>, now: number) => void
  /** The actor has ended for good. */
  readonly ended: (ref: ActorRef<never>) => void
}
