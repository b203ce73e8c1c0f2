import type { Approval } from "../Approval.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import type { Signed } from "../Statement.ts"

const keysOf = (statements: ReadonlyArray<Signed>): ReadonlyArray<string> => [
  ...new Set(statements.flatMap(({ signatures }) => signatures.map(({ key }) => key)))
]

const moved = ({ requesters, state }: Approval): { readonly by: ReadonlyArray<string>; readonly because: string } => {
  switch (state._tag) {
    case "Pending":
      return { by: requesters, because: "" }
    case "Reviewing":
      return {
        by: [...new Set([...state.reviewers.map(({ key }) => key), ...keysOf(state.approvals)])],
        because: `${state.approvals.length} approvals`
      }
    case "Approved":
      return { by: keysOf(state.approvals), because: "approved" }
    case "Denied":
      return { by: keysOf([state.denial]), because: state.reason }
    case "AutoApproved":
    case "DevBypassed":
      return { by: keysOf([state.automatic]), because: state.because }
    case "Expired":
      return { by: [], because: "its time is over" }
    case "Revoked":
      return { by: keysOf([state.revocation]), because: state.reason }
  }
}

/** What the audit log says of a record that has come to its state. */
export const make = (approval: Approval, from: string): AuditEvent => ({
  _tag: "ApprovalChanged",
  request: approval.id,
  revision: approval.revision,
  component: approval.asked.component,
  version: approval.asked.version,
  artifact: approval.asked.artifact,
  capabilities: approval.asked.capabilities,
  from,
  to: approval.state._tag,
  ...moved(approval)
})
