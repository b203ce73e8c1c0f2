import * as Result from "effect/Result"
import * as Ask from "../Ask.ts"
import * as CapabilityKind from "../CapabilityKind.ts"
import type { Allowed, Decision } from "../Decision.ts"
import * as ExpiryDate from "../ExpiryDate.ts"
import type { Explanation, Reason } from "../Explanation.ts"
import * as Grant from "../Grant.ts"
import * as Pattern from "../Pattern.ts"
import type { Principal } from "../Principal.ts"
import * as capabilityRule from "./capabilityRule.ts"

interface AskRule {
  readonly pattern: Pattern.Pattern | undefined
  readonly end: number
  readonly shown: NonNullable<Explanation["ask"]>
}

interface GrantRule {
  readonly pattern: Pattern.Pattern | undefined
  readonly end: number
  readonly state: GrantState
  readonly allowed: Allowed
}

export interface GrantState {
  readonly id: number
  readonly grant: Grant.Grant
  readonly patterns: ReadonlyArray<Pattern.Pattern>
  isRevoked: boolean
}

export interface PreparedAsk {
  readonly ask: Ask.Ask
  readonly patterns: ReadonlyArray<Pattern.Pattern>
}

/**
 * The rules that match one resource, or else the closest one: what of a
 * decision does not depend on time or revocation.
 */
interface Match {
  readonly asks: ReadonlyArray<AskRule>
  readonly closestAsk: AskRule | undefined
  readonly grants: ReadonlyArray<GrantRule>
  readonly closestGrant: GrantRule | undefined
}

/**
 * `matches` remembers matches by resource. It belongs to these very rules and
 * is emptied whenever one is added; whether a rule still holds is never in it.
 */
interface KindTable {
  readonly asks: Array<AskRule>
  readonly grants: Array<GrantRule>
  readonly matches: Map<string, Match>
}

export interface Account {
  readonly principal: Principal
  readonly kinds: Map<CapabilityKind.CapabilityKind, KindTable>
  readonly grants: Array<GrantState>
}

const longestResource = 4096
const mostMatches = 256
const never = Number.POSITIVE_INFINITY

const endOf = (expires: string | undefined): number => expires === undefined ? never : ExpiryDate.end(expires)

const optionalExpires = (expires: string | undefined) => expires === undefined ? undefined : { expires }

export const make = (principal: Principal): Account => ({
  principal: { kind: principal.kind, id: principal.id, label: principal.label },
  kinds: new Map(),
  grants: []
})

const tableOf = (account: Account, kind: CapabilityKind.CapabilityKind): KindTable => {
  const found = account.kinds.get(kind)
  if (found !== undefined) return found
  const made: KindTable = { asks: [], grants: [], matches: new Map() }
  account.kinds.set(kind, made)
  return made
}

/** Decoding copies: whoever keeps the value that was given cannot change the rule. */
export const prepareAsk = (input: Ask.Ask): Result.Result<PreparedAsk, Ask.InvalidAsk> =>
  Result.flatMap(Ask.fromUnknown(input), (ask) =>
    Result.mapBoth(capabilityRule.compile(ask.kind, ask.patterns), {
      onFailure: (detail) => new Ask.InvalidAsk({ kind: ask.kind, detail }),
      onSuccess: (patterns) => ({ ask, patterns })
    }))

export const installAsk = (account: Account, { ask, patterns }: PreparedAsk, index: number): void => {
  const table = tableOf(account, ask.kind)
  const add = (pattern: Pattern.Pattern | undefined) =>
    table.asks.push({
      pattern,
      end: endOf(ask.expires),
      shown: {
        index,
        pattern: pattern?.text ?? "",
        reason: ask.reason,
        place: ask.place,
        ...optionalExpires(ask.expires)
      }
    })
  if (CapabilityKind.takesPatterns(ask.kind)) patterns.forEach(add)
  else add(undefined)
  table.matches.clear()
}

export const prepareGrant = (input: Grant.Grant, id: number): Result.Result<GrantState, Grant.InvalidGrant> =>
  Result.flatMap(
    Grant.fromUnknown(input),
    (grant) =>
      Result.mapBoth(capabilityRule.compile(grant.kind, grant.patterns), {
        onFailure: (detail) => new Grant.InvalidGrant({ kind: grant.kind, detail }),
        onSuccess: (patterns) => ({ id, grant, patterns, isRevoked: false })
      })
  )

export const installGrant = (account: Account, state: GrantState): void => {
  const { grant, id } = state
  const table = tableOf(account, grant.kind)
  const add = (pattern: Pattern.Pattern | undefined) =>
    table.grants.push({
      pattern,
      end: endOf(grant.expires),
      state,
      allowed: { _tag: "Allowed", grant, rule: { id, pattern: pattern?.text ?? "" } }
    })
  if (CapabilityKind.takesPatterns(grant.kind)) state.patterns.forEach(add)
  else add(undefined)
  account.grants.push(state)
  table.matches.clear()
}

