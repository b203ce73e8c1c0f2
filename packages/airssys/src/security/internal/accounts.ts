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

/**
 * The admitted principals. A principal is found without making a key, since
 * every decision does that. What was revoked or narrowed outlives the
 * admission, by the text of the grant as it was given.
 */
export class Accounts {
  private readonly components = new Map<string, Entry>()
  private readonly operators = new Map<string, Entry>()
  private readonly hosts = new Map<string, Entry>()
  private readonly restrictions = new Map<string, Map<string, Restriction>>()

  find(principal: Principal): Entry | undefined {
    return this.entriesOf(principal.kind).get(principal.id)
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

  /** What is left of a grant that is given again: undefined where it was revoked, itself where nothing was taken. */
  leftOf(principal: Principal, given: string): Restriction {
    return this.restrictions.get(keyOf(principal))?.get(given) ?? "Whole"
  }

  restrict(principal: Principal, given: string, restriction: Restriction): void {
    const key = keyOf(principal)
    const restricted = this.restrictions.get(key) ?? new Map<string, Restriction>()
    this.restrictions.set(key, restricted.set(given, restriction))
  }

  lift(principal: Principal, given: string): void {
    const key = keyOf(principal)
    const restricted = this.restrictions.get(key)
    restricted?.delete(given)
    if (restricted?.size === 0) this.restrictions.delete(key)
  }
}

const keyOf = (principal: Principal): string => `${principal.kind}\n${principal.id}`
