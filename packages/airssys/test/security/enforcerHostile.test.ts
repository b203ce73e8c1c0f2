import { assert, describe, it } from "@effect/vitest"
import * as AuditLog from "airssys/security/AuditLog"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type { CapabilityError } from "airssys/security/CapabilityError"
import type * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import { Clock, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { ask, component, day, type Enforcer, Files, host, outcome, read, run } from "./kernel.ts"

const ada = host("ada")
const bob = host("bob")
const gateway = host("gateway")
const rates = component("acme:rates")
const file = "inbox:/ada/1"

const powerOf = (enforcer: Enforcer, principal: Principal.Principal, path: string) =>
  enforcer.require(Files.on(path))(Files).pipe(Effect.provideService(Principal.CurrentPrincipal, principal))

const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

const why = ({ reason }: CapabilityError) =>
  reason._tag === "PowerMissing"
    ? [reason._tag]
    : [reason._tag, reason.explanation.principal.id, reason.explanation.reason]

describe("a power that was required before, and is used on behalf of another", () => {
  const kept = <A, E>(test: (enforcer: Enforcer, power: Powers.Lease) => Effect.Effect<A, E>) =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* enforcer.admit(ada, { asks: [], grants: [read(["inbox:/ada/**"])] })
        yield* enforcer.admit(gateway, { asks: [], grants: [read(["inbox:/**"])] })
        yield* test(enforcer, yield* powerOf(enforcer, gateway, file))
        return yield* audit.entries
      })
    )
  const forAda = Principal.onBehalfOf(ada)

  it.effect("does no more than the other may, and the audit names both", () =>
    Effect.gen(function*() {
      const entries = yield* kept((_, power) =>
        Effect.gen(function*() {
          assert.strictEqual(yield* forAda(power.use(Effect.succeed("text"))), "text")
          const read = power.useOn("inbox:/bob/1", Effect.succeed("text"))
          assert.strictEqual(yield* read, "text")
          assert.deepStrictEqual(why(yield* Effect.flip(forAda(read))), ["Denied", "ada", "NoMatch"])
          const open = Effect.scoped(power.openOn("inbox:/bob/1", Effect.void))
          assert.deepStrictEqual(why(yield* Effect.flip(forAda(open))), ["Denied", "ada", "NoMatch"])
          const listed = Effect.map(power.allows, (allows) => [file, "inbox:/bob/1"].filter(allows))
          assert.deepStrictEqual([yield* listed, yield* forAda(listed)], [[file, "inbox:/bob/1"], [file]])
        })
      )
      const chains = entries.flatMap(({ event }) =>
        event._tag === "CapabilityUsed" || event._tag === "CapabilityDenied"
          ? [event.onBehalfOf?.map(({ id }) => id)]
          : []
      )
      assert.deepStrictEqual(chains.filter((_) => _ !== undefined), [["ada"], ["ada"]])
    }))

  it.effect("ends when the other loses it", () =>
    kept((enforcer, power) =>
      Effect.gen(function*() {
        let isClosed = false
        const close = Effect.sync(() => {
          isClosed = true
        })
        const using = yield* fork(Effect.flip(forAda(power.use(Effect.never))))
        const alone = yield* fork(power.use(Effect.never))
        yield* fork(forAda(Effect.scoped(
          Effect.andThen(power.open(Effect.acquireRelease(Effect.void, () => close)), Effect.never)
        )))
        yield* enforcer.revoke(ada, { reason: "over" })
        assert.deepStrictEqual(why(yield* Fiber.join(using)), ["Revoked", "ada", "Revoked"])
        assert.isTrue(isClosed)
        assert.isUndefined(alone.pollUnsafe())
        yield* Fiber.interrupt(alone)
      })
    ))

  it.effect("counts those for whom it was required as well", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        for (const one of [ada, gateway]) yield* enforcer.admit(one, { asks: [], grants: [read(["inbox:/**"])] })
        const power = yield* forAda(powerOf(enforcer, gateway, file))
        yield* enforcer.admit(bob, { asks: [], grants: [read(["inbox:/**"])] })
        const forBob = Principal.onBehalfOf(bob)(power.use(Effect.void))
        yield* forBob
        yield* enforcer.revoke(ada, { reason: "over" })
        for (const use of [power.use(Effect.void), forBob]) {
          assert.deepStrictEqual(why(yield* Effect.flip(use)), ["Denied", "ada", "Revoked"])
        }
      })
    ))
})

