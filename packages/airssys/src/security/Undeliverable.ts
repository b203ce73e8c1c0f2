/**
 * Why a message was not taken or not answered. It is its sender's failure:
 * whom it was for does not notice, or did not answer.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "./SafeText.ts"

/**
 * @category schemas
 * @since 0.1.0
 */
export const Reason = Schema.Literals([
  /** It is no message: its recipient, its payload or its time is none. */
  "Malformed",
  /** No component of this name runs, or it handles no messages. */
  "NotFound",
  /** The recipient takes no messages from this sender. */
  "Refused",
  /** The sender's manifest does not say that it sends this codec. */
  "CodecNotDeclared",
  /** The manifest of whom it is for does not say that it takes this codec. */
  "CodecNotAccepted",
  /** More bytes than the host allows, or the memory of the recipient. */
  "TooLarge",
  /** More messages or bytes a second than the sender, or its tenant, may send. */
  "RateLimited",
  /** The mailbox is full, too many messages of this sender wait in it, or a quota of the recipient is used up. */
  "Busy",
  /** As many subscriptions as a component may have. */
  "TooMany",
  /** The recipient waits for the sender's own reply. */
  "Cycle",
  /** No reply came in time, or the message was not handled in time. */
  "TimedOut",
  /** The recipient handled it and replied nothing. */
  "NoReply",
  /** The recipient replied with an error. */
  "Answered",
  /** The recipient failed in handling it. */
  "Failed",
  /** The recipient was stopped before it handled it, or the host has ended. */
  "Stopped"
])

/**
 * @category models
 * @since 0.1.0
 */
export type Reason = typeof Reason.Type

/**
 * A message that was not taken, or has no reply. `to` is the component or the
 * topic; `answer` the error that the recipient replied with, of its own choice.
 *
 * @category errors
 * @since 0.1.0
 */
export class Undeliverable extends Schema.TaggedError<Undeliverable>("airssys/security/Undeliverable")(
  "Undeliverable",
  {
    to: Schema.String,
    reason: Reason,
    detail: Schema.String,
    answer: Schema.optionalKey(Schema.Struct({ tag: Schema.String, val: Schema.optionalKey(Schema.String) }))
  }
) {
  override get message(): string {
    return SafeText.escape(`message to ${this.to}: ${this.detail}`, 1024)
  }
}
