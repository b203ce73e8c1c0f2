/**
 * Why a request for approval was not taken, and why a release has none.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "./SafeText.ts"

/**
 * A request that was not taken.
 *
 * - `WrongHost`: it is for another host.
 * - `Over`: it is past its time, or lasts longer than the host allows.
 * - `WrongDigest`: its digest is not of what it asks for.
 * - `InvalidPattern`: it asks for what is no pattern.
 * - `Replayed`: another request had its nonce.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestRefused extends Schema.TaggedError<RequestRefused>("airssys/security/ApprovalError/RequestRefused")(
  "RequestRefused",
  {
    reason: Schema.Literals(["WrongHost", "Over", "WrongDigest", "InvalidPattern", "Replayed"]),
    detail: Schema.String
  }
) {
  override get message(): string {
    return `request for approval: ${SafeText.escape(this.detail)}`
  }
}

/**
 * A release has no approval that holds. `approval` is the latest request for
 * it, if there is one.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotApproved extends Schema.TaggedError<NotApproved>("airssys/security/ApprovalError/NotApproved")(
  "NotApproved",
  {
    component: Schema.String,
    artifact: Schema.String,
    state: Schema.String,
    request: Schema.optionalKey(Schema.String)
  }
) {
  override get message(): string {
    const name = `${SafeText.escape(this.component)} (${this.artifact})`
    return this.request === undefined
      ? `${name} is not approved: nobody asked for it`
      : `${name} is not approved: request ${this.request} is ${this.state}`
  }
}

/**
 * No request has this id.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownRequest extends Schema.TaggedError<UnknownRequest>("airssys/security/ApprovalError/UnknownRequest")(
  "UnknownRequest",
  { request: Schema.String }
) {
  override get message(): string {
    return `no request ${SafeText.escape(this.request, 80)} is known here`
  }
}

/**
 * Options that nobody could be held to.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>("airssys/security/ApprovalError/InvalidOptions")(
  "InvalidOptions",
  { detail: Schema.String }
) {
  override get message(): string {
    return `approvals: ${this.detail}`
  }
}
