/**
 * The single place where a principal's authority is checked.
 *
 * Nothing is allowed unless a live grant covers the resource and, for a
 * component, its manifest asks for it. A principal that was not admitted has
 * no authority at all: if `check` always said no, a guest could reach nothing.
 *
 * Who acts on behalf of others may do what all of them may, and no more. A
 * policy takes away from what is granted, and gives nothing.
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
import * as Result from "effect/Result"
import type { AuditError } from "./AuditError.ts"
import { AuditLog, layerMemory } from "./AuditLog.ts"
import type { Reach, Why } from "./Authority.ts"
import type * as Capability from "./Capability.ts"
import { CapabilityError } from "./CapabilityError.ts"
import type * as CapabilityKind from "./CapabilityKind.ts"
import * as ClockAccess from "./ClockAccess.ts"
import type { Allowed, Decision, Recorded } from "./Decision.ts"
import { Accounts } from "./internal/accounts.ts"
import * as auditedChange from "./internal/auditedChange.ts"
import * as changes from "./internal/changes.ts"
import * as checking from "./internal/checking.ts"
import * as deciding from "./internal/decide.ts"
import { Holds } from "./internal/holds.ts"
import * as lease from "./internal/lease.ts"
import { Moment } from "./internal/moment.ts"
import * as questions from "./internal/questions.ts"
import * as regime from "./internal/regime.ts"
import * as steadyTime from "./internal/steadyTime.ts"
import * as Log from "./Log.ts"
import { Attributes } from "./Policy.ts"
import * as Powers from "./Powers.ts"
import { ActingFor, Correlation, CurrentPrincipal, type Principal } from "./Principal.ts"

/**
 * Service that holds the grants of principals and decides what they may use.
 * `onBehalfOf` names those for whom a principal acts, nobody by default.
 *
 * @category services
 * @since 0.1.0
 */
