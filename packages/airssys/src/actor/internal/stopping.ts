// @effect-diagnostics anyUnknownInErrorContext:off
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Termination from "../Termination.ts"
import type { Cell } from "./cell.ts"
import { stopOf, stoppedOf, terminate } from "./ending.ts"
import { closed, draining, paused, running, scheduled, suspending } from "./flags.ts"
import { failStopped } from "./leftovers.ts"
import { takeBlocked } from "./mixed.ts"

const defaultShutdown = Duration.seconds(5)

/** How long an actor may work off what waits. */
export const shutdownOf = (cell: Cell): Duration.Duration =>
  Duration.fromInputUnsafe(cell.options?.shutdown ?? defaultShutdown)

/** Refuses new messages, lets those that wait be handled until the deadline. */
export const requestStop = (cell: Cell): void => {
  if ((cell.flags & (closed | draining)) !== 0) return
  // A wait for room ends before the mailbox is worked off: nothing more is let in.
  const blocked = (cell.flags & paused) === 0 ? takeBlocked(cell) : []
  beginStop(cell)
  failStopped(cell, blocked)
}

const beginStop = (cell: Cell): void => {
  if (cell.system.isKilling) return terminate(cell, stopOf(cell, "Killed"))
  const shutdown = shutdownOf(cell)
  if ((cell.flags & paused) !== 0) return terminate(cell, stoppedOf(cell))
  cell.close()
  cell.flags = (cell.flags | draining) & ~suspending
  cell.setStatus("Stopping")
  if ((cell.flags & (running | scheduled)) === 0) return terminate(cell, stoppedOf(cell))
  if (Duration.toMillis(shutdown) === 0) return terminate(cell, stopOf(cell, "DeadlineExceeded"))
  if (!Duration.isFinite(shutdown)) return
  cell.getRare().timer = Effect.runForkWith(cell.context)(
    Effect.andThen(
      Effect.sleep(shutdown),
      Effect.sync(() => terminate(cell, stopOf(cell, "DeadlineExceeded")))
    )
  )
}

/** Stops an actor; `next` is called when it has ended. */
export const stopThen = (cell: Cell, next: () => void): void => {
  const { system } = cell
  cell.onEnd(() => system.step(next))
  system.step(() => requestStop(cell))
}

export const awaitEnd = (cell: Cell): Effect.Effect<Termination.Reason> =>
  Effect.callback((resume) => {
    const forget = cell.onEnd((reason) => resume(Effect.succeed(reason)))
    return Effect.sync(forget)
  })

export const awaitStop = (cell: Cell): Effect.Effect<void> =>
  Effect.suspend(() => {
    requestStop(cell)
    return Effect.asVoid(awaitEnd(cell))
  })

export const kill = (cell: Cell): Effect.Effect<void> =>
  Effect.suspend(() => {
    terminate(cell, stopOf(cell, "Killed"))
    return Effect.asVoid(awaitEnd(cell))
  })
