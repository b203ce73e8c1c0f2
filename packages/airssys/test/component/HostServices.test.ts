import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, References, Scope } from "effect"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { TestClock } from "effect/testing"
import { type ComponentDirectory, layer as layerDirectory } from "../../src/component/ComponentDirectory.ts"
import * as Delivery from "../../src/component/Delivery.ts"
import * as HostServices from "../../src/component/HostServices.ts"
import { AuditLog, layerMemory } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer, layer as layerEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import type { CapabilityKind } from "../../src/security/CapabilityKind.ts"
import type { Explanation } from "../../src/security/Explanation.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import { interfaceOf } from "./support/imports.ts"

const principal = Principal.make({ kind: "Component", id: "acme:rates" })
const denied = { tag: "err", val: { tag: "access-denied" } }

interface Line {
  readonly level: string
  readonly message: unknown
  readonly annotations: Readonly<Record<string, unknown>>
}

const place = { file: "Component.toml", line: 1 }
const ask = (kind: CapabilityKind, patterns: ReadonlyArray<string> = []) => ({
  kind,
  patterns,
  reason: "It says so.",
  place
})
const asks = [ask("log"), ask("clock"), ask("environment", ["KEY", "OTHER", "NONE"])]
const grants = [
  Grant.make("log", { reason: "Fine." }),
  Grant.make("clock", { reason: "Fine." }),
  Grant.make("environment", ["KEY", "NONE"], { reason: "Fine." })
]

const world = [
  interfaceOf("airssys:core/log@0.1.0", "write", "enabled"),
  interfaceOf("airssys:core/clock@0.1.0", "now", "monotonic"),
  interfaceOf("airssys:core/environment@0.1.0", "get", "names"),
  interfaceOf("airssys:core/identity@0.1.0", "this-release", "current-message", "current-sender")
]

/** The functions of one instance, with everything they did. */
const setUp = Effect.fnUntraced(function*(authority: "admitted" | "granted" | "unknown") {
  const enforcer = yield* CapabilityEnforcer
  const lines: Array<Line> = []
  const told: Array<readonly [Explanation, number | undefined]> = []
  let message: string | undefined = "m1"
  if (authority !== "unknown") yield* enforcer.admit(principal, { asks, grants: authority === "granted" ? grants : [] })
  const makeImports = yield* Effect.provide(
    HostServices.make,
    Logger.layer([
      Logger.make(({ fiber, logLevel, message }) => {
        lines.push({
          level: logLevel,
          message: Array.isArray(message) ? message[0] : message,
          annotations: { ...fiber.getRef(References.CurrentLogAnnotations) }
        })
      })
    ])
  )
  const inert: Array<string> = []
  const imports = makeImports({
    principal,
    namespace: "acme",
    name: "rates",
    version: "1.2.0",
    asks: [],
    configuration: new Map([
      ["api-key", { tag: "secret", val: "sk_live_4242" }],
      ["pin", { tag: "secret", val: "12" }],
      ["signing-key", { tag: "secret", val: "sk_live_4242-and-more" }]
    ]),
    environment: new Map([["KEY", "sk_live"], ["OTHER", "x"], ["HIDDEN", "y"], ["not-a-name", "z"]]),
    delivery: () => message === undefined ? undefined : Delivery.make(message, Delivery.fromHost),
    scope: Scope.makeUnsafe(),
    inert: (name) => inert.push(name),
    leftBehind: () => undefined,
    denied: (explanation, entry) => told.push([explanation, entry])
  }, world)
  const call = (name: string, ...args: ReadonlyArray<unknown>): unknown => {
    const [id = "", func = ""] = name.split("#")
    const found = imports.get(`airssys:core/${id}@0.1.0`)?.get(func)
    if (found?._tag !== "Sync") return assert.fail(`${name} is not served`)
    return found.call(args)
  }
  return {
    call,
    imports,
    lines,
    told,
    setMessage: (id: string | undefined) => {
      message = id
    },
    revoke: enforcer.revoke(principal, { reason: "Enough." })
  }
})

