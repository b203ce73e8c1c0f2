import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { AuditEvent } from "../AuditEvent.ts"
import * as chain from "./auditChain.ts"

/**
 * `count` is how often a use was repeated, itself included. `sharer` is the
 * principal in whose share it is, also when the event is withdrawn.
 */
export interface Pending {
  readonly sequence: number
  readonly time: number
  readonly sharer: string | undefined
  event: AuditEvent
  count: number
}

type Use = Extract<AuditEvent, { readonly _tag: "CapabilityUsed" | "CapabilityDenied" }>

const isUse = (event: AuditEvent): event is Use => event._tag === "CapabilityUsed" || event._tag === "CapabilityDenied"

/** Repeats have one key. The lengths before the free texts keep the keys of different uses apart. */
const keyOf = (event: Use): string =>
  `${event._tag}\n${event.kind}\n${event._tag === "CapabilityDenied" ? event.reason : ""}\n${
    event.rule?.grant ?? ""
  }\n${event.principal.kind}\n${event.principal.id.length}\n${event.rule?.pattern.length ?? 0}\n${event.principal.id}${
    event.rule?.pattern ?? ""
  }${event.resource}`

/** Entries kept free for changes of authority, so that a flood of uses cannot stop a revocation. */
const reserve = 64

/** Leaves the sequence taken, without a claim that the event took effect. */
export const withdraw = (entry: Pending): void => {
  entry.event = { _tag: "Withdrawn", event: entry.event._tag }
}

/** The text of an entry; one whose event does not fit its schema is withdrawn. */
export const encode = (entry: Pending): string => {
  const { event, sequence, time } = entry
  const text = chain.encodeBody({
    sequence,
    time,
    event: entry.count > 1 && isUse(event) ? { ...event, count: entry.count } : event
  })
  if (Exit.isSuccess(text)) return text.value
  withdraw(entry)
  return Exit.getSuccess(chain.encodeBody({ sequence, time, event: entry.event })).pipe(Option.getOrThrow)
}

/**
 * Events that wait to be written, in the order of their sequences, which are
 * given when an event is taken.
 *
 * `repeatable` holds uses that wait and are not being written: repeats of them
 * only count. `waitingOf` counts the uses that wait for each principal, which
 * has half of the capacity.
 */
export class AuditQueue {
  private readonly capacity: number
  private readonly share: number
  private pending: Array<Pending> = []
  private readonly repeatable = new Map<string, Pending>()
  private readonly waitingOf = new Map<string, number>()
  private sequence: number

  constructor(capacity: number, sequence: number) {
    this.capacity = capacity
    this.share = Math.max(1, Math.floor(capacity / 2))
    this.sequence = sequence
  }

  /** Sequence of the last event that was taken. */
  get last(): number {
    return this.sequence
  }

  get size(): number {
    return this.pending.length
  }

  get isFull(): boolean {
    return this.pending.length >= this.capacity + reserve
  }

  take(event: AuditEvent, time: number, sharer?: string): Pending {
    const entry: Pending = { sequence: ++this.sequence, time, sharer, event, count: 1 }
    this.pending.push(entry)
    return entry
  }

  /** Takes an event unless there is no room for its kind; a repeated use only counts. */
  offer(event: AuditEvent, now: () => number): Pending | undefined {
    if (!isUse(event)) return this.pending.length < this.capacity ? this.take(event, now()) : undefined
    const key = keyOf(event)
    const repeated = this.repeatable.get(key)
    if (repeated !== undefined) {
      repeated.count++
      return repeated
    }
    const sharer = event.principal.id
    if (this.pending.length >= this.capacity || !this.takeShare(sharer)) return undefined
    const entry = this.take(event, now(), sharer)
    this.repeatable.set(key, entry)
    return entry
  }

  /** From here on what waits is no longer counted up. */
  seal(): void {
    this.repeatable.clear()
  }

  /** The oldest that wait, which stay until they are dropped. */
  batch(size: number): ReadonlyArray<Pending> {
    this.seal()
    return this.pending.slice(0, size)
  }

  /** Forgets a batch that is durable. */
  drop(batch: ReadonlyArray<Pending>): void {
    this.pending = this.pending.slice(batch.length)
    for (const { sharer } of batch) if (sharer !== undefined) this.giveShare(sharer)
  }

  private takeShare(sharer: string): boolean {
    const count = this.waitingOf.get(sharer) ?? 0
    if (count >= this.share) return false
    this.waitingOf.set(sharer, count + 1)
    return true
  }

  private giveShare(sharer: string): void {
    const count = this.waitingOf.get(sharer) ?? 0
    if (count > 1) this.waitingOf.set(sharer, count - 1)
    else this.waitingOf.delete(sharer)
  }
}
