import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, type Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll } from "vitest"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import { ComponentDirectory } from "../../src/component/ComponentDirectory.ts"
import { ComponentHost } from "../../src/component/ComponentHost.ts"
import * as ComponentLifecycle from "../../src/component/ComponentLifecycle.ts"
import { Lives } from "../../src/component/internal/lives.ts"
import type { Release } from "../../src/component/Release.ts"
import { Runtime } from "../../src/Runtime.ts"
import { actorGuest, manifest } from "./support/actorGuest.ts"
import { asks, bounced, call, events, type File, layer, none, start, steps, until } from "./support/actorHost.ts"

const files: Record<string, File> = {}

beforeAll(async () => {
  files["/probe"] = { manifest: manifest(asks), artifact: await actorGuest() }
})

const hosting = <A, E>(test: Effect.Effect<A, E, Layer.Success<ReturnType<typeof layer<never, never>>>>) =>
  Effect.suspend(() => Effect.provide(test, layer(files, none)))

const status = Effect.flatMap(ComponentHost, ({ statusOf }) => Effect.map(statusOf("acme:probe"), (found) => found!))

describe("lifecycle", () => {
  it.effect("goes from installed through its restarts to its stop, and tells each step", () =>
    hosting(Effect.gen(function*() {
      const seen = yield* steps
      const runtime = yield* Runtime
      yield* runtime.install("/probe")
      const installed = yield* status
      assert.deepStrictEqual([installed.state, installed.health], ["Installed", "Unknown"])
      yield* start("/probe")
      assert.deepStrictEqual([(yield* status).state, (yield* status).health], ["Running", "Healthy"])
      yield* bounced(Effect.flip(call("dig")))
      yield* runtime.stop("acme:probe")
      const stopped = yield* status
      assert.deepStrictEqual([stopped.state, stopped.health, stopped.restarts], ["Stopped", "Degraded", 1])
      assert.deepStrictEqual(seen, [
        "Installed Starting",
        "Starting Running",
        "Running Starting",
        "Starting Running",
        "Running Stopping",
        "Stopping Stopped"
      ])
      assert.deepStrictEqual(yield* runtime.status, [stopped])
      assert.deepStrictEqual(stopped.history.map(({ edge }) => edge.join(" ")), seen)
      assert.deepStrictEqual(stopped.history.map(({ because }) => because), [
        "it is started",
        "it has started",
        "probe.dig: Trap Unreachable",
        "it has restarted",
        "it is stopped",
        "Shutdown"
      ])
    })))

  it.effect("forgets restarts after a minute", () =>
    hosting(Effect.gen(function*() {
      yield* start("/probe")
      yield* bounced(Effect.flip(call("dig")))
      assert.strictEqual((yield* status).health, "Degraded")
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual((yield* status).health, "Healthy")
    })))

  it.effect("tells what kept failing from what failed and from what was killed", () =>
    hosting(Effect.gen(function*() {
      yield* start("/probe", { intensity: { restarts: 0, within: "1 second" } })
      yield* until("Failed", Effect.flip(call("dig")))
      assert.deepStrictEqual([(yield* status).state, (yield* status).health], ["Quarantined", "Unhealthy"])
      yield* start("/probe", { restart: "Temporary" })
      yield* until("Failed", Effect.flip(call("dig")))
      assert.deepStrictEqual([(yield* status).state, (yield* status).health], ["Failed", "Unhealthy"])
      yield* start("/probe")
      const { kill } = yield* ActorSystem
      yield* kill((yield* ComponentDirectory).lookup("acme:probe")!.ref)
      assert.strictEqual((yield* status).state, "Stopped")
    })))

  it.effect("does not count a trap of a guest that was denied, and restarts it", () =>
    hosting(Effect.gen(function*() {
      yield* start("/probe", { grants: [], intensity: { restarts: 0, within: "1 minute" } })
      yield* bounced(Effect.flip(call("insist")))
      assert.deepStrictEqual([(yield* status).state, (yield* status).restarts], ["Running", 1])
    })))

  it.effect("keeps the last steps, and no more", () =>
    hosting(Effect.gen(function*() {
      const runtime = yield* Runtime
      for (let i = 0; i < 10; i++) {
        yield* start("/probe")
        yield* runtime.stop("acme:probe")
      }
      const { history } = yield* status
      assert.lengthOf(history, 32)
      assert.deepStrictEqual(history.at(-1)?.edge, ["Stopping", "Stopped"])
    })))

  it.effect("puts no death of a component into the audit log without its release", () =>
    hosting(Effect.gen(function*() {
      yield* start("/probe")
      yield* bounced(Effect.flip(call("dig")))
      yield* (yield* Runtime).stop("acme:probe")
      const lives = (yield* events).map(({ _tag }) => _tag).filter((tag) =>
        ["Started", "Crashed", "Restarted", "Stopped"].includes(tag)
      )
      assert.deepStrictEqual(lives, ["Started", "Crashed", "Restarted", "Stopped"])
    })))
})

const release = { id: "acme:probe", digest: "sha256:00" } as Release

const happenings = Schema.Array(Schema.Struct({
  actor: Schema.Literals(["probe-0", "probe-1", "probe-2"]),
  what: Schema.Literals([
    "begin",
    "Started",
    "Restarted",
    "Crashed",
    "Restarting",
    "GaveUp",
    "stopping",
    "Stopped",
    "Failed"
  ])
}))

describe("the steps of a life", () => {
  it.prop("are legal and join, whatever its actors go through", [Arbitrary.schema(happenings)], ([sequence]) => {
    let state: ComponentLifecycle.State = "Installed"
    const lives = new Lives(() => 0, ({ edge }) => {
      assert.strictEqual(edge[0], state)
      assert.isDefined(ComponentLifecycle.edge(edge[0], edge[1]))
      state = edge[1]
    })
    const life = lives.installed(release)
    for (const { actor: name, what } of sequence) {
      if (what === "begin") lives.begin(release, { name: "probe", actors: 3 }, { name } as never, {} as never)
      else if (what === "stopping") lives.stopping(name)
      else lives.onEvent({ _tag: what, id: 0, name, at: 0, cause: Cause.empty } as never, what)
      assert.strictEqual(life.state, state)
      assert.strictEqual(ComponentLifecycle.isLive(state), life.members.size > 0)
      const running = [...life.members.values()].filter((member) => member.state === "Running").length
      // One that is being stopped goes on to its end, whatever else is told of its actors.
      if (running > 0 && life.state !== "Stopping") assert.strictEqual(state, running === 3 ? "Running" : "Degraded")
    }
  }, { arbitrary: { runs: 500 } })
})
