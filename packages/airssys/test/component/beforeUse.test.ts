import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger } from "effect"
import * as Digest from "effect/crypto/Digest"
import { beforeAll } from "vitest"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import * as HostConfig from "../../src/component/HostConfig.ts"
import * as HostFunction from "../../src/component/HostFunction.ts"
import * as HostFunctions from "../../src/component/HostFunctions.ts"
import * as Manifest from "../../src/component/Manifest.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Wit from "../../src/component/Wit.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditError } from "../../src/security/AuditError.ts"
import * as AuditLog from "../../src/security/AuditLog.ts"
import { AuditStore, layerMemory as layerStore } from "../../src/security/AuditStore.ts"
import * as Capability from "../../src/security/Capability.ts"
import * as CapabilityEnforcer from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import * as TrustRegistry from "../../src/security/TrustRegistry.ts"
import { manifest } from "./support/actorGuest.ts"
import { coreWit } from "./support/coreWit.ts"
import { forwardingGuest } from "./support/forwardingGuest.ts"

class Vault extends Capability.Service<Vault, object>()("custom.vault") {}

const error = Wit.variant({ "access-denied": undefined })
const ran: Array<string> = []
const pair = HostFunction.sync({ wit: "acme:vault/vault@1.0.0#both", params: {}, result: Wit.result(Wit.u32, error) }, {
  requires: [Vault.on("gold"), Vault.on("silver")],
  fuel: 100,
  handler: () => () => {
    ran.push("both")
    return { tag: "ok", val: 2 } as const
  }
})

let artifact = new Uint8Array()
let vault = new Uint8Array()

beforeAll(async () => {
  vault = await forwardingGuest({
    owner: "acme:vault/vault@1.0.0",
    functions: [{ name: "both", type: "func() -> result<u32, error>", result: "memory" }],
    types: "use acme:vault/vault@1.0.0.{error};",
    packages: `package acme:vault@1.0.0 { interface vault {
      variant error { access-denied }
      both: func() -> result<u32, error>;
    } }`
  })
  artifact = await forwardingGuest({
    owner: "airssys:core/clock@0.1.0",
    functions: [{ name: "now", type: "func() -> result<datetime, error>", result: "memory" }],
    types: "use airssys:core/types@0.1.0.{error}; use airssys:core/clock@0.1.0.{datetime};",
    packages: coreWit
  })
})

const asksBefore = "[[capability]]\nreason = \"Date them.\"\nclock = true\naudit = \"before-use\""
const asks = "[[capability]]\nreason = \"Date them.\"\nclock = true"
const grantBefore = Grant.make("clock", { reason: "Fine.", audit: "before-use" })
const grant = Grant.make("clock", { reason: "Fine." })

const uses = (bytes: Uint8Array): boolean => new TextDecoder().decode(bytes).includes("CapabilityUsed")

/** Runs a test with a component over a log that takes bytes with a use in them as the test says. */
const running = <A, E>(
  options: {
    readonly asks: string
    readonly grant: Grant.Grant
    readonly write: Effect.Effect<void, AuditError>
    readonly function?: "both"
  },
  test: (
    now: Effect.Effect<unknown, ComponentError>
  ) => Effect.Effect<A, E, AuditLog.AuditLog | CapabilityEnforcer.CapabilityEnforcer>
) => {
  const store = Layer.effect(
    AuditStore,
    Effect.map(AuditStore, (memory) => ({
      ...memory,
      append: (bytes) => Effect.andThen(uses(bytes) ? options.write : Effect.void, memory.append(bytes))
    }))
  )
  return Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    yield* runtime.startUntyped("/probe", { tier: "inline", grants: [options.grant] })
    return yield* test(
      Effect.map(runtime.call("acme:probe", `probe.${options.function ?? "now"}`, []), ({ value }) => value)
    )
  }).pipe(
    Effect.provide(
      Runtime.layerWith.pipe(
        Layer.provideMerge(CapabilityEnforcer.layer),
        Layer.provideMerge(Layer.orDie(TrustRegistry.layerMemory())),
        Layer.provideMerge(AuditLog.layer()),
        Layer.provide(store),
        Layer.provide(layerStore),
        Layer.provide([
          Digest.layerWebCrypto,
          layerEngine,
          HostFunctions.layer(pair),
          ReleaseSource.layerMemory({
            "/probe": {
              manifest: manifest(options.asks, "fuel = 1_000_000"),
              artifact: options.function === undefined ? artifact : vault
            }
          })
        ])
      )
    )
  )
}

