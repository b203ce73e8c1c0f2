// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Effect from "effect/Effect"
import type { ActorRef } from "../ActorRef.ts"

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
    resume(this.answer ?? otherwise)
  }

  /** The asker went away. */
  cancel(): void {
    this.resume = undefined
  }
}
