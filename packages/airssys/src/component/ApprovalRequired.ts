/**
 * A release may not run until an operator has approved it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "../security/SafeText.ts"

/**
 * Nobody has approved a release with what it asks for, or what was approved
 * holds no longer. `state` is that of the newest request for it; `asks` is what
 * it asks for beyond what is approved of its publisher, the greatest risk first,
 * and `limits` what of its limits is wider than that.
 *
 * @category errors
 * @since 0.1.0
 */
export class ApprovalRequired extends Schema.TaggedError<ApprovalRequired>("airssys/component/ApprovalRequired")(
  "ApprovalRequired",
  {
    component: Schema.String,
    version: Schema.String,
    /** Of the artifact. */
    digest: Schema.String,
    state: Schema.String,
    request: Schema.optionalKey(Schema.String),
    asks: Schema.Array(Schema.String),
    limits: Schema.Array(Schema.String)
  }
) {
  override get message(): string {
    const asked = this.asks.length === 0 ? "" : ` It asks for ${this.asks.map((_) => SafeText.escape(_)).join(", ")}.`
    const limits = this.limits.length === 0 ? "" : ` Its limits are wider: ${this.limits.join("; ")}.`
    const name = `${this.component} ${this.version} (${this.digest})`
    const shown = this.request === undefined ? "the request" : `request ${this.request}`
    return isRefused.has(this.state)
      ? `${name} is not approved: an operator's decision is ${this.state} (${shown}). Nothing was started.`
      : `${name} needs the approval of an operator; ${shown} is ${this.state}.${asked}${limits} Operators of this host decide it with \`airssys approve\`. Nothing was started.`
  }
}

const isRefused: ReadonlySet<string> = new Set(["Denied", "Revoked"])

/**
 * Whether a release is approved could not be found out, so it does not run.
 *
 * @category errors
 * @since 0.1.0
 */
export class ApprovalUnknown extends Schema.TaggedError<ApprovalUnknown>("airssys/component/ApprovalUnknown")(
  "ApprovalUnknown",
  { component: Schema.String, detail: Schema.String, cause: Schema.Defect() }
) {
  override get message(): string {
    return `${this.component}: whether it is approved cannot be found out: ${SafeText.escape(this.detail)}`
  }
}