export class CapabilityEnforcer extends Context.Service<
  CapabilityEnforcer,
  changes.Changes & regime.Regime & {
    /**
     * Decides, without recording anything. Kinds without resources ignore
     * `resource`.
     */
    readonly check: (
      principal: Principal,
      kind: CapabilityKind.CapabilityKind,
      resource?: string,
      onBehalfOf?: ReadonlyArray<Principal>
    ) => Decision
    /**
     * Decides and records, without suspending: for functions that a guest calls
     * synchronously. What cannot be recorded is denied, and so is what has to be
     * durable before its use. `correlation` is the id of the message.
     */
    readonly decideUnsafe: (
      principal: Principal,
      kind: CapabilityKind.CapabilityKind,
      resource?: string,
      onBehalfOf?: ReadonlyArray<Principal>,
      correlation?: string
    ) => Recorded
    /** Decides and records, with the `Correlation` of the fiber. */
    readonly decide: (
      principal: Principal,
      kind: CapabilityKind.CapabilityKind,
      resource?: string,
      onBehalfOf?: ReadonlyArray<Principal>
    ) => Effect.Effect<Recorded>
    /**
     * Runs an effect with the power that the current principal was granted, and
     * does not run it when it was not. The power ends with the grant. Of those
     * on whose behalf it acts (`ActingFor`), each has to have it as well.
     */
    readonly require: <Id, Power>(
      request: Capability.Request<Id, Power>
    ) => <A, E, R>(
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | CapabilityError, Exclude<R, Id> | CurrentPrincipal>
    /**
     * The power that `require` gives, decided and recorded without suspending,
     * for what no fiber does. Undefined where that has to be durable first: then
     * nothing is recorded, and `require` is the way.
     */
    readonly powerUnsafe: <Id, Power>(
      request: Capability.Request<Id, Power>,
      principal: Principal,
      onBehalfOf?: ReadonlyArray<Principal>,
      correlation?: string
    ) => Result.Result<Power, CapabilityError> | undefined
    /** The decision now and the rules behind it. */
    readonly why: (principal: Principal, kind: CapabilityKind.CapabilityKind, resource?: string) => Why
    /**
     * Every principal that can reach a resource now, of one kind or, where none
     * is given, of any kind that has resources; without a resource, of any that has none.
     */
    readonly reach: (
      kind: CapabilityKind.CapabilityKind | undefined,
      resource?: string
    ) => ReadonlyArray<Reach>
  }
>()("airssys/security/CapabilityEnforcer") {}

const nobody: ReadonlyArray<Principal> = []

const mustWait = (decision: Decision): decision is Allowed =>
  decision._tag === "Allowed" && decision.isBeforeUse === true

/** Those that need nothing of the host. */
const ownPowers: ReadonlyArray<readonly [string, Powers.Source]> = [ClockAccess.source, Log.source].map((source) => [
  source.key,
  source
])

const make = Effect.gen(function*() {
  const audit = yield* AuditLog
  const clock = yield* Clock.Clock
  const powers = new Map([...ownPowers, ...yield* Powers.Powers])
  const fork = yield* FiberSet.makeRuntime()
  const accounts = new Accounts()
  const now = steadyTime.make(clock, audit.latestTimeUnsafe)
  const over = new regime.Over(yield* Attributes, now)
  const check = checking.make(accounts, over)

  const eventOf = ({ correlation, kind, onBehalfOf, principal, resource }: lease.Request, decision: Decision) =>
    auditedChange.decided(principal, onBehalfOf, kind, resource, decision, {
      release: accounts.find(principal)?.account.release,
      correlation
    })

  /** Undefined also for what cannot be read: it is denied in any case. */
  const recorded = (request: lease.Request, decision: Decision): number | undefined => {
    try {
      return audit.recordUnsafe(eventOf(request, decision))
    } catch {
      return undefined
    }
  }

  const record = (request: lease.Request, decision: Decision): Recorded => {
    const entry = recorded(request, decision)
    return entry === undefined && decision._tag === "Allowed"
      ? { decision: deciding.unrecorded(request.principal, request.kind, request.resource, decision), entry }
      : { decision, entry }
  }

  const decideNow = ({ kind, onBehalfOf, principal, resource }: lease.Request): Decision =>
    check(principal, kind, resource, onBehalfOf)

  const decidedNow = (request: lease.Request): Recorded => {
    const decision = decideNow(request)
    return record(
      request,
      mustWait(decision) ? deciding.unrecorded(request.principal, request.kind, request.resource, decision) : decision
    )
  }

  const decideUnsafe: CapabilityEnforcer["Service"]["decideUnsafe"] = (
    principal,
    kind,
    resource = "",
    onBehalfOf = nobody,
    correlation
  ) => decidedNow({ principal, kind, resource, onBehalfOf, correlation })

  /** Waits for the log where that was asked for, and decides again: authority may have gone meanwhile. */
  const decideFirst = (request: lease.Request, allowed: Allowed): Effect.Effect<Recorded> =>
    Effect.map(Effect.result(audit.append(eventOf(request, allowed))), (result): Recorded => {
      if (Result.isFailure(result)) {
        const { kind, principal, resource } = request
        return record(request, deciding.unrecorded(principal, kind, resource, allowed))
      }
      const decision = decideNow(request)
      return decision._tag === "Denied" ? record(request, decision) : { decision, entry: result.success }
    })

  const decided = <A, E, R>(
    request: lease.Request,
    then: (recorded: Recorded) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> => {
    const decision = decideNow(request)
    return mustWait(decision)
      ? Effect.flatMap(decideFirst(request, decision), then)
      : then(record(request, decision))
  }

  const holds = new Holds({
    check: ({ kind, principals: [principal, ...others], resource }) => check(principal!, kind, resource, others),
    until: ({ kind, principals, resource }) => checking.until(accounts, over, principals, kind, resource, now()),
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
    decided,
    decidedNow,
    record: recorded,
    close: (effect) => {
      fork(Effect.uninterruptible(Effect.ignoreCause(effect, { log: true })))
    }
  })

  const powerOf = <Id, Power>(
    { capability }: Capability.Request<Id, Power>,
    request: lease.Request,
    { decision, entry }: Recorded
  ): Result.Result<Power, CapabilityError> => {
    if (decision._tag === "Denied") return Result.fail(lease.denied({ decision, entry }))
    const { kind, principal, resource } = request
    const power = Powers.make(powers, { capability, kind, resource }, leaseOf(request, decision))
    return power === undefined
      ? Result.fail(new CapabilityError({ reason: { _tag: "PowerMissing", principal, kind } }))
      : Result.succeed(power)
  }

  const give = <Id, Power, A, E, R>(
    effect: Effect.Effect<A, E, R>,
    asked: Capability.Request<Id, Power>,
    request: lease.Request
  ): Effect.Effect<A, E | CapabilityError, Exclude<R, Id>> =>
    decided(request, (recorded): Effect.Effect<A, E | CapabilityError, Exclude<R, Id>> => {
      const power = powerOf(asked, request, recorded)
      return Result.isFailure(power)
        ? Effect.fail(power.failure)
        : Effect.provideService(effect, asked.capability, power.success)
    })

  const powerUnsafe: CapabilityEnforcer["Service"]["powerUnsafe"] = (
    asked,
    principal,
    onBehalfOf = nobody,
    correlation
  ) => {
    const request = { principal, kind: asked.kind, resource: asked.resource, onBehalfOf, correlation }
    const decision = decideNow(request)
    return mustWait(decision) ? undefined : powerOf(asked, request, record(request, decision))
  }

  return CapabilityEnforcer.of({
    ...changes.make({ accounts, audit, holds, now }),
    ...regime.make({ accounts, audit, holds, now, over }),
    check,
    decideUnsafe,
    decide: (principal, kind, resource = "", onBehalfOf = nobody) =>
      Effect.withFiber((fiber) =>
        decided({ principal, kind, resource, onBehalfOf, correlation: fiber.getRef(Correlation) }, Effect.succeed)
      ),
    require: (request) => (effect) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        Effect.withFiber((fiber) =>
          give(effect, request, {
            principal,
            onBehalfOf: fiber.getRef(ActingFor),
            kind: request.kind,
            resource: request.resource,
            correlation: fiber.getRef(Correlation)
          })
        )),
    powerUnsafe,
    why: (principal, kind, resource = "") =>
      questions.why(
        accounts.find(principal)?.account,
        principal,
        kind,
        resource,
        check(principal, kind, resource),
        new Moment(now)
      ),
    reach: (kind, resource = "") =>
      questions.reach(accounts.entries().map(({ account }) => account), kind, resource, check, new Moment(now))
  })
})

/**
 * Layer of an enforcer that starts with no principals. It takes the sources of
 * powers from the `Powers` reference when it is built; `ClockAccess` and `Log`
 * have theirs where none is given.
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
