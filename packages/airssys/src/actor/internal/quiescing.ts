// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Abandoned } from "../ActorEvent.ts"
import type { Cell } from "./cell.ts"
import type { Worker } from "./pending.ts"

/** Calls `next` with the exit of a fiber, or with nothing when it is late. */
export const whenDone = <A, E>(
  context: Context.Context<never>,
  fiber: Worker<A, E>,
  millis: number,
  next: (exit: Exit.Exit<A, E> | undefined) => void
): void => {
  const exit = fiber.pollUnsafe()
  if (exit !== undefined) return next(exit)
  if (!Number.isFinite(millis)) {
    fiber.addObserver(next)
    return
  }
  let isOver = false
  const timer = Effect.runForkWith(context)(Effect.sleep(millis))
  fiber.addObserver((exit) => {
    if (isOver) return
    isOver = true
    timer.interruptUnsafe()
    next(exit)
  })
  timer.addObserver((slept) => {
    if (isOver || slept._tag === "Failure") return
    isOver = true
    next(undefined)
  })
}

/** Interrupts a fiber of an actor; abandons it where that takes too long. */
export const quiesce = (
  cell: Cell,
  fiber: Worker | undefined,
  part: Abandoned["part"],
  next: () => void
): void => {
  if (fiber === undefined) return next()
  fiber.interruptUnsafe()
  whenDone(cell.context, fiber, cell.system.abandonAfterMillis, (exit) => {
    if (exit === undefined) cell.system.reports.abandoned(cell, part)
    next()
  })
}
