import { assert, describe, it } from "@effect/vitest"
import type { AuditError } from "airssys/security/AuditError"
import * as Grant from "airssys/security/Grant"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { ask, component, day, type Enforcer, host, outcome, read, run } from "./kernel.ts"

const ada = host("ada")
const bob = host("bob")
const eve = host("eve")

const can = (enforcer: Enforcer, principal = ada, path = "inbox:/a/1") =>
  outcome(enforcer.check(principal, "filesystem.read", path))

const admit = (enforcer: Enforcer, ...grants: ReadonlyArray<Grant.Grant>) =>
  Effect.gen(function*() {
    yield* enforcer.admit(ada, { asks: [], grants })
    yield* enforcer.admit(bob, { asks: [], grants: [] })
    yield* enforcer.admit(eve, { asks: [], grants: [] })
  })

const reasonOf = <A, E extends { readonly _tag: string; readonly reason?: unknown }, R>(
  effect: Effect.Effect<A, E, R>
) => Effect.map(Effect.flip(effect), (error) => error.reason ?? error._tag)

describe("an instant", () => {
  it.effect("ends a grant to the second", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admit(enforcer, read(["inbox:/**"], "1970-01-01T00:01:00Z"))
        yield* TestClock.setTime(59_999)
        assert.strictEqual(can(enforcer), "Allowed")
        yield* TestClock.setTime(60_000)
        assert.strictEqual(can(enforcer), "Expired")
      })
    ))
})

describe("narrow", () => {
  it.effect("takes resources away at once, gives none, and is recorded", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* admit(enforcer, read(["inbox:/**"]))
        yield* enforcer.narrow(ada, 1, { patterns: ["inbox:/a/*"], reason: "Less will do." })
        assert.strictEqual(can(enforcer, ada, "inbox:/a/1"), "Allowed")
        assert.strictEqual(can(enforcer, ada, "inbox:/b/1"), "NoMatch")
        const wider = enforcer.narrow(ada, 1, { patterns: ["inbox:/**"], reason: "x" })
        assert.strictEqual(yield* reasonOf(wider), "Wider")
        assert.strictEqual(can(enforcer, ada, "inbox:/b/1"), "NoMatch")
        assert.deepStrictEqual((yield* audit.entries).at(-1)?.event, {
          _tag: "Narrowed",
          principal: { kind: "Host", id: "ada" },
          grant: 1,
          kind: "filesystem.read",
          patterns: ["inbox:/a/*"],
          reason: "Less will do."
        })
      })
    ))

  it.effect("brings the end nearer, and never puts it off", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admit(enforcer, read(["inbox:/**"], "1970-01-10"))
        yield* enforcer.narrow(ada, 1, { expires: "1970-01-01", reason: "x" })
        assert.strictEqual(
          yield* reasonOf(enforcer.narrow(ada, 1, { expires: "1970-01-02", reason: "x" })),
          "Wider"
        )
        yield* TestClock.setTime(day)
        assert.strictEqual(can(enforcer), "Expired")
        assert.strictEqual(yield* reasonOf(enforcer.narrow(ada, 1, { reason: "x" })), "NotHeld")
      })
    ))

  it.effect("outlives a dismissal, until the whole is granted again", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const whole = read(["inbox:/**"])
        yield* admit(enforcer, whole)
        yield* enforcer.narrow(ada, 1, { patterns: ["inbox:/a/*"], reason: "x" })
        yield* enforcer.dismiss(ada)
        yield* enforcer.admit(ada, { asks: [], grants: [whole] })
        assert.strictEqual(can(enforcer, ada, "inbox:/b/1"), "NoMatch")
        yield* enforcer.grant(ada, whole)
        assert.strictEqual(can(enforcer, ada, "inbox:/b/1"), "Allowed")
        yield* enforcer.dismiss(ada)
        yield* enforcer.admit(ada, { asks: [], grants: [whole] })
        assert.strictEqual(can(enforcer, ada, "inbox:/b/1"), "Allowed")
      })
    ))

  it.effect("is not given back by a dismissal for another reason, or in another order", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const given = (patterns: ReadonlyArray<string>, reason: string) =>
          Grant.make("filesystem.read", patterns, { reason })
        yield* enforcer.admit(ada, { asks: [], grants: [given(["inbox:/a/*", "inbox:/b/*"], "Audit.")] })
        yield* enforcer.revoke(ada, { reason: "x" })
        yield* enforcer.dismiss(ada)
        yield* enforcer.admit(ada, { asks: [], grants: [given(["inbox:/b/*", "inbox:/a/*"], "Yearly audit.")] })
        assert.strictEqual(can(enforcer, ada, "inbox:/a/1"), "Revoked")
        yield* enforcer.grant(ada, given(["inbox:/a/*", "inbox:/b/*"], "It is due again."))
        assert.strictEqual(can(enforcer, ada, "inbox:/a/1"), "Allowed")
      })
    ))

  it.effect("is not given back by a dismissal where more was revoked than is remembered", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const many = Array.from({ length: 4096 }, (_, index) => read([`inbox:/many/${index}`]))
        const again = (...grants: ReadonlyArray<Grant.Grant>) =>
          Effect.andThen(enforcer.dismiss(ada), enforcer.admit(ada, { asks: [], grants }))
        yield* enforcer.admit(ada, { asks: [], grants: many })
        yield* enforcer.revoke(ada, { reason: "x" })
        yield* again(read(["inbox:/one"]), read(["inbox:/two"]))
        assert.strictEqual(can(enforcer, ada, "inbox:/one"), "Allowed")
        yield* enforcer.revoke(ada, { grant: 4097, reason: "x" })
        yield* again(read(["inbox:/one"]), read(["inbox:/two"]), many[0]!)
        for (const path of ["inbox:/one", "inbox:/two", "inbox:/many/0"]) {
          assert.strictEqual(can(enforcer, ada, path), "Revoked", path)
        }
        yield* enforcer.grant(ada, many[0]!)
        yield* again(many[0]!)
        assert.strictEqual(can(enforcer, ada, "inbox:/many/0"), "Allowed")
      })
    ))

  it.effect("ends what was delegated from it and goes beyond, and nothing else", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admit(enforcer, read(["inbox:/**"]))
        yield* enforcer.delegate(ada, bob, { grant: 1, patterns: ["inbox:/a/*"], reason: "x" })
        const wide = yield* enforcer.delegate(ada, eve, { grant: 1, reason: "x" })
        yield* enforcer.delegate(eve, bob, { grant: wide, patterns: ["inbox:/b/*"], reason: "x" })
        yield* enforcer.narrow(ada, 1, { patterns: ["inbox:/a/**"], expires: "1970-01-01", reason: "x" })
        assert.strictEqual(can(enforcer, bob, "inbox:/a/1"), "Allowed")
        assert.strictEqual(can(enforcer, bob, "inbox:/b/1"), "Revoked")
        assert.strictEqual(can(enforcer, eve, "inbox:/a/1"), "Revoked")
        yield* TestClock.setTime(day)
        assert.strictEqual(can(enforcer, bob, "inbox:/a/1"), "Expired")
      })
    ))
})

