import { assert, describe, it } from "@effect/vitest"
import * as Authority from "airssys/security/Authority"
import * as Grant from "airssys/security/Grant"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { ask, component, day, host, read, run } from "./kernel.ts"

const ada = host("ada")
const rates = component("acme:rates")

const short = (why: Authority.Why) =>
  why.rules.map((rule) =>
    [
      rule.isDeciding ? "*" : "",
      rule._tag === "Ask" ? `ask ${rule.index}` : `grant ${rule.id}`,
      rule.pattern,
      rule.state,
      rule.isCovering ? "covers" : "closest"
    ].join(" ").trim()
  )

describe("why", () => {
  it.effect("names every rule that matters, in order, with the deciding ones, and records nothing", () =>
    run((enforcer, audit) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, {
          asks: [ask("filesystem.read", ["inbox:/**", "outbox:/**"])],
          grants: [read(["inbox:/a"], "1970-01-01"), read(["inbox:/*"]), read(["inbox:/b"]), read(["inbox:/**"])]
        })
        yield* enforcer.revoke(rates, { grant: 2, reason: "over" })
        yield* TestClock.setTime(day)
        const before = yield* audit.entries
        const why = enforcer.why(rates, "filesystem.read", "inbox:/a")
        assert.strictEqual(why.decision._tag, "Allowed")
        assert.deepStrictEqual(short(why), [
          "* ask 1 inbox:/** Live covers",
          "grant 1 inbox:/a Expired covers",
          "grant 2 inbox:/* Revoked covers",
          "* grant 4 inbox:/** Live covers"
        ])
        assert.deepStrictEqual(Authority.render(why).split("\n"), [
          "ALLOWED acme:rates 1.0.0: filesystem.read inbox:/a",
          "* ask 1 (Component.toml:7) inbox:/**: live (\"Read it.\")",
          "  grant 1 inbox:/a: expired, until 1970-01-01 (\"Needed.\")",
          "  grant 2 inbox:/*: revoked (\"Needed.\")",
          "* grant 4 inbox:/**: live (\"Needed.\")"
        ])
        assert.deepStrictEqual(yield* audit.entries, before)
      })
    ))

  it.effect("shows the closest rule where none covers it", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(rates, {
          asks: [ask("filesystem.read", ["inbox:/a/**"])],
          grants: [read(["inbox:/a/1"])]
        })
        assert.deepStrictEqual(short(enforcer.why(rates, "filesystem.read", "inbox:/a/2")), [
          "* ask 1 inbox:/a/** Live covers",
          "grant 1 inbox:/a/1 Live closest"
        ])
        assert.deepStrictEqual(short(enforcer.why(rates, "filesystem.read", "inbox:/b")), [
          "ask 1 inbox:/a/** Live closest",
          "grant 1 inbox:/a/1 Live closest"
        ])
        assert.deepStrictEqual(short(enforcer.why(rates, "clock")), [])
        assert.deepStrictEqual(short(enforcer.why(ada, "clock")), [])
      })
    ))

  it.effect("writes nothing of a manifest to a terminal", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const attack = "x\u001b[2J\u202e\nALLOWED"
        const hostile = Grant.make("clock", { reason: attack })
        const place = { file: attack, line: 1 }
        yield* enforcer.admit(rates, { asks: [{ ...ask("clock", []), reason: attack, place }], grants: [hostile] })
        const lines = Authority.render(enforcer.why(rates, "clock")).split("\n")
        assert.strictEqual(lines.length, 3)
        assert.notMatch(lines.join(""), /[\p{Cc}\p{Cf}]/u)
      })
    ))
})

describe("reach", () => {
  it.effect("names every principal that can reach a resource now, and each live grant, wildcards included", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        yield* enforcer.admit(ada, {
          asks: [],
          grants: [read(["inbox:/**"]), read(["inbox:/a"]), read(["outbox:/**"])]
        })
        yield* enforcer.admit(rates, { asks: [ask("filesystem.read", ["inbox:/a"])], grants: [read(["inbox:/*"])] })
        yield* enforcer.admit(host("late"), { asks: [], grants: [read(["inbox:/**"], "1970-01-01")] })
        yield* enforcer.admit(host("none"), { asks: [], grants: [Grant.make("clock", { reason: "x" })] })
        const unasked = component("acme:totals")
        yield* enforcer.admit(unasked, { asks: [], grants: [read(["inbox:/**"])] })
        yield* enforcer.delegate(ada, host("none"), { grant: 1, patterns: ["inbox:/a"], reason: "x" })
        yield* TestClock.setTime(day)
        const found = (resource: string) =>
          enforcer.reach("filesystem.read", resource).map(({ grants, principal }) => [
            principal.id,
            ...grants.map(({ id, pattern }) => `${id} ${pattern}`)
          ])
        assert.sameDeepMembers(found("inbox:/a"), [
          ["ada", "1 inbox:/**", "2 inbox:/a"],
          ["none", "8 inbox:/a"],
          ["acme:rates", "4 inbox:/*"]
        ])
        yield* enforcer.revoke(ada, { reason: "over" })
        assert.deepStrictEqual(found("inbox:/a"), [["acme:rates", "4 inbox:/*"]])
        assert.deepStrictEqual(found("inbox:/../a"), [])
        assert.deepStrictEqual(enforcer.reach(undefined, "inbox:/a").map(({ kind }) => kind), ["filesystem.read"])
        assert.deepStrictEqual(enforcer.reach(undefined).map(({ principal }) => principal.id), ["none"])
      })
    ))
})
