/**
 * How many messages may wait for an actor.
 *
 * @since 0.1.0
 */

/**
 * @category models
 * @since 0.1.0
 */
export type Mailbox =
  | { readonly _tag: "Unbounded" }
  | { readonly _tag: "Bounded"; readonly capacity: number }

/**
 * Takes every message; memory is the only limit.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unbounded: Mailbox = { _tag: "Unbounded" }

/**
 * Takes a message while fewer than `capacity` wait. The message that is being
 * handled does not count.
 *
 * Throws a `RangeError` unless `capacity` is an integer from 1 to 2^30.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bounded = (capacity: number): Mailbox => {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > 2 ** 30) {
    throw new RangeError(`The capacity of a mailbox is an integer from 1 to 2^30, not ${capacity}`)
  }
  return { _tag: "Bounded", capacity }
}