describe("delegate", () => {
  it.effect("passes a part on, says by whom, and nothing wider", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* admit(enforcer, read(["inbox:/a/*", "inbox:/b/**"], "1970-01-10"))
        const id = yield* enforcer.delegate(ada, bob, { grant: 1, patterns: ["inbox:/b/*.csv"], reason: "Holidays." })
        assert.strictEqual(can(enforcer, bob, "inbox:/b/x.csv"), "Allowed")
        assert.strictEqual(can(enforcer, bob, "inbox:/b/x.txt"), "NoMatch")
        assert.deepStrictEqual(
          (yield* enforcer.held(bob)).map((_) => [_.id, _.parent, _.grant.source, _.grant.expires]),
          [
            [id, 1, { _tag: "Delegation", by: { kind: "Host", id: "ada" }, grant: 1 }, "1970-01-10"]
          ]
        )
        const event = (yield* audit.entries).at(-1)?.event
        assert(event?._tag === "Granted")
        assert.deepStrictEqual(event.source, { _tag: "Delegation", by: { kind: "Host", id: "ada" }, grant: 1 })
        for (const patterns of [["inbox:/**"], ["inbox:/a/*", "inbox:/c/1"], ["outbox:/a/1"]]) {
          const wider = enforcer.delegate(ada, bob, { grant: 1, patterns, reason: "x" })
          assert.strictEqual(yield* reasonOf(wider), "Wider", patterns.join())
        }
        const later = enforcer.delegate(ada, bob, { grant: 1, expires: "1970-01-11", reason: "x" })
        assert.strictEqual(yield* reasonOf(later), "Wider")
        const other = enforcer.delegate(bob, eve, { grant: 1, reason: "x" })
        assert.strictEqual(yield* reasonOf(other), "NotHeld")
      })
    ))

  it.effect("ends, all the way down, with a revocation, a dismissal and an expiry of what it came from", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* admit(enforcer, read(["inbox:/**"], "1970-01-01"), read(["inbox:/**"]), read(["inbox:/**"]))
        const chain = (grant: number) =>
          Effect.flatMap(
            enforcer.delegate(ada, bob, { grant, reason: "x" }),
            (id) => enforcer.delegate(bob, eve, { grant: id, reason: "x" })
          )
        yield* chain(1)
        yield* TestClock.setTime(day)
        assert.deepStrictEqual([can(enforcer, bob), can(enforcer, eve)], ["Expired", "Expired"])
        yield* chain(2)
        assert.deepStrictEqual([can(enforcer, bob), can(enforcer, eve)], ["Allowed", "Allowed"])
        assert.strictEqual(yield* enforcer.revoke(ada, { grant: 2, reason: "over" }), 3)
        assert.deepStrictEqual([can(enforcer, bob), can(enforcer, eve)], ["Revoked", "Revoked"])
        const revoked = (yield* audit.entries).map((_) => _.event).filter((event) => event._tag === "Revoked")
        assert.deepStrictEqual(revoked.map((event) => event.principal.id), ["ada", "bob", "eve"])
        yield* chain(3)
        assert.deepStrictEqual([can(enforcer, bob), can(enforcer, eve)], ["Allowed", "Allowed"])
        yield* enforcer.dismiss(ada)
        assert.deepStrictEqual([can(enforcer, bob), can(enforcer, eve)], ["Revoked", "Revoked"])
      })
    ))

  it.effect("gives a component nothing that it does not ask for, and lets it pass on no more than it asks", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const rates = component("acme:rates")
        const totals = component("acme:totals")
        yield* enforcer.admit(rates, {
          asks: [ask("filesystem.read", ["inbox:/a/**"], "1970-01-02")],
          grants: [read(["inbox:/**"])]
        })
        yield* enforcer.admit(totals, { asks: [ask("filesystem.read", ["inbox:/a/1"])], grants: [] })
        assert.strictEqual(yield* reasonOf(enforcer.delegate(rates, totals, { grant: 1, reason: "x" })), "Wider")
        yield* enforcer.delegate(rates, totals, { grant: 1, patterns: ["inbox:/a/*"], reason: "x" })
        assert.strictEqual(can(enforcer, totals, "inbox:/a/1"), "Allowed")
        assert.strictEqual(can(enforcer, totals, "inbox:/a/2"), "NotAsked")
        yield* TestClock.setTime(2 * day)
        assert.strictEqual(can(enforcer, totals, "inbox:/a/1"), "Expired")
      })
    ))

  it.effect("goes at most eight deep", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admit(enforcer, read(["inbox:/**"]))
        let id = 1
        for (let depth = 0; depth < 8; depth++) id = yield* enforcer.delegate(ada, ada, { grant: id, reason: "x" })
        assert.strictEqual(yield* reasonOf(enforcer.delegate(ada, ada, { grant: id, reason: "x" })), "TooDeep")
      })
    ))

  it.effect("is not made by data that says it is one", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const source = { _tag: "Delegation", by: { kind: "Operator", id: "root" }, grant: 1 } as const
        const forged = Grant.make("filesystem.read", ["inbox:/**"], { reason: "x", source })
        assert.strictEqual(
          (yield* Effect.flip(enforcer.admit(ada, { asks: [], grants: [forged] })))._tag,
          "InvalidGrant"
        )
        yield* admit(enforcer)
        assert.strictEqual((yield* Effect.flip(enforcer.grant(ada, forged)))._tag, "InvalidGrant")
      })
    ))
})

