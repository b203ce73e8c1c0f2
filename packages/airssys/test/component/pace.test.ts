import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { vi } from "vitest"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import type { LayerOptions } from "../../src/component/Component.ts"
import { ComponentDirectory } from "../../src/component/ComponentDirectory.ts"
import { ComponentHost } from "../../src/component/ComponentHost.ts"
import { Paces } from "../../src/component/internal/pace.ts"
import { Runtime } from "../../src/Runtime.ts"
import * as scriptedHost from "./scriptedHost.ts"

const { func, world } = scriptedHost

/** Two components that wait for a gate and take naps. */
const hosted = Effect.fnUntraced(function*(options: LayerOptions = {}, idle = options) {
  const host = scriptedHost.make()
  const gate = yield* Deferred.make<void>()
  const code: scriptedHost.Guest["code"] = {
    "echo.ping": () => "pong",
    "echo.wait": () => Deferred.await(gate),
    "echo.nap": () => Effect.sleep("4 seconds")
  }
  const functions = [func("ping", { kind: "string" }), func("wait"), func("nap")]
  const folders = ["echo", "idle"].map((name) => host.put(name, { world: world("echo", functions), code }))
  const seen: Array<string> = []
  const run = Effect.gen(function*() {
    const runtime = yield* Runtime
    const { lifecycle } = yield* ComponentHost
    yield* Effect.forkChild(
      Stream.runForEach(
        lifecycle,
        ({ because, component, edge: [, state] }) =>
          Effect.sync(() => component === "acme:echo" && seen.push(`${state}: ${because}`))
      ),
      { startImmediately: true }
    )
    for (const [n, folder] of folders.entries()) yield* runtime.startUntyped(folder, n === 0 ? options : idle)
    const call = (name: string, component = "acme:echo") =>
      Effect.forkChild(Effect.ignore(runtime.call(component, `echo.${name}`, [])), { startImmediately: true })
    const status = Effect.map(runtime.status, ([echo]) => echo!)
    return { runtime, call, status, seen, gate }
  })
  return { host, run }
})

const hosting = <A, E>(
  test: (host: Effect.Success<Effect.Success<ReturnType<typeof hosted>>["run"]>) => Effect.Effect<A, E, Services>,
  options?: LayerOptions,
  idle?: LayerOptions
) => Effect.flatMap(hosted(options, idle), ({ host, run }) => Effect.provide(Effect.flatMap(run, test), host.layer))

type Services = ActorSystem | ComponentDirectory | ComponentHost | Runtime

