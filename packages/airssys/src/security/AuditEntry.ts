/**
 * Entries of an audit log, and what is proved of them.
 *
 * @since 0.1.0
 */
import type { AuditEvent } from "./AuditEvent.ts"
import type { Hash, TreeHead } from "./MerkleTree.ts"

/**
 * One recorded event. `sequence` counts from 1 without gaps; `time` is in
 * milliseconds since the epoch and never decreases; `hash` is that of the leaf
 * `sequence - 1` of the log's tree.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuditEntry {
  readonly sequence: number
  readonly time: number
  readonly event: AuditEvent
  readonly hash: Hash
}

/**
 * What verification of a log found. `first` is the sequence of the first entry
 * that is kept, `entries` how many are; `checked` is the size of the newest
 * checkpoint among those that were given which the log fits, else 0.
 *
 * @category models
 * @since 0.1.0
 */
export interface Verified {
  readonly first: number
  readonly entries: number
  readonly head: TreeHead
  readonly checked: number
}

/**
 * Shows that an entry is in the tree of `size` leaves. `text` is what was
 * hashed.
 *
 * @category models
 * @since 0.1.0
 */
export interface InclusionProof {
  readonly sequence: number
  readonly text: string
  readonly size: number
  readonly path: ReadonlyArray<Hash>
}

/**
 * Shows that the newer tree only appended to the older.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConsistencyProof {
  readonly older: number
  readonly newer: TreeHead
  readonly path: ReadonlyArray<Hash>
}