describe("grantScoped", () => {
  it.effect("gives for the length of a session or a message, and leaves nothing behind", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admit(enforcer)
        const session = yield* Scope.make()
        yield* Scope.provide(enforcer.grantScoped(ada, read(["inbox:/**"])), session)
        const message = Effect.gen(function*() {
          yield* enforcer.grantScoped(ada, read(["outbox:/**"]))
          return can(enforcer, ada, "outbox:/1")
        })
        for (let count = 0; count < 3; count++) assert.strictEqual(yield* Effect.scoped(message), "Allowed")
        assert.strictEqual(can(enforcer, ada, "outbox:/1"), "NoMatch")
        assert.strictEqual(can(enforcer), "Allowed")
        yield* Scope.close(session, Exit.void)
        assert.strictEqual(can(enforcer), "NotGranted")
        assert.deepStrictEqual(yield* enforcer.held(ada), [])
      })
    ))

  it.effect("ends with the fiber that is interrupted", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admit(enforcer)
        const given = yield* Deferred.make<number>()
        const fiber = yield* Effect.forkChild(Effect.scoped(
          enforcer.grantScoped(ada, read(["inbox:/**"])).pipe(
            Effect.flatMap((id) => Deferred.succeed(given, id)),
            Effect.andThen(Effect.never)
          )
        ))
        yield* Deferred.await(given)
        assert.strictEqual(can(enforcer), "Allowed")
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(can(enforcer), "NotGranted")
      })
    ))
})

describe("a principal", () => {
  it.effect("holds at most 4,096 live grants, of which what was revoked makes room", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(ada, {
          asks: [],
          grants: Array.from({ length: 4096 }, (_, index) => read([`inbox:/${index}`]))
        })
        const more: Effect.Effect<number, { readonly _tag: string; readonly reason?: unknown } | AuditError> = enforcer
          .grant(ada, read(["inbox:/more"]))
        assert.strictEqual(yield* reasonOf(more), "TooManyGrants")
        yield* enforcer.revoke(ada, { grant: 7, reason: "over" })
        yield* more
        assert.strictEqual(can(enforcer, ada, "inbox:/more"), "Allowed")
        assert.strictEqual(can(enforcer, ada, "inbox:/4095"), "Allowed")
      })
    ))
})