describe("a grant for a while", () => {
  it.effect("does not lift for good what was revoked", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const authority = { asks: [], grants: [read(["inbox:/**"])] }
        yield* enforcer.admit(ada, authority)
        yield* enforcer.revoke(ada, { reason: "compromised" })
        const session = yield* Scope.make()
        yield* Scope.provide(enforcer.grantScoped(ada, authority.grants[0]!), session)
        assert.strictEqual(outcome(enforcer.check(ada, "filesystem.read", file)), "Allowed")
        yield* Scope.close(session, Exit.void)
        yield* enforcer.dismiss(ada)
        yield* enforcer.admit(ada, authority)
        assert.strictEqual(outcome(enforcer.check(ada, "filesystem.read", file)), "Revoked")
      })
    ))
})

describe("what is in flight while a principal is observed", () => {
  const using = (enforcer: Enforcer) =>
    powerOf(enforcer, rates, file).pipe(
      Effect.flatMap((power) => Effect.flip(power.use(Effect.never))),
      Effect.map(why),
      fork
    )
  const observe = (enforcer: Enforcer, duration: "9 days" | "1 hour") =>
    enforcer.observe(rates, { duration, reason: "Find out." })

  it.effect("ends with the grant that it began under", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, {
          asks: [ask("filesystem.read", ["inbox:/**"])],
          grants: [read(["inbox:/**"], "1970-01-01")]
        })
        yield* observe(enforcer, "9 days")
        const fiber = yield* using(enforcer)
        yield* TestClock.setTime(day)
        assert.strictEqual(outcome(enforcer.check(rates, "filesystem.read", file)), "Expired")
        assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(["Expired", "acme:rates", "Expired"]))
      })
    ))

  it.effect("ends with the ask that covers it", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, { asks: [ask("filesystem.read", ["inbox:/**"], "1970-01-01")], grants: [] })
        yield* observe(enforcer, "9 days")
        const fiber = yield* using(enforcer)
        yield* TestClock.setTime(day)
        assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(["Expired", "acme:rates", "Expired"]))
      })
    ))

  it.effect("ends when the observation is made shorter", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, { asks: [], grants: [] })
        yield* observe(enforcer, "9 days")
        const fiber = yield* using(enforcer)
        yield* observe(enforcer, "1 hour")
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(["Revoked", "acme:rates", "NotAsked"]))
      })
    ))
})

describe("who acts on behalf of one that is observed", () => {
  it.effect("is recorded as denied what the other lacks", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, { asks: [], grants: [] })
        yield* enforcer.admit(gateway, { asks: [], grants: [read(["inbox:/**"])] })
        yield* enforcer.observe(rates, { duration: "1 hour", reason: "Find out." })
        const { decision } = yield* enforcer.decide(gateway, "filesystem.read", file, [rates])
        assert.strictEqual(outcome(decision), "Allowed")
        const event = (yield* audit.entries).at(-1)?.event
        assert(event?._tag === "CapabilityDenied")
        assert.deepStrictEqual([event.principal.id, event.reason, event.isReported], ["gateway", "NotAsked", true])
      })
    ))
})

