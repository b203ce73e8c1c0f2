import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import { AdmissionError } from "../AdmissionError.ts"
import type { AuditError } from "../AuditError.ts"
import * as AuditEvent from "../AuditEvent.ts"
import type { AuditLog } from "../AuditLog.ts"
import * as CapabilityKind from "../CapabilityKind.ts"
import type { Allowed, Decision, Denied } from "../Decision.ts"
import type { Explanation } from "../Explanation.ts"
import * as Policy from "../Policy.ts"
import type { Principal } from "../Principal.ts"
import type { Accounts } from "./accounts.ts"
import { isGrantable } from "./capabilityRule.ts"
import * as deciding from "./decide.ts"
import type { Holds } from "./holds.ts"
import { Moment } from "./moment.ts"
import * as readable from "./readable.ts"
import type { Account } from "./ruleTable.ts"

export interface Regime {
  /**
   * Puts a policy over all grants, in place of the one before; none where it is
   * undefined. What it denies is denied at once, also while it is recorded; what
   * the one before denied is allowed when that is recorded.
   */
  readonly govern: (policy: Policy.Policy | undefined, reason: string) => Effect.Effect<void, AuditError>
  /**
   * Decides again on everything that goes on, and stops what is not allowed any
   * more: for when what policies read of principals, `Policy.Attributes`, has
   * changed. Decisions read it each time.
   */
  readonly reconsider: Effect.Effect<void>
  /**
   * Allows a principal what a manifest could ask for and a grant could give,
   * and records what would be denied. It stays denied what was revoked or is
   * over, what a policy denies and what no pattern names. Returns when it ends,
   * in milliseconds since the epoch: after the duration, and 30 days at most.
   */
  readonly observe: (principal: Principal, options: {
    readonly duration: Duration.Input
    readonly reason: string
  }) => Effect.Effect<number, AdmissionError | AuditError>
  /** Ends the observation of a principal: at once, and then it is recorded. */
  readonly enforce: (principal: Principal, reason: string) => Effect.Effect<void, AdmissionError | AuditError>
}

const longest = Duration.toMillis("30 days")

const observable: ReadonlySet<Explanation["reason"]> = new Set(["NotAsked", "NotGranted", "NoMatch"])

/** What stands over the grants: policies, which take away, and observations, which let pass. */
export class Over {
  private readonly attributes: (principal: Principal) => ReadonlyMap<string, string>
  private readonly now: () => number
  /** Each has to allow. There are several while one takes the place of another. */
  policies: ReadonlyArray<Policy.Policy> = []
  private readonly observed = new WeakMap<Account, number>()
  private isObserving = false

  constructor(attributes: (principal: Principal) => ReadonlyMap<string, string>, now: () => number) {
    this.attributes = attributes
    this.now = now
  }

  decide(account: Account, kind: CapabilityKind.CapabilityKind, resource: string): Decision {
    const moment = new Moment(this.now)
    const decision = deciding.decide(account, kind, resource, moment, this.objection(kind, resource))
    if (this.policies.length === 0 && !this.isObserving) return decision
    const allowed = decision._tag === "Allowed" ? decision : this.pass(account, kind, resource, decision, moment)
    return allowed === undefined ? decision : this.govern(account.principal, kind, resource, allowed)
  }

  observe(account: Account, until: number): void {
    this.observed.set(account, until)
    this.isObserving = true
  }

  enforce(account: Account): void {
    this.observed.delete(account)
  }

  /** When the observation of a principal will be over; infinite where there is none, or not any more. */
  until(account: Account, now: number): number {
    const until = this.isObserving ? this.observed.get(account) : undefined
    return until !== undefined && now < until ? until : Number.POSITIVE_INFINITY
  }

  private pass(
    account: Account,
    kind: CapabilityKind.CapabilityKind,
    resource: string,
    denied: Denied,
    moment: Moment
  ): Allowed | undefined {
    if (!moment.isBefore(this.observed.get(account) ?? 0)) return undefined
    if (!observable.has(denied.explanation.reason)) return undefined
    if (!isGrantable(kind, resource)) return undefined
    const pattern = CapabilityKind.takesPatterns(kind) ? resource : ""
    const patterns = pattern === "" ? [] : [pattern]
    return {
      _tag: "Allowed",
      grant: { kind, patterns, reason: "It is observed, and not held to its grants." },
      rule: { id: 0, pattern },
      reported: denied.explanation,
      ...(deciding.isBeforeUse(account, kind, pattern, moment) ? { isBeforeUse: true } : undefined)
    }
  }

