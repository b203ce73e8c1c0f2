import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { AdmissionError } from "../AdmissionError.ts"
import type { Ask, InvalidAsk } from "../Ask.ts"
import type { AuditError } from "../AuditError.ts"
import * as AuditEvent from "../AuditEvent.ts"
import type * as CapabilityKind from "../CapabilityKind.ts"
import { type Grant, type Held, InvalidGrant } from "../Grant.ts"
import * as Places from "../Places.ts"
import { isPrincipal, type Principal } from "../Principal.ts"
import * as auditedChange from "./auditedChange.ts"
import * as grantParts from "./grantParts.ts"
import type { GrantParts } from "./grantParts.ts"
import { GrantTurns, type Options, type States } from "./grantTurns.ts"
import * as readable from "./readable.ts"
import * as ruleTable from "./ruleTable.ts"

export interface Changes extends GrantParts {
  /**
   * Makes a principal known, with what it asks for and what it is granted.
   * Admitting it again with the same asks and grants changes nothing, so what
   * was granted or revoked since stays so; with others it fails. What was
   * revoked or narrowed stays so also after `dismiss`, until `grant` gives it.
   * A principal is known when all that was recorded before it is durable.
   */
  readonly admit: (principal: Principal, authority: {
    readonly asks: ReadonlyArray<Ask>
    readonly grants: ReadonlyArray<Grant>
    /** Digest of the release that will act, `sha256:...`: entries of the audit log have it. */
    readonly release?: string | undefined
  }) => Effect.Effect<void, AdmissionError | InvalidAsk | InvalidGrant | AuditError>
  /** Forgets a principal: everything is denied to it from then on, and to whom it delegated. */
  readonly dismiss: (principal: Principal) => Effect.Effect<void, AuditError>
  /** Adds a grant and returns its id. */
  readonly grant: (
    principal: Principal,
    grant: Grant
  ) => Effect.Effect<number, AdmissionError | InvalidGrant | AuditError>
  /** Adds a grant for as long as the scope is open: that of a session, or of one message. */
  readonly grantScoped: (
    principal: Principal,
    grant: Grant
  ) => Effect.Effect<number, AdmissionError | InvalidGrant | AuditError, Scope.Scope>
  /**
   * Revokes the live grants that are selected (all, if nothing is named) with
   * what was delegated from them, and returns how many those were. When
   * recording it fails they are revoked all the same.
   */
  readonly revoke: (principal: Principal, options: {
    readonly grant?: number | undefined
    readonly kind?: CapabilityKind.CapabilityKind | undefined
    readonly reason: string
  }) => Effect.Effect<number, AdmissionError | AuditError>
  /** The grants of a principal in the order they were given; empty if it is not admitted. */
  readonly held: (principal: Principal) => Effect.Effect<ReadonlyArray<Held>>
}

/** How many dismissals wait for the log at once, which has room for as many where uses have taken the rest. */
const dismissedAtOnce = 16

const prepare = (input: Grant): Result.Result<ruleTable.PreparedGrant, InvalidGrant> =>
  Result.flatMap(ruleTable.prepareGrant(input), (prepared) =>
    prepared.grant.source?._tag === "Delegation"
      ? Result.fail(new InvalidGrant({ kind: prepared.grant.kind, detail: "only delegate makes a delegation" }))
      : Result.succeed(prepared))

