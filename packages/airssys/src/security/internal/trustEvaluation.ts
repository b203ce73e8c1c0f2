import type * as Context from "effect/Context"
import type * as Digest from "effect/crypto/Digest"
import type * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import type { AuditLog } from "../AuditLog.ts"
import * as ReleaseStatement from "../ReleaseStatement.ts"
import * as SafeText from "../SafeText.ts"
import * as Statement from "../Statement.ts"
import * as TrustSource from "../TrustSource.ts"
import type { Candidate, SignedRelease, Verdict } from "../TrustVerdict.ts"
import type { Step, TrustCore } from "./trustCore.ts"
import * as trustVerdict from "./trustVerdict.ts"

const longest = 2048

const open = Effect.fnUntraced(function*(digest: string, signed: SignedRelease) {
  const opened = yield* Effect.result(ReleaseStatement.open(signed.statement))
  if (Result.isFailure(opened)) {
    const because = `its signature does not hold: ${SafeText.escape(opened.failure.message)}`
    return { _tag: "Broken", because } satisfies trustVerdict.Signatures
  }
  const { signers, value } = opened.success
  const other = ReleaseStatement.difference(value, { ...signed, artifact: digest })
  if (other !== undefined) {
    return { _tag: "Broken", because: `its statement is of another ${other}` } satisfies trustVerdict.Signatures
  }
  const release = yield* Statement.digest(signed.statement.text)
  return { _tag: "Opened", release, statement: value, signers } satisfies trustVerdict.Signatures
})

const subjectOf = Effect.fnUntraced(function*(candidate: Candidate) {
  yield* Effect.fromResult(TrustSource.digest(candidate.digest))
  const path = candidate.path === undefined
    ? undefined
    : yield* Effect.fromResult(TrustSource.path(candidate.path))
  const git = candidate.git === undefined
    ? undefined
    : yield* Effect.fromResult(TrustSource.git(candidate.git.url, candidate.git))
  const subject: trustVerdict.Subject = {
    digest: candidate.digest,
    path: path?._tag === "Path" ? path.path : undefined,
    git: git?._tag === "Git" ? git : undefined,
    signatures: candidate.signed === undefined ? { _tag: "None" } : yield* open(candidate.digest, candidate.signed)
  }
  return subject
})

/** What has to be durable before the release is trusted: that it was seen, and that it starts. */
const remembered = (judgement: trustVerdict.Judgement, digest: string, isStarting: boolean): Step | undefined => {
  if (judgement._tag !== "For" || judgement.publication === undefined) return undefined
  const { component, isAhead, isSeen, publisher, release, version } = judgement.publication
  const mark = { publisher, component, version, digest }
  const isRaised = isStarting && isAhead
  if (isSeen && !isRaised) return undefined
  return {
    changes: [
      ...(isSeen ? [] : [{ _tag: "See", release } as const]),
      ...(isRaised ? [{ _tag: "Raise", mark } as const] : [])
    ],
    events: [
      ...(isSeen ? [] : [{ _tag: "ReleaseSeen", release, publisher, component } as const]),
      ...(isRaised ? [{ _tag: "VersionRaised", ...mark } as const] : [])
    ]
  }
}

const isSame = (verdict: Verdict, other: Verdict | undefined): boolean =>
  verdict.level === other?.level && verdict.because === other.because

/** What is trusted because it was seen is judged again after it was. */
export const make = (
  core: TrustCore,
  audit: AuditLog["Service"],
  services: Context.Context<Signature.Signature | Digest.Digest>,
  devModeUntil: number
) => {
  const judge = (subject: trustVerdict.Subject) => trustVerdict.judge(core.state, subject, core.now())

  const verdictOf = (subject: trustVerdict.Subject): Verdict => {
    const judgement = judge(subject)
    const because = judgement.because.slice(0, longest)
    const author = trustVerdict.authorOf(core.state, subject, core.now())
    if (judgement._tag === "For") return { level: "Trusted", because, ...author }
    return judgement._tag === "Nothing" && core.now() < devModeUntil
      ? { level: "DevMode", because: `${because}, and DevMode is on`, ...author }
      : { level: "Unknown", because, ...author }
  }

  const record = (
    subject: trustVerdict.Subject,
    verdict: Verdict,
    isStarting: boolean
  ): Effect.Effect<unknown, AuditError> =>
    Effect.suspend(() => {
      const event: AuditEvent = {
        _tag: "TrustDecided",
        digest: subject.digest,
        level: verdict.level,
        because: verdict.because,
        ...(subject.path === undefined ? undefined : { path: subject.path })
      }
      return isStarting && audit.recordUnsafe(event) !== undefined ? Effect.void : audit.append(event)
    })

  return Effect.fnUntraced(function*(candidate: Candidate) {
    const subject = yield* Effect.provide(subjectOf(candidate), services)
    const plan = () => Effect.sync(() => remembered(judge(subject), subject.digest, candidate.isStarting === true))
    while (true) {
      if (remembered(judge(subject), subject.digest, candidate.isStarting === true) !== undefined) {
        yield* core.change(plan)
      }
      const verdict = verdictOf(subject)
      if (isSame(verdict, candidate.known)) return verdict
      yield* record(subject, verdict, candidate.isStarting === true)
      if (verdict.level === "DevMode") {
        yield* Effect.logWarning(`DevMode: ${subject.digest} runs, and nobody trusts it`)
      }
      const again = verdictOf(subject)
      if (isSame(again, verdict)) return again
    }
  })
}
