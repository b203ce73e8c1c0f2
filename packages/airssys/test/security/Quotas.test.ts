import { assert, describe, it } from "@effect/vitest"
import { AuditError } from "airssys/security/AuditError"
import * as AuditLog from "airssys/security/AuditLog"
import * as Quota from "airssys/security/Quota"
import * as Quotas from "airssys/security/Quotas"
import { Arbitrary, Deferred, Effect, Exit, Fiber, Layer, Result, Schema, Stream } from "effect"
import type { Scope } from "effect"
import { Digest } from "effect/crypto"
import * as TestClock from "effect/testing/TestClock"

const rates = { component: "acme:rates" }
const billed = { component: "acme:rates", tenant: "globex" }
const component = { kind: "Component", id: "acme:rates" } as const
const tenant = { kind: "Tenant", id: "globex" } as const

const layer = (options?: Quotas.Options) =>
  Quotas.layerMemory(options).pipe(Layer.provideMerge(AuditLog.layerMemory()), Layer.provide(Digest.layerWebCrypto))

const run = <A, E>(
  test: (quotas: Quotas.Quotas["Service"]) => Effect.Effect<A, E, Quotas.Quotas | AuditLog.AuditLog | Scope.Scope>,
  options?: Quotas.Options
) => Effect.scoped(Effect.flatMap(Quotas.Quotas, test)).pipe(Effect.provide(layer(options)))

