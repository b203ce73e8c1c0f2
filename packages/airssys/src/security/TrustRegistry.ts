/**
 * How far the host trusts what it is about to run.
 *
 * A release is `Trusted` by the digest of its bytes or by the folder it lies
 * in, and `Unknown` otherwise. A revoked digest is never trusted, wherever it
 * lies. `DevMode` replaces `Unknown` on a developer's machine: the layer must
 * say so and `NODE_ENV` must be `development` or `test`.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { AuditError } from "./AuditError.ts"
import type { AuditEvent } from "./AuditEvent.ts"
import { AuditLog } from "./AuditLog.ts"
import * as trustPath from "./internal/trustPath.ts"
import * as SafeText from "./SafeText.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Level = "Trusted" | "Unknown" | "DevMode"

/**
 * A level and the rule that gave it, for an operator to read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Verdict {
  readonly level: Level
  readonly because: string
}

/**
 * Schema of a digest: `sha256:` and 64 lower-case hex digits.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Digest = Schema.String.check(Schema.isPattern(/^sha256:[0-9a-f]{64}$/))

const isDigest: (u: unknown) => boolean = Schema.is(Digest)

/**
 * A digest or path that no trust can be tied to. A path has to be absolute,
 * below the root and without `..`, because what `..` leads to depends on links.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidSource extends Schema.TaggedError<InvalidSource>("airssys/security/InvalidSource")(
  "InvalidSource",
  { source: Schema.String, detail: Schema.String }
) {
  override get message(): string {
    return `trust in ${SafeText.escape(this.source)}: ${this.detail}`
  }
}

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
 * Service that knows which digests and folders are trusted. Changes are durable
 * in the audit log before they widen trust; a revocation takes hold at once.
 *
 * @category services
 * @since 0.1.0
 */
export class TrustRegistry extends Context.Service<TrustRegistry, {
  /** Judges a release, and records the verdict before it is returned. */
  readonly evaluate: (release: {
    readonly digest: string
    /** Where the bytes were read from, if that was a file. */
    readonly path?: string | undefined
  }) => Effect.Effect<Verdict, InvalidSource | AuditError>
  /** Trusts exactly these bytes. A revoked digest is trusted again. */
  readonly trustDigest: (digest: string, reason: string) => Effect.Effect<void, InvalidSource | AuditError>
  /** Trusts a file, or everything below a folder. */
  readonly trustPath: (path: string, reason: string) => Effect.Effect<void, InvalidSource | AuditError>
  /** Takes trust from a digest, for good and wherever it lies. */
  readonly revokeDigest: (digest: string, reason: string) => Effect.Effect<void, InvalidSource | AuditError>
  /** Takes trust from a path that was trusted. */
  readonly revokePath: (path: string, reason: string) => Effect.Effect<void, InvalidSource | AuditError>
}>()("airssys/security/TrustRegistry") {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Lets unknown releases run as `DevMode`. Default false. */
  readonly devMode?: boolean | undefined
}

const digestOf = (digest: string): Effect.Effect<string, InvalidSource> =>
  isDigest(digest)
    ? Effect.succeed(digest)
    : Effect.fail(
      new InvalidSource({ source: digest.slice(0, 128), detail: "a digest is sha256: and 64 lower-case hex digits" })
    )

const pathOf = (path: string): Effect.Effect<string, InvalidSource> => {
  const normal = trustPath.normalize(path)
  return normal === undefined
    ? Effect.fail(
      new InvalidSource({
        source: path.slice(0, 128),
        detail: "a path has to be absolute, below the root and without .. segments"
      })
    )
    : Effect.succeed(normal)
}

const refuseDevMode = Effect.gen(function*() {
  const nodeEnv = yield* Config.withDefault(Config.String("NODE_ENV"), "")
  if (nodeEnv !== "development" && nodeEnv !== "test") return yield* new DevModeRefused({ nodeEnv })
  yield* Effect.logWarning(
    "DevMode is on: components that nobody trusts run as if they were trusted. Never use it where it matters."
  )
})

const make = Effect.fnUntraced(function*(options: Options | undefined) {
  const isDevMode = options?.devMode === true
  if (isDevMode) yield* refuseDevMode
  const audit = yield* AuditLog
  const changing = Semaphore.makeUnsafe(1)
  const digests = new Map<string, string>()
  const paths = new Map<string, string>()
  const revoked = new Map<string, string>()

  const change = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    changing.withPermit(Effect.uninterruptible(effect))

  /** Takes hold before the permit is free, and again for what a change in flight added meanwhile. */
  const takeAway = (apply: () => void, event: AuditEvent): Effect.Effect<void, AuditError> =>
    Effect.uninterruptible(Effect.suspend(() => {
      apply()
      return changing.withPermit(Effect.suspend(() => {
        apply()
        return Effect.asVoid(audit.append(event))
      }))
    }))

  const judge = (digest: string, path: string | undefined): Verdict => {
    const revocation = revoked.get(digest)
    if (revocation !== undefined) return { level: "Unknown", because: `this digest was revoked: ${revocation}` }
    const byDigest = digests.get(digest)
    if (byDigest !== undefined) return { level: "Trusted", because: `this digest is trusted: ${byDigest}` }
    const above = path === undefined ? undefined : trustPath.ancestors(path).find((_) => paths.has(_))
    if (above !== undefined) {
      return { level: "Trusted", because: `${above} is trusted: ${paths.get(above) ?? ""}` }
    }
    return isDevMode
      ? { level: "DevMode", because: "nobody trusts this digest or path, and DevMode is on" }
      : { level: "Unknown", because: "nobody trusts this digest or path" }
  }

  return TrustRegistry.of({
    evaluate: Effect.fnUntraced(function*(release) {
      const digest = yield* digestOf(release.digest)
      const path = release.path === undefined ? undefined : yield* pathOf(release.path)
      const verdict = judge(digest, path)
      yield* audit.append({
        _tag: "TrustDecided",
        digest,
        level: verdict.level,
        because: verdict.because,
        ...(path === undefined ? undefined : { path })
      })
      return verdict
    }),
    trustDigest: Effect.fnUntraced(function*(input, reason) {
      const digest = yield* digestOf(input)
      yield* audit.append({ _tag: "TrustGiven", digest, reason })
      revoked.delete(digest)
      digests.set(digest, reason)
    }, change),
    trustPath: Effect.fnUntraced(function*(input, reason) {
      const path = yield* pathOf(input)
      yield* audit.append({ _tag: "TrustGiven", path, reason })
      paths.set(path, reason)
    }, change),
    revokeDigest: Effect.fnUntraced(function*(input, reason) {
      const digest = yield* digestOf(input)
      yield* takeAway(() => {
        digests.delete(digest)
        revoked.set(digest, reason)
      }, { _tag: "TrustRevoked", digest, reason })
    }),
    revokePath: Effect.fnUntraced(function*(input, reason) {
      const path = yield* pathOf(input)
      yield* takeAway(() => paths.delete(path), { _tag: "TrustRevoked", path, reason })
    })
  })
})

/**
 * Layer of a registry that trusts nothing at first and forgets when it ends.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (
  options?: Options
): Layer.Layer<TrustRegistry, DevModeRefused | Config.ConfigError, AuditLog> =>
  Layer.effect(TrustRegistry, make(options))
