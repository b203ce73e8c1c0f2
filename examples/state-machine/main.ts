/**
 * Four people call the elevator at the same time.
 */
import { NodeRuntime } from "@effect/platform-node"
import { ActorSystem } from "airssys"
import { Console, Effect } from "effect"
import { Call, elevator } from "./elevator.ts"

const program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const car = yield* system.spawn(elevator({ floor: 0, perFloor: "10 millis", doorsOpen: "20 millis" }))
  yield* Effect.forEach(
    [3, 0, 3, 1],
    (floor) => Effect.flatMap(car.ask(new Call({ floor })), (at) => Console.log(`doors open on floor ${at}`)),
    { concurrency: "unbounded" }
  )
})

NodeRuntime.runMain(Effect.provide(program, ActorSystem.layer))
