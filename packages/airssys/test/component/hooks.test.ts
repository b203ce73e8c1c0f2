import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll } from "vitest"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import { ComponentDirectory } from "../../src/component/ComponentDirectory.ts"
import type { ComponentEnd } from "../../src/component/ComponentEnd.ts"
import { ComponentHost } from "../../src/component/ComponentHost.ts"
import { Deliver } from "../../src/component/ComponentMessage.ts"
import * as Delivery from "../../src/component/Delivery.ts"
import { Runtime } from "../../src/Runtime.ts"
import { actorGuest, type Hooks, loop, manifest, refuse, report, trap } from "./support/actorGuest.ts"
import { asks, bounced, call, events, type File, layer, none, start, steps, until } from "./support/actorHost.ts"

/** So much that a call gives way to others instead of running to its end at once. */
const patient = "fuel = 1_000_000_000_000\ntimeout = \"60 s\""
const speak = "(call $get (i32.const 1032) (i32.const 3) (i32.const 256))"
const once = "(if (global.get $count) (then unreachable)) (call $next)"

const guests = {
  plain: {},
  "init-loops": { init: loop },
  "init-once": { init: once },
  "init-refuses": { init: refuse },
  "shutdown-loops": { shutdown: loop },
  "shutdown-traps": { shutdown: `${speak} ${trap}` },
  "shutdown-traps-late": { shutdown: `(if (global.get $count) (then ${trap}))` },
  "shutdown-speaks": { shutdown: speak },
  "shutdown-refuses": { shutdown: refuse },
  "shutdown-on-exit": { shutdown: `(if (i32.eq (local.get 0) (i32.const 2)) (then ${speak}))` },
  ill: { check: report(2) },
  tired: { check: report(1) },
  "check-loops": { check: loop },
  "check-traps": { check: trap }
} as const satisfies Record<string, Hooks>

const files: Record<string, File> = {}

beforeAll(async () => {
  for (const [name, hooks] of Object.entries(guests)) {
    files[`/${name}`] = { manifest: manifest(asks, patient), artifact: await actorGuest(hooks) }
  }
}, 60_000)

const hosting = <A, E>(test: Effect.Effect<A, E, Services>) =>
  Effect.suspend(() => Effect.provide(test, layer(files, none)))

type Services = Layer.Success<ReturnType<typeof layer<never, never>>>

const uses = Effect.map(events, (all) => all.filter(({ _tag }) => _tag === "CapabilityUsed").length)
/** Of the messages in whose course something was used. */
const correlations = Effect.map(
  events,
  (all) => all.flatMap((event) => event._tag === "CapabilityUsed" ? [event.correlation] : [])
)

const status = Effect.flatMap(ComponentHost, ({ statusOf }) => Effect.map(statusOf("acme:probe"), (found) => found!))

/** Real time passes in a guest that loops; the clock of the test goes on when it has had some. */
const afterReal = (adjust: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.andThen(Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve))), TestClock.adjust(adjust))

const outcome = (end: ComponentEnd | undefined) => [end?.outcome, end?.because]

