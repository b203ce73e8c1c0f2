import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { beforeAll } from "vitest"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import * as HostFunction from "../../src/component/HostFunction.ts"
import * as HostFunctions from "../../src/component/HostFunctions.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import * as Capability from "../../src/security/Capability.ts"
import { manifest } from "./support/actorGuest.ts"
import { forwardingGuest } from "./support/forwardingGuest.ts"

const host = "acme:end/end@1.0.0"

let artifact = new Uint8Array()

beforeAll(async () => {
  artifact = await forwardingGuest({
    owner: host,
    functions: ["pause", "kill", "mark"].map((name) => ({ name, type: "func()" })),
    packages: `package acme:end@1.0.0 { interface end { pause: func(); kill: func(); mark: func(); } }`,
    own: {
      wit: "at-once: func(); later: func();",
      wat: `(func (export "acme:probe/probe@1.0.0#at-once") (call $f1) (call $f2))
 (func (export "acme:probe/probe@1.0.0#later") (call $f0) (call $f1) (call $f2))`
    }
  })
})

const requires = Capability.none("it ends nobody but the guest that calls")

describe("a guest that is ended by its own call of a host function", () => {
  for (
    const { form, name } of [
      { form: "Async", name: "at-once" },
      { form: "Async", name: "later" },
      { form: "Sync", name: "later" }
    ] as const
  ) {
    it.effect(`reaches no other host function (${form}, ${name})`, () => {
      const calls: Array<string> = []
      let kill = (): void => {}
      const noted = (called: string) => () => {
        calls.push(called)
        if (called === "kill") kill()
      }
      const of = (given: string) =>
        form === "Sync"
          ? HostFunction.sync({ wit: `${host}#${given}`, params: {} }, {
            requires,
            fuel: 1,
            handler: () => noted(given)
          })
          : HostFunction.make({ wit: `${host}#${given}`, params: {} }, {
            requires,
            fuel: 1,
            handler: () => Effect.sync(noted(given))
          })
      const pause = HostFunction.make({ wit: `${host}#pause`, params: {} }, {
        requires,
        fuel: 1,
        handler: () => Effect.yieldNow
      })
      return Effect.gen(function*() {
        const runtime = yield* Runtime.Runtime
        const system = yield* ActorSystem
        const { ref } = yield* runtime.startUntyped("/probe", { tier: "inline" })
        const killed = yield* Deferred.make<void>()
        kill = () => {
          Effect.runFork(Effect.andThen(system.kill(ref), Deferred.succeed(killed, undefined)))
        }
        const exit = yield* Effect.exit(runtime.call("acme:probe", `probe.${name}`, []))
        assert.strictEqual(exit._tag, "Failure")
        yield* Deferred.await(killed)
        assert.deepStrictEqual(calls, ["kill"])
      }).pipe(
        Effect.provide(
          Runtime.layer.pipe(
            Layer.provide([
              layerEngine,
              HostFunctions.layer(of("kill"), of("mark"), pause),
              ReleaseSource.layerMemory({ "/probe": { manifest: manifest("", "fuel = 1_000_000"), artifact } })
            ])
          )
        )
      )
    })
  }
})