describe("a change that waits for the disk", () => {
  /** An audit log whose changes wait, from some moment on, for a disk. */
  const slowly = <A, E>(test: (enforcer: Enforcer, disk: Deferred.Deferred<number>) => Effect.Effect<A, E>) =>
    Effect.gen(function*() {
      const disk = yield* Deferred.make<number>()
      let isSlow = false
      const append = () => Effect.suspend(() => isSlow ? Deferred.await(disk) : Effect.succeed(1))
      const audit = Layer.mock(AuditLog.AuditLog)({
        append,
        appendAll: append,
        flush: Effect.void,
        recordUnsafe: () => 1,
        latestTimeUnsafe: () => 0
      })
      return yield* Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
        yield* enforcer.admit(ada, { asks: [], grants: [read(["inbox:/**"])] })
        yield* enforcer.admit(bob, { asks: [], grants: [] })
        isSlow = true
        return yield* test(enforcer, disk)
      }).pipe(Effect.provide(Layer.provide(CapabilityEnforcer.layer, audit), { local: true }))
    })

  it.effect("forgets who is admitted while it waits, where it is a dismissal", () =>
    slowly((enforcer, disk) =>
      Effect.gen(function*() {
        const admitting = yield* fork(enforcer.admit(gateway, { asks: [], grants: [read(["inbox:/**"])] }))
        const dismissing = yield* fork(enforcer.dismiss(gateway))
        yield* Deferred.succeed(disk, 1)
        yield* Fiber.join(admitting)
        yield* Fiber.join(dismissing)
        assert.strictEqual(outcome(enforcer.check(gateway, "filesystem.read", file)), "NotAdmitted")
      })
    ))

  for (
    const [title, change] of [
      ["is revoked", (enforcer: Enforcer) => enforcer.revoke(ada, { reason: "over" })],
      ["is narrowed", (enforcer: Enforcer) => enforcer.narrow(ada, 1, { patterns: ["inbox:/bob/*"], reason: "x" })],
      ["has no holder any more", (enforcer: Enforcer) => enforcer.dismiss(ada)]
    ] as const
  ) {
    it.effect(`is not made of what goes while it waits, where it is a delegation: the grant ${title}`, () =>
      slowly((enforcer, disk) =>
        Effect.gen(function*() {
          const delegating = yield* fork(Effect.flip(enforcer.delegate(ada, bob, { grant: 1, reason: "x" })))
          const changing = yield* fork(change(enforcer))
          yield* Deferred.succeed(disk, 1)
          assert.strictEqual((yield* Fiber.join(delegating))._tag, "GrantError")
          yield* Fiber.join(changing)
          assert.strictEqual(outcome(enforcer.check(bob, "filesystem.read", file)), "NotGranted")
        })
      ))
  }
})

describe("what was delegated", () => {
  const delegated = (enforcer: Enforcer, authority: Parameters<Enforcer["admit"]>[1]) =>
    Effect.gen(function*() {
      yield* enforcer.admit(ada, authority)
      yield* enforcer.admit(bob, { asks: [], grants: [] })
      return yield* enforcer.delegate(ada, bob, { grant: 1, reason: "x" })
    })
  const whole = { asks: [], grants: [read(["inbox:/**"])] }

  it.effect("ends with its grant also after who made it was admitted again", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* delegated(enforcer, whole)
        yield* enforcer.admit(ada, whole)
        yield* enforcer.revoke(ada, { reason: "over" })
        assert.strictEqual(outcome(enforcer.check(bob, "filesystem.read", file)), "Revoked")
      })
    ))

  it.effect("ends with the ask of a component, however often it is passed on", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, {
          asks: [ask("filesystem.read", ["inbox:/**"], "1970-01-01")],
          grants: whole.grants
        })
        for (const principal of [ada, bob]) yield* enforcer.admit(principal, { asks: [], grants: [] })
        const first = yield* enforcer.delegate(rates, ada, { grant: 1, reason: "x" })
        const second = yield* enforcer.delegate(ada, bob, { grant: first, reason: "x" })
        yield* enforcer.narrow(bob, second, { patterns: ["inbox:/ada/*"], reason: "x" })
        assert.strictEqual(outcome(enforcer.check(bob, "filesystem.read", file)), "Allowed")
        yield* TestClock.setTime(day)
        assert.strictEqual(outcome(enforcer.check(bob, "filesystem.read", file)), "Expired")
      })
    ))

  it.effect("is stopped when who made it is dismissed", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* delegated(enforcer, whole)
        const power = yield* powerOf(enforcer, bob, file)
        const fiber = yield* fork(Effect.map(Effect.flip(power.use(Effect.never)), why))
        yield* enforcer.dismiss(ada)
        yield* Effect.yieldNow
        assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(["Revoked", "bob", "Revoked"]))
      })
    ))
})

