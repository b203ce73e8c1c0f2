/**
 * Where every message that was sent in a system is.
 *
 * `offered`, `rejected` and `accepted` are counted at the mailbox; `handled`,
 * `failed`, `expired`, `evicted`, `quarantined` and `discarded` when a message
 * ends; `stashed`, `running` and `waiting` are read from the actors that live.
 * An offer or a request that waits for room is not there yet. At every moment
 *
 * - offered = rejected + accepted
 * - accepted = handled + failed + expired + evicted + quarantined + discarded
 *   + stashed + running + waiting
 * - deadLetters = rejected + expired + evicted + quarantined + discarded
 *
 * @since 0.1.0
 */

/**
 * Counts of the messages of a system since it was made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Accounting {
  readonly offered: number
  readonly rejected: number
  readonly accepted: number
  readonly handled: number
  /** Handlers that failed, and those that were interrupted by a kill. */
  readonly failed: number
  readonly expired: number
  readonly evicted: number
  readonly quarantined: number
  readonly discarded: number
  readonly stashed: number
  readonly running: number
  readonly waiting: number
  readonly deadLetters: number
  /** Answers that came when nobody waited for them any more. They are no messages. */
  readonly lateReplies: number
}

/**
 * Whether no message is missing and none is counted twice.
 *
 * @category guards
 * @since 0.1.0
 */
export const isBalanced = (self: Accounting): boolean => {
  const lost = self.expired + self.evicted + self.quarantined + self.discarded
  return self.offered === self.rejected + self.accepted &&
    self.accepted === self.handled + self.failed + lost + self.stashed + self.running + self.waiting &&
    self.deadLetters === self.rejected + lost
}
