import { assert, describe, it } from "@effect/vitest"
import * as AuditLog from "airssys/security/AuditLog"
import * as Capability from "airssys/security/Capability"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type { CapabilityError } from "airssys/security/CapabilityError"
import * as Grant from "airssys/security/Grant"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import { Clock, Deferred, Effect, Exit, Fiber, Latch, Layer, PubSub, Queue, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"

/** A power that is the lease itself, so that a test can do with it what sources do. */
class Files extends Capability.Service<Files, Powers.Lease>()("filesystem.read") {}

const powers = Powers.layer(Powers.source(Files, (lease) => lease))
const billing = Principal.make({ kind: "Host", id: "billing" })
const rates = Grant.make("filesystem.read", ["inbox:/rates.csv"], { reason: "Rates." })
const all = Grant.make("filesystem.read", ["inbox:/**"], { reason: "Everything." })
const rates1970 = Grant.make("filesystem.read", ["inbox:/rates.csv"], { reason: "Rates.", expires: "1970-01-01" })
const day = 86_400_000

interface Kernel {
  readonly enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"]
  readonly audit: AuditLog.AuditLog["Service"]
  readonly lease: Powers.Lease
}

const withLease = <A, E, R>(
  grants: ReadonlyArray<Grant.Grant>,
  test: (kernel: Kernel) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function*() {
    const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
    const audit = yield* AuditLog.AuditLog
    yield* enforcer.admit(billing, { asks: [], grants })
    const lease = yield* enforcer.require(Files.on("inbox:/rates.csv"))(Files)
    return yield* test({ enforcer, audit, lease })
  }).pipe(
    Effect.provideService(Principal.CurrentPrincipal, billing),
    Effect.scoped,
    Effect.provide(Layer.provide(CapabilityEnforcer.layerTest, powers), { local: true })
  )

const reasons = ({ reason }: CapabilityError) =>
  reason._tag === "PowerMissing" ? [reason._tag] : [reason._tag, reason.explanation.reason]

const revoke = ({ enforcer }: Kernel, grant?: number) => enforcer.revoke(billing, { grant, reason: "compromised" })

/** Something that is open until its scope closes, and counts. */
const gauge = () => {
  const counts = { opened: 0, closed: 0 }
  const acquire = Effect.acquireRelease(
    Effect.sync(() => {
      counts.opened++
      return counts
    }),
    () =>
      Effect.sync(() => {
        counts.closed++
      })
  )
  return { counts, acquire }
}

const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

/** The three ways in which authority goes. */
const endings: ReadonlyArray<{
  readonly title: string
  readonly grant: Grant.Grant
  readonly end: (kernel: Kernel) => Effect.Effect<unknown, unknown>
  readonly reasons: ReadonlyArray<string>
}> = [
  { title: "a revocation", grant: rates, end: (kernel) => revoke(kernel), reasons: ["Revoked", "Revoked"] },
  {
    title: "a dismissal",
    grant: rates,
    end: ({ enforcer }) => enforcer.dismiss(billing),
    reasons: ["Revoked", "NotAdmitted"]
  },
  { title: "an expiry", grant: rates1970, end: () => TestClock.setTime(day), reasons: ["Expired", "Expired"] }
]

describe("Lease", () => {
  for (const ending of endings) {
    describe(`at ${ending.title}`, () => {
      it.effect("interrupts what is in flight, waits for its finalizers and records the end", () =>
        withLease([ending.grant], (kernel) =>
          Effect.gen(function*() {
            let isReleased = false
            const reading = kernel.lease.use(Effect.never.pipe(Effect.onInterrupt(() =>
              Effect.sync(() => {
                isReleased = true
              })
            )))
            const fiber = yield* fork(Effect.flip(reading))
            yield* ending.end(kernel)
            assert.deepStrictEqual(reasons(yield* Fiber.join(fiber)), ending.reasons)
            assert.isTrue(isReleased)
            yield* kernel.audit.flush
            const last = (yield* kernel.audit.entries).findLast((_) => _.event._tag === "CapabilityDenied")?.event
            assert(last?._tag === "CapabilityDenied")
            assert.strictEqual(last.reason, ending.reasons[1])
          })))

      it.effect("interrupts it for a caller that cannot be interrupted", () =>
        withLease([ending.grant], (kernel) =>
          Effect.gen(function*() {
            const fiber = yield* fork(Effect.uninterruptible(Effect.flip(kernel.lease.use(Effect.never))))
            yield* ending.end(kernel)
            assert.deepStrictEqual(reasons(yield* Fiber.join(fiber)), ending.reasons)
          })))

      it.effect("closes an open handle, before the scope of its caller", () =>
        withLease([ending.grant], (kernel) =>
          Effect.gen(function*() {
            const { acquire, counts } = gauge()
            yield* kernel.lease.open(acquire)
            assert.deepStrictEqual(counts, { opened: 1, closed: 0 })
            yield* ending.end(kernel)
            assert.deepStrictEqual(counts, { opened: 1, closed: 1 })
          })))

      it.effect("closes what is acquired meanwhile, and gives no handle", () =>
        withLease([ending.grant], (kernel) =>
          Effect.gen(function*() {
            const { acquire, counts } = gauge()
            const connected = yield* Latch.make()
            const slow = Effect.uninterruptible(Effect.andThen(connected.await, acquire))
            const fiber = yield* fork(Effect.flip(kernel.lease.open(slow)))
            yield* ending.end(kernel)
            yield* connected.open
            assert.deepStrictEqual(reasons(yield* Fiber.join(fiber)), ending.reasons)
            assert.deepStrictEqual(counts, { opened: 1, closed: 1 })
          })))

      it.effect("ends a stream between and within its chunks", () =>
        withLease([ending.grant], (kernel) =>
          Effect.gen(function*() {
            const source = yield* Queue.unbounded<string>()
            const pull = kernel.lease.open(Stream.toPull(Stream.fromQueue(source)))
            const lines = Stream.fromPull(Effect.map(pull, (next) => kernel.lease.use(next)))
            const seen: Array<string> = []
            const fiber = yield* fork(
              Effect.flip(Stream.runForEach(lines, (line) => Effect.sync(() => seen.push(line))))
            )
            yield* Queue.offer(source, "EUR 1.0")
            yield* Effect.yieldNow
            yield* ending.end(kernel)
            yield* Queue.offer(source, "USD 1.1")
            const error = yield* Fiber.join(fiber)
            assert.strictEqual(error._tag, "CapabilityError")
            assert.deepStrictEqual(seen, ["EUR 1.0"])
          })))

      it.effect("ends a subscription", () =>
        withLease([ending.grant], (kernel) =>
          Effect.gen(function*() {
            const topic = yield* PubSub.unbounded<string>()
            const subscription = yield* kernel.lease.open(PubSub.subscribe(topic))
            yield* PubSub.publish(topic, "EUR 1.0")
            assert.strictEqual(yield* kernel.lease.use(PubSub.take(subscription)), "EUR 1.0")
            const waiting = yield* fork(Effect.flip(kernel.lease.use(PubSub.take(subscription))))
            yield* ending.end(kernel)
            assert.strictEqual((yield* Fiber.join(waiting))._tag, "CapabilityError")
            yield* PubSub.publish(topic, "USD 1.1")
            const error = yield* Effect.flip(kernel.lease.use(PubSub.take(subscription)))
            assert.deepStrictEqual(reasons(error), ["Denied", ending.reasons[1]])
          })))

      it.effect("refuses the next use without starting it", () =>
        withLease([ending.grant], (kernel) =>
          Effect.gen(function*() {
            yield* ending.end(kernel)
            let ran = false
            const use = Effect.sync(() => {
              ran = true
            })
            assert.strictEqual(reasons(yield* Effect.flip(kernel.lease.use(use)))[0], "Denied")
            assert.strictEqual(reasons(yield* Effect.flip(Effect.scoped(kernel.lease.open(use))))[0], "Denied")
            assert.isFalse(ran)
          })))
    })
  }

  it.effect("stops nothing that another grant still allows, and all of it with the last one", () =>
    withLease([rates, all], (kernel) =>
      Effect.gen(function*() {
        const { acquire, counts } = gauge()
        yield* kernel.lease.open(acquire)
        const fiber = yield* fork(Effect.flip(kernel.lease.use(Effect.never)))
        yield* revoke(kernel, 1)
        assert.strictEqual(counts.closed, 0)
        assert.isUndefined(fiber.pollUnsafe())
        yield* revoke(kernel, 2)
        assert.strictEqual(counts.closed, 1)
        assert.deepStrictEqual(reasons(yield* Fiber.join(fiber)), ["Revoked", "Revoked"])
      })))

  it.effect("goes on past the end of one grant for as long as another lasts", () =>
    withLease([rates1970], (kernel) =>
      Effect.gen(function*() {
        const fiber = yield* fork(Effect.flip(kernel.lease.use(Effect.never)))
        yield* kernel.enforcer.grant(billing, { ...all, expires: "1970-01-03" })
        yield* TestClock.setTime(day)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.setTime(3 * day)
        assert.deepStrictEqual(reasons(yield* Fiber.join(fiber)), ["Expired", "Expired"])
      })))

  it.effect("expires in time although the clock is set back", () => {
    let millis = day - 5000
    let nanos = 0n
    return withLease([rates1970], (kernel) =>
      Effect.gen(function*() {
        assert.isTrue(yield* kernel.lease.use(Effect.succeed(true)))
        millis = 0
        assert.isTrue(yield* kernel.lease.use(Effect.succeed(true)))
        nanos = 4_999_000_000n
        assert.isTrue(yield* kernel.lease.use(Effect.succeed(true)))
        nanos = 5_000_000_000n
        const error = yield* Effect.flip(kernel.lease.use(Effect.succeed(true)))
        assert.deepStrictEqual(reasons(error), ["Denied", "Expired"])
      })).pipe(Effect.updateService(Clock.Clock, (clock) => ({
        ...clock,
        currentTimeMillisUnsafe: () => millis,
        monotonicTimeNanosUnsafe: () => nanos
      })))
  })

  it.effect("stops an effect that revoked its own authority before it first waits", () =>
    withLease([rates], (kernel) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(kernel.lease.use(Effect.andThen(Effect.orDie(revoke(kernel)), Effect.never)))
        assert.deepStrictEqual(reasons(error), ["Revoked", "Revoked"])
      })))

  it.effect("looks at each resource of its own", () =>
    withLease([rates], (kernel) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(kernel.lease.useOn("inbox:/salaries.csv", Effect.never))
        assert.deepStrictEqual(reasons(error), ["Denied", "NoMatch"])
        yield* kernel.enforcer.grant(billing, all)
        const { acquire, counts } = gauge()
        yield* kernel.lease.openOn("inbox:/salaries.csv", acquire)
        yield* kernel.lease.open(acquire)
        yield* revoke(kernel, 2)
        assert.deepStrictEqual(counts, { opened: 2, closed: 1 })
      })))

  it.effect("closes a handle once, and with the scope of its caller", () =>
    withLease([rates], (kernel) =>
      Effect.gen(function*() {
        const { acquire, counts } = gauge()
        const scope = yield* Scope.make()
        yield* Scope.provide(kernel.lease.open(acquire), scope)
        yield* Scope.close(scope, Exit.void)
        yield* revoke(kernel)
        assert.deepStrictEqual(counts, { opened: 1, closed: 1 })
      })))

  it.effect("revokes without waiting for a handle that is slow to close", () =>
    withLease([rates], (kernel) =>
      Effect.gen(function*() {
        const flushed = yield* Deferred.make<void>()
        let isClosed = false
        yield* kernel.lease.open(Effect.acquireRelease(Effect.void, () =>
          Effect.andThen(
            Deferred.await(flushed),
            Effect.sync(() => {
              isClosed = true
            })
          )))
        assert.strictEqual(yield* revoke(kernel), 1)
        assert.isFalse(isClosed)
        yield* Deferred.succeed(flushed, undefined)
        yield* Effect.yieldNow
        assert.isTrue(isClosed)
      })))

  it.effect("is over with its enforcer", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { acquire, counts } = gauge()
      const context = yield* Layer.buildWithScope(Layer.provide(CapabilityEnforcer.layerTest, powers), scope)
      const fiber = yield* Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
        yield* enforcer.admit(billing, { asks: [], grants: [rates] })
        const lease = yield* enforcer.require(Files.on("inbox:/rates.csv"))(Files)
        yield* lease.open(acquire)
        return yield* fork(Effect.flip(lease.use(Effect.never)))
      }).pipe(Effect.provideService(Principal.CurrentPrincipal, billing), Effect.provide(context))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "CapabilityError")
      assert.strictEqual(counts.closed, 1)
    }))
})

