/**
 * Why the grants of a principal could not be changed.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Principal } from "./Principal.ts"
import * as SafeText from "./SafeText.ts"

/**
 * - `AlreadyAdmitted`: with other asks or grants.
 * - `NotAdmitted`: not at all, or not any more.
 * - `NoPrincipal`: it has no such kind, or no id or label of 1 to 256 characters.
 * - `TooManyGrants`: it holds 4,096 live grants.
 *
 * Nothing was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class AdmissionError extends Schema.TaggedError<AdmissionError>("airssys/security/AdmissionError")(
  "AdmissionError",
  { principal: Principal, reason: Schema.Literals(["AlreadyAdmitted", "NotAdmitted", "NoPrincipal", "TooManyGrants"]) }
) {
  override get message(): string {
    const id = SafeText.escape(this.principal.id)
    switch (this.reason) {
      case "AlreadyAdmitted":
        return `${id} is admitted already, with other asks or grants: dismiss it first, or grant and revoke`
      case "NotAdmitted":
        return `${id} is not admitted`
      case "NoPrincipal":
        return "what is to be admitted is no principal: make it with Principal.make"
      case "TooManyGrants":
        return `${id} holds as many grants as a principal may: revoke some`
    }
  }
}
