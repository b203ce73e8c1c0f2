import { assert, describe, it } from "@effect/vitest"
import * as Ask from "airssys/security/Ask"
import { AuditError } from "airssys/security/AuditError"
import * as AuditLog from "airssys/security/AuditLog"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as ClockAccess from "airssys/security/ClockAccess"
import * as Environment from "airssys/security/Environment"
import * as Grant from "airssys/security/Grant"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import * as CapabilityEnforcerTest from "airssys/testing/CapabilityEnforcerTest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { Digest } from "effect/crypto"

const powers = Powers.layer(Environment.source({ A: "1" }), ClockAccess.source)

CapabilityEnforcerTest.suite("layerTest", Layer.provide(CapabilityEnforcer.layerTest, powers))

const rates = Principal.make({ kind: "Component", id: "acme:rates@1.2.0" })
const place = { file: "Component.toml", line: 3 }
const asks = [Ask.make({ kind: "clock", reason: "Date the rates.", place })]
const grants = [Grant.make("clock", { reason: "Date the rates." })]

const withAudit = (
  audit: {
    readonly append?: () => Effect.Effect<number, AuditError>
    readonly recordUnsafe?: () => number | undefined
    readonly latestTimeUnsafe?: () => number
  }
) =>
  CapabilityEnforcer.layer.pipe(
    Layer.provide(powers),
    Layer.provide(
      Layer.mock(AuditLog.AuditLog)({
        append: audit.append ?? (() => Effect.succeed(1)),
        appendAll: audit.append ?? (() => Effect.succeed(1)),
        recordUnsafe: audit.recordUnsafe ?? (() => 1),
        latestTimeUnsafe: audit.latestTimeUnsafe ?? (() => 0)
      })
    )
  )

describe("CapabilityEnforcer over an audit log that fails", () => {
  it.effect("denies a use that cannot be recorded", () =>
    Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      yield* enforcer.admit(rates, { asks, grants })
      assert.strictEqual(enforcer.check(rates, "clock")._tag, "Allowed")
      const { decision, entry } = enforcer.decideUnsafe(rates, "clock")
      assert(decision._tag === "Denied")
      assert.deepStrictEqual([decision.explanation.reason, entry], ["AuditUnavailable", undefined])
    }).pipe(Effect.provide(withAudit({ recordUnsafe: () => undefined }))))

  it.effect("gives nothing that could not be recorded, and revokes even so", () => {
    let isBroken = true
    const append = () =>
      Effect.suspend(() =>
        isBroken ? Effect.fail(new AuditError({ reason: "Unwritable", detail: "disk full" })) : Effect.succeed(1)
      )
    return Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      assert.strictEqual((yield* Effect.flip(enforcer.admit(rates, { asks, grants })))._tag, "AuditError")
      assert.strictEqual(enforcer.check(rates, "clock")._tag, "Denied")
      isBroken = false
      yield* enforcer.admit(rates, { asks, grants })
      assert.strictEqual(enforcer.check(rates, "clock")._tag, "Allowed")
      isBroken = true
      assert.strictEqual((yield* Effect.flip(enforcer.revoke(rates, { reason: "over" })))._tag, "AuditError")
      assert.strictEqual(enforcer.check(rates, "clock")._tag, "Denied")
      assert.strictEqual((yield* Effect.flip(enforcer.grant(rates, grants[0]!)))._tag, "AuditError")
      assert.strictEqual(enforcer.check(rates, "clock")._tag, "Denied")
    }).pipe(Effect.provide(withAudit({ append })))
  })

  it.effect("lets a grant take effect only when it is durable", () =>
    Effect.gen(function*() {
      const durable = yield* Deferred.make<number>()
      yield* Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
        const fiber = yield* Effect.forkChild(enforcer.admit(rates, { asks, grants }))
        yield* Effect.yieldNow
        assert.strictEqual(enforcer.check(rates, "clock")._tag, "Denied")
        yield* Deferred.succeed(durable, 1)
        yield* Fiber.join(fiber)
        assert.strictEqual(enforcer.check(rates, "clock")._tag, "Allowed")
      }).pipe(Effect.provide(withAudit({ append: () => Deferred.await(durable) })))
    }))

  it.effect("records which grant it took away, and why", () =>
    Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      yield* enforcer.admit(rates, { asks, grants })
      yield* enforcer.revoke(rates, { kind: "clock", reason: "over" })
      yield* enforcer.revoke(rates, { kind: "clock", reason: "again" })
      const entries = yield* (yield* AuditLog.AuditLog).entries
      assert.deepStrictEqual(entries.map(({ event }) => event).filter(({ _tag }) => _tag === "Revoked"), [{
        _tag: "Revoked",
        principal: { kind: "Component", id: rates.id },
        grant: 1,
        kind: "clock",
        patterns: [],
        reason: "over"
      }])
    }).pipe(
      Effect.provide(Layer.provide(
        Layer.provideMerge(CapabilityEnforcer.layer, AuditLog.layerMemory()),
        Digest.layerWebCrypto
      ))
    ))

  it.effect("takes authority away while another change waits for the disk", () =>
    Effect.gen(function*() {
      const disk = yield* Deferred.make<number>()
      let isSlow = false
      const append = () => Effect.suspend(() => isSlow ? Deferred.await(disk) : Effect.succeed(1))
      yield* Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
        const totals = Principal.make({ kind: "Component", id: "acme:totals@1.0.0" })
        yield* enforcer.admit(rates, { asks, grants })
        yield* enforcer.admit(totals, { asks, grants })
        isSlow = true
        const granting = yield* Effect.forkChild(enforcer.grant(rates, grants[0]!), { startImmediately: true })
        const revoking = yield* Effect.forkChild(enforcer.revoke(rates, { reason: "over" }), { startImmediately: true })
        const dismissing = yield* Effect.forkChild(enforcer.dismiss(totals), { startImmediately: true })
        assert.strictEqual(enforcer.check(rates, "clock")._tag, "Denied")
        assert.strictEqual(enforcer.check(totals, "clock")._tag, "Denied")
        yield* Deferred.succeed(disk, 1)
        yield* Fiber.join(granting)
        assert.strictEqual(yield* Fiber.join(revoking), 2)
        yield* Fiber.join(dismissing)
        assert.strictEqual(enforcer.check(rates, "clock")._tag, "Denied")
      }).pipe(Effect.provide(withAudit({ append })))
    }))

  it.effect("starts from the time of the newest entry in the log", () =>
    Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      const expired = Grant.make("clock", { reason: "Date the rates.", expires: "1970-01-01" })
      yield* enforcer.admit(rates, { asks, grants: [expired] })
      assert.strictEqual(enforcer.check(rates, "clock")._tag, "Denied")
    }).pipe(Effect.provide(withAudit({ latestTimeUnsafe: () => 86_400_000 }))))
})
