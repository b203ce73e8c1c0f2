import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { AdmissionError } from "../AdmissionError.ts"
import type { AuditError } from "../AuditError.ts"
import type { AuditLog } from "../AuditLog.ts"
import type { Principal } from "../Principal.ts"
import type { Accounts, Entry } from "./accounts.ts"
import * as auditedChange from "./auditedChange.ts"
import type { Holds } from "./holds.ts"
import * as readable from "./readable.ts"
import * as ruleTable from "./ruleTable.ts"

export type States = ReadonlyArray<ruleTable.GrantState>

export interface Options {
  readonly audit: AuditLog["Service"]
  readonly accounts: Accounts
  readonly holds: Holds
  readonly now: () => number
}

/**
 * What changes of grants share. They are made one after the other under a
 * permit, which is held while the audit log writes. What narrows authority does
 * not wait for it: it takes hold first, and what revokes does so again under the
 * permit for what a change in flight added meanwhile.
 */
export class GrantTurns {
  readonly changing = Semaphore.makeUnsafe(1)
  private readonly options: Options
  private lastId = 0

  constructor(options: Options) {
    this.options = options
  }

  /** Ids are in the order in which grants are prepared. */
  nextId(): number {
    return ++this.lastId
  }

  readonly change = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    this.changing.withPermit(Effect.uninterruptible(effect))

  readonly found = (principal: Principal): Result.Result<Entry, AdmissionError> => {
    const entry = this.options.accounts.find(principal)
    return entry === undefined
      ? Result.fail(new AdmissionError({ principal: readable.principal(principal), reason: "NotAdmitted" }))
      : Result.succeed(entry)
  }

  readonly room = (account: ruleTable.Account): Result.Result<void, AdmissionError> =>
    ruleTable.makeRoom(account)
      ? Result.void
      : Result.fail(new AdmissionError({ principal: account.principal, reason: "TooManyGrants" }))

  /** Ends what goes on under grants that are no more what they were. */
  readonly review = (states: States): void => {
    for (const principal of new Set(states.map(({ account }) => account.principal))) {
      this.options.holds.review(principal)
    }
  }

  readonly recordRevoked = (states: States, reason: string): Effect.Effect<unknown, AuditError> =>
    states.length === 0
      ? Effect.void
      : this.options.audit.appendAll(states.map((state) => auditedChange.revoked(state, reason)))
}
