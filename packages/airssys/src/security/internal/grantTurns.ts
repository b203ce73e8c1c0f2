import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { AdmissionError } from "../AdmissionError.ts"
import type { AuditError } from "../AuditError.ts"
import type { AuditLog } from "../AuditLog.ts"
import type { Principal } from "../Principal.ts"
import type { Accounts, Entry } from "./accounts.ts"
import * as auditedChange from "./auditedChange.ts"
import { ChangeTurns } from "./changeTurns.ts"
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
 * What changes of grants share. They are made one after the other, and one is
 * over when the audit log has written it; to admit and to dismiss concern their
 * principals alone, and wait for no others of their kind. What narrows authority
 * does not wait for its turn: it takes hold first, and what revokes does so again
 * in its turn for what a change in flight added meanwhile.
 */
export class GrantTurns {
  private readonly turns = new ChangeTurns()
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
    this.turns.take(undefined, Effect.uninterruptible(effect))

  /** A change that neither reads nor changes what others hold, but for what was taken from them before its turn. */
  readonly changeOne = (principal: Principal) => {
    const { id, kind } = readable.principal(principal)
    return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      this.turns.take(`${kind}\n${id}`, Effect.uninterruptible(effect))
  }

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
