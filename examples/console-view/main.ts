/**
 * A supervised tree, seen from outside: what it looks like before and after a
 * crash, what happened in between, and what one actor was doing.
 */
import { NodeRuntime } from "@effect/platform-node"
import {
  ActorEvent,
  ActorHooks,
  ActorSystem,
  type Behaviour,
  ChildSpec,
  Inspect,
  Protocol,
  Snapshot,
  Supervisor
} from "airssys/actor"
import { Console, Effect, Exit, Layer, Option, Schema } from "effect"

const Till = Protocol.make({
  Sell: { payload: { cents: Schema.Int } },
  Total: { payload: {}, reply: Schema.Int },
  Spill: { payload: {} }
})
type Till = Protocol.Message<typeof Till>

const Cents = Inspect.key<number>("cents")

const till = Effect.gen(function*() {
  let cents = 0
  yield* Inspect.expose(Cents, () => cents)
  const handler: Behaviour.Handler<Till> = (message, context) => {
    switch (message._tag) {
      case "Sell":
        cents += message.cents
        return
      case "Total":
        return context.reply(message, cents)
      case "Spill":
        return Exit.die(new Error("coffee in the keyboard"))
    }
  }
  return handler
})

const backoff = { base: "20 millis", factor: 2, cap: "1 second" } as const

const counter = Supervisor.make({
  id: "counter",
  strategy: "OneForOne",
  intensity: { restarts: 3, within: "1 minute" },
  children: [
    ChildSpec.make({ id: "till-1", behaviour: till, protocol: Till, backoff }),
    ChildSpec.make({ id: "till-2", behaviour: till, protocol: Till, backoff })
  ]
})

const shop = Supervisor.make({
  id: "shop",
  strategy: "OneForAll",
  children: [counter, ChildSpec.make({ id: "safe", behaviour: till })]
})

const program = Effect.scoped(Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  yield* Supervisor.start(shop)
  const first = Option.getOrThrow(yield* system.lookup("till-1", Till))
  const trace = yield* Inspect.trace(first, { capacity: 4 })
  for (const cents of [250, 300, 120]) first.tell(Till.Sell({ cents }))
  yield* first.ask(Till.Total())
  yield* Console.log(Snapshot.render(yield* system.snapshot))
  yield* Console.log(`in the first till: ${Option.getOrThrow(yield* Inspect.getState(first, Cents))} cents`)

  first.tell(Till.Spill())
  yield* Console.log(`after the crash: ${yield* first.ask(Till.Total())} cents`)
  yield* Console.log(Snapshot.render(yield* system.snapshot))
  const entries = yield* trace.entries
  yield* Console.log(`the last it did: ${entries.map(({ _tag }) => _tag).join(", ")}`)
}))

const toConsole = Layer.succeed(ActorHooks.ActorHooks, {
  onEvent: (event) => {
    const severity = ActorEvent.severity(event)
    if (severity === "Warning" || severity === "Error") {
      process.stdout.write(`${severity}: ${event.name} ${event._tag}\n`)
    }
  }
})

NodeRuntime.runMain(Effect.provide(program, ActorSystem.layer.pipe(Layer.provide(toConsole))))
