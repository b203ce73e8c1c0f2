/**
 * Why a message was not taken, a request not answered, or an actor not started.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type * as Termination from "./Termination.ts"

/**
 * The bounded mailbox of the actor had no room. The message is a dead letter.
 *
 * @category errors
 * @since 0.1.0
 */
export class MailboxFull extends Data.TaggedError("MailboxFull")<{
  readonly actor: string
  readonly capacity: number
}> {
  override get message(): string {
    return `The mailbox of ${this.actor} is full (capacity ${this.capacity})`
  }
}

/**
 * The message is not of the schema the actor was spawned with. It is a dead
 * letter.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidMessage extends Data.TaggedError("InvalidMessage")<{
  readonly actor: string
  readonly issue: string
}> {
  override get message(): string {
    return `${this.actor} does not take this message: ${this.issue}`
  }
}

/**
 * The hooks of the system refused the message, see `ActorHooks`. It is a dead
 * letter.
 *
 * @category errors
 * @since 0.1.0
 */
export class MessageRefused extends Data.TaggedError("MessageRefused")<{
  readonly actor: string
  readonly because: string
}> {
  override get message(): string {
    return `A message to ${this.actor} was refused: ${this.because}`
  }
}

/**
 * The turn of the request came later than its time to live, in milliseconds.
 * The actor did not see it.
 *
 * @category errors
 * @since 0.1.0
 */
export class MessageExpired extends Data.TaggedError("MessageExpired")<{
  readonly actor: string
  readonly ttlMillis: number
}> {
  override get message(): string {
    return `${this.actor} did not come to the request within ${this.ttlMillis} ms`
  }
}

/**
 * The actor is stopping, has stopped or has failed for good.
 *
 * @category errors
 * @since 0.1.0
 */
export class ActorStopped extends Data.TaggedError("ActorStopped")<{ readonly actor: string }> {
  override get message(): string {
    return `${this.actor} is stopped`
  }
}

/**
 * The handler failed on this request before it had answered. `cause` is
 * what the handler failed with.
 *
 * @category errors
 * @since 0.1.0
 */
export class ActorCrashed extends Data.TaggedError("ActorCrashed")<{
  readonly actor: string
  readonly cause: Cause.Cause<unknown>
}> {
  override get message(): string {
    return `${this.actor} crashed while it handled the request`
  }
}

/**
 * The request was held for a later answer, or stashed, when the actor was
 * restarted; the life that held it is gone.
 *
 * @category errors
 * @since 0.1.0
 */
export class ActorRestarted extends Data.TaggedError("ActorRestarted")<{ readonly actor: string }> {
  override get message(): string {
    return `${this.actor} was restarted before it answered the request`
  }
}

/**
 * The request was not answered within the time the asker gave, in
 * milliseconds. The actor may still handle it.
 *
 * @category errors
 * @since 0.1.0
 */
export class AskTimeout extends Data.TaggedError("AskTimeout")<{
  readonly actor: string
  readonly timeoutMillis: number
}> {
  override get message(): string {
    return `${this.actor} did not answer within ${this.timeoutMillis} ms`
  }
}

/**
 * As many messages as the actor may stash are stashed.
 *
 * @category errors
 * @since 0.1.0
 */
export class StashFull extends Data.TaggedError("StashFull")<{
  readonly actor: string
  readonly capacity: number
}> {
  override get message(): string {
    return `The stash of ${this.actor} is full (capacity ${this.capacity})`
  }
}

/**
 * An actor crashed because one it was linked to did, was killed, or was gone
 * already. It is in the cause of the crash.
 *
 * @category errors
 * @since 0.1.0
 */
export class LinkBroken extends Data.TaggedError("LinkBroken")<{
  readonly actor: string
  readonly other: string
  readonly reason: Termination.Reason
}> {
  override get message(): string {
    return `${this.actor} was linked to ${this.other}, which ended: ${this.reason._tag}`
  }
}

/**
 * Another live actor of the system has the name.
 *
 * @category errors
 * @since 0.1.0
 */
export class ActorNameTaken extends Data.TaggedError("ActorNameTaken")<{ readonly actor: string }> {
  override get message(): string {
    return `Another actor is called ${this.actor}`
  }
}

/**
 * The behaviour did not finish within the start timeout, in milliseconds.
 *
 * @category errors
 * @since 0.1.0
 */
export class ActorStartTimeout extends Data.TaggedError("ActorStartTimeout")<{
  readonly actor: string
  readonly timeoutMillis: number
}> {
  override get message(): string {
    return `${this.actor} did not start within ${this.timeoutMillis} ms`
  }
}

/**
 * A health probe did not end within its time, in milliseconds.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProbeTimeout extends Data.TaggedError("ProbeTimeout")<{
  readonly actor: string
  readonly timeoutMillis: number
}> {
  override get message(): string {
    return `The probe of ${this.actor} did not end within ${this.timeoutMillis} ms`
  }
}

/**
 * The health probe of a child failed so often in a row that its life was ended;
 * `cause` is that of the last time.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProbeFailed extends Data.TaggedError("ProbeFailed")<{
  readonly actor: string
  readonly failures: number
  readonly cause: Cause.Cause<unknown>
}> {
  override get message(): string {
    return `The probe of ${this.actor} failed ${this.failures} times in a row`
  }
}

/**
 * What an ask fails with besides the request's own error.
 *
 * @category errors
 * @since 0.1.0
 */
export type AskError = OfferError | AskTimeout | MessageExpired | ActorCrashed | ActorRestarted

/**
 * Why a message is not taken.
 *
 * @category errors
 * @since 0.1.0
 */
export type OfferError = MailboxFull | ActorStopped | InvalidMessage | MessageRefused

/**
 * What a spawn fails with besides the behaviour's own error.
 *
 * @category errors
 * @since 0.1.0
 */
export type SpawnError = ActorNameTaken | ActorStartTimeout | ActorStopped