describe("a handle", () => {
  it.effect("is not given where authority goes while it is made, without waiting", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(ada, { asks: [], grants: [read(["inbox:/**"])] })
        const power = yield* powerOf(enforcer, ada, file)
        let isClosed = false
        const acquire = Effect.acquireRelease(
          Effect.forkDetach(enforcer.revoke(ada, { reason: "over" }), { startImmediately: true }),
          () =>
            Effect.sync(() => {
              isClosed = true
            })
        )
        const error = yield* Effect.flip(Effect.scoped(power.open(acquire)))
        assert.deepStrictEqual(why(error), ["Revoked", "ada", "Revoked"])
        assert.isTrue(isClosed)
      })
    ))
})

describe("what is in flight", () => {
  it.effect("ends within a minute of a clock that jumps", () => {
    let jumped = 0
    return run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(ada, { asks: [], grants: [read(["inbox:/**"], "1970-01-02")] })
        const power = yield* powerOf(enforcer, ada, file)
        const fiber = yield* fork(Effect.map(Effect.flip(power.use(Effect.never)), why))
        jumped = 3 * day
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(["Expired", "ada", "Expired"]))
      })
    ).pipe(Effect.updateService(Clock.Clock, (clock) => ({
      ...clock,
      sleep: (duration) => clock.sleep(duration),
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + jumped
    })))
  })

  it.effect("ends when its grant is narrowed, and what was decided before is forgotten", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(ada, { asks: [], grants: [read(["inbox:/**"])] })
        const power = yield* powerOf(enforcer, ada, file)
        const fiber = yield* fork(Effect.map(Effect.flip(power.use(Effect.never)), why))
        yield* enforcer.narrow(ada, 1, { patterns: ["inbox:/bob/*"], reason: "x" })
        assert.strictEqual(outcome(enforcer.check(ada, "filesystem.read", file)), "NoMatch")
        yield* Effect.yieldNow
        assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(["Revoked", "ada", "NoMatch"]))
      })
    ))

  it.effect("by a delegation ends in the time that its grant was narrowed to", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(ada, { asks: [], grants: [read(["inbox:/**"])] })
        yield* enforcer.admit(bob, { asks: [], grants: [] })
        yield* enforcer.delegate(ada, bob, { grant: 1, reason: "x" })
        const power = yield* powerOf(enforcer, bob, file)
        const fiber = yield* fork(Effect.map(Effect.flip(power.use(Effect.never)), why))
        yield* enforcer.narrow(ada, 1, { expires: "1970-01-01", reason: "x" })
        yield* TestClock.setTime(day)
        assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(["Expired", "bob", "Expired"]))
      })
    ))
})

describe("a policy that is no better than its author", () => {
  for (
    const [title, evaluate] of [
      ["throws", () => {
        throw new Error("no directory")
      }],
      ["gives no verdict", () => ({ _tag: "deny" }) as never]
    ] as const
  ) {
    it.effect(`denies, and ends what is in flight of everybody, where it ${title}`, () =>
      run((enforcer) =>
        Effect.gen(function*() {
          const fibers: Array<Fiber.Fiber<ReadonlyArray<string>, unknown>> = []
          for (const principal of [ada, gateway]) {
            yield* enforcer.admit(principal, { asks: [], grants: [read(["inbox:/**"])] })
            const power = yield* powerOf(enforcer, principal, file)
            fibers.push(yield* fork(Effect.map(Effect.flip(power.use(Effect.never)), why)))
          }
          yield* enforcer.govern({ name: "broken", evaluate }, "A slip.")
          assert.strictEqual(outcome(enforcer.check(ada, "filesystem.read", file)), "PolicyDenied")
          const ends = yield* Effect.forEach(fibers, Fiber.join)
          assert.deepStrictEqual(ends.map(([, id, reason]) => [id, reason]), [
            ["ada", "PolicyDenied"],
            ["gateway", "PolicyDenied"]
          ])
        })
      ))
  }
})
