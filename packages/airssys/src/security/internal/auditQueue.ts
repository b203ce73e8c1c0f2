import type { AuditEvent } from "../AuditEvent.ts"
import { BatchBytes } from "./auditBatch.ts"
import { bodyText, eventText } from "./auditFormat.ts"
import { Pace } from "./auditPace.ts"
import type { Quota } from "./auditQuota.ts"
import { type Sharer, Sharers } from "./auditSharers.ts"
import { isUse, type Use, useText } from "./auditUse.ts"

/**
 * `bytes` is the length of its line, `count` how often a use was repeated,
 * itself included. `sharer` is the principal in whose share it is, also when the
 * event is withdrawn.
 */
export interface Pending {
  readonly sequence: number
  readonly time: number
  readonly sharer: Sharer | undefined
  bytes: number
  tag: AuditEvent["_tag"]
  text: string
  count: number
}

/** Entries in the order of their sequences, and their lines one behind the other. */
export interface Batch {
  readonly entries: ReadonlyArray<Pending>
  readonly lines: BatchBytes
}

/** Why an event was not taken. */
export type Refusal = "Full" | "Suspended" | "InvalidEvent"

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

/** Bytes that may wait in each place. */
const placeBytes = 2048

/** Memory that is kept for the next batch. */
const mostKept = 1_048_576

/** Leaves the sequence taken, without a claim that the event took effect. */
export const withdraw = (entry: Pending): void => {
  entry.text = `{"_tag":"Withdrawn","event":"${entry.tag}"}`
  entry.tag = "Withdrawn"
  entry.count = 1
}

export interface Limits {
  readonly capacity: number
  readonly quota: Quota
}

/**
 * Events that wait to be written, in the order of their sequences, which are
 * given when an event is taken.
 *
 * `lines` has the lines of those that were taken since the last batch was handed
 * out. Where that was dropped they are all that wait; where it failed, or where
 * one was counted up, they are printed again.
 */
export class AuditQueue {
  private readonly capacity: number
  private readonly pace: Pace
  private readonly sharers: Sharers
  private pending: Array<Pending> = []
  private bytes = 0
  private lines = new BatchBytes()
  private spare: BatchBytes | undefined
  private isCountedUp = false
  private seals = 0
  private sequence: number

  constructor(limits: Limits, sequence: number) {
    this.capacity = limits.capacity
    this.pace = new Pace(limits.capacity)
    this.sharers = new Sharers(limits.quota)
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
  take(event: AuditEvent, text: string, time: number): Pending {
    return this.keep(event, text, time, this.draft(text, time))
  }

  /** Takes an event unless there is no room for its kind; a repeated use only counts. */
  offer(event: AuditEvent, time: number): Pending | Refusal {
    if (isUse(event)) return this.offerUse(event, time)
    if (this.pending.length >= this.capacity) return "Full"
    const text = eventText(event)
    return text === undefined ? "InvalidEvent" : this.take(event, text, time)
  }

  private draft(text: string, time: number): number {
    return this.lines.draft(bodyText(this.sequence + 1, time, text, 1))
  }

  private keep(event: AuditEvent, text: string, time: number, bytes: number, sharer?: Sharer): Pending {
    this.lines.keep()
    const entry: Pending = { sequence: ++this.sequence, time, sharer, bytes, tag: event._tag, text, count: 1 }
    this.pending.push(entry)
    this.bytes += bytes
    return entry
  }

  private offerUse(event: Use, time: number): Pending | Refusal {
    const sharer = this.sharers.of(event.principal, time)
    if (sharer === undefined) return "InvalidEvent"
    if (sharer.allowance.refuse(time)) return "Suspended"
    const repeated = sharer.repeated(event, this.seals)
    if (repeated !== undefined) {
      repeated.count++
      this.isCountedUp = true
      return repeated
    }
    const text = useText(event, sharer.actor)
    if (text === undefined) return "InvalidEvent"
    if (!this.hasRoom(sharer)) return "Full"
    const bytes = this.pay(event, sharer, text, time)
    if (bytes === undefined) return "Suspended"
    const entry = this.keep(event, text, time, bytes, sharer)
    sharer.add(entry, event)
    return entry
  }

  /** Drafts a use and takes its bytes from the allowance of its principal; reports when that changes its standing. */
  private pay({ principal }: Use, { allowance }: Sharer, text: string, time: number): number | undefined {
    const refused = allowance.release(time)
    if (refused !== undefined) this.report({ _tag: "Resumed", principal, refused }, time)
    const bytes = this.draft(text, time)
    const until = allowance.take(bytes, time)
    if (until === undefined) return bytes
    this.report({ _tag: "Suspended", principal, until }, time)
    return undefined
  }

  /** Two of them for each time that a principal fills half of its burst: they are few and need no room of their own. */
  private report(event: AuditEvent, time: number): void {
    const text = eventText(event)
    if (text !== undefined) this.take(event, text, time)
  }

  /** A principal may have as many places as are left free, so one that floods has half, and leaves as much to the others. */
  private hasRoom({ bytes, count }: Sharer): boolean {
    const places = Math.min(this.pace.places, this.capacity - this.pending.length)
    const room = Math.min(this.pace.places * placeBytes, this.capacity * placeBytes - this.bytes)
    return count < places && bytes < room
  }

  /** Until when the principal of a use is suspended; undefined if it is not, or the event is no use. */
  suspended(event: AuditEvent, time: number): number | undefined {
    return isUse(event) ? this.sharers.find(event.principal)?.allowance.suspended(time) : undefined
  }

  /** From here on what waits is no longer counted up. */
  seal(): void {
    this.seals++
  }

  /** All that wait, which stay until they are dropped: what is taken together is written together. */
  batch(): Batch {
    this.seal()
    const entries = this.pending.slice()
    const isPrinted = this.lines.count === entries.length && !this.isCountedUp
    const lines = isPrinted ? this.lines : this.printed(entries)
    this.isCountedUp = false
    this.lines = this.spare ?? new BatchBytes()
    this.spare = undefined
    return { entries, lines }
  }

  private printed(entries: ReadonlyArray<Pending>): BatchBytes {
    const lines = this.lines
    lines.clear()
    for (const entry of entries) {
      const { bytes, count, sequence, sharer, text, time } = entry
      entry.bytes = lines.draft(bodyText(sequence, time, text, count))
      this.bytes += entry.bytes - bytes
      if (sharer !== undefined) sharer.bytes += entry.bytes - bytes
      lines.keep()
    }
    return lines
  }

  /** Forgets a batch that was written in so many milliseconds and is durable. */
  drop({ entries, lines }: Batch, time: number, millis: number): void {
    this.pending = this.pending.slice(entries.length)
    for (const entry of entries) {
      this.bytes -= entry.bytes
      entry.sharer?.drop(entry)
    }
    this.pace.wrote(Math.max(entries.length, Math.ceil(lines.length / placeBytes)), millis)
    if (lines.length <= mostKept) {
      lines.clear()
      this.spare = lines
    }
    this.sharers.sweep(time)
  }
}
