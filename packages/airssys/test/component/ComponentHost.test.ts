import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Redacted, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import * as Component from "../../src/component/Component.ts"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import { ComponentHost } from "../../src/component/ComponentHost.ts"
import * as Contract from "../../src/component/Contract.ts"
import type { HostingOptions } from "../../src/component/HostingOptions.ts"
import { lifecycle } from "../../src/component/internal/coreExports.ts"
import { Runtime } from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import { TrustRegistry } from "../../src/security/TrustRegistry.ts"
import * as scriptedHost from "./scriptedHost.ts"

const { func, imported, world } = scriptedHost

const environment = "airssys:core/environment@0.1.0"
const asksForKey = "[[capability]]\nreason = \"Try.\"\nenvironment = [\"KEY\"]"
const key = Grant.make("environment", ["KEY"], { reason: "Try." })

const echo: scriptedHost.Guest = {
  world: world("echo", [func("ping", { kind: "string" }), func("dig"), func("read"), func("reach")], {
    imports: [imported(environment, "get")]
  }),
  code: {
    "echo.ping": () => "pong",
    "echo.dig": ({ trap }) => trap("Unreachable"),
    "echo.read": ({ host }) => host(`${environment}#get`, "KEY"),
    "echo.reach": ({ host, trap }) => {
      host(`${environment}#get`, "STRIPE_KEY")
      host(`${environment}#get`, "STRIPE_KEY")
      return trap("Unreachable")
    }
  }
}

class Echo extends Contract.Service<Echo, {
  readonly ping: () => Effect.Effect<string, ComponentError>
  readonly dig: () => Effect.Effect<void, ComponentError>
}>()("acme:echo/plugin@1.0.0", {
  ping: Contract.func("acme:echo/echo@1.0.0", "ping", [], { kind: "string" }, undefined),
  dig: Contract.func("acme:echo/echo@1.0.0", "dig", [], undefined, undefined)
}) {}

const withHost = <A, E>(
  body: (host: ReturnType<typeof scriptedHost.make>) => Effect.Effect<
    A,
    E,
    Runtime | ComponentHost | ActorSystem | AuditLog | CapabilityEnforcer | TrustRegistry | Scope.Scope
  >,
  options?: Parameters<typeof scriptedHost.make>[0]
) => {
  const host = scriptedHost.make(options)
  return Effect.scoped(Effect.provide(body(host), host.layer))
}

const events = Effect.flatMap(AuditLog, (log) => Effect.map(log.entries, (all) => all.map((entry) => entry.event)))

const restart = Effect.gen(function*() {
  const system = yield* ActorSystem
  return yield* Effect.forkChild(
    Stream.runHead(Stream.filter(system.events, (event) => event._tag === "Restarted")),
    { startImmediately: true }
  )
})

/** Crashes the component and waits until it is back. */
const bounce = Effect.fnUntraced(function*(id: string, target: string) {
  const runtime = yield* Runtime
  const restarted = yield* restart
  yield* Effect.flip(runtime.call(id, target, []))
  yield* TestClock.adjust("100 millis")
  yield* Fiber.join(restarted)
})

