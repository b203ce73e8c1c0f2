/**
 * The single place where a principal's authority is checked.
 *
 * Nothing is allowed unless a live grant covers the resource and, for a
 * component, its manifest asks for it. A principal that was not admitted has
 * no authority at all: if `check` always said no, a guest could reach nothing.
 *
 * Changes of authority are durable in the audit log before they widen what a
 * principal may do. A revocation takes hold at once and is then recorded.
 * Time never runs backward, also not before the newest entry of the log: what
 * expired while the clock was ahead stays expired.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { Ask, InvalidAsk } from "./Ask.ts"
import type { AuditError } from "./AuditError.ts"
import * as AuditEvent from "./AuditEvent.ts"
import { AuditLog, layerMemory } from "./AuditLog.ts"
import type * as Capability from "./Capability.ts"
import { CapabilityError } from "./CapabilityError.ts"
import type * as CapabilityKind from "./CapabilityKind.ts"
import type { Decision, Recorded } from "./Decision.ts"
import type { Grant, InvalidGrant } from "./Grant.ts"
import { Accounts, type Entry } from "./internal/accounts.ts"
import { Holds } from "./internal/holds.ts"
import * as lease from "./internal/lease.ts"
import * as ruleTable from "./internal/ruleTable.ts"
import * as steadyTime from "./internal/steadyTime.ts"
import * as Powers from "./Powers.ts"
import { CurrentPrincipal, Principal } from "./Principal.ts"

/**
 * A principal is already admitted with other asks or grants, or is not
 * admitted at all. Nothing was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class AdmissionError extends Schema.TaggedError<AdmissionError>("airssys/security/AdmissionError")(
  "AdmissionError",
  { principal: Principal, reason: Schema.Literals(["AlreadyAdmitted", "NotAdmitted"]) }
) {
  override get message(): string {
    return this.reason === "AlreadyAdmitted"
      ? `${this.principal.id} is admitted already, with other asks or grants: dismiss it first, or grant and revoke`
      : `${this.principal.id} is not admitted`
  }
}

/**
 * A grant as the enforcer holds it. `state` says nothing about expiry.
 *
 * @category models
 * @since 0.1.0
 */
export interface HeldGrant {
  readonly id: number
  readonly grant: Grant
  readonly state: "Live" | "Revoked"
}

/**
 * Service that holds the grants of principals and decides what they may use.
 *
 * @category services
 * @since 0.1.0
 */
export class CapabilityEnforcer extends Context.Service<CapabilityEnforcer, {
  /**
   * Makes a principal known, with what it asks for and what it is granted.
   * Admitting it again with the same asks and grants changes nothing, so what
   * was granted or revoked since stays so; with others it fails. A grant that
   * was revoked stays revoked also after `dismiss`, until `grant` gives it.
   */
  readonly admit: (principal: Principal, authority: {
    readonly asks: ReadonlyArray<Ask>
    readonly grants: ReadonlyArray<Grant>
  }) => Effect.Effect<void, AdmissionError | InvalidAsk | InvalidGrant | AuditError>
  /** Forgets a principal: everything is denied to it from then on. */
  readonly dismiss: (principal: Principal) => Effect.Effect<void, AuditError>
  /** Adds a grant and returns its id. */
  readonly grant: (
    principal: Principal,
    grant: Grant
  ) => Effect.Effect<number, AdmissionError | InvalidGrant | AuditError>
  /**
   * Revokes the live grants that are selected (all, if nothing is named) and
   * returns how many those were. When recording it fails they are revoked all
   * the same.
   */
  readonly revoke: (principal: Principal, options: {
    readonly grant?: number | undefined
    readonly kind?: CapabilityKind.CapabilityKind | undefined
    readonly reason: string
  }) => Effect.Effect<number, AdmissionError | AuditError>
  /** The grants of a principal in the order they were given; empty if it is not admitted. */
  readonly held: (principal: Principal) => Effect.Effect<ReadonlyArray<HeldGrant>>
  /**
   * Decides, without recording anything. Kinds without resources ignore
   * `resource`.
   */
  readonly check: (principal: Principal, kind: CapabilityKind.CapabilityKind, resource?: string) => Decision
  /**
   * Decides and records, without suspending: for functions that a guest calls
   * synchronously. What cannot be recorded is denied.
   */
  readonly decideUnsafe: (
    principal: Principal,
    kind: CapabilityKind.CapabilityKind,
    resource?: string
  ) => Recorded
  /** Decides and records. */
  readonly decide: (
    principal: Principal,
    kind: CapabilityKind.CapabilityKind,
    resource?: string
  ) => Effect.Effect<Recorded>
  /**
   * Runs an effect with the power that the current principal was granted, and
   * does not run it when it was not. The power ends with the grant.
   */
  readonly require: <Id, Power>(
    request: Capability.Request<Id, Power>
  ) => <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | CapabilityError, Exclude<R, Id> | CurrentPrincipal>
}>()("airssys/security/CapabilityEnforcer") {}

