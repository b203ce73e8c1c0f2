/**
 * A program about topics: subscribers crash, end and ask for more while others
 * publish.
 */
import * as ActorSystem from "airssys/actor/ActorSystem"
import * as Behaviour from "airssys/actor/Behaviour"
import * as Broker from "airssys/actor/Broker"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Topic from "airssys/actor/Topic"
import * as Simulation from "airssys/testing/Simulation"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { check, pause, type Program, together } from "./worker.ts"

const News = Protocol.make({
  Told: { payload: { from: Schema.Int, number: Schema.Int } },
  Asked: { payload: {}, reply: Schema.Int },
  Crash: { payload: {} },
  Quit: { payload: {} }
})
type News = Protocol.Message<typeof News>

const everything = Topic.pattern(News, "news.#")
const topics = [Topic.make(News, "news.a"), Topic.make(News, "news.b")]

const heard = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const broker = yield* Broker.Broker
  let wrong: string | undefined
  yield* Simulation.always("every subscriber is told in order, each message once", () => {
    check(wrong === undefined, wrong ?? "")
    return true
  })
  const subscriber = (name: string) => {
    const last = new Map<number, number>()
    return Behaviour.setup<News>((context) =>
      Effect.as(Effect.orDie(broker.subscribe(context.self, everything)), (message) => {
        switch (message._tag) {
          case "Told":
            if (message.number <= (last.get(message.from) ?? 0)) wrong ??= `${name}: ${message.number} again`
            last.set(message.from, message.number)
            return message.number % 2 === 0 ? Effect.sleep("2 millis") : undefined
          case "Asked":
            return context.reply(message, 1)
          case "Crash":
            throw new Error("crash")
          case "Quit":
            return context.stop()
        }
      })
    )
  }
  const names = ["a", "b", "c"]
  yield* Supervisor.start(Supervisor.make({
    strategy: "OneForOne",
    intensity: { restarts: 1000, within: "1 second" },
    children: names.map((name) =>
      ChildSpec.make({
        id: name,
        behaviour: subscriber(name),
        restart: "Transient",
        backoff: { base: "1 millis", factor: 1, cap: "1 millis" },
        protocol: News,
        provide: () => Context.empty()
      })
    )
  }))
  const asking: Array<Fiber.Fiber<unknown, unknown>> = []
  const publish = Effect.fnUntraced(function*(from: number) {
    for (let number = 1; number <= 6; number++) {
      broker.publish(topics[from % 2]!, News.Told({ from, number }))
      yield* pause
      asking.push(
        yield* Effect.forkScoped(broker.request(topics[0]!, News.Asked(), { timeout: "1 second" }), {
          startImmediately: true
        })
      )
    }
  })
  const disturb = Effect.fnUntraced(function*(name: string) {
    for (let i = 0; i < 3; i++) {
      yield* Effect.sleep("3 millis")
      const found = yield* system.lookup(name, News)
      if (found._tag === "None") return
      if ((yield* Random.nextIntBetween(0, 4)) === 0) found.value.tell(News.Quit())
      else found.value.tell(News.Crash())
    }
  })
  yield* together([publish(1), publish(2), ...names.map(disturb)])
  yield* Effect.sleep("1 minute")
  check(asking.every((fiber) => fiber.pollUnsafe() !== undefined), "an asker is left waiting")
  let alive = 0
  for (const name of names) if ((yield* system.lookup(name))._tag === "Some") alive++
  const { subscriptions } = yield* broker.metrics
  check(subscriptions === alive, `${subscriptions} subscriptions of ${alive} actors`)
})

export const subscribers: Program = Effect.provide(heard, Broker.layer)
