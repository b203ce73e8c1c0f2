/**
 * How many messages may wait for an actor, and what an offer does when that
 * many wait.
 *
 * A tell never waits. Where there is no room it becomes a dead letter, unless
 * the policy makes room for it: under `DropOldest` the oldest message does.
 *
 * @since 0.1.0
 */

/**
 * What becomes of an offer to a full mailbox.
 *
 * | policy       | the offer                                | dead letter         |
 * | ------------ | ---------------------------------------- | ------------------- |
 * | `Block`      | waits for room, in order; so does an ask | none                |
 * | `DropNewest` | succeeds                                 | the offered message |
 * | `DropOldest` | succeeds; so do a tell and an ask        | the oldest message  |
 * | `Fail`       | fails with `MailboxFull`                 | the offered message |
 *
 * The oldest is that of the lowest priority that waits; none is dropped for a
 * message of a lower one. A dropped request fails with `MailboxFull`.
 *
 * @category models
 * @since 0.1.0
 */
export type Policy = "Block" | "DropNewest" | "DropOldest" | "Fail"

/**
 * How many messages may wait, and the policy of an offer that finds no room.
 *
 * @category models
 * @since 0.1.0
 */
export type Mailbox =
  | { readonly _tag: "Unbounded" }
  | { readonly _tag: "Bounded"; readonly capacity: number; readonly policy: Policy }

/**
 * What one actor's mailbox holds, and what became of all it was sent, over all
 * lives of the actor.
 *
 * @category models
 * @since 0.1.0
 */
export interface Metrics {
  /** Messages that wait. */
  readonly size: number
  /** Infinity where it is unbounded. */
  readonly capacity: number
  readonly accepted: number
  readonly rejected: number
  readonly handled: number
  readonly failed: number
  readonly expired: number
  readonly evicted: number
  readonly quarantined: number
  readonly discarded: number
  readonly stashed: number
  /** Whether a message is being handled. */
  readonly isRunning: boolean
}

/**
 * Takes every message; memory is the only limit.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unbounded: Mailbox = { _tag: "Unbounded" }

/**
 * Takes a message while fewer than `capacity` wait. The message that is being
 * handled and those that are stashed do not count. Default policy: `Fail`.
 *
 * Throws a `RangeError` unless `capacity` is an integer from 1 to 2^30.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bounded = (capacity: number, policy: Policy = "Fail"): Mailbox => {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > 2 ** 30) {
    throw new RangeError(`The capacity of a mailbox is an integer from 1 to 2^30, not ${capacity}`)
  }
  return { _tag: "Bounded", capacity, policy }
}
