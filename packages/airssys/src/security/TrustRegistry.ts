/**
 * How far the host trusts what it is about to run.
 *
 * A release is `Trusted` for its bytes, for the place it lies in, or for the
 * publisher who signed it, and `Unknown` otherwise. What speaks against it (a
 * revoked digest, a signature that does not fit, a revoked key, a version below
 * one that was here) is outvoted by nothing but trust in exactly its bytes.
 * `DevMode` replaces `Unknown` on a developer's machine: the layer must say so,
 * `NODE_ENV` must be `development` or `test`, and it ends by itself.
 *
 * When a release came is what this host saw, never what a statement says.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Signature from "effect/crypto/Signature"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { AuditError } from "./AuditError.ts"
import { AuditLog } from "./AuditLog.ts"
import type { ExpiryDate } from "./ExpiryDate.ts"
import * as trustChanges from "./internal/trustChanges.ts"
import { TrustCore } from "./internal/trustCore.ts"
import * as trustEvaluation from "./internal/trustEvaluation.ts"
import * as trustJournal from "./internal/trustJournal.ts"
import type { PublicKey } from "./PublicKey.ts"
import * as SafeText from "./SafeText.ts"
import type { Signed, StatementError } from "./Statement.ts"
import type { TrustRefused } from "./TrustRefused.ts"
import * as TrustSource from "./TrustSource.ts"
import { TrustStore } from "./TrustStore.ts"
import type { TrustStoreError } from "./TrustStoreError.ts"
import type { Candidate, Verdict } from "./TrustVerdict.ts"

/**
 * DevMode was asked for where `NODE_ENV` is neither `development` nor `test`.
 *
 * @category errors
 * @since 0.1.0
 */
export class DevModeRefused extends Schema.TaggedError<DevModeRefused>("airssys/security/DevModeRefused")(
  "DevModeRefused",
  { nodeEnv: Schema.String }
) {
  override get message(): string {
    return `DevMode is refused: NODE_ENV is "${SafeText.escape(this.nodeEnv)}" and has to be "development" or "test"`
  }
}

/**
 * @category errors
 * @since 0.1.0
 */
export type ChangeError = TrustSource.InvalidSource | AuditError | TrustStoreError

/**
 * Service that knows which bytes, places and publishers are trusted. Changes
 * are durable before they widen trust; what takes trust away holds at once.
 *
 * @category services
 * @since 0.1.0
 */
export class TrustRegistry extends Context.Service<TrustRegistry, {
  /** Judges a release, and records the verdict before it is returned; see `Candidate.isStarting`. */
  readonly evaluate: (release: Candidate) => Effect.Effect<Verdict, ChangeError>
  /**
   * Trusts a source, until the end of a day if one is named. A digest that was
   * revoked is trusted again; a key that was revoked or replaced never is. The
   * namespaces of a publisher that is trusted already are replaced.
   */
  readonly trust: (source: TrustSource.TrustSource, options: {
    readonly reason: string
    readonly expires?: ExpiryDate | undefined
  }) => Effect.Effect<void, ChangeError | TrustRefused>
  /** Takes trust from a source; from a digest for good and wherever it lies. */
  readonly revoke: (source: TrustSource.TrustSource, reason: string) => Effect.Effect<void, ChangeError>
  /**
   * Takes trust from all that a key signed and this host first saw at
   * `compromised` or later, by default from all. It never becomes less. Keys that
   * took its place at that time or later go with it: a thief may have named them.
   */
  readonly revokeKey: (key: PublicKey, options: {
    readonly compromised?: number | undefined
    readonly reason: string
  }) => Effect.Effect<void, ChangeError | TrustRefused>
  /**
   * Lets a publisher go on with another key: `KeyRotation.statement`, signed by
   * both. What the old key signed is trusted if this host saw it before.
   */
  readonly rotateKey: (rotation: Signed) => Effect.Effect<void, ChangeError | TrustRefused | StatementError>
  /** Lets a version of a component, `acme:rates`, be trusted that is lower than one that was here. */
  readonly allowDowngrade: (options: {
    readonly publisher: PublicKey
    readonly component: string
    readonly version: string
    readonly reason: string
  }) => Effect.Effect<void, ChangeError | TrustRefused>
  /** Trusts exactly these bytes. A revoked digest is trusted again. */
  readonly trustDigest: (digest: string, reason: string) => Effect.Effect<void, ChangeError>
  /** Trusts a file, or everything below a folder. */
  readonly trustPath: (path: string, reason: string) => Effect.Effect<void, ChangeError>
  /** Takes trust from a digest, for good and wherever it lies. */
  readonly revokeDigest: (digest: string, reason: string) => Effect.Effect<void, ChangeError>
  /** Takes trust from a path that was trusted. */
  readonly revokePath: (path: string, reason: string) => Effect.Effect<void, ChangeError>
  /** The sources that are trusted, in the order in which they were given. */
  readonly sources: Effect.Effect<ReadonlyArray<Declared>>
}>()("airssys/security/TrustRegistry") {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Lets unknown releases run as `DevMode`. Default false. */
  readonly devMode?: boolean | undefined
  /** How long DevMode lasts from the start on, default 8 hours, at most a day. */
  readonly devModeFor?: Duration.Input | undefined
  /**
   * What is trusted from the start on and not stored: it ends where it is not
   * declared any more. A digest or key that was revoked stays so.
   */
  readonly declared?: ReadonlyArray<Declared> | undefined
}

