import type * as CryptoError from "effect/crypto/CryptoError"
import type * as Digest from "effect/crypto/Digest"
import type * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Approval from "../Approval.ts"
import * as ApprovalStatement from "../ApprovalStatement.ts"
import * as CapabilitySet from "../CapabilitySet.ts"
import * as Statement from "../Statement.ts"
import * as approvalRelease from "./approvalRelease.ts"

/** Whether a statement is about the release of a record, on this host. */
const isAbout = (
  self: Approval.Approval,
  value: Pick<ApprovalStatement.Decision, "host" | "request" | "artifact" | "capabilities" | "publisher">,
  rules: Approval.Rules
): boolean => value.host === rules.host && value.request === self.id && approvalRelease.isNamed(self, value)

/** Whether the fields of a record are what its signed request says. */
const isIntact = Effect.fnUntraced(function*({ asked, id, request, requesters }: Approval.Approval) {
  const { signers, value } = yield* Statement.open(ApprovalStatement.request, request)
  const written = Statement.encode(ApprovalStatement.request, asked)
  return (yield* Statement.digest(request.text)) === id &&
    (yield* CapabilitySet.digest(value.wants)) === value.capabilities &&
    Result.isSuccess(written) && written.success === request.text &&
    signers.length === requesters.length && signers.every((key) => requesters.includes(key))
})

const provesAutomatic = Effect.fnUntraced(function*(
  self: Approval.Approval,
  state: Extract<Approval.State, { readonly _tag: "AutoApproved" | "DevBypassed" }>,
  rules: Approval.Rules
) {
  const { signers, value } = yield* Statement.open(ApprovalStatement.automatic, state.automatic)
  return isAbout(self, value, rules) && value.kind === state._tag && value.level === self.level &&
    value.notAfter === state.notAfter &&
    signers.length === 1 && signers[0] === rules.host
})

const provesDecisions = Effect.fnUntraced(function*(
  self: Approval.Approval,
  approvals: ReadonlyArray<Statement.Signed>,
  rules: Approval.Rules,
  now: number
) {
  for (const approval of approvals) {
    const { signers, value } = yield* Statement.open(ApprovalStatement.decision, approval)
    const isGood = isAbout(self, value, rules) && value.nonce === self.asked.nonce && value.verdict === "approve" &&
      now < value.notAfter && !signers.some((key) => approvalRelease.isOwn(self, key))
    if (!isGood) return false
  }
  return Approval.hasQuorum(approvals, rules)
})

/**
 * Whether the signatures in a record let its release run at this time, whoever
 * wrote it into the store.
 */
export const proves = (
  self: Approval.Approval,
  rules: Approval.Rules,
  now: number
): Effect.Effect<boolean, CryptoError.CryptoError, Signature.Signature | Digest.Digest> =>
  Effect.gen(function*() {
    const { state } = self
    if (!self.isRecorded || !Approval.isApproving(state) || now >= state.notAfter) return false
    if (!(yield* isIntact(self))) return false
    return state._tag === "Approved"
      ? yield* provesDecisions(self, state.approvals, rules, now)
      : yield* provesAutomatic(self, state, rules)
  }).pipe(Effect.catchTag("StatementError", () => Effect.succeed(false)))