describe("a message that takes long", () => {
  it.effect("makes its component degraded from outside, until it ends", () =>
    hosting(({ call, gate, runtime, seen, status }) =>
      Effect.gen(function*() {
        const waiting = yield* call("wait")
        yield* TestClock.adjust("9 seconds")
        assert.deepStrictEqual([(yield* status).state, (yield* status).health], ["Running", "Healthy"])
        yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("5 seconds")
        const { because, health, state, working } = yield* status
        assert.deepStrictEqual([state, health, because], ["Degraded", "Degraded", [
          "it has worked on echo.wait for 15s"
        ]])
        assert.deepStrictEqual(working, { export: "echo.wait", forMillis: 15_000 })
        assert.strictEqual((yield* runtime.status)[1]?.health, "Healthy")
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(waiting)
        assert.deepStrictEqual([(yield* status).state, (yield* status).health], ["Running", "Healthy"])
        assert.deepStrictEqual(seen, [
          "Starting: it is started",
          "Running: it has started",
          "Degraded: it has worked on echo.wait for 10s",
          "Running: it goes on"
        ])
      })
    ))

  it.effect("is none of many that end in time", () =>
    hosting(({ call, seen }) =>
      Effect.gen(function*() {
        const naps = yield* Effect.replicateEffect(call("nap"), 10)
        for (let second = 0; second < 40; second++) yield* TestClock.adjust("1 second")
        yield* Effect.forEach(naps, Fiber.join)
        yield* TestClock.adjust("1 minute")
        assert.lengthOf(seen, 2)
      })
    ))

  it.effect("is not one before which its instance had nothing to do for long", () =>
    hosting(({ call, seen }) =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1 minute")
        for (let times = 0; times < 2; times++) {
          const nap = yield* call("nap")
          yield* TestClock.adjust("1 minute")
          yield* Fiber.join(nap)
        }
        assert.lengthOf(seen, 2)
      })
    ))

  it.effect("is judged by the time between two checks that was given, and by the instance that it holds up", () =>
    hosting(
      ({ call, gate, runtime, status }) =>
        Effect.gen(function*() {
          yield* call("wait")
          yield* TestClock.adjust("2 seconds")
          yield* call("wait")
          yield* TestClock.adjust("1 second")
          const { because, health, instances } = yield* status
          assert.deepStrictEqual([health, because], ["Degraded", ["it has worked on echo.wait for 3s"]])
          assert.deepStrictEqual(instances, { running: 2, expected: 2 })
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual((yield* status).working, { export: "echo.wait", forMillis: 63_000 })
          yield* Deferred.succeed(gate, undefined)
          while ((yield* status).state !== "Running") yield* Effect.yieldNow
          assert.isUndefined((yield* status).working)
          yield* runtime.stop("acme:echo")
        }),
      { health: { every: "3 seconds" }, pool: { size: 2 } }
    ))

  it.effect("is judged by its own time, also where another has more and was first", () =>
    hosting(
      ({ call, gate, runtime }) =>
        Effect.gen(function*() {
          const first = yield* call("wait")
          yield* TestClock.adjust("100 millis")
          const second = yield* call("wait", "acme:idle")
          yield* TestClock.adjust("2 seconds")
          const health = Effect.map(runtime.status, (all) => all.map(({ health }) => health))
          assert.deepStrictEqual(yield* health, ["Healthy", "Degraded"])
          yield* TestClock.adjust("8 seconds")
          assert.deepStrictEqual(yield* health, ["Degraded", "Degraded"])
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.joinAll([first, second])
        }),
      { health: { every: "10 seconds" } },
      { health: { every: "1 second" } }
    ))

  it.effect("is over with its instance", () =>
    hosting(({ call, runtime, seen, status }) =>
      Effect.gen(function*() {
        const { kill } = yield* ActorSystem
        yield* call("wait")
        yield* TestClock.adjust("10 seconds")
        const { ref, release } = (yield* ComponentDirectory).lookup("acme:echo")!
        yield* kill(ref)
        assert.isUndefined((yield* status).working)
        yield* runtime.startUntyped(release)
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual([(yield* status).state, (yield* status).health], ["Running", "Healthy"])
        assert.deepStrictEqual(seen.slice(3), [
          "Stopping: it is stopped",
          "Stopped: Killed",
          "Starting: it is started",
          "Running: it has started"
        ])
      })
    ))

  it.effect("is followed no longer when its instance has ended, and nothing holds that then", () =>
    hosting(({ call, runtime }) =>
      Effect.gen(function*() {
        const { kill } = yield* ActorSystem
        const add = vi.spyOn(Paces.prototype, "add")
        const remove = vi.spyOn(Paces.prototype, "remove")
        const { ref, release } = (yield* ComponentDirectory).lookup("acme:echo")!
        yield* call("wait")
        yield* kill(ref)
        assert.lengthOf(add.mock.calls, 1)
        assert.deepStrictEqual(remove.mock.calls, add.mock.calls)
        yield* runtime.startUntyped(release)
        yield* Fiber.join(yield* call("ping"))
        yield* runtime.stop("acme:echo")
        assert.deepStrictEqual(remove.mock.calls, add.mock.calls)
      })
    ).pipe(Effect.ensuring(Effect.sync(() => vi.restoreAllMocks()))))
})