const failure = (reason: CapabilityError["reason"]): CapabilityError => new CapabilityError({ reason })

type Changes = Pick<CapabilityEnforcer["Service"], "admit" | "dismiss" | "grant" | "revoke" | "held">

/**
 * Changes are made one after the other under a permit, which is held while the
 * audit log writes. What narrows authority does not wait for it: a revocation
 * or dismissal takes hold first, and again under the permit for what a change
 * in flight added meanwhile.
 */
const makeChanges = (audit: AuditLog["Service"], accounts: Accounts, holds: Holds): Changes => {
  const changing = Semaphore.makeUnsafe(1)
  let grants = 0

  const found = (principal: Principal): Effect.Effect<Entry, AdmissionError> =>
    Effect.suspend(() => {
      const entry = accounts.find(principal)
      return entry === undefined
        ? Effect.fail(new AdmissionError({ principal, reason: "NotAdmitted" }))
        : Effect.succeed(entry)
    })

  const change = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    changing.withPermit(Effect.uninterruptible(effect))

  const admit: Changes["admit"] = (principal, { asks, grants: given }) =>
    change(Effect.gen(function*() {
      const account = ruleTable.make(principal)
      const prepared = yield* Effect.forEach(asks, (ask) => Effect.fromResult(ruleTable.prepareAsk(ask)))
      for (const [index, ask] of prepared.entries()) ruleTable.installAsk(account, ask, index + 1)
      for (const [index, grant] of given.entries()) {
        ruleTable.installGrant(account, yield* Effect.fromResult(ruleTable.prepareGrant(grant, grants + index + 1)))
      }
      const admitted = JSON.stringify([prepared.map((_) => _.ask), account.grants.map((_) => _.grant)])
      const known = accounts.find(principal)
      if (known !== undefined) {
        if (known.admitted === admitted) return
        return yield* new AdmissionError({ principal, reason: "AlreadyAdmitted" })
      }
      grants += account.grants.length
      for (const state of account.grants) state.isRevoked = accounts.wasRevoked(principal, state.grant)
      const live = account.grants.filter((state) => !state.isRevoked)
      if (live.length > 0) yield* audit.appendAll(live.map((state) => grantedEvent(principal, state)))
      accounts.set(principal, { account, admitted })
    }))

  const grant: Changes["grant"] = (principal, given) =>
    change(Effect.gen(function*() {
      const { account } = yield* found(principal)
      const state = yield* Effect.fromResult(ruleTable.prepareGrant(given, grants + 1))
      grants++
      yield* audit.append(grantedEvent(principal, state))
      ruleTable.installGrant(account, state)
      accounts.forgetRevocation(principal, state.grant)
      return state.id
    }))

  const takeBack = (principal: Principal, options: Parameters<Changes["revoke"]>[1]) => {
    const selected = (accounts.find(principal)?.account.grants ?? []).filter((state) =>
      !state.isRevoked &&
      (options.grant === undefined || options.grant === state.id) &&
      (options.kind === undefined || options.kind === state.grant.kind)
    )
    for (const state of selected) {
      state.isRevoked = true
      accounts.rememberRevocation(principal, state.grant)
    }
    holds.review(principal)
    return selected
  }

  const revoke: Changes["revoke"] = (principal, options) =>
    Effect.uninterruptible(Effect.suspend(() => {
      const first = takeBack(principal, options)
      return changing.withPermit(Effect.gen(function*() {
        if (first.length === 0) yield* found(principal)
        const selected = [...first, ...takeBack(principal, options)]
        if (selected.length > 0) {
          yield* audit.appendAll(selected.map((state) => revokedEvent(principal, state, options.reason)))
        }
        return selected.length
      }))
    }))

  const forget = (principal: Principal): boolean => {
    const wasKnown = accounts.delete(principal)
    holds.review(principal)
    return wasKnown
  }

  const dismiss: Changes["dismiss"] = (principal) =>
    Effect.uninterruptible(Effect.suspend(() => {
      const wasKnown = forget(principal)
      return changing.withPermit(Effect.suspend(() =>
        forget(principal) || wasKnown
          ? Effect.asVoid(audit.append({ _tag: "Dismissed", principal: AuditEvent.actor(principal) }))
          : Effect.void
      ))
    }))

  const held: Changes["held"] = (principal) =>
    Effect.sync(() =>
      (accounts.find(principal)?.account.grants ?? []).map((state): HeldGrant => ({
        id: state.id,
        grant: state.grant,
        state: state.isRevoked ? "Revoked" : "Live"
      }))
    )

  return { admit, dismiss, grant, revoke, held }
}

