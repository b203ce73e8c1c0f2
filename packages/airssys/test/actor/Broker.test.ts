import { assert, describe, it } from "@effect/vitest"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Handler } from "airssys/actor/Behaviour"
import * as Broker from "airssys/actor/Broker"
import * as Protocol from "airssys/actor/Protocol"
import * as Topic from "airssys/actor/Topic"
import * as BrokerTest from "airssys/testing/BrokerTest"
import { Cause, Effect, Exit, Fiber, Layer, Option, Queue, Schema, Stream } from "effect"
import { cellOf } from "../../src/actor/internal/cell.ts"

BrokerTest.suite("layer", Broker.layer)

const Note = Protocol.make({ Note: { payload: { text: Schema.String } } })
type Note = Protocol.Message<typeof Note>
const Question = Protocol.make({ Question: { payload: {}, reply: Schema.Int } })
type Question = Protocol.Message<typeof Question>
const ignore = Effect.succeed<Handler<Note>>(() => {})

const settle = Effect.andThen(Effect.yieldNow, Effect.yieldNow)

const bounded = Layer.merge(ActorSystem.layerTest, Broker.layerWith({ maxRetained: 2, maxSubscriptions: 2 }))

describe("Broker.messages", () => {
  it.effect("is what is published while the stream runs, the latest so many for a slow consumer", () =>
    Effect.gen(function*() {
      const broker = yield* Broker.Broker
      const topic = Topic.make(Note, "a.b")
      const publish = (text: string) => broker.publish(topic, Note.Note({ text }))
      publish("early")
      const taken: Array<string> = []
      const gate = yield* Queue.unbounded<void>()
      const consumer = yield* Effect.forkChild(
        Stream.runForEach(Broker.messages(Topic.pattern(Note, "a.#"), { capacity: 2 }), ({ text }) => {
          taken.push(text)
          return Queue.take(gate)
        }),
        { startImmediately: true }
      )
      yield* settle
      publish("1")
      yield* settle
      for (const text of ["2", "3", "4"]) publish(text)
      yield* settle
      for (let i = 0; i < 3; i++) {
        yield* Queue.offer(gate, undefined)
        yield* settle
      }
      assert.deepStrictEqual(taken, ["1", "3", "4"])
      assert.strictEqual((yield* broker.metrics).subscriptions, 1)
      yield* Fiber.interrupt(consumer)
      assert.strictEqual((yield* broker.metrics).subscriptions, 0)
    }).pipe(Effect.provide(Layer.merge(ActorSystem.layerTest, Broker.layer))))
})

describe("Broker.messages without room", () => {
  it.effect.each([0, -1, 1.5, Number.NaN])("dies with a RangeError: %s", (capacity) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Stream.runDrain(Broker.messages(Topic.make(Note, "a"), { capacity })))
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof RangeError)
    }).pipe(Effect.provide(Layer.merge(Broker.layer, ActorSystem.layerTest))))
})

describe("Broker.layerWith", () => {
  it.effect("forgets what was published longest ago when too many topics retain a message", () =>
    Effect.gen(function*() {
      const broker = yield* Broker.Broker
      const topics = ["a", "b", "c"].map((name) => Topic.make(Note, name))
      const retain = (index: number) => broker.publish(topics[index]!, Note.Note({ text: "x" }), { retain: true })
      for (const index of [0, 1, 0, 2]) retain(index)
      const retained = yield* Effect.forEach(topics, (topic) => broker.retained(topic))
      assert.deepStrictEqual(retained.map(Option.isSome), [true, false, true])
      const metrics = yield* broker.metrics
      assert.deepStrictEqual([metrics.retained, metrics.evicted], [2, 1])
    }).pipe(Effect.provide(bounded)))

  it.effect("leaves nothing with subscribers that live longer", () =>
    Effect.gen(function*() {
      const ref = yield* ActorSystem.ActorSystem.use((system) => system.spawn(ignore))
      const topic = Topic.make(Note, "a")
      const { broker, subscription } = yield* Effect.gen(function*() {
        const broker = yield* Broker.Broker
        broker.publish(topic, Note.Note({ text: "x" }), { retain: true })
        return { broker, subscription: yield* broker.subscribe(ref, topic) }
      }).pipe(Effect.provide(Broker.layer))
      assert.isFalse(subscription.isActive())
      assert.deepInclude(yield* broker.metrics, { subscriptions: 0, retained: 0 })
      broker.publish(topic, Note.Note({ text: "y" }), { retain: true })
      assert.strictEqual((yield* Effect.flip(broker.subscribe(ref, topic))).message, "The broker is stopped")
      assert.deepInclude(yield* broker.metrics, { unheard: 2, subscriptions: 0, retained: 0 })
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("refuses more subscriptions than it allows, until one ends", () =>
    Effect.gen(function*() {
      const broker = yield* Broker.Broker
      const ref = yield* ActorSystem.ActorSystem.use((system) => system.spawn(ignore))
      const topic = Topic.make(Note, "a")
      const first = yield* broker.subscribe(ref, topic)
      yield* broker.subscribe(ref, topic)
      assert.strictEqual((yield* Effect.flip(broker.subscribe(ref, topic)))._tag, "TooManySubscriptions")
      yield* broker.unsubscribe(first)
      yield* broker.subscribe(ref, topic)
    }).pipe(Effect.provide(bounded)))

  it.effect("keeps its speed and its order when many come and go", () =>
    Effect.gen(function*() {
      const broker = yield* Broker.Broker
      const system = yield* ActorSystem.ActorSystem
      const topic = Topic.make(Note, "a")
      const order: Array<number> = []
      const refs = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, index) => index),
        (index) => system.spawn(Effect.succeed<Handler<Note>>(() => void order.push(index)))
      )
      for (const ref of refs) yield* broker.subscribe(ref, topic)
      for (const ref of refs.filter((_, index) => index % 3 !== 0)) yield* system.kill(ref)
      broker.publish(topic, Note.Note({ text: "x" }))
      yield* Effect.yieldNow
      assert.deepStrictEqual(order, Array.from({ length: 67 }, (_, index) => index * 3))
    }).pipe(Effect.provide(Layer.merge(ActorSystem.layerTest, Broker.layer))))

  it.effect("leaves nothing behind with a responder that never answers", () =>
    Effect.gen(function*() {
      const broker = yield* Broker.Broker
      const system = yield* ActorSystem.ActorSystem
      const topic = Topic.make(Question, "questions")
      const silent = yield* system.spawn(Effect.succeed<Handler<Question>>(() => {}))
      const quick = yield* system.spawn(
        Effect.succeed<Handler<Question>>((message, context) => context.reply(message, 42))
      )
      for (const ref of [silent, quick]) yield* broker.subscribe(ref, topic)
      for (let i = 0; i < 10; i++) {
        assert.strictEqual(yield* broker.request(topic, Question.Question()), 42)
        yield* Effect.yieldNow
      }
      assert.strictEqual(cellOf(silent).rare?.held?.size, 0)
    }).pipe(Effect.provide(Layer.merge(ActorSystem.layerTest, Broker.layer))))

  it("throws for a limit that is no whole number", () => {
    assert.throws(() => Broker.layerWith({ maxRetained: -1 }), RangeError)
    assert.throws(() => Broker.layerWith({ maxSubscriptions: 1.5 }), RangeError)
  })
})
