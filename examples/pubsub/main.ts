/**
 * A weather station: sensors publish, whoever is interested subscribes, and
 * nobody knows anybody.
 */
import { NodeRuntime } from "@effect/platform-node"
import { ActorSystem, Behaviour, Broker, type BrokerError, Protocol, Topic } from "airssys/actor"
import { Console, Effect, Layer, Schema } from "effect"

const Weather = Protocol.make({
  Measured: { payload: { what: Schema.String, value: Schema.Finite } },
  Forecast: { payload: { day: Schema.String }, reply: Schema.String }
})
type Weather = Protocol.Message<typeof Weather>

/** The latest of everything, also of what was measured before it began. */
const board = Behaviour.setup<Weather, BrokerError.SubscribeError, Broker.Broker>((context) =>
  Effect.gen(function*() {
    const broker = yield* Broker.Broker
    yield* broker.subscribe(context.self, Topic.pattern(Weather, "station.#"))
    return (message) => message._tag === "Measured" ? Console.log(`board: ${message.what} ${message.value}`) : undefined
  })
)

/** Wakes up for frost on any roof, and for nothing else. */
const frostAlarm = Behaviour.setup<Weather, BrokerError.SubscribeError, Broker.Broker>((context) =>
  Effect.gen(function*() {
    const broker = yield* Broker.Broker
    yield* broker.subscribe(context.self, Topic.pattern(Weather, "station.*.temperature"))
    return (message) =>
      message._tag === "Measured" && message.value < 0 ? Console.log(`alarm: frost, ${message.what}`) : undefined
  })
)

const oracle = Behaviour.setup<Weather, BrokerError.SubscribeError, Broker.Broker>((context) =>
  Effect.gen(function*() {
    const broker = yield* Broker.Broker
    yield* broker.subscribe(context.self, Topic.make(Weather, "forecasts"))
    return (message) => {
      if (message._tag === "Forecast") context.reply(message, `${message.day} will be what it will be`)
    }
  })
)

const roof = Topic.make(Weather, "station.roof.temperature")
const cellar = Topic.make(Weather, "station.cellar.humidity")
const forecasts = Topic.make(Weather, "forecasts")

const program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const broker = yield* Broker.Broker

  broker.publish(cellar, Weather.Measured({ what: "cellar", value: 71 }), { retain: true })
  const theBoard = yield* system.spawn(board)
  const theAlarm = yield* system.spawn(frostAlarm)
  broker.publish(roof, Weather.Measured({ what: "roof", value: 3 }))
  broker.publish(roof, Weather.Measured({ what: "roof", value: -1 }))

  const refused = yield* Effect.flip(broker.request(forecasts, Weather.Forecast({ day: "Monday" })))
  yield* Console.log(`request: ${refused}`)
  yield* system.spawn(oracle)
  yield* Console.log(`request: ${yield* broker.request(forecasts, Weather.Forecast({ day: "Monday" }))}`)

  // A stop lets them work off what they were told; their subscriptions end with them.
  yield* system.stop(theBoard)
  yield* system.stop(theAlarm)
  broker.publish(roof, Weather.Measured({ what: "roof", value: -20 }))
  const { delivered, published, unheard } = yield* broker.metrics
  yield* Console.log(`published ${published}, delivered ${delivered}, unheard ${unheard}`)
})

NodeRuntime.runMain(Effect.provide(program, Layer.merge(ActorSystem.layer, Broker.layer)))
