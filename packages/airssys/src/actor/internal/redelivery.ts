// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { ActorCrashed } from "../ActorError.ts"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import { mixed } from "./flags.ts"
import { Lanes } from "./lanes.ts"
import { putFirst } from "./mixed.ts"

/** Keeps hold of each message while it is handled; the plain loop does not. */
export const keepTaken = (cell: Cell, times: number): void => {
  const lanes = cell.getRare().lanes ??= new Lanes()
  lanes.redeliver = times
  cell.flags |= mixed
}

/** What becomes of the message that crashes its actor. It is put back while the actor waits for its restart. */
export const fateOf = (cell: Cell): "failed" | "quarantined" | "waiting" => {
  const lanes = cell.rare?.lanes
  const taken = lanes?.taken
  if (lanes === undefined || taken === undefined || cell.guardian === undefined) return "failed"
  lanes.taken = undefined
  if (++taken.crashes > lanes.redeliver) return "quarantined"
  putFirst(cell, [taken])
  return "waiting"
}

/** The actor ends instead: the message that was put back has failed. */
export const failPutBack = (cell: Cell, cause: Cause.Cause<unknown>): void => {
  const envelope = cell.rare?.lanes?.takePutBack()
  if (envelope === undefined) return
  cell.count("failed")
  if (envelope.from instanceof Ask) envelope.from.settle(Exit.fail(new ActorCrashed({ actor: cell.name, cause })))
}
