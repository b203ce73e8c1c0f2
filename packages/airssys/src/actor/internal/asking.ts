// @effect-diagnostics anyUnknownInErrorContext:off
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type AskError, AskTimeout } from "../ActorError.ts"
import type { ActorRef, AskOptions } from "../ActorRef.ts"
import type * as Protocol from "../Protocol.ts"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import { millisOf } from "./durations.ts"
import type { Blocked } from "./lanes.ts"
import { block, refusalOf } from "./mixed.ts"
import { spanIn } from "./spans.ts"
import { suspend, type Waiter, waiterOf } from "./suspension.ts"
import { type Asker, type Delivery, deliveryOf, plainDelivery } from "./target.ts"

/**
 * Sends the request each time it is run. From there to the wait for the answer
 * its fiber takes no step, at which it could yield or be interrupted.
 */
export const asking = <Reply, Error>(
  cell: Cell,
  sender: ActorRef<never> | undefined,
  request: Protocol.Request<Reply, Error>,
  options: AskOptions | undefined
): Effect.Effect<Reply, Error | AskError> => {
  const delivery = deliveryOf(options)
  const timeoutMillis = options?.timeout === undefined ? Infinity : millisOf("The timeout of an ask", options.timeout)
  return Effect.withFiber((fiber) => {
    const ask = new Ask(sender)
    let blocked: Blocked | undefined
    if (delivery === undefined && isAtHand(cell, request, ask)) cell.turns.inline(cell, request, ask)
    else blocked = enqueue(cell, request, ask, delivery)
    if (ask.answer !== undefined) return ask.answer as never
    ask.wait(waiterOf(fiber))
    if (timeoutMillis !== Infinity) {
      ask.alarm = cell.system.alarmsOf(fiber.context).in(timeoutMillis, () => {
        ask.giveUp(Exit.fail(new AskTimeout({ actor: cell.name, timeoutMillis })))
        abandon(cell, request, ask, blocked)
      })
    }
    return suspend(fiber, () => {
      if (ask.isOver) return
      ask.cancel()
      abandon(cell, request, ask, blocked)
    })
  })
}

/** Tells an asker that is no fiber. */
class Told implements Waiter {
  private readonly asker: Asker

  constructor(asker: Asker) {
    this.asker = asker
  }

  evaluate(answer: Effect.Effect<unknown, unknown>): void {
    const { context, onExit } = this.asker
    if (Exit.isExit(answer)) onExit(answer)
    else Effect.runForkWith(context)(answer).addObserver(onExit)
  }
}

/** Puts the request of an asker that is no fiber into the mailbox; gives what takes it back. */
export const askFor = (cell: Cell, request: object, asker: Asker): () => void => {
  const { alarm, context, ttlMillis } = asker
  const ask = new Ask(undefined, new Told(asker))
  const span = cell.system.spans === undefined ? undefined : spanIn(context)
  const blocked = enqueue(cell, request, ask, { ...plainDelivery, ttlMillis, span })
  if (ask.isOver) return () => {}
  if (alarm !== undefined) ask.alarm = cell.system.alarmsOf(context).in(alarm.afterMillis, alarm.ring)
  return () => {
    if (ask.isOver) return
    ask.cancel()
    abandon(cell, request, ask, blocked)
  }
}

const isAtHand = (cell: Cell, request: object, ask: Ask): boolean => {
  if (!cell.isAtHand) return false
  const { gate } = cell.system
  return gate === undefined || gate.admitsAtHand(cell, request, ask)
}

/** Sends a request, or lets it wait for room. */
const enqueue = (cell: Cell, request: object, ask: Ask, delivery: Delivery | undefined): Blocked | undefined => {
  const blocked = cell.hasRoom ? undefined : block(cell, request, delivery, ask, ask)
  if (typeof blocked === "object") return blocked
  const refused = blocked ?? cell.send(request, ask, delivery)
  if (refused !== undefined) ask.settle(Exit.fail(refusalOf(cell, refused, request)))
  return undefined
}

const abandon = (cell: Cell, request: object, ask: Ask, blocked: Blocked | undefined): void => {
  if (blocked !== undefined) cell.rare?.lanes?.blocked.delete(blocked)
  cell.withdraw(request, ask)
}
