/**
 * Approval of releases by operators: what an unknown component asks for waits
 * here until somebody with the right key has said yes.
 *
 * An approval is for one artifact with one manifest, and so with exactly one set
 * of capabilities and of limits, on one host. A later release passes by itself only where the same publisher's key
 * signed it and all that it asks for is within what was approved. Every step is
 * durable in the store, and what lets a release run counts only when it is in
 * the audit log as well. What is taken back counts at once.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Digest from "effect/crypto/Digest"
import type * as Signature from "effect/crypto/Signature"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as Approval from "./Approval.ts"
import { type InvalidOptions, NotApproved, RequestRefused } from "./ApprovalError.ts"
import type { ApprovalQueue, Failure } from "./ApprovalQueue.ts"
import { approvers } from "./ApprovalReport.ts"
import * as ApprovalStatement from "./ApprovalStatement.ts"
import { ApprovalStore, type ApprovalStoreError } from "./ApprovalStore.ts"
import { AuditLog } from "./AuditLog.ts"
import * as approvalEvent from "./internal/approvalEvent.ts"
import * as approvalRelease from "./internal/approvalRelease.ts"
import * as approvalRequest from "./internal/approvalRequest.ts"
import * as approvalSteps from "./internal/approvalSteps.ts"
import * as steadyTime from "./internal/steadyTime.ts"
import type { PublicKey } from "./PublicKey.ts"
import type { ResourceLimits } from "./ResourceLimits.ts"
import * as SafeText from "./SafeText.ts"
import type { SigningKey } from "./SigningKey.ts"
import * as Statement from "./Statement.ts"
import type { Level } from "./TrustVerdict.ts"

/**
 * What the host itself found out about a release: how far it trusts it, the key
 * of its publisher if nothing speaks against the signature, and all keys that
 * signed it or are of somebody who did. `Verdict` has the same.
 *
 * @category models
 * @since 0.1.0
 */
export interface Judged {
  readonly level: Level
  readonly publisher?: PublicKey | undefined
  readonly signers?: ReadonlyArray<PublicKey> | undefined
}

/**
 * A release by what is approved of it. `manifest` is the digest of the text of its
 * manifest, `capabilities` that of all that it asks for, as `CapabilitySet.digest`
 * gives it; `limits` are those of the manifest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Release {
  readonly component: string
  readonly artifact: string
  readonly manifest: string
  readonly capabilities: string
  readonly limits: ResourceLimits
}

/**
 * Service that takes requests, and what operators say about them.
 *
 * @category services
 * @since 0.1.0
 */
export class Approvals extends Context.Service<
  Approvals,
  ApprovalQueue & {
    /**
     * Takes a signed `ApprovalStatement.request`. It is durable when this
     * returns, and passes at once where the rules of this host let it; the same
     * request again gives what became of it.
     */
    readonly submit: (
      request: Statement.Signed,
      judged: Judged
    ) => Effect.Effect<Approval.Approval, Failure | RequestRefused>
    /**
     * The approval that lets a release run. Its signatures are verified again,
     * and one that the host gave by itself holds only while the host still judges
     * the release as it did.
     */
    readonly require: (
      release: Release,
      judged: Judged
    ) => Effect.Effect<Approval.Approval, Failure | NotApproved>
    /**
     * Each request that came to another state, here or where another process
     * shares the store, as it is then, from when this is run. Who reads slowly
     * misses the oldest of more than 256.
     */
    readonly changes: Stream.Stream<Approval.Approval>
  }
>()("airssys/security/Approvals") {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The key of this host, whose public key is its id. */
  readonly hostKey: SigningKey
  /** The keys of operators. What a key approved that is not among them counts no longer. */
  readonly operators: ReadonlyArray<PublicKey>
  /** How many operators have to approve, from 1 to the number of operators. Default 1. */
  readonly quorum?: number | undefined
  /** Whether what is `Trusted` passes by itself. Default true. */
  readonly passTrusted?: boolean | undefined
  /** How long what passes by itself is approved. Default 365 days, and 1 day in DevMode. */
  readonly lifetime?: Duration.Input | undefined
  /** The longest time that a request may wait. Default 90 days. */
  readonly longestRequest?: Duration.Input | undefined
}

