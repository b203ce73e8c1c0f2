/**
 * Why a grant could not be narrowed or delegated.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Principal } from "./Principal.ts"
import * as SafeText from "./SafeText.ts"

/**
 * - `NotHeld`: the principal has no live grant of this id.
 * - `Wider`: the patterns, or the end, go beyond what it gives the principal.
 * - `TooDeep`: it was delegated eight times already.
 *
 * Nothing was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class GrantError extends Schema.TaggedError<GrantError>("airssys/security/GrantError")("GrantError", {
  principal: Principal,
  grant: Schema.Int,
  reason: Schema.Literals(["NotHeld", "Wider", "TooDeep"]),
  detail: Schema.String
}) {
  override get message(): string {
    return `grant ${this.grant} of ${SafeText.escape(this.principal.id)}: ${SafeText.escape(this.detail, 2048)}`
  }
}
