// @effect-diagnostics anyUnknownInErrorContext:off
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  ActorStopped,
  InvalidMessage,
  MailboxFull,
  MessageExpired,
  MessageRefused,
  type OfferError
} from "../ActorError.ts"
import { resume } from "./answers.ts"
import { Ask } from "./ask.ts"
import type { Cell } from "./cell.ts"
import { closed, doomed, mixed } from "./flags.ts"
import { type Blocked, Envelope, Lanes } from "./lanes.ts"
import { measure, push, schedule, shift, skip } from "./ring.ts"
import type { Delivery, From, Refusal } from "./target.ts"

/**
 * The mailbox where a message is more than plain: it has a priority or a time
 * to live, it comes to a mailbox that is full, or has to be of a schema. The
 * plain ways of `Cell.send` and `Cell.run` know nothing of this; they step
 * aside where the mailbox has no room at sight or the cell is `mixed`.
 */
export const sendMixed = (
  cell: Cell,
  message: unknown,
  from: From,
  delivery: Delivery | undefined
): Refusal | undefined => {
  cell.turns.offered++
  if ((cell.flags & closed) !== 0) return reject(cell, message, from, "ActorStopped")
  const isForced = delivery !== undefined &&
    (delivery.isForced || delivery.isExpected === true || delivery.priority === "System")
  if (delivery?.isForced !== true && issueOf(cell, message) !== undefined) {
    return reject(cell, message, from, "Invalid")
  }
  let evicted: Envelope | undefined
  if (!isForced && cell.size >= cell.capacity) {
    if (cell.policy === "DropOldest") evicted = takeOldest(cell, delivery)
    if (evicted === undefined) return reject(cell, message, from, "MailboxFull")
  }
  put(cell, message, from, delivery)
  if (evicted !== undefined) lose(cell, evicted, "Evicted")
  if (evicted?.from instanceof Ask) resume(cell, evicted.from, Exit.fail(refusal(cell, "MailboxFull")))
  return undefined
}

export const reject = (cell: Cell, message: unknown, from: From, reason: Refusal): Refusal => {
  cell.count("rejected")
  cell.system.deadLetter(cell, message, from, reason)
  return reason
}

const lose = (cell: Cell, { from, message }: Envelope, reason: "Evicted" | "Expired" | "Discarded"): void => {
  cell.count(reason === "Evicted" ? "evicted" : reason === "Expired" ? "expired" : "discarded")
  cell.system.deadLetter(cell, message, from, reason)
}

export const refusal = (cell: Cell, reason: "MailboxFull" | "ActorStopped"): MailboxFull | ActorStopped =>
  reason === "MailboxFull"
    ? new MailboxFull({ actor: cell.name, capacity: cell.capacity })
    : new ActorStopped({ actor: cell.name })

export const refusalOf = (cell: Cell, reason: Refusal, message: unknown): OfferError =>
  reason === "Invalid"
    ? new InvalidMessage({ actor: cell.name, issue: issueOf(cell, message) ?? "" })
    : reason === "Refused"
    ? new MessageRefused({ actor: cell.name, because: cell.system.gate?.because ?? "" })
    : refusal(cell, reason)

const checks = new WeakMap<Schema.Top, (message: unknown) => Result.Result<unknown, Schema.SchemaError>>()

/** Why a message is not of the actor's schema. */
const issueOf = (cell: Cell, message: unknown): string | undefined => {
  const schema = cell.options?.schema
  if (schema === undefined) return undefined
  let check = checks.get(schema)
  if (check === undefined) {
    check = Schema.decodeUnknownResult(Schema.toType(schema) as Schema.Decoder<unknown>)
    checks.set(schema, check)
  }
  try {
    const result = check(message)
    return Result.isSuccess(result) ? undefined : result.failure.message
  } catch {
    // A property that throws, or a message that cannot be printed.
    return "It cannot be checked"
  }
}

const lanesOf = (cell: Cell): Lanes => cell.getRare().lanes ??= new Lanes()

/** Accepts a message. */
const put = (cell: Cell, message: unknown, from: From, delivery: Delivery | undefined, sentAt?: number): void => {
  if (
    delivery === undefined ||
    (delivery.priority === "Normal" && delivery.ticket === undefined && delivery.ttlMillis === Infinity &&
      delivery.span === undefined)
  ) {
    return push(cell, message, from)
  }
  const { priority, span, ticket, ttlMillis } = delivery
  const expiresAt = ttlMillis === Infinity ? Infinity : (sentAt ?? cell.monotonicMillis) + ttlMillis
  const envelope = new Envelope(message, from, expiresAt, ttlMillis, ticket, span)
  const lanes = lanesOf(cell)
  cell.flags |= mixed
  if (priority === "Normal") {
    lanes.inRing++
    return push(cell, undefined, envelope)
  }
  cell.turns.accepted++
  cell.getCounts().accepted++
  ;(priority === "Next" ? lanes.next : lanes.of(priority)).push(envelope)
  measure(cell)
  schedule(cell)
}

/** The oldest of the messages that matter least, none of which matters more than the new one. */
const takeOldest = (cell: Cell, delivery: Delivery | undefined): Envelope | undefined => {
  const lanes = cell.rare?.lanes
  const low = lanes?.low.shift()
  if (low !== undefined || delivery?.priority === "Low") return low
  if (cell.tail !== cell.head) return skip(cell)
  return delivery?.priority === "High" ? lanes?.high.shift() : undefined
}

