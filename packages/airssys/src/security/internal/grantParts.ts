import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { AdmissionError } from "../AdmissionError.ts"
import type { AuditError } from "../AuditError.ts"
import * as AuditEvent from "../AuditEvent.ts"
import type { Expiry } from "../ExpiryDate.ts"
import type { InvalidGrant } from "../Grant.ts"
import { GrantError } from "../GrantError.ts"
import type { Principal } from "../Principal.ts"
import * as auditedChange from "./auditedChange.ts"
import { askedUntil, beyond, deepest } from "./grantBounds.ts"
import type { GrantTurns, Options, States } from "./grantTurns.ts"
import { Moment } from "./moment.ts"
import * as ruleTable from "./ruleTable.ts"

/** What a narrower grant covers and until when; what is left out stays as it is. */
export interface Narrower {
  readonly patterns?: ReadonlyArray<string> | undefined
  readonly expires?: Expiry | undefined
  readonly reason: string
}

/** Changes that make a part of a grant of it, or pass a part on. */
export interface GrantParts {
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
}

/** Those below a grant that go beyond what it has become, revoked; the others end with it. */
const trim = (state: ruleTable.GrantState): States =>
  [...state.children].flatMap((child) => {
    child.end = Math.min(child.end, state.end)
    return beyond(state, child) === undefined ? trim(child) : ruleTable.revokeAll(child)
  })

export const make = (turns: GrantTurns, { accounts, audit, now }: Options): GrantParts => {
  const { change, found, recordRevoked, review, room } = turns

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

  const narrow: GrantParts["narrow"] = (principal, id, narrower) =>
    Effect.uninterruptible(Effect.gen(function*() {
      const { prepared, state } = yield* Effect.fromResult(part(principal, id, narrower))
      ruleTable.replaceGrant(state, prepared)
      if (state.parent === undefined) accounts.restrict(principal, state.given, state.grant)
      const trimmed = trim(state)
      review([state, ...ruleTable.below(state), ...trimmed])
      yield* change(Effect.andThen(
        audit.append(auditedChange.narrowed(state, narrower.reason)),
        recordRevoked(trimmed, "the grant that it was delegated from was narrowed")
      ))
    }))

  const delegate: GrantParts["delegate"] = (from, to, options) =>
    change(Effect.gen(function*() {
      const { account } = yield* Effect.fromResult(found(to))
      const { fail, prepared, state: parent } = yield* Effect.fromResult(part(from, options.grant, options))
      if (parent.depth >= deepest) return yield* Effect.fromResult(fail("TooDeep", "it was delegated too often"))
      const asked = askedUntil(parent, prepared, new Moment(now))
      if (asked <= now()) return yield* Effect.fromResult(fail("Wider", "its holder does not ask for it"))
      yield* Effect.fromResult(room(account))
      const source = { _tag: "Delegation", by: AuditEvent.actor(from), grant: parent.id } as const
      const passed = { patterns: prepared.patterns, grant: { ...prepared.grant, reason: options.reason, source } }
      const checked = yield* Effect.fromResult(ruleTable.prepareGrant(passed.grant))
      const state = ruleTable.makeGrant(account, turns.nextId(), checked, parent)
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

  return { narrow, delegate }
}
