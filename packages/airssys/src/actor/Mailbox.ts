/**
 * How many messages may wait for an actor, and what an offer does when that
 * many wait.
 *
 * A tell never waits. Where there is no room it becomes a dead letter, unless
 * the policy makes room for it: under `DropOldest` the oldest message does.
 *
 * @since 0.1.0
 */
import { shown, wordOf } from "./internal/words.ts"

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

const policies: ReadonlyArray<Policy> = ["Block", "DropNewest", "DropOldest", "Fail"]

/**
 * How many messages may wait, and the policy of an offer that finds no room.
 *
 * @category models
 * @since 0.1.0
 */
export type Mailbox =
  | { readonly _tag: "Unbounded" }
  | { readonly _tag: "Bounded"; readonly capacity: number; readonly policy: Policy }

const tags: ReadonlyArray<Mailbox["_tag"]> = ["Unbounded", "Bounded"]

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

const capacityOf = (capacity: number): number => {
  if (Number.isInteger(capacity) && capacity >= 1 && capacity <= 2 ** 30) return capacity
  throw new RangeError(`The capacity of a mailbox is an integer from 1 to 2^30, not ${shown(capacity)}`)
}

const policyOf = (policy: Policy): Policy => wordOf("The policy of a mailbox", policies, policy)

/**
 * Takes a message while fewer than `capacity` wait. The message that is being
 * handled and those that are stashed do not count. Default policy: `Fail`.
 *
 * Throws a `RangeError` unless `capacity` is an integer from 1 to 2^30 and the
 * policy one of those.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bounded = (capacity: number, policy: Policy = "Fail"): Mailbox => ({
  _tag: "Bounded",
  capacity: capacityOf(capacity),
  policy: policyOf(policy)
})

/**
 * Throws a `RangeError` unless this is a mailbox as `unbounded` and `bounded`
 * are, for those that were written down by hand.
 *
 * @category combinators
 * @since 0.1.0
 */
export const check = (self: Mailbox): void => {
  if (wordOf("The kind of a mailbox", tags, self?._tag) === "Unbounded") return
  const { capacity, policy } = self as Extract<Mailbox, { readonly _tag: "Bounded" }>
  capacityOf(capacity)
  policyOf(policy)
}
