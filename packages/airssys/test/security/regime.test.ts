import { assert, describe, it } from "@effect/vitest"
import * as Acl from "airssys/security/Acl"
import { AuditError } from "airssys/security/AuditError"
import * as AuditLog from "airssys/security/AuditLog"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as Explanation from "airssys/security/Explanation"
import * as Grant from "airssys/security/Grant"
import * as Inference from "airssys/security/Inference"
import * as Policy from "airssys/security/Policy"
import { CurrentPrincipal } from "airssys/security/Principal"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { ask, component, type Enforcer, Files, host, layer, outcome, read, run } from "./kernel.ts"

const rates = component("acme:rates")
const billing = host("billing")
const file = "inbox:/rates.csv"

const closed = Policy.make("closed", () => Policy.deny("closed", "rule 1", "The books are closed."))
const silent = Policy.make("silent", () => Policy.abstain)

const admitRates = (enforcer: Enforcer) =>
  enforcer.admit(rates, { asks: [ask("filesystem.read", ["inbox:/**"])], grants: [read(["inbox:/*.csv"])] })

const check = (enforcer: Enforcer, resource = file) => outcome(enforcer.check(rates, "filesystem.read", resource))

/** Uses a file as long as it may, and says by what it ended. */
const using = (enforcer: Enforcer) =>
  Effect.gen(function*() {
    const begun = yield* Deferred.make<void>()
    const use = Files.use((lease) => lease.use(Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)))
    const fiber = yield* use.pipe(
      enforcer.require(Files.on(file)),
      Effect.flip,
      Effect.map(({ reason }) => [reason._tag, reason._tag === "PowerMissing" ? "" : reason.explanation.reason]),
      Effect.provideService(CurrentPrincipal, rates),
      Effect.forkChild
    )
    yield* Deferred.await(begun)
    return fiber
  })