const small: Quota.Limits = {
  storage: 100,
  memory: 100,
  calls: 2,
  messages: { perSecond: 10, burst: 10 },
  network: { perSecond: 100, burst: 1000 },
  fuel: { perSecond: 3, burst: 7 }
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const taken = (quotas: Quotas.Quotas["Service"], payer: Quotas.Payer, quota: Quota.Quota, amount: number) => {
  const result = quotas.reserveUnsafe(payer, quota, amount)
  if (Result.isSuccess(result)) result.success.commit()
  return Result.isSuccess(result)
}

const used = (quotas: Quotas.Quotas["Service"], subject: Quota.Subject, quota: Quota.Quota) =>
  Effect.map(quotas.usage(subject), (all) => all.find((_) => _.quota === quota)?.used)

describe("Quotas", () => {
  describe("of levels", () => {
    it.effect("let in what fits and name who, what and the remedy where it does not", () =>
      run((quotas) =>
        Effect.gen(function*() {
          yield* quotas.reserve(rates, "storage", 60)
          const error = yield* Effect.flip(quotas.reserve(rates, "storage", 41))
          assert.deepStrictEqual(
            [error.subject, error.quota, error.amount, error.available, error.limit, error.retryAfterMillis],
            [component, "storage", 41, 40, 100, undefined]
          )
          assert.strictEqual(
            error.message,
            "storage of component acme:rates: 41 is more than the 40 that are left of 100: give something back, or raise the limit"
          )
          yield* quotas.reserve(rates, "storage", 40)
        }), { component: small }))

    it.effect("give a reservation back with its scope, unless it was committed", () =>
      run((quotas) =>
        Effect.gen(function*() {
          yield* Effect.scoped(quotas.reserve(rates, "storage", 60))
          assert.strictEqual(yield* used(quotas, component, "storage"), 0)
          yield* Effect.scoped(Effect.map(quotas.reserve(rates, "storage", 60), (_) => _.commit(25)))
          assert.strictEqual(yield* used(quotas, component, "storage"), 25)
          yield* quotas.free(rates, "storage", 5)
          assert.strictEqual(yield* used(quotas, component, "storage"), 20)
        }), { component: small }))

    it.effect("count a reservation once, however often it is ended", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const reservation = Result.getOrThrow(quotas.reserveUnsafe(rates, "storage", 50))
          reservation.commit(10)
          reservation.commit(50)
          reservation.release()
          assert.strictEqual(yield* used(quotas, component, "storage"), 10)
          assert.throws(() => Result.getOrThrow(quotas.reserveUnsafe(rates, "storage", 1)).commit(2), RangeError)
        }), { component: small }))

    it.effect("hold what a call takes until it ends, also by a failure or an interruption", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const begun = yield* Deferred.make<void>()
          const call = quotas.during(rates, "calls", 1)(
            Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)
          )
          const first = yield* Effect.forkScoped(call)
          yield* Deferred.await(begun)
          yield* Effect.flip(quotas.during(rates, "calls", 1)(Effect.fail("no")))
          yield* quotas.during(rates, "calls", 1)(Effect.void)
          yield* quotas.reserve(rates, "calls", 1)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(quotas.during(rates, "calls", 1)(Effect.void))))
          yield* Fiber.interrupt(first)
          yield* quotas.during(rates, "calls", 1)(Effect.void)
        }), { component: small }))

    it.effect("begin with what was counted at the start, also above the limit", () =>
      run((quotas) =>
        Effect.gen(function*() {
          yield* quotas.settle(billed, "storage", 130)
          assert.strictEqual(yield* used(quotas, component, "storage"), 130)
          assert.strictEqual(yield* used(quotas, tenant, "storage"), 130)
          assert.isFalse(taken(quotas, rates, "storage", 1))
          assert.isTrue(taken(quotas, rates, "storage", 0))
          yield* quotas.settle(billed, "storage", 30)
          assert.isTrue(taken(quotas, billed, "storage", 70))
          assert.strictEqual(yield* used(quotas, tenant, "storage"), 100)
        }), { component: small }))
  })

  describe("of rates", () => {
    it.effect("come back with time and say when", () =>
      run((quotas) =>
        Effect.gen(function*() {
          assert.isTrue(taken(quotas, rates, "messages", 10))
          const error = yield* Effect.flip(quotas.reserve(rates, "messages", 3))
          assert.strictEqual(error.retryAfterMillis, 300)
          assert.include(error.message, "try again in 300 ms")
          yield* TestClock.adjust(299)
          assert.isFalse(taken(quotas, rates, "messages", 3))
          yield* TestClock.adjust(1)
          assert.isTrue(taken(quotas, rates, "messages", 3))
          yield* TestClock.adjust("1 hour")
          assert.isTrue(taken(quotas, rates, "messages", 10))
          assert.isFalse(taken(quotas, rates, "messages", 1))
        }), { component: small }))

    it.effect("never let in more than a burst at once, and say so", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(quotas.reserve(rates, "network", 1001))
          assert.strictEqual(error.retryAfterMillis, undefined)
          assert.include(error.message, "no more than 1000 is ever allowed at once")
        }), { component: small }))

    it.effect("give back what a reservation did not use, never beyond the burst", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const reservation = Result.getOrThrow(quotas.reserveUnsafe(rates, "messages", 10))
          yield* TestClock.adjust(500)
          reservation.release()
          assert.strictEqual(yield* used(quotas, component, "messages"), 0)
          assert.isTrue(taken(quotas, rates, "messages", 10))
          assert.isFalse(taken(quotas, rates, "messages", 1))
        }), { component: small }))

    it.effect("add up to no larger burst by what is reserved and released later", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const kept: Array<Quotas.Reservation> = []
          for (let second = 0; second < 5; second++) {
            kept.push(Result.getOrThrow(quotas.reserveUnsafe(rates, "messages", 10)))
            yield* TestClock.adjust("1 second")
          }
          let sum = 0
          for (const reservation of kept) {
            reservation.release()
            if (taken(quotas, rates, "messages", 10)) sum += 10
          }
          assert.strictEqual(sum, 10)
        }), { component: small }))

    it.effect("come back no sooner for having been full for a while", () =>
      run((quotas) =>
        Effect.gen(function*() {
          assert.isFalse(taken(quotas, rates, "fuel", 2))
          yield* TestClock.adjust(900)
          assert.isTrue(taken(quotas, rates, "fuel", 1))
          yield* TestClock.adjust(100)
          assert.isFalse(taken(quotas, rates, "fuel", 1))
          yield* TestClock.adjust(900)
          assert.isTrue(taken(quotas, rates, "fuel", 1))
        }), { component: { ...small, fuel: { perSecond: 1, burst: 1 } } }))

    it.effect("come back once for a time, however often it is looked at", () =>
      run((quotas) =>
        Effect.gen(function*() {
          assert.isTrue(taken(quotas, rates, "fuel", 100))
          let sum = 0
          for (let times = 0; times < 50; times++) {
            yield* TestClock.adjust(30)
            while (taken(quotas, rates, "fuel", 1)) sum++
          }
          assert.strictEqual(sum, 150)
        }), { component: { ...small, fuel: { perSecond: 100, burst: 100 } } }))

    it.effect("give a single one back, also after a moment", () =>
      run((quotas) =>
        Effect.gen(function*() {
          for (let times = 0; times < 100; times++) {
            const reservation = Result.getOrThrow(quotas.reserveUnsafe(rates, "fuel", 1))
            yield* TestClock.adjust(1)
            reservation.release()
          }
          assert.isTrue(taken(quotas, rates, "fuel", 1))
        }), { component: { ...small, fuel: { perSecond: 1, burst: 1 } } }))

    it.effect.prop(
      "let in no more than a burst and the rate over any span, however it is asked",
      {
        perSecond: Arbitrary.schema(Schema.Union([between(1, 5), between(1, 2_000)])),
        burst: Arbitrary.schema(Schema.Union([between(1, 3), between(1, 1_000)])),
        asks: Arbitrary.array(
          Arbitrary.schema(
            Schema.Tuple([between(0, 700), Schema.Union([between(1, 3), between(0, 1_000)]), between(-20, 20)])
          ),
          { maxLength: 60 }
        )
      },
      ({ asks, burst, perSecond }) =>
        run((quotas) =>
          Effect.gen(function*() {
            const spans: Array<{ readonly at: number; readonly amount: number }> = []
            const kept: Array<readonly [after: number, reservation: Quotas.Reservation]> = []
            let at = 0
            for (const [index, [pause, amount, keep]] of asks.entries()) {
              yield* TestClock.adjust(pause)
              at += pause
              for (const [after, { release }] of kept) if (after <= index) release()
              const result = quotas.reserveUnsafe(rates, "fuel", amount)
              if (Result.isFailure(result)) continue
              if (keep > 0) kept.push([index + keep, result.success])
              else spans.push({ at, amount })
            }
            for (let from = 0; from < spans.length; from++) {
              let sum = 0
              for (let to = from; to < spans.length; to++) {
                sum += spans[to]!.amount
                assert.isAtMost(sum, burst + (spans[to]!.at - spans[from]!.at) * perSecond / 1000)
              }
            }
          }), { component: { ...small, fuel: { perSecond, burst } } })
    )

    it.effect("lose nothing to rounding over a long time", () =>
      run((quotas) =>
        Effect.gen(function*() {
          assert.isTrue(taken(quotas, rates, "fuel", 7))
          let sum = 0
          for (let i = 0; i < 3000; i++) {
            yield* TestClock.adjust(10)
            if (taken(quotas, rates, "fuel", 1)) sum++
          }
          assert.isAtLeast(sum, 89)
          assert.isAtMost(sum, 90)
        }), { component: small }))
  })

  describe("of a component and its tenant", () => {
    it.effect("are taken from both or from neither", () =>
      run((quotas) =>
        Effect.gen(function*() {
          assert.isTrue(taken(quotas, { component: "acme:totals", tenant: "globex" }, "storage", 50))
          const error = yield* Effect.flip(quotas.reserve(billed, "storage", 40))
          assert.deepStrictEqual(error.subject, tenant)
          assert.strictEqual(yield* used(quotas, component, "storage"), 0)
          assert.strictEqual(yield* used(quotas, tenant, "storage"), 50)
          assert.isTrue(taken(quotas, billed, "storage", 30))
          assert.strictEqual(yield* used(quotas, tenant, "storage"), 80)
        }), { component: small, tenant: { ...small, storage: 80 } }))

    it.effect("do not touch those of another, whatever it is called", () =>
      run((quotas) =>
        Effect.sync(() => {
          for (const id of ["__proto__", "constructor", "toString", "Tenant\nglobex", "a".repeat(256)]) {
            assert.isTrue(taken(quotas, { component: id, tenant: id }, "storage", 100))
            assert.isFalse(taken(quotas, { component: id }, "storage", 1))
          }
          assert.isTrue(taken(quotas, billed, "storage", 100))
        }), { component: small }))
  })

  it.effect("let in one of two uses that fit only one at a time", () =>
    run((quotas) =>
      Effect.gen(function*() {
        const results = yield* Effect.forEach(
          Array.from({ length: 100 }, (_, index) => index),
          () => Effect.exit(Effect.andThen(Effect.yieldNow, quotas.reserve(billed, "memory", 7))),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(results.filter(Exit.isSuccess).length, 14)
        assert.strictEqual(yield* used(quotas, tenant, "memory"), 98)
      }), { component: small }))

  it.effect("refuse amounts that are none", () =>
    run((quotas) =>
      Effect.gen(function*() {
        for (const amount of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 63, -0.5]) {
          for (const quota of Quota.all) {
            assert.isFalse(taken(quotas, rates, quota, amount))
            assert.isFalse(taken(quotas, { component: "free", tenant: "free" }, quota, amount))
          }
        }
        for (const quota of Quota.all) assert.strictEqual(yield* used(quotas, component, quota), 0)
      }), { component: small }))

  it.effect("refuse names that are none, however long", () =>
    run((quotas) =>
      Effect.sync(() => {
        for (const id of ["", "a".repeat(257), "a".repeat(1_000_000)]) {
          for (const payer of [{ component: id }, { component: "acme:rates", tenant: id }]) {
            const result = quotas.reserveUnsafe(payer, "calls", 1)
            assert.isTrue(Result.isFailure(result))
            if (Result.isFailure(result)) assert.isAtMost(result.failure.message.length, 500)
          }
        }
        assert.isTrue(taken(quotas, rates, "calls", 2))
      }), { component: small }))

  it.effect("are quick for many who hold something", () =>
    run((quotas) =>
      Effect.sync(() => {
        for (let index = 0; index < 60_000; index++) {
          assert.isTrue(taken(quotas, { component: `c${index}` }, "calls", 1))
        }
        assert.isTrue(taken(quotas, { component: "c0" }, "calls", 1))
        assert.isFalse(taken(quotas, { component: "c0" }, "calls", 1))
      }), { component: small }))

  it.effect("forget nobody who holds something or has limits of its own", () =>
    run((quotas) =>
      Effect.gen(function*() {
        assert.isTrue(taken(quotas, rates, "storage", 60))
        assert.isTrue(taken(quotas, { component: "spent" }, "messages", 10))
        yield* quotas.setLimits({ kind: "Component", id: "strict" }, { ...small, storage: 1 }, "strict")
        for (let index = 0; index < 25_000; index++) taken(quotas, { component: `c${index}` }, "storage", 0)
        assert.isFalse(taken(quotas, rates, "storage", 41))
        assert.isFalse(taken(quotas, { component: "spent" }, "messages", 1))
        assert.isFalse(taken(quotas, { component: "strict" }, "storage", 2))
      }), { component: small }))

  describe("on a tab", () => {
    it.effect("are those of the component, by whatever way they are taken", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const tab = yield* quotas.tab("acme:rates")
          assert.isUndefined(tab.take("calls", 1))
          yield* quotas.reserve(rates, "calls", 1)
          const error = tab.take("calls", 1)
          assert.deepStrictEqual([error?.subject, error?.quota, error?.available], [component, "calls", 0])
          tab.giveBack("calls", 1)
          assert.isUndefined(tab.take("calls", 1))
          assert.strictEqual(yield* used(quotas, component, "calls"), 2)
          for (const amount of [-1, 0.5, Infinity, NaN]) assert.isDefined(tab.take("storage", amount))
        }), { component: small }))

    it.effect("follow limits that are set, and say which quotas have none", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const tab = yield* quotas.tab("acme:rates")
          assert.isFalse(tab.isUnlimited("messages"))
          yield* quotas.setLimits(component, { ...Quota.unlimited, calls: 1 }, "test")
          assert.isTrue(tab.isUnlimited("messages"))
          assert.isUndefined(tab.take("calls", 1))
          assert.isDefined(tab.take("calls", 1))
        }), { component: small }))

    it.effect("are counted however many others there are meanwhile", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const tab = yield* quotas.tab("acme:rates")
          for (let i = 0; i < 25_000; i++) taken(quotas, { component: `acme:other-${i}` }, "messages", 0)
          assert.isUndefined(tab.take("calls", 2))
          assert.isFalse(taken(quotas, rates, "calls", 1))
        }), { component: small }))

    it.effect("warn as others do", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const seen = yield* Effect.forkChild(Stream.runHead(quotas.alerts), { startImmediately: true })
          const tab = yield* quotas.tab("acme:rates")
          assert.isUndefined(tab.take("storage", 79))
          assert.isUndefined(tab.take("storage", 1))
          const alert = (yield* Fiber.join(seen)) as { readonly value?: Quotas.Alert }
          assert.deepStrictEqual([alert.value?.severity, alert.value?.used], ["Warning", 80])
        }), { component: small }))
  })

  describe("setLimits", () => {
    it.effect("takes no limits that are none, and changes nothing then", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const wrong: ReadonlyArray<Quota.Limits> = [
            { ...small, storage: Number.NaN },
            { ...small, calls: -1 },
            { ...small, memory: Number.POSITIVE_INFINITY },
            { ...small, messages: { perSecond: Number.NaN, burst: 10 } },
            { ...small, messages: { perSecond: 10, burst: Number.NaN } }
          ]
          for (const limits of wrong) {
            assert.isTrue(Exit.isFailure(yield* Effect.exit(quotas.setLimits(component, limits, "wrong"))))
            for (const made of [{ component: limits }, { tenant: limits }]) {
              assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.scoped(Layer.build(layer(made))))))
            }
          }
          assert.isFalse(taken(quotas, rates, "storage", 101))
          assert.isTrue(taken(quotas, rates, "storage", 100))
          assert.isTrue(taken(quotas, rates, "messages", 10))
        }), { component: small }))

    it.effect("lowers at once also while another change is recorded", () => {
      const written = Deferred.makeUnsafe<number>()
      const slow = Layer.mock(AuditLog.AuditLog)({
        append: () => Deferred.await(written),
        recordUnsafe: () => undefined,
        latestTimeUnsafe: () => 0
      })
      return Effect.gen(function*() {
        const quotas = yield* Quotas.Quotas
        const set = (subject: Quota.Subject, storage: number) =>
          Effect.forkChild(quotas.setLimits(subject, { ...small, storage }, "change"), { startImmediately: true })
        const changes = [yield* set(tenant, 50), yield* set(component, 10), yield* set(component, 200)]
        assert.isFalse(taken(quotas, rates, "storage", 11))
        yield* Deferred.succeed(written, 1)
        yield* Fiber.joinAll(changes)
        assert.isTrue(taken(quotas, rates, "storage", 200))
      }).pipe(Effect.provide(Layer.provide(Quotas.layerMemory({ component: small }), slow)))
    })

    it.effect("keeps what was taken, and is an entry of the audit log", () =>
      run((quotas) =>
        Effect.gen(function*() {
          assert.isTrue(taken(quotas, rates, "storage", 60))
          assert.isTrue(taken(quotas, rates, "messages", 8))
          yield* quotas.setLimits(component, { ...small, storage: 70, messages: { perSecond: 10, burst: 9 } }, "less")
          assert.isFalse(taken(quotas, rates, "storage", 11))
          assert.isTrue(taken(quotas, rates, "storage", 10))
          assert.isTrue(taken(quotas, rates, "messages", 1))
          assert.isFalse(taken(quotas, rates, "messages", 1))
          const audit = yield* AuditLog.AuditLog
          const entries = yield* audit.entries
          assert.deepInclude(entries.at(-1)?.event, { _tag: "QuotaSet", subject: component, reason: "less" })
        }), { component: small }))

    it.effect("lowers also where it cannot be recorded, and never raises", () => {
      const broken = Layer.mock(AuditLog.AuditLog)({
        append: () => Effect.fail(new AuditError({ reason: "Unwritable", detail: "disk full" })),
        recordUnsafe: () => undefined,
        latestTimeUnsafe: () => 0
      })
      return Effect.gen(function*() {
        const quotas = yield* Quotas.Quotas
        yield* Effect.flip(quotas.setLimits(component, { ...small, storage: 1000, memory: 10 }, "change"))
        assert.isFalse(taken(quotas, rates, "storage", 101))
        assert.isFalse(taken(quotas, rates, "memory", 11))
      }).pipe(Effect.provide(Layer.provide(Quotas.layerMemory({ component: small }), broken)))
    })
  })

  describe("alerts", () => {
    it.effect("warn at 80 % and again at 95 %, once for each time it is passed", () =>
      run((quotas) =>
        Effect.gen(function*() {
          const alerts = yield* Effect.forkScoped(Stream.runCollect(Stream.take(quotas.alerts, 4)), {
            startImmediately: true
          })
          yield* Effect.yieldNow
          const take = (amount: number) => assert.isTrue(taken(quotas, rates, "storage", amount))
          take(79)
          take(1)
          take(5)
          take(10)
          take(5)
          yield* quotas.free(rates, "storage", 100)
          take(96)
          yield* quotas.free(rates, "storage", 96)
          yield* TestClock.adjust("1 second")
          take(96)
          yield* quotas.free(rates, "storage", 96)
          yield* TestClock.adjust("1 second")
          take(85)
          const seen = yield* Fiber.join(alerts)
          assert.deepStrictEqual(seen.map((_) => [_.severity, _.subject, _.quota, _.used, _.limit]), [
            ["Warning", component, "storage", 80, 100],
            ["Critical", component, "storage", 95, 100],
            ["Critical", component, "storage", 96, 100],
            ["Warning", component, "storage", 85, 100]
          ])
        }), { component: small }))
  })
})
