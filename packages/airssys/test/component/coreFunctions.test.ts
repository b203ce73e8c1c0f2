import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll } from "vitest"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import type { HostingOptions } from "../../src/component/HostingOptions.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import { manifest } from "./support/actorGuest.ts"
import { coreWit } from "./support/coreWit.ts"
import { forwardingGuest } from "./support/forwardingGuest.ts"

const guests = {
  timers: [{
    name: "sleep",
    type: "func(duration: milliseconds) -> result<_, error>",
    params: ["i32"],
    result: "memory"
  }],
  random: [
    { name: "bytes", type: "func(length: u32) -> result<list<u8>, error>", params: ["i32"], result: "memory" },
    { name: "number", type: "func() -> result<u64, error>", result: "memory" }
  ],
  configuration: [
    {
      name: "get",
      type: "func(key: string) -> result<option<value>, error>",
      params: ["i32", "i32"],
      result: "memory"
    },
    { name: "keys", type: "func() -> list<string>", result: "memory" }
  ],
  components: [{
    name: "%list",
    type: "func(after: option<component-id>) -> list<running>",
    params: ["i32", "i32", "i32", "i32", "i32"],
    result: "memory"
  }],
  capabilities: [
    {
      name: "allows",
      type: "func(kind: string, %resource: string) -> bool",
      params: ["i32", "i32", "i32", "i32"],
      result: "i32"
    },
    { name: "grants", type: "func() -> list<grant>", result: "memory" }
  ]
} as const

type Owner = keyof typeof guests

const types: Readonly<Record<Owner, string>> = {
  timers: "use airssys:core/types@0.1.0.{error, milliseconds};",
  random: "use airssys:core/types@0.1.0.{error};",
  configuration: "use airssys:core/types@0.1.0.{error}; use airssys:core/configuration@0.1.0.{value};",
  components: "use airssys:core/types@0.1.0.{component-id}; use airssys:core/components@0.1.0.{running};",
  capabilities: "use airssys:core/capabilities@0.1.0.{grant};"
}

const artifacts = new Map<string, Uint8Array<ArrayBuffer>>()

beforeAll(async () => {
  for (const [owner, functions] of Object.entries(guests)) {
    artifacts.set(
      owner,
      await forwardingGuest({
        owner: `airssys:core/${owner}@0.1.0`,
        functions,
        types: types[owner as Owner],
        packages: coreWit
      })
    )
  }
})

interface Guest {
  readonly call: (name: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, ComponentError>
  readonly start: (source: string, options?: HostingOptions) => Effect.Effect<Guest["call"], Runtime.StartError>
  readonly revoke: Effect.Effect<void, unknown, CapabilityEnforcer>
}

/** Runs a test with `acme:probe`, and `/other`, which it may start besides. */
const running = <A, E, R extends Runtime.Services>(
  owner: Owner,
  test: (guest: Guest) => Effect.Effect<A, E, R>,
  { asks = "", limits, options = {} }: {
    readonly asks?: string
    readonly limits?: string
    readonly options?: HostingOptions
  } = {}
) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    const callOf = (id: string) => (name: string, ...args: ReadonlyArray<unknown>) =>
      Effect.map(runtime.call(id, `probe.${name}`, args), ({ value }) => value)
    const start = (source: string, options: HostingOptions = {}) =>
      Effect.map(
        runtime.startUntyped(source, { tier: "inline", ...options }),
        ({ release }) => callOf(release.id)
      )
    return yield* test({
      call: yield* start("/probe", options),
      start,
      revoke: CapabilityEnforcer.use((enforcer) =>
        enforcer.revoke(Principal.make({ kind: "Component", id: "acme:probe" }), { reason: "Enough." })
      )
    })
  }).pipe(
    Effect.provide(
      Runtime.layer.pipe(
        Layer.provide([
          layerEngine,
          ReleaseSource.layerMemory({
            "/probe": { manifest: manifest(asks, limits), artifact: artifacts.get(owner)! },
            "/other": { manifest: manifest(asks, limits, "other"), artifact: artifacts.get(owner)! }
          })
        ])
      )
    )
  )

/** Waits until the use of a capability was allowed. */
const asleep = Effect.repeat(AuditLog.use((log) => log.entries), {
  until: (entries) => entries.some(({ event }) => event._tag === "CapabilityUsed")
})

const denied = { tag: "err", val: { tag: "access-denied" } }
const grant = (kind: "clock" | "random") => ({ grants: [Grant.make(kind, { reason: "Try." })] })
const metered = "fuel = 1_000_000"

