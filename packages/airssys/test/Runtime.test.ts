import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { ActorSystem } from "../src/actor/ActorSystem.ts"
import * as Component from "../src/component/Component.ts"
import type { ComponentError } from "../src/component/ComponentError.ts"
import { ComponentHost } from "../src/component/ComponentHost.ts"
import * as ComponentLifecycle from "../src/component/ComponentLifecycle.ts"
import * as Contract from "../src/component/Contract.ts"
import { lifecycle } from "../src/component/internal/coreExports.ts"
import * as Runtime from "../src/Runtime.ts"
import { CapabilityEnforcer } from "../src/security/CapabilityEnforcer.ts"
import * as Grant from "../src/security/Grant.ts"
import * as scriptedHost from "./component/scriptedHost.ts"

const { func, world } = scriptedHost

const guest = (name: string, code: scriptedHost.Guest["code"] = {}): scriptedHost.Guest => ({
  world: world(name, [func("ping", { kind: "string" }), func("dig"), func("wait")]),
  code: { [`${name}.ping`]: () => "pong", [`${name}.dig`]: ({ trap }) => trap("Unreachable"), ...code }
})

class Echo extends Contract.Service<Echo, { readonly ping: () => Effect.Effect<string, ComponentError> }>()(
  "acme:echo/plugin@1.0.0",
  { ping: Contract.func("acme:echo/echo@1.0.0", "ping", [], { kind: "string" }, undefined) }
) {}

const withRuntime = <A, E>(
  body: (
    runtime: Runtime.Runtime["Service"],
    host: ReturnType<typeof scriptedHost.make>
  ) => Effect.Effect<A, E, Runtime.Services>
) => {
  const host = scriptedHost.make()
  return Effect.provide(Effect.flatMap(Runtime.Runtime, (runtime) => body(runtime, host)), host.layer)
}

const tag = (error: { readonly _tag: string }): string => error._tag
const settled = Effect.replicateEffect(Effect.yieldNow, 20, { discard: true })

