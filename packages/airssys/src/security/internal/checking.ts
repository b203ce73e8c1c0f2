import type * as CapabilityKind from "../CapabilityKind.ts"
import type { Decision } from "../Decision.ts"
import { mostActingFor, type Principal } from "../Principal.ts"
import type { Accounts } from "./accounts.ts"
import * as deciding from "./decide.ts"
import type { Over } from "./regime.ts"

const nobody: ReadonlyArray<Principal> = []

export type Check = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource?: string,
  onBehalfOf?: ReadonlyArray<Principal>
) => Decision

/** The decision about a principal and, where it acts for others, about each of them: the first denial holds. */
export const make = (accounts: Accounts, over: Over): Check => {
  const own = (principal: Principal, kind: CapabilityKind.CapabilityKind, resource: string): Decision => {
    const entry = accounts.find(principal)
    return entry === undefined
      ? deciding.unknown(principal, kind, resource)
      : over.decide(entry.account, kind, resource)
  }
  const together: Check = (principal, kind, resource = "", onBehalfOf = nobody) => {
    const decision = own(principal, kind, resource)
    if (decision._tag === "Denied" || onBehalfOf === nobody) return decision
    if (!Array.isArray(onBehalfOf)) return deciding.unknown(principal, kind, resource)
    if (onBehalfOf.length === 0) return decision
    if (onBehalfOf.length > mostActingFor) {
      return deciding.deny(() => ({
        principal,
        kind,
        resource: deciding.shorten(resource),
        reason: "TooManyActingFor"
      }))
    }
    let { isBeforeUse, reported } = decision
    for (const other of onBehalfOf) {
      const theirs = own(other, kind, resource)
      if (theirs._tag === "Denied") return deciding.deny(() => ({ ...theirs.explanation, actor: principal }))
      if (theirs.reported !== undefined) reported ??= { ...theirs.reported, actor: principal }
      isBeforeUse ??= theirs.isBeforeUse
    }
    return reported === decision.reported && isBeforeUse === decision.isBeforeUse
      ? decision
      : { ...decision, reported, isBeforeUse }
  }
  /** Where those for whom somebody acts cannot be read, nobody was named who may do it. */
  return (principal, kind, resource, onBehalfOf) => {
    try {
      return together(principal, kind, resource, onBehalfOf)
    } catch {
      return deciding.unknown(principal, kind, resource ?? "")
    }
  }
}

/** Until when it is decided as now, unless something changes. */
export const until = (
  accounts: Accounts,
  over: Over,
  principals: ReadonlyArray<Principal>,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  now: number
): number =>
  principals.reduce((earliest, principal) => {
    const account = accounts.find(principal)?.account
    return account === undefined
      ? earliest
      : Math.min(earliest, deciding.until(account, kind, resource, now), over.until(account, now))
  }, Number.POSITIVE_INFINITY)