export const make = (options: Options): Changes => {
  const turns = new GrantTurns(options)
  const { change, changeOne, found, recordRevoked, review, room } = turns
  const { accounts, audit, holds } = options
  const dismissing = Places.make(dismissedAtOnce)

  const admit: Changes["admit"] = (principal, { asks, grants: given, release }) =>
    changeOne(principal)(Effect.gen(function*() {
      if (!isPrincipal(principal)) {
        return yield* new AdmissionError({ principal: readable.principal(principal), reason: "NoPrincipal" })
      }
      const account = ruleTable.make(principal, release)
      const prepared = yield* Effect.forEach(asks, (ask) => Effect.fromResult(ruleTable.prepareAsk(ask)))
      for (const [index, ask] of prepared.entries()) ruleTable.installAsk(account, ask, index + 1)
      const grants = yield* Effect.forEach(given, (grant) => Effect.fromResult(prepare(grant)))
      const admitted = JSON.stringify([prepared.map((_) => _.ask), grants.map((_) => _.grant), release])
      const known = accounts.find(principal)
      if (known !== undefined) {
        if (known.admitted === admitted) return
        return yield* new AdmissionError({ principal, reason: "AlreadyAdmitted" })
      }
      if (grants.length > ruleTable.mostGrants) return yield* new AdmissionError({ principal, reason: "TooManyGrants" })
      for (const grant of grants) {
        const state = ruleTable.makeGrant(account, turns.nextId(), grant)
        const left = accounts.leftOf(principal, state.given)
        state.isRevoked = left === "Revoked"
        ruleTable.installGrant(state)
        if (typeof left === "object") ruleTable.replaceGrant(state, yield* Effect.fromResult(prepare(left)))
      }
      const live = [...account.grants.values()].filter((state) => !state.isRevoked)
      yield* live.length > 0 ? audit.appendAll(live.map(auditedChange.granted)) : audit.flush
      accounts.set(principal, { account, admitted })
    }))

  const give = (principal: Principal, given: Grant, isForGood: boolean) =>
    change(Effect.gen(function*() {
      const { account } = yield* Effect.fromResult(found(principal))
      const prepared = yield* Effect.fromResult(prepare(given))
      yield* Effect.fromResult(room(account))
      const state = ruleTable.makeGrant(account, turns.nextId(), prepared)
      yield* audit.append(auditedChange.granted(state))
      ruleTable.installGrant(state)
      if (isForGood) accounts.lift(principal, state.given)
      return state.id
    }))

  const grant: Changes["grant"] = (principal, given) => give(principal, given, true)

  const takeBack = (principal: Principal, options: Omit<Parameters<Changes["revoke"]>[1], "reason">): States => {
    const selected = [...accounts.find(principal)?.account.grants.values() ?? []].filter((state) =>
      !state.isRevoked &&
      (options.grant === undefined || options.grant === state.id) &&
      (options.kind === undefined || options.kind === state.grant.kind)
    )
    const revoked = selected.flatMap(ruleTable.revokeAll)
    review(revoked)
    return revoked
  }

  const remember = (states: States): States => {
    for (const { account, given, parent } of states) {
      if (parent === undefined) accounts.restrict(account.principal, given, "Revoked")
    }
    return states
  }

  const revoke: Changes["revoke"] = (principal, options) =>
    Effect.uninterruptible(Effect.suspend(() => {
      const first = remember(takeBack(principal, options))
      return change(Effect.gen(function*() {
        if (first.length === 0) yield* Effect.fromResult(found(principal))
        const selected = [...first, ...remember(takeBack(principal, options))]
        yield* recordRevoked(selected, options.reason)
        return selected.length
      }))
    }))

  const release = (principal: Principal, id: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      const ended = takeBack(principal, { grant: id })
      for (const state of ended) ruleTable.removeGrant(state)
      return Effect.ignore(change(recordRevoked(ended, "the scope of the grant is over")), { log: true })
    })

  const grantScoped: Changes["grantScoped"] = (principal, given) =>
    Effect.acquireRelease(give(principal, given, false), (id) => release(principal, id))

  const forget = (principal: Principal): { readonly wasKnown: boolean; readonly delegated: States } => {
    const entry = accounts.find(principal)
    if (entry === undefined) return { wasKnown: false, delegated: [] }
    accounts.delete(principal)
    const all = [...entry.account.grants.values()].flatMap(ruleTable.revokeAll)
    const delegated = all.filter(({ account }) => account !== entry.account)
    holds.review(principal)
    review(delegated)
    return { wasKnown: true, delegated }
  }

  const dismiss: Changes["dismiss"] = (principal) =>
    Effect.uninterruptible(Effect.suspend(() => {
      const first = forget(principal)
      return changeOne(principal)(dismissing(Effect.gen(function*() {
        const second = forget(principal)
        if (!first.wasKnown && !second.wasKnown) return
        const delegated = [...first.delegated, ...second.delegated]
        yield* audit.appendAll([
          ...delegated.map((state) => auditedChange.revoked(state, "who delegated it was dismissed")),
          { _tag: "Dismissed", principal: AuditEvent.actor(principal) }
        ])
      })))
    }))

  const held: Changes["held"] = (principal) =>
    Effect.sync(() =>
      [...accounts.find(principal)?.account.grants.values() ?? []].map((state): Held => ({
        id: state.id,
        grant: state.grant,
        state: state.isRevoked ? "Revoked" : "Live",
        ...(state.parent === undefined ? undefined : { parent: state.parent.id })
      }))
    )

  return { admit, dismiss, grant, grantScoped, revoke, held, ...grantParts.make(turns, options) }
}
