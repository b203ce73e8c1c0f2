// What a handler fails with is its supervisor's matter: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import * as Causes from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { ActorCrashed } from "../ActorError.ts"
import { flush, hold } from "./answers.ts"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import * as flags from "./flags.ts"
import { takeNext } from "./mixed.ts"
import { Pending, Work, type Worker } from "./pending.ts"
import { fateOf } from "./redelivery.ts"
import { schedule, setBack } from "./ring.ts"
import type { From } from "./target.ts"

// Of this module: what is another one's is loaded each time it is read.
const {
  answering,
  aside,
  changed,
  doomed,
  endsAfterBatch,
  interruptsBatch,
  leaving,
  mixed,
  paused,
  running,
  scheduled,
  statusMask,
  unusual
} = flags

/** Positions are set back beyond this, to stay small integers. */
const farPosition = 2 ** 28

/** Handles a request that never waits. */
export const runInline = (cell: Cell, message: unknown, from: Ask): void => {
  cell.turns.offered++
  cell.head++
  cell.tail++
  cell.flags |= running
  cell.message = message
  cell.from = from
  const outcome = handle(cell)
  if (outcome === undefined) {
    if ((cell.flags & ~statusMask) === running && from.isAnswered && cell.tail === cell.head) {
      cell.turns.handled++
      cell.message = undefined
      cell.from = undefined
      cell.flags &= ~running
      if (cell.head > farPosition) setBack(cell)
      return
    }
    conclude(cell)
  }
  endBatch(cell, outcome)
}

/** Handles the messages of a batch while they are plain; gives how many. */
export const run = (cell: Cell): number => {
  const state = cell.flags & ~scheduled
  if ((state & (paused | running | mixed)) !== 0) {
    cell.flags = state
    return (state & (paused | running)) === 0 ? runMixed(cell) : 0
  }
  cell.flags = state | running
  const turns = cell.turns
  const handler = cell.handler!
  const live = cell.live ??= cell.system.enliven(cell)
  const end = cell.head + turns.batch
  let stop = 0
  let handled = 0
  let outcome: Worker | Cause.Cause<unknown> | undefined
  turns.enter(cell)
  try {
    while (cell.head < stop || cell.head < (stop = Math.min(cell.tail, end))) {
      const slots = cell.slots!
      const at = (cell.head++ & cell.mask) << 1
      const message = slots[at]
      const from = slots[at + 1] as From
      slots[at] = undefined
      if (from !== undefined) {
        slots[at + 1] = undefined
        cell.message = message
        cell.from = from
      }
      const result = handler(message, live)
      if (result !== undefined && result !== Effect.void) {
        outcome = take(cell, result)
        if (outcome !== undefined) break
      }
      handled++
      if (from !== undefined) hold(cell)
      if ((cell.flags & interruptsBatch) !== 0) break
    }
  } catch (defect) {
    outcome = Causes.die(defect)
  }
  turns.leave(handled)
  if (outcome === undefined) {
    const left = cell.flags
    if ((left & unusual) === 0 && cell.head <= farPosition) {
      cell.flags = left & ~running
      if (cell.tail !== cell.head) schedule(cell)
      if (cell.answered !== undefined) flush(cell)
      return handled
    }
  }
  if (outcome === undefined && (cell.flags & aside) !== 0) {
    turns.handled--
    setAside(cell)
  }
  endBatch(cell, outcome)
  return outcome === undefined ? handled : handled + 1
}

/** The same where messages are more than plain. */
const runMixed = (cell: Cell): number => {
  cell.flags |= running
  const most = cell.turns.batch
  let taken = 0
  let outcome: Worker | Cause.Cause<unknown> | undefined
  while (taken < most && takeNext(cell)) {
    taken++
    outcome = handle(cell)
    if (outcome !== undefined) break
    conclude(cell)
    if ((cell.flags & (paused | leaving | doomed | answering)) !== 0) break
  }
  endBatch(cell, outcome)
  return taken
}

