// @effect-diagnostics anyUnknownInErrorContext:off
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
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
import { type Asker, type Delivery, deliveryOf, type Settle } from "./target.ts"

/** Sends the request each time it is run. */
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
    return askIn(fiber, cell, request, ask, delivery, timeoutMillis, waiterOf(fiber)) as never
  })
}

/**
 * From the request to the wait for the answer its fiber takes no step, at which
 * it could yield or be interrupted.
 */
const askIn = (
  fiber: Fiber.Fiber<unknown, unknown>,
  cell: Cell,
  request: object,
  ask: Ask,
  delivery: Delivery | undefined,
  timeoutMillis: number,
  waiter: Waiter
): Effect.Effect<unknown, unknown> => {
  let blocked: Blocked | undefined
  if (delivery === undefined && isAtHand(cell, request, ask)) cell.turns.inline(cell, request, ask)
  else blocked = enqueue(cell, request, ask, delivery)
  if (ask.answer !== undefined) return ask.answer
  ask.wait(waiter)
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
}

/** Resumes a fiber with what is made of the answer. */
class Settling implements Waiter {
  /** Keeps the shape alive while nobody waits, and with it the code that was compiled for it. */
  static readonly shape: Settling = new Settling(undefined as never, undefined as never)

  private readonly waiter: Waiter
  private readonly settle: Settle<unknown, unknown>

  constructor(fiber: Fiber.Fiber<unknown, unknown>, settle: Settle<unknown, unknown>) {
    this.waiter = waiterOf(fiber)
    this.settle = settle
  }

  evaluate(answer: Effect.Effect<unknown, unknown>): void {
    this.waiter.evaluate(settled(answer, this.settle))
  }
}

const success: unknown = Object.getPrototypeOf(Exit.void)

/** As `Exit.isExit`, which looks for a name in all that it is ever given: for an answer that is one it takes a tenth. */
const isExit = (answer: Effect.Effect<unknown, unknown>): answer is Exit.Exit<unknown, unknown> =>
  Object.getPrototypeOf(answer) === success || Exit.isExit(answer)

const settled = <B, E>(answer: Effect.Effect<unknown, unknown>, settle: Settle<B, E>): Effect.Effect<B, E> => {
  if (!isExit(answer)) return Effect.flatMap(Effect.exit(answer), settle)
  try {
    return settle(answer)
  } catch (defect) {
    return Exit.die(defect)
  }
}

/** A plain ask of a fiber that is to get what `settle` makes of the answer. */
export const askSettling = <B, E>(
  fiber: Fiber.Fiber<unknown, unknown>,
  cell: Cell,
  request: object,
  settle: Settle<B, E>
): Effect.Effect<B, E> => {
  const ask = new Ask(undefined)
  const answer = askIn(fiber, cell, request, ask, undefined, Infinity, new Settling(fiber, settle))
  return ask.answer === undefined ? answer as never : settled(answer, settle)
}

/** Tells an asker that is no fiber. */
class Told implements Waiter {
  /** Keeps the shape alive while nobody waits, and with it the code that was compiled for it. */
  static readonly shape: Told = new Told(undefined as never)

  private readonly asker: Asker

  constructor(asker: Asker) {
    this.asker = asker
  }

  evaluate(answer: Effect.Effect<unknown, unknown>): void {
    const { context, onExit } = this.asker
    if (isExit(answer)) onExit(answer)
    else Effect.runForkWith(context)(answer).addObserver(onExit)
  }
}

/** Puts the request of an asker that is no fiber into the mailbox; gives what takes it back. */
export const askFor = (cell: Cell, request: object, asker: Asker): () => void => {
  const { alarm, context, isExpected, ttlMillis } = asker
  const ask = new Ask(undefined, new Told(asker))
  const span = cell.system.spans === undefined ? undefined : spanIn(context)
  const blocked = enqueue(cell, request, ask, {
    isForced: false,
    isExpected,
    priority: "Normal",
    ttlMillis,
    ticket: undefined,
    span
  })
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
  const blocked = cell.hasRoom || delivery?.isExpected === true ? undefined : block(cell, request, delivery, ask, ask)
  if (typeof blocked === "object") return blocked
  const refused = blocked ?? cell.send(request, ask, delivery)
  if (refused !== undefined) ask.settle(Exit.fail(refusalOf(cell, refused, request)))
  return undefined
}

const abandon = (cell: Cell, request: object, ask: Ask, blocked: Blocked | undefined): void => {
  if (blocked !== undefined) cell.rare?.lanes?.blocked.delete(blocked)
  cell.withdraw(request, ask)
}
