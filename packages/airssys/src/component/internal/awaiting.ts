import * as Exit from "effect/Exit"
import type { Undeliverable } from "../../security/Undeliverable.ts"
import type { Payload } from "../Payload.ts"
import type { Handled, Waiter } from "./mail.ts"

/** How a request ended for who waits for its reply: with the reply, or interrupted. */
export type Replied = Exit.Exit<Payload, Undeliverable>

/** Waits for the reply to a request, until it is there or nobody wants it any more. */
export class Awaiting implements Waiter {
  /** Keeps the shape alive while nobody waits, and with it the code that was compiled for it. */
  static readonly shape: Awaiting = new Awaiting(Exit.succeed as never, () => Exit.interrupt(), () => {})

  isAbandoned = false
  readonly #replyOf: (exit: Handled) => Replied
  readonly #late: () => Replied
  #end: ((exit: Replied) => void) | undefined

  constructor(replyOf: (exit: Handled) => Replied, late: () => Replied, end: (exit: Replied) => void) {
    this.#replyOf = replyOf
    this.#late = late
    this.#end = end
  }

  onExit(exit: Handled): void {
    if (this.#end !== undefined) this.#over(this.#replyOf(exit))
  }

  onLate(): void {
    this.abandon(this.#late)
  }

  abandon(because: () => Replied): void {
    if (this.#end === undefined) return
    this.isAbandoned = true
    this.#over(because())
  }

  #over(exit: Replied): void {
    const end = this.#end!
    this.#end = undefined
    end(exit)
  }
}
