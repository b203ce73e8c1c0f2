import * as CapabilityKind from "../CapabilityKind.ts"
import type { Allowed, Decision, Denied } from "../Decision.ts"
import type { Explanation, Reason } from "../Explanation.ts"
import type * as Pattern from "../Pattern.ts"
import type { Principal } from "../Principal.ts"
import type { Moment } from "./moment.ts"
import * as readable from "./readable.ts"
import {
  type Account,
  type AskRule,
  type GrantRule,
  type GrantState,
  type KindTable,
  longestResource,
  type Match,
  matching
} from "./ruleTable.ts"

/** A denial whose explanation is made when somebody asks for it. */
class LazyDenied implements Denied {
  /** Keeps the shape alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: LazyDenied = new LazyDenied(() => undefined as never)

  readonly _tag = "Denied"
  private made: Explanation | undefined
  private readonly explain: () => Explanation

  constructor(explain: () => Explanation) {
    this.explain = explain
  }

  get explanation(): Explanation {
    return this.made ??= this.explain()
  }
}

export const deny = (explain: () => Explanation): Denied => new LazyDenied(explain)

/** What is no text, by a mistake of the host, is named by none. */
const cut = (resource: string): string => typeof resource === "string" ? resource.slice(0, longestResource) : ""

export { cut as shorten }

export const isAskLive = (rule: AskRule, moment: Moment): boolean => moment.isBefore(rule.end)

export const isGrantLive = ({ state }: GrantRule, moment: Moment): boolean =>
  !state.isRevoked && moment.isBefore(state.end)

const shownGrant = ({ allowed, state }: GrantRule): NonNullable<Explanation["grant"]> => ({
  id: state.id,
  pattern: allowed.rule.pattern,
  reason: allowed.grant.reason,
  ...(allowed.grant.expires === undefined ? undefined : { expires: allowed.grant.expires })
})

const explained = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  reason: Reason,
  ask?: AskRule | undefined,
  grant?: GrantRule | undefined
): Explanation => ({
  principal,
  kind,
  resource,
  reason,
  ...(ask === undefined ? undefined : { ask: ask.shown }),
  ...(grant === undefined ? undefined : { grant: shownGrant(grant) })
})

export const unknown = (principal: Principal, kind: CapabilityKind.CapabilityKind, resource: string): Denied =>
  deny(() => explained(readable.principal(principal), kind, cut(resource), "NotAdmitted"))

/** The denial of what `allowed` would allow, but nobody could record. */
export const unrecorded = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  { grant, rule }: Allowed
): Denied =>
  deny(() => ({
    principal,
    kind,
    resource,
    reason: "AuditUnavailable",
    grant: { id: rule.id, pattern: rule.pattern, reason: grant.reason }
  }))

const sharedPrefix = (text: string, resource: string): number => {
  let length = 0
  while (length < text.length && length < resource.length && text[length] === resource[length]) length++
  return length
}

/** Of the first `count` rules the one that shares the longest beginning with a resource. */
export const closest = <R extends { readonly pattern: Pattern.Pattern | undefined }>(
  rules: ReadonlyArray<R>,
  count: number,
  resource: string
): R | undefined => {
  let best: R | undefined
  let bestLength = -1
  for (let index = 0; index < count; index++) {
    const rule = rules[index]
    const length = sharedPrefix(rule?.pattern?.text ?? "", resource)
    if (length > bestLength) {
      best = rule
      bestLength = length
    }
  }
  return best
}

const notAsked = (principal: Principal, kind: CapabilityKind.CapabilityKind, resource: string, table: KindTable) => {
  const { rules } = table.asks
  const count = rules.length
  return deny(() => explained(principal, kind, resource, "NotAsked", closest(rules, count, resource)))
}

const notGranted = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  table: KindTable,
  ask: AskRule | undefined
): Denied => {
  const { rules } = table.grants
  const count = rules.length
  return deny(() =>
    explained(
      principal,
      kind,
      resource,
      count === 0 ? "NotGranted" : "NoMatch",
      ask,
      closest(rules, count, resource)
    )
  )
}

