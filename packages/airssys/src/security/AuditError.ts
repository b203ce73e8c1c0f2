/**
 * What can be wrong with an audit log.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The log is not what was written. `at` is the sequence of the first entry that
 * was altered, dropped or put elsewhere, as closely as it can be known.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChainBroken extends Schema.TaggedError<ChainBroken>("airssys/security/ChainBroken")("ChainBroken", {
  at: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    return `audit log fails at entry ${this.at}: ${this.detail}`
  }
}

/**
 * - `Unreadable`, `Unwritable`: the store failed.
 * - `InUse`: another process has the store open.
 * - `ForeignWriter`: somebody else wrote to the store, or moved it away.
 * - `Tampered`: what is stored does not verify.
 * - `RolledBack`: a witness knows a later state of the log.
 * - `Full`: too much waits to be written.
 * - `Suspended`: the principal of the use wrote more than its quota.
 * - `Closed`: the log has ended.
 * - `InvalidEvent`, `InvalidOptions`, `InvalidCursor`: it cannot be taken.
 * - `Missing`: no such entry is kept.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Reason = Schema.Literals([
  "Unreadable",
  "Unwritable",
  "InUse",
  "ForeignWriter",
  "Tampered",
  "RolledBack",
  "Full",
  "Suspended",
  "Closed",
  "InvalidEvent",
  "InvalidOptions",
  "InvalidCursor",
  "Missing"
])

/**
 * The log could not be read or written, or what is stored is not its own.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuditError extends Schema.TaggedError<AuditError>("airssys/security/AuditError")("AuditError", {
  reason: Reason,
  detail: Schema.String,
  cause: Schema.optional(Schema.Defect())
}) {
  override get message(): string {
    return `audit log: ${this.detail}`
  }
}

/**
 * Makes an error of a store, to be used as `mapError(AuditError.failed(...))`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const failed = (reason: AuditError["reason"], detail: string) => (cause: unknown): AuditError =>
  new AuditError({ reason, detail, cause })
