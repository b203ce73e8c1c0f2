/**
 * Why an effect that needs a capability did not run, or was stopped.
 *
 * It is meant for the host's code and logs. What crosses to a guest is
 * `Explanation.guestMessage`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CapabilityKind from "./CapabilityKind.ts"
import * as Explanation from "./Explanation.ts"
import { Principal } from "./Principal.ts"
import * as SafeText from "./SafeText.ts"

const Refusal = { explanation: Explanation.Explanation, entry: Schema.optionalKey(Schema.Int) }

/**
 * - `Denied`: the check said no, and nothing ran.
 * - `Revoked`, `Expired`: what was in flight was stopped, because its authority
 *   was taken away or its time was over. What it had done so far is done.
 * - `PowerMissing`: it was allowed, but nobody registered a source for the
 *   capability, so there is no power to give.
 *
 * @category errors
 * @since 0.1.0
 */
export class CapabilityError extends Schema.TaggedError<CapabilityError>("airssys/security/CapabilityError")(
  "CapabilityError",
  {
    reason: Schema.TaggedUnion({
      Denied: Refusal,
      Revoked: Refusal,
      Expired: Refusal,
      PowerMissing: { principal: Principal, kind: CapabilityKind.CapabilityKind }
    })
  }
) {
  override get message(): string {
    switch (this.reason._tag) {
      case "Denied":
      case "Revoked":
      case "Expired":
        return Explanation.render(this.reason.explanation, { entry: this.reason.entry })
      case "PowerMissing":
        return `${SafeText.escape(this.reason.principal.label)}: ${this.reason.kind} is granted, but this host ` +
          "registers no source of its power: add one to Powers.layer"
    }
  }
}
