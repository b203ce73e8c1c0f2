import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref } from "effect"
import { ComponentEngine, type Imports, type Tier } from "../../src/component/ComponentEngine.ts"
import * as Contract from "../../src/component/Contract.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import { TrustRegistry } from "../../src/security/TrustRegistry.ts"
import { interfaceOf } from "./support/imports.ts"

const func = (name: string) => Contract.func("acme:probe/probe@1.0.0", name, [], { kind: "string" }, undefined)

class Probe extends Contract.Service<Probe, {
  readonly ping: () => Effect.Effect<string>
}>()("acme:probe/plugin@1.0.0", { ping: func("ping") }) {}

class Other extends Contract.Service<Other, {
  readonly pong: () => Effect.Effect<string>
}>()("acme:probe/plugin@1.0.0", { pong: func("pong") }) {}

const digest = "ab".repeat(32)

const manifest = `schema = 1
[component]
namespace = "acme"
name = "probe"
version = "1.0.0"
world = "acme:probe/plugin@1.0.0"
[build]
command = "none"
output = "probe.wasm"
[limits]
memory = "64 KiB"
timeout = "1 s"
[[capability]]
reason = "Read two settings."
environment = ["A", "B"]
`

interface Started {
  readonly imports: Imports
  readonly tier: Tier
}

/** Runs a test with a guest that exports what `Probe` has and whose imports the test calls itself. */
const hosting = <A, E>(
  test: (started: Effect.Effect<Started>) => Effect.Effect<A, E, Runtime.Services>,
  options: { readonly imports?: ReadonlyArray<string> } = {}
) =>
  Effect.gen(function*() {
    const started = yield* Ref.make<Started>({ imports: new Map(), tier: "inline" })
    const imports = (options.imports ?? ["airssys:core/environment@0.1.0"]).map((id) => interfaceOf(id, "get", "names"))
    const component = { digest, world: { ...Contract.world(Probe.definition), imports } }
    const engine = Layer.succeed(ComponentEngine, {
      name: "probe",
      keeps: () => ({ timeout: true, fuel: true }),
      load: () => Effect.succeed(component),
      instantiate: (_, { imports, tier }) =>
        Effect.as(Ref.set(started, { imports, tier }), { component, tier, isPoisoned: () => false }),
      call: () =>
        Effect.succeed({ value: "pong", receipt: { fuel: undefined, costTable: undefined, memory: 0, nanos: 0n } }),
      callUnsafe: () => undefined,
      dispose: () => Effect.void
    })
    const source = ReleaseSource.layerMemory({ "/plugins/probe": { manifest, artifact: new Uint8Array([0]) } })
    return yield* Effect.provide(test(Ref.get(started)), Runtime.layer.pipe(Layer.provide([engine, source])))
  })

const start = (grants: ReadonlyArray<Grant.Grant>) =>
  Runtime.Runtime.use((runtime) =>
    runtime.start(Probe, "/plugins/probe", { grants, environment: { A: "1", B: "2", SECRET: "sk_live" } })
  )

const call = ({ imports }: Started, name: string, ...args: ReadonlyArray<unknown>) => {
  const found = imports.get("airssys:core/environment@0.1.0")?.get(name)
  return found?._tag === "Sync" ? found.call(args) : assert.fail(`there is no ${name}`)
}

const reasonOf = (error: { readonly _tag: string; readonly reason?: unknown }) => [error._tag, error.reason]
const granted = Grant.make("environment", ["A", "SECRET"], { reason: "One that it asks for, one that it does not." })
const denied = { tag: "err", val: { tag: "access-denied" } }

describe("hosting", () => {
  it.effect("tells a guest that access is denied, and nothing else", () =>
    hosting((started) =>
      Effect.gen(function*() {
        yield* start([granted])
        const guest = yield* started
        assert.deepStrictEqual(call(guest, "get", "A"), { tag: "ok", val: "1" })
        for (const name of ["B", "SECRET", "NOTHING"]) assert.deepStrictEqual(call(guest, "get", name), denied)
        const audit = yield* AuditLog
        const denials = (yield* audit.entries).flatMap(({ event }) =>
          event._tag === "CapabilityDenied" ? [[event.resource, event.reason]] : []
        )
        assert.deepStrictEqual(denials, [["B", "NoMatch"], ["SECRET", "NotAsked"], ["NOTHING", "NotAsked"]])
      })
    ))

  it.effect("takes a power away between two calls of a guest", () =>
    hosting((started) =>
      Effect.gen(function*() {
        yield* start([granted])
        const guest = yield* started
        assert.deepStrictEqual(call(guest, "get", "A"), { tag: "ok", val: "1" })
        const enforcer = yield* CapabilityEnforcer
        const probe = Principal.make({ kind: "Component", id: "acme:probe" })
        assert.strictEqual(yield* enforcer.revoke(probe, { kind: "environment", reason: "No longer." }), 1)
        assert.deepStrictEqual(call(guest, "get", "A"), denied)
      })
    ))

  it.effect("shows a guest the names that are granted, and no others", () =>
    hosting((started) =>
      Effect.gen(function*() {
        yield* start([granted])
        assert.deepStrictEqual(call(yield* started, "names"), { tag: "ok", val: ["A"] })
      })
    ))

  it.effect("runs what nobody trusts in a worker", () =>
    hosting((started) =>
      Effect.gen(function*() {
        const runtime = yield* Runtime.Runtime
        const unknown = yield* start([])
        assert.strictEqual(unknown.release.trust.level, "Unknown")
        assert.strictEqual((yield* started).tier, "worker")
        yield* runtime.stop("acme:probe")
      })
    ).pipe(Effect.andThen(hosting((started) =>
      Effect.gen(function*() {
        yield* TrustRegistry.use((trust) => trust.trustDigest(`sha256:${digest}`, "reviewed"))
        yield* start([])
        assert.strictEqual((yield* started).tier, "inline")
      })
    ))))

  it.effect("does not start a component for a contract that it does not keep", () =>
    hosting(() =>
      Effect.gen(function*() {
        const runtime = yield* Runtime.Runtime
        const error = yield* Effect.flip(runtime.start(Other, "/plugins/probe"))
        assert.deepStrictEqual(reasonOf(error), ["InstallRefused", "ContractMismatch"])
        assert.include(error.message, "acme:probe/probe@1.0.0#pong")
        assert.deepStrictEqual((yield* runtime.status).map(({ state }) => state), ["Installed"])
      })
    ))

  it.effect("does not install a component that imports what nobody serves", () =>
    hosting(
      () =>
        Effect.gen(function*() {
          const runtime = yield* Runtime.Runtime
          const error = yield* Effect.flip(runtime.install("/plugins/probe"))
          assert.deepStrictEqual(reasonOf(error), ["InstallRefused", "UnknownImports"])
          assert.include(error.message, "wasi:http/types@0.2.0")
        }),
      { imports: ["wasi:http/types@0.2.0"] }
    ))
})
