/**
 * Where every message that was sent in a system is.
 *
 * `offered`, `rejected` and `accepted` are counted at the mailbox; `handled`,
 * `failed` and `discarded` when a message ends; `running` and `waiting` are
 * read from the actors that live. At every moment
 *
 * - offered = rejected + accepted
 * - accepted = handled + failed + discarded + running + waiting
 * - deadLetters = rejected + discarded
 *
 * @since 0.1.0
 */

/**
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
  readonly discarded: number
  readonly running: number
  readonly waiting: number
  readonly deadLetters: number
}

/**
 * Whether no message is missing and none is counted twice.
 *
 * @category guards
 * @since 0.1.0
 */
export const isBalanced = (self: Accounting): boolean =>
  self.offered === self.rejected + self.accepted &&
  self.accepted === self.handled + self.failed + self.discarded + self.running + self.waiting &&
  self.deadLetters === self.rejected + self.discarded