describe("a policy over grants", () => {
  it.effect("denies what is granted, says which rule did, and gives nothing", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* admitRates(enforcer)
        yield* enforcer.govern(closed, "Quarter end.")
        const { decision } = yield* enforcer.decide(rates, "filesystem.read", file)
        assert.strictEqual(outcome(decision), "PolicyDenied")
        if (decision._tag === "Denied") {
          assert.include(
            Explanation.render(decision.explanation),
            "It is granted, and denied by a policy (closed, rule 1): The books are closed."
          )
        }
        assert.strictEqual(outcome(enforcer.why(rates, "filesystem.read", file).decision), "PolicyDenied")
        assert.deepStrictEqual(enforcer.reach("filesystem.read", file), [])
        yield* enforcer.govern(Policy.make("open", () => Policy.permit("open", "1")), "Everything.")
        assert.strictEqual(check(enforcer), "Allowed")
        assert.strictEqual(check(enforcer, "inbox:/rates.txt"), "NoMatch")
        assert.strictEqual(outcome(enforcer.check(rates, "clock")), "NotAsked")
        const entries = yield* audit.entries
        assert.deepStrictEqual(entries.flatMap(({ event }) => event._tag === "PolicySet" ? [event.policy] : []), [
          "closed",
          "open"
        ])
      })
    ))

  it.effect("sees kind, resource, principal and attributes, and denies where these cannot be read", () => {
    const policy = Acl.make("acl", [{
      effect: "deny",
      principal: { id: "acme:*" },
      permissions: [{ kind: "filesystem.read", patterns: ["inbox:/*.csv"] }],
      when: [{ attribute: "team", is: ["suspended"] }],
      reason: "Suspended."
    }])
    let attributes: () => ReadonlyMap<string, string> = () => new Map([["team", "billing"]])
    return Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      yield* admitRates(enforcer)
      yield* enforcer.govern(policy, "Teams.")
      assert.strictEqual(check(enforcer), "Allowed")
      for (
        const change of [
          () => new Map([["team", "suspended"]]),
          () => new Map(),
          () => {
            throw new Error("no directory")
          }
        ]
      ) {
        attributes = change
        assert.strictEqual(check(enforcer), "PolicyDenied")
      }
    }).pipe(
      Effect.provide(
        CapabilityEnforcer.layerTest.pipe(Layer.provide(Layer.succeed(Policy.Attributes, () => attributes())))
      )
    )
  })

  it.effect("denies at once also while another change is recorded, and where several could not be", () => {
    const answers: Array<Effect.Effect<number, AuditError>> = []
    const append = () => Effect.suspend(() => answers.shift() ?? Effect.succeed(1))
    const full = Effect.fail(new AuditError({ reason: "Unwritable", detail: "disk full" }))
    const audit = Layer.mock(AuditLog.AuditLog)({
      append,
      appendAll: append,
      recordUnsafe: () => 1,
      latestTimeUnsafe: () => 0
    })
    return Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      yield* admitRates(enforcer)
      const written = yield* Deferred.make<number>()
      answers.push(Deferred.await(written), full, full)
      const first = yield* Effect.forkChild(enforcer.govern(silent, "Slow."), { startImmediately: true })
      const second = yield* Effect.forkChild(Effect.flip(enforcer.govern(closed, "Quarter end.")), {
        startImmediately: true
      })
      assert.strictEqual(check(enforcer), "PolicyDenied")
      yield* Deferred.succeed(written, 1)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      assert.strictEqual(check(enforcer), "PolicyDenied")
      yield* Effect.flip(enforcer.govern(undefined, "Open."))
      assert.strictEqual(check(enforcer), "PolicyDenied")
      yield* enforcer.govern(silent, "Open.")
      assert.strictEqual(check(enforcer), "Allowed")
    }).pipe(Effect.provide(CapabilityEnforcer.layer.pipe(Layer.provide(audit))))
  })

  it.effect("holds for each on whose behalf somebody acts", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admitRates(enforcer)
        yield* enforcer.admit(billing, { asks: [], grants: [read(["inbox:/**"])] })
        const isRates = (request: Policy.Request) => request.principal.id === rates.id
        yield* enforcer.govern(
          Policy.make("one", (request) => isRates(request) ? Policy.deny("one", "", "not this one") : Policy.abstain),
          "One."
        )
        assert.strictEqual(outcome(enforcer.check(billing, "filesystem.read", file)), "Allowed")
        assert.strictEqual(outcome(enforcer.check(billing, "filesystem.read", file, [rates])), "PolicyDenied")
      })
    ))

  it.effect("stops what is in flight when it comes, and lets go on what it allows", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admitRates(enforcer)
        const first = yield* using(enforcer)
        yield* enforcer.govern(silent, "Says nothing.")
        assert.isUndefined(first.pollUnsafe())
        yield* enforcer.govern(closed, "Quarter end.")
        assert.deepStrictEqual(yield* Fiber.join(first), ["Revoked", "PolicyDenied"])
      })
    ))

  it.effect("stops what is in flight when attributes change and it is told so", () => {
    const teams = new Map([["team", "books"]])
    const books = Policy.make(
      "books",
      ({ attributes }) =>
        attributes.get("team") === "books" ? Policy.abstain : Policy.deny("books", "rule 1", "Of another team.")
    )
    return Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      yield* admitRates(enforcer)
      yield* enforcer.govern(books, "The books are theirs.")
      const use = yield* using(enforcer)
      yield* TestClock.adjust("1 second")
      yield* enforcer.reconsider
      assert.isUndefined(use.pollUnsafe())
      teams.set("team", "sales")
      assert.strictEqual(check(enforcer), "PolicyDenied")
      yield* enforcer.reconsider
      assert.deepStrictEqual(yield* Fiber.join(use), ["Revoked", "PolicyDenied"])
    }).pipe(Effect.provide(Layer.provide(layer, Layer.succeed(Policy.Attributes, () => teams)), { local: true }))
  })

  it.effect("holds for who passes a grant on, however far, and not for what an operator gave", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const [ada, bob, eve] = [host("ada"), host("bob"), host("eve")]
        yield* enforcer.admit(ada, { asks: [], grants: [read(["inbox:/**"])] })
        for (const other of [bob, eve]) yield* enforcer.admit(other, { asks: [], grants: [] })
        const [held] = yield* enforcer.held(ada)
        const passed = yield* enforcer.delegate(ada, bob, { grant: held!.id, reason: "For a while." })
        yield* enforcer.delegate(bob, eve, { grant: passed, reason: "For a while." })
        const may = (resource = file) =>
          [ada, bob, eve].map((who) => outcome(enforcer.check(who, "filesystem.read", resource)))
        assert.deepStrictEqual(may(), ["Allowed", "Allowed", "Allowed"])
        yield* enforcer.govern(
          Policy.make("ada", ({ principal, resource }) =>
            principal.id === "ada" && resource === file ? Policy.deny("ada", "rule 1", "Not hers.") : Policy.abstain),
          "Not hers."
        )
        assert.deepStrictEqual(may(), ["PolicyDenied", "PolicyDenied", "PolicyDenied"])
        assert.deepStrictEqual(may("inbox:/other.csv"), ["Allowed", "Allowed", "Allowed"])
        const denied = enforcer.check(eve, "filesystem.read", file)
        if (denied._tag === "Denied") {
          assert.include(Explanation.render(denied.explanation), "denied by a policy (ada, rule 1): Not hers.")
        }
        yield* enforcer.grant(bob, read([file]))
        assert.deepStrictEqual(may(), ["PolicyDenied", "Allowed", "PolicyDenied"])
      })
    ))

  it.effect("denies at once also where it cannot be recorded, and allows no sooner than it is", () => {
    let fails = false
    const append = () =>
      Effect.suspend(() =>
        fails ? Effect.fail(new AuditError({ reason: "Unwritable", detail: "disk full" })) : Effect.succeed(1)
      )
    const audit = Layer.mock(AuditLog.AuditLog)({
      append,
      appendAll: append,
      recordUnsafe: () => 1,
      latestTimeUnsafe: () => 0
    })
    return Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      yield* admitRates(enforcer)
      fails = true
      yield* Effect.flip(enforcer.govern(closed, "Quarter end."))
      assert.strictEqual(check(enforcer), "PolicyDenied")
      fails = false
      yield* enforcer.govern(closed, "Quarter end.")
      fails = true
      yield* Effect.flip(enforcer.govern(undefined, "Over."))
      assert.strictEqual(check(enforcer), "PolicyDenied")
      yield* Effect.flip(enforcer.observe(rates, { duration: "1 day", reason: "Try." }))
      fails = false
      yield* enforcer.govern(undefined, "Over.")
      assert.strictEqual(check(enforcer), "Allowed")
      assert.strictEqual(check(enforcer, "inbox:/rates.txt"), "NoMatch")
    }).pipe(Effect.provide(Layer.provide(CapabilityEnforcer.layer, audit)))
  })
})

