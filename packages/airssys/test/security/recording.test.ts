import { assert, describe, it } from "@effect/vitest"
import { AuditError } from "airssys/security/AuditError"
import type { AuditEvent } from "airssys/security/AuditEvent"
import * as AuditLog from "airssys/security/AuditLog"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as Grant from "airssys/security/Grant"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import * as StorageWrite from "airssys/security/StorageWrite"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { component, type Enforcer, Files, host, outcome, read, run } from "./kernel.ts"

const rates = component("acme:rates")
const billing = host("billing")
const file = "inbox:/rates.csv"
const release = `sha256:${"a".repeat(64)}`
const first = Grant.make("filesystem.read", ["inbox:/**"], { reason: "Needed.", audit: "before-use" })

const reading = (enforcer: Enforcer) =>
  Files.use((lease) => lease.use(Effect.succeed("read"))).pipe(
    enforcer.require(Files.on(file)),
    Effect.provideService(Principal.CurrentPrincipal, billing)
  )

describe("an entry of a use", () => {
  it.effect("has the release that acts, and the message in whose course it does", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* enforcer.admit(billing, { asks: [], grants: [read(["inbox:/**"])], release })
        yield* enforcer.admit(rates, { asks: [], grants: [], release })
        yield* reading(enforcer).pipe(Effect.provideService(Principal.Correlation, "message 1"))
        yield* enforcer.decide(rates, "clock").pipe(Effect.provideService(Principal.Correlation, "x".repeat(1000)))
        enforcer.decideUnsafe(billing, "filesystem.read", file, [], "message 2")
        enforcer.decideUnsafe(billing, "filesystem.read", "inbox:/other")
        const uses = (yield* audit.entries).flatMap(({ event }) =>
          event._tag === "CapabilityUsed" || event._tag === "CapabilityDenied"
            ? [[event.resource, event.release, event.correlation, event.count]]
            : []
        )
        assert.deepStrictEqual(uses, [
          [file, release, "message 1", 3],
          ["", release, "x".repeat(256), undefined],
          ["inbox:/other", release, undefined, undefined]
        ])
      })
    ))

  it.effect("belongs to one release: another is another admission", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(billing, { asks: [], grants: [], release })
        yield* enforcer.admit(billing, { asks: [], grants: [], release })
        const other = `sha256:${"b".repeat(64)}`
        const error = yield* Effect.flip(enforcer.admit(billing, { asks: [], grants: [], release: other }))
        assert.strictEqual(error._tag, "AdmissionError")
      })
    ))
})

