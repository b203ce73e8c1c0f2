// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Effect from "effect/Effect"
import type { ActorRef } from "../ActorRef.ts"

/**
 * The asker of a request, in the second slot of its mailbox entry. It is
 * resumed once; an asker that went away leaves it settled.
 */
export class Ask {
  readonly sender: ActorRef<never> | undefined
  /** The next asker of the same message object, where it is held. */
  next: Ask | undefined = undefined
  private resume: ((effect: Effect.Effect<unknown, unknown>) => void) | undefined

  constructor(
    sender: ActorRef<never> | undefined,
    resume: (effect: Effect.Effect<unknown, unknown>) => void
  ) {
    this.sender = sender
    this.resume = resume
  }

  get isSettled(): boolean {
    return this.resume === undefined
  }

  /** Runs the asker's fiber on this stack until it suspends. */
  settle(exit: Effect.Effect<unknown, unknown>): void {
    const resume = this.resume
    if (resume === undefined) return
    this.resume = undefined
    resume(exit)
  }

  cancel(): void {
    this.resume = undefined
  }
}