describe("timers", () => {
  const clock = { asks: "[[capability]]\nreason = \"Wait.\"\nclock = true", options: grant("clock") }

  it.effect("lets a guest sleep by the clock of its host, and its neighbours answer meanwhile", () =>
    running("timers", ({ call, start }) =>
      Effect.gen(function*() {
        const neighbour = yield* start("/other", clock.options)
        const sleeping = yield* Effect.forkChild(call("sleep", 60_000))
        yield* asleep
        assert.deepStrictEqual(yield* neighbour("sleep", 0), { tag: "ok", val: undefined })
        yield* TestClock.adjust(59_999)
        assert.isUndefined(sleeping.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* Fiber.join(sleeping), { tag: "ok", val: undefined })
      }), { ...clock, limits: metered }))

  it.effect("wakes a guest after a minute that wants to sleep for ever", () =>
    running("timers", ({ call }) =>
      Effect.gen(function*() {
        const sleeping = yield* Effect.forkChild(call("sleep", 2 ** 32 - 1))
        yield* asleep
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* Fiber.join(sleeping), { tag: "ok", val: undefined })
      }), { ...clock, limits: metered }))

  it.effect("counts sleep against the time limit of the message", () =>
    running("timers", ({ call }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(call("sleep", 30_000))
        assert.strictEqual(error.reason._tag, "DeadlineExceeded")
      }), { ...clock, limits: "timeout = \"20 ms\"" }))

  it.effect("denies sleep without the capability, and wakes a guest from which it is taken", () =>
    running("timers", ({ call, revoke, start }) =>
      Effect.gen(function*() {
        const without = yield* start("/other")
        assert.deepStrictEqual(yield* without("sleep", 1), denied)
        const sleeping = yield* Effect.forkChild(call("sleep", 1_000))
        yield* asleep
        yield* revoke
        assert.deepStrictEqual(yield* Fiber.join(sleeping), denied)
      }), { ...clock, limits: metered }))
})

describe("random", () => {
  const random = { asks: "[[capability]]\nreason = \"Draw.\"\nrandom = true", options: grant("random") }

  it.effect("gives bytes and numbers that differ, and no more than 65,536 bytes at once", () =>
    running("random", ({ call }) =>
      Effect.gen(function*() {
        const one = (yield* call("bytes", 16)) as { readonly val: Uint8Array }
        const other = (yield* call("bytes", 16)) as { readonly val: Uint8Array }
        assert.lengthOf(one.val, 16)
        assert.notDeepEqual(one.val, other.val)
        assert.notDeepEqual(yield* call("number"), yield* call("number"))
        assert.lengthOf(((yield* call("bytes", 65_536)) as { readonly val: Uint8Array }).val, 65_536)
        for (const length of [65_537, 2 ** 31, 2 ** 32 - 1]) {
          assert.deepStrictEqual(yield* call("bytes", length), {
            tag: "err",
            val: { tag: "invalid-argument", val: "length is at most 65536" }
          })
        }
      }), random))

  it.effect("gives nothing without the capability", () =>
    running("random", ({ call }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("bytes", 16), denied)
        assert.deepStrictEqual(yield* call("number"), denied)
      }), { asks: random.asks }))
})