const make = Effect.gen(function*() {
  const audit = yield* AuditLog
  const clock = yield* Clock.Clock
  const powers = yield* Powers.Powers
  const accounts = new Accounts()
  const now = steadyTime.make(clock, audit.latestTimeUnsafe())

  const check = (principal: Principal, kind: CapabilityKind.CapabilityKind, resource = ""): Decision => {
    const entry = accounts.find(principal)
    return entry === undefined
      ? ruleTable.denyUnknown(principal, kind, resource)
      : ruleTable.decide(entry.account, kind, resource, now())
  }

  const decideUnsafe = (principal: Principal, kind: CapabilityKind.CapabilityKind, resource = ""): Recorded => {
    const decision = check(principal, kind, resource)
    const entry = audit.recordUnsafe(eventOf(principal, kind, resource, decision))
    return entry === undefined && decision._tag === "Allowed"
      ? { decision: ruleTable.denyUnrecorded(principal, kind, resource, decision), entry }
      : { decision, entry }
  }

  const decide = (principal: Principal, kind: CapabilityKind.CapabilityKind, resource = ""): Effect.Effect<Recorded> =>
    Effect.sync(() => decideUnsafe(principal, kind, resource))

  const fork = yield* FiberSet.makeRuntime()
  const holds = new Holds({
    check: ({ kind, principal, resource }) => check(principal, kind, resource),
    until: ({ kind, principal, resource }) => {
      const entry = accounts.find(principal)
      return entry === undefined ? 0 : ruleTable.until(entry.account, kind, resource, now())
    },
    now,
    wake: (millis, then) => {
      const fiber = fork(Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(then)))
      return () => fiber.interruptUnsafe()
    }
  })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      accounts.clear()
      holds.reviewAll()
    })
  )

  const leaseOf = lease.make({
    holds,
    check,
    decide: decideUnsafe,
    record: (denied) => {
      const { kind, principal, resource } = denied.explanation
      return audit.recordUnsafe(eventOf(principal, kind, resource, denied))
    },
    close: (effect) => {
      fork(Effect.uninterruptible(Effect.ignoreCause(effect, { log: true })))
    }
  })

  const require = <Id, Power>(request: Capability.Request<Id, Power>) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.flatMap(
      CurrentPrincipal,
      (principal): Effect.Effect<A, E | CapabilityError, Exclude<R, Id>> => {
        const { decision, entry } = decideUnsafe(principal, request.kind, request.resource)
        if (decision._tag === "Denied") return Effect.fail(lease.denied({ decision, entry }))
        const power = Powers.make(powers, request, leaseOf(principal, request.kind, request.resource, decision))
        return power === undefined
          ? Effect.fail(failure({ _tag: "PowerMissing", principal, kind: request.kind }))
          : Effect.provideService(effect, request.capability, power)
      }
    )

  return CapabilityEnforcer.of({ ...makeChanges(audit, accounts, holds), check, decideUnsafe, decide, require })
})

const grantedEvent = (principal: Principal, state: ruleTable.GrantState): AuditEvent.AuditEvent => ({
  _tag: "Granted",
  principal: AuditEvent.actor(principal),
  grant: state.id,
  kind: state.grant.kind,
  patterns: state.grant.patterns,
  reason: state.grant.reason,
  ...(state.grant.expires === undefined ? undefined : { expires: state.grant.expires })
})

const revokedEvent = (
  principal: Principal,
  state: ruleTable.GrantState,
  reason: string
): AuditEvent.AuditEvent => ({
  _tag: "Revoked",
  principal: AuditEvent.actor(principal),
  grant: state.id,
  kind: state.grant.kind,
  patterns: state.grant.patterns,
  reason
})

const eventOf = (
  principal: Principal,
  kind: CapabilityKind.CapabilityKind,
  resource: string,
  decision: Decision
): AuditEvent.AuditEvent => {
  if (decision._tag === "Allowed") {
    return {
      _tag: "CapabilityUsed",
      principal: AuditEvent.actor(principal),
      kind,
      resource: ruleTable.shorten(resource),
      rule: { grant: decision.rule.id, pattern: decision.rule.pattern }
    }
  }
  const { grant, reason } = decision.explanation
  return {
    _tag: "CapabilityDenied",
    principal: AuditEvent.actor(principal),
    kind,
    resource: decision.explanation.resource,
    reason,
    ...(grant === undefined ? undefined : { rule: { grant: grant.id, pattern: grant.pattern } })
  }
}

/**
 * Layer of an enforcer that starts with no principals. It takes the sources of
 * powers from the `Powers` reference when it is built.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<CapabilityEnforcer, never, AuditLog> = Layer.effect(CapabilityEnforcer, make)

/**
 * Layer of an enforcer over an audit log in memory, which it provides too.
 *
 * @category testing
 * @since 0.1.0
 */
export const layerTest: Layer.Layer<CapabilityEnforcer | AuditLog, AuditError> = layer.pipe(
  Layer.provideMerge(layerMemory()),
  Layer.provide(Digest.layerWebCrypto)
)
