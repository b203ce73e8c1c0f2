/**
 * Seven lines, of which one cannot be parsed and one cannot be booked.
 */
import { NodeRuntime } from "@effect/platform-node"
import { ActorSystem } from "airssys"
import { Console, Effect, Stream } from "effect"
import { run } from "./pipeline.ts"

const lines = ["tea,2", "coffee,5", "not a sale", "tea,1", "coffee,1", "tea,-4", "tea,7"]

const program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  yield* Effect.forkChild(
    Stream.runForEach(
      system.events,
      (event) =>
        event._tag === "Crashed" || event._tag === "Restarted"
          ? Console.log(`${event.name}: ${event._tag.toLowerCase()}`)
          : Effect.void
    ),
    { startImmediately: true }
  )
  for (const [product, amount] of yield* run(Stream.fromIterable(lines))) yield* Console.log(`${product}: ${amount}`)
})

NodeRuntime.runMain(Effect.provide(program, ActorSystem.layer))