/**
 * A source, and why and until the end of which day it is trusted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declared {
  readonly source: TrustSource.TrustSource
  readonly reason: string
  readonly expires?: ExpiryDate | undefined
}

const longestDevMode = Duration.days(1)

/** Milliseconds that DevMode lasts; undefined where it was not asked for. */
const devModeFor = Effect.fnUntraced(function*(options: Options | undefined) {
  if (options?.devMode !== true) return undefined
  const nodeEnv = yield* Config.withDefault(Config.String("NODE_ENV"), "")
  if (nodeEnv !== "development" && nodeEnv !== "test") return yield* new DevModeRefused({ nodeEnv })
  const lasts = Duration.min(Duration.fromInputUnsafe(options.devModeFor ?? "8 hours"), longestDevMode)
  yield* Effect.logWarning(
    `DevMode is on for ${Duration.format(lasts)}: components that nobody trusts run as if they were trusted. ` +
      "Never use it where it matters."
  )
  return Duration.toMillis(lasts)
})

const make = <E, R>(options: Options | undefined, opening: Effect.Effect<trustJournal.Journal, E, R>) =>
  Effect.gen(function*() {
    const audit = yield* AuditLog
    const services = yield* Effect.context<Signature.Signature | Digest.Digest>()
    const lasts = yield* devModeFor(options)
    const core = new TrustCore(yield* opening, yield* Clock.Clock, audit.latestTimeUnsafe)
    yield* trustChanges.declare(core, options?.declared ?? [])
    const evaluate = trustEvaluation.make(core, audit, services, lasts === undefined ? 0 : core.now() + lasts)
    const trustPlace = (source: TrustSource.TrustSource, reason: string) =>
      Effect.catchTag(trustChanges.trust(core, source, { reason }), "TrustRefused", Effect.die)
    const revoke = (source: TrustSource.TrustSource, reason: string) => trustChanges.revoke(core, source, reason)
    return TrustRegistry.of({
      evaluate,
      trust: (source, options) => trustChanges.trust(core, source, options),
      revoke,
      revokeKey: (key, options) => trustChanges.revokeKey(core, key, options),
      rotateKey: (rotation) => trustChanges.rotateKey(core, rotation, services),
      allowDowngrade: (options) => trustChanges.allowDowngrade(core, options),
      trustDigest: (digest, reason) =>
        Effect.flatMap(Effect.fromResult(TrustSource.digest(digest)), (source) => trustPlace(source, reason)),
      trustPath: (path, reason) =>
        Effect.flatMap(Effect.fromResult(TrustSource.path(path)), (source) => trustPlace(source, reason)),
      revokeDigest: (digest, reason) =>
        Effect.flatMap(Effect.fromResult(TrustSource.digest(digest)), (source) => revoke(source, reason)),
      revokePath: (path, reason) =>
        Effect.flatMap(Effect.fromResult(TrustSource.path(path)), (source) => revoke(source, reason)),
      sources: Effect.sync(() => [...core.state.given.values()])
    })
  })

/**
 * Layer of a registry over a store. It fails where the store does not hold
 * what the audit log says was stored last: after damage, or after somebody put
 * an older state back. What the log says was taken away since is taken away.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<
  TrustRegistry,
  DevModeRefused | Config.ConfigError | ChangeError,
  AuditLog | TrustStore | Signature.Signature | Digest.Digest
> =>
  Layer.effect(
    TrustRegistry,
    make(
      options,
      Effect.gen(function*() {
        return yield* trustJournal.open(yield* AuditLog, yield* TrustStore)
      })
    )
  )

/**
 * Layer of a registry that trusts nothing at first and forgets when it ends.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (
  options?: Options
): Layer.Layer<
  TrustRegistry,
  DevModeRefused | Config.ConfigError | TrustSource.InvalidSource | AuditError,
  AuditLog
> =>
  Layer.effect(TrustRegistry, make(options, Effect.map(AuditLog, trustJournal.unstored))).pipe(
    Layer.provide([Signature.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto)), Digest.layerWebCrypto])
  )

/**
 * Makes a backup the state of trust, without what was taken away since: what
 * was revoked, replaced or left behind stays so, as far as the log or the
 * current state still says it. For an operator, while no host runs on the store.
 * `isComplete` is false where the log does not go back to the backup.
 *
 * @category combinators
 * @since 0.1.0
 */
export const restore = (backup: number, reason: string): Effect.Effect<
  { readonly generation: number; readonly isComplete: boolean },
  TrustStoreError | AuditError,
  AuditLog | TrustStore | Digest.Digest
> =>
  Effect.gen(function*() {
    return yield* trustJournal.recover(yield* AuditLog, yield* TrustStore, backup, reason)
  })
