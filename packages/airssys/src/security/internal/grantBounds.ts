import * as CapabilityKind from "../CapabilityKind.ts"
import * as Pattern from "../Pattern.ts"
import { isAskLive } from "./decide.ts"
import type { Moment } from "./moment.ts"
import type { GrantState, PreparedGrant } from "./ruleTable.ts"

/** How often a grant can be passed on, from one principal to the next. */
export const deepest = 8

const covers = (wider: Pattern.Pattern | undefined, narrower: Pattern.Pattern): boolean =>
  wider !== undefined && Pattern.subsumes(wider, narrower)

/** The first pattern that goes beyond a grant; undefined where none does. */
export const beyond = (
  held: { readonly patterns: ReadonlyArray<Pattern.Pattern> },
  narrower: PreparedGrant
): string | undefined =>
  narrower.patterns.find((pattern) => !held.patterns.some((wider) => covers(wider, pattern)))?.text

/**
 * Until when the holder of a grant may itself use all that `narrower` names,
 * as far as its asks go; 0 where it may not. A component that may not use a
 * thing cannot pass it on.
 */
export const askedUntil = ({ account }: GrantState, { grant, patterns }: PreparedGrant, moment: Moment): number => {
  if (account.principal.kind !== "Component") return Number.POSITIVE_INFINITY
  const asks = (account.kinds.get(grant.kind)?.asks.rules ?? []).filter((rule) => isAskLive(rule, moment))
  const latest = (isCovered: (wider: Pattern.Pattern | undefined) => boolean) =>
    asks.reduce((end, rule) => isCovered(rule.pattern) ? Math.max(end, rule.end) : end, 0)
  return CapabilityKind.takesPatterns(grant.kind)
    ? Math.min(...patterns.map((pattern) => latest((wider) => covers(wider, pattern))))
    : latest(() => true)
}