const epoch = { tag: "ok", val: { seconds: 0n, nanoseconds: 0 } }

describe("a use that is recorded before it happens", () => {
  for (
    const { name, ...given } of [
      { name: "the manifest", asks: asksBefore, grant },
      { name: "the grant", asks, grant: grantBefore },
      { name: "both", asks: asksBefore, grant: grantBefore }
    ]
  ) {
    it.effect(`waits for the log where ${name} says so, in a function that does not wait by itself`, () =>
      Effect.gen(function*() {
        const reached = yield* Deferred.make<void>()
        const gate = yield* Deferred.make<void>()
        const write = Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(gate))
        yield* running({ ...given, write }, (now) =>
          Effect.gen(function*() {
            const answer = yield* Effect.forkChild(now)
            yield* Deferred.await(reached)
            yield* Effect.yieldNow
            assert.isUndefined(answer.pollUnsafe())
            yield* Deferred.succeed(gate, undefined)
            assert.deepStrictEqual(yield* Fiber.join(answer), epoch)
          }))
      }))
  }

  it.effect("does not happen where the log cannot be written", () =>
    running({
      asks: asksBefore,
      grant,
      write: Effect.fail(new AuditError({ reason: "Unwritable", detail: "disk full" }))
    }, (now) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* now, { tag: "err", val: { tag: "access-denied" } })
      })))

  it.effect("does not happen where something else that it requires was revoked meanwhile", () =>
    Effect.gen(function*() {
      const reached = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      let writes = 0
      const write = Effect.suspend(() =>
        ++writes === 2 ? Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(gate)) : Effect.void
      )
      const given = {
        asks: "[[capability]]\nreason = \"Try.\"\naudit = \"before-use\"\ncustom = { vault = [\"*\"] }",
        grant: Grant.make("custom.vault", ["gold"], { reason: "Fine." }),
        function: "both" as const
      }
      yield* running({ ...given, write }, (both) =>
        Effect.gen(function*() {
          const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
          const principal = Principal.make({ kind: "Component", id: "acme:probe" })
          yield* enforcer.grant(principal, Grant.make("custom.vault", ["silver"], { reason: "Fine." }))
          const answer = yield* Effect.forkChild(both)
          yield* Deferred.await(reached)
          const [gold] = yield* enforcer.held(principal)
          const revoked = yield* Effect.forkChild(enforcer.revoke(principal, { grant: gold!.id, reason: "Lost." }), {
            startImmediately: true
          })
          yield* Deferred.succeed(gate, undefined)
          assert.deepStrictEqual(yield* Fiber.join(answer), { tag: "err", val: { tag: "access-denied" } })
          assert.deepStrictEqual(ran, [])
          yield* Fiber.join(revoked)
        }))
    }))

  it.effect("is denied where it was granted so while the component ran, which its host is told of once", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => {
      if (String(message).includes("before-use")) lines.push(String(message))
    })
    const given = { asks, grant: Grant.make("log", { reason: "Fine." }), write: Effect.void }
    return running(given, (now) =>
      Effect.gen(function*() {
        const denied = { tag: "err", val: { tag: "access-denied" } }
        assert.deepStrictEqual(yield* now, denied)
        assert.deepStrictEqual(lines, [])
        const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
        yield* enforcer.grant(Principal.make({ kind: "Component", id: "acme:probe" }), grantBefore)
        for (let times = 0; times < 3; times++) assert.deepStrictEqual(yield* now, denied)
        assert.deepStrictEqual(lines, [
          "acme:probe 1.0.0: clock was granted with audit = \"before-use\" while it ran, and is denied until it is started again"
        ])
      })).pipe(Effect.provide(Logger.layer([logger])))
  })

  it("is written by manifests and hosts, and by nothing else", () => {
    const parsed = Manifest.parse(manifest(asksBefore), { file: "Component.toml" })
    assert.deepStrictEqual(parsed._tag === "Success" && parsed.success.asks.map(({ audit }) => audit), ["before-use"])
    const wrong = Manifest.parse(manifest(asksBefore.replace("before-use", "never")), { file: "Component.toml" })
    assert.strictEqual(wrong._tag, "Failure")
    const host = HostConfig.parse(
      `schema = 1
[[component]]
source = "probe"
[[component.grant]]
reason = "Fine."
clock = true
audit = "before-use"`,
      { file: "airssys.toml" }
    )
    assert.deepStrictEqual(
      host._tag === "Success" && host.success.components.flatMap((one) => one.options.grants.map(({ audit }) => audit)),
      ["before-use"]
    )
  })
})