const layer = layerEnforcer.pipe(
  Layer.provideMerge(layerMemory()),
  Layer.provide(Digest.layerWebCrypto),
  Layer.merge(Layer.merge(SecureRandom.layerWebCrypto, layerDirectory))
)

const provided = <A, E>(
  effect: Effect.Effect<A, E, CapabilityEnforcer | AuditLog | ComponentDirectory | SecureRandom.SecureRandom>
) => Effect.provide(effect, layer)

const guarded = [
  { name: "log#write", args: ["info", "hello", []], kind: "log", resource: "" },
  { name: "clock#now", args: [], kind: "clock", resource: "" },
  { name: "clock#monotonic", args: [], kind: "clock", resource: "" },
  { name: "environment#get", args: ["KEY"], kind: "environment", resource: "KEY" }
] as const

describe("HostServices", () => {
  for (const { args, kind, name, resource } of guarded) {
    describe(`${name}`, () => {
      it.effect("denies to a principal that nobody admitted", () =>
        provided(Effect.gen(function*() {
          const { call, told } = yield* setUp("unknown")
          assert.deepStrictEqual(call(name, ...args), denied)
          assert.strictEqual(told[0]?.[0].reason, "NotAdmitted")
        })))

      it.effect("denies what was asked for and not granted, says why to the host, and audits it", () =>
        provided(Effect.gen(function*() {
          const { call, lines, told } = yield* setUp("admitted")
          assert.deepStrictEqual(call(name, ...args), denied)
          const [[explanation, entry] = []] = told
          assert.strictEqual(explanation?.reason, "NotGranted")
          assert.strictEqual(explanation?.kind, kind)
          assert.strictEqual(explanation?.resource, resource)
          const audited = (yield* (yield* AuditLog).entries).find((item) => item.sequence === entry)
          assert.strictEqual(audited?.event._tag, "CapabilityDenied")
          assert.lengthOf(lines, 0)
        })))

      it.effect("does it with a grant, and audits the use without its value", () =>
        provided(Effect.gen(function*() {
          const { call, told } = yield* setUp("granted")
          assert.strictEqual((call(name, ...args) as { readonly tag: string }).tag, "ok")
          assert.lengthOf(told, 0)
          const entries = yield* (yield* AuditLog).entries
          const used = entries.filter((item) => item.event._tag === "CapabilityUsed")
          assert.lengthOf(used, 1)
          assert.notInclude(JSON.stringify(entries), "sk_live")
          assert.notInclude(JSON.stringify(entries), "hello")
        })))

      it.effect("denies again when the grant is revoked", () =>
        provided(Effect.gen(function*() {
          const { call, revoke, told } = yield* setUp("granted")
          call(name, ...args)
          yield* revoke
          assert.deepStrictEqual(call(name, ...args), denied)
          assert.strictEqual(told[0]?.[0].reason, "Revoked")
        })))
    })
  }

  describe("log", () => {
    it.effect("writes level, text and who wrote it, which the guest cannot set", () =>
      provided(Effect.gen(function*() {
        const { call, lines } = yield* setUp("granted")
        call("log#write", "warn", "late", [
          { key: "component", value: { tag: "text", val: "acme:bank" } },
          { key: "n", value: { tag: "integer", val: 5n } }
        ])
        assert.deepStrictEqual(lines, [{
          level: "Warn",
          message: "late",
          annotations: {
            component: "acme:rates",
            version: "1.2.0",
            message: "m1",
            fields: "component=\"acme:bank\" n=5"
          }
        }])
      })))

    it.effect("keeps fields apart and prototypes untouched, whatever keys and values say", () =>
      provided(Effect.gen(function*() {
        const { call, lines } = yield* setUp("granted")
        call("log#write", "info", "x", [
          { key: "__proto__", value: { tag: "text", val: "a b=\"c\"" } },
          { key: "a=b c", value: { tag: "boolean", val: true } },
          { key: "k".repeat(100), value: { tag: "number", val: 0.5 } },
          { key: "twice", value: { tag: "integer", val: 1n } },
          { key: "twice", value: { tag: "integer", val: 2n } }
        ])
        assert.strictEqual(
          lines[0]?.annotations["fields"],
          `__proto__="a b=\\"c\\"" "a=b c"=true ${"k".repeat(64)}=0.5 twice=2`
        )
        assert.isUndefined(({} as Record<string, unknown>)["a b"])
      })))

    it.effect("escapes what a terminal obeys and cuts at 8 KiB, not before", () =>
      provided(Effect.gen(function*() {
        const { call, lines } = yield* setUp("granted")
        call("log#write", "info", "a\n\u001b[2J\u202eb", [])
        call("log#write", "info", "y".repeat(8192), [])
        call("log#write", "info", "y".repeat(10_000), [
          { key: "k", value: { tag: "text", val: "z".repeat(1_000_000) } }
        ])
        assert.strictEqual(lines[0]?.message, "a\\u{a}\\u{1b}[2J\\u{202e}b")
        assert.strictEqual(lines[1]?.message, "y".repeat(8192))
        assert.strictEqual(lines[2]?.message, `${"y".repeat(8192)}... (1808 more)`)
        assert.isBelow(String(lines[2]?.annotations["fields"]).length, 8300)
      })))

    it.effect("takes 64 fields and says how many more there were", () =>
      provided(Effect.gen(function*() {
        const { call, lines } = yield* setUp("granted")
        call(
          "log#write",
          "info",
          "x",
          Array.from({ length: 1000 }, (_, n) => ({ key: `k${n}`, value: { tag: "integer", val: 1n } }))
        )
        assert.match(String(lines[0]?.annotations["fields"]), /k63=1 \(936 more\)$/)
      })))

    it.effect("hides the secrets of the guest, in messages and in fields", () =>
      provided(Effect.gen(function*() {
        const { call, lines } = yield* setUp("granted")
        call("log#write", "info", "with sk_live_4242 and 12", [
          { key: "key", value: { tag: "text", val: "=sk_live_4242sk_live_4242" } }
        ])
        assert.strictEqual(lines[0]?.message, "with <secret> and 12")
        assert.strictEqual(lines[0]?.annotations["fields"], "key=\"=<secret><secret>\"")
      })))

    it.effect("hides a secret that begins like another, and one that is the key of a field", () =>
      provided(Effect.gen(function*() {
        const { call, lines } = yield* setUp("granted")
        call("log#write", "info", "with sk_live_4242-and-more", [
          { key: "sk_live_4242", value: { tag: "text", val: "" } }
        ])
        assert.strictEqual(lines[0]?.message, "with <secret>")
        assert.strictEqual(lines[0]?.annotations["fields"], "\"<secret>\"=\"\"")
      })))

    it.effect("is exhausted after 256 lines of one message, says so once, and writes on with the next", () =>
      provided(Effect.gen(function*() {
        const { call, lines, setMessage } = yield* setUp("granted")
        const answers = Array.from({ length: 1000 }, () => call("log#write", "info", "again", []))
        assert.deepStrictEqual(answers[255], { tag: "ok", val: undefined })
        assert.deepStrictEqual(answers[256], { tag: "err", val: { tag: "exhausted" } })
        assert.lengthOf(lines, 257)
        assert.include(String(lines[256]?.message), "dropped")
        setMessage("m2")
        assert.deepStrictEqual(call("log#write", "info", "again", []), { tag: "ok", val: undefined })
      })))

    it.effect("is exhausted after 256 KiB of one message", () =>
      provided(Effect.gen(function*() {
        const { call, lines } = yield* setUp("granted")
        for (let line = 0; line < 100; line++) call("log#write", "info", "y".repeat(8192), [])
        assert.isBelow(lines.length, 35)
      })))

    it.effect("says that a level is enabled to the granted alone, and records nothing for it", () =>
      provided(Effect.gen(function*() {
        const without = yield* setUp("admitted")
        assert.isFalse(without.call("log#enabled", "error"))
        assert.lengthOf(without.told, 0)
      })))

    it.effect("says which levels are kept", () =>
      provided(Effect.gen(function*() {
        const { call } = yield* setUp("granted")
        assert.isTrue(call("log#enabled", "error"))
        assert.isFalse(call("log#enabled", "trace"))
      })))
  })

  describe("clock", () => {
    it.effect("gives seconds and nanoseconds, and a monotonic time from the start of the instance", () =>
      provided(Effect.gen(function*() {
        yield* TestClock.setTime(1_700_000_000_123)
        const { call } = yield* setUp("granted")
        assert.deepStrictEqual(call("clock#now"), {
          tag: "ok",
          val: { seconds: 1_700_000_000n, nanoseconds: 123_000_000 }
        })
        assert.deepStrictEqual(call("clock#monotonic"), { tag: "ok", val: 0n })
        yield* TestClock.adjust(5)
        assert.deepStrictEqual(call("clock#monotonic"), { tag: "ok", val: 5_000_000n })
      })))
  })

  describe("environment", () => {
    it.effect("gives a granted value, nothing for a granted name without one, and denies a name that has one", () =>
      provided(Effect.gen(function*() {
        const { call } = yield* setUp("granted")
        assert.deepStrictEqual(call("environment#get", "KEY"), { tag: "ok", val: "sk_live" })
        assert.deepStrictEqual(call("environment#get", "NONE"), { tag: "ok", val: undefined })
        assert.deepStrictEqual(call("environment#get", "OTHER"), denied)
        assert.deepStrictEqual(call("environment#get", "HIDDEN"), denied)
        assert.deepStrictEqual(call("environment#get", "PATH"), denied)
      })))

    for (
      const name of ["", "a b", "A=B", "x".repeat(129), "x".repeat(1_000_000), "NAME\n", "é", "not-a-name", "1A", "*"]
    ) {
      it.effect(`refuses ${JSON.stringify(name.slice(0, 12))} (${name.length}) as a name, and records nothing`, () =>
        provided(Effect.gen(function*() {
          const { call, told } = yield* setUp("granted")
          const answer = call("environment#get", name) as { readonly val: { readonly tag: string } }
          assert.strictEqual(answer.val.tag, "invalid-argument")
          assert.lengthOf(told, 0)
        })))
    }

    for (const name of ["__proto__", "constructor", "toString", "_"]) {
      it.effect(`denies ${name} like any other name`, () =>
        provided(Effect.gen(function*() {
          const { call } = yield* setUp("granted")
          assert.deepStrictEqual(call("environment#get", name), denied)
        })))
    }

    it.effect("lists the granted names that have a value", () =>
      provided(Effect.gen(function*() {
        const { call, revoke } = yield* setUp("granted")
        assert.deepStrictEqual(call("environment#names"), { tag: "ok", val: ["KEY"] })
        yield* revoke
        assert.deepStrictEqual(call("environment#names"), { tag: "ok", val: [] })
      })))
  })

  describe("identity", () => {
    it.effect("says who and which message it is, without a grant", () =>
      provided(Effect.gen(function*() {
        const { call, setMessage } = yield* setUp("unknown")
        assert.deepStrictEqual(call("identity#this-release"), {
          id: { namespace: "acme", name: "rates" },
          version: "1.2.0"
        })
        assert.strictEqual(call("identity#current-message"), "m1")
        setMessage(undefined)
        assert.isUndefined(call("identity#current-message"))
        assert.deepStrictEqual(call("identity#current-sender"), { tag: "host" })
      })))
  })

  it.effect("serves what it says it serves, and nothing else", () =>
    provided(Effect.gen(function*() {
      const { imports } = yield* setUp("unknown")
      for (const [id, functions] of imports) {
        const of = (...names: ReadonlyArray<string>) => HostServices.obstacles(interfaceOf(id, ...names), [])
        assert.deepStrictEqual(of(...functions.keys()), [])
        assert.deepStrictEqual(of("constructor", "__proto__"), [
          `${id}#constructor, which this host does not serve`,
          `${id}#__proto__, which this host does not serve`
        ])
      }
    })))
})
