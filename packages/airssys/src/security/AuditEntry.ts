/**
 * Entries of an audit log, and the points of its chain.
 *
 * @since 0.1.0
 */
import type { AuditEvent } from "./AuditEvent.ts"

/**
 * One recorded event. `sequence` counts from 1 without gaps; `time` is in
 * milliseconds since the epoch and never decreases; `hash` is 64 lower-case hex
 * digits.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuditEntry {
  readonly sequence: number
  readonly time: number
  readonly event: AuditEvent
  readonly hash: string
}

/**
 * A point of the chain, to be kept away from the log. Sequence 0 is the empty
 * log.
 *
 * @category models
 * @since 0.1.0
 */
export interface Checkpoint {
  readonly sequence: number
  readonly hash: string
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Verified {
  readonly entries: number
  readonly head: Checkpoint
}
