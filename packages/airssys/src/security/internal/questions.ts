import type { Reach, Rule, Why } from "../Authority.ts"
import * as CapabilityKind from "../CapabilityKind.ts"
import type { Decision } from "../Decision.ts"
import type { Principal } from "../Principal.ts"
import { closest, isAskLive, isGrantLive, shorten } from "./decide.ts"
import type { Moment } from "./moment.ts"
import * as readable from "./readable.ts"
import { type Account, type AskRule, type GrantRule, type KindTable, matching } from "./ruleTable.ts"

const askOf = (rule: AskRule, moment: Moment, isCovering: boolean, isDeciding: boolean): Rule => ({
  _tag: "Ask",
  ...rule.shown,
  state: isAskLive(rule, moment) ? "Live" : "Expired",
  isCovering,
  isDeciding
})

const grantOf = ({ id, pattern }: { readonly id: number; readonly pattern: string }, rule: GrantRule) => ({
  id,
  pattern,
  reason: rule.allowed.grant.reason,
  ...(rule.allowed.grant.expires === undefined ? undefined : { expires: rule.allowed.grant.expires }),
  ...(rule.allowed.grant.source === undefined ? undefined : { source: rule.allowed.grant.source })
})

const held = (rule: GrantRule, moment: Moment, isCovering: boolean, isDeciding: boolean): Rule => ({
  _tag: "Grant",
  ...grantOf(rule.allowed.rule, rule),
  state: isGrantLive(rule, moment) ? "Live" : rule.state.isRevoked ? "Revoked" : "Expired",
  isCovering,
  isDeciding
})

/** Those that cover a resource, or else the closest. */
const shown = <R extends AskRule | GrantRule>(
  covering: ReadonlyArray<R>,
  all: ReadonlyArray<R>,
  resource: string
): ReadonlyArray<readonly [rule: R, isCovering: boolean]> => {
  if (covering.length > 0) return covering.map((rule) => [rule, true])
  const near = closest(all, all.length, resource)
  return near === undefined ? [] : [[near, false]]
}

const rulesOf = (
  table: KindTable,
  resource: string,
  decision: Decision,
  moment: Moment
): ReadonlyArray<Rule> => {
  const match = matching(table, resource)
  const explained = decision._tag === "Denied" ? decision.explanation : undefined
  const isStopped = explained?.reason === "NotAsked" ||
    (explained?.reason === "Expired" && explained.grant === undefined)
  const decidingAsk = match.asks.find((rule) => isAskLive(rule, moment)) ?? match.asks.at(-1)
  const decidingGrant = isStopped
    ? undefined
    : match.grants.find((rule) => isGrantLive(rule, moment)) ?? match.grants.at(-1)
  return [
    ...shown(match.asks, table.asks.rules, resource).map(([rule, isCovering]) =>
      askOf(rule, moment, isCovering, rule === decidingAsk)
    ),
    ...shown(match.grants, table.grants.rules, resource).map(([rule, isCovering]) =>
      held(rule, moment, isCovering, rule === decidingGrant)
    )
  ]
}

export const why = (
  account: Account | undefined,
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  named: string,
  decision: Decision,
  moment: Moment
): Why => {
  const resource = CapabilityKind.takesPatterns(kind) ? shorten(named) : ""
  const table = named !== resource && CapabilityKind.takesPatterns(kind) ? undefined : account?.kinds.get(kind)
  return {
    principal: readable.principal(principal),
    kind,
    resource,
    decision,
    rules: table === undefined ? [] : rulesOf(table, resource, decision, moment)
  }
}

export const reach = (
  accounts: Iterable<Account>,
  only: CapabilityKind.CapabilityKind | undefined,
  resource: string,
  check: (principal: Principal, kind: CapabilityKind.CapabilityKind, resource: string) => Decision,
  moment: Moment
): ReadonlyArray<Reach> => {
  const found: Array<Reach> = []
  for (const account of accounts) {
    for (const [kind, table] of account.kinds) {
      const isMeant = only === undefined ? CapabilityKind.takesPatterns(kind) === (resource !== "") : only === kind
      if (!isMeant) continue
      if (check(account.principal, kind, resource)._tag === "Denied") continue
      const named = CapabilityKind.takesPatterns(kind) ? resource : ""
      found.push({
        principal: account.principal,
        kind,
        grants: matching(table, named).grants
          .filter((rule) => isGrantLive(rule, moment))
          .map((rule) => grantOf(rule.allowed.rule, rule))
      })
    }
  }
  return found
}
