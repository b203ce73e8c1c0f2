import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import * as Supervisor from "../../src/actor/Supervisor.ts"
import * as Component from "../../src/component/Component.ts"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import { ComponentHost } from "../../src/component/ComponentHost.ts"
import * as Contract from "../../src/component/Contract.ts"
import * as scriptedHost from "./scriptedHost.ts"

const { func, world } = scriptedHost

interface Shape {
  readonly ping: () => Effect.Effect<string, ComponentError>
  readonly dig: () => Effect.Effect<void, ComponentError>
}

const members = (name: string) => ({
  ping: Contract.func(`acme:${name}/${name}@1.0.0`, "ping", [], { kind: "string" }, undefined),
  dig: Contract.func(`acme:${name}/${name}@1.0.0`, "dig", [], undefined, undefined)
})

class First extends Contract.Service<First, Shape>()("acme:first/plugin@1.0.0", members("first")) {}
class Second extends Contract.Service<Second, Shape>()("acme:second/plugin@1.0.0", members("second")) {}

const guest = (name: string): scriptedHost.Guest => ({
  world: world(name, [func("ping", { kind: "string" }), func("dig")]),
  code: { [`${name}.ping`]: () => name, [`${name}.dig`]: ({ trap }) => trap("Unreachable") }
})

describe("Component", () => {
  it.effect("provides several contracts under one supervisor, of which one may crash alone", () =>
    Effect.gen(function*() {
      const host = scriptedHost.make()
      const Both = Supervisor.layer({
        strategy: "OneForOne",
        intensity: { restarts: 3, within: "10 seconds" },
        children: [
          Component.child(First, host.put("first", guest("first"))),
          Component.child(Second, host.put("second", guest("second")), {
            backoff: { base: "1 second", factor: 1, cap: "1 second" }
          })
        ]
      })
      yield* Effect.gen(function*() {
        const first = yield* First
        const second = yield* Second
        const crash = yield* Effect.flip(second.dig())
        assert.strictEqual(crash.component, "acme:second")
        assert.strictEqual((yield* Effect.flip(second.ping())).reason._tag, "Restarting")
        assert.strictEqual(yield* first.ping(), "first")
        yield* TestClock.adjust("999 millis")
        assert.strictEqual((yield* Effect.flip(second.ping())).reason._tag, "Restarting")
        const restarted = Stream.runHead(
          Stream.filter((yield* ActorSystem).events, (event) => event._tag === "Restarted")
        )
        yield* Effect.all([restarted, TestClock.adjust("1 millis")], { concurrency: 2 })
        assert.strictEqual(yield* second.ping(), "second")
      }).pipe(Effect.provide(Layer.provideMerge(Both, host.layer)))
    }))

  it.effect("takes a release that was installed before", () =>
    Effect.gen(function*() {
      const host = scriptedHost.make()
      const folder = host.put("first", guest("first"))
      yield* Effect.gen(function*() {
        const release = yield* ComponentHost.use((it) => it.install(folder))
        host.files.delete(folder)
        const services = yield* Layer.build(Component.layer(First, release))
        assert.strictEqual(yield* Context.get(services, First).ping(), "first")
      }).pipe(Effect.scoped, Effect.provide(host.layer))
    }))

  it.effect("stops the components that were started when a later one does not start", () =>
    Effect.gen(function*() {
      const host = scriptedHost.make()
      const Both = Supervisor.layer({
        strategy: "OneForOne",
        intensity: Component.defaultIntensity,
        children: [
          Component.child(First, host.put("first", guest("first"))),
          Component.child(Second, "/plugins/none")
        ]
      })
      const error = yield* Effect.flip(Effect.provide(Effect.void, Layer.provide(Both, host.layer)))
      assert.strictEqual(error._tag, "SourceError")
      assert.lengthOf(host.disposed, 1)
    }))

  it.effect("gives a crash without restart as stopped", () =>
    Effect.gen(function*() {
      const host = scriptedHost.make()
      const layer = Component.layer(First, host.put("first", guest("first")), { restart: "Temporary" })
      yield* Effect.gen(function*() {
        const first = yield* First
        yield* Effect.flip(first.dig())
        assert.strictEqual((yield* Effect.flip(first.ping())).reason._tag, "Stopped")
      }).pipe(Effect.provide(Layer.provide(layer, host.layer)))
    }))

  it("refuses failures that leave a case of the guest's error open", () => {
    class Known extends Contract.failure("acme:first/Known") {}
    const err = { kind: "enum", name: undefined, cases: ["known", "unknown"] } as const
    const result = { kind: "result", ok: undefined, err } as const
    assert.throws(() => Contract.func(undefined, "f", [], result, { known: Known }), /error case unknown/)
    assert.throws(
      () => Contract.func(undefined, "f", [], result, { known: Known, unknown: Known, other: Known }),
      /no error case other/
    )
  })
})
