/**
 * What can be wrong with an audit log.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The log is not what was written. `at` is the sequence of the first entry that
 * was altered, dropped or put elsewhere.
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
 * The log could not be read or written, or what is on disk is not its own.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuditError extends Schema.TaggedError<AuditError>("airssys/security/AuditError")("AuditError", {
  reason: Schema.Literals(["Unreadable", "Unwritable", "ForeignWriter", "Tampered", "Full", "Closed", "InvalidEvent"]),
  detail: Schema.String,
  cause: Schema.optional(Schema.Defect())
}) {
  override get message(): string {
    return `audit log: ${this.detail}`
  }
}