/** Gives the current message to the handler. */
const handle = (cell: Cell): Worker | Cause.Cause<unknown> | undefined => {
  try {
    const result = cell.handler!(cell.message, cell.live ??= cell.system.enliven(cell))
    return result === undefined || result === Effect.void ? undefined : take(cell, result)
  } catch (defect) {
    return Causes.die(defect)
  }
}

const endBatch = (cell: Cell, outcome: Worker | Cause.Cause<unknown> | undefined): void => {
  if (outcome === undefined) rest(cell)
  else if ("reasons" in outcome) crash(cell, outcome)
  else park(cell, outcome)
}

/** Ends the current message, which did not fail. */
const conclude = (cell: Cell): void => {
  if ((cell.flags & aside) !== 0) return setAside(cell)
  cell.turns.handled++
  hold(cell)
}

const setAside = (cell: Cell): void => {
  const stash = cell.rare!.stash!
  stash.envelopes.push(stash.next!)
  stash.next = undefined
  cell.flags &= ~aside
  cell.message = undefined
  cell.from = undefined
}

/** What a handler returned: nothing left to do, why it failed, or what still runs. */
const take = (
  cell: Cell,
  result: Effect.Effect<unknown, unknown, Scope.Scope>
): Worker | Cause.Cause<unknown> | undefined => {
  let worker: Worker
  if (result instanceof Pending) worker = result.run(cell.openScope())
  else if (Exit.isExit(result)) return failureOf(result)
  else if (Effect.isEffect(result)) worker = Effect.runForkWith(cell.openScope())(result)
  else return Causes.die(new TypeError(`The handler of ${cell.name} returned neither nothing nor an Effect`))
  const exit = worker.pollUnsafe()
  return exit === undefined ? worker : failureOf(exit)
}

/** Leaves the message to who works for it. */
const park = (cell: Cell, fiber: Worker): void => {
  cell.fiber = fiber
  if (fiber instanceof Work) fiber.tell(cell, worked)
  else fiber.addObserver((exit) => worked(cell, fiber, exit))
  // The effect ended its own actor before it suspended for the first time.
  if ((cell.flags & doomed) !== 0 || cell.rare?.exit !== undefined) cell.system.afterBatch(cell)
  flush(cell)
}

const worked = (cell: Cell, fiber: Worker, exit: Exit.Exit<unknown, unknown>): void => {
  if (cell.fiber !== fiber) return
  cell.fiber = undefined
  const cause = failureOf(exit)
  if (cause !== undefined) return crash(cell, cause)
  conclude(cell)
  rest(cell)
}

const crash = (cell: Cell, cause: Cause.Cause<unknown>): void => {
  const { from, message } = cell
  cell.message = undefined
  cell.from = undefined
  cell.flags = (cell.flags & ~(running | changed | aside)) | paused
  const fate = cell.options?.redeliver === undefined ? "failed" : fateOf(cell)
  if (fate !== "waiting") cell.count(fate)
  if (fate === "quarantined") cell.system.deadLetter(cell, message, from, "Quarantined")
  cell.system.crashed(cell, cause)
  if (fate !== "waiting" && from instanceof Ask) from.settle(Exit.fail(new ActorCrashed({ actor: cell.name, cause })))
  flush(cell)
}

const rest = (cell: Cell): void => {
  cell.flags &= ~(running | changed)
  if ((cell.flags & mixed) !== 0) cell.rare!.idleness?.touch()
  if (cell.head > farPosition) setBack(cell)
  if ((cell.flags & endsAfterBatch) !== 0) cell.system.afterBatch(cell)
  schedule(cell)
  flush(cell)
}

const failureOf = (exit: Exit.Exit<unknown, unknown>): Cause.Cause<unknown> | undefined =>
  exit._tag === "Failure" ? exit.cause : undefined