describe("hooks", () => {
  it.effect("fail the start when init does not end in its time", () =>
    hosting(Effect.gen(function*() {
      const starting = yield* Effect.forkChild(Effect.flip(start("/init-loops", { hooks: { init: "10 millis" } })), {
        startImmediately: true
      })
      yield* Effect.repeat(afterReal("10 millis"), { until: () => starting.pollUnsafe() !== undefined })
      const error = yield* Fiber.join(starting)
      if (error._tag !== "ComponentError") return assert.fail(error._tag)
      assert.strictEqual(error.export, "lifecycle.init")
      assert.deepStrictEqual(error.reason, { _tag: "DeadlineExceeded", limitMillis: 10 })
      assert.strictEqual((yield* status).state, "Failed")
    })))

  it.effect("are refused a time that never ends", () =>
    hosting(Effect.gen(function*() {
      for (const given of [0, -1, Infinity, "soon" as never]) {
        const error = yield* Effect.flip(start("/plain", { hooks: { init: given } }))
        assert.strictEqual(error._tag === "InstallRefused" ? error.reason : error._tag, "InvalidLimit")
      }
    })))

  it.effect("have a fresh instance initialised once, also after a restart", () =>
    hosting(Effect.gen(function*() {
      yield* start("/init-once")
      assert.strictEqual(yield* call("count"), 1)
      yield* bounced(Effect.flip(call("dig")))
      assert.strictEqual(yield* call("count"), 1)
    })))

  it.effect("cannot be called by others", () =>
    hosting(Effect.gen(function*() {
      yield* start("/init-once")
      const runtime = yield* Runtime
      for (const name of ["lifecycle.init", "lifecycle.shutdown", "message-handler.handle-message", "health.check"]) {
        const error = yield* Effect.flip(runtime.call("acme:probe", name, []))
        assert.strictEqual(error.reason._tag, "NoSuchExport", name)
      }
      assert.strictEqual(yield* call("count"), 1)
    })))

  it.effect("bound how long shutdown keeps a component from its end", () =>
    hosting(Effect.gen(function*() {
      yield* start("/shutdown-loops", { hooks: { shutdown: "10 millis" } })
      const runtime = yield* Runtime
      const stopping = yield* Effect.forkChild(runtime.stop("acme:probe"), { startImmediately: true })
      yield* Effect.repeat(afterReal("10 millis"), { until: () => stopping.pollUnsafe() !== undefined })
      const end = (yield* Fiber.join(stopping))!
      assert.deepStrictEqual([end.outcome, end.because], ["Failed", "lifecycle.shutdown: DeadlineExceeded"])
      assert.deepStrictEqual(end.hook?._tag === "ComponentError" && end.hook.reason, {
        _tag: "DeadlineExceeded",
        limitMillis: 10
      })
      assert.strictEqual((yield* status).state, "Stopped")
      assert.deepStrictEqual((yield* status).end, end)
      yield* start("/plain")
      assert.isUndefined((yield* status).end)
      assert.strictEqual(yield* call("count"), 0)
    })))

  it.effect("tell a guest of its end when it is stopped, and not after a trap or a kill", () =>
    hosting(Effect.gen(function*() {
      const runtime = yield* Runtime
      yield* start("/shutdown-speaks")
      yield* call("count")
      yield* runtime.stop("acme:probe")
      assert.deepStrictEqual(yield* correlations, [undefined])
      yield* start("/shutdown-speaks")
      yield* bounced(Effect.flip(call("dig")))
      assert.strictEqual(yield* uses, 1)
      const { kill } = yield* ActorSystem
      yield* kill((yield* ComponentDirectory).lookup("acme:probe")!.ref)
      assert.strictEqual(yield* uses, 1)
    })))

  it.effect("stop a component whose shutdown traps", () =>
    hosting(Effect.gen(function*() {
      yield* start("/shutdown-traps")
      const end = (yield* (yield* Runtime).stop("acme:probe"))!
      assert.strictEqual(yield* uses, 1)
      assert.strictEqual((yield* status).state, "Stopped")
      assert.deepStrictEqual([end.outcome, end.because], ["Failed", "lifecycle.shutdown: Trap Unreachable"])
    })))

  it.effect("say to who stops a component what its shutdown refused, and that it had nothing to say", () =>
    hosting(Effect.gen(function*() {
      const { stop } = yield* Runtime
      const { release } = yield* start("/shutdown-refuses")
      const end = (yield* stop("acme:probe"))!
      assert.deepStrictEqual([end.outcome, end.because], ["Failed", "lifecycle.shutdown: failed"])
      assert.deepStrictEqual(end.hook?._tag === "GuestError" && end.hook.error, { tag: "failed", val: "no" })
      yield* start("/plain")
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* stop("acme:probe"), {
        component: "acme:probe",
        release: (yield* status).digest,
        outcome: "Stopped",
        because: "Shutdown",
        hook: undefined,
        at: 60_000
      })
      assert.notStrictEqual((yield* status).digest, release.digest)
      assert.isUndefined(yield* stop("acme:probe"))
      assert.isUndefined(yield* stop("acme:nobody"))
    })))

  it.effect("say that a component was killed, was given up, or of which one instance did not end well", () =>
    hosting(Effect.gen(function*() {
      const { stop } = yield* Runtime
      const { kill } = yield* ActorSystem
      yield* start("/shutdown-speaks")
      yield* kill((yield* ComponentDirectory).lookup("acme:probe")!.ref)
      assert.deepStrictEqual(outcome(yield* stop("acme:probe")), ["Killed", "Killed"])
      yield* start("/plain", { intensity: { restarts: 0, within: "1 second" } })
      yield* until("Failed", Effect.flip(call("dig")))
      assert.deepStrictEqual(outcome(yield* stop("acme:probe")), ["Failed", "it kept failing"])
      const payload = { codec: "json", bytes: new TextEncoder().encode("nothing") } as const
      const delivery = Delivery.make("d1", Delivery.fromHost)
      for (const before of [0, 2]) {
        const { ref } = yield* start("/shutdown-traps-late", { pool: { size: 3, routing: "RoundRobin" } })
        for (let calls = 0; calls < before; calls++) yield* call("current")
        yield* ref.ask(new Deliver({ delivery, topic: undefined, wantsReply: false, payload }))
        assert.deepStrictEqual(outcome(yield* stop("acme:probe")), ["Failed", "lifecycle.shutdown: Trap Unreachable"])
      }
    })))

  it.effect("tell a guest that the host ends, and not that it alone is stopped", () =>
    hosting(Effect.gen(function*() {
      const runtime = yield* Runtime
      yield* start("/shutdown-on-exit")
      yield* runtime.stop("acme:probe")
      assert.strictEqual(yield* uses, 0)
      yield* start("/shutdown-on-exit")
      assert.deepStrictEqual((yield* runtime.shutdown).map(({ outcome }) => outcome), ["Stopped"])
      assert.strictEqual(yield* uses, 1)
    })))
})