const day = Duration.toMillis("1 day")

const make = Effect.fnUntraced(function*(options: Options) {
  const rules = yield* Effect.fromResult(approvalRequest.rules({ ...options, host: options.hostKey.publicKey }))
  const store = yield* ApprovalStore
  const audit = yield* AuditLog
  const changes = yield* PubSub.sliding<Approval.Approval>(256)
  const crypto = yield* Effect.context<Signature.Signature | Digest.Digest>()
  const now = steadyTime.make(yield* Clock.Clock, audit.latestTimeUnsafe)
  const lifetime = Duration.toMillis(options.lifetime ?? 365 * day)
  const longestRequest = Duration.toMillis(options.longestRequest ?? 90 * day)

  /**
   * Brings into the audit log what a process that stopped meanwhile had only
   * stored. What was replaced in the store meanwhile stays as one that does not count.
   */
  const record = Effect.fnUntraced(function*(approval: Approval.Approval, from: string) {
    if (approval.isRecorded) return approval
    yield* audit.append(approvalEvent.make(approval, from))
    return { ...approval, isRecorded: yield* store.recorded(approval.id, approval.revision) }
  })

  const told = (approval: Approval.Approval) => PubSub.publish(changes, approval)
  const steps = yield* approvalSteps.make({ rules, store, now, record, told })
  const { approvalsOf, found, inTurn, isApproved, shared, standing, take } = steps

  /** Records what other processes stored, and tells of it first. */
  const catchUp = inTurn(Effect.gen(function*() {
    const stored = (yield* approvalsOf({ isRecorded: false })).filter(({ asked }) => asked.host === rules.host)
    yield* Effect.forEach(stored, told, { discard: true })
    for (const approval of stored) yield* record(approval, "unknown")
  })).pipe(
    Effect.catch((error) => Effect.logError(`what other processes say of requests is not recorded: ${error.message}`)),
    Effect.uninterruptible
  )
  yield* Effect.forkScoped(Stream.runForEach(store.changes, () => catchUp))

  /** Whether an operator has denied an artifact or taken an approval of it back. */
  const isRefused = (artifact: string): Effect.Effect<boolean, ApprovalStoreError> =>
    Effect.map(
      store.list({ artifact, states: ["Denied", "Revoked"], limit: 1 }),
      ({ approvals }) => approvals.length > 0
    )

  /** Why a request passes without an operator; undefined where it does not. */
  const reasonToPass = Effect.fnUntraced(function*(asking: Approval.Approval) {
    const { asked, level } = asking
    if (yield* isRefused(asked.artifact)) return undefined
    if (level === "DevMode") return { because: "DevMode is on", until: now() + Math.min(day, lifetime) }
    if (level === "Trusted" && options.passTrusted !== false) {
      return { because: "its source is trusted", until: now() + lifetime }
    }
    const { component } = asked
    const known = yield* approvalsOf({ component, states: [...approvalSteps.approving, "Denied", "Revoked"] })
    const approved = yield* standing(
      { component, states: ["Approved"] },
      (approved) => Effect.succeed(approvalRelease.isUpgrade(approved, asking, known))
    )
    return approved?.state._tag !== "Approved" ? undefined : {
      because: `it asks for nothing beyond ${approved.asked.version}, which is approved as ${approved.id}`,
      basis: approved.id,
      until: Math.min(now() + lifetime, approved.state.notAfter)
    }
  })

  const pass = Effect.fnUntraced(function*(approval: Approval.Approval, reason: {
    readonly because: string
    readonly basis?: string
    readonly until: number
  }) {
    const isDev = approval.level === "DevMode"
    const value: ApprovalStatement.Automatic = {
      host: rules.host,
      request: approval.id,
      revision: approval.revision,
      issued: now(),
      artifact: approval.asked.artifact,
      capabilities: approval.asked.capabilities,
      kind: isDev ? "DevBypassed" : "AutoApproved",
      because: reason.because,
      level: approval.level,
      notAfter: reason.until,
      ...(approval.publisher === undefined ? undefined : { publisher: approval.publisher }),
      ...(reason.basis === undefined ? undefined : { basis: reason.basis })
    }
    if (isDev) {
      yield* Effect.logWarning(
        `${
          SafeText.escape(approval.asked.component)
        } runs without approval, because DevMode is on. Never use it where it matters.`
      )
    }
    const signed = yield* Effect.provide(Statement.sign(ApprovalStatement.automatic, value, [options.hostKey]), crypto)
    return yield* take(approval.id, { _tag: "Passed", value, signed, signers: [rules.host] })
  })

  const submit: Approvals["Service"]["submit"] = (signed, judged) =>
    Effect.uninterruptible(inTurn(Effect.gen(function*() {
      const opened = yield* Statement.open(ApprovalStatement.request, signed).pipe(Effect.provide(crypto))
      yield* approvalRequest.check(opened.value, { host: rules.host, now: now(), longestRequest }).pipe(
        Effect.provide(crypto)
      )
      const made: Approval.Approval = {
        id: yield* Statement.digest(signed.text).pipe(Effect.provide(crypto)),
        request: signed,
        asked: opened.value,
        requesters: opened.signers,
        level: judged.level,
        revision: 0,
        isRecorded: false,
        state: { _tag: "Pending" },
        ...(judged.publisher === undefined ? undefined : { publisher: judged.publisher }),
        ...(judged.signers === undefined ? undefined : { signers: judged.signers })
      }
      if (!(yield* store.insert(made))) {
        return yield* Effect.catchTag(
          found(made.id),
          "UnknownRequest",
          () =>
            Effect.fail(new RequestRefused({ reason: "Replayed", detail: "another request had its nonce: ask anew" }))
        )
      }
      const pending = yield* record(made, "none")
      const because = yield* reasonToPass(pending)
      if (because === undefined) {
        return pending
      }
      return yield* Effect.catchTags(pass(pending, because), {
        ApprovalRefused: () => Effect.orElseSucceed(found(pending.id), () => pending),
        UnknownRequest: () => Effect.succeed(pending)
      })
    })))

  /**
   * What the host gave by itself hangs on what it judged and lets pass, on the
   * approval that it was derived from, and on that no operator refused the artifact;
   * what operators gave, on that none of them turns out to have signed the release.
   */
  const stillHolds = Effect.fnUntraced(function*(approval: Approval.Approval, judged: Judged) {
    const { asked, state } = approval
    if (state._tag !== "AutoApproved" && state._tag !== "DevBypassed") {
      return !approvers(approval).some((key) => judged.signers?.includes(key) === true)
    }
    const decoded = Statement.decode(ApprovalStatement.automatic, state.automatic.text)
    if (Result.isFailure(decoded)) return false
    const { basis, kind, level, publisher } = decoded.success
    if (level !== judged.level || publisher !== judged.publisher || (yield* isRefused(asked.artifact))) return false
    if (basis === undefined) return kind === "DevBypassed" || options.passTrusted !== false
    return yield* isApproved(basis)
  })

  const require: Approvals["Service"]["require"] = Effect.fnUntraced(function*(release, judged) {
    const { artifact, component } = release
    const isIt = (approval: Approval.Approval) => approvalRelease.isFor(approval, release)
    const approved = yield* standing(
      { component, artifact },
      (approval) => isIt(approval) ? stillHolds(approval, judged) : Effect.succeed(false)
    )
    if (approved !== undefined) return approved
    const latest = (yield* approvalsOf({ component, artifact })).findLast(isIt)
    return yield* new NotApproved({
      component,
      artifact,
      state: latest?.state._tag ?? "unknown",
      ...(latest === undefined ? undefined : { request: latest.id })
    })
  }, inTurn)

  return Approvals.of({
    ...shared,
    submit,
    require,
    changes: Stream.fromPubSub(changes)
  })
})

/**
 * Layer over a store of requests.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<Approvals, InvalidOptions, ApprovalStore | AuditLog | Signature.Signature | Digest.Digest> =>
  Layer.effect(Approvals, make(options))
