import type { Approval } from "../Approval.ts"
import type { Difference } from "../ApprovalQueue.ts"
import type { Release } from "../Approvals.ts"
import type { Decision, Request } from "../ApprovalStatement.ts"
import * as CapabilityDiff from "../CapabilityDiff.ts"
import type { PublicKey } from "../PublicKey.ts"
import * as ResourceLimits from "../ResourceLimits.ts"
import { compare } from "./trustVerdict.ts"

/** Whether a key is of who asks: it signed the request or the release, or is of somebody who did. */
export const isOwn = ({ publisher, requesters, signers = [] }: Approval, key: PublicKey): boolean =>
  key === publisher || requesters.includes(key) || signers.includes(key)

/** Whether a statement names the release that a request is about, and who published it. */
export const isNamed = (
  { asked, publisher }: Approval,
  value: Pick<Decision, "artifact" | "capabilities" | "publisher">
): boolean =>
  value.artifact === asked.artifact && value.capabilities === asked.capabilities && value.publisher === publisher

/** Whether what was asked is what a release asks for. */
export const isFor = ({ asked }: Approval, release: Release): boolean =>
  asked.component === release.component && asked.artifact === release.artifact &&
  asked.manifest === release.manifest && asked.capabilities === release.capabilities &&
  ResourceLimits.isSame(asked.limits, release.limits)

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

const isDecidedAgainst = ({ state }: Approval): boolean => state._tag === "Denied" || state._tag === "Revoked"

/** Whether an operator said no to a release, and not to that it asked for more. */
const isRefused = ({ asked, state }: Approval, approved: Approval): boolean =>
  state._tag === "Revoked" || (state._tag === "Denied" && isWithin(approved.asked, asked))

const isAbove = (other: Approval, { asked }: Approval): boolean =>
  other.asked.artifact !== asked.artifact && compare(asked.version, other.asked.version) < 0

/**
 * Whether a request may pass because of one that is approved: it asks for no more, no
 * version above it runs here, and no operator has refused a release of its source since.
 * `known` is what of its component is approved or was refused, the oldest first.
 */
export const isUpgrade = (approved: Approval, asking: Approval, known: ReadonlyArray<Approval>): boolean => {
  const kin = known.filter((other) => isSameSource(other, asking))
  const since = kin.slice(kin.findIndex(({ id }) => id === approved.id) + 1)
  return isOfSameAuthor(approved, asking) && isWithin(approved.asked, asking.asked) &&
    !kin.some((other) => !isDecidedAgainst(other) && isAbove(other, asking)) &&
    !since.some((other) => isRefused(other, approved))
}

/** A release is of whoever signed another one, or has the same bytes. */
export const isSameSource = (approved: Approval, asking: Approval): boolean =>
  approved.asked.artifact === asking.asked.artifact || isSigned(approved, asking)

const isSigned = (approved: Approval, { publisher }: Approval): boolean =>
  publisher !== undefined && approved.publisher === publisher

/** Bytes alone are not enough where nobody signed: a manifest has settings for them, too. */
const isOfSameAuthor = (approved: Approval, asking: Approval): boolean =>
  isSigned(approved, asking) ||
  (approved.asked.artifact === asking.asked.artifact && approved.asked.manifest === asking.asked.manifest)
