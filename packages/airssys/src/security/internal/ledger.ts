import * as Result from "effect/Result"
import * as Quota from "../Quota.ts"
import type { Alert, Usage } from "../Quotas.ts"
import { type Gauge, type Gauges, gauges } from "./gauge.ts"

const warning = 0.8
const critical = 0.95
const alertPause = 1_000_000_000
/**
 * Above this number, subjects for which nothing was set and that hold nothing
 * are forgotten each time that the number has doubled.
 */
const mostSubjects = 10_000

type Severity = 0 | 1 | 2

interface Account {
  readonly subject: Quota.Subject
  limits: Quota.Limits
  gauges: Gauges
  isSet: boolean
  /** How many tabs are open on it: it is not forgotten meanwhile. */
  tabs: number
  readonly alerted: Map<Quota.Quota, { readonly severity: Severity; readonly at: number }>
}

/** The account of one subject, found once. Levels know no time. */
export interface Tab {
  readonly isUnlimited: (quota: Quota.Quota) => boolean
  readonly take: (level: Quota.Level, amount: number) => Quota.QuotaExceeded | undefined
  readonly giveBack: (level: Quota.Level, amount: number) => void
  readonly close: () => void
}

const levels: ReadonlySet<Quota.Quota> = new Set(Quota.levels)

const isLevel = (quota: Quota.Quota): quota is Quota.Level => levels.has(quota)

const isId = (id: string): boolean => typeof id === "string" && id.length > 0 && id.length <= 256

const isAmount = (amount: number): boolean => Number.isSafeInteger(amount) && amount >= 0

const lower = <A extends Quota.LevelLimit | Quota.RateLimit>(one: A, other: A): A => {
  if (one === "unlimited") return other
  if (other === "unlimited") return one
  if (typeof one === "number" || typeof other === "number") return one < other ? one : other
  return {
    perSecond: Math.min(one.perSecond, other.perSecond),
    burst: Math.min(one.burst, other.burst)
  } as A
}

const lowest = (one: Quota.Limits, other: Quota.Limits): Quota.Limits => ({
  storage: lower(one.storage, other.storage),
  memory: lower(one.memory, other.memory),
  calls: lower(one.calls, other.calls),
  messages: lower(one.messages, other.messages),
  network: lower(one.network, other.network),
  fuel: lower(one.fuel, other.fuel)
})

/**
 * The accounts of all subjects. Every method runs in one piece, so that a use
 * is taken from all who pay for it or from none.
 */
