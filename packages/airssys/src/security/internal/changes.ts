import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { AdmissionError } from "../AdmissionError.ts"
import type { Ask, InvalidAsk } from "../Ask.ts"
import type { AuditError } from "../AuditError.ts"
import * as AuditEvent from "../AuditEvent.ts"
import type { AuditLog } from "../AuditLog.ts"
import type * as CapabilityKind from "../CapabilityKind.ts"
import type { Expiry } from "../ExpiryDate.ts"
import { type Grant, type Held, InvalidGrant } from "../Grant.ts"
import { GrantError } from "../GrantError.ts"
import type { Principal } from "../Principal.ts"
import type { Accounts, Entry } from "./accounts.ts"
import * as auditedChange from "./auditedChange.ts"
import { askedUntil, beyond, deepest } from "./grantBounds.ts"
import type { Holds } from "./holds.ts"
import * as ruleTable from "./ruleTable.ts"

/** What a narrower grant covers and until when; what is left out stays as it is. */
export interface Narrower {
  readonly patterns?: ReadonlyArray<string> | undefined
  readonly expires?: Expiry | undefined
  readonly reason: string
}

export interface Changes {
  /**
   * Makes a principal known, with what it asks for and what it is granted.
   * Admitting it again with the same asks and grants changes nothing, so what
   * was granted or revoked since stays so; with others it fails. What was
   * revoked or narrowed stays so also after `dismiss`, until `grant` gives it.
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
   * Makes a live grant smaller: fewer resources, an earlier end. What was
   * delegated from it and goes beyond it is revoked. It takes hold at once, and
   * is then recorded.
   */
  readonly narrow: (
    principal: Principal,
    grant: number,
    narrower: Narrower
  ) => Effect.Effect<void, AdmissionError | GrantError | InvalidGrant | AuditError>
  /**
   * Passes a part of a grant on and returns the id of the new one. It is bound
   * by the grant, by what its holder may itself use, and by what the receiver
   * asks for; it ends when the grant does.
   */
  readonly delegate: (
    from: Principal,
    to: Principal,
    options: Narrower & { readonly grant: number }
  ) => Effect.Effect<number, AdmissionError | GrantError | InvalidGrant | AuditError>
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

type States = ReadonlyArray<ruleTable.GrantState>

interface Options {
  readonly audit: AuditLog["Service"]
  readonly accounts: Accounts
  readonly holds: Holds
  readonly now: () => number
}

const prepare = (input: Grant): Result.Result<ruleTable.PreparedGrant, InvalidGrant> =>
  input.source?._tag === "Delegation"
    ? Result.fail(new InvalidGrant({ kind: input.kind, detail: "only delegate makes a delegation" }))
    : ruleTable.prepareGrant(input)

const room = (account: ruleTable.Account): Result.Result<void, AdmissionError> =>
  ruleTable.makeRoom(account)
    ? Result.void
    : Result.fail(new AdmissionError({ principal: account.principal, reason: "TooManyGrants" }))

/** Those below a grant that go beyond what it has become, revoked; the others end with it. */
const trim = (state: ruleTable.GrantState): States =>
  [...state.children].flatMap((child) => {
    child.end = Math.min(child.end, state.end)
    return beyond(state, child) === undefined ? trim(child) : ruleTable.revokeAll(child)
  })

/**
 * Changes are made one after the other under a permit, which is held while the
 * audit log writes. What narrows authority does not wait for it: it takes hold
 * first, and what revokes does so again under the permit for what a change in
 * flight added meanwhile.
 */
export const make = ({ accounts, audit, holds, now }: Options): Changes => {
  const changing = Semaphore.makeUnsafe(1)
  let lastId = 0

  const change = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    changing.withPermit(Effect.uninterruptible(effect))

  const found = (principal: Principal): Result.Result<Entry, AdmissionError> => {
    const entry = accounts.find(principal)
    return entry === undefined
      ? Result.fail(new AdmissionError({ principal, reason: "NotAdmitted" }))
      : Result.succeed(entry)
  }

  const review = (states: States): void => {
    for (const principal of new Set(states.map(({ account }) => account.principal))) holds.review(principal)
  }

  const recordRevoked = (states: States, reason: string) =>
    states.length === 0 ? Effect.void : audit.appendAll(states.map((state) => auditedChange.revoked(state, reason)))

  const admit: Changes["admit"] = (principal, { asks, grants: given, release }) =>
    change(Effect.gen(function*() {
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
        const state = ruleTable.makeGrant(account, ++lastId, grant)
        const left = accounts.leftOf(principal, state.given)
        state.isRevoked = left === "Revoked"
        ruleTable.installGrant(state)
        if (typeof left === "object") ruleTable.replaceGrant(state, yield* Effect.fromResult(prepare(left)))
      }
      const live = [...account.grants.values()].filter((state) => !state.isRevoked)
      if (live.length > 0) yield* audit.appendAll(live.map(auditedChange.granted))
      accounts.set(principal, { account, admitted })
    }))