describe("configuration", () => {
  const config = {
    asks: `[config]
base = { type = "string" }
digits = { type = "integer", default = 2 }
rate = { type = "float", default = 0.5 }
strict = { type = "boolean", default = true }
api-key = { type = "secret" }
note = { type = "string", optional = true }`,
    options: {
      config: { base: "EUR", digits: 9_007_199_254_740_991 },
      secrets: { "api-key": Redacted.make("sk_live") }
    }
  }

  it.effect("gives values by key with the types of the manifest, secrets among them", () =>
    running("configuration", ({ call }) =>
      Effect.gen(function*() {
        const get = (key: string) => Effect.map(call("get", key), (result) => (result as { readonly val: unknown }).val)
        assert.deepStrictEqual(yield* get("base"), { tag: "text", val: "EUR" })
        assert.deepStrictEqual(yield* get("digits"), { tag: "integer", val: 9_007_199_254_740_991n })
        assert.deepStrictEqual(yield* get("rate"), { tag: "number", val: 0.5 })
        assert.deepStrictEqual(yield* get("strict"), { tag: "boolean", val: true })
        assert.deepStrictEqual(yield* get("api-key"), { tag: "secret", val: "sk_live" })
        assert.deepStrictEqual(yield* call("get", "note"), { tag: "ok", val: undefined })
        assert.deepStrictEqual(yield* call("keys"), ["api-key", "base", "digits", "note", "rate", "strict"])
      }), config))

  it.effect("has no key that the manifest does not name", () =>
    running("configuration", ({ call }) =>
      Effect.gen(function*() {
        for (const key of ["", "other", "__proto__", "constructor", "k".repeat(200_000)]) {
          assert.deepStrictEqual(yield* call("get", key), { tag: "err", val: { tag: "not-found" } })
        }
      }), config))

  const refused = (options: HostingOptions) =>
    Effect.map(
      Effect.flip(running("configuration", () => Effect.void, { ...config, options })),
      (error) => error._tag === "InstallRefused" ? error.detail : error._tag
    )

  it.effect("refuses a secret among the settings, a setting among the secrets, and a secret that is missing", () =>
    Effect.gen(function*() {
      const { secrets } = config.options
      assert.strictEqual(
        yield* refused({ config: { base: "EUR", "api-key": "sk_live" } }),
        "config key \"api-key\" is a secret: give it in secrets"
      )
      assert.strictEqual(
        yield* refused({ secrets: { ...secrets, base: Redacted.make("EUR") } }),
        "config key \"base\" is no secret: give it in config"
      )
      assert.strictEqual(yield* refused({ config: { base: "EUR" } }), "it needs the secret \"api-key\"")
      assert.strictEqual(
        yield* refused({ config: { base: "EUR" }, secrets: { "api-key": Redacted.make(1) as never } }),
        "the secret \"api-key\" is longer than 65536 characters, or no text"
      )
      assert.strictEqual(
        yield* refused({ config: { base: "\ud800" }, secrets }),
        "config key \"base\" takes a value of type string"
      )
      const inRegion = (region: string) =>
        refused({ config: { base: "EUR" }, secrets, environment: { REGION: region } })
      assert.strictEqual(yield* inRegion("\ud800"), "the environment value \"REGION\" is no text")
      assert.strictEqual(yield* inRegion(8080 as never), "InvalidArgument")
    }))
})

describe("components", () => {
  const asks = "[[capability]]\nreason = \"Talk.\"\nmessaging = { send = [\"acme:*\"] }"

  it.effect("lists those that run and to which the guest may send, and no others", () =>
    running("components", ({ call, revoke, start }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("list", undefined), [])
        const other = yield* start("/other")
        const listed = [{ id: { namespace: "acme", name: "other" }, version: "1.0.0" }]
        assert.deepStrictEqual(yield* call("list", undefined), listed)
        assert.deepStrictEqual(yield* call("list", { namespace: "acme", name: "other" }), [])
        assert.deepStrictEqual(yield* call("list", { namespace: "", name: "" }), listed)
        assert.deepStrictEqual(yield* other("list", undefined), [])
        yield* revoke
        assert.deepStrictEqual(yield* call("list", undefined), [])
      }), { asks, options: { grants: [Grant.make("messaging.send", ["acme:other"], { reason: "Talk." })] } }))
})

describe("capabilities", () => {
  const asks = "[[capability]]\nreason = \"Keep.\"\nclock = true\nstorage = { read = [\"rates/**\"] }"
  const grants = [
    Grant.make("storage.read", ["rates/*"], { reason: "A secret reason.", expires: "2027-03-31" }),
    Grant.make("clock", { reason: "Fine." })
  ]

  it.effect("tells a guest what it may do itself, and nothing of others or of the reasons", () =>
    running("capabilities", ({ call, revoke, start }) =>
      Effect.gen(function*() {
        const other = yield* start("/other")
        assert.isTrue(yield* call("allows", "storage.read", "rates/today"))
        assert.isTrue(yield* call("allows", "clock", ""))
        assert.isFalse(yield* call("allows", "storage.read", "rates/a/b"))
        assert.isFalse(yield* call("allows", "storage.write", "rates/today"))
        for (const kind of ["", "nothing", "__proto__", "custom.", "k".repeat(200_000)]) {
          assert.isFalse(yield* call("allows", kind, "rates/today"))
        }
        assert.isFalse(yield* call("allows", "storage.read", "r".repeat(200_000)))
        assert.deepStrictEqual(yield* call("grants"), [
          { kind: "storage.read", patterns: ["rates/*"], expires: "2027-03-31" },
          { kind: "clock", patterns: [], expires: undefined }
        ])
        assert.deepStrictEqual(yield* other("grants"), [])
        assert.isFalse(yield* other("allows", "clock", ""))
        yield* revoke
        assert.deepStrictEqual(yield* call("grants"), [])
        assert.isFalse(yield* call("allows", "clock", ""))
      }), { asks, options: { grants } }))
})
