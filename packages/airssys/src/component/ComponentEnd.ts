/**
 * How a life of a component ended.
 *
 * @since 0.1.0
 */
import type { ComponentError } from "./ComponentError.ts"
import type { GuestError } from "./GuestError.ts"

/**
 * - `Stopped`: by itself or as it was told, with all of its messages worked off
 *   and its `shutdown` returned, if it has one.
 * - `Killed`: it had not ended within its bound, or was killed without being
 *   asked. Messages that waited are lost, and `shutdown` did not return.
 * - `Failed`: by a crash that nobody restarts; or as it was told, but its
 *   `shutdown` trapped, took too long or returned an error.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "Stopped" | "Killed" | "Failed"

/**
 * The end of a component; of a pool, the worst of its instances.
 *
 * @category models
 * @since 0.1.0
 */
export interface ComponentEnd {
  /** `namespace:name`. */
  readonly component: string
  /** Digest of the release. */
  readonly release: string
  readonly outcome: Outcome
  /** For people; nothing in it is a guest's choice. */
  readonly because: string
  /** Why `shutdown` did not return well. */
  readonly hook: ComponentError | GuestError | undefined
  /** In milliseconds since the epoch. */
  readonly at: number
}

const severity: Record<Outcome, number> = { Stopped: 0, Killed: 1, Failed: 2 }

/**
 * The worse of two ends, the first where they are as bad.
 *
 * @category combinators
 * @since 0.1.0
 */
export const worst = (one: ComponentEnd, other: ComponentEnd): ComponentEnd =>
  severity[other.outcome] > severity[one.outcome] ? other : one
