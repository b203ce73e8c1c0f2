// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Effect from "effect/Effect"
import type { ActorRef } from "../ActorRef.ts"
import type { Alarm } from "./alarms.ts"
import type { Waiter } from "./suspension.ts"

const keepsAnswer: Waiter = { evaluate: () => {} }

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
  private waiter: Waiter | undefined

  constructor(sender: ActorRef<never> | undefined, waiter: Waiter = keepsAnswer) {
    this.sender = sender
    this.waiter = waiter
  }

  get isAnswered(): boolean {
    return this.waiter === undefined || this.answer !== undefined
  }

  /** The asker got its answer, or went away. */
  get isOver(): boolean {
    return this.waiter === undefined
  }

  /** Whether nobody is resumed by an answer. */
  get isSilent(): boolean {
    return this.waiter === keepsAnswer
  }

  /** The asker waits from here on. */
  wait(waiter: Waiter): void {
    this.waiter = waiter
  }

  keep(answer: Effect.Effect<unknown, unknown>): void {
    this.answer = answer
  }

  /** Resumes the asker, with the answer that was kept if there is one. */
  settle(otherwise: Effect.Effect<unknown, unknown>): void {
    const { waiter } = this
    if (waiter === undefined) return
    this.waiter = undefined
    this.answer ??= otherwise
    this.alarm?.cancel()
    waiter.evaluate(this.answer)
  }

  /** The asker went away. */
  cancel(): void {
    if (this.waiter === undefined) return
    this.waiter = undefined
    this.isGone = this.answer === undefined
    this.alarm?.cancel()
  }

  /** The asker waits no longer. */
  giveUp(error: Effect.Effect<unknown, unknown>): void {
    const { waiter } = this
    this.cancel()
    waiter?.evaluate(this.answer ?? error)
  }
}