const Step = Schema.Literals(["use", "open", "finish", "grant", "revoke", "revokeFirst", "expire", "dismiss"])

describe("any interleaving", () => {
  it.effect.prop(
    "leaves nothing in flight or open that is not allowed, and ends nothing that is",
    [Schema.Array(Step).check(Schema.isMinLength(1), Schema.isMaxLength(24))],
    ([steps]) =>
      withLease([rates1970, rates], (kernel) =>
        Effect.gen(function*() {
          const { acquire, counts } = gauge()
          const uses: Array<Fiber.Fiber<unknown, unknown>> = []
          const opens: Array<Fiber.Fiber<unknown, unknown>> = []
          let turn = yield* Latch.make()
          let expected = { running: 0, acquiring: 0, open: 0 }
          for (const step of steps) {
            if (step === "use") {
              uses.push(yield* fork(kernel.lease.use(Effect.never)))
              expected.running++
            }
            if (step === "open") {
              opens.push(yield* fork(kernel.lease.open(Effect.uninterruptible(Effect.andThen(turn.await, acquire)))))
              expected.acquiring++
            }
            if (step === "finish") {
              yield* turn.open
              turn = yield* Latch.make()
              expected = { running: expected.running, acquiring: 0, open: expected.open + expected.acquiring }
            }
            if (step === "grant") yield* Effect.ignore(kernel.enforcer.grant(billing, rates))
            if (step === "revoke") yield* Effect.ignore(revoke(kernel))
            if (step === "revokeFirst") yield* Effect.ignore(revoke(kernel, 1))
            if (step === "expire") yield* TestClock.setTime(day)
            if (step === "dismiss") yield* kernel.enforcer.dismiss(billing)
            for (let settle = 0; settle < 8; settle++) yield* Effect.yieldNow
            if (kernel.enforcer.check(billing, "filesystem.read", "inbox:/rates.csv")._tag === "Denied") {
              expected = { running: 0, acquiring: 0, open: 0 }
            }
            const running = uses.filter((fiber) => fiber.pollUnsafe() === undefined).length
            assert.deepStrictEqual([running, counts.opened - counts.closed], [expected.running, expected.open])
          }
          yield* turn.open
          yield* Fiber.interruptAll([...uses, ...opens])
        })),
    { arbitrary: { runs: 200 } }
  )
})
