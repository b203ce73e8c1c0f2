import * as Result from "effect/Result"
import * as Ask from "../Ask.ts"
import * as CapabilityKind from "../CapabilityKind.ts"
import type { Allowed } from "../Decision.ts"
import * as ExpiryDate from "../ExpiryDate.ts"
import type { Explanation } from "../Explanation.ts"
import * as Grant from "../Grant.ts"
import * as Pattern from "../Pattern.ts"
import type { Principal } from "../Principal.ts"
import * as capabilityRule from "./capabilityRule.ts"
import { Remembered } from "./remembered.ts"
import { type Rule, RuleIndex } from "./ruleIndex.ts"

export interface AskRule extends Rule {
  readonly end: number
  readonly shown: NonNullable<Explanation["ask"]>
  readonly isBeforeUse: boolean
}

export interface GrantRule extends Rule {
  readonly state: GrantState
  readonly allowed: Allowed
}

/**
 * A grant that an account holds. `end` is never after that of the parent, and
 * a child is revoked together with its parent, wherever it is held.
 */
export interface GrantState {
  readonly id: number
  readonly account: Account
  readonly parent: GrantState | undefined
  readonly children: Set<GrantState>
  /** How many delegations lie between it and a grant of an operator. */
  readonly depth: number
  /** What the grant gave, to know it again after it was narrowed, whatever the reason says. */
  readonly given: string
  grant: Grant.Grant
  patterns: ReadonlyArray<Pattern.Pattern>
  end: number
  isRevoked: boolean
}

export interface PreparedAsk {
  readonly ask: Ask.Ask
  readonly patterns: ReadonlyArray<Pattern.Pattern>
}

export interface PreparedGrant {
  readonly grant: Grant.Grant
  readonly patterns: ReadonlyArray<Pattern.Pattern>
}

/**
 * The rules that match one resource: what of a decision does not depend on
 * time or revocation.
 */
export interface Match {
  readonly resource: string
  readonly asks: ReadonlyArray<AskRule>
  readonly grants: ReadonlyArray<GrantRule>
}

/**
 * `remembered` are matches, each until another resource takes its place. They
 * belong to these very rules and are forgotten whenever one is added; whether a
 * rule still holds is never in them.
 */
export interface KindTable {
  readonly takesPatterns: boolean
  /** Whether an ask or a grant wants its uses recorded before they happen. */
  isBeforeUse: boolean
  readonly asks: RuleIndex<AskRule>
  readonly grants: RuleIndex<GrantRule>
  readonly remembered: Remembered<Match>
}

export interface Account {
  readonly principal: Principal
  /** Digest of the release that acts, where it is one. */
  readonly release: string | undefined
  readonly kinds: Map<CapabilityKind.CapabilityKind, KindTable>
  readonly grants: Map<number, GrantState>
}

const patternsPerGrant = 256

export const longestResource = 4096

/** The most grants of one principal, revoked ones included. */
export const mostGrants = 4096

const never = Number.POSITIVE_INFINITY

export const endOf = (expires: string | undefined): number => expires === undefined ? never : ExpiryDate.end(expires)

export const make = (principal: Principal, release: string | undefined): Account => ({
  release,
  principal: { kind: principal.kind, id: principal.id, label: principal.label },
  kinds: new Map(),
  grants: new Map()
})

const tableOf = (account: Account, kind: CapabilityKind.CapabilityKind): KindTable => {
  const found = account.kinds.get(kind)
  if (found !== undefined) return found
  const made: KindTable = {
    takesPatterns: CapabilityKind.takesPatterns(kind),
    isBeforeUse: false,
    asks: new RuleIndex(),
    grants: new RuleIndex(),
    remembered: new Remembered((resource) => compute(made, kind, resource))
  }
  account.kinds.set(kind, made)
  return made
}

const forget = (table: KindTable): void => {
  table.remembered.forget()
}

/** Decoding copies: whoever keeps the value that was given cannot change the rule. */
export const prepareAsk = (input: Ask.Ask): Result.Result<PreparedAsk, Ask.InvalidAsk> =>
  Result.flatMap(Ask.fromUnknown(input), (ask) =>
    Result.mapBoth(capabilityRule.compile(ask.kind, ask.patterns), {
      onFailure: (detail) => new Ask.InvalidAsk({ kind: ask.kind, detail }),
      onSuccess: (patterns) => ({ ask, patterns })
    }))

