/**
 * What an audit log records: every change of authority, every use and every
 * denial of a capability, and the edges of an actor's life.
 *
 * Events hold identifiers and decisions, never values that a capability
 * protects. Each text is bounded, so that an entry is.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CapabilityKind from "./CapabilityKind.ts"
import * as Explanation from "./Explanation.ts"
import * as Grant from "./Grant.ts"
import { Digest } from "./internal/statementField.ts"
import * as Principal from "./Principal.ts"
import * as Quota from "./Quota.ts"

const Text = Schema.String.check(Schema.isMaxLength(4096))
const Kind = CapabilityKind.CapabilityKind
/** How often the same use was made while its entry waited to be written; once if absent. */
const Count = Schema.optionalKey(Schema.Int)
const Hash = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

const Source = {
  digest: Schema.optionalKey(Digest),
  path: Schema.optionalKey(Text),
  git: Schema.optionalKey(
    Schema.Struct({ url: Text, ref: Schema.optionalKey(Text), commit: Schema.optionalKey(Text) })
  ),
  publisher: Schema.optionalKey(Text)
}

/**
 * The part of a principal that identifies it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Actor = Schema.Struct({ kind: Principal.Kind, id: Text })

/**
 * @category models
 * @since 0.1.0
 */
export interface Actor extends Schema.Schema.Type<typeof Actor> {}

/** For whom and in the course of what a capability was used. */
const Circumstances = {
  /** For whom the principal acted, where it did. */
  onBehalfOf: Schema.optionalKey(Schema.Array(Actor).check(Schema.isMaxLength(Principal.mostActingFor + 1))),
  /** Digest of the release that acted. */
  release: Schema.optionalKey(Digest),
  /** Id of the message in the course of which it was, of the first one where `count` is above 1. */
  correlation: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(256))),
  count: Count
}

