/**
 * A million crossings, and how long each of them took.
 */
import { NodeRuntime } from "@effect/platform-node"
import { ActorSystem } from "airssys"
import { Console, Duration, Effect } from "effect"
import { play } from "./pingPong.ts"

const crossings = 1_000_000

const program = Effect.gen(function*() {
  const [elapsed, hits] = yield* Effect.timed(play(crossings))
  yield* Console.log(`ping hit the ball ${hits.ping} times, pong ${hits.pong} times`)
  yield* Console.log(`${(Duration.toMillis(elapsed) * 1e6 / crossings).toFixed(0)} ns for each crossing`)
})

NodeRuntime.runMain(Effect.provide(program, ActorSystem.layer))
