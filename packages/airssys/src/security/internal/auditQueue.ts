import type { AuditEvent } from "../AuditEvent.ts"
import { bodyText, eventText } from "./auditFormat.ts"
import { AuditQuota, type Quota } from "./auditQuota.ts"
import { inMessage, isUse, type Use, useText } from "./auditUse.ts"

/**
 * `count` is how often a use was repeated, itself included. `sharer` is the
 * principal in whose share it is, also when the event is withdrawn.
 */
export interface Pending {
  readonly sequence: number
  readonly time: number
  readonly sharer: string | undefined
  readonly bytes: number
  tag: AuditEvent["_tag"]
  text: string
  count: number
}

/** Why an event was not taken. */
export type Refusal = "Full" | "Suspended" | "InvalidEvent"

const sharerOf = ({ principal }: Use): string => `${principal.kind}\n${principal.id}`

/** What takes authority away, or says that somebody has none: never kept out by what gives it. */
const narrowing: ReadonlySet<AuditEvent["_tag"]> = new Set([
  "Revoked",
  "Enforced",
  "Narrowed",
  "TrustRevoked",
  "KeyRevoked",
  "Dismissed",
  "Killed",
  "Stopped"
])

/** Entries kept free for changes of authority, so that a flood of uses cannot stop them. */
const reserve = 64

/** Entries kept free beyond that for revocations and their like. */
const lastReserve = 64

/** Bytes that may wait for each entry that may. */
const bytesPerEntry = 2048

/** What the frame of an entry in its line takes, at most. */
const frameBytes = 160

const largestBatch = { entries: 1024, bytes: 4_194_304 }

const encoder = new TextEncoder()

const scratch = new Uint8Array(262_144)

const sizeOf = (text: string): number => {
  const { read, written } = encoder.encodeInto(text, scratch)
  return frameBytes + written + 3 * (text.length - read)
}

/** Leaves the sequence taken, without a claim that the event took effect. */
export const withdraw = (entry: Pending): void => {
  entry.text = `{"_tag":"Withdrawn","event":"${entry.tag}"}`
  entry.tag = "Withdrawn"
  entry.count = 1
}

export const textOf = ({ count, sequence, text, time }: Pending): string => bodyText(sequence, time, text, count)

export interface Limits {
  readonly capacity: number
  readonly quota: Quota
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
  private readonly quota: AuditQuota
  private pending: Array<Pending> = []
  private bytes = 0
  private readonly repeatable = new Map<string, Pending>()
  private readonly waitingOf = new Map<string, { count: number; bytes: number }>()
  private sequence: number

  constructor(limits: Limits, sequence: number) {
    this.capacity = limits.capacity
    this.share = Math.max(1, Math.floor(limits.capacity / 2))
    this.quota = new AuditQuota(limits.quota)
    this.sequence = sequence
  }

  /** Sequence of the last event that was taken. */
  get last(): number {
    return this.sequence
  }

  get size(): number {
    return this.pending.length
  }

  /** Time of the oldest event that waits; undefined if none does. */
  get oldest(): number | undefined {
    return this.pending[0]?.time
  }

  isFullFor(events: ReadonlyArray<AuditEvent>): boolean {
    const isLast = events.every((event) => narrowing.has(event._tag))
    return this.pending.length >= this.capacity + reserve + (isLast ? lastReserve : 0)
  }

  /** Takes an event whose text is known, whatever waits. */
  take(event: AuditEvent, text: string, time: number, sharer?: string): Pending {
    const bytes = sizeOf(text)
    const entry: Pending = { sequence: ++this.sequence, time, sharer, bytes, tag: event._tag, text, count: 1 }
    this.pending.push(entry)
    this.bytes += bytes
    return entry
  }

  /** Takes an event unless there is no room for its kind; a repeated use only counts. */
  offer(event: AuditEvent, time: number): Pending | Refusal {
    if (isUse(event)) return this.offerUse(event, time)
    if (this.pending.length >= this.capacity) return "Full"
    const text = eventText(event)
    return text === undefined ? "InvalidEvent" : this.take(event, text, time)
  }

  private offerUse(event: Use, time: number): Pending | Refusal {
    const sharer = sharerOf(event)
    if (this.quota.refuse(sharer, time)) return "Suspended"
    const key = useText(event)
    if (key === undefined) return "InvalidEvent"
    const repeated = this.repeatable.get(key)
    if (repeated !== undefined) {
      repeated.count++
      return repeated
    }
    const text = inMessage(key, event)
    if (!this.hasRoom(sharer)) return "Full"
    if (!this.pay(event, sharer, sizeOf(text), time)) return "Suspended"
    const entry = this.take(event, text, time, sharer)
    const waiting = this.waitingOf.get(sharer) ?? { count: 0, bytes: 0 }
    this.waitingOf.set(sharer, waiting)
    waiting.count++
    waiting.bytes += entry.bytes
    this.repeatable.set(key, entry)
    return entry
  }

  /** Takes the bytes of an entry from the quota of its principal, and reports when that changes its standing. */
  private pay({ principal }: Use, sharer: string, bytes: number, time: number): boolean {
    const refused = this.quota.release(sharer, time)
    if (refused !== undefined) this.report({ _tag: "Resumed", principal, refused }, time)
    const until = this.quota.take(sharer, bytes, time)
    if (until !== undefined) this.report({ _tag: "Suspended", principal, until }, time)
    return until === undefined
  }

  /** Two of them for each time that a principal fills half of its burst: they are few and need no room of their own. */
  private report(event: AuditEvent, time: number): void {
    const text = eventText(event)
    if (text !== undefined) this.take(event, text, time)
  }

  private hasRoom(sharer: string): boolean {
    const waiting = this.waitingOf.get(sharer)
    return this.pending.length < this.capacity && this.bytes < this.capacity * bytesPerEntry &&
      (waiting === undefined || (waiting.count < this.share && waiting.bytes < this.share * bytesPerEntry))
  }

  /** Until when the principal of a use is suspended; undefined if it is not, or the event is no use. */
  suspended(event: AuditEvent, time: number): number | undefined {
    return isUse(event) ? this.quota.suspended(sharerOf(event), time) : undefined
  }

  /** From here on what waits is no longer counted up. */
  seal(): void {
    this.repeatable.clear()
  }

  /** The oldest that wait, which stay until they are dropped. */
  batch(): ReadonlyArray<Pending> {
    this.seal()
    let bytes = 0
    let size = 0
    for (const entry of this.pending) {
      bytes += entry.bytes
      if (size === largestBatch.entries || (size > 0 && bytes > largestBatch.bytes)) break
      size++
    }
    return this.pending.slice(0, size)
  }

  /** Forgets a batch that is durable. */
  drop(batch: ReadonlyArray<Pending>, time: number): void {
    this.pending = this.pending.slice(batch.length)
    for (const { bytes, sharer } of batch) {
      this.bytes -= bytes
      if (sharer !== undefined) this.giveShare(sharer, bytes)
    }
    this.quota.sweep(time)
  }

  private giveShare(sharer: string, bytes: number): void {
    const waiting = this.waitingOf.get(sharer)
    if (waiting === undefined) return
    waiting.count--
    waiting.bytes -= bytes
    if (waiting.count === 0) this.waitingOf.delete(sharer)
  }
}