  const give = (principal: Principal, given: Grant, isForGood: boolean) =>
    change(Effect.gen(function*() {
      const { account } = yield* Effect.fromResult(found(principal))
      const prepared = yield* Effect.fromResult(prepare(given))
      yield* Effect.fromResult(room(account))
      const state = ruleTable.makeGrant(account, ++lastId, prepared)
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
      return changing.withPermit(Effect.gen(function*() {
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
      return change(Effect.gen(function*() {
        const second = forget(principal)
        if (!first.wasKnown && !second.wasKnown) return
        yield* recordRevoked([...first.delegated, ...second.delegated], "who delegated it was dismissed")
        yield* audit.append({ _tag: "Dismissed", principal: AuditEvent.actor(principal) })
      }))
    }))

  /** A live grant of a principal, and a part of it that goes nowhere beyond. */
  const part = (principal: Principal, id: number, narrower: Narrower) =>
    Result.gen(function*() {
      const fail = (reason: GrantError["reason"], detail: string) =>
        Result.fail(new GrantError({ principal, grant: id, reason, detail }))
      const { account } = yield* found(principal)
      const state = account.grants.get(id)
      if (state === undefined || state.isRevoked || now() >= state.end) {
        return yield* fail("NotHeld", "it is not held, or not any more")
      }
      const expires = narrower.expires ?? state.grant.expires
      const prepared = yield* ruleTable.prepareGrant({
        kind: state.grant.kind,
        patterns: narrower.patterns ?? state.grant.patterns,
        reason: state.grant.reason,
        ...(expires === undefined ? undefined : { expires }),
        ...(state.grant.source === undefined ? undefined : { source: state.grant.source }),
        ...(state.grant.audit === undefined ? undefined : { audit: state.grant.audit })
      })
      const wider = beyond(state, prepared)
      if (wider !== undefined) return yield* fail("Wider", `it does not cover ${wider}`)
      if (ruleTable.endOf(expires) > state.end) {
        if (narrower.expires !== undefined) return yield* fail("Wider", "it ends before that")
      }
      return { state, prepared, fail }
    })

  const narrow: Changes["narrow"] = (principal, id, narrower) =>
    Effect.uninterruptible(Effect.gen(function*() {
      const { prepared, state } = yield* Effect.fromResult(part(principal, id, narrower))
      ruleTable.replaceGrant(state, prepared)
      if (state.parent === undefined) accounts.restrict(principal, state.given, state.grant)
      const trimmed = trim(state)
      review([state, ...ruleTable.below(state), ...trimmed])
      yield* changing.withPermit(Effect.andThen(
        audit.append(auditedChange.narrowed(state, narrower.reason)),
        recordRevoked(trimmed, "the grant that it was delegated from was narrowed")
      ))
    }))

  const delegate: Changes["delegate"] = (from, to, options) =>
    change(Effect.gen(function*() {
      const { account } = yield* Effect.fromResult(found(to))
      const { fail, prepared, state: parent } = yield* Effect.fromResult(part(from, options.grant, options))
      if (parent.depth >= deepest) return yield* Effect.fromResult(fail("TooDeep", "it was delegated too often"))
      const asked = askedUntil(parent, prepared, now())
      if (asked <= now()) return yield* Effect.fromResult(fail("Wider", "its holder does not ask for it"))
      yield* Effect.fromResult(room(account))
      const source = { _tag: "Delegation", by: AuditEvent.actor(from), grant: parent.id } as const
      const passed = { patterns: prepared.patterns, grant: { ...prepared.grant, reason: options.reason, source } }
      const checked = yield* Effect.fromResult(ruleTable.prepareGrant(passed.grant))
      const state = ruleTable.makeGrant(account, ++lastId, checked, parent)
      state.end = Math.min(state.end, asked)
      yield* audit.append(auditedChange.granted(state))
      const isHeld = !parent.isRevoked && beyond(parent, state) === undefined &&
        accounts.find(from)?.account === parent.account && accounts.find(to)?.account === account
      if (!isHeld) {
        yield* recordRevoked([state], "the grant that it was delegated from went meanwhile")
        return yield* Effect.fromResult(fail("NotHeld", "it went meanwhile"))
      }
      state.end = Math.min(state.end, parent.end)
      ruleTable.installGrant(state)
      return state.id
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

  return { admit, dismiss, grant, grantScoped, narrow, delegate, revoke, held }
}
