/**
 * What requesters and operators sign about a release: that it asks to run here,
 * that somebody looks at it, and what was decided.
 *
 * Each statement names the host by its key, so it holds on no other, and the
 * request by the digest of its text. A request has a nonce; what operators say
 * names the revision of the request that they saw, which moves with everything
 * that happens to it. So no statement counts twice.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CapabilityKind from "./CapabilityKind.ts"
import { ExpiryDate } from "./ExpiryDate.ts"
import { Digest, Time } from "./internal/statementField.ts"
import * as PublicKey from "./PublicKey.ts"
import { ResourceLimits } from "./ResourceLimits.ts"
import * as Statement from "./Statement.ts"

const Text = (most: number) => Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(most))
const Revision = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Nonce = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{22,64}$/))

/**
 * Schema of one capability that is asked for, with all of its patterns.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Wanted = Schema.Struct({
  kind: CapabilityKind.CapabilityKind,
  patterns: Schema.Array(Text(1024)).check(Schema.isMaxLength(256)),
  reason: Text(500),
  expires: Schema.optionalKey(ExpiryDate),
  audit: Schema.optionalKey(Schema.Literal("before-use"))
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Wanted extends Schema.Schema.Type<typeof Wanted> {}

/** A request is compared with others pattern by pattern. */
const mostPatterns = Schema.makeFilter((wants: ReadonlyArray<Wanted>) =>
  wants.reduce((sum, { patterns }) => sum + patterns.length, 0) <= 1024 || "at most 1,024 patterns in all"
)

/**
 * Schema of `Request`: at most 1,024 patterns in all.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Request = Schema.Struct({
  host: PublicKey.PublicKey,
  nonce: Nonce,
  component: Text(129),
  version: Text(128),
  artifact: Digest,
  manifest: Digest,
  capabilities: Digest,
  wants: Schema.Array(Wanted).check(Schema.isMaxLength(256), mostPatterns),
  limits: ResourceLimits,
  reason: Text(500),
  issued: Time,
  notAfter: Time
})

/**
 * That a release asks to run on a host with exactly these capabilities and limits.
 * `capabilities` is the digest of `wants`, as `CapabilitySet` gives it; times
 * are in milliseconds since the epoch.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request extends Schema.Schema.Type<typeof Request> {}

const about = { host: PublicKey.PublicKey, request: Digest, revision: Revision, issued: Time }

/**
 * Schema of `Claim`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Claim = Schema.Struct({ ...about, notAfter: Time })

/**
 * That an operator reviews a request until `notAfter`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Claim extends Schema.Schema.Type<typeof Claim> {}

/**
 * Schema of `Release`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Release = Schema.Struct(about)

/**
 * That an operator does not review a request any more.
 *
 * @category models
 * @since 0.1.0
 */
export interface Release extends Schema.Schema.Type<typeof Release> {}

/**
 * Schema of `Decision`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Decision = Schema.Struct({
  ...about,
  nonce: Nonce,
  artifact: Digest,
  capabilities: Digest,
  publisher: Schema.optionalKey(PublicKey.PublicKey),
  verdict: Schema.Literals(["approve", "deny"]),
  reason: Text(500),
  notAfter: Time
})

/**
 * What an operator decided. It repeats the nonce, the artifact and the
 * capabilities of the request, and the publisher that the host has found out,
 * so that who signs it has named them; an approval ends with `notAfter`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Decision extends Schema.Schema.Type<typeof Decision> {}

/**
 * Schema of `Revocation`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Revocation = Schema.Struct({ ...about, reason: Text(500) })

/**
 * That an approval holds no longer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Revocation extends Schema.Schema.Type<typeof Revocation> {}

/**
 * Schema of `Automatic`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Automatic = Schema.Struct({
  ...about,
  artifact: Digest,
  capabilities: Digest,
  kind: Schema.Literals(["AutoApproved", "DevBypassed"]),
  basis: Schema.optionalKey(Digest),
  because: Text(2000),
  level: Schema.Literals(["Trusted", "Unknown", "DevMode"]),
  publisher: Schema.optionalKey(PublicKey.PublicKey),
  notAfter: Time
})

/**
 * That the host itself lets a release pass, and why; signed by the key of the
 * host. `basis` is the request whose approval this one hangs on; `level` and
 * `publisher` are what the host had found out about the release.
 *
 * @category models
 * @since 0.1.0
 */
export interface Automatic extends Schema.Schema.Type<typeof Automatic> {}

/**
 * The kinds of statement, for `Statement.sign` and `Statement.open`.
 *
 * @category models
 * @since 0.1.0
 */
export const request: Statement.Statement<Request> = Statement.make("airssys/approval-request/2", Request)

/**
 * @category models
 * @since 0.1.0
 */
export const claim: Statement.Statement<Claim> = Statement.make("airssys/approval-claim/1", Claim)

/**
 * @category models
 * @since 0.1.0
 */
export const release: Statement.Statement<Release> = Statement.make("airssys/approval-release/1", Release)

/**
 * @category models
 * @since 0.1.0
 */
export const decision: Statement.Statement<Decision> = Statement.make("airssys/approval-decision/1", Decision)

/**
 * @category models
 * @since 0.1.0
 */
export const revocation: Statement.Statement<Revocation> = Statement.make("airssys/approval-revocation/1", Revocation)

/**
 * @category models
 * @since 0.1.0
 */
export const automatic: Statement.Statement<Automatic> = Statement.make("airssys/approval-automatic/1", Automatic)
