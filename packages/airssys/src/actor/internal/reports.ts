// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type { Abandoned, ActorEvent } from "../ActorEvent.ts"
import type { ActorHooks } from "../ActorHooks.ts"
import type { ActorRef } from "../ActorRef.ts"
import type * as DeadLetter from "../DeadLetter.ts"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import type { Ending } from "./rare.ts"
import type { From } from "./target.ts"

type EventOf<E> = E extends ActorEvent ? Omit<E, "id" | "name" | "at"> : never

/** What a system tells of its actors. What a hook throws is logged, and harms nobody. */
export class Reports {
  private readonly hooks: ActorHooks
  private readonly events: PubSub.PubSub<ActorEvent>
  private readonly letters: PubSub.PubSub<DeadLetter.DeadLetter>

  constructor(
    hooks: ActorHooks,
    events: PubSub.PubSub<ActorEvent>,
    letters: PubSub.PubSub<DeadLetter.DeadLetter>
  ) {
    this.hooks = hooks
    this.events = events
    this.letters = letters
  }

  emit(cell: Cell, content: EventOf<ActorEvent>): void {
    const event = {
      ...content,
      id: cell.id,
      name: cell.name,
      at: cell.clock.currentTimeMillisUnsafe()
    } as ActorEvent
    try {
      this.hooks.onEvent(event)
    } catch (defect) {
      this.log(cell, `The hook for ${event._tag} of ${event.name} failed`, Cause.die(defect))
    }
    PubSub.publishUnsafe(this.events, event)
  }

  abandoned(cell: Cell, part: Abandoned["part"]): void {
    this.emit(cell, { _tag: "Abandoned", part })
  }

  beforeKill(cell: Cell, { reason }: Ending): void {
    if (this.hooks.beforeKill === undefined || (reason._tag !== "Killed" && reason._tag !== "DeadlineExceeded")) return
    try {
      this.hooks.beforeKill(cell, reason._tag)
    } catch (defect) {
      this.log(cell, `The hook before the kill of ${cell.name} failed`, Cause.die(defect))
    }
  }

  deadLetter(recipient: ActorRef<never>, message: unknown, from: From, reason: DeadLetter.Reason): void {
    PubSub.publishUnsafe(this.letters, {
      message,
      recipient,
      sender: from instanceof Ask ? from.sender : from,
      reason
    })
  }

  log(cell: Cell, text: string, cause: Cause.Cause<unknown>): void {
    Effect.runForkWith(cell.context)(Effect.logError(text, cause))
  }
}