describe("ComponentHost", () => {
  describe("install", () => {
    it.effect("gives one release to concurrent installs, and records it once", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", echo)
          const { install } = yield* ComponentHost
          const [a, b] = yield* Effect.all([install(folder), install(folder)], { concurrency: 2 })
          assert.strictEqual(a, b)
          assert.lengthOf((yield* events).filter((event) => event._tag === "Installed"), 1)
        })
      ))

    it.effect("gives another release when the artifact or the manifest has changed", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", echo)
          const { install } = yield* ComponentHost
          const first = yield* install(folder)
          host.put("echo", echo)
          const second = yield* install(folder)
          assert.notStrictEqual(second.digest, first.digest)
          host.files.get(folder)!.manifest = scriptedHost.manifest("echo", asksForKey)
          assert.lengthOf((yield* install(folder)).manifest.asks, 1)
          assert.lengthOf((yield* events).filter((event) => event._tag === "Installed"), 3)
        })
      ))

    it.effect("judges again when trust was taken away", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", echo)
          const { install, place } = yield* ComponentHost
          const trust = yield* TrustRegistry
          yield* trust.trustPath(folder, "test")
          const release = yield* install(folder)
          assert.strictEqual(release.trust.level, "Trusted")
          assert.strictEqual((yield* place(release, {})).tier, "inline")
          yield* trust.revokeDigest(release.digest, "stolen")
          assert.strictEqual((yield* place(release, {})).tier, "worker")
          assert.strictEqual((yield* install(folder)).trust.level, "Unknown")
        })
      ))

    it.effect("never trusts by a path what has none", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", echo)
          delete host.files.get(folder)!.path
          yield* (yield* TrustRegistry).trustPath(folder, "test")
          assert.strictEqual((yield* (yield* ComponentHost).install(folder)).trust.level, "Unknown")
        })
      ))

    it.effect("refuses functions that it does not serve, also in interfaces that it does, and bounds the report", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const { install } = yield* ComponentHost
          const wide = world("echo", [func("ping")], {
            imports: [
              imported(environment, "get", "set"),
              ...Array.from({ length: 500 }, (_, n) => imported(`wasi:x${n}/y@1.0.0`, "z"))
            ]
          })
          const error = yield* Effect.flip(install(host.put("echo", { world: wide, code: {} })))
          assert.strictEqual(error._tag === "InstallRefused" ? error.reason : error._tag, "UnknownImports")
          assert.include(error.message, `${environment}#set`)
          assert.notInclude(error.message, `${environment}#get`)
          assert.isBelow(error.message.length, 700)
        })
      ))

    it.effect("refuses a lifecycle of other types than it calls", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const { install } = yield* ComponentHost
          const init = func("init", { kind: "u32" })
          const error = yield* Effect.flip(install(host.put("echo", {
            world: world("echo", [], {
              exports: [{ id: "airssys:core/lifecycle@0.1.0", functions: [init], types: [], resources: [] }]
            }),
            code: {}
          })))
          assert.strictEqual(error._tag === "InstallRefused" ? error.reason : error._tag, "ContractMismatch")
        })
      ))
  })

  describe("place", () => {
    const placed = (options: HostingOptions, engine?: Parameters<typeof scriptedHost.make>[0], isTrusted = false) =>
      withHost((host) =>
        Effect.gen(function*() {
          const { install, place } = yield* ComponentHost
          const folder = host.put("echo", echo)
          if (isTrusted) yield* (yield* TrustRegistry).trustPath(folder, "test")
          return yield* place(yield* install(folder), options)
        }), engine)
    const refusal = (limits: HostingOptions["limits"]) =>
      Effect.map(
        Effect.flip(placed({ limits })),
        (error) => error._tag === "InstallRefused" ? error.reason : error._tag
      )

    for (
      const limits of [
        { fuel: NaN },
        { fuel: 0 },
        { fuel: -1 },
        { fuel: 1.5 },
        { fuel: Infinity },
        { memory: NaN },
        { memory: -1 },
        { memory: 0 },
        { memory: "lots" as never },
        { timeout: 0 },
        { timeout: -5 },
        { timeout: NaN },
        { timeout: "soon" as never },
        { timeout: Duration.infinity }
      ] satisfies ReadonlyArray<NonNullable<HostingOptions["limits"]>>
    ) {
      const [[name, value]] = Object.entries(limits) as unknown as readonly [readonly [string, unknown]]
      it.effect(`refuses ${name} ${String(value)} as no limit`, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* refusal(limits), "InvalidLimit")
        }))
    }

    for (const limits of [{ fuel: 1001 }, { memory: "1025 KiB" }, { timeout: "1001 millis" }] as const) {
      it.effect(`refuses ${JSON.stringify(limits)} as above what is asked`, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* refusal(limits), "LimitAboveAsked")
        }))
    }

    it.effect("takes limits up to those asked for, and leaves the others as asked", () =>
      Effect.gen(function*() {
        const { limits } = yield* placed({ limits: { fuel: 1000, memory: 65_536 } })
        assert.strictEqual(limits.fuel, 1000)
        assert.strictEqual(limits.memory, 65_536)
        assert.strictEqual(Duration.toMillis(limits.timeout!), 1000)
      }))

    const noTimeout = { inline: { timeout: false, fuel: false }, worker: { timeout: true, fuel: false } }
    const inlineOnly = { inline: { timeout: true, fuel: true } }

    it.effect("keeps the trusted in this thread while it keeps their limits, and nobody else", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* placed({}, undefined, true)).tier, "inline")
        assert.strictEqual((yield* placed({}, undefined, false)).tier, "worker")
        assert.strictEqual((yield* placed({}, { tiers: noTimeout }, true)).tier, "worker")
      }))

    it.effect("takes DevMode for trust", () =>
      Effect.gen(function*() {
        const { release, tier } = yield* placed({}, { devMode: true })
        assert.strictEqual(release.trust.level, "DevMode")
        assert.strictEqual(tier, "inline")
      }))

    it.effect("runs the unknown in this thread where there is no other tier and guests are stopped there", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* placed({}, { tiers: inlineOnly })).tier, "inline")
        assert.strictEqual((yield* placed({}, {})).tier, "worker")
      }))

    it.effect("does not run the unknown in this thread for want of a worker tier, except on request", () =>
      Effect.gen(function*() {
        for (const inline of [{ timeout: true, fuel: false }, { timeout: false, fuel: true }]) {
          const error = yield* Effect.flip(placed({}, { tiers: { inline } }))
          assert.strictEqual(error._tag === "InstallRefused" ? error.reason : error._tag, "TierRefused")
          assert.strictEqual((yield* placed({ tier: "inline" }, { tiers: { inline } })).tier, "inline")
        }
        const none = yield* Effect.flip(placed({ tier: "worker" }, { tiers: inlineOnly }))
        assert.strictEqual(none._tag === "InstallRefused" ? none.reason : none._tag, "TierRefused")
      }))
  })

  describe("a life", () => {
    it.effect("restarts the release that was started, whatever became of its files", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", echo)
          const services = yield* Layer.build(Component.layer(Echo, folder))
          const restarted = yield* restart
          yield* Effect.provide(Effect.flip(Echo.use((it) => it.dig())), services)
          host.files.delete(folder)
          yield* TestClock.adjust("100 millis")
          yield* Fiber.join(restarted)
          assert.strictEqual(yield* Effect.provide(Echo.use((it) => it.ping()), services), "pong")
          assert.lengthOf(host.instances, 2)
          assert.lengthOf(new Set(host.instances.map((instance) => instance.component.digest)), 1)
        })
      ))

    it.effect("reads the files anew for a new actor", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", echo)
          const layer = Component.layer(Echo, folder)
          const ping = Effect.provide(Echo.use((it) => it.ping()), layer)
          assert.strictEqual(yield* ping, "pong")
          host.put("echo", { ...echo, code: { "echo.ping": () => "new" } })
          assert.strictEqual(yield* ping, "new")
        })
      ))

    it.effect("does not start a restart inline when the digest was revoked meanwhile", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", echo)
          const trust = yield* TrustRegistry
          yield* trust.trustPath(folder, "test")
          const { release } = yield* (yield* Runtime).startUntyped(folder)
          yield* trust.revokeDigest(release.digest, "stolen")
          yield* bounce("acme:echo", "echo.dig")
          assert.deepStrictEqual(host.instances.map((instance) => instance.tier), ["inline", "worker"])
        })
      ))

    it.effect("keeps a revocation over a restart and over a start with the same grants", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          const enforcer = yield* CapabilityEnforcer
          const folder = host.put("echo", echo, asksForKey)
          const options = { grants: [key], environment: { KEY: "v" } }
          const read = Effect.map(runtime.call("acme:echo", "echo.read", []), (result) => result.value)
          const denied = { tag: "err", val: { tag: "access-denied" } }
          yield* runtime.startUntyped(folder, options)
          assert.deepStrictEqual(yield* read, { tag: "ok", val: "v" })
          yield* enforcer.revoke(Principal.make({ kind: "Component", id: "acme:echo" }), { reason: "Enough." })
          assert.deepStrictEqual(yield* read, denied)
          yield* bounce("acme:echo", "echo.dig")
          assert.deepStrictEqual(yield* read, denied)
          yield* runtime.stop("acme:echo")
          yield* runtime.startUntyped(folder, options)
          assert.deepStrictEqual(yield* read, denied)
        })
      ))

    it.effect("names the denials of a call in the error of its trap, each once, and none of the next call", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          yield* runtime.startUntyped(host.put("echo", echo), { environment: { STRIPE_KEY: "sk_live" } })
          const restarted = yield* restart
          const error = yield* Effect.flip(runtime.call("acme:echo", "echo.reach", []))
          assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "Unreachable" })
          assert.deepStrictEqual(error.denials, ["environment STRIPE_KEY"])
          assert.strictEqual(error.component, "acme:echo")
          assert.include(error.message, "denied: environment STRIPE_KEY")
          assert.notInclude(JSON.stringify(error), "sk_live")
          yield* TestClock.adjust("100 millis")
          yield* Fiber.join(restarted)
          const next = yield* Effect.flip(runtime.call("acme:echo", "echo.dig", []))
          assert.deepStrictEqual(next.denials, [])
        })
      ))

    it.effect("does not give up on a component for traps that a denial caused, and does for others", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          const backoff = { base: "100 millis", factor: 1, cap: "100 millis" } as const
          const intensity = { restarts: 1, within: "1 minute" } as const
          yield* runtime.startUntyped(host.put("echo", echo), { backoff, intensity })
          for (let denied = 0; denied < 5; denied++) yield* bounce("acme:echo", "echo.reach")
          yield* bounce("acme:echo", "echo.dig")
          yield* Effect.flip(runtime.call("acme:echo", "echo.dig", []))
          yield* Effect.yieldNow
          assert.strictEqual((yield* runtime.status)[0]?.state, "Quarantined")
        })
      ))

    it.effect("leaves a component running that was denied something", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          yield* runtime.startUntyped(host.put("echo", echo))
          const { value } = yield* runtime.call("acme:echo", "echo.read", [])
          assert.deepStrictEqual(value, { tag: "err", val: { tag: "access-denied" } })
          assert.strictEqual((yield* runtime.call("acme:echo", "echo.ping", [])).value, "pong")
          assert.lengthOf(host.instances, 1)
          const [denial] = yield* (yield* ComponentHost).denials
          assert.strictEqual(denial?.explanation.reason, "NotAsked")
        })
      ))

    it.effect("gives a defect of the host as the cause of the sender's error", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          const broken = new Error("engine bug")
          yield* runtime.startUntyped(host.put("echo", {
            ...echo,
            code: { "echo.ping": () => Effect.die(broken) }
          }))
          const error = yield* Effect.flip(runtime.call("acme:echo", "echo.ping", []))
          assert.strictEqual(error.reason._tag, "Poisoned")
          assert.strictEqual(error.cause, broken)
        })
      ))

    it.effect("counts the messages of each component for itself", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const identity = "airssys:core/identity@0.1.0"
          const runtime = yield* Runtime
          const guest = (name: string): scriptedHost.Guest => ({
            world: world(name, [func("id")], { imports: [imported(identity, "current-message")] }),
            code: { [`${name}.id`]: ({ host }) => host(`${identity}#current-message`) }
          })
          yield* runtime.startUntyped(host.put("busy", guest("busy")))
          yield* runtime.startUntyped(host.put("idle", guest("idle")))
          yield* Effect.replicateEffect(runtime.call("acme:busy", "busy.id", []), 5)
          assert.match(String((yield* runtime.call("acme:idle", "idle.id", [])).value), /-m1$/)
          assert.match(String((yield* runtime.call("acme:busy", "busy.id", [])).value), /-m6$/)
        })
      ))

    it.effect("writes the edges of its life to the audit log, with its digest and without the words of the guest", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          const { release } = yield* runtime.startUntyped(host.put("echo", echo), {
            intensity: { restarts: 0, within: "1 second" }
          })
          yield* Effect.flip(runtime.call("acme:echo", "echo.dig", []))
          const principal = { kind: "Component", id: "acme:echo" }
          const life = (yield* events).filter((event) => "principal" in event && event.principal.id === "acme:echo")
          assert.deepStrictEqual(life as ReadonlyArray<unknown>, [
            { _tag: "Started", principal, digest: release.digest },
            { _tag: "Crashed", principal, detail: "echo.dig: Trap Unreachable" },
            { _tag: "Stopped", principal, detail: "Failed: echo.dig: Trap Unreachable" },
            { _tag: "Dismissed", principal }
          ])
        })
      ))
  })

  it.effect("records crashes and ends also while guests flood the audit log with denials", () =>
    withHost((host) =>
      Effect.gen(function*() {
        const runtime = yield* Runtime
        const flooding = (name: string): scriptedHost.Guest => ({
          world: world(name, [func("flood")], { imports: [imported(environment, "get")] }),
          code: {
            [`${name}.flood`]: ({ host, trap }) => {
              for (let n = 0; n < 100; n++) host(`${environment}#get`, `NAME_${n}`)
              return trap("StackOverflow")
            }
          }
        })
        const names = ["one", "two", "three"]
        for (const name of names) {
          yield* runtime.startUntyped(host.put(name, flooding(name)), {
            intensity: { restarts: 0, within: "1 second" }
          })
        }
        const calls = names.map((name) => Effect.flip(runtime.call(`acme:${name}`, `${name}.flood`, [])))
        yield* Effect.all(calls, { concurrency: 3 })
        for (const name of names) {
          const tags = (yield* events)
            .filter((event) => "principal" in event && event.principal.id === `acme:${name}`)
            .map((event) => event._tag)
          assert.includeMembers(tags, ["Started", "Crashed", "Stopped", "Dismissed"])
        }
      }), { auditCapacity: 4 }))

  describe("lifecycle", () => {
    const setUp = (init: scriptedHost.Code, told: Array<string> = []): scriptedHost.Guest => ({
      world: world("echo", [func("ping", { kind: "string" }), func("dig")], {
        imports: [imported(environment, "get")],
        exports: Contract.world(lifecycle).exports
      }),
      code: {
        ...echo.code,
        "lifecycle.init": init,
        "lifecycle.shutdown": (_, reason) => {
          told.push(String(reason))
          return { tag: "ok" }
        }
      }
    })
    const ok = { tag: "ok" }

    it.effect("gives settings and limits to init, and tells the end once, not after a crash", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const given: Array<unknown> = []
          const told: Array<string> = []
          const folder = host.put(
            "echo",
            setUp((_, configuration) => {
              given.push(configuration)
              return ok
            }, told),
            "[config]\nbase = { type = \"string\", default = \"EUR\" }\ndigits = { type = \"integer\" }\nkey = { type = \"secret\", optional = true }"
          )
          const runtime = yield* Runtime
          yield* runtime.startUntyped(folder, {
            config: { digits: 2 },
            secrets: { key: Redacted.make("sk_live") },
            limits: { fuel: 7 }
          })
          yield* bounce("acme:echo", "echo.dig")
          assert.deepStrictEqual(told, [])
          yield* runtime.stop("acme:echo")
          assert.deepStrictEqual(told, ["stopped"])
          const expected = {
            settings: [{ key: "base", value: "EUR" }, { key: "digits", value: "2" }],
            limits: { memory: 1_048_576n, fuel: 7n, timeout: 1000 }
          }
          assert.deepStrictEqual(given, [expected, expected])
        })
      ))

    for (
      const [title, config] of [
        ["unknown", { digits: 2, "__proto__x": 1 }],
        ["of another type", { digits: "2" }],
        ["not whole", { digits: 2.5 }],
        ["missing", {}],
        ["secret", { digits: 2, key: "sk_live" }]
      ] as const
    ) {
      it.effect(`refuses a config value that is ${title}`, () =>
        withHost((host) =>
          Effect.gen(function*() {
            const folder = host.put(
              "echo",
              setUp(() => ok),
              "[config]\ndigits = { type = \"integer\" }\nkey = { type = \"secret\", optional = true }"
            )
            const error = yield* Effect.flip((yield* Runtime).startUntyped(folder, { config }))
            assert.strictEqual(error._tag === "InstallRefused" ? error.reason : error._tag, "InvalidConfig")
            assert.notInclude(error.message, "sk_live")
          })
        ))
    }

    it.effect("fails the start with what init said, escaped, and keeps it out of the audit log", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put(
            "echo",
            setUp(() => ({ tag: "err", val: { tag: "failed", val: "sk_live \u202e\u001b[2J" } }))
          )
          const error = yield* Effect.flip((yield* Runtime).startUntyped(folder))
          assert.strictEqual(error._tag === "InstantiateError" ? error.reason : error._tag, "StartFailed")
          assert.include(error.message, "sk_live \\u{202e}\\u{1b}[2J")
          assert.notInclude(JSON.stringify(yield* events), "sk_live")
          assert.deepStrictEqual((yield* (yield* Runtime).status).map(({ state }) => state), ["Failed"])
          assert.lengthOf(host.disposed, 1)
        })
      ))

    it.effect("names component and denials when init traps", () =>
      withHost((host) =>
        Effect.gen(function*() {
          const folder = host.put(
            "echo",
            setUp(({ host, trap }) => {
              host(`${environment}#get`, "STRIPE_KEY")
              return trap("Unreachable")
            })
          )
          const error = yield* Effect.flip((yield* Runtime).startUntyped(folder))
          if (error._tag !== "ComponentError") return assert.fail(error._tag)
          assert.strictEqual(error.component, "acme:echo")
          assert.strictEqual(error.export, "lifecycle.init")
          assert.deepStrictEqual(error.denials, ["environment STRIPE_KEY"])
        })
      ))
  })

  it.effect("ends what it hosts with its own scope", () =>
    Effect.gen(function*() {
      const host = scriptedHost.make()
      const folder = host.put("echo", echo)
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(Layer.provide(Component.layer(Echo, folder), host.layer), scope)
      const ping = Effect.provide(Echo.use((it) => it.ping()), services)
      assert.strictEqual(yield* ping, "pong")
      yield* Scope.close(scope, Exit.void)
      assert.lengthOf(host.disposed, 1)
      const error = yield* Effect.flip(ping)
      assert.strictEqual(error.reason._tag, "Stopped")
    }))
})
