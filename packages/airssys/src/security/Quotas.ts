/**
 * What components and tenants use, held to their limits.
 *
 * A use is reserved before it happens, in one step for the component and for
 * the tenant on whose account it runs, or for neither; then it is committed
 * with what was really used, or released. Two uses that fit only one at a time
 * never both get in. Rates come back with the monotonic clock.
 *
 * Raising a limit is durable in the audit log before it holds; lowering one
 * holds at once.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { AuditError } from "./AuditError.ts"
import { AuditLog } from "./AuditLog.ts"
import { Ledger } from "./internal/ledger.ts"
import * as Quota from "./Quota.ts"

/**
 * On whose account something is used: a component, and the tenant of the
 * message if it has one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Payer {
  readonly component: string
  readonly tenant?: string | undefined
}

/**
 * What was set aside. The first of `commit` and `release` counts, and later
 * ones do nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reservation {
  /**
   * Says how much was really used, all of it if left out; the rest is given
   * back. Throws a `RangeError` for more than was reserved.
   */
  readonly commit: (used?: number) => void
  /** Gives everything back. */
  readonly release: () => void
}

/**
 * The account of one component, for uses without a tenant. Nothing of it
 * suspends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tab {
  /** Whether nothing limits a quota of the component at this moment. */
  readonly isUnlimited: (quota: Quota.Quota) => boolean
  /** Takes an amount of a level, or takes nothing and says why. */
  readonly take: (level: Quota.Level, amount: number) => Quota.QuotaExceeded | undefined
  /** Gives back what was taken. */
  readonly giveBack: (level: Quota.Level, amount: number) => void
}

/**
 * A quota of which 80 % (`Warning`) or 95 % (`Critical`) was reached: said each
 * time that a threshold is passed, once in a second at most.
 *
 * @category models
 * @since 0.1.0
 */
export interface Alert {
  readonly severity: "Warning" | "Critical"
  readonly subject: Quota.Subject
  readonly quota: Quota.Quota
  readonly used: number
  readonly limit: number
}

/**
 * How far a quota is used, reservations included. `limit` is undefined where
 * there is none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Usage {
  readonly quota: Quota.Quota
  readonly used: number
  readonly limit: number | undefined
}

/**
 * Service that holds every use to the limits of who pays.
 *
 * @category services
 * @since 0.1.0
 */
