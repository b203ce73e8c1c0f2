import * as AuditEvent from "../AuditEvent.ts"
import type * as CapabilityKind from "../CapabilityKind.ts"
import type { Decision } from "../Decision.ts"
import { mostActingFor, type Principal } from "../Principal.ts"
import { shorten } from "./decide.ts"
import type { GrantState } from "./ruleTable.ts"

const longestCorrelation = 256

const subject = ({ account, grant, id }: GrantState) => ({
  principal: AuditEvent.actor(account.principal),
  grant: id,
  kind: grant.kind,
  patterns: grant.patterns
})

const expiryOf = ({ grant }: GrantState) => grant.expires === undefined ? undefined : { expires: grant.expires }

export const granted = (state: GrantState): AuditEvent.AuditEvent => ({
  _tag: "Granted",
  ...subject(state),
  reason: state.grant.reason,
  ...expiryOf(state),
  ...(state.grant.source === undefined ? undefined : { source: state.grant.source })
})

export const narrowed = (state: GrantState, reason: string): AuditEvent.AuditEvent => ({
  _tag: "Narrowed",
  ...subject(state),
  reason,
  ...expiryOf(state)
})

export const revoked = (state: GrantState, reason: string): AuditEvent.AuditEvent => ({
  _tag: "Revoked",
  ...subject(state),
  reason
})

/** A use, or a denial, by a principal that acts for others where `chain` names some. */
export const decided = (
  principal: Principal,
  chain: ReadonlyArray<Principal>,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  decision: Decision,
  { correlation, release }: { readonly release: string | undefined; readonly correlation: string | undefined }
): AuditEvent.AuditEvent => {
  const who = {
    principal: AuditEvent.actor(principal),
    ...(release === undefined ? undefined : { release }),
    ...(typeof correlation !== "string" ? undefined : { correlation: correlation.slice(0, longestCorrelation) }),
    ...(chain.length === 0 ? undefined : { onBehalfOf: chain.slice(0, mostActingFor + 1).map(AuditEvent.actor) })
  }
  if (decision._tag === "Allowed" && decision.reported === undefined) {
    return {
      _tag: "CapabilityUsed",
      ...who,
      kind,
      resource: shorten(resource),
      rule: { grant: decision.rule.id, pattern: decision.rule.pattern }
    }
  }
  const explanation = decision._tag === "Allowed" ? decision.reported! : decision.explanation
  return {
    _tag: "CapabilityDenied",
    ...who,
    kind,
    resource: explanation.resource,
    reason: explanation.reason,
    ...(decision._tag === "Allowed" ? { isReported: true as const } : undefined),
    ...(explanation.grant === undefined
      ? undefined
      : { rule: { grant: explanation.grant.id, pattern: explanation.grant.pattern } })
  }
}
