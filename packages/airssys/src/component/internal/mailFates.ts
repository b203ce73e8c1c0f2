import * as PubSub from "effect/PubSub"
import type * as Take from "effect/Take"
import type { Reason } from "../../security/Undeliverable.ts"
import type { DeadLetter, Metrics } from "../Exchange.ts"

/** Every message that was sent is counted once when it was sent and once when its fate is known. */
export class MailFates {
  readonly deadLetters: PubSub.PubSub<Take.Take<DeadLetter>>
  readonly #dropped = new Map<Reason, number>()
  sent = 0
  delivered = 0
  failed = 0
  published = 0
  unheard = 0
  lateReplies = 0

  constructor(deadLetters: PubSub.PubSub<Take.Take<DeadLetter>>) {
    this.deadLetters = deadLetters
  }

  drop(letter: DeadLetter): void {
    this.#dropped.set(letter.reason, (this.#dropped.get(letter.reason) ?? 0) + 1)
    PubSub.publishUnsafe(this.deadLetters, [letter])
  }

  metrics(subscriptions: number): Metrics {
    const { delivered, failed, lateReplies, published, sent, unheard } = this
    const dropped = Array.from(this.#dropped.values()).reduce((sum, count) => sum + count, 0)
    return {
      sent,
      delivered,
      failed,
      dropped: new Map(this.#dropped),
      waiting: sent - delivered - failed - dropped,
      published,
      unheard,
      lateReplies,
      subscriptions
    }
  }
}
