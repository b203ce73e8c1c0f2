// @effect-diagnostics anyUnknownInErrorContext:off
import * as Effect from "effect/Effect"
import type { ActorExit, Restart } from "../Guardian.ts"
import { cutLinks } from "./bonds.ts"
import type { Cell } from "./cell.ts"
import { end, failureOf, proceed, stopOf, stoppedOf, terminate } from "./ending.ts"
import { doomed, draining, leaving, paused, running, suspending, tearing } from "./flags.ts"
import { decide } from "./guarding.ts"
import { failRestarted } from "./leftovers.ts"
import type { Ending } from "./rare.ts"
import { failPutBack } from "./redelivery.ts"
import { revive } from "./starting.ts"
import { interruptMessage, reasonOf, rest, restarting } from "./suspending.ts"
import { teardown } from "./teardown.ts"

/** A life is over, by a crash or by itself: what follows is decided and begun. */
export const exited = (cell: Cell, exit: ActorExit): void => {
  if (cell.isEnded) return
  const { reports } = cell.system
  cell.flags = (cell.flags | paused | tearing) & ~leaving
  cell.endLife()
  if (cell.rare !== undefined) cell.rare.exit = undefined
  if (exit._tag === "Crashed" || exit._tag === "GaveUp") reports.emit(cell, { _tag: "Crashed", cause: exit.cause })
  if ((cell.flags & suspending) !== 0) return rest(cell, exit, cell.rare?.suspendedFor)
  const verdict = decide(cell, exit)
  switch (verdict._tag) {
    case "Restart":
      return restart(cell, exit, verdict.restart)
    case "Suspend":
      return rest(cell, exit, verdict.restart)
    case "GiveUp": {
      reports.emit(cell, { _tag: "GaveUp", restarts: verdict.restarts, withinMillis: verdict.withinMillis })
      rest(cell, exit, undefined)
      return verdict.next()
    }
    case "End":
      if (exit._tag === "Crashed") failPutBack(cell, exit.cause)
      return proceed(cell, () => terminate(cell, endingOf(cell, exit)))
  }
}

const endingOf = (cell: Cell, exit: ActorExit): Ending => {
  if (exit._tag === "Normal" || exit._tag === "Shutdown") return stopOf(cell, exit._tag)
  return (cell.flags & draining) !== 0 ? stoppedOf(cell) : failureOf(cell, exit.cause)
}

const restart = (cell: Cell, exit: ActorExit, restart: Restart): void => {
  const since = cell.monotonicMillis
  const held = restarting(cell, restart)
  teardown(cell, exit, restart, () => {
    // Those who are linked wait for their own restarts after it; an end cuts links itself.
    const bonds = (cell.flags & doomed) === 0 ? cell.rare?.bonds : undefined
    if (bonds !== undefined) cell.rare!.bonds = undefined
    proceed(
      cell,
      () =>
        sleep(cell, restart.delayMillis, () =>
          revive(cell, restart, since, (cause) => {
            if (cause !== undefined) exited(cell, { _tag: "Crashed", cause })
          }))
    )
    cutLinks(cell, bonds, reasonOf(exit))
  })
  failRestarted(cell, held)
}

const sleep = (cell: Cell, millis: number, next: () => void): void => {
  const fiber = Effect.runForkWith(cell.context)(millis > 0 ? Effect.sleep(millis) : Effect.yieldNow)
  cell.fiber = fiber
  fiber.addObserver((exit) => {
    if (cell.fiber !== fiber) return
    cell.fiber = undefined
    if (exit._tag === "Success") next()
    else exited(cell, { _tag: "Crashed", cause: exit.cause })
  })
}

/** Ends a suspended actor for good, as it would have ended without its supervisor. */
export const conclude = (cell: Cell, exit: ActorExit, next: () => void): void => {
  const { system } = cell
  cell.onEnd(() => system.step(next))
  if (exit._tag === "Crashed") failPutBack(cell, exit.cause)
  terminate(cell, endingOf(cell, exit))
}

/** Ends the life of an actor that runs, as if it had ended by itself like this. */
export const exit = (cell: Cell, how: ActorExit): void => {
  if ((cell.flags & (doomed | tearing)) !== 0) return
  if ((cell.flags & paused) !== 0) {
    // What starts ends when it has started; what waits for its restart has no life to end.
    if (cell.live === undefined) return
    cell.getRare().exit ??= how
    cell.flags |= leaving
    return
  }
  if ((cell.flags & running) === 0) return exited(cell, how)
  if (cell.fiber !== undefined) return interruptMessage(cell, how)
  cell.getRare().exit ??= how
  cell.flags |= leaving
}

/** A message has ended, and the actor was told meanwhile to end or to rest. */
export const afterBatch = (cell: Cell): void => {
  if ((cell.flags & doomed) !== 0) end(cell)
  else if ((cell.flags & (leaving | suspending)) !== 0) {
    const exit = cell.rare?.exit ?? { _tag: "Normal" }
    if (cell.fiber === undefined) exited(cell, exit)
    else interruptMessage(cell, exit)
  } else if (cell.size === 0) terminate(cell, stoppedOf(cell))
}
