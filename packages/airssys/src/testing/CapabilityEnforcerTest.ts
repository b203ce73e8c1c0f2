/**
 * What every implementation of `CapabilityEnforcer` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Ask from "../security/Ask.ts"
import * as AuditLog from "../security/AuditLog.ts"
import * as Capability from "../security/Capability.ts"
import * as CapabilityEnforcer from "../security/CapabilityEnforcer.ts"
import type { CapabilityError } from "../security/CapabilityError.ts"
import type * as CapabilityKind from "../security/CapabilityKind.ts"
import { ClockAccess } from "../security/ClockAccess.ts"
import type { Decision } from "../security/Decision.ts"
import { Environment } from "../security/Environment.ts"
import * as Grant from "../security/Grant.ts"
import { CurrentPrincipal, make as principal } from "../security/Principal.ts"

type Services = CapabilityEnforcer.CapabilityEnforcer | AuditLog.AuditLog

const rates = principal({ kind: "Component", id: "acme:rates@1.2.0", label: "acme:rates 1.2.0" })
const totals = principal({ kind: "Component", id: "acme:totals@1.0.0", label: "acme:totals 1.0.0" })
const operator = principal({ kind: "Operator", id: "ada" })
const place = { file: "Component.toml", line: 23 }

const ask = (kind: CapabilityKind.CapabilityKind, patterns: ReadonlyArray<string>, expires?: string): Ask.Ask =>
  Ask.make({ kind, patterns, reason: "Fetch the daily rates.", place, expires })

const grant = (kind: CapabilityKind.CapabilityKind, patterns: ReadonlyArray<string>, expires?: string): Grant.Grant =>
  Grant.make(kind, patterns, { reason: "Daily rates", expires })

const outcome = (decision: Decision): string => decision._tag === "Allowed" ? "Allowed" : decision.explanation.reason

const deniedReason = (error: CapabilityError): string =>
  error.reason._tag === "Denied" ? error.reason.explanation.reason : error.reason._tag

const day = 86_400_000

const read = Environment.use((environment) => environment.get)

/** A second class of the kind `clock`, for which nobody registered a source. */
class OtherClock extends Capability.Service<OtherClock, { readonly now: Effect.Effect<number> }>()("clock") {}

const names = ["A", "B", "__proto__", "constructor", "toString"] as const
const Names = Schema.Array(Schema.Literals(names)).check(Schema.isMinLength(1), Schema.isMaxLength(3))

