import type { AuditEvent } from "../AuditEvent.ts"
import { BatchBytes } from "./auditBatch.ts"
import { bodyText, eventText } from "./auditFormat.ts"
import { Pace } from "./auditPace.ts"
import { Pending, PendingUse } from "./auditPending.ts"
import type { Quota } from "./auditQuota.ts"
import { Repeats } from "./auditRepeats.ts"
import { type Sharer, Sharers } from "./auditSharers.ts"
import { type Frame, isUse, type Use } from "./auditUse.ts"

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
 * one was counted up, all are copied.
 */
export class AuditQueue {
  private readonly capacity: number
  private readonly pace: Pace
  private readonly sharers: Sharers
  private readonly repeats: Repeats
  private pending: Array<Pending> = []
  private bytes = 0
  private lines = new BatchBytes()
  private spare: BatchBytes | undefined
  private isCountedUp = false
  private sequence: number

  /** `seed` is known to nobody. */
  constructor(limits: Limits, sequence: number, seed: number) {
    this.capacity = limits.capacity
    this.pace = new Pace(limits.capacity)
    this.sharers = new Sharers(limits.quota)
    this.repeats = new Repeats(seed)
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
    const bytes = this.lines.draft(bodyText(this.sequence + 1, time, text))
    return this.keep(new Pending({ sequence: ++this.sequence, time, tag: event._tag, lines: this.lines, bytes }))
  }

  /** Takes an event unless there is no room for its kind; a repeated use only counts. */
  offer(event: AuditEvent, time: number): Pending | Refusal {
    if (isUse(event)) return this.offerUse(event, time)
    if (this.pending.length >= this.capacity) return "Full"
    const text = eventText(event)
    return text === undefined ? "InvalidEvent" : this.take(event, text, time)
  }

  private keep<A extends Pending>(entry: A): A {
    this.pending.push(entry)
    this.bytes += entry.bytes
    return entry
  }

  private offerUse(event: Use, time: number): Pending | Refusal {
    const sharer = this.sharers.of(event.principal, time)
    if (sharer === undefined) return "InvalidEvent"
    if (sharer.allowance.refuse(time)) return "Suspended"
    const frame = sharer.frames.of(event)
    if (frame === undefined) return "InvalidEvent"
    const key = this.repeats.keyOf(event)
    const repeated = this.repeats.find(key, event, sharer)
    if (repeated !== undefined) {
      repeated.count++
      this.isCountedUp = true
      return repeated
    }
    if (!this.hasRoom(sharer)) return "Full"
    const bytes = this.pay(event, sharer, frame, time)
    if (bytes === undefined) return "Suspended"
    const { _tag: tag, resource } = event
    const draft = { sequence: ++this.sequence, time, tag, lines: this.lines, bytes }
    const entry = this.keep(new PendingUse(draft, { sharer, resource, frame, key }))
    sharer.add(entry)
    this.repeats.add(entry)
    return entry
  }

  /** Drafts a use and takes its bytes from the allowance of its principal; reports when that changes its standing. */
  private pay(event: Use, { allowance }: Sharer, frame: Frame, time: number): number | undefined {
    const { principal } = event
    const refused = allowance.release(time)
    if (refused !== undefined) this.report({ _tag: "Resumed", principal, refused }, time)
    const bytes = this.lines.draftUse(this.sequence + 1, time, frame, event)
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
    this.repeats.clear()
  }

  /** All that wait, which stay until they are dropped: what is taken together is written together. */
  batch(): Batch {
    this.seal()
    const entries = this.pending.slice()
    const { lines, spare } = this
    const next = spare ?? new BatchBytes()
    this.spare = undefined
    if (lines.count === entries.length && !this.isCountedUp) {
      this.lines = next
      return { entries, lines }
    }
    this.isCountedUp = false
    for (const entry of entries) this.copy(entry, next)
    lines.clear()
    return { entries, lines: next }
  }

  private copy(entry: Pending, lines: BatchBytes): void {
    const { count, printed, sequence, tag, time } = entry
    const bytes = entry.isWithdrawn
      ? lines.draft(bodyText(sequence, time, `{"_tag":"Withdrawn","event":"${tag}"}`))
      : lines.draftCopy(entry.lines, entry.from, entry.bytes, count > printed ? count : undefined)
    this.bytes += bytes - entry.bytes
    if (entry instanceof PendingUse) entry.sharer.bytes += bytes - entry.bytes
    entry.lines = lines
    entry.from = lines.keep()
    entry.bytes = bytes
    entry.printed = count
  }

  /** Forgets a batch that was written in so many milliseconds and is durable. */
  drop({ entries, lines }: Batch, time: number, millis: number): void {
    this.pending = this.pending.slice(entries.length)
    for (const entry of entries) {
      this.bytes -= entry.bytes
      if (entry instanceof PendingUse) entry.sharer.drop(entry)
    }
    this.pace.wrote(Math.max(entries.length, Math.ceil(lines.length / placeBytes)), millis)
    if (lines.length <= mostKept) {
      lines.clear()
      this.spare = lines
    }
    this.sharers.sweep(time)
  }
}
