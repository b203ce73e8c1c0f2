import type { Accounting } from "../Accounting.ts"
import type { Metrics } from "../Mailbox.ts"
import type { Cell } from "./cell.ts"
import { running } from "./flags.ts"
import { Counts } from "./rare.ts"
import type { Turns } from "./turns.ts"

/** All actors below these, in no particular order. */
export function* cellsBelow(roots: Iterable<Cell>): Generator<Cell> {
  const open: Array<Cell> = [...roots]
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    yield cell
    for (const child of cell.rare?.children ?? []) open.push(child)
  }
}

/** What the mailbox of one actor holds, and what became of the rest. */
export const metricsOf = (cell: Cell): Metrics => {
  const counts = cell.rare?.counts ?? new Counts()
  const accepted = cell.tail + counts.accepted
  const stashed = cell.rare?.stash?.envelopes.length ?? 0
  const isRunning = (cell.flags & running) !== 0
  const { discarded, evicted, expired, failed, quarantined, rejected } = counts
  const waiting = cell.size
  const lost = failed + expired + evicted + quarantined + discarded
  return {
    size: waiting,
    capacity: cell.options?.mailbox?._tag === "Bounded" ? cell.capacity : Infinity,
    accepted,
    rejected,
    handled: accepted - lost - stashed - waiting - (isRunning ? 1 : 0),
    failed,
    expired,
    evicted,
    quarantined,
    discarded,
    stashed,
    isRunning
  }
}

/** Where every message of a system is. */
export const accountingOf = (turns: Turns, roots: Iterable<Cell>): Accounting => {
  const { discarded, evicted, expired, failed, lateReplies, offered, quarantined, rejected } = turns
  let accepted = turns.accepted
  let isRunning = 0
  let stashed = 0
  let waiting = 0
  for (const cell of cellsBelow(roots)) {
    if ((cell.flags & running) !== 0) isRunning++
    accepted += cell.tail
    waiting += cell.size
    stashed += cell.rare?.stash?.envelopes.length ?? 0
  }
  return {
    offered,
    rejected,
    accepted,
    handled: turns.handled + turns.handledInBatch,
    failed,
    expired,
    evicted,
    quarantined,
    discarded,
    stashed,
    running: isRunning,
    waiting,
    lateReplies,
    deadLetters: rejected + expired + evicted + quarantined + discarded
  }
}
