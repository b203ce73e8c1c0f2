// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ActorCrashed, ActorRestarted } from "../ActorError.ts"
import type { ActorExit, Restart } from "../Guardian.ts"
import type * as Termination from "../Termination.ts"
import { Ask } from "./ask.ts"
import { cutLinks } from "./bonds.ts"
import type { Cell } from "./cell.ts"
import { end, proceed, settleAll } from "./ending.ts"
import { aside, closed, doomed, paused, running, suspending, tearing } from "./flags.ts"
import { failRestarted, takeOfLife } from "./leftovers.ts"
import { quiesce } from "./quiescing.ts"
import { revive } from "./starting.ts"
import { shutdownOf } from "./stopping.ts"
import { teardown } from "./teardown.ts"

export const reasonOf = (exit: ActorExit): Termination.Reason =>
  exit._tag === "Normal" || exit._tag === "Shutdown" ? exit : { _tag: "Failed", cause: exit.cause }

/** Tells of a restart; gives those whose requests end with the life before it. */
export const restarting = (cell: Cell, { attempt, delayMillis, max }: Restart): Array<Ask> => {
  // Who is told of what follows may decide the end.
  cell.setStatus("Restarting")
  const held = takeOfLife(cell)
  cell.system.reports.emit(cell, { _tag: "Restarting", attempt, max, delayMillis })
  cell.rare?.keeper?.plan({ attempt, max, delayMillis })
  return held
}

/** Tears the life down and suspends the cell. Without a restart, that is told when it is resumed. */
export const rest = (cell: Cell, exit: ActorExit, restart: Restart | undefined): void => {
  // Somebody who was told of the crash may have decided the end.
  if ((cell.flags & doomed) !== 0) return proceed(cell, () => {})
  const rare = cell.getRare()
  cell.flags |= suspending
  rare.suspendedAt = cell.monotonicMillis
  rare.suspendedFor = restart
  cell.setStatus("Restarting")
  const held = restart === undefined ? [] : restarting(cell, restart)
  rare.timer?.interruptUnsafe()
  rare.timer = undefined
  teardown(cell, exit, restart ?? "Suspend", () => {
    if ((cell.flags & doomed) === 0) cutLinks(cell, cell.rare?.bonds, reasonOf(exit))
    proceed(cell, () => {})
  })
  failRestarted(cell, held)
}

/** Ends the life of an actor and leaves it without one; `next` is called then, or when it has ended. */
export const suspend = (cell: Cell, restart: Restart | undefined, next: () => void): void => {
  if (cell.isEnded) return next()
  const rare = cell.getRare()
  if (rare.isSuspended) {
    if (restart !== undefined) plan(cell, restart)
    return next()
  }
  ;(rare.settlers ??= []).push(next)
  if ((cell.flags & (closed | suspending)) !== 0) return
  cell.flags |= suspending
  rare.suspendedFor = restart
  rare.suspendedAt = cell.monotonicMillis
  if ((cell.flags & tearing) !== 0) return
  if ((cell.flags & paused) !== 0) return suspendStart(cell, restart)
  if ((cell.flags & running) === 0) return cell.system.exited(cell, { _tag: "Shutdown" })
  suspendMessage(cell)
}

/** It starts, or sleeps before its restart. */
const suspendStart = (cell: Cell, restart: Restart | undefined): void => {
  const { fiber } = cell
  cell.fiber = undefined
  cell.flags |= tearing
  quiesce(
    cell,
    fiber,
    "Behaviour",
    () => teardown(cell, { _tag: "Shutdown" }, restart ?? "Suspend", () => proceed(cell, () => {}))
  )
}

/** Gives the message in work its time to end. */
const suspendMessage = (cell: Cell): void => {
  const shutdown = shutdownOf(cell)
  if (Duration.toMillis(shutdown) === 0 && cell.fiber !== undefined) {
    return interruptMessage(cell, { _tag: "Shutdown" })
  }
  if (!Duration.isFinite(shutdown)) return
  const timer = Effect.runForkWith(cell.context)(Effect.sleep(shutdown))
  cell.getRare().timer = timer
  timer.addObserver((slept) => {
    if (cell.rare?.timer !== timer) return
    cell.rare.timer = undefined
    if (slept._tag === "Success" && (cell.flags & running) !== 0) interruptMessage(cell, { _tag: "Shutdown" })
  })
}

/** Ends the message whose Effect runs, and the life with it. */
export const interruptMessage = (cell: Cell, exit: ActorExit): void => {
  const { fiber, from } = cell
  cell.flags = (cell.flags | paused | tearing) & ~(running | aside)
  cell.fiber = undefined
  cell.message = undefined
  cell.from = undefined
  cell.count("failed")
  cell.endLife()
  quiesce(cell, fiber, "Handler", () => {
    cell.flags &= ~tearing
    if ((cell.flags & doomed) === 0) cell.system.exited(cell, exit)
    else if (!cell.isEnded) end(cell)
  })
  if (from instanceof Ask) {
    from.settle(Exit.fail(
      exit._tag === "Crashed"
        ? new ActorCrashed({ actor: cell.name, cause: exit.cause })
        : new ActorRestarted({ actor: cell.name })
    ))
  }
}

/** Begins the next life; `next` is given why there is none, and nothing when the actor has ended. */
export const resume = (
  cell: Cell,
  restart: Restart,
  next: (cause: Cause.Cause<unknown> | undefined) => void
): void => {
  const rare = cell.rare
  if (rare === undefined || !rare.isSuspended || (cell.flags & doomed) !== 0) return next(undefined)
  ;(rare.settlers ??= []).push(next)
  plan(cell, restart)
  if ((cell.flags & doomed) !== 0) return
  rare.isSuspended = false
  rare.suspendedFor = undefined
  cell.flags &= ~suspending
  revive(cell, restart, rare.suspendedAt, (cause) => {
    cell.getRare().failure = cause
    if (cause === undefined) settleAll(cell)
    else cell.system.exited(cell, { _tag: "Crashed", cause })
  })
}

/** Tells of the restart for which an actor is suspended, once. */
const plan = (cell: Cell, restart: Restart): void => {
  const rare = cell.getRare()
  if (rare.suspendedFor !== undefined || (cell.flags & doomed) !== 0) return
  rare.suspendedFor = restart
  failRestarted(cell, restarting(cell, restart))
}
