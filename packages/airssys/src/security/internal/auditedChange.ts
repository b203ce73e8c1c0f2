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

interface Circumstances {
  readonly release: string | undefined
  readonly correlation: string | undefined
}

/** What is said only of uses that have it. */
const circumstances = (chain: ReadonlyArray<Principal>, { correlation, release }: Circumstances) =>
  release === undefined && typeof correlation !== "string" && chain.length === 0 ? undefined : {
    ...(release === undefined ? undefined : { release }),
    ...(typeof correlation !== "string" ? undefined : { correlation: correlation.slice(0, longestCorrelation) }),
    ...(chain.length === 0 ? undefined : { onBehalfOf: chain.slice(0, mostActingFor + 1).map(AuditEvent.actor) })
  }

/** A use, or a denial, by a principal that acts for others where `chain` names some. */
export const decided = (
  principal: Principal,
  chain: ReadonlyArray<Principal>,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  decision: Decision,
  also: Circumstances
): AuditEvent.AuditEvent => {
  const more = circumstances(chain, also)
  if (decision._tag === "Allowed" && decision.reported === undefined) {
    const used = {
      _tag: "CapabilityUsed",
      principal: AuditEvent.actor(principal),
      kind,
      resource: shorten(resource),
      rule: { grant: decision.rule.id, pattern: decision.rule.pattern }
    } as const
    return more === undefined ? used : { ...used, ...more }
  }
  const explanation = decision._tag === "Allowed" ? decision.reported! : decision.explanation
  return {
    _tag: "CapabilityDenied",
    principal: AuditEvent.actor(principal),
    ...more,
    kind,
    resource: explanation.resource,
    reason: explanation.reason,
    ...(decision._tag === "Allowed" ? { isReported: true as const } : undefined),
    ...(explanation.grant === undefined
      ? undefined
      : { rule: { grant: explanation.grant.id, pattern: explanation.grant.pattern } })
  }
}
