/**
 * Whether a release may run here, where operators approve releases.
 *
 * The host asks in the name of a key of its own, which no operator has. What
 * passes by itself is for `Approvals` to say; anything else waits. A decision of
 * an operator against a release is never asked about again.
 */
import * as Clock from "effect/Clock"
import type * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type * as Signature from "effect/crypto/Signature"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Approval from "../../security/Approval.ts"
import { NotApproved } from "../../security/ApprovalError.ts"
import { Approvals, type Judged } from "../../security/Approvals.ts"
import * as ApprovalStatement from "../../security/ApprovalStatement.ts"
import * as CapabilitySet from "../../security/CapabilitySet.ts"
import * as ResourceLimits from "../../security/ResourceLimits.ts"
import * as SigningKey from "../../security/SigningKey.ts"
import * as Statement from "../../security/Statement.ts"
import { ApprovalRequired, ApprovalUnknown } from "../ApprovalRequired.ts"
import type { Limits } from "../ComponentEngine.ts"
import type { Release } from "../Release.ts"

/** Other processes may use the store. */
const lookEvery = Duration.toMillis("1 minute")

const waitsFor = Duration.toMillis("30 days")

/** An operator's decision against a release stays, and what waits does so as long as the release is judged as it was. */
const isStanding = ({ level, publisher, state }: Approval.Approval, judged: Judged): boolean =>
  state._tag === "Denied" || state._tag === "Revoked" ||
  (state._tag === "Pending" || state._tag === "Reviewing") && level === judged.level && publisher === judged.publisher

const inNumbers = ({ fuel, memory, timeout }: Limits): ResourceLimits.ResourceLimits => ({
  memory,
  ...(fuel === undefined ? undefined : { fuel }),
  ...(timeout === undefined ? undefined : { timeout: Duration.toMillis(timeout) })
})

const limitsOf = ({ manifest }: Release): ResourceLimits.ResourceLimits => inNumbers(manifest.limits)

/** Whether an approval is needed at all for a release with the limits that it would run with. */
export const concerns = ({ manifest }: Release, limits: Limits): boolean =>
  manifest.asks.length > 0 || ResourceLimits.aboveUnasked(inNumbers(limits)).length > 0

/** What is wider than what was approved of it before, or than what passes without an approval. */
const widerOf = (release: Release, raised: ReadonlyArray<ResourceLimits.Raised>): ReadonlyArray<string> => {
  const beyond = raised.filter(({ from }) => from !== undefined)
  const isFirst = beyond.length === 0 && release.manifest.asks.length === 0
  return (isFirst ? ResourceLimits.aboveUnasked(limitsOf(release)) : beyond).map(ResourceLimits.render)
}

const isOf = ({ asked }: Approval.Approval, release: Release): boolean =>
  asked.component === release.id && asked.artifact === release.digest

const overAt = ({ state }: Approval.Approval): number => Approval.isApproving(state) ? state.notAfter : 0

const makeWith = Effect.fnUntraced(function*(approvals: Approvals["Service"]) {
  const random = yield* SecureRandom.SecureRandom
  const crypto = yield* Effect.context<Digest.Digest | Signature.Signature>()
  const requester = yield* Effect.cached(SigningKey.generate)

  const ask = Effect.fnUntraced(function*(release: Release, capabilities: string, judged: Judged) {
    const now = yield* Clock.currentTimeMillis
    const value: ApprovalStatement.Request = {
      host: approvals.host,
      nonce: Base64Url.encode(yield* random.randomBytes(24)),
      component: release.id,
      version: release.version,
      artifact: release.digest,
      manifest: yield* Statement.digest(release.manifestText),
      capabilities,
      wants: release.manifest.asks.map(({ audit, expires, kind, patterns, reason }) => ({
        kind,
        patterns,
        reason,
        ...(expires === undefined ? undefined : { expires }),
        ...(audit === undefined ? undefined : { audit })
      })),
      limits: limitsOf(release),
      reason: "The host was told to start it.",
      issued: now,
      notAfter: now + waitsFor
    }
    const signed = yield* Statement.sign(ApprovalStatement.request, value, [yield* requester])
    return yield* approvals.submit(signed, judged)
  })

  const required = (release: Release, asked: Approval.Approval) =>
    Effect.map(approvals.difference(asked), ({ limits, widened }) =>
      new ApprovalRequired({
        component: release.id,
        version: release.version,
        digest: release.digest,
        state: asked.state._tag,
        request: asked.id,
        limits: widerOf(release, limits),
        asks: widened.map(({ kind, pattern }) => pattern === "" ? kind : `${kind} ${pattern}`)
      }))

  const decide = Effect.fnUntraced(function*(release: Release) {
    const capabilities = yield* CapabilitySet.digest(release.manifest.asks)
    const { level, publisher, signers } = release.trust
    const judged: Judged = { level, publisher, signers }
    const manifest = yield* Statement.digest(release.manifestText)
    const wanted = {
      component: release.id,
      artifact: release.digest,
      manifest,
      capabilities,
      limits: limitsOf(release)
    }
    const found = yield* Effect.result(approvals.require(wanted, judged))
    if (Result.isSuccess(found)) return found.success
    const missing = found.failure
    if (!(missing instanceof NotApproved)) return yield* missing
    const latest = missing.request === undefined ? undefined : yield* approvals.get(missing.request)
    const asked = latest !== undefined && isStanding(latest, judged)
      ? latest
      : yield* ask(release, capabilities, judged)
    if (Approval.isApproving(asked.state)) return asked
    return yield* yield* required(release, asked)
  })

  const ensure = (release: Release): Effect.Effect<Approval.Approval, ApprovalRequired | ApprovalUnknown> =>
    decide(release).pipe(
      Effect.provide(crypto),
      Effect.mapError((error) =>
        error._tag === "ApprovalRequired"
          ? error
          : new ApprovalUnknown({ component: release.id, detail: error.message, cause: error })
      )
    )

  /**
   * Ends with why when a release that runs may not run any more. Looks again at
   * each change, after it listens. `judged` is the release as it is judged by then.
   */
  const watch = <E>(
    release: Release,
    judged: Effect.Effect<Release, E>
  ): Effect.Effect<ApprovalRequired | ApprovalUnknown | E> =>
    Effect.gen(function*() {
      const changed = Stream.runHead(Stream.filter(approvals.changes, (changed) => isOf(changed, release)))
      const over = Effect.gen(function*() {
        yield* Effect.yieldNow
        const again = yield* Effect.result(Effect.flatMap(judged, ensure))
        if (Result.isFailure(again)) return again.failure
        const left = overAt(again.success) - (yield* Clock.currentTimeMillis)
        yield* Effect.sleep(Math.min(lookEvery, Math.max(0, left)))
        return undefined
      })
      const ended = yield* Effect.raceFirst(Effect.as(changed, undefined), over)
      return ended ?? (yield* watch(release, judged))
    })

  return { ensure, watch }
})

/** Undefined where nobody approves releases. */
export const make = Effect.flatMap(
  Effect.serviceOption(Approvals),
  (approvals) => Option.isNone(approvals) ? Effect.succeed(undefined) : makeWith(approvals.value)
)
