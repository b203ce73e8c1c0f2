/**
 * What a component's manifest asks for: one capability block, with its place.
 *
 * Asking gives nothing. It bounds what a grant can give: a grant beyond the
 * asks of a component has no effect.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CapabilityKind from "./CapabilityKind.ts"
import { ExpiryDate } from "./ExpiryDate.ts"
import * as capabilityRule from "./internal/capabilityRule.ts"
import * as untrusted from "./internal/untrusted.ts"
import * as SafeText from "./SafeText.ts"

/**
 * Schema of where a manifest asks: the file as its reader knows it, and a line
 * counted from 1.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Place = Schema.Struct({
  file: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1024)),
  line: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Place extends Schema.Schema.Type<typeof Place> {}

/**
 * Schema of the shape of an ask; `fromUnknown` also checks the patterns
 * against the kind.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Ask = Schema.Struct({
  kind: CapabilityKind.CapabilityKind,
  patterns: capabilityRule.Patterns,
  reason: capabilityRule.Reason,
  expires: Schema.optionalKey(ExpiryDate),
  audit: Schema.optionalKey(Schema.Literal("before-use")),
  place: Place
})

/**
 * With `audit: "before-use"` each use is durable in the audit log before it
 * happens, also where the grant does not say so.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ask extends Schema.Schema.Type<typeof Ask> {}

/**
 * An ask that cannot be compiled.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidAsk extends Schema.TaggedError<InvalidAsk>("airssys/security/InvalidAsk")("InvalidAsk", {
  kind: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `ask for ${SafeText.escape(this.kind)}: ${SafeText.escapeLines(this.detail)}`
  }
}

const decode = untrusted.decoder(Ask)

/**
 * Decodes an ask from data and checks its patterns.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUnknown = (input: unknown): Result.Result<Ask, InvalidAsk> => {
  const decoded = decode(input)
  if (Result.isFailure(decoded)) {
    return Result.fail(new InvalidAsk({ kind: capabilityRule.kindOf(input), detail: decoded.failure }))
  }
  const compiled = capabilityRule.compile(decoded.success.kind, decoded.success.patterns)
  return Result.isFailure(compiled)
    ? Result.fail(new InvalidAsk({ kind: decoded.success.kind, detail: compiled.failure }))
    : Result.succeed(decoded.success)
}

/**
 * Makes an ask that is written in a program. Throws `InvalidAsk`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly kind: CapabilityKind.CapabilityKind
  readonly patterns?: ReadonlyArray<string> | undefined
  readonly reason: string
  readonly expires?: ExpiryDate | undefined
  /** Whether each use is to be durable in the audit log before it happens. */
  readonly audit?: "before-use" | undefined
  readonly place: Place
}): Ask =>
  Result.getOrThrowWith(
    fromUnknown({
      kind: options.kind,
      patterns: options.patterns ?? [],
      reason: options.reason,
      place: options.place,
      ...(options.expires === undefined ? undefined : { expires: options.expires }),
      ...(options.audit === undefined ? undefined : { audit: options.audit })
    }),
    (error) => error
  )
