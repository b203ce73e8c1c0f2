// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import type { StopReason } from "../ActorEvent.ts"
import { Ask } from "./ask.ts"
import { cutLinks } from "./bonds.ts"
import type { Cell } from "./cell.ts"
import { aside, doomed, paused, running, suspending, tearing } from "./flags.ts"
import { inform } from "./guarding.ts"
import { failStopped, takeWaiting } from "./leftovers.ts"
import { quiesce } from "./quiescing.ts"
import type { Ending } from "./rare.ts"
import { teardown } from "./teardown.ts"

export const stopOf = (cell: Cell, reason: StopReason): Ending => ({
  status: "Stopped",
  reason: { _tag: reason },
  announce: () => cell.system.reports.emit(cell, { _tag: "Stopped", reason })
})

/** The end by a stop; what still waits will be discarded. */
export const stoppedOf = (cell: Cell): Ending => stopOf(cell, cell.size === 0 ? "Shutdown" : "DeadlineExceeded")

export const failureOf = (cell: Cell, cause: Cause.Cause<unknown>): Ending => ({
  status: "Failed",
  reason: { _tag: "Failed", cause },
  announce: () => cell.system.reports.emit(cell, { _tag: "Failed", cause })
})

/** Decides the end; what runs is interrupted, what waits is discarded. */
export const terminate = (cell: Cell, ending: Ending): void => {
  if (cell.isEnded) return
  const rare = cell.getRare()
  if (rare.ending !== undefined) return
  rare.ending = ending
  cell.system.reports.beforeKill(cell, ending)
  cell.close()
  cell.flags |= paused | doomed
  cell.setStatus("Stopping")
  const isOnStack = (cell.flags & running) !== 0 && cell.fiber === undefined
  if (!isOnStack && (cell.flags & tearing) === 0) end(cell)
}

/** Ends the life of an actor whose end is decided, and then the actor. */
export const end = (cell: Cell): void => {
  const fiber = cell.fiber
  const wasRunning = (cell.flags & running) !== 0
  const from = cell.from
  cell.flags = (cell.flags | tearing) & ~(running | aside)
  cell.fiber = undefined
  cell.endLife()
  cell.message = undefined
  cell.from = undefined
  if (wasRunning) cell.count("failed")
  const orphans = takeWaiting(cell)
  if (from instanceof Ask) orphans.push(from)
  quiesce(
    cell,
    fiber,
    wasRunning ? "Handler" : "Behaviour",
    () => teardown(cell, { _tag: "Normal" }, "End", () => finish(cell))
  )
  failStopped(cell, orphans)
}

const finish = (cell: Cell): void => {
  if (cell.isEnded) return
  const { bonds, counts, settlers, timer, waiters } = cell.getRare()
  const ending = cell.rare!.ending!
  const { names } = cell.system
  cell.setStatus(ending.status)
  cell.siblings.delete(cell)
  if (cell.given !== undefined && names.get(cell.given) === cell) names.delete(cell.given)
  cell.rare = undefined
  if (counts !== undefined) cell.getRare().counts = counts
  cell.turns.accepted += cell.tail
  timer?.interruptUnsafe()
  ending.announce()
  inform(cell, (guardian) => guardian.ended(cell))
  for (const waiter of waiters ?? []) waiter(ending.reason)
  cutLinks(cell, bonds, ending.reason)
  for (const settle of settlers ?? []) settle(undefined)
}

/** Leaves behind what has not ended at the bound of all. */
export const abandon = (cell: Cell): void => {
  for (const child of [...cell.rare?.children ?? []].toReversed()) abandon(child)
  terminate(cell, stopOf(cell, "DeadlineExceeded"))
  if (cell.isEnded) return
  cell.system.reports.abandoned(cell, "Shutdown")
  // A teardown before a restart has left what waits where it was.
  const orphans = takeWaiting(cell)
  finish(cell)
  failStopped(cell, orphans)
}

/** A teardown is over: its chain finds what was decided meanwhile, or goes on. */
export const proceed = (cell: Cell, next: () => void): void => {
  cell.flags &= ~tearing
  if ((cell.flags & doomed) !== 0) {
    if (!cell.isEnded) end(cell)
  } else if ((cell.flags & suspending) !== 0) {
    cell.getRare().isSuspended = true
    settleAll(cell)
  } else next()
}

/** Tells those who wait for a suspension or a resumption. */
export const settleAll = (cell: Cell): void => {
  const { rare } = cell
  if (rare?.settlers === undefined) return
  const { failure, settlers } = rare
  rare.settlers = undefined
  rare.failure = undefined
  for (const settle of settlers) settle(failure)
}
