/**
 * A change of trust that makes no sense, or none any more.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "./SafeText.ts"

/**
 * A change of trust that was refused; nothing was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class TrustRefused extends Schema.TaggedError<TrustRefused>("airssys/security/TrustRefused")(
  "TrustRefused",
  {
    reason: Schema.Literals(["KeyRevoked", "KeyReplaced", "KeyUnknown", "KeyKnown", "OutOfTime", "NotLower"]),
    detail: Schema.String
  }
) {
  override get message(): string {
    return SafeText.escape(this.detail)
  }
}