export class Quotas extends Context.Service<Quotas, {
  /**
   * Sets an amount aside without suspending, for functions that a guest calls
   * synchronously. Whoever has the reservation has to commit or release it. An
   * amount that is no whole number from 0 to 2^53 - 1 never fits, and nothing
   * does for a name that has not 1 to 256 characters.
   */
  readonly reserveUnsafe: (
    payer: Payer,
    quota: Quota.Quota,
    amount: number
  ) => Result.Result<Reservation, Quota.QuotaExceeded>
  /** Sets an amount aside, and releases it with the scope unless it was committed. */
  readonly reserve: (
    payer: Payer,
    quota: Quota.Quota,
    amount: number
  ) => Effect.Effect<Reservation, Quota.QuotaExceeded, Scope.Scope>
  /**
   * Opens a tab on a component for as long as the scope lasts: the same
   * accounts, found once, for uses so frequent that finding them shows.
   */
  readonly tab: (component: string) => Effect.Effect<Tab, never, Scope.Scope>
  /** Runs an effect while an amount of a level is held, and gives it back afterwards. */
  readonly during: (
    payer: Payer,
    level: Quota.Level,
    amount: number
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Quota.QuotaExceeded, R>
  /** Gives back what was committed of a level, such as the bytes of what was deleted. */
  readonly free: (payer: Payer, level: Quota.Level, amount: number) => Effect.Effect<void>
  /** `free` without suspending, for what has to be one step with the change that it follows. */
  readonly freeUnsafe: (payer: Payer, level: Quota.Level, amount: number) => void
  /** Says how much of a level is held, from a count at the start; also if that is above the limit. */
  readonly settle: (payer: Payer, level: Quota.Level, used: number) => Effect.Effect<void>
  /** Sets the limits of a subject. What it has taken stays taken. Dies where they are none, and changes nothing. */
  readonly setLimits: (
    subject: Quota.Subject,
    limits: Quota.Limits,
    reason: string
  ) => Effect.Effect<void, AuditError>
  /** Every quota of a subject, in the order of `Quota.all`. */
  readonly usage: (subject: Quota.Subject) => Effect.Effect<ReadonlyArray<Usage>>
  /** Alerts from when it is run. Who reads slowly misses the oldest of more than 256. */
  readonly alerts: Stream.Stream<Alert>
}>()("airssys/security/Quotas") {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Limits of a component for which nothing was set. Default `Quota.defaults`. */
  readonly component?: Quota.Limits | undefined
  /** Limits of a tenant for which nothing was set. Default `Quota.unlimited`. */
  readonly tenant?: Quota.Limits | undefined
}

const subjectsOf = (payer: Payer): ReadonlyArray<Quota.Subject> =>
  payer.tenant === undefined
    ? [{ kind: "Component", id: payer.component }]
    : [{ kind: "Component", id: payer.component }, { kind: "Tenant", id: payer.tenant }]

const checkUsed = (used: number, quota: Quota.Quota, amount: number): void => {
  if (!(used >= 0 && used <= amount)) {
    throw new RangeError(`${used} of ${quota} were used, and ${amount} were reserved: reserve more beforehand`)
  }
}

/** Of what nothing limits there is nothing to be given back. */
const free = (quota: Quota.Quota, amount: number): Reservation => ({
  commit: (used = amount) => checkUsed(used, quota, amount),
  release: () => {}
})

const reservation = (
  ledger: Ledger,
  subjects: ReadonlyArray<Quota.Subject>,
  quota: Quota.Quota,
  amount: number,
  since: number
): Reservation => {
  let isOpen = true
  const close = (unused: number): void => {
    if (!isOpen) return
    isOpen = false
    if (unused > 0) ledger.giveBack(subjects, quota, unused, since)
  }
  return {
    commit: (used = amount) => {
      checkUsed(used, quota, amount)
      close(amount - Math.ceil(used))
    },
    release: () => close(amount)
  }
}

const make = Effect.fnUntraced(function*(options: Options | undefined) {
  const audit = yield* AuditLog
  const clock = yield* Clock.Clock
  const alerts = yield* PubSub.sliding<Alert>(256)
  const changing = Semaphore.makeUnsafe(1)
  const ledger = new Ledger({
    component: Quota.Limits.make(options?.component ?? Quota.defaults),
    tenant: Quota.Limits.make(options?.tenant ?? Quota.unlimited),
    now: () => clock.monotonicTimeNanosUnsafe(),
    alert: (alert) => void PubSub.publishUnsafe(alerts, alert)
  })

  const reserveUnsafe: Quotas["Service"]["reserveUnsafe"] = (payer, quota, amount) => {
    const subjects = subjectsOf(payer)
    if (ledger.isFree(subjects, quota, amount)) return Result.succeed(free(quota, amount))
    return Result.map(
      ledger.take(subjects, quota, amount),
      (since) => reservation(ledger, subjects, quota, amount, since)
    )
  }

  const freeUnsafe: Quotas["Service"]["freeUnsafe"] = (payer, level, amount) =>
    ledger.giveBack(subjectsOf(payer), level, amount)

  const reserve: Quotas["Service"]["reserve"] = (payer, quota, amount) =>
    Effect.acquireRelease(
      Effect.suspend(() => Effect.fromResult(reserveUnsafe(payer, quota, amount))),
      (reserved) => Effect.sync(reserved.release)
    )

  return Quotas.of({
    reserveUnsafe,
    reserve,
    tab: (id) =>
      Effect.acquireRelease(
        Effect.sync(() => ledger.open({ kind: "Component", id })),
        ({ close }) => Effect.sync(close)
      ),
    during: (payer, level, amount) => (effect) => Effect.scoped(Effect.andThen(reserve(payer, level, amount), effect)),
    free: (payer, level, amount) => Effect.sync(() => freeUnsafe(payer, level, amount)),
    freeUnsafe,
    settle: (payer, level, used) => Effect.sync(() => ledger.settle(subjectsOf(payer), level, used)),
    setLimits: (subject, limits, reason) =>
      Effect.uninterruptible(Effect.suspend(() => {
        const [who, most] = [Quota.Subject.make(subject), Quota.Limits.make(limits)]
        ledger.narrow(who, most)
        return changing.withPermit(Effect.suspend(() => {
          ledger.narrow(who, most)
          return Effect.map(
            audit.append({ _tag: "QuotaSet", subject: who, limits: most, reason }),
            () => ledger.setLimits(who, most)
          )
        }))
      })),
    usage: (subject) => Effect.sync(() => ledger.usage(subject)),
    alerts: Stream.fromPubSub(alerts)
  })
})

/**
 * Layer that counts in memory: levels that outlive the process are given to
 * `settle` when it starts again.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options?: Options): Layer.Layer<Quotas, never, AuditLog> =>
  Layer.effect(Quotas, make(options))
