import { assert, describe, it } from "@effect/vitest"
import * as AuditLog from "airssys/security/AuditLog"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { type Enforcer, host, outcome, read } from "./kernel.ts"

const [a, b, c] = ["a", "b", "c"].map((name) => host(`acme:${name}`)) as [Host, Host, Host]
type Host = ReturnType<typeof host>

const admitted = (enforcer: Enforcer, principal: Host) =>
  enforcer.admit(principal, { asks: [], grants: [read(["inbox:/**"])] })

/** An enforcer over a log that keeps each entry waiting until the gate is opened. */
const behindGate = <A, E>(
  test: (enforcer: Enforcer, waiting: ReadonlyArray<string>, gate: Deferred.Deferred<void>) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    const waiting: Array<string> = []
    const append: AuditLog.AuditLog["Service"]["append"] = (event) => {
      const whose = "principal" in event ? event.principal.id : ""
      return Effect.as(Deferred.await(gate), waiting.push(`${event._tag} ${whose}`))
    }
    const audit = Layer.mock(AuditLog.AuditLog)({
      append,
      appendAll: ([first]) => append(first!),
      recordUnsafe: () => 1,
      latestTimeUnsafe: () => 0
    })
    return yield* Effect.flatMap(
      CapabilityEnforcer.CapabilityEnforcer,
      (enforcer) => test(enforcer, waiting, gate)
    ).pipe(Effect.provide(Layer.provide(CapabilityEnforcer.layer, audit)))
  })

const begun = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })

const held = (enforcer: Enforcer, principal: Host) => outcome(enforcer.check(principal, "filesystem.read", "inbox:/x"))

describe("changes of authority", () => {
  it.effect("that let different principals in, or out, wait for the log together", () =>
    behindGate((enforcer, waiting, gate) =>
      Effect.gen(function*() {
        const fibers = yield* Effect.forEach([a, b, c], (one) => begun(admitted(enforcer, one)))
        assert.deepStrictEqual(waiting, ["Granted acme:a", "Granted acme:b", "Granted acme:c"])
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.joinAll(fibers)
        assert.deepStrictEqual([a, b, c].map((one) => held(enforcer, one)), ["Allowed", "Allowed", "Allowed"])
      })
    ))

  it.effect("of one principal are made one after the other", () =>
    behindGate((enforcer, waiting, gate) =>
      Effect.gen(function*() {
        const first = yield* begun(admitted(enforcer, a))
        const others = yield* Effect.forEach([enforcer.dismiss(a), admitted(enforcer, a)], begun)
        assert.deepStrictEqual(waiting, ["Granted acme:a"])
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.joinAll([first, ...others])
        assert.deepStrictEqual(waiting, ["Granted acme:a", "Dismissed acme:a", "Granted acme:a"])
        assert.strictEqual(held(enforcer, a), "Allowed")
      })
    ))

  it.effect("that are about more than one principal wait for those before, and hold up those behind", () =>
    behindGate((enforcer, waiting, gate) =>
      Effect.gen(function*() {
        const first = yield* begun(admitted(enforcer, a))
        const revoked = yield* begun(enforcer.revoke(a, { reason: "No more." }))
        const behind = yield* begun(admitted(enforcer, b))
        assert.deepStrictEqual(waiting, ["Granted acme:a"])
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.joinAll([first, behind])
        assert.strictEqual(yield* Fiber.join(revoked), 1)
        assert.deepStrictEqual(waiting, ["Granted acme:a", "Revoked acme:a", "Granted acme:b"])
        assert.deepStrictEqual([held(enforcer, a), held(enforcer, b)], ["Revoked", "Allowed"])
      })
    ))

  it.effect("that nobody waits for any longer leave the others in their order", () =>
    behindGate((enforcer, waiting, gate) =>
      Effect.gen(function*() {
        const first = yield* begun(admitted(enforcer, a))
        const left = yield* begun(enforcer.grant(a, read(["other:/**"])))
        const behind = yield* begun(admitted(enforcer, b))
        yield* Fiber.interrupt(left)
        assert.deepStrictEqual(waiting, ["Granted acme:a"])
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.joinAll([first, behind])
        yield* admitted(enforcer, c)
        assert.deepStrictEqual(waiting, ["Granted acme:a", "Granted acme:b", "Granted acme:c"])
      })
    ))
})
