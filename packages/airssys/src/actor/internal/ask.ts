// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Effect from "effect/Effect"
import type { ActorRef } from "../ActorRef.ts"
import type { Alarm } from "./alarms.ts"

/**
 * The asker of a request, in the second slot of its mailbox entry.
 *
 * An answer that is given while a handler is on the stack is kept until the
 * message has ended, since the asker's fiber runs on the stack of `settle` and
 * is to find the actor between messages.
 */
export class Ask {
  readonly sender: ActorRef<never> | undefined
  /** The next asker of the same message object while held; the next answer after that. */
  next: Ask | undefined = undefined
  /** Ends the wait when it takes too long. */
  alarm: Alarm | undefined = undefined
  /** Nobody waits any more, and the actor has not answered. */
  isGone = false
  private answer: Effect.Effect<unknown, unknown> | undefined = undefined
  private resume: ((effect: Effect.Effect<unknown, unknown>) => void) | undefined

  constructor(
    sender: ActorRef<never> | undefined,
    resume: (effect: Effect.Effect<unknown, unknown>) => void
  ) {
    this.sender = sender
    this.resume = resume
  }

  get isAnswered(): boolean {
    return this.resume === undefined || this.answer !== undefined
  }

  keep(answer: Effect.Effect<unknown, unknown>): void {
    this.answer = answer
  }

  /** Resumes the asker, with the answer that was kept if there is one. */
  settle(otherwise: Effect.Effect<unknown, unknown>): void {
    const resume = this.resume
    if (resume === undefined) return
    this.resume = undefined
    this.alarm?.cancel()
    resume(this.answer ?? otherwise)
  }

  /** The asker went away. */
  cancel(): void {
    if (this.resume === undefined) return
    this.resume = undefined
    this.isGone = this.answer === undefined
    this.alarm?.cancel()
  }

  /** The asker waits no longer. */
  giveUp(error: Effect.Effect<unknown, unknown>): void {
    const { resume } = this
    this.cancel()
    resume?.(this.answer ?? error)
  }
}
