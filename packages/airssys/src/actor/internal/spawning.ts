// What an actor fails with is its supervisor's matter: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { ActorNameTaken, ActorStopped } from "../ActorError.ts"
import type { Behaviour, Handler } from "../Behaviour.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import { Cell } from "./cell.ts"
import { checkOptions } from "./childOptions.ts"
import { failureOf, terminate } from "./ending.ts"
import { closed } from "./flags.ts"
import type { KeeperOptions } from "./lifecycle.ts"
import { keepTaken } from "./redelivery.ts"
import { begin, start } from "./starting.ts"
import { steer } from "./steered.ts"
import { awaitEnd, kill } from "./stopping.ts"
import type { System } from "./system.ts"

export const spawn = (
  system: System,
  parent: Cell | undefined,
  behaviour: Behaviour<unknown, unknown, Scope.Scope>,
  options: SpawnOptions<unknown> | undefined
): Effect.Effect<Cell, unknown> =>
  Effect.withFiber<Cell, unknown>((fiber) => {
    const { context } = fiber
    if (Exit.isExit(behaviour)) {
      const cell = admit(system, parent, behaviour, options, context)
      return cell instanceof Cell
        ? settleStart(cell, behaviour as Exit.Exit<Handler<unknown>, unknown>)
        : Effect.fail(cell)
    }
    // From the first trace of the actor to the wait for it no operation ends:
    // between two of them the fiber could yield, and miss its start or its interruption.
    return Effect.callback<Cell, unknown>((resume) => {
      const cell = admit(system, parent, behaviour, options, context)
      if (!(cell instanceof Cell)) return resume(Effect.fail(cell))
      let isStarted = false
      let forget: (() => void) | undefined
      start(cell, (exit) => {
        isStarted = true
        forget?.()
        resume(settleStart(cell, exit))
      })
      if (isStarted) return
      forget = cell.onEnd(() => resume(Exit.fail(new ActorStopped({ actor: cell.name }))))
      return kill(cell)
    })
  })

/** A cell that has still to start, or why there is none. */
const admit = (
  system: System,
  parent: Cell | undefined,
  behaviour: Behaviour<unknown, unknown, Scope.Scope>,
  options: SpawnOptions<unknown> | undefined,
  context: Context.Context<never>
): Cell | ActorStopped | ActorNameTaken => {
  if (options !== undefined) checkOptions(options)
  const name = options?.name
  if (system.isClosed || (parent !== undefined && (parent.flags & closed) !== 0)) {
    return new ActorStopped({ actor: parent?.name ?? name ?? "The actor system" })
  }
  if (name !== undefined && system.names.has(name)) return new ActorNameTaken({ actor: name })
  const { turns } = system
  const siblings = parent === undefined ? system.roots : (parent.getRare().children ??= new Set())
  const cell = new Cell(system, turns, system.newId(), siblings, context, behaviour, options)
  if (turns.steering !== undefined) steer(cell, turns.steering)
  system.gate?.attach(cell)
  system.spans?.attach(cell)
  siblings.add(cell)
  const keeper = (options as KeeperOptions | undefined)?.keeper
  if (keeper !== undefined) {
    cell.getRare().keeper = keeper
    keeper.born(cell)
  }
  if (name !== undefined) system.names.set(name, cell)
  if ((options?.redeliver ?? 0) > 0) keepTaken(cell, options!.redeliver!)
  return cell
}

const settleStart = (cell: Cell, exit: Exit.Exit<Handler<unknown>, unknown>): Effect.Effect<Cell, unknown> => {
  const cause = begin(cell, exit)
  if (cause === undefined) return Exit.succeed(cell)
  terminate(cell, failureOf(cell, cause))
  return Effect.andThen(awaitEnd(cell), Exit.failCause(cause))
}