  private govern(
    principal: Principal,
    kind: CapabilityKind.CapabilityKind,
    resource: string,
    allowed: Allowed
  ): Decision {
    const policy = this.denial(principal, kind, resource)
    return policy === undefined ? allowed : deciding.deny(() => ({
      principal,
      kind,
      resource: deciding.shorten(resource),
      reason: "PolicyDenied",
      policy
    }))
  }

  /** Nobody passes on what a policy takes from him: each of those is asked about, up to who had it from an operator. */
  private objection(kind: CapabilityKind.CapabilityKind, resource: string): deciding.Objection | undefined {
    if (this.policies.length === 0) return undefined
    return ({ parent }) => {
      for (let state = parent; state !== undefined; state = state.parent) {
        const policy = this.denial(state.account.principal, kind, resource)
        if (policy !== undefined) return policy
      }
      return undefined
    }
  }

  /** The rule of a policy that denies something to a principal. */
  private denial(
    principal: Principal,
    kind: CapabilityKind.CapabilityKind,
    resource: string
  ): Explanation["policy"] {
    if (this.policies.length === 0) return undefined
    const request = this.request(principal, kind, CapabilityKind.takesPatterns(kind) ? resource : "")
    for (const policy of this.policies) {
      const verdict = request === undefined ? undefined : policy.evaluate(request)
      if (verdict !== undefined && verdict._tag !== "Deny") continue
      return verdict === undefined
        ? { policy: policy.name, rule: "", because: "the attributes of the principal could not be read" }
        : { ...verdict.by, because: verdict.because }
    }
    return undefined
  }

  private request(
    principal: Principal,
    kind: CapabilityKind.CapabilityKind,
    resource: string
  ): Policy.Request | undefined {
    try {
      return { principal, attributes: this.attributes(principal), kind, resource }
    } catch {
      return undefined
    }
  }
}

export const make = ({ accounts, audit, holds, now, over }: {
  readonly accounts: Accounts
  readonly audit: AuditLog["Service"]
  readonly holds: Holds
  readonly now: () => number
  readonly over: Over
}): Regime => {
  const changing = Semaphore.makeUnsafe(1)
  const waiting = new Set<Policy.Policy>()
  let current: Policy.Policy | undefined
  let unrecorded: Policy.Policy | undefined

  /** What stands, what could not be recorded last, and what waits to be: a policy denies from when it comes. */
  const stand = (): void => {
    over.policies = [current, unrecorded, ...waiting].filter((_) => _ !== undefined)
    holds.reviewAll()
  }

  const accountOf = (principal: Principal): Effect.Effect<Account, AdmissionError> =>
    Effect.suspend(() => {
      const account = accounts.find(principal)?.account
      return account === undefined
        ? Effect.fail(new AdmissionError({ principal: readable.principal(principal), reason: "NotAdmitted" }))
        : Effect.succeed(account)
    })

  return {
    govern: (given, reason) =>
      Effect.uninterruptible(Effect.suspend(() => {
        const policy = given && Policy.make(given.name, (request) => given.evaluate(request))
        if (policy !== undefined) waiting.add(policy)
        stand()
        const event: AuditEvent.AuditEvent = {
          _tag: "PolicySet",
          reason,
          ...(policy === undefined ? undefined : { policy: policy.name })
        }
        const settle = (isRecorded: boolean) =>
          Effect.sync(() => {
            if (policy !== undefined) waiting.delete(policy)
            if (isRecorded) current = policy
            unrecorded = isRecorded ? undefined : policy ?? unrecorded
            stand()
          })
        return Effect.asVoid(
          changing.withPermit(Effect.onExit(audit.append(event), (exit) => settle(Exit.isSuccess(exit))))
        )
      })),
    reconsider: Effect.sync(() => holds.reviewAll()),
    observe: (principal, { duration, reason }) =>
      changing.withPermit(Effect.uninterruptible(Effect.gen(function*() {
        const account = yield* accountOf(principal)
        const until = now() + Math.min(longest, Math.max(0, Duration.toMillis(duration)))
        yield* audit.append({ _tag: "Observed", principal: AuditEvent.actor(principal), until, reason })
        over.observe(account, until)
        holds.review(principal)
        return until
      }))),
    enforce: (principal, reason) =>
      Effect.uninterruptible(Effect.flatMap(accountOf(principal), (account) => {
        over.enforce(account)
        holds.review(principal)
        return changing.withPermit(Effect.suspend(() => {
          over.enforce(account)
          holds.review(principal)
          return Effect.asVoid(audit.append({ _tag: "Enforced", principal: AuditEvent.actor(principal), reason }))
        }))
      }))
  }
}
