// @effect-diagnostics anyUnknownInErrorContext:off
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { ActorExit, Restart } from "../Guardian.ts"
import type { Cell } from "./cell.ts"
import { inTurn } from "./inTurn.ts"
import { whenDone } from "./quiescing.ts"

/** Ends what a life has: its children first, then what it acquired. */
export const teardown = (
  cell: Cell,
  exit: ActorExit,
  after: Restart | "Suspend" | "End",
  next: () => void
): void => {
  const { children, keeper } = cell.rare ?? {}
  if (keeper !== undefined) return keeper.stop(after, () => stopChildren(cell, exit, next))
  if (children === undefined || children.size === 0) return closeScope(cell, exit, next)
  stopChildren(cell, exit, next)
}

const stopChildren = (cell: Cell, exit: ActorExit, next: () => void): void => {
  const children = [...cell.rare?.children ?? []].filter((child) => child.rare?.isSuspended !== true)
  stopAll(children, () => closeScope(cell, exit, next))
}

const closeScope = (cell: Cell, exit: ActorExit, next: () => void): void => {
  const scope = cell.scope
  if (scope === undefined) return next()
  cell.scope = undefined
  const closing = Scope.closeUnsafe(scope, causeOf(exit) ?? Exit.void)
  if (closing === undefined) return next()
  const { abandonAfterMillis, reports } = cell.system
  const fiber = Effect.runForkWith(cell.context)(closing)
  whenDone(cell.context, fiber, abandonAfterMillis, (exit) => {
    if (exit === undefined) reports.abandoned(cell, "Finalizers")
    else if (exit._tag === "Failure") reports.log(cell, `A finalizer of ${cell.name} failed`, exit.cause)
    next()
  })
}

const causeOf = (exit: ActorExit): Exit.Exit<never, unknown> | undefined =>
  exit._tag === "Crashed" || exit._tag === "GaveUp" ? Exit.failCause(exit.cause) : undefined

/** Stops actors one after the other, the newest first. */
export const stopAll = (cells: Iterable<Cell>, next: () => void): void => {
  inTurn([...cells].toReversed(), (cell, stopped) => cell.system.stopThen(cell, stopped), next)
}