describe("health", () => {
  it.effect("takes a component that calls itself degraded for degraded, and lets it work", () =>
    hosting(Effect.gen(function*() {
      const seen = yield* steps
      yield* start("/tired")
      yield* TestClock.adjust("10 seconds")
      const { because, health, report, state } = yield* status
      assert.deepStrictEqual([state, health, report?.status], ["Degraded", "Degraded", "degraded"])
      assert.deepStrictEqual(because, ["it says that it is degraded"])
      assert.strictEqual(yield* call("count"), 0)
      assert.deepStrictEqual(seen, ["Installed Starting", "Starting Running", "Running Degraded"])
    })))

  it.effect("gives up an instance that calls itself unhealthy three times in a row", () =>
    hosting(Effect.gen(function*() {
      yield* start("/ill")
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* status).health, "Unhealthy")
      assert.strictEqual((yield* status).restarts, 0)
      yield* until("Crashed", TestClock.adjust("10 seconds"))
      const crashes = (yield* events).flatMap((event) => event._tag === "Crashed" ? [event.detail] : [])
      assert.deepStrictEqual(crashes, ["ProbeFailed"])
    })))

  it.effect("holds up messages no longer than a check may take, and gives up the instance", () =>
    hosting(Effect.gen(function*() {
      yield* start("/check-loops", { health: { timeout: "10 millis" } })
      yield* TestClock.adjust("10 seconds")
      const waiting = yield* Effect.forkChild(Effect.flip(call("count")), { startImmediately: true })
      yield* until(
        "Restarted",
        Effect.repeat(afterReal("10 millis"), { until: () => waiting.pollUnsafe() !== undefined })
      )
      assert.strictEqual(yield* call("count"), 0)
      assert.strictEqual((yield* status).restarts, 1)
    })))

  it.effect("is seen from outside while a message keeps an instance from answering, and is over with it", () =>
    hosting(Effect.gen(function*() {
      const seen = yield* steps
      yield* start("/plain", { health: { every: "20 millis" }, limits: { timeout: "200 millis" } })
      const spinning = yield* Effect.forkChild(Effect.flip(call("spin")), { startImmediately: true })
      const degraded = Effect.map(status, ({ health }) => health === "Degraded")
      yield* Effect.repeat(afterReal("5 millis"), { until: () => degraded })
      assert.strictEqual((yield* status).working?.export, "probe.spin")
      yield* bounced(Effect.repeat(afterReal("5 millis"), { until: () => spinning.pollUnsafe() !== undefined }))
      assert.strictEqual((yield* Fiber.join(spinning)).reason._tag, "DeadlineExceeded")
      assert.isUndefined((yield* status).working)
      assert.deepStrictEqual(seen.slice(2), ["Running Degraded", "Degraded Starting", "Starting Running"])
    })))

  it.effect("counts a check that traps as one that failed", () =>
    hosting(Effect.gen(function*() {
      yield* start("/check-traps")
      yield* until("Crashed", TestClock.adjust("10 seconds"))
      const crashes = (yield* events).flatMap((event) => event._tag === "Crashed" ? [event.detail] : [])
      assert.deepStrictEqual(crashes, ["health.check: Trap Unreachable"])
    })))
})
