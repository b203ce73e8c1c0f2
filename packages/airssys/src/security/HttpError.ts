/**
 * Why a request failed that was allowed.
 *
 * A message names the host as the principal knows it. Addresses, and what the
 * system or the other side said, are in `cause`: it is for operators and does
 * not go to guests.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "./SafeText.ts"

const sentences = {
  InvalidRequest: "the request is not one that can be sent",
  NotFound: "no address is known for this host",
  Unreachable: "no connection was made",
  Insecure: "the certificate or the encryption of the other side is refused",
  Timeout: "it took longer than the limit",
  TooLarge: "larger than the limit",
  Redirect: "the redirects are too many, lead where none is followed, or would repeat a body that is gone",
  Encoding: "the body is encoded in a way that is not read, or is broken",
  Closed: "the connection ended before the exchange did",
  Protocol: "the answer is not one of HTTP"
} as const

/**
 * @category models
 * @since 0.1.0
 */
export type Reason = keyof typeof sentences

/**
 * @category errors
 * @since 0.1.0
 */
export class HttpError extends Schema.TaggedError<HttpError>("airssys/security/HttpError")("HttpError", {
  /** `scheme://host[:port]` of the hop that failed. */
  resource: Schema.String,
  reason: Schema.Literals(Object.keys(sentences) as Array<Reason>),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${SafeText.escape(this.resource)}: ${sentences[this.reason]}`
  }
}