describe("a principal that is observed", () => {
  const observe = (enforcer: Enforcer) => enforcer.observe(rates, { duration: "1 hour", reason: "Find out." })

  it.effect("may do what could be asked for and granted, and all of that is recorded as denied", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* admitRates(enforcer)
        assert.strictEqual(yield* observe(enforcer), 3_600_000)
        for (
          const [kind, resource] of [["filesystem.read", "inbox:/rates.txt"], ["clock", ""], [
            "filesystem.read",
            file
          ]] as const
        ) {
          const { decision } = yield* enforcer.decide(rates, kind, resource)
          assert.strictEqual(decision._tag, "Allowed")
        }
        const entries = yield* audit.entries
        assert.deepStrictEqual(
          entries.flatMap(({ event }) =>
            event._tag === "CapabilityDenied" ? [[event.kind, event.resource, event.reason, event.isReported]] : []
          ),
          [["filesystem.read", "inbox:/rates.txt", "NoMatch", true], ["clock", "", "NotAsked", true]]
        )
        assert.strictEqual(entries.filter(({ event }) => event._tag === "CapabilityUsed").length, 1)
        assert.isTrue(entries.some(({ event }) => event._tag === "Observed"))
      })
    ))

  it.effect("may do nothing else", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, {
          asks: [ask("filesystem.read", ["inbox:/**"])],
          grants: [read(["inbox:/old.csv"], "1970-01-01"), read(["inbox:/taken.csv"])]
        })
        yield* enforcer.revoke(rates, { grant: 2, reason: "Over." })
        yield* TestClock.adjust("2 days")
        yield* observe(enforcer)
        assert.strictEqual(check(enforcer, "inbox:/old.csv"), "Expired")
        assert.strictEqual(check(enforcer, "inbox:/taken.csv"), "Revoked")
        for (const refused of ["inbox:/../etc/passwd", "inbox:/.ssh/id_ed25519", "inbox:/**", "", "inbox:/\u0000"]) {
          assert.notStrictEqual(check(enforcer, refused), "Allowed", refused)
        }
        assert.strictEqual(outcome(enforcer.check(rates, "network.outbound", "http://169.254.169.254/x")), "NotAsked")
        yield* enforcer.govern(closed, "Quarter end.")
        assert.strictEqual(check(enforcer), "PolicyDenied")
      })
    ))

  it.effect("does nothing before it is recorded where an ask or a live grant wants that", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const audit = "before-use"
        yield* enforcer.admit(rates, {
          asks: [{ ...ask("filesystem.read", ["inbox:/**"]), audit }],
          grants: [{ ...Grant.make("clock", { reason: "Date the rates." }), audit }]
        })
        yield* observe(enforcer)
        for (const [kind, resource] of [["filesystem.read", file], ["clock", ""]] as const) {
          const atOnce = enforcer.decideUnsafe(rates, kind, resource)
          assert.strictEqual(outcome(atOnce.decision), "AuditUnavailable", kind)
          assert.strictEqual(outcome((yield* enforcer.decide(rates, kind, resource)).decision), "Allowed", kind)
        }
        assert.strictEqual(outcome(enforcer.decideUnsafe(rates, "random").decision), "Allowed")
      })
    ))

  it.effect("is not observed by others, on their behalf, or when it is admitted anew", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* admitRates(enforcer)
        yield* enforcer.admit(billing, { asks: [], grants: [] })
        yield* observe(enforcer)
        assert.strictEqual(outcome(enforcer.check(billing, "clock")), "NotGranted")
        assert.strictEqual(outcome(enforcer.check(rates, "clock", "", [billing])), "NotGranted")
        yield* enforcer.dismiss(rates)
        assert.strictEqual(outcome(enforcer.check(rates, "clock")), "NotAdmitted")
        assert.strictEqual((yield* Effect.flip(observe(enforcer)))._tag, "AdmissionError")
        yield* admitRates(enforcer)
        assert.strictEqual(outcome(enforcer.check(rates, "clock")), "NotAsked")
      })
    ))

  it.effect("is held to its grants when the time is over, or at once, and what is in flight ends", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, { asks: [], grants: [] })
        yield* observe(enforcer)
        const first = yield* using(enforcer)
        yield* TestClock.adjust("59 minutes")
        assert.isUndefined(first.pollUnsafe())
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* Fiber.join(first), ["Revoked", "NotAsked"])
        assert.strictEqual(check(enforcer), "NotAsked")
        yield* observe(enforcer)
        const second = yield* using(enforcer)
        yield* enforcer.enforce(rates, "Seen enough.")
        assert.deepStrictEqual(yield* Fiber.join(second), ["Revoked", "NotAsked"])
        assert.strictEqual(
          yield* enforcer.observe(rates, { duration: "1000 days", reason: "Long." }),
          3_600_000 + 30 * 86_400_000
        )
      })
    ))

  it.effect("is told apart in the log from one that was denied", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, { asks: [], grants: [] })
        yield* observe(enforcer)
        enforcer.decideUnsafe(rates, "clock")
        enforcer.decideUnsafe(rates, "clock")
        const { until } = yield* Effect.map(
          enforcer.observe(rates, { duration: 0, reason: "Now." }),
          (until) => ({ until })
        )
        assert.strictEqual(until, 0)
        const entries = yield* audit.entries
        assert.deepStrictEqual(
          entries.flatMap(({ event }) => event._tag === "CapabilityDenied" ? [[event.isReported, event.count]] : []),
          [[true, 2]]
        )
        enforcer.decideUnsafe(rates, "clock")
        const denied = (yield* audit.entries).at(-1)?.event
        assert.isTrue(denied?._tag === "CapabilityDenied" && denied.isReported === undefined)
      })
    ))

  it.effect("shows what the least manifest for it would be", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, { asks: [], grants: [] })
        yield* observe(enforcer)
        const seen = [file, "inbox:/2027/a.csv", "inbox:/2027/b.csv", "inbox:/2027/c.csv", "inbox:/2027/d.csv"]
        for (const resource of seen) yield* enforcer.decide(rates, "filesystem.read", resource)
        const uses = Inference.uses(yield* audit.entries, rates.id)
        const { capabilities } = Inference.infer(uses)
        assert.deepStrictEqual(capabilities, [{
          kind: "filesystem.read",
          patterns: ["inbox:/2027/*", "inbox:/rates.csv"]
        }])
        yield* enforcer.enforce(rates, "Seen enough.")
        yield* enforcer.dismiss(rates)
        yield* enforcer.admit(rates, {
          asks: capabilities.map(({ kind, patterns }) => ask(kind, patterns)),
          grants: [read(["inbox:/2027/*", "inbox:/rates.csv"])]
        })
        for (const resource of seen) assert.strictEqual(check(enforcer, resource), "Allowed")
      })
    ))
})
