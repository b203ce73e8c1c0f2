// @effect-diagnostics anyUnknownInErrorContext:off
import * as Effect from "effect/Effect"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import * as flags from "./flags.ts"

// Of this module: what is another one's is loaded each time it is read.
const { answering, aside, running } = flags

/** Gives the answer to a request. */
export const answer = (cell: Cell, message: unknown, answer: Effect.Effect<unknown, unknown>): void => {
  const ask = asker(cell, message) ?? cell.rare?.late?.get(message as object)
  if (ask === undefined) return
  if (!ask.isAnswered) return resume(cell, ask, answer)
  if (ask.isGone) {
    ask.isGone = false
    cell.turns.lateReplies++
  }
}

/** Tells somebody who waits, now or after the message while a handler is on the stack. */
export const resume = (cell: Cell, ask: Ask, answer: Effect.Effect<unknown, unknown>): void => {
  const { fiber } = cell
  if ((cell.flags & running) === 0 || (fiber !== undefined && fiber.isEnding !== true) || ask.isSilent) {
    return ask.settle(answer)
  }
  ask.keep(answer)
  ask.next = cell.answered
  cell.answered = ask
  cell.flags |= answering
}

/** Resumes those who were answered, in the order of their answers. */
export const flush = (cell: Cell): void => {
  let last = cell.answered
  if (last === undefined) return
  cell.answered = undefined
  cell.flags &= ~answering
  if (last.next === undefined) return last.settle(Effect.void)
  let first: Ask | undefined
  while (last !== undefined) {
    const next: Ask | undefined = last.next
    last.next = first
    first = last
    last = next
  }
  while (first !== undefined) {
    const next: Ask | undefined = first.next
    first.settle(Effect.void)
    first = next
  }
}

/** Ends a message with a `From`: keeps the asker that got no answer. */
export const hold = (cell: Cell): void => {
  const { from, message } = cell
  cell.message = undefined
  cell.from = undefined
  if ((cell.flags & aside) !== 0 || !(from instanceof Ask)) return
  if (from.isAnswered) {
    if (from.isGone) remember(cell, message, from)
    return
  }
  const held = cell.getRare().held ??= new Map()
  const first = held.get(message)
  if (first === undefined) {
    held.set(message, from)
    return
  }
  let last = first
  while (last.next !== undefined) last = last.next
  last.next = from
}

/** Holds a request no longer. */
export const withdraw = (cell: Cell, request: object, ask: Ask): void => {
  const held = cell.rare?.held
  let before: Ask | undefined
  for (let other = held?.get(request); other !== undefined; before = other, other = other.next) {
    if (other !== ask) continue
    if (before !== undefined) before.next = ask.next
    else if (ask.next !== undefined) held!.set(request, ask.next)
    else held!.delete(request)
    ask.next = undefined
    remember(cell, request, ask)
    return
  }
}

/** Keeps an ask that is held no longer for as long as its request can still be answered. */
const remember = (cell: Cell, request: unknown, ask: Ask): void => {
  if (typeof request !== "object" || request === null) return
  const late = cell.getRare().late ??= new WeakMap()
  late.set(request, ask)
}

/** The asker who waits longest for the answer to this message object. */
const asker = (cell: Cell, message: unknown): Ask | undefined => {
  const held = cell.rare?.held
  let first = held?.get(message)
  while (first !== undefined) {
    if (first.next === undefined) held!.delete(message)
    else held!.set(message, first.next)
    const next: Ask | undefined = first.next
    if (!first.isAnswered) return first
    first = next
  }
  const from = cell.from
  return cell.message === message && from instanceof Ask && (!from.isAnswered || from.isGone)
    ? from
    : undefined
}
