// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Effect from "effect/Effect"
import type { ActorRef } from "../ActorRef.ts"
import type { Alarm } from "./alarms.ts"

type Resume = (effect: Effect.Effect<unknown, unknown>) => void

const keepsAnswer: Resume = () => {}

/**
 * The asker of a request, in the second slot of its mailbox entry.
 *
 * An answer that is given while a handler is on the stack is kept until the
 * message has ended, since the asker's fiber runs on the stack of `settle` and
 * is to find the actor between messages. An asker on whose own stack the
 * request is handled takes the answer from here when that is over.
 */
export class Ask {
  /**
   * Keeps the shape of asks alive while there is none. V8 would forget it at
   * the next collection otherwise, and with it the code compiled for it.
   */
  static readonly shape: Ask = new Ask(undefined)

  readonly sender: ActorRef<never> | undefined
  /** The next asker of the same message object while held; the next answer after that. */
  next: Ask | undefined = undefined
  /** Ends the wait when it takes too long. */
  alarm: Alarm | undefined = undefined
  /** Nobody waits any more, and the actor has not answered. */
  isGone = false
  /** What the asker got or is to get. */
  answer: Effect.Effect<unknown, unknown> | undefined = undefined
  private resume: Resume | undefined

  constructor(sender: ActorRef<never> | undefined, resume: Resume = keepsAnswer) {
    this.sender = sender
    this.resume = resume
  }

  get isAnswered(): boolean {
    return this.resume === undefined || this.answer !== undefined
  }

  /** Whether nobody is resumed by an answer. */
  get isSilent(): boolean {
    return this.resume === keepsAnswer
  }

  /** The asker waits from here on. */
  wait(resume: Resume): void {
    this.resume = resume
  }

  keep(answer: Effect.Effect<unknown, unknown>): void {
    this.answer = answer
  }

  /** Resumes the asker, with the answer that was kept if there is one. */
  settle(otherwise: Effect.Effect<unknown, unknown>): void {
    const { resume } = this
    if (resume === undefined) return
    this.resume = undefined
    this.answer ??= otherwise
    this.alarm?.cancel()
    resume(this.answer)
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
