// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ActorStartTimeout } from "../ActorError.ts"
import type { Handler } from "../Behaviour.ts"
import type { Restart } from "../Guardian.ts"
import type { Cell } from "./cell.ts"
import { Self } from "./context.ts"
import { proceed } from "./ending.ts"
import { doomed, leaving, paused, tearing } from "./flags.ts"
import { inform } from "./guarding.ts"
import { quiesce, whenDone } from "./quiescing.ts"
import { schedule } from "./ring.ts"

const defaultStartTimeout = Duration.seconds(30)

/** Runs the behaviour; `next` is not called when the actor ends meanwhile. */
export const start = (cell: Cell, next: (exit: Exit.Exit<Handler<unknown>, unknown>) => void): void => {
  if (Exit.isExit(cell.behaviour)) return next(cell.behaviour as Exit.Exit<Handler<unknown>, unknown>)
  const live = cell.system.enliven(cell)
  cell.live = live
  const fiber = Effect.runForkWith(Context.add(cell.openScope(), Self, live))(cell.behaviour)
  if ((cell.flags & doomed) !== 0) return fiber.interruptUnsafe()
  cell.fiber = fiber
  const timeoutMillis = Duration.toMillis(cell.options?.startTimeout ?? defaultStartTimeout)
  whenDone(cell.context, fiber, timeoutMillis, (exit) => {
    if (cell.fiber !== fiber) return
    cell.fiber = undefined
    if (exit !== undefined) return next(exit)
    cell.flags |= tearing
    quiesce(
      cell,
      fiber,
      "Behaviour",
      () => proceed(cell, () => next(Exit.fail(new ActorStartTimeout({ actor: cell.name, timeoutMillis }))))
    )
  })
}

/** Lets messages in; gives the reason why it cannot. */
export const begin = (cell: Cell, exit: Exit.Exit<unknown, unknown>): Cause.Cause<unknown> | undefined => {
  if (exit._tag === "Failure") return exit.cause
  const { value } = exit
  if (typeof value !== "function") {
    return Cause.die(new TypeError(`The behaviour of ${cell.name} made no function`))
  }
  cell.handler = value as Handler<unknown>
  const isFirst = cell.status() === "Starting"
  cell.flags &= ~paused
  cell.setStatus("Running")
  inform(cell, (guardian) => guardian.started(cell, cell.monotonicMillis))
  if (isFirst) cell.system.reports.emit(cell, { _tag: "Started" })
  if ((cell.flags & leaving) !== 0) cell.system.afterBatch(cell)
  schedule(cell)
  return undefined
}

/** Begins the life after a restart that was decided at `since`; gives the reason where there is none. */
export const revive = (
  cell: Cell,
  { attempt, max }: Restart,
  since: number,
  next: (cause: Cause.Cause<unknown> | undefined) => void
): void => {
  start(cell, (exit) => {
    const cause = begin(cell, exit)
    if (cause === undefined) {
      cell.getRare().restarts++
      cell.system.reports.emit(cell, { _tag: "Restarted", attempt, max, afterMillis: cell.monotonicMillis - since })
    }
    next(cause)
    cell.rare?.bonds?.catchUp()
  })
}
