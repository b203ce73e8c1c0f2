// @effect-diagnostics anyUnknownInErrorContext:off
import * as Exit from "effect/Exit"
import { ActorRestarted, ActorStopped } from "../ActorError.ts"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import type { Envelope } from "./lanes.ts"
import { takeBlocked } from "./mixed.ts"
import { clear } from "./ring.ts"

/**
 * What a life, or an actor, leaves behind: messages that nobody will handle, and
 * those who wait for their answers. All is taken and counted before anybody is
 * told, so that the accounts are right for them.
 */
export const takeWaiting = (cell: Cell): Array<Ask> => {
  const orphans = [...takeHeld(cell), ...takeBlocked(cell)]
  discard(cell, [...clear(cell), ...takeStashed(cell)], orphans)
  return orphans
}

/** Those of a life that ends before a restart: what waits in the mailbox waits on. */
export const takeOfLife = (cell: Cell): Array<Ask> => {
  const held = takeHeld(cell)
  discard(cell, takeStashed(cell), held)
  return held
}

/** Makes dead letters of messages, and adds those who wait for their answers. */
const discard = (cell: Cell, envelopes: ReadonlyArray<Envelope>, orphans: Array<Ask>): void => {
  for (let i = 0; i < envelopes.length; i++) cell.count("discarded")
  for (const { from, message } of envelopes) {
    cell.system.deadLetter(cell, message, from, "Discarded")
    if (from instanceof Ask) orphans.push(from)
  }
}

const takeStashed = (cell: Cell): ReadonlyArray<Envelope> => {
  const stash = cell.rare?.stash
  if (stash === undefined) return []
  cell.rare!.stash = undefined
  return stash.envelopes
}

const takeHeld = (cell: Cell): Array<Ask> => {
  const asks: Array<Ask> = []
  for (const first of cell.rare?.held?.values() ?? []) {
    for (let ask: Ask | undefined = first; ask !== undefined; ask = ask.next) asks.push(ask)
  }
  if (cell.rare !== undefined) cell.rare.held = undefined
  return asks
}

export const failStopped = (cell: Cell, asks: ReadonlyArray<Ask>): void => {
  for (const ask of asks) ask.settle(Exit.fail(new ActorStopped({ actor: cell.name })))
}

export const failRestarted = (cell: Cell, asks: ReadonlyArray<Ask>): void => {
  for (const ask of asks) ask.settle(Exit.fail(new ActorRestarted({ actor: cell.name })))
}
