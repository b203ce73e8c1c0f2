import type { ActorHooks } from "../ActorHooks.ts"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import { reject } from "./mixed.ts"
import { overlaySend } from "./overlay.ts"
import type { From } from "./target.ts"

/** The hook on what is sent. It fails closed. */
export class Gate {
  /** Why the last message was refused; read before anything else is sent. */
  because = ""
  /** A request that the hook has seen and that is still on its way into the mailbox, and what the hook said. */
  private seen: Ask | undefined = undefined
  private isSeenGood = false
  private readonly onOffer: NonNullable<ActorHooks["onOffer"]>
  private readonly failed: (cell: Cell, defect: unknown) => void

  constructor(onOffer: NonNullable<ActorHooks["onOffer"]>, failed: (cell: Cell, defect: unknown) => void) {
    this.onOffer = onOffer
    this.failed = failed
  }

  attach(cell: Cell): void {
    overlaySend(cell, (send, message, from, delivery) => {
      if (this.admits(cell, message, from)) return send(message, from, delivery)
      cell.turns.offered++
      return reject(cell, message, from, "Refused")
    })
  }

  /** Whether a request is handled where its asker is. The mailbox does not put it to the hook again. */
  admitsAtHand(cell: Cell, request: unknown, ask: Ask): boolean {
    const isGood = this.admits(cell, request, ask)
    // The hook may have stopped the actor, or given it something to do.
    if (isGood && cell.isAtHand) return true
    this.seen = ask
    this.isSeenGood = isGood
    return false
  }

  admits(cell: Cell, message: unknown, from: From): boolean {
    if (from !== undefined && from === this.seen) {
      this.seen = undefined
      return this.isSeenGood
    }
    try {
      const sender = from instanceof Ask ? from.sender : from
      const because = this.onOffer({ recipient: cell, message, sender })
      if (because === undefined) return true
      this.because = because
    } catch (defect) {
      this.because = "the hook failed"
      this.failed(cell, defect)
    }
    return false
  }
}
