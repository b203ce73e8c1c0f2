import type { Grant } from "../Grant.ts"
import type { Principal } from "../Principal.ts"
import type { Account } from "./ruleTable.ts"

export interface Entry {
  readonly account: Account
  /** What it was admitted with, to compare a second admission. */
  readonly admitted: string
}

/**
 * The admitted principals. A principal is found without making a key, since
 * every decision does that. Revocations outlive the admission.
 */
export class Accounts {
  private readonly components = new Map<string, Entry>()
  private readonly operators = new Map<string, Entry>()
  private readonly hosts = new Map<string, Entry>()
  private readonly revocations = new Map<string, Set<string>>()

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

  wasRevoked(principal: Principal, grant: Grant): boolean {
    return this.revocations.get(keyOf(principal))?.has(JSON.stringify(grant)) === true
  }

  rememberRevocation(principal: Principal, grant: Grant): void {
    const key = keyOf(principal)
    const revoked = this.revocations.get(key) ?? new Set()
    this.revocations.set(key, revoked.add(JSON.stringify(grant)))
  }

  forgetRevocation(principal: Principal, grant: Grant): void {
    const key = keyOf(principal)
    const revoked = this.revocations.get(key)
    revoked?.delete(JSON.stringify(grant))
    if (revoked?.size === 0) this.revocations.delete(key)
  }
}

const keyOf = (principal: Principal): string => `${principal.kind}\n${principal.id}`
