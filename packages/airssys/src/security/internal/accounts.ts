import type { Grant } from "../Grant.ts"
import type { Principal } from "../Principal.ts"
import type { Account } from "./ruleTable.ts"

export interface Entry {
  readonly account: Account
  /** What it was admitted with, to compare a second admission. */
  readonly admitted: string
}

/** What an operator took from a grant: nothing, all of it, or what is not in this narrower one. */
export type Restriction = "Whole" | "Revoked" | Grant

/** Beyond `mostRestricted` of them, whatever is not named counts as revoked. */
interface Restrictions {
  readonly of: Map<string, Restriction>
  isFull: boolean
}

/** The most grants of a principal of which is remembered what was taken from them. */
export const mostRestricted = 4096

/**
 * The admitted principals. A principal is found without making a key, since
 * every decision does that. What was revoked or narrowed outlives the
 * admission, by what the grant gave.
 */
export class Accounts {
  private readonly components = new Map<string, Entry>()
  private readonly operators = new Map<string, Entry>()
  private readonly hosts = new Map<string, Entry>()
  private readonly restrictions = new Map<string, Restrictions>()

  /** What is no principal, and throws when it is looked at, is not admitted. */
  find(principal: Principal): Entry | undefined {
    try {
      return this.entriesOf(principal.kind).get(principal.id)
    } catch {
      return undefined
    }
  }

  set(principal: Principal, entry: Entry): void {
    this.entriesOf(principal.kind).set(principal.id, entry)
  }

  delete(principal: Principal): boolean {
    return this.entriesOf(principal.kind).delete(principal.id)
  }

  clear(): void {
    for (const entries of [this.components, this.operators, this.hosts]) entries.clear()
  }

  private entriesOf(kind: Principal["kind"]): Map<string, Entry> {
    return kind === "Component" ? this.components : kind === "Operator" ? this.operators : this.hosts
  }

  entries(): ReadonlyArray<Entry> {
    return [this.components, this.operators, this.hosts].flatMap((entries) => [...entries.values()])
  }

  /** What is left of a grant that is given again: itself where nothing was taken. */
  leftOf(principal: Principal, given: string): Restriction {
    const restricted = this.restrictions.get(keyOf(principal))
    return restricted?.of.get(given) ?? (restricted?.isFull === true ? "Revoked" : "Whole")
  }

  restrict(principal: Principal, given: string, restriction: Restriction): void {
    const restricted = this.restrictions.get(keyOf(principal)) ?? { of: new Map(), isFull: false }
    this.restrictions.set(keyOf(principal), restricted)
    if (restricted.of.has(given) || restricted.of.size < mostRestricted) restricted.of.set(given, restriction)
    else restricted.isFull = true
  }

  lift(principal: Principal, given: string): void {
    const restricted = this.restrictions.get(keyOf(principal))
    if (restricted?.isFull === true) this.restrict(principal, given, "Whole")
    else if (restricted?.of.delete(given) === true && restricted.of.size === 0) {
      this.restrictions.delete(keyOf(principal))
    }
  }
}

const keyOf = (principal: Principal): string => `${principal.kind}\n${principal.id}`
