import { assert, describe, it } from "@effect/vitest"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour, Handler } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Protocol from "airssys/actor/Protocol"
import * as Snapshot from "airssys/actor/Snapshot"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Simulation from "airssys/testing/Simulation"
import { Effect, Exit, Fiber, Option, Random, Schema, Scope } from "effect"

const Worker = Protocol.make({
  Work: { payload: {} },
  Quit: { payload: {} },
  Crash: { payload: {}, reply: Schema.Void }
})
type Worker = Protocol.Message<typeof Worker>

/** Some starts take time. */
const worker: Behaviour<Worker> = Effect.gen(function*() {
  if ((yield* Random.next) < 0.3) yield* Effect.sleep("50 millis")
  const handler: Handler<Worker> = (message, context) => {
    switch (message._tag) {
      case "Work":
        return Effect.sleep("100 millis")
      case "Quit":
        return context.stop()
      case "Crash":
        return Exit.die("boom")
    }
  }
  return handler
})

const backoff = { base: "20 millis", factor: 1, cap: "20 millis" } as const

const child = (id: string, restart: ChildSpec.Restart, redeliver = 0) =>
  ChildSpec.make({ id, behaviour: worker, protocol: Worker, restart, backoff, redeliver })

const places = ["a", "b", "c", "d", "nested"]
const names = [...places, "x", "y"]

const any = (of: ReadonlyArray<string>) => Effect.map(Random.nextIntBetween(0, of.length - 1), (at) => of[at]!)

/** Something that somebody does to a tree. */
const act = Effect.fnUntraced(function*(top: Supervisor.Handle<never>) {
  const system = yield* ActorSystem.ActorSystem
  const id = yield* any(places)
  const name = yield* any(names)
  const ref = Option.getOrUndefined(yield* system.lookup(name))
  const worker = Option.getOrUndefined(yield* system.lookup(name, Worker))
  const actions: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
    top.stopChild(id),
    top.restartChild(id),
    top.deleteChild(id),
    Effect.provideService(top.startChild(child("d", "Temporary")), ActorSystem.ActorSystem, system),
    Effect.flatMap(
      Effect.forkChild(top.restartChild(id)),
      (fiber) => Effect.andThen(Effect.yieldNow, Fiber.interrupt(fiber))
    ),
    ref === undefined ? Effect.void : system.kill(ref),
    ref === undefined ? Effect.void : system.stop(ref),
    worker === undefined ? Effect.void : worker.ask(Worker.Crash(), { timeout: "500 millis" }),
    Effect.sync(() => worker?.tell(Worker.Work())),
    Effect.sync(() => worker?.tell(Worker.Quit())),
    Effect.sleep("30 millis")
  ]
  yield* Effect.exit(actions[yield* Random.nextIntBetween(0, actions.length - 1)]!)
})

describe("a supervisor to which many things are done at once", () => {
  it.effect.each(["OneForOne", "OneForAll", "RestForOne"] as const)(
    "comes to rest with an actor at each place that has not ended, and no other: %s",
    (strategy) =>
      Simulation.explore(
        { seeds: 800 },
        Effect.gen(function*() {
          const system = yield* ActorSystem.ActorSystem
          const scope = yield* Scope.make()
          const nested = Supervisor.make({
            id: "nested",
            strategy,
            intensity: { restarts: 3, within: "1 second" },
            backoff,
            children: [child("x", "Permanent", 1), child("y", "Transient")]
          })
          const top = yield* Scope.provide(
            Supervisor.start(Supervisor.make({
              id: "top",
              strategy,
              intensity: { restarts: 30, within: "1 second" },
              children: [child("a", "Permanent", 1), nested, child("b", "Transient"), child("c", "Temporary")]
            })),
            scope
          )
          yield* Effect.all(Array.from({ length: 4 }, () => Effect.repeat(act(top), { times: 6 })), {
            concurrency: "unbounded"
          })
          yield* Effect.sleep("5 seconds")
          const live = (yield* system.snapshot).actors.flatMap(({ children }) => children)
          assert.deepStrictEqual(live.filter(({ status }) => status !== "Running"), [])
          const held = (yield* top.whichChildren).filter(({ status }) => status !== "Stopped" && status !== "Failed")
          assert.strictEqual(
            live.map(({ name }) => name).toSorted().join(),
            top.status() === "Running" ? held.map(({ id }) => id).toSorted().join() : ""
          )
          yield* Scope.close(scope, Exit.void)
          assert.deepStrictEqual(Snapshot.flatten(yield* system.snapshot), [])
        })
      )
  )
})