/** Makes the next message that is still good the current one. */
export const takeNext = (cell: Cell): boolean => {
  const lanes = cell.rare!.lanes!
  // Who is told of a message that is lost may end the actor.
  while ((cell.flags & doomed) === 0) {
    const envelope = lanes.shiftUrgent() ?? (cell.tail === cell.head ? lanes.low.shift() : shift(cell))
    if (lanes.blocked.size > 0) admit(cell, lanes)
    if (lanes.isIdle && cell.rare!.idleness === undefined) cell.flags &= ~mixed
    if (envelope === undefined) return false
    measure(cell)
    if (envelope.ticket?.isLive === false) {
      lose(cell, envelope, "Discarded")
    } else if (envelope.expiresAt !== Infinity && cell.monotonicMillis >= envelope.expiresAt) {
      lose(cell, envelope, "Expired")
      const { from, ttlMillis } = envelope
      if (from instanceof Ask) resume(cell, from, Exit.fail(new MessageExpired({ actor: cell.name, ttlMillis })))
    } else {
      envelope.ticket?.taken?.()
      if (lanes.redeliver > 0) lanes.taken = envelope
      if (cell.rare !== undefined) cell.rare.span = envelope.span
      cell.message = envelope.message
      cell.from = envelope.from
      return true
    }
  }
  return false
}

/** Lets those in that waited for room. */
const admit = (cell: Cell, lanes: Lanes): void => {
  for (const blocked of lanes.blocked) {
    if (cell.size >= cell.capacity) return
    lanes.blocked.delete(blocked)
    cell.turns.offered++
    put(cell, blocked.message, blocked.from, blocked.delivery, blocked.sentAt)
    if (blocked.from === undefined) resume(cell, blocked.ask, Exit.void)
  }
}

/** Refuses those that wait for room; the caller tells them. */
export const takeBlocked = (cell: Cell): ReadonlyArray<Ask> => {
  const lanes = cell.rare?.lanes
  if (lanes === undefined || lanes.blocked.size === 0) return []
  const all = [...lanes.blocked]
  lanes.blocked.clear()
  return all.map(({ ask, from, message }) => {
    cell.turns.offered++
    reject(cell, message, from, "ActorStopped")
    return ask
  })
}

export const offer = (
  cell: Cell,
  message: unknown,
  delivery: Delivery | undefined
): Effect.Effect<void, OfferError> => {
  if (isToWait(cell, delivery) && issueOf(cell, message) === undefined) {
    if (cell.system.gate?.admits(cell, message, undefined) !== false) return waitForRoom(cell, message, delivery)
    cell.turns.offered++
    return Exit.fail(refusalOf(cell, reject(cell, message, undefined, "Refused"), message))
  }
  return deliver(cell, message, delivery)
}

const deliver = (cell: Cell, message: unknown, delivery: Delivery | undefined): Exit.Exit<void, OfferError> => {
  const refused = cell.send(message, undefined, delivery)
  return refused === undefined || (refused === "MailboxFull" && cell.policy === "DropNewest")
    ? Exit.void
    : Exit.fail(refusalOf(cell, refused, message))
}

const isToWait = (cell: Cell, delivery: Delivery | undefined): boolean =>
  cell.policy === "Block" && (cell.flags & closed) === 0 && delivery?.priority !== "System" &&
  (cell.size >= cell.capacity || (cell.rare?.lanes?.blocked.size ?? 0) > 0)

const waitForRoom = (cell: Cell, message: unknown, delivery: Delivery | undefined): Effect.Effect<void, OfferError> =>
  Effect.callback((resume) => {
    // While the effect was on its way here, the actor may have ended or made room.
    if (!isToWait(cell, delivery)) return resume(deliver(cell, message, delivery))
    const ask = new Ask(undefined, { evaluate: resume as (effect: Effect.Effect<unknown, unknown>) => void })
    const blocked = enqueue(cell, message, delivery, ask, undefined)
    return Effect.sync(() => {
      cell.rare?.lanes?.blocked.delete(blocked)
      ask.cancel()
    })
  })

const enqueue = (cell: Cell, message: unknown, delivery: Delivery | undefined, ask: Ask, from: From): Blocked => {
  const blocked = { message, delivery, sentAt: cell.monotonicMillis, ask, from }
  lanesOf(cell).blocked.add(blocked)
  cell.flags |= mixed
  return blocked
}

/** Lets a request wait for room where the policy says so; one that would not be taken anyway does not wait. */
export const block = (
  cell: Cell,
  message: unknown,
  delivery: Delivery | undefined,
  ask: Ask,
  from: From
): Blocked | Refusal | undefined => {
  if (!isToWait(cell, delivery) || issueOf(cell, message) !== undefined) return undefined
  if (cell.system.gate?.admits(cell, message, from) !== false) return enqueue(cell, message, delivery, ask, from)
  cell.turns.offered++
  return reject(cell, message, from, "Refused")
}

/** Puts messages before those that wait, in their order. */
export const putFirst = (cell: Cell, envelopes: ReadonlyArray<Envelope>): void => {
  if (envelopes.length === 0) return
  lanesOf(cell).front.prepend(envelopes)
  cell.flags |= mixed
  measure(cell)
  schedule(cell)
}