/**
 * Schema of `AuditEvent`. `digest` is `sha256:` and 64 lower-case hex digits;
 * `grant` is the id of a grant within one run of an enforcer.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AuditEvent = Schema.TaggedUnion({
  /** A release was put into this host's store. */
  Installed: { component: Text, digest: Digest },
  /** Trust was given to a source: a digest, what lies below a path, or such a digest there, a repository, a publisher. */
  TrustGiven: {
    ...Source,
    namespaces: Schema.optionalKey(Schema.Array(Text)),
    expires: Schema.optionalKey(Text),
    reason: Text
  },
  /** Trust was taken from a source. */
  TrustRevoked: { ...Source, reason: Text },
  /** A publisher goes on with another key. `statement` is the digest of what both keys signed. */
  KeyRotated: { from: Text, to: Text, statement: Digest },
  /** Releases of a key that were first seen at this time, in milliseconds since the epoch, or later are not trusted. */
  KeyRevoked: { key: Text, compromised: Schema.Int, reason: Text },
  /** A release of a trusted publisher reached this host. `release` is the digest of its statement. */
  ReleaseSeen: { release: Digest, publisher: Text, component: Text },
  /** A version of a publisher's component started: lower ones are not trusted from then on. */
  VersionRaised: { publisher: Text, component: Text, version: Text, digest: Digest },
  /** An operator lets a lower version be trusted. */
  VersionLowered: { publisher: Text, component: Text, version: Text, reason: Text },
  /** The state of trust was stored. `state` is the digest of its text. */
  TrustStored: { generation: Schema.Int, state: Digest },
  /** A backup of the state of trust was restored. */
  TrustRestored: { generation: Schema.Int, reason: Text },
  /** A release was judged before it starts. */
  TrustDecided: {
    digest: Digest,
    path: Schema.optionalKey(Text),
    level: Schema.Literals(["Trusted", "Unknown", "DevMode"]),
    because: Text
  },
  /**
   * A request for approval moved from one state to another; `by` are the keys that signed what moved it. A revision
   * may be there twice, where one process stored it and another recorded it.
   */
  ApprovalChanged: {
    request: Digest,
    revision: Schema.Int,
    component: Text,
    version: Text,
    artifact: Digest,
    capabilities: Digest,
    from: Text,
    to: Text,
    by: Schema.Array(Text),
    because: Text
  },
  Granted: {
    principal: Actor,
    grant: Schema.Int,
    kind: Kind,
    patterns: Schema.Array(Text),
    reason: Text,
    expires: Schema.optionalKey(Text),
    source: Schema.optionalKey(Grant.Source)
  },
  /** A grant covers less than it did, from now on these patterns. */
  Narrowed: {
    principal: Actor,
    grant: Schema.Int,
    kind: Kind,
    patterns: Schema.Array(Text),
    reason: Text,
    expires: Schema.optionalKey(Text)
  },
  Revoked: { principal: Actor, grant: Schema.Int, kind: Kind, patterns: Schema.Array(Text), reason: Text },
  /** Limits were set for a component or a tenant. */
  QuotaSet: { subject: Quota.Subject, limits: Quota.Limits, reason: Text },
  /** A principal was forgotten with all its grants. */
  Dismissed: { principal: Actor },
  Started: { principal: Actor, digest: Schema.optionalKey(Digest) },
  Stopped: { principal: Actor, detail: Schema.optionalKey(Text) },
  Crashed: { principal: Actor, detail: Text },
  Restarted: { principal: Actor, attempt: Schema.Int },
  Killed: { principal: Actor, detail: Text },
  CapabilityUsed: {
    principal: Actor,
    kind: Kind,
    resource: Text,
    /** The deciding rule: the id of the grant and its pattern. */
    rule: Schema.Struct({ grant: Schema.Int, pattern: Text }),
    ...Circumstances
  },
  CapabilityDenied: {
    principal: Actor,
    kind: Kind,
    resource: Text,
    reason: Explanation.Reason,
    /** It was allowed all the same, because the principal is only observed. */
    isReported: Schema.optionalKey(Schema.Literal(true)),
    rule: Schema.optionalKey(Schema.Struct({ grant: Schema.Int, pattern: Text })),
    ...Circumstances
  },
  /** A policy was put over all grants, or taken away where none is named. */
  PolicySet: { policy: Schema.optionalKey(Text), reason: Text },
  /** A principal is observed until then, in milliseconds since the epoch: what would be denied is recorded. */
  Observed: { principal: Actor, until: Schema.Int, reason: Text },
  /** A principal is held to its grants again. */
  Enforced: { principal: Actor, reason: Text },
  /**
   * An instance called an imported function in the form that reaches nothing real: `import` is `interface#function`.
   * Recorded at the first call, and with the `count` of all further ones when the instance ends.
   */
  InertUsed: { principal: Actor, import: Text, ...Circumstances },
  /** Bytes of an unfinished batch were cut from the end of the log when it was opened. */
  TailCut: { bytes: Schema.Int },
  /** The entries up to `through`, which was of `time`, were given up; `root` is that of the tree of them. Written before they go. */
  Cut: { through: Schema.Int, root: Hash, time: Schema.Int },
  /** A principal wrote more than its quota: its uses are denied until `until`, in milliseconds since the epoch. */
  Suspended: { principal: Actor, until: Schema.Int },
  /** A principal that was suspended is heard again; `refused` of its uses were denied for it. */
  Resumed: { principal: Actor, refused: Schema.Int },
  /** A witness did not take a checkpoint of `size` entries. Recorded once until it takes one again. */
  WitnessFailed: { witness: Text, size: Schema.Int, detail: Text },
  /** The event under this sequence could not be written when it was to happen, and did not take effect. */
  Withdrawn: { event: Text }
})

/**
 * @category models
 * @since 0.1.0
 */
export type AuditEvent = typeof AuditEvent.Type

/**
 * @category models
 * @since 0.1.0
 */
export const actor = (principal: Principal.Principal): Actor => ({ kind: principal.kind, id: principal.id })
