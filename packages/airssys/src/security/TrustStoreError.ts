/**
 * What can be wrong with the state of trust.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The state of trust cannot be read or written, or is not what this host
 * stored last. Nothing is trusted then; `remedy` says how to go on.
 *
 * @category errors
 * @since 0.1.0
 */
export class TrustStoreError extends Schema.TaggedError<TrustStoreError>("airssys/security/TrustStoreError")(
  "TrustStoreError",
  {
    reason: Schema.Literals(["Unreadable", "Unwritable", "Corrupted", "RolledBack", "Missing", "Full", "NoBackup"]),
    detail: Schema.String,
    remedy: Schema.String,
    cause: Schema.optional(Schema.Defect())
  }
) {
  override get message(): string {
    return `state of trust: ${this.detail}. ${this.remedy}`
  }
}
