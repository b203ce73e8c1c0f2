/**
 * A message that no handler will see.
 *
 * @since 0.1.0
 */
import type { ActorRef } from "./ActorRef.ts"

/**
 * `MailboxFull`, `ActorStopped`, `Invalid` and `Refused` were rejected when they
 * were sent. The others had been accepted: `Expired` came to their turn too late,
 * `Evicted` made room for a newer one, `Quarantined` crashed the actor too
 * often, `Discarded` were left over when the actor or its life ended, or were
 * taken back.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason =
  | "MailboxFull"
  | "ActorStopped"
  | "Invalid"
  | "Refused"
  | "Expired"
  | "Evicted"
  | "Quarantined"
  | "Discarded"

/**
 * A message that was lost, to whom it was sent, and why it was lost.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeadLetter {
  readonly message: unknown
  readonly recipient: ActorRef<never>
  /** The actor that sent it through its context; undefined for everybody else. */
  readonly sender: ActorRef<never> | undefined
  readonly reason: Reason
}