/**
 * Registers the tests. `layer` gives an enforcer without principals and its
 * audit log, with sources for `Environment` (of the variable `A`, which is
 * `"1"`) and `ClockAccess`; it is built anew for each test.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: Layer.Layer<Services, E>): void => {
  const run = <A, E2>(
    test: (enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"]) => Effect.Effect<A, E2, Services>
  ) => Effect.provide(Effect.flatMap(CapabilityEnforcer.CapabilityEnforcer, test), layer, { local: true })

  describe(`CapabilityEnforcer (${name})`, () => {
    describe("check", () => {
      it.effect("denies everything to a principal that was not admitted", () =>
        run((enforcer) =>
          Effect.sync(() => assert.strictEqual(outcome(enforcer.check(rates, "clock")), "NotAdmitted"))
        ))

      it.effect("denies everything to a component that asks for nothing, whatever it is granted", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [], grants: [grant("clock", []), grant("environment", ["A"])] })
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "NotAsked")
            assert.strictEqual(outcome(enforcer.check(rates, "environment", "A")), "NotAsked")
            assert.strictEqual(outcome(enforcer.check(rates, "random")), "NotAsked")
          })
        ))

      it.effect("allows what is asked for and granted, and names the grant", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            const given = grant("environment", ["A"])
            yield* enforcer.admit(rates, { asks: [ask("environment", ["A", "B"])], grants: [given] })
            assert.deepStrictEqual(enforcer.check(rates, "environment", "A"), {
              _tag: "Allowed",
              grant: given,
              rule: { id: 1, pattern: "A" }
            })
            assert.strictEqual(outcome(enforcer.check(rates, "environment", "B")), "NoMatch")
            assert.strictEqual(outcome(enforcer.check(rates, "environment", "C")), "NotAsked")
            assert.strictEqual(outcome(enforcer.check(rates, "storage.read", "A")), "NotAsked")
          })
        ))

      it.effect("tells what is asked and not granted from what no grant can give", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("environment", ["A"])], grants: [] })
            const decision = enforcer.check(rates, "environment", "A")
            assert(decision._tag === "Denied")
            assert.deepStrictEqual(decision.explanation, {
              principal: rates,
              kind: "environment",
              resource: "A",
              reason: "NotGranted",
              ask: { index: 1, pattern: "A", reason: "Fetch the daily rates.", place }
            })
          })
        ))

      it.effect("keeps principals apart, also those of one id and another kind", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("clock", [])], grants: [grant("clock", [])] })
            yield* enforcer.admit(totals, { asks: [ask("clock", [])], grants: [] })
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Allowed")
            assert.strictEqual(outcome(enforcer.check(totals, "clock")), "NotGranted")
            const impostor = principal({ kind: "Operator", id: rates.id })
            assert.strictEqual(outcome(enforcer.check(impostor, "clock")), "NotAdmitted")
          })
        ))

      it.effect("gives an operator what is granted, without an ask", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(operator, { asks: [], grants: [grant("environment", ["A"])] })
            assert.strictEqual(outcome(enforcer.check(operator, "environment", "A")), "Allowed")
            assert.strictEqual(outcome(enforcer.check(operator, "environment", "B")), "NoMatch")
            assert.strictEqual(outcome(enforcer.check(operator, "clock")), "NotGranted")
          })
        ))

      it.effect("lets a grant hold through its last day in UTC, and never again when the clock goes back", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("clock", [])], grants: [grant("clock", [], "1970-01-02")] })
            yield* TestClock.setTime(2 * day - 1)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Allowed")
            yield* TestClock.setTime(2 * day)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Expired")
            yield* TestClock.setTime(0)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Expired")
          })
        ))

      it.effect("lets no grant live again that was over when something else was used", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            const asks = [ask("clock", []), ask("environment", ["A"])]
            yield* enforcer.admit(rates, {
              asks,
              grants: [grant("clock", [], "1970-01-02"), grant("environment", ["A"])]
            })
            yield* TestClock.setTime(2 * day)
            assert.strictEqual(outcome((yield* enforcer.decide(rates, "environment", "A")).decision), "Allowed")
            yield* TestClock.setTime(0)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Expired")
          })
        ))

      it.effect("lets no grant outlive the ask", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("clock", [], "1970-01-01")], grants: [grant("clock", [])] })
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Allowed")
            yield* TestClock.setTime(day)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Expired")
          })
        ))

      it.effect("holds a grant to the pattern, in names, hosts and paths", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            const asks = [
              ask("network.outbound", ["https://*.example.com"]),
              ask("storage.read", ["rates/**"]),
              ask("filesystem.read", ["inbox:/**/*.csv"])
            ]
            const grants = asks.map(({ kind, patterns }) => grant(kind, patterns))
            yield* enforcer.admit(rates, { asks, grants })
            const allowed = [
              ["network.outbound", "https://api.example.com"],
              ["storage.read", "rates/2027/03"],
              ["filesystem.read", "inbox:/a/b.csv"]
            ] as const
            for (const [kind, resource] of allowed) {
              assert.strictEqual(outcome(enforcer.check(rates, kind, resource)), "Allowed", resource)
            }
            const denied = [
              ["network.outbound", "https://evilexample.com"],
              ["network.outbound", "https://example.com"],
              ["network.outbound", "https://a.b.example.com"],
              ["network.outbound", "http://api.example.com"],
              ["network.outbound", "https://api.example.com:8443"],
              ["network.outbound", "https://api.example.com@evil.com"],
              ["storage.read", "rates/../secrets"],
              ["storage.read", "ratesx/a"],
              ["filesystem.read", "inbox:/../../etc/passwd.csv"],
              ["filesystem.read", "outbox:/a.csv"],
              ["filesystem.write", "inbox:/a/b.csv"]
            ] as const
            for (const [kind, resource] of denied) {
              assert.strictEqual(outcome(enforcer.check(rates, kind, resource)), "NotAsked", resource)
            }
          })
        ))

      it.effect("takes the names of object properties as names like any other", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("environment", ["A"])], grants: [grant("environment", ["A"])] })
            for (const resource of ["__proto__", "constructor", "toString", "hasOwnProperty", ""]) {
              assert.strictEqual(outcome(enforcer.check(rates, "environment", resource)), "NotAsked", resource)
            }
            const proto = principal({ kind: "Component", id: "__proto__" })
            assert.strictEqual(outcome(enforcer.check(proto, "clock")), "NotAdmitted")
          })
        ))

      it.effect("denies a resource of absurd length without keeping it", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("environment", ["A"])], grants: [grant("environment", ["A"])] })
            const decision = enforcer.check(rates, "environment", "A".repeat(1_000_000))
            assert(decision._tag === "Denied")
            assert.strictEqual(decision.explanation.resource.length, 4096)
          })
        ))

      it.effect("decides the same again after very many other resources", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("environment", ["A"])], grants: [grant("environment", ["A"])] })
            for (let index = 0; index < 1000; index++) {
              assert.strictEqual(outcome(enforcer.check(rates, "environment", `A${index}`)), "NotAsked")
            }
            assert.strictEqual(outcome(enforcer.check(rates, "environment", "A")), "Allowed")
          })
        ))

      it.effect("decides the same about each of many resources, however often and after whichever they are named", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            const users = Array.from({ length: 200 }, (_, index) => 100 + index)
            const patterns = users.filter((user) => user % 3 === 0).map((user) => `users/${user}/**`)
            yield* enforcer.admit(rates, {
              asks: [ask("storage.read", ["users/**"])],
              grants: [grant("storage.read", patterns)]
            })
            for (const count of [8, 40, 200]) {
              for (const user of [1, 2, 3].flatMap(() => users.slice(0, count)).flatMap((_) => [_, 100 + _ % 3, _])) {
                assert.strictEqual(
                  outcome(enforcer.check(rates, "storage.read", `users/${user}/profile.json`)),
                  user % 3 === 0 ? "Allowed" : "NoMatch",
                  `${user}`
                )
              }
            }
          })
        ))
    })

    describe("admit", () => {
      it.effect("changes nothing for the same asks and grants, so what was revoked stays revoked", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            const authority = { asks: [ask("clock", [])], grants: [grant("clock", [])] }
            yield* enforcer.admit(rates, authority)
            yield* enforcer.revoke(rates, { reason: "compromised" })
            yield* enforcer.admit(rates, authority)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Revoked")
          })
        ))

      it.effect("does not give back what was revoked before a dismissal, until it is granted again", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            const authority = {
              asks: [ask("clock", []), ask("random", [])],
              grants: [grant("clock", []), grant("random", [])]
            }
            yield* enforcer.admit(rates, authority)
            yield* enforcer.revoke(rates, { kind: "clock", reason: "compromised" })
            yield* enforcer.dismiss(rates)
            yield* enforcer.admit(rates, authority)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Revoked")
            assert.strictEqual(outcome(enforcer.check(rates, "random")), "Allowed")
            yield* enforcer.grant(rates, grant("clock", []))
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Allowed")
            yield* enforcer.dismiss(rates)
            yield* enforcer.admit(rates, authority)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Allowed")
          })
        ))

      it.effect("refuses other asks or grants, and leaves the authority as it was", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("clock", [])], grants: [grant("clock", [])] })
            const wider = { asks: [ask("clock", []), ask("random", [])], grants: [grant("random", [])] }
            const error = yield* Effect.flip(enforcer.admit(rates, wider))
            assert.strictEqual(error._tag, "AdmissionError")
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Allowed")
            assert.strictEqual(outcome(enforcer.check(rates, "random")), "NotAsked")
          })
        ))

      it.effect("takes nothing of an authority in which one grant is invalid", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            const invalid = { ...grant("clock", []), patterns: ["*"] }
            const error = yield* Effect.flip(
              enforcer.admit(rates, { asks: [ask("clock", [])], grants: [grant("clock", []), invalid] })
            )
            assert.strictEqual(error._tag, "InvalidGrant")
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "NotAdmitted")
          })
        ))

      it.effect("does not see what is done to the values it was given", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            const patterns = ["A"]
            const grants = [{ kind: "environment", patterns, reason: "Daily rates" } as const]
            yield* enforcer.admit(rates, { asks: [ask("environment", ["A", "B"])], grants })
            patterns.push("B")
            assert.strictEqual(outcome(enforcer.check(rates, "environment", "B")), "NoMatch")
            const decision = enforcer.check(rates, "environment", "A")
            assert(decision._tag === "Allowed")
            assert.deepStrictEqual(decision.grant.patterns, ["A"])
          })
        ))

      it.effect("forgets a principal that is dismissed", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("clock", [])], grants: [grant("clock", [])] })
            yield* enforcer.dismiss(rates)
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "NotAdmitted")
          })
        ))
    })

    describe("grant and revoke", () => {
      it.effect("are seen at the next check", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("environment", ["A"])], grants: [] })
            assert.strictEqual(outcome(enforcer.check(rates, "environment", "A")), "NotGranted")
            const id = yield* enforcer.grant(rates, grant("environment", ["A"]))
            assert.strictEqual(outcome(enforcer.check(rates, "environment", "A")), "Allowed")
            assert.strictEqual(yield* enforcer.revoke(rates, { grant: id, reason: "over" }), 1)
            assert.strictEqual(outcome(enforcer.check(rates, "environment", "A")), "Revoked")
            assert.strictEqual(yield* enforcer.revoke(rates, { grant: id, reason: "over" }), 0)
          })
        ))

      it.effect("take only what is selected", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, {
              asks: [ask("clock", []), ask("random", [])],
              grants: [grant("clock", []), grant("random", [])]
            })
            yield* enforcer.revoke(rates, { kind: "random", reason: "over" })
            assert.strictEqual(outcome(enforcer.check(rates, "clock")), "Allowed")
            assert.strictEqual(outcome(enforcer.check(rates, "random")), "Revoked")
            assert.deepStrictEqual((yield* enforcer.held(rates)).map((_) => [_.id, _.state]), [
              [1, "Live"],
              [2, "Revoked"]
            ])
          })
        ))

      it.effect("fail for a principal that is not admitted", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            assert.strictEqual((yield* Effect.flip(enforcer.grant(rates, grant("clock", []))))._tag, "AdmissionError")
            assert.strictEqual((yield* Effect.flip(enforcer.revoke(rates, { reason: "x" })))._tag, "AdmissionError")
          })
        ))
    })

    describe("decide", () => {
      it.effect("records every decision and says under which entry", () =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, { asks: [ask("environment", ["A"])], grants: [grant("environment", ["A"])] })
            const allowed = enforcer.decideUnsafe(rates, "environment", "A")
            const denied = yield* enforcer.decide(rates, "environment", "STRIPE_KEY")
            assert.deepStrictEqual([allowed.entry, denied.entry], [2, 3])
            const audit = yield* AuditLog.AuditLog
            const actor = { kind: "Component", id: "acme:rates@1.2.0" } as const
            assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), [
              {
                _tag: "Granted",
                principal: actor,
                grant: 1,
                kind: "environment",
                patterns: ["A"],
                reason: "Daily rates"
              },
              {
                _tag: "CapabilityUsed",
                principal: actor,
                kind: "environment",
                resource: "A",
                rule: { grant: 1, pattern: "A" }
              },
              {
                _tag: "CapabilityDenied",
                principal: actor,
                kind: "environment",
                resource: "STRIPE_KEY",
                reason: "NotAsked"
              }
            ])
          })
        ))
    })

    describe("require", () => {
      const admitted = <E2>(
        test: (enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"]) => Effect.Effect<void, E2, Services>
      ) =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, {
              asks: [ask("environment", ["A"]), ask("clock", [])],
              grants: [grant("environment", ["A"])]
            })
            yield* enforcer.admit(totals, { asks: [ask("environment", ["A"])], grants: [] })
            yield* test(enforcer)
          })
        )

      it.effect("gives the power that was granted, narrowed to the resource", () =>
        admitted((enforcer) =>
          Effect.gen(function*() {
            const value = yield* enforcer.require(Environment.on("A"))(read).pipe(
              Effect.provideService(CurrentPrincipal, rates)
            )
            assert.deepStrictEqual(value, Option.some("1"))
          })
        ))

      it.effect("does not run the effect when it is denied", () =>
        admitted((enforcer) =>
          Effect.gen(function*() {
            let ran = false
            const error = yield* enforcer.require(Environment.on("STRIPE_KEY"))(
              Effect.sync(() => {
                ran = true
              })
            ).pipe(Effect.provideService(CurrentPrincipal, rates), Effect.flip)
            assert.strictEqual(deniedReason(error), "NotAsked")
            assert.isFalse(ran)
          })
        ))

      it.effect("sees a revocation between requiring a power and using it", () =>
        admitted((enforcer) =>
          Effect.gen(function*() {
            const error = yield* Effect.gen(function*() {
              const environment = yield* Environment
              assert.deepStrictEqual(yield* environment.get, Option.some("1"))
              yield* enforcer.revoke(rates, { kind: "environment", reason: "compromised" })
              return yield* Effect.flip(environment.get)
            }).pipe(enforcer.require(Environment.on("A")), Effect.provideService(CurrentPrincipal, rates))
            assert.strictEqual(deniedReason(error), "Revoked")
          })
        ))

      it.effect("sees an expiry between requiring a power and using it", () =>
        admitted((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.grant(rates, grant("clock", [], "1970-01-01"))
            const error = yield* Effect.gen(function*() {
              const clock = yield* ClockAccess
              assert.strictEqual(yield* clock.now, 0)
              yield* TestClock.setTime(day)
              return yield* Effect.flip(clock.now)
            }).pipe(enforcer.require(ClockAccess.on()), Effect.provideService(CurrentPrincipal, rates))
            assert.strictEqual(deniedReason(error), "Expired")
          })
        ))

      it.effect("ends a power that escaped from the effect that required it", () =>
        admitted((enforcer) =>
          Effect.gen(function*() {
            const escaped = yield* enforcer.require(Environment.on("A"))(Environment).pipe(
              Effect.provideService(CurrentPrincipal, rates)
            )
            yield* enforcer.dismiss(rates)
            assert.strictEqual(deniedReason(yield* Effect.flip(escaped.get)), "NotAdmitted")
          })
        ))

      it.effect("gives nothing for a capability class without a source of its own", () =>
        admitted((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.grant(rates, grant("clock", []))
            const error = yield* enforcer.require(OtherClock.on())(OtherClock.use((clock) => clock.now)).pipe(
              Effect.provideService(CurrentPrincipal, rates),
              Effect.flip
            )
            assert.strictEqual(deniedReason(error), "PowerMissing")
          })
        ))

      it.effect("acts for the principal of the fiber, in forks and among concurrent fibers", () =>
        admitted((enforcer) =>
          Effect.gen(function*() {
            const both = yield* Deferred.make<void>()
            const attempt = Effect.gen(function*() {
              const fiber = yield* Effect.forkChild(
                Effect.andThen(Deferred.await(both), Effect.yieldNow).pipe(
                  Effect.andThen(Effect.result(enforcer.require(Environment.on("A"))(read)))
                )
              )
              return yield* Fiber.join(fiber)
            })
            const first = yield* Effect.forkChild(Effect.provideService(attempt, CurrentPrincipal, rates))
            const second = yield* Effect.forkChild(Effect.provideService(attempt, CurrentPrincipal, totals))
            yield* Effect.yieldNow
            yield* Deferred.succeed(both, undefined)
            assert.strictEqual((yield* Fiber.join(first))._tag, "Success")
            assert.strictEqual((yield* Fiber.join(second))._tag, "Failure")
          })
        ))
    })

    it.effect.prop(
      "allows exactly what an ask and a live grant both name",
      [Schema.Struct({ asked: Schema.Array(Names), granted: Schema.Array(Names), revoked: Schema.Array(Names) })],
      ([{ asked, granted, revoked }]) =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, {
              asks: asked.map((patterns) => ask("environment", patterns)),
              grants: [...granted, ...revoked].map((patterns) => grant("environment", patterns))
            })
            for (const [index] of revoked.entries()) {
              yield* enforcer.revoke(rates, { grant: granted.length + index + 1, reason: "over" })
            }
            for (const name of names) {
              const isAllowed = asked.flat().includes(name) && granted.flat().includes(name)
              const twice = [enforcer.check(rates, "environment", name), enforcer.check(rates, "environment", name)]
              assert.deepStrictEqual(twice.map((_) => _._tag === "Allowed"), [isAllowed, isAllowed], name)
            }
          })
        ),
      { arbitrary: { runs: 100 } }
    )

    it.effect.prop(
      "allows nothing at all without a grant, whatever is asked",
      [Schema.Struct({ resource: Schema.String, asked: Schema.Array(Names) })],
      ([{ asked, resource }]) =>
        run((enforcer) =>
          Effect.gen(function*() {
            yield* enforcer.admit(rates, {
              asks: [ask("clock", []), ...asked.map((patterns) => ask("environment", patterns))],
              grants: []
            })
            for (
              const kind of ["clock", "environment", "storage.read", "network.outbound", "messaging.send"] as const
            ) {
              assert.strictEqual(enforcer.check(rates, kind, resource)._tag, "Denied")
            }
          })
        ),
      { arbitrary: { runs: 100 } }
    )
  })
}
