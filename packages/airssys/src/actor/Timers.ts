/**
 * Messages an actor sends itself later.
 *
 * A timer has a name within its actor; setting one of a name that is taken
 * replaces it. After it was cancelled or replaced, and in a later life, its
 * message does not arrive, even where it was waiting already: it is a dead
 * letter then. Time is that of the actor's clock.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"

/**
 * The timers of one life of an actor. A mailbox that is full takes their messages
 * no more than it takes a tell.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timers<in M> {
  /** Sends the message after the delay. */
  once(name: string, delay: Duration.Input, message: M): void
  /**
   * Sends the message after each interval, by the time it was set: late ones
   * do not shift those that follow, and what was missed is not made up for.
   * Throws a `RangeError` unless the interval is finite and greater than zero.
   */
  periodic(name: string, interval: Duration.Input, message: M): void
  cancel(name: string): void
  /** Whether a message of this timer is still to be sent. */
  isActive(name: string): boolean
}