describe("Runtime", () => {
  describe("start", () => {
    it.effect("lets one of many concurrent starts of an id win", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", guest("echo"))
          const starts = yield* Effect.all(
            Array.from({ length: 10 }, () => Effect.result(runtime.startUntyped(folder))),
            { concurrency: "unbounded" }
          )
          const failures = starts.flatMap((start) => start._tag === "Failure" ? [start.failure._tag] : [])
          assert.deepStrictEqual(failures, Array.from({ length: 9 }, () => "AlreadyRunning"))
          assert.lengthOf(host.instances, 1)
        })
      ))

    it.effect("refuses a second component of the same id from another folder, which gains nothing by it", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          yield* runtime.startUntyped(host.put("echo", guest("echo")))
          const other = host.put("echo", guest("echo", { "echo.ping": () => "forged" }), "", "/tmp/echo")
          assert.strictEqual(tag(yield* Effect.flip(runtime.startUntyped(other))), "AlreadyRunning")
          const layered = yield* Effect.flip(
            Effect.provide(
              Echo.use((it) => it.ping()),
              Component.layer(Echo, other, {
                grants: [Grant.make("log", { reason: "More." })]
              })
            )
          )
          assert.strictEqual(layered._tag === "InstallRefused" ? layered.reason : layered._tag, "AlreadyHosted")
          assert.strictEqual((yield* runtime.call("acme:echo", "echo.ping", [])).value, "pong")
          const held = yield* (yield* CapabilityEnforcer).held({
            kind: "Component",
            id: "acme:echo",
            label: "acme:echo"
          })
          assert.deepStrictEqual(held, [])
        })
      ))

    it.effect("starts again, with other grants, right after a stop that nobody waited for", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", guest("echo"))
          yield* runtime.startUntyped(folder)
          for (let turn = 0; turn < 20; turn++) {
            const stopping = yield* Effect.forkChild(runtime.stop("acme:echo"), { startImmediately: true })
            yield* runtime.startUntyped(folder, { grants: [Grant.make("log", { reason: `Turn ${turn}.` })] })
            yield* Fiber.join(stopping)
            assert.strictEqual((yield* runtime.call("acme:echo", "echo.ping", [])).value, "pong")
          }
          assert.lengthOf(host.disposed, 20)
        })
      ))

    it.effect("makes way for a component that was given up", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", guest("echo"))
          yield* runtime.startUntyped(folder, { intensity: { restarts: 0, within: "1 second" } })
          yield* Effect.flip(runtime.call("acme:echo", "echo.dig", []))
          const [status] = yield* runtime.status
          assert.strictEqual(status?.state, "Quarantined")
          yield* runtime.startUntyped(folder)
          assert.strictEqual((yield* runtime.call("acme:echo", "echo.ping", [])).value, "pong")
        })
      ))

    it.effect("leaves nothing behind when it is interrupted", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          const folder = host.put("echo", guest("echo"))
          const starting = yield* Effect.forkChild(runtime.startUntyped(folder), { startImmediately: true })
          yield* Effect.yieldNow
          yield* Fiber.interrupt(starting)
          assert.isFalse((yield* runtime.status).some(({ state }) => ComponentLifecycle.isLive(state)))
          assert.strictEqual(host.disposed.length, host.instances.length)
          yield* runtime.startUntyped(folder)
          assert.strictEqual((yield* runtime.call("acme:echo", "echo.ping", [])).value, "pong")
        })
      ))

    it.effect("runs several components that keep one contract, and names each in its errors", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          const first = yield* runtime.start(Echo, host.put("first", guest("echo")))
          const second = yield* runtime.start(
            Echo,
            host.put("second", guest("echo", { "echo.ping": ({ trap }) => trap("Unreachable") }))
          )
          assert.strictEqual(yield* first.client.ping(), "pong")
          const error = yield* Effect.flip(second.client.ping())
          assert.strictEqual(error.component, "acme:second")
          yield* Effect.yieldNow
          assert.strictEqual((yield* Effect.flip(second.client.ping())).component, "acme:second")
        })
      ))

    it.effect("hosts a component of a folder under its own id, and frees it when its start fails", () =>
      withRuntime((_runtime, host) =>
        Effect.gen(function*() {
          const folder = host.put("other", guest("echo"))
          const refused = Component.layer(Echo, folder, { limits: { memory: "1 GiB" } })
          const error = yield* Effect.flip(Effect.provide(Echo.use((it) => it.ping()), refused))
          assert.strictEqual(error._tag, "InstallRefused")
          const release = yield* ComponentHost.use((it) => it.install(folder))
          const hosted = Component.layer(Echo, release)
          assert.strictEqual(yield* Effect.provide(Echo.use((it) => it.ping()), hosted), "pong")
          const again = Component.layer(Echo, folder)
          assert.strictEqual(yield* Effect.provide(Echo.use((it) => it.ping()), again), "pong")
        })
      ))

    it.effect("refuses a contract that the component does not keep", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          class Other extends Contract.Service<Other, { readonly ping: () => Effect.Effect<number, ComponentError> }>()(
            "acme:echo/plugin@1.0.0",
            { ping: Contract.func("acme:echo/echo@1.0.0", "ping", [], { kind: "u32" }, undefined) }
          ) {}
          const wrong = yield* Effect.flip(runtime.start(Other, host.put("echo", guest("echo"))))
          assert.include(String(wrong), "in the contract")
          const foreign = yield* Effect.flip(runtime.start(Echo, host.put("totals", guest("totals"))))
          assert.include(String(foreign), "the component does not export acme:echo/echo@1.0.0#ping")
          assert.lengthOf(host.instances, 0)
        })
      ))
  })

  describe("stop", () => {
    it.effect("of one component does not wait for the start of another", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          yield* runtime.startUntyped(host.put("echo", guest("echo")))
          const slow = host.put("slow", {
            world: world("slow", [], { exports: Contract.world(lifecycle).exports }),
            code: { "lifecycle.init": () => Effect.never }
          })
          const starting = yield* Effect.forkChild(Effect.flip(runtime.startUntyped(slow)), { startImmediately: true })
          while (host.instances.length < 2) yield* Effect.yieldNow
          yield* runtime.stop("acme:echo")
          assert.isUndefined(starting.pollUnsafe())
          yield* TestClock.adjust("30 seconds")
          assert.strictEqual(tag(yield* Fiber.join(starting)), "ComponentError")
        })
      ))

    it.effect("lets the call that runs end, and the calls that wait", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<string>()
          const folder = host.put("echo", guest("echo", { "echo.wait": () => Deferred.await(gate) }))
          yield* runtime.startUntyped(folder)
          const running = yield* Effect.forkChild(runtime.call("acme:echo", "echo.wait", []), {
            startImmediately: true
          })
          const waiting = yield* Effect.forkChild(runtime.call("acme:echo", "echo.ping", []), {
            startImmediately: true
          })
          yield* settled
          const stopping = yield* Effect.forkChild(runtime.stop("acme:echo"), { startImmediately: true })
          yield* settled
          const late = yield* Effect.flip(runtime.call("acme:echo", "echo.ping", []))
          assert.strictEqual(late.reason._tag, "Stopped")
          yield* Deferred.succeed(gate, "done")
          assert.strictEqual((yield* Fiber.join(running)).value, "done")
          assert.strictEqual((yield* Fiber.join(waiting)).value, "pong")
          yield* Fiber.join(stopping)
        })
      ))

    it.effect("ends a call that does not end, and its sender hears of it", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          yield* runtime.startUntyped(host.put("echo", guest("echo", { "echo.wait": () => Effect.never })))
          const running = yield* Effect.forkChild(Effect.flip(runtime.call("acme:echo", "echo.wait", [])), {
            startImmediately: true
          })
          yield* settled
          const stopping = yield* Effect.forkChild(runtime.stop("acme:echo"), { startImmediately: true })
          yield* TestClock.adjust("10 seconds")
          assert.strictEqual((yield* Fiber.join(running)).reason._tag, "Stopped")
          yield* Fiber.join(stopping)
          assert.lengthOf(host.disposed, 1)
        })
      ))
  })

  describe("call", () => {
    it.effect("goes on without the caller that was interrupted, and the next caller gets its own answer", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<string>()
          const folder = host.put("echo", guest("echo", { "echo.wait": () => Deferred.await(gate) }))
          yield* runtime.startUntyped(folder)
          const first = yield* Effect.forkChild(runtime.call("acme:echo", "echo.wait", []), { startImmediately: true })
          yield* settled
          yield* Fiber.interrupt(first)
          const second = yield* Effect.forkChild(runtime.call("acme:echo", "echo.ping", []), { startImmediately: true })
          yield* settled
          yield* Deferred.succeed(gate, "late")
          assert.strictEqual((yield* Fiber.join(second)).value, "pong")
          const { accepted, handled } = yield* (yield* ActorSystem).accounting
          assert.deepStrictEqual([accepted, handled], [2, 2])
        })
      ))

    it.effect("is busy beyond the mailbox, and counts what it refused", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<string>()
          const folder = host.put("echo", guest("echo", { "echo.wait": () => Deferred.await(gate) }))
          yield* runtime.startUntyped(folder, { mailbox: 2 })
          const calls = (count: number) =>
            Effect.forkChild(
              Effect.all(
                Array.from({ length: count }, () => Effect.result(runtime.call("acme:echo", "echo.wait", []))),
                { concurrency: "unbounded" }
              ),
              { startImmediately: true }
            )
          const running = yield* calls(1)
          yield* settled
          const waiting = yield* calls(4)
          yield* settled
          yield* Deferred.succeed(gate, "done")
          const tags = [...yield* Fiber.join(running), ...yield* Fiber.join(waiting)].map((call) =>
            call._tag === "Success" ? "answered" : call.failure.reason._tag
          )
          assert.deepStrictEqual(tags.filter((it) => it === "Busy").length, 2)
          const { deadLetters, offered, rejected } = yield* (yield* ActorSystem).accounting
          assert.deepStrictEqual([offered, rejected, deadLetters], [5, 2, 2])
        })
      ))

    it.effect("knows no component and no export by an inherited name", () =>
      withRuntime((runtime, host) =>
        Effect.gen(function*() {
          yield* runtime.startUntyped(host.put("echo", guest("echo")))
          for (const target of ["echo.constructor", "__proto__", "echo.", ".ping", "", "echo.echo.ping"]) {
            const error = yield* Effect.flip(runtime.call("acme:echo", target, []))
            assert.strictEqual(error.reason._tag, "NoSuchExport")
          }
          assert.strictEqual((yield* Effect.flip(runtime.call("__proto__", "echo.ping", []))).reason._tag, "Stopped")
        })
      ))
  })

  describe("resolve", () => {
    const of = (id: string | undefined) => ({ id, functions: [func("latest")], types: [], resources: [] })
    const both = { imports: [], exports: [of("acme:rates/rates@1.2.0"), of("evil:x/rates"), of(undefined)] }

    it("finds functions of the world, of an interface, and of an interface by its whole id", () => {
      assert.isUndefined(Runtime.resolve(both, "latest")?.interface)
      assert.strictEqual(Runtime.resolve(both, "latest")?.function, "latest")
      assert.strictEqual(
        Runtime.resolve({ imports: [], exports: [of("acme:rates/rates@1.2.0")] }, "rates.latest")?.interface,
        "acme:rates/rates@1.2.0"
      )
      assert.strictEqual(Runtime.resolve(both, "evil:x/rates#latest")?.interface, "evil:x/rates")
      assert.strictEqual(
        Runtime.resolve(both, "acme:rates/rates@1.2.0#latest")?.interface,
        "acme:rates/rates@1.2.0"
      )
    })

    it("does not choose between two interfaces of one name", () => {
      assert.isUndefined(Runtime.resolve(both, "rates.latest"))
    })
  })

  it.effect("stops what it started when its layer closes, and its clients say so", () =>
    Effect.gen(function*() {
      const host = scriptedHost.make()
      const folder = host.put("echo", guest("echo"))
      const client = yield* Effect.provide(
        Effect.flatMap(Runtime.Runtime, (runtime) => Effect.map(runtime.start(Echo, folder), (it) => it.client)),
        host.layer
      )
      assert.strictEqual((yield* Effect.flip(client.ping())).reason._tag, "Stopped")
      assert.lengthOf(host.disposed, 1)
    }))
})
