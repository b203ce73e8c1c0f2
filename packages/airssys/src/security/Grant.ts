/**
 * A capability given to a principal: a kind, the resources it holds for, the
 * reason it was given, where it comes from, and when it is over.
 *
 * A grant is plain data. It has no effect until an enforcer admits it, and for
 * a component none beyond what the component asks for.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CapabilityKind from "./CapabilityKind.ts"
import { Expiry } from "./ExpiryDate.ts"
import * as capabilityRule from "./internal/capabilityRule.ts"
import * as untrusted from "./internal/untrusted.ts"
import { Kind } from "./Principal.ts"
import * as SafeText from "./SafeText.ts"

const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256))

/**
 * Schema of where a grant comes from: an operator, an approval of a release,
 * or another principal that holds `grant` and passed some of it on. The last
 * one is made by `CapabilityEnforcer.delegate` alone.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Source = Schema.TaggedUnion({
  Operator: { id: Id },
  Approval: { id: Id },
  Delegation: { by: Schema.Struct({ kind: Kind, id: Id }), grant: Schema.Int }
})

/**
 * @category models
 * @since 0.1.0
 */
export type Source = typeof Source.Type

/**
 * Schema of the shape of a grant: at most 256 patterns of 1,024 characters.
 * `decode` also checks the patterns against the kind.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Grant = Schema.Struct({
  kind: CapabilityKind.CapabilityKind,
  patterns: capabilityRule.Patterns,
  reason: capabilityRule.Reason,
  expires: Schema.optionalKey(Expiry),
  source: Schema.optionalKey(Source),
  audit: Schema.optionalKey(Schema.Literal("before-use"))
})

/**
 * `patterns` is empty for a kind without resources, such as `clock`. With
 * `audit: "before-use"` each use is durable in the audit log before it happens,
 * and functions that cannot wait for that are denied.
 *
 * @category models
 * @since 0.1.0
 */
export interface Grant extends Schema.Schema.Type<typeof Grant> {}

/**
 * A grant as an enforcer holds it. `state` says nothing about expiry; `parent`
 * is the id of the grant that it was delegated from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Held {
  readonly id: number
  readonly grant: Grant
  readonly state: "Live" | "Revoked"
  readonly parent?: number | undefined
}

/**
 * A grant that says nothing an enforcer could hold to: an unknown kind, a
 * pattern its kind does not take, no resource, no reason, or no date of the
 * calendar.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidGrant extends Schema.TaggedError<InvalidGrant>("airssys/security/InvalidGrant")("InvalidGrant", {
  kind: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `grant of ${SafeText.escape(this.kind)}: ${SafeText.escapeLines(this.detail)}`
  }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly reason: string
  /** Last valid day in UTC, `2027-03-31`, or the instant at which it is over, `2027-03-31T12:00:00Z`. */
  readonly expires?: Expiry | undefined
  readonly source?: Source | undefined
  /** Whether each use is durable in the audit log before it happens. */
  readonly audit?: "before-use" | undefined
}

const check = (grant: Grant): Result.Result<Grant, InvalidGrant> => {
  const compiled = capabilityRule.compile(grant.kind, grant.patterns)
  return Result.isFailure(compiled)
    ? Result.fail(new InvalidGrant({ kind: grant.kind, detail: compiled.failure }))
    : Result.succeed(grant)
}

const decodeShape = untrusted.decoder(Grant)

/**
 * Decodes a grant from data and checks its patterns.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUnknown = (input: unknown): Result.Result<Grant, InvalidGrant> => {
  const decoded = decodeShape(input)
  return Result.isFailure(decoded)
    ? Result.fail(new InvalidGrant({ kind: capabilityRule.kindOf(input), detail: decoded.failure }))
    : check(decoded.success)
}

/**
 * Decodes a grant from data and checks its patterns, as an effect.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = (input: unknown): Effect.Effect<Grant, InvalidGrant> =>
  Effect.suspend(() => Effect.fromResult(fromUnknown(input)))

/**
 * Makes a grant that is written in a program. `patterns` is left out for the
 * kinds without resources. Throws `InvalidGrant`; use `decode` for data.
 *
 * ```ts
 * import { Grant } from "airssys/security"
 *
 * const grant = Grant.make("environment", ["STRIPE_KEY"], { reason: "Charge cards.", expires: "2027-03-31" })
 * grant.patterns // => ["STRIPE_KEY"]
 * Grant.make("clock", { reason: "Date the rates." }).patterns // => []
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: {
  (kind: CapabilityKind.CapabilityKind, options: Options): Grant
  (kind: CapabilityKind.CapabilityKind, patterns: ReadonlyArray<string>, options: Options): Grant
} = (kind: CapabilityKind.CapabilityKind, ...rest: [Options] | [ReadonlyArray<string>, Options]): Grant => {
  const [patterns, options] = rest.length === 1 ? [[], rest[0]] : rest
  return Result.getOrThrowWith(
    fromUnknown({
      kind,
      patterns,
      reason: options.reason,
      ...(options.expires === undefined ? undefined : { expires: options.expires }),
      ...(options.source === undefined ? undefined : { source: options.source }),
      ...(options.audit === undefined ? undefined : { audit: options.audit })
    }),
    (error) => error
  )
}

/**
 * @category guards
 * @since 0.1.0
 */
export const isGrant: (u: unknown) => u is Grant = untrusted.guard(Grant)
