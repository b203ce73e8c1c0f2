// A request fails with its own error type: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import {
  ActorCrashed,
  ActorRestarted,
  ActorStopped,
  InvalidMessage,
  MailboxFull,
  MessageExpired,
  MessageRefused
} from "../ActorError.ts"
import type { ActorRef } from "../ActorRef.ts"
import { Ask } from "./ask.ts"
import type { Target } from "./target.ts"

export type Answer = Effect.Effect<unknown, unknown>

interface Asked {
  readonly responder: Target
  readonly ask: Ask
}

/**
 * A request under way. It is counted in full before it is sent to anybody: an
 * answer may come while it is still being sent. When it is over, those who have
 * not answered keep their asks until they have ended the message, so that an
 * answer is known to be late; what they held for later is withdrawn.
 */
export class Gathering {
  private isOver = false
  private pending: number
  private readonly request: object
  private readonly resume: (answer: Answer) => void
  private readonly late: () => void
  private readonly asked: Array<Asked> = []

  /** `late` is called for each answer that comes when it is over. */
  constructor(request: object, responders: number, resume: (answer: Answer) => void, late: () => void) {
    this.request = request
    this.pending = responders
    this.resume = resume
    this.late = late
  }

  ask(responder: Target, sender: ActorRef<never> | undefined): void {
    const ask = new Ask(sender, { evaluate: (answer) => this.take(answer) })
    this.asked.push({ responder, ask })
    const refused = responder.send(this.request, ask)
    if (refused !== undefined) ask.settle(Exit.fail(responder.refusal(refused, this.request)))
  }

  private take(answer: Answer): void {
    const isLast = --this.pending === 0
    const isAnswer = !isLoss(answer)
    if (this.isOver) {
      if (isAnswer) this.late()
      return
    }
    if (!isAnswer && !isLast) return
    this.giveUp()
    this.resume(answer)
  }

  giveUp(): void {
    this.isOver = true
    for (const { ask, responder } of this.asked) responder.withdraw(this.request, ask)
  }
}

const isLoss = (answer: Answer): boolean => {
  if (!Exit.isExit(answer) || answer._tag === "Success") return false
  const error = Option.getOrUndefined(Exit.findErrorOption(answer))
  return error instanceof ActorStopped || error instanceof ActorCrashed || error instanceof ActorRestarted ||
    error instanceof MailboxFull || error instanceof InvalidMessage || error instanceof MessageRefused ||
    error instanceof MessageExpired
}
