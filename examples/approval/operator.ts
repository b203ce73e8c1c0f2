/**
 * What an operator does about a release that wants to run: reads the report,
 * and signs a decision.
 */
import { type Approval, Approvals, ApprovalStatement, type SigningKey, Statement } from "airssys/security"
import { Clock, Effect } from "effect"

const day = 24 * 60 * 60 * 1000

const about = ({ asked, id, revision }: Approval.Approval, issued: number) => ({
  host: asked.host,
  request: id,
  revision,
  issued
})

/** Says that this operator looks at it, and approves exactly what was asked. */
export const approve = Effect.fnUntraced(function*(request: string, key: SigningKey.SigningKey, reason: string) {
  const approvals = yield* Approvals.Approvals
  const now = yield* Clock.currentTimeMillis
  const pending = yield* approvals.get(request)
  const claim = { ...about(pending, now), notAfter: now + day }
  const claimed = yield* approvals.claim(yield* Statement.sign(ApprovalStatement.claim, claim, [key]))
  const { artifact, capabilities, nonce } = claimed.asked
  return yield* approvals.decide(
    yield* Statement.sign(ApprovalStatement.decision, {
      ...about(claimed, now),
      notAfter: now + 30 * day,
      nonce,
      artifact,
      capabilities,
      verdict: "approve",
      reason,
      ...(claimed.publisher === undefined ? undefined : { publisher: claimed.publisher })
    }, [key])
  )
})

/** Takes it back. */
export const revoke = Effect.fnUntraced(function*(request: string, key: SigningKey.SigningKey, reason: string) {
  const approvals = yield* Approvals.Approvals
  const approved = yield* approvals.get(request)
  const statement = { ...about(approved, yield* Clock.currentTimeMillis), reason }
  return yield* approvals.revoke(yield* Statement.sign(ApprovalStatement.revocation, statement, [key]))
})
