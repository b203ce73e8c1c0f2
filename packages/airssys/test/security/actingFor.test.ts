import { assert, describe, it } from "@effect/vitest"
import type { CapabilityError } from "airssys/security/CapabilityError"
import * as Principal from "airssys/security/Principal"
import { Effect, Fiber, Latch } from "effect"
import { type Enforcer, Files, host, outcome, read, run } from "./kernel.ts"

const ada = host("ada")
const gateway = host("gateway")
const store = host("store")

const reading = (enforcer: Enforcer, path: string) =>
  enforcer.require(Files.on(path))(Files.use((lease) => lease.use(Effect.succeed("text"))))

const why = (error: CapabilityError) =>
  error.reason._tag === "Denied"
    ? [error.reason.explanation.principal.id, error.reason.explanation.actor?.id, error.reason.explanation.reason]
    : [error.reason._tag]

const as = (principal: Principal.Principal) => Effect.provideService(Principal.CurrentPrincipal, principal)

const admitted = <A, E>(test: (enforcer: Enforcer) => Effect.Effect<A, E>) =>
  run((enforcer, audit) =>
    Effect.gen(function*() {
      yield* enforcer.admit(ada, { asks: [], grants: [read(["inbox:/ada/**"])] })
      yield* enforcer.admit(gateway, { asks: [], grants: [read(["inbox:/**"])] })
      yield* enforcer.admit(store, { asks: [], grants: [read(["inbox:/**"]), read(["backup:/**"])] })
      yield* test(enforcer)
      return yield* audit.entries
    })
  )

describe("on behalf of another", () => {
  it.effect("what both may is allowed, what one may is not, and the audit names both", () =>
    Effect.gen(function*() {
      const entries = yield* admitted((enforcer) =>
        Effect.gen(function*() {
          const forAda = Principal.onBehalfOf(ada)
          assert.strictEqual(yield* reading(enforcer, "inbox:/ada/1").pipe(forAda, as(gateway)), "text")
          const beyond = yield* reading(enforcer, "inbox:/bob/1").pipe(forAda, as(gateway), Effect.flip)
          assert.deepStrictEqual(why(beyond), ["ada", "gateway", "NoMatch"])
          yield* enforcer.grant(ada, read(["backup:/**"]))
          const lacking = yield* reading(enforcer, "backup:/1").pipe(forAda, as(gateway), Effect.flip)
          assert.deepStrictEqual(why(lacking), ["gateway", undefined, "NoMatch"])
        })
      )
      const used = entries.flatMap(({ event }) =>
        event._tag === "CapabilityUsed" || event._tag === "CapabilityDenied"
          ? [[event._tag, event.principal.id, event.onBehalfOf?.map((actor) => actor.id), event.resource]]
          : []
      )
      assert.deepStrictEqual(used[0], ["CapabilityUsed", "gateway", ["ada"], "inbox:/ada/1"])
      assert.deepStrictEqual(used.at(-1), ["CapabilityDenied", "gateway", ["ada"], "backup:/1"])
    }))

  it.effect("a nested call can do no more than its callers, however deep", () =>
    admitted((enforcer) =>
      Effect.gen(function*() {
        const inStore = Principal.callAs(store)(reading(enforcer, "inbox:/ada/1"))
        const beyond = Principal.callAs(store)(reading(enforcer, "inbox:/bob/1"))
        const throughGateway = Principal.callAs(gateway)
        assert.strictEqual(yield* as(ada)(throughGateway(inStore)), "text")
        assert.deepStrictEqual(why(yield* Effect.flip(as(ada)(throughGateway(beyond)))), ["ada", "store", "NoMatch"])
      })
    ))

  it.effect("code that binds another principal and forgets the caller cannot do more", () =>
    admitted((enforcer) =>
      Effect.gen(function*() {
        const forgetful = as(store)(reading(enforcer, "backup:/1"))
        assert.strictEqual(yield* forgetful, "text")
        const error = yield* Principal.onBehalfOf(ada)(forgetful).pipe(Effect.flip)
        assert.deepStrictEqual(why(error), ["ada", "store", "NoMatch"])
      })
    ))

  it.effect("holds in forks and after waiting, and not for those beside", () =>
    admitted((enforcer) =>
      Effect.gen(function*() {
        const go = yield* Latch.make()
        const later = Effect.andThen(go.await, Effect.exit(reading(enforcer, "inbox:/bob/1")))
        const forAda = yield* Effect.forkChild(
          Effect.flatMap(Effect.forkChild(later), Fiber.join).pipe(Principal.onBehalfOf(ada), as(gateway))
        )
        const alone = yield* Effect.forkChild(as(gateway)(later))
        yield* go.open
        assert.strictEqual((yield* Fiber.join(forAda))._tag, "Failure")
        assert.strictEqual((yield* Fiber.join(alone))._tag, "Success")
      })
    ))

  it.effect("what is in flight ends when any of them loses it", () =>
    admitted((enforcer) =>
      Effect.gen(function*() {
        const waiting = enforcer.require(Files.on("inbox:/ada/1"))(Files.use((lease) => lease.use(Effect.never)))
        const fiber = yield* Effect.forkChild(
          waiting.pipe(Principal.onBehalfOf(ada), as(gateway), Effect.flip),
          { startImmediately: true }
        )
        yield* enforcer.revoke(ada, { reason: "over" })
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error.reason._tag, "Revoked")
      })
    ))

  it.effect("nothing is allowed for more than eight", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const all = Array.from({ length: 10 }, (_, index) => host(`p${index}`))
        for (const principal of all) yield* enforcer.admit(principal, { asks: [], grants: [read(["inbox:/**"])] })
        const forFirst = (count: number) =>
          all.slice(1, count + 1).reduce<Effect.Effect<string, CapabilityError, Principal.CurrentPrincipal>>(
            (effect, other) => Principal.onBehalfOf(other)(effect),
            reading(enforcer, "inbox:/1")
          ).pipe(as(all[0]!))
        assert.strictEqual(yield* forFirst(8), "text")
        assert.deepStrictEqual(why(yield* Effect.flip(forFirst(9))), ["p0", undefined, "TooManyActingFor"])
        const outcomes = [8, 9].map((count) =>
          outcome(enforcer.check(all[0]!, "filesystem.read", "inbox:/1", all.slice(1, count + 1)))
        )
        assert.deepStrictEqual(outcomes, ["Allowed", "TooManyActingFor"])
      })
    ))
})
