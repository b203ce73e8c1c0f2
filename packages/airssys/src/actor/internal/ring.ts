import type { Cell } from "./cell.ts"
import { busy, closed, mixed, scheduled } from "./flags.ts"
import { Envelope } from "./lanes.ts"
import type { From } from "./target.ts"

/** Puts a message that was accepted into the ring, whatever its room. */
export const push = (cell: Cell, message: unknown, from: From | Envelope): void => {
  if (cell.tail - cell.head > cell.mask) grow(cell)
  const at = (cell.tail++ & cell.mask) << 1
  cell.slots![at] = message
  cell.slots![at + 1] = from
  schedule(cell)
}

/** Takes the oldest message out of the ring. */
export const shift = (cell: Cell): Envelope => {
  const slots = cell.slots!
  const at = (cell.head++ & cell.mask) << 1
  const message = slots[at]
  const from = slots[at + 1] as From | Envelope
  slots[at] = undefined
  slots[at + 1] = undefined
  if (!(from instanceof Envelope)) return new Envelope(message, from, Infinity, Infinity, undefined)
  cell.rare!.lanes!.inRing--
  return from
}

/** The same while the batch on the stack may be this actor's own. */
export const skip = (cell: Cell): Envelope => {
  cell.turns.skipped(cell)
  return shift(cell)
}

/** Makes room where a plain message may come in. */
export const widen = (cell: Cell): boolean => {
  if ((cell.flags & closed) !== 0 || cell.options?.schema !== undefined || cell.size >= cell.capacity) return false
  grow(cell)
  return true
}

const grow = (cell: Cell): void => {
  const { head, mask, slots, tail } = cell
  const length = mask < 0 ? 1 : (mask + 1) * 2
  const next: Array<unknown> = new Array<unknown>(length * 2).fill(undefined)
  for (let i = head; i < tail; i++) {
    const from = (i & mask) << 1
    const to = (i & (length - 1)) << 1
    next[to] = slots![from]
    next[to + 1] = slots![from + 1]
  }
  cell.slots = next
  cell.mask = length - 1
  measure(cell)
}

/** Sets `room` to what may wait in the ring before `send` has to look closer. */
export const measure = (cell: Cell): void => {
  cell.room = (cell.flags & closed) !== 0 || cell.options?.schema !== undefined
    ? 0
    : Math.min(cell.mask + 1, cell.capacity - (cell.rare?.lanes?.size ?? 0))
}

/** Empties the mailbox, in the order of the messages' turns. */
export const clear = (cell: Cell): ReadonlyArray<Envelope> => {
  const lanes = cell.rare?.lanes
  const low = lanes?.low
  const all: Array<Envelope> = []
  for (let next = lanes?.shiftUrgent(); next !== undefined; next = lanes!.shiftUrgent()) all.push(next)
  while (cell.tail !== cell.head) all.push(shift(cell))
  for (let next = low?.shift(); next !== undefined; next = low!.shift()) all.push(next)
  cell.slots = undefined
  cell.mask = -1
  cell.room = 0
  cell.flags &= ~mixed
  return all
}

/** Brings an actor with messages to its turn. */
export const schedule = (cell: Cell): void => {
  if ((cell.flags & busy) === 0 && cell.size !== 0) {
    cell.flags |= scheduled
    cell.turns.ready(cell)
  }
}

/** Moves both positions by whole rings; what was accepted stays counted. */
export const setBack = (cell: Cell): void => {
  const by = cell.mask < 0 ? cell.head : cell.head - (cell.head & cell.mask)
  cell.head -= by
  cell.tail -= by
  cell.turns.accepted += by
  cell.getCounts().accepted += by
}