describe("a grant whose uses are recorded before", () => {
  /** An enforcer over a log whose `append` waits, or fails, as the test says. */
  const withAppend = <A, E>(
    append: (event: AuditEvent) => Effect.Effect<number, AuditError>,
    test: (enforcer: Enforcer, recorded: ReadonlyArray<AuditEvent>) => Effect.Effect<A, E>,
    ...sources: ReadonlyArray<Powers.Source>
  ) => {
    const recorded: Array<AuditEvent> = []
    const audit = Layer.mock(AuditLog.AuditLog)({
      append,
      appendAll: () => Effect.succeed(1),
      recordUnsafe: (event) => recorded.push(event),
      latestTimeUnsafe: () => 0
    })
    return Effect.flatMap(CapabilityEnforcer.CapabilityEnforcer, (enforcer) => test(enforcer, recorded)).pipe(
      Effect.provide(
        CapabilityEnforcer.layer.pipe(
          Layer.provide(audit),
          Layer.provide(Powers.layer(Powers.source(Files, (lease) => lease), ...sources))
        )
      )
    )
  }

  const tagsOf = (events: ReadonlyArray<AuditEvent>) =>
    events.map((event) => event._tag === "CapabilityDenied" ? event.reason : event._tag)

  it.effect("waits for the log before each use, and for nothing else", () => {
    const appended: Array<AuditEvent> = []
    return Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      yield* withAppend(
        (event) => Effect.as(Deferred.await(gate), appended.push(event)),
        (enforcer, recorded) =>
          Effect.gen(function*() {
            yield* enforcer.admit(billing, { asks: [], grants: [first] })
            const fiber = yield* Effect.forkChild(reading(enforcer), { startImmediately: true })
            assert.isUndefined(fiber.pollUnsafe())
            yield* Deferred.succeed(gate, undefined)
            assert.strictEqual(yield* Fiber.join(fiber), "read")
            assert.deepStrictEqual(tagsOf(appended), ["CapabilityUsed", "CapabilityUsed"])
            assert.deepStrictEqual(tagsOf(recorded), [])
            assert.strictEqual(outcome(enforcer.check(billing, "filesystem.read", file)), "Allowed")
            assert.strictEqual(tagsOf(appended).length, 2)
          })
      )
    })
  })

  it.effect("counts also where another grant covers the same, in any order, while it is live", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(billing, { asks: [], grants: [read(["inbox:/**"])] })
        const waits = () => {
          const decision = enforcer.check(billing, "filesystem.read", file)
          return decision._tag === "Allowed" && decision.isBeforeUse === true
        }
        assert.isFalse(waits())
        const id = yield* enforcer.grant(billing, first)
        assert.isTrue(waits())
        yield* enforcer.revoke(billing, { grant: id, reason: "No more." })
        assert.isFalse(waits())
      })
    ))

  it.effect("lets no batch write a key that is taken away while another one is recorded", () =>
    Effect.gen(function*() {
      const writing = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const committed: Array<unknown> = []
      const store = {
        commit: (_: unknown, batch: unknown) =>
          Effect.sync(() => {
            committed.push(batch)
            return { _tag: "Committed", revision: 1, existed: 0 }
          })
      } as unknown as Parameters<typeof StorageWrite.source>[0]
      const keys = (pattern: string) =>
        Grant.make("storage.write", [pattern], { reason: "Needed.", audit: "before-use" })
      const value = new Uint8Array()
      yield* withAppend(
        (event) =>
          event._tag === "CapabilityUsed" && event.resource === "b"
            ? Effect.andThen(Deferred.succeed(writing, undefined), Effect.as(Deferred.await(gate), 1))
            : Effect.succeed(1),
        (enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(billing, { asks: [], grants: [keys("a"), keys("b"), keys("c")] })
            const batch = { checks: [], writes: [{ key: "a", value }, { key: "b", value }] }
            const fiber = yield* StorageWrite.StorageWrite.use((power) => power.commit(batch)).pipe(
              enforcer.require(StorageWrite.StorageWrite.on("c")),
              Effect.provideService(Principal.CurrentPrincipal, billing),
              Effect.exit,
              Effect.forkChild({ startImmediately: true })
            )
            yield* Deferred.await(writing)
            const [first] = yield* enforcer.held(billing)
            yield* enforcer.revoke(billing, { grant: first!.id, reason: "Lost." })
            yield* Deferred.succeed(gate, undefined)
            assert.strictEqual((yield* Fiber.join(fiber))._tag, "Failure")
            assert.deepStrictEqual(committed, [])
          }),
        StorageWrite.source(store)
      )
    }))

  it.effect("is not used where that fails, nor by what cannot wait", () =>
    withAppend(
      () => Effect.fail(new AuditError({ reason: "Unwritable", detail: "disk full" })),
      (enforcer, recorded) =>
        Effect.gen(function*() {
          yield* enforcer.admit(billing, { asks: [], grants: [first] })
          const error = yield* Effect.flip(reading(enforcer))
          assert.strictEqual(error.reason._tag === "Denied" && error.reason.explanation.reason, "AuditUnavailable")
          const { decision } = enforcer.decideUnsafe(billing, "filesystem.read", file)
          assert.strictEqual(outcome(decision), "AuditUnavailable")
          assert.deepStrictEqual(tagsOf(recorded), ["AuditUnavailable", "AuditUnavailable"])
        })
    ))

  it.effect("is not used where it goes while the log is written", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const writing = yield* Deferred.make<void>()
      yield* withAppend(
        (event) =>
          event._tag === "CapabilityUsed"
            ? Effect.andThen(Deferred.succeed(writing, undefined), Effect.as(Deferred.await(gate), 1))
            : Effect.succeed(1),
        (enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(billing, { asks: [], grants: [first] })
            const fiber = yield* Effect.forkChild(Effect.flip(reading(enforcer)), { startImmediately: true })
            const decided = yield* Effect.forkChild(enforcer.decide(billing, "filesystem.read", file), {
              startImmediately: true
            })
            yield* Deferred.await(writing)
            yield* enforcer.revoke(billing, { reason: "Leaked." })
            yield* Deferred.succeed(gate, undefined)
            assert.strictEqual(outcome((yield* Fiber.join(decided)).decision), "Revoked")
            const { reason } = yield* Fiber.join(fiber)
            assert.strictEqual(reason._tag === "Denied" && reason.explanation.reason, "Revoked")
          })
      )
    }))

  it.effect("stays so when it is narrowed, delegated, or used on behalf of its holder", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(billing, { asks: [], grants: [first] })
        const other = host("other")
        yield* enforcer.admit(other, { asks: [], grants: [read(["inbox:/**"])] })
        const mine = yield* enforcer.decide(other, "filesystem.read", file, [billing])
        assert.isTrue(mine.decision._tag === "Allowed" && mine.decision.isBeforeUse)
        assert.strictEqual(
          outcome(enforcer.decideUnsafe(other, "filesystem.read", file, [billing]).decision),
          "AuditUnavailable"
        )
        yield* enforcer.narrow(billing, 1, { patterns: ["inbox:/*.csv"], reason: "Less." })
        assert.strictEqual(
          outcome(enforcer.decideUnsafe(billing, "filesystem.read", file).decision),
          "AuditUnavailable"
        )
        const third = host("third")
        yield* enforcer.admit(third, { asks: [], grants: [] })
        yield* enforcer.delegate(billing, third, { grant: 1, reason: "Help." })
        assert.strictEqual(outcome(enforcer.decideUnsafe(third, "filesystem.read", file).decision), "AuditUnavailable")
        assert.strictEqual(outcome((yield* enforcer.decide(third, "filesystem.read", file)).decision), "Allowed")
      })
    ))
})
