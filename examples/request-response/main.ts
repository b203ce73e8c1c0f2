/**
 * Three customers and a delivery.
 */
import { NodeRuntime } from "@effect/platform-node"
import { ActorSystem } from "airssys"
import { Console, Effect, Fiber } from "effect"
import { Stock, stock } from "./stock.ts"

const program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const shelf = yield* system.spawn(stock)
  shelf.tell(Stock.Deliver({ item: "tea", count: 3 }))

  const left = yield* shelf.ask(Stock.Take({ item: "tea", count: 2 }))
  yield* Console.log(`two taken, ${left} left`)

  yield* Effect.catchTag(
    shelf.ask(Stock.Take({ item: "tea", count: 2 })),
    "OutOfStock",
    (error) => Console.log(`not enough ${error.item}: ${error.left} left`)
  )

  const patient = yield* Effect.forkChild(shelf.ask(Stock.Await({ item: "tea", count: 5 })), { startImmediately: true })
  shelf.tell(Stock.Deliver({ item: "tea", count: 10 }))
  yield* Console.log(`five taken after the delivery, ${yield* Fiber.join(patient)} left`)

  yield* Effect.catchTag(
    shelf.ask(Stock.Await({ item: "coffee", count: 1 }), { timeout: "20 millis" }),
    "AskTimeout",
    () => Console.log("no coffee within 20 ms")
  )
})

NodeRuntime.runMain(Effect.provide(program, ActorSystem.layer))
