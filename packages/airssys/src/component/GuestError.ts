/**
 * The errors of `airssys:core/types`, as guests give them and get them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "../security/SafeText.ts"

/**
 * Schema of `CoreError`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CoreError = Schema.Union([
  Schema.Struct({
    tag: Schema.Literals(["access-denied", "not-found", "timed-out", "exhausted", "unavailable"])
  }),
  Schema.Struct({ tag: Schema.Literals(["invalid-argument", "failed"]), val: Schema.String })
])

/**
 * A value of the variant `error`.
 *
 * @category models
 * @since 0.1.0
 */
export type CoreError = typeof CoreError.Type

/**
 * The answer of a guest that is an error: it handled the message and goes on.
 *
 * @category errors
 * @since 0.1.0
 */
export class GuestError extends Schema.TaggedError<GuestError>("airssys/component/GuestError")("GuestError", {
  /** `namespace:name`. */
  component: Schema.String,
  /** The export that gave it. */
  export: Schema.String,
  error: CoreError
}) {
  override get message(): string {
    return `${this.component} ${this.export}: ${format(this.error)}`
  }
}

/**
 * The most characters of the text of an error that a guest answers with: it is
 * copied into the memory of who asked.
 *
 * @category models
 * @since 0.1.0
 */
export const textLimit = 4096

/**
 * An error whose text is cut to `textLimit`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const bounded = (error: CoreError): CoreError =>
  "val" in error && error.val.length > textLimit
    ? { tag: error.tag, val: error.val.slice(0, textLimit).toWellFormed() }
    : error

const detailLimit = 512

/**
 * An error as a line of text, with what the guest says escaped and cut.
 *
 * @category combinators
 * @since 0.1.0
 */
export const format = (error: CoreError): string =>
  "val" in error ? `${error.tag} "${SafeText.escape(error.val, detailLimit)}"` : error.tag