const rulesOf = (kind: CapabilityKind.CapabilityKind, patterns: ReadonlyArray<Pattern.Pattern>) =>
  CapabilityKind.takesPatterns(kind) ? patterns : [undefined]

export const installAsk = (account: Account, { ask, patterns }: PreparedAsk, index: number): void => {
  const table = tableOf(account, ask.kind)
  const isBeforeUse = ask.audit !== undefined
  table.isBeforeUse ||= isBeforeUse
  for (const [position, pattern] of rulesOf(ask.kind, patterns).entries()) {
    table.asks.add({
      order: index * patternsPerGrant + position,
      pattern,
      end: endOf(ask.expires),
      isBeforeUse,
      shown: {
        index,
        pattern: pattern?.text ?? "",
        reason: ask.reason,
        place: ask.place,
        ...(ask.expires === undefined ? undefined : { expires: ask.expires })
      }
    })
  }
  forget(table)
}

export const prepareGrant = (input: Grant.Grant): Result.Result<PreparedGrant, Grant.InvalidGrant> =>
  Result.flatMap(
    Grant.fromUnknown(input),
    (grant) =>
      Result.mapBoth(capabilityRule.compile(grant.kind, grant.patterns), {
        onFailure: (detail) => new Grant.InvalidGrant({ kind: grant.kind, detail }),
        onSuccess: (patterns) => ({ grant, patterns })
      })
  )

export const makeGrant = (
  account: Account,
  id: number,
  { grant, patterns }: PreparedGrant,
  parent?: GrantState
): GrantState => ({
  id,
  account,
  parent,
  children: new Set(),
  depth: parent === undefined ? 0 : parent.depth + 1,
  given: JSON.stringify([grant.kind, grant.patterns.toSorted(), grant.expires, grant.audit]),
  grant,
  patterns,
  end: endOf(grant.expires),
  isRevoked: false
})

export const installGrant = (state: GrantState): void => {
  const { account, grant, id, parent, patterns } = state
  const table = tableOf(account, grant.kind)
  table.isBeforeUse ||= grant.audit !== undefined
  for (const [position, pattern] of rulesOf(grant.kind, patterns).entries()) {
    table.grants.add({
      order: id * patternsPerGrant + position,
      pattern,
      state,
      allowed: {
        _tag: "Allowed",
        grant,
        rule: { id, pattern: pattern?.text ?? "" },
        ...(grant.audit === undefined ? undefined : { isBeforeUse: true })
      }
    })
  }
  account.grants.set(id, state)
  parent?.children.add(state)
  forget(table)
}

/** Takes a grant out, as if it had not been given. */
export const removeGrant = (state: GrantState): void => {
  const table = tableOf(state.account, state.grant.kind)
  table.grants.remove((rule) => rule.state === state)
  state.account.grants.delete(state.id)
  state.parent?.children.delete(state)
  forget(table)
}

/** Whether one more grant can be held, where the oldest that was revoked may go for it. */
export const makeRoom = ({ grants }: Account): boolean => {
  if (grants.size < mostGrants) return true
  for (const state of grants.values()) {
    if (!state.isRevoked) continue
    removeGrant(state)
    return true
  }
  return false
}

/** Puts another pattern, reason and end in the place of those of a grant. */
export const replaceGrant = (state: GrantState, { grant, patterns }: PreparedGrant): void => {
  tableOf(state.account, state.grant.kind).grants.remove((rule) => rule.state === state)
  state.grant = grant
  state.patterns = patterns
  state.end = Math.min(endOf(grant.expires), state.end)
  installGrant(state)
}

/** The state and all that was delegated from it, as far as they are live; each is revoked. */
export const revokeAll = (state: GrantState): ReadonlyArray<GrantState> => {
  if (state.isRevoked) return []
  state.isRevoked = true
  state.parent?.children.delete(state)
  return [state, ...[...state.children].flatMap(revokeAll)]
}

/** All that was delegated from a grant. */
export const below = (state: GrantState): ReadonlyArray<GrantState> =>
  [...state.children].flatMap((child) => [child, ...below(child)])

const compute = (table: KindTable, kind: CapabilityKind.CapabilityKind, resource: string): Match => {
  const subject = Pattern.parseResource(kind, resource)
  if (subject === undefined) return { resource, asks: [], grants: [] }
  return { resource, asks: table.asks.covering(subject), grants: table.grants.covering(subject) }
}

export const matching = (table: KindTable, resource: string): Match =>
  table.takesPatterns
    ? table.remembered.get(resource)
    : { resource, asks: table.asks.rules, grants: table.grants.rules }
