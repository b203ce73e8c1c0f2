/**
 * A service that breaks down for a while, behind a circuit breaker.
 */
import { NodeRuntime } from "@effect/platform-node"
import { ActorSystem } from "airssys"
import { Console, Effect } from "effect"
import { circuitBreaker, Fetch, ServiceFailed } from "./circuitBreaker.ts"

const program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  let calls = 0
  const breaker = yield* system.spawn(circuitBreaker({
    failures: 3,
    resetAfter: "50 millis",
    service: (key) =>
      Effect.suspend(() => {
        calls++
        return calls <= 4 ? Effect.fail(new ServiceFailed({ key })) : Effect.succeed(`the value of ${key}`)
      })
  }))
  for (const key of ["a", "b", "c", "d", "e", "f", "g"]) {
    const outcome = yield* Effect.match(breaker.ask(new Fetch({ key }), { timeout: "1 second" }), {
      onFailure: ({ _tag }) => _tag,
      onSuccess: (value) => value
    })
    yield* Console.log(`${key}: ${outcome} (the service was called ${calls} times)`)
    if (key === "d" || key === "e") yield* Effect.sleep("70 millis")
  }
})

NodeRuntime.runMain(Effect.provide(program, ActorSystem.layer))
