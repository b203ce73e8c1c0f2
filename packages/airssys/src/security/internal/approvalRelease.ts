import type { Approval } from "../Approval.ts"
import type { Decision } from "../ApprovalStatement.ts"
import type { PublicKey } from "../PublicKey.ts"

/** Whether a key is of who asks: it signed the request, or the release. */
export const isOwn = ({ publisher, requesters }: Approval, key: PublicKey): boolean =>
  key === publisher || requesters.includes(key)

/** Whether a statement names the release that a request is about, and who published it. */
export const isNamed = (
  { asked, publisher }: Approval,
  value: Pick<Decision, "artifact" | "capabilities" | "publisher">
): boolean =>
  value.artifact === asked.artifact && value.capabilities === asked.capabilities && value.publisher === publisher

/** An upgrade is of whoever signed what was approved, or of the same bytes. */
export const isSameSource = (approved: Approval, { asked, publisher }: Approval): boolean =>
  approved.asked.artifact === asked.artifact || (publisher !== undefined && approved.publisher === publisher)
