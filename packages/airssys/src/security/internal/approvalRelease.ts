import type { Approval } from "../Approval.ts"
import type { Difference } from "../ApprovalQueue.ts"
import type { Release } from "../Approvals.ts"
import type { Decision, Request } from "../ApprovalStatement.ts"
import * as CapabilityDiff from "../CapabilityDiff.ts"
import type { PublicKey } from "../PublicKey.ts"
import * as ResourceLimits from "../ResourceLimits.ts"

/** Whether a key is of who asks: it signed the request, or the release. */
export const isOwn = ({ publisher, requesters }: Approval, key: PublicKey): boolean =>
  key === publisher || requesters.includes(key)

/** Whether a statement names the release that a request is about, and who published it. */
export const isNamed = (
  { asked, publisher }: Approval,
  value: Pick<Decision, "artifact" | "capabilities" | "publisher">
): boolean =>
  value.artifact === asked.artifact && value.capabilities === asked.capabilities && value.publisher === publisher

/** Whether what was asked is what a release asks for. */
export const isFor = ({ asked }: Approval, { artifact, capabilities, component, limits }: Release): boolean =>
  asked.component === component && asked.artifact === artifact && asked.capabilities === capabilities &&
  ResourceLimits.isSame(asked.limits, limits)

/** What a request asks for beyond another one, or beyond nothing. */
export const difference = (from: Request | undefined, to: Request): Difference => ({
  ...CapabilityDiff.make({ from: from?.wants ?? [], to: to.wants }),
  limits: ResourceLimits.raised(from?.limits, to.limits)
})

/** Whether it asks for nothing beyond another one. */
export const isWithin = (from: Request, to: Request): boolean => {
  const { limits, widened } = difference(from, to)
  return widened.length === 0 && limits.length === 0
}

/** An upgrade is of whoever signed what was approved, or of the same bytes. */
export const isSameSource = (approved: Approval, { asked, publisher }: Approval): boolean =>
  approved.asked.artifact === asked.artifact || (publisher !== undefined && approved.publisher === publisher)
