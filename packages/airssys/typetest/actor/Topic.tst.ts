import type { ActorStopped } from "airssys/actor/ActorError"
import type { ActorRef } from "airssys/actor/ActorRef"
import type { Broker, Subscription } from "airssys/actor/Broker"
import type { RequestError, TooManySubscriptions } from "airssys/actor/BrokerError"
import * as Protocol from "airssys/actor/Protocol"
import * as Topic from "airssys/actor/Topic"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "tstyche"

const Prices = Protocol.make({
  Changed: { payload: { cents: Schema.Int } },
  Quote: { payload: { item: Schema.String }, reply: Schema.Int, error: Schema.String }
})
type Prices = Protocol.Message<typeof Prices>

const Weather = Protocol.make({ Rain: { payload: {} } })
type Weather = Protocol.Message<typeof Weather>

declare const broker: Broker["Service"]
declare const prices: ActorRef<Prices>
declare const both: ActorRef<Prices | Weather>
declare const weather: ActorRef<Weather>
const topic = Topic.make(Prices, "prices.coffee")
const pattern = Topic.pattern(Prices, "prices.*")

describe("Broker", () => {
  test("a topic carries the type of its messages", () => {
    expect(topic).type.toBe<Topic.Topic<Prices>>()
    expect(broker.publish).type.toBeCallableWith(topic, Prices.Changed({ cents: 1 }))
    expect(broker.publish).type.not.toBeCallableWith(topic, Weather.Rain())
    expect(broker.publish).type.not.toBeCallableWith(pattern, Prices.Changed({ cents: 1 }))
  })

  test("subscribing an actor that does not take the messages does not compile", () => {
    expect(broker.subscribe).type.toBeCallableWith(prices, pattern)
    expect(broker.subscribe).type.toBeCallableWith(prices, topic)
    expect(broker.subscribe).type.toBeCallableWith(both, pattern)
    expect(broker.subscribe).type.not.toBeCallableWith(weather, pattern)
    expect(broker.subscribe(prices, pattern)).type.toBe<
      Effect.Effect<Subscription, ActorStopped | TooManySubscriptions>
    >()
  })

  test("a request infers the reply and the error, and needs a message with a reply", () => {
    expect(broker.request(topic, Prices.Quote({ item: "coffee" }))).type.toBe<
      Effect.Effect<number, string | RequestError>
    >()
    expect(broker.request).type.not.toBeCallableWith(topic, Prices.Changed({ cents: 1 }))
    expect(broker.request).type.not.toBeCallableWith(topic, Weather.Rain())
  })
})
