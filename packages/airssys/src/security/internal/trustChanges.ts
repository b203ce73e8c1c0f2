import type * as Context from "effect/Context"
import type * as Digest from "effect/crypto/Digest"
import type * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as SemVer from "effect/SemVer"
import type { AuditError } from "../AuditError.ts"
import type { ExpiryDate } from "../ExpiryDate.ts"
import * as KeyRotation from "../KeyRotation.ts"
import type { PublicKey } from "../PublicKey.ts"
import * as Statement from "../Statement.ts"
import { TrustRefused } from "../TrustRefused.ts"
import * as TrustSource from "../TrustSource.ts"
import type { TrustStoreError } from "../TrustStoreError.ts"
import type { Step, TrustCore } from "./trustCore.ts"
import * as trustEvents from "./trustEvents.ts"
import { markKey, publisherOf, revocationOf, type State } from "./trustState.ts"
import { compare } from "./trustVerdict.ts"

type Services = Context.Context<Signature.Signature | Digest.Digest>

const refuse = (reason: TrustRefused["reason"], detail: string) => Effect.fail(new TrustRefused({ reason, detail }))

/** A key that may sign for its owner at this moment. */
const live = (state: State, key: PublicKey): Effect.Effect<void, TrustRefused> =>
  revocationOf(state, key) !== undefined
    ? refuse("KeyRevoked", `${key}, or one that it follows, was revoked, for good`)
    : state.keys.get(key)?.retired !== undefined
    ? refuse("KeyReplaced", `${key} was replaced by another key`)
    : Effect.void

/** A source, and why and until when it is trusted. */
export interface Declared {
  readonly source: TrustSource.TrustSource
  readonly reason: string
  readonly expires?: ExpiryDate | undefined
}

const giving = ({ expires, reason, source }: Declared, isDeclared: boolean): Step => {
  const until = expires === undefined ? undefined : { expires }
  return {
    changes: [{ _tag: "Give", given: { source, reason, ...until, ...(isDeclared ? { isDeclared } : undefined) } }],
    events: [{
      _tag: "TrustGiven",
      ...trustEvents.shown(source),
      ...(source._tag === "Publisher" ? { namespaces: source.namespaces } : undefined),
      ...until,
      reason
    }]
  }
}

/** Gives what is declared, except for what was revoked: that is said, and stays revoked. */
export const declare = (core: TrustCore, declared: ReadonlyArray<Declared>) =>
  core.declare((state) =>
    Effect.gen(function*() {
      const steps: Array<Step> = []
      for (const entry of declared) {
        const source = yield* TrustSource.decode(entry.source)
        const refusal = source._tag === "Publisher"
          ? yield* Effect.match(live(state, source.key), { onFailure: (_) => _.message, onSuccess: () => undefined })
          : source._tag === "Digest" && state.revokedDigests.has(source.digest)
          ? `${source.digest} was revoked`
          : undefined
        if (refusal === undefined) steps.push(giving({ ...entry, source }, true))
        else yield* Effect.logWarning(`Trust is declared and not given: ${refusal}`)
      }
      return { changes: steps.flatMap((_) => _.changes), events: steps.flatMap((_) => _.events) }
    })
  )

export const trust = (
  core: TrustCore,
  input: TrustSource.TrustSource,
  options: { readonly reason: string; readonly expires?: ExpiryDate | undefined }
) =>
  Effect.flatMap(TrustSource.decode(input), (source) =>
    core.change((state) =>
      Effect.gen(function*() {
        if (source._tag === "Publisher") yield* live(state, source.key)
        return giving({ source, ...options }, false)
      })
    ))

export const revoke = (core: TrustCore, input: TrustSource.TrustSource, reason: string) =>
  Effect.flatMap(TrustSource.decode(input), (source) =>
    core.takeAway(
      { _tag: "Take", source, reason },
      { _tag: "TrustRevoked", ...trustEvents.shown(source), reason }
    ))

export const revokeKey = (
  core: TrustCore,
  key: PublicKey,
  { compromised = 0, reason }: { readonly compromised?: number | undefined; readonly reason: string }
) =>
  Effect.suspend((): Effect.Effect<void, AuditError | TrustStoreError | TrustRefused> =>
    Number.isSafeInteger(compromised) && compromised >= 0 && compromised <= core.now()
      ? core.takeAway(
        { _tag: "RevokeKey", key, compromised, reason },
        { _tag: "KeyRevoked", key, compromised, reason }
      )
      : refuse("OutOfTime", "a key was compromised at a time that has passed, in whole milliseconds")
  )

export const rotateKey = (core: TrustCore, signed: Statement.Signed, services: Services) =>
  Effect.gen(function*() {
    const { from, issued, notAfter, to } = yield* KeyRotation.open(signed)
    const statement = yield* Statement.digest(signed.text)
    yield* core.change((state, now) =>
      Effect.gen(function*() {
        if (now < issued || now >= notAfter) return yield* refuse("OutOfTime", "the rotation is not valid at this time")
        yield* live(state, from)
        if (!state.given.has(publisherOf(state, from)) || !state.keys.has(from)) {
          return yield* refuse("KeyUnknown", `${from} is not trusted, so nobody follows it`)
        }
        if (state.keys.has(to) || state.revokedKeys.has(to)) {
          return yield* refuse("KeyKnown", `${to} is known here already`)
        }
        const step: Step = {
          changes: [{ _tag: "Rotate", from, to }],
          events: [{ _tag: "KeyRotated", from, to, statement }]
        }
        return step
      })
    )
  }).pipe(Effect.provide(services))

export interface Downgrade {
  readonly publisher: PublicKey
  readonly component: string
  readonly version: string
  readonly reason: string
}

export const allowDowngrade = (core: TrustCore, { component, publisher: key, reason, version }: Downgrade) =>
  core.change((state) =>
    Effect.suspend(() => {
      const publisher = publisherOf(state, key)
      const mark = state.marks.get(markKey(publisher, component))
      if (mark === undefined || Result.isFailure(SemVer.parse(version)) || compare(version, mark.version) >= 0) {
        return refuse("NotLower", `no version above ${version} of ${component} was here from this publisher`)
      }
      return Effect.succeed<Step>({
        changes: [{ _tag: "Lower", mark: { publisher, component, version } }],
        events: [{ _tag: "VersionLowered", publisher, component, version, reason }]
      })
    })
  )
