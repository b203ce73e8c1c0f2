/**
 * A message that no handler will see.
 *
 * @since 0.1.0
 */
import type { ActorRef } from "./ActorRef.ts"

/**
 * `MailboxFull` and `ActorStopped` were rejected when they were sent;
 * `Discarded` had been accepted and still waited when the actor ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = "MailboxFull" | "ActorStopped" | "Discarded"

/**
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