/** Why a grant is not to be used although it is live; undefined where it is. */
export type Objection = (state: GrantState) => Explanation["policy"]

const none: Objection = () => undefined

/**
 * Decides in this order: the asks of a component cover the resource and are
 * not over, a grant covers it, that grant is neither revoked nor over, and
 * nothing is objected to it. A resource longer than 4,096 characters matches
 * nothing.
 */
export const decide = (
  { kinds, principal }: Account,
  kind: CapabilityKind.CapabilityKind,
  named: string,
  moment: Moment,
  objection: Objection = none
): Decision => {
  const table = kinds.get(kind)
  const resource = (table?.takesPatterns ?? CapabilityKind.takesPatterns(kind)) ? named : ""
  if (typeof resource !== "string" || resource.length > longestResource) {
    return deny(() => explained(principal, kind, cut(resource), "NoMatch"))
  }
  const isBound = principal.kind === "Component"
  if (table === undefined) {
    return deny(() => explained(principal, kind, resource, isBound ? "NotAsked" : "NotGranted"))
  }
  const match = matching(table, resource)
  const ask = isBound ? lastTried(match.asks, moment, isAskLive) : undefined
  if (isBound) {
    if (ask === undefined) return notAsked(principal, kind, resource, table)
    if (!isAskLive(ask, moment)) return deny(() => explained(principal, kind, resource, "Expired", ask))
  }
  const grant = lastTried(
    match.grants,
    moment,
    objection === none ? isGrantLive : (rule) => isGrantLive(rule, moment) && objection(rule.state) === undefined
  )
  if (grant === undefined) return notGranted(principal, kind, resource, table, ask)
  if (!isGrantLive(grant, moment)) {
    const reason = grant.state.isRevoked ? "Revoked" : "Expired"
    return deny(() => explained(principal, kind, resource, reason, ask, grant))
  }
  const policy = objection(grant.state)
  if (policy !== undefined) {
    return deny(() => ({ ...explained(principal, kind, resource, "PolicyDenied", ask, grant), policy }))
  }
  return isFirst(table, match, moment) ? { ...grant.allowed, isBeforeUse: true } : grant.allowed
}

const isFirst = (table: KindTable, { asks, grants }: Match, moment: Moment): boolean =>
  table.isBeforeUse && (
    asks.some(({ isBeforeUse }) => isBeforeUse) ||
    grants.some((rule) => rule.allowed.isBeforeUse === true && isGrantLive(rule, moment))
  )

/** Whether an ask or a live grant wants a use recorded before it happens, whatever is decided on it. */
export const isBeforeUse = (
  { kinds }: Account,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  moment: Moment
): boolean => {
  const table = kinds.get(kind)
  return table !== undefined && isFirst(table, matching(table, resource), moment)
}

/** The first rule that is live, or else the last one. */
const lastTried = <R>(rules: ReadonlyArray<R>, moment: Moment, isLive: (rule: R, moment: Moment) => boolean) => {
  let tried: R | undefined
  for (let index = 0; index < rules.length; index++) if (isLive(tried = rules[index]!, moment)) break
  return tried
}

/** When the next of the rules that match a resource is over by itself: until then it is decided as now. */
export const until = (account: Account, kind: CapabilityKind.CapabilityKind, named: string, now: number): number => {
  const table = account.kinds.get(kind)
  const resource = CapabilityKind.takesPatterns(kind) ? named : ""
  if (table === undefined || resource.length > longestResource) return Number.POSITIVE_INFINITY
  const { asks, grants } = matching(table, resource)
  return [...asks, ...grants.map(({ state }) => state)].reduce(
    (earliest, { end }) => now < end ? Math.min(earliest, end) : earliest,
    Number.POSITIVE_INFINITY
  )
}