export class Ledger {
  readonly #accounts: Readonly<Record<Quota.Subject["kind"], Map<string, Account>>> = {
    Component: new Map(),
    Tenant: new Map()
  }
  readonly #defaults: Readonly<Record<Quota.Subject["kind"], Quota.Limits>>
  readonly #clock: () => bigint
  readonly #start: bigint
  readonly #alert: (alert: Alert) => void
  #forgetAt = mostSubjects

  constructor(options: {
    readonly component: Quota.Limits
    readonly tenant: Quota.Limits
    readonly now: () => bigint
    readonly alert: (alert: Alert) => void
  }) {
    this.#defaults = { Component: options.component, Tenant: options.tenant }
    this.#clock = options.now
    this.#start = options.now()
    this.#alert = options.alert
  }

  /** Whether an amount can be taken without a trace: of a rate that nothing limits. */
  isFree(subjects: ReadonlyArray<Quota.Subject>, quota: Quota.Quota, amount: number): boolean {
    if (isLevel(quota) || !isAmount(amount)) return false
    for (const subject of subjects) {
      const limits = this.#accountsOf(subject).get(subject.id)?.limits ?? this.#defaults[subject.kind]
      if (limits[quota] !== "unlimited" || !isId(subject.id)) return false
    }
    return true
  }

  open(subject: Quota.Subject): Tab {
    const account = this.#accountOf(subject, this.#now())
    account.tabs++
    return {
      isUnlimited: (quota) => account.limits[quota] === "unlimited",
      take: (level, amount) => {
        if (!isId(subject.id)) return neverFits(subject, level, amount)
        const gauge = account.gauges[level]
        const before = gauge.used(0)
        if (!isAmount(amount) || !gauge.take(amount, 0)) return exceeded(account.subject, level, gauge, amount, 0)
        if (severityOf(before + amount, gauge.limit) > 0) this.#watch(account, level, before, this.#now())
        return undefined
      },
      giveBack: (level, amount) => account.gauges[level].giveBack(amount, 0, 0),
      close: () => {
        account.tabs--
      }
    }
  }

  /** Gives the time at which it was taken. */
  take(
    subjects: ReadonlyArray<Quota.Subject>,
    quota: Quota.Quota,
    amount: number
  ): Result.Result<number, Quota.QuotaExceeded> {
    const now = this.#now()
    const unnamed = subjects.find(({ id }) => !isId(id))
    if (unnamed !== undefined) return Result.fail(neverFits(unnamed, quota, amount))
    const paid: Array<Account> = []
    for (const subject of subjects) {
      const account = this.#accountOf(subject, now)
      const gauge = account.gauges[quota]
      if (!isAmount(amount) || !gauge.take(amount, now)) {
        for (const { gauges } of paid) gauges[quota].giveBack(amount, now, now)
        return Result.fail(exceeded(subject, quota, gauge, amount, now))
      }
      paid.push(account)
    }
    for (const account of paid) this.#watch(account, quota, account.gauges[quota].used(now) - amount, now)
    return Result.succeed(now)
  }

  giveBack(subjects: ReadonlyArray<Quota.Subject>, quota: Quota.Quota, amount: number, since?: number): void {
    if (!isAmount(amount)) throw new RangeError(`${amount} of ${quota} cannot be given back`)
    const now = this.#now()
    for (const subject of subjects) {
      const account = this.#accountsOf(subject).get(subject.id)
      if (account === undefined) continue
      account.gauges[quota].giveBack(amount, now, since ?? now)
    }
  }

  /** The first subject is the one that was counted; the others have what it brings more or less. */
  settle(subjects: ReadonlyArray<Quota.Subject>, level: Quota.Level, used: number): void {
    if (!isAmount(used)) throw new RangeError(`${used} of ${level} cannot be held`)
    const now = this.#now()
    let difference: number | undefined
    for (const subject of subjects) {
      const account = this.#accountOf(subject, now)
      const gauge = account.gauges[level] as Gauge & { taken: number }
      const before = gauge.taken
      difference ??= used - before
      gauge.taken = Math.max(0, before + difference)
      this.#watch(account, level, before, now)
    }
  }

  narrow(subject: Quota.Subject, limits: Quota.Limits): void {
    const account = this.#accountOf(subject, this.#now())
    this.#apply(account, lowest(account.limits, limits))
  }

  setLimits(subject: Quota.Subject, limits: Quota.Limits): void {
    this.#apply(this.#accountOf(subject, this.#now()), limits)
  }

  usage(subject: Quota.Subject): ReadonlyArray<Usage> {
    const now = this.#now()
    const { gauges, limits } = this.#accountsOf(subject).get(subject.id) ?? this.#made(subject, now)
    return Quota.all.map((quota) => ({
      quota,
      used: gauges[quota].used(now),
      limit: limits[quota] === "unlimited" ? undefined : gauges[quota].limit
    }))
  }

  /** A number of nanoseconds keeps its precision for a hundred days of one run, and then loses one of them at a time. */
  #now(): number {
    return Number(this.#clock() - this.#start)
  }

  #apply(account: Account, limits: Quota.Limits): void {
    account.isSet = true
    account.limits = limits
    account.gauges = gauges(limits, this.#now(), account.gauges)
  }

  #accountsOf({ kind }: Quota.Subject): Map<string, Account> {
    return this.#accounts[kind]
  }

  get #size(): number {
    return this.#accounts.Component.size + this.#accounts.Tenant.size
  }

  #made(subject: Quota.Subject, now: number): Account {
    const limits = this.#defaults[subject.kind]
    return { subject, limits, gauges: gauges(limits, now), isSet: false, tabs: 0, alerted: new Map() }
  }

  #accountOf(subject: Quota.Subject, now: number): Account {
    const accounts = this.#accountsOf(subject)
    const found = accounts.get(subject.id)
    if (found !== undefined) return found
    if (this.#size >= this.#forgetAt) this.#forget(now)
    const made = this.#made({ kind: subject.kind, id: subject.id }, now)
    accounts.set(subject.id, made)
    return made
  }

  /** A forgotten subject begins with full buckets, which is what an idle one has. */
  #forget(now: number): void {
    for (const accounts of Object.values(this.#accounts)) {
      for (const [id, account] of accounts) {
        const isIdle = () => Quota.all.every((quota) => account.gauges[quota].isIdle(now))
        if (!account.isSet && account.tabs === 0 && isIdle()) accounts.delete(id)
      }
    }
    this.#forgetAt = Math.max(mostSubjects, 2 * this.#size)
  }

  /** Says that a threshold was passed between `before` and what is used now. */
  #watch(account: Account, quota: Quota.Quota, before: number, now: number): void {
    const { limit } = account.gauges[quota]
    if (account.limits[quota] === "unlimited") return
    const used = account.gauges[quota].used(now)
    const severity = severityOf(used, limit)
    if (severity <= severityOf(before, limit)) return
    const last = account.alerted.get(quota)
    if (last !== undefined && severity <= last.severity && now - last.at < alertPause) return
    account.alerted.set(quota, { severity, at: now })
    this.#alert({
      severity: severity === 2 ? "Critical" : "Warning",
      subject: account.subject,
      quota,
      used,
      limit
    })
  }
}

const severityOf = (used: number, limit: number): Severity =>
  limit === 0 || used < warning * limit ? 0 : used < critical * limit ? 1 : 2

const shown = (amount: number): number => Number.isFinite(amount) ? amount : Number.MAX_SAFE_INTEGER

const neverFits = ({ id, kind }: Quota.Subject, quota: Quota.Quota, amount: number): Quota.QuotaExceeded =>
  new Quota.QuotaExceeded({
    subject: { kind, id: typeof id === "string" && id.slice(0, 256) || "(no name)" },
    quota,
    amount: shown(amount),
    available: 0,
    limit: 0
  })

const exceeded = (
  subject: Quota.Subject,
  quota: Quota.Quota,
  gauge: Gauge,
  amount: number,
  now: number
): Quota.QuotaExceeded => {
  const wait = isLevel(quota) || !isAmount(amount) ? undefined : gauge.waitFor(amount, now)
  return new Quota.QuotaExceeded({
    subject,
    quota,
    amount: shown(amount),
    available: gauge.available(now),
    limit: gauge.limit,
    ...(wait === undefined ? undefined : { retryAfterMillis: wait })
  })
}