const sharedPrefix = (text: string, resource: string): number => {
  let length = 0
  while (length < text.length && length < resource.length && text[length] === resource[length]) length++
  return length
}

const closest = <Rule extends { readonly pattern: Pattern.Pattern | undefined }>(
  rules: ReadonlyArray<Rule>,
  resource: string
): Rule | undefined => {
  let best: Rule | undefined
  let bestLength = -1
  for (const rule of rules) {
    const length = sharedPrefix(rule.pattern?.text ?? "", resource)
    if (length > bestLength) {
      best = rule
      bestLength = length
    }
  }
  return best
}

const matching = (table: KindTable, resource: string): Match => {
  const found = table.matches.get(resource)
  if (found !== undefined) return found
  const holds = (rule: { readonly pattern: Pattern.Pattern | undefined }) =>
    rule.pattern === undefined || Pattern.matches(rule.pattern, resource)
  const asks = table.asks.filter(holds)
  const grants = table.grants.filter(holds)
  const made: Match = {
    asks,
    closestAsk: asks.length > 0 ? undefined : closest(table.asks, resource),
    grants,
    closestGrant: grants.length > 0 ? undefined : closest(table.grants, resource)
  }
  if (table.matches.size >= mostMatches) table.matches.clear()
  table.matches.set(resource, made)
  return made
}

const deny = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  reason: Reason,
  ask?: AskRule | undefined,
  grant?: GrantRule | undefined
): Decision => ({
  _tag: "Denied",
  explanation: {
    principal,
    kind,
    resource,
    reason,
    ...(ask === undefined ? undefined : { ask: ask.shown }),
    ...(grant === undefined ? undefined : {
      grant: {
        id: grant.state.id,
        pattern: grant.allowed.rule.pattern,
        reason: grant.state.grant.reason,
        ...optionalExpires(grant.state.grant.expires)
      }
    })
  }
})

export const denyUnknown = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource: string
): Decision => deny(principal, kind, shorten(resource), "NotAdmitted")

/** The denial of what `allowed` would allow, but nobody could record. */
export const denyUnrecorded = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  allowed: Allowed
): Decision => ({
  _tag: "Denied",
  explanation: {
    principal,
    kind,
    resource,
    reason: "AuditUnavailable",
    grant: { id: allowed.rule.id, pattern: allowed.rule.pattern, reason: allowed.grant.reason }
  }
})

export const shorten = (resource: string): string =>
  resource.length > longestResource ? resource.slice(0, longestResource) : resource

const empty: KindTable = { asks: [], grants: [], matches: new Map() }

/**
 * Decides in this order: the asks of a component cover the resource and are
 * not over, a grant covers it, that grant is neither revoked nor over. A
 * resource longer than 4,096 characters matches nothing.
 */
export const decide = (
  account: Account,
  kind: CapabilityKind.CapabilityKind,
  named: string,
  now: number
): Decision => {
  const principal = account.principal
  const table = account.kinds.get(kind) ?? empty
  const resource = CapabilityKind.takesPatterns(kind) ? named : ""
  if (resource.length > longestResource) return deny(principal, kind, shorten(resource), "NoMatch")
  if (table === empty) {
    return deny(principal, kind, resource, principal.kind === "Component" ? "NotAsked" : "NotGranted")
  }
  const match = matching(table, resource)
  let ask: AskRule | undefined
  if (principal.kind === "Component") {
    for (const rule of match.asks) {
      ask = rule
      if (now < rule.end) break
    }
    if (ask === undefined) {
      return deny(principal, kind, resource, "NotAsked", match.closestAsk)
    }
    if (now >= ask.end) return deny(principal, kind, resource, "Expired", ask)
  }
  for (const rule of match.grants) {
    if (!rule.state.isRevoked && now < rule.end) return rule.allowed
  }
  const over = match.grants.at(-1)
  if (over !== undefined) {
    return deny(principal, kind, resource, over.state.isRevoked ? "Revoked" : "Expired", ask, over)
  }
  const reason = match.closestGrant === undefined ? "NotGranted" : "NoMatch"
  return deny(principal, kind, resource, reason, ask, match.closestGrant)
}

/** When the last rule that allows a resource now is over by itself; not after that. */
export const until = (
  account: Account,
  kind: CapabilityKind.CapabilityKind,
  named: string,
  now: number
): number => {
  const table = account.kinds.get(kind) ?? empty
  const resource = CapabilityKind.takesPatterns(kind) ? named : ""
  if (resource.length > longestResource) return now
  const match = matching(table, resource)
  const asked = account.principal.kind === "Component" ? lastEnd(match.asks) : never
  return Math.min(asked, lastEnd(match.grants.filter(({ state }) => !state.isRevoked)))
}

const lastEnd = (rules: ReadonlyArray<{ readonly end: number }>): number =>
  rules.reduce((latest, { end }) => Math.max(latest, end), 0)
