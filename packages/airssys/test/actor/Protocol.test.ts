import { assert, describe, it } from "@effect/vitest"
import type * as ActorRef from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import * as Backoff from "airssys/actor/Backoff"
import type { Handler } from "airssys/actor/Behaviour"
import * as Broker from "airssys/actor/Broker"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as DynamicSupervisor from "airssys/actor/DynamicSupervisor"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Pool from "airssys/actor/Pool"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Topic from "airssys/actor/Topic"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

describe("Protocol", () => {
  const Store = Protocol.make({
    Put: { payload: { key: Schema.String, note: Schema.optionalKey(Schema.String) } },
    Get: { payload: { key: Schema.String }, reply: Schema.Finite }
  })

  it("makes messages of the declared fields, and marks the ones that are answered", () => {
    assert.deepStrictEqual(Object.entries(Store.Put({ key: "a" })), [["_tag", "Put"], ["key", "a"]])
    const hostile = JSON.parse("{\"key\":\"a\",\"_tag\":\"Get\",\"__proto__\":{\"admin\":true},\"extra\":1}")
    assert.deepStrictEqual(Object.entries(Store.Put(hostile)), [["_tag", "Put"], ["key", "a"]])
    assert.isUndefined((Store.Put(hostile) as { readonly admin?: boolean }).admin)
    assert.isFalse(Protocol.isRequest(Store.Put({ key: "a" })))
    assert.isTrue(Protocol.isRequest(Store.Get({ key: "a" })))
  })

  it("takes fields and tags of any name", () => {
    const text = Schema.optionalKey(Schema.String)
    const Odd = Protocol.make({ constructor: { payload: { constructor: text, ["__proto__"]: text, toString: text } } })
    assert.deepStrictEqual(Object.entries(Odd.constructor(JSON.parse("{}"))), [["_tag", "constructor"]])
    const fields = JSON.parse("{\"constructor\":\"a\",\"__proto__\":\"b\"}")
    assert.deepStrictEqual(Object.entries(Odd.constructor(fields)), [
      ["_tag", "constructor"],
      ["constructor", "a"],
      ["__proto__", "b"]
    ])
  })

  it.effect("has a schema for what comes from outside", () =>
    Effect.gen(function*() {
      const decode = Schema.decodeUnknownEffect(Protocol.schema(Store))
      assert.deepStrictEqual(yield* decode({ _tag: "Put", key: "a" }), { _tag: "Put", key: "a" })
      yield* Effect.flip(decode({ _tag: "Put", key: 1 }))
      yield* Effect.flip(decode({ _tag: "Drop" }))
    }))

  it("makes request classes", () => {
    class Lookup extends Protocol.request<number, string>()("Lookup")<{ readonly key: string }> {}
    const message = new Lookup({ key: "a" })
    assert.instanceOf(message, Lookup)
    assert.deepStrictEqual(Object.entries(message), [["_tag", "Lookup"], ["key", "a"]])
    assert.isTrue(Protocol.isRequest(message))
  })
})

const noDuration = "5 parsecs" as Duration.Input

describe("data that makes no sense is refused where it is made", () => {
  it.effect("dies with a RangeError where it is spawned", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const options = [
        ...[-1, 1.5, Number.NaN].flatMap((count) => [{ redeliver: count }, { stash: count }]),
        { shutdown: noDuration },
        { shutdown: Number.NaN },
        { startTimeout: noDuration },
        { startTimeout: -1 },
        { mailbox: { _tag: "Bounded", capacity: Number.NaN, policy: "Fail" } as const },
        { mailbox: { _tag: "Bounded", capacity: 1, policy: "block" as never } as const },
        { mailbox: { _tag: "bounded" } as never },
        { mailbox: null as never }
      ]
      for (const behaviour of [Effect.succeed(() => {}), Effect.sync(() => () => {})]) {
        for (const option of options) {
          const exit = yield* Effect.exit(system.spawn(behaviour, { name: "a", ...option }))
          assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof RangeError)
        }
        yield* system.stop(yield* system.spawn(behaviour, { name: "a", redeliver: 0, stash: Infinity }))
      }
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it("throws a RangeError for what is no duration", () => {
    const behaviour = Effect.succeed(() => {})
    const child = (options: Partial<Parameters<typeof ChildSpec.make>[0]>) => () =>
      ChildSpec.make({ id: "a", behaviour, ...options })
    const check = () => Effect.void
    const supervisor = { strategy: "OneForOne", children: [] } as const
    const making: ReadonlyArray<() => unknown> = [
      child({ shutdown: noDuration }),
      child({ startTimeout: noDuration }),
      child({ probe: { check, every: noDuration } }),
      child({ probe: { check, timeout: noDuration } }),
      child({ backoff: { base: noDuration, factor: 1, cap: 1 } }),
      child({ backoff: { base: 1, factor: 1, cap: noDuration } }),
      () => Supervisor.make({ ...supervisor, intensity: { restarts: 1, within: noDuration } }),
      () => Supervisor.make({ ...supervisor, shutdown: noDuration }),
      () => ActorSystem.layerWith({ shutdown: noDuration }),
      () => ActorSystem.layerWith({ abandonAfter: noDuration }),
      () => ActorSystem.layerWith({ watchdog: { stuckAfter: noDuration } }),
      () => ActorSystem.layerWith({ watchdog: { every: noDuration } }),
      () => ActorSystem.layerWith({ watchdog: { every: 0 } })
    ]
    for (const make of making) assert.throws(make, RangeError)
    assert.throws(making[0]!, "The time to shut down is a duration such as \"5 seconds\", not \"5 parsecs\"")
  })

  it.effect("throws a RangeError where it is sent, and sends nothing", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const broker = yield* Broker.Broker
      const Ping = Protocol.make({ Ping: { payload: {}, reply: Schema.Void } })
      const ref = yield* system.spawn(Effect.succeed<Handler<Protocol.Message<typeof Ping>>>(() => {}))
      const { ref: pool } = yield* Pool.start(
        Pool.make({ id: "pool", size: 1, behaviour: Effect.succeed<Handler<Protocol.Message<typeof Ping>>>(() => {}) })
      )
      const ping = Ping.Ping()
      const urgent = "Urgent" as ActorRef.Priority
      for (const options of [{ priority: urgent }, { ttl: noDuration }]) {
        for (const target of [ref, pool]) {
          assert.throws(() => target.tell(ping, options), RangeError)
          for (const send of [() => target.offer(ping, options), () => target.ask(ping, options)]) {
            const exit = yield* Effect.exit(Effect.suspend<void, unknown, never>(send))
            assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof RangeError)
          }
        }
      }
      assert.throws(() => ref.ask(ping, { timeout: noDuration }), RangeError)
      assert.throws(() => broker.request(Topic.make(Ping, "ping"), ping, { timeout: noDuration }), RangeError)
      assert.strictEqual((yield* system.accounting).offered, 0)
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(ActorSystem.layerTest, Broker.layer))))

  it("throws a RangeError for a word that its type does not have, and for a time that is no number", () => {
    const behaviour = Effect.succeed(() => {})
    const supervisor = { strategy: "OneForOne", children: [] } as const
    const template = () => ChildSpec.make({ id: "a", behaviour })
    for (
      const word of ["permanent", "one-for-one", "never", Symbol("Permanent"), Object.create(null)] as Array<never>
    ) {
      const making: ReadonlyArray<() => unknown> = [
        () => ChildSpec.make({ id: "a", behaviour, restart: word }),
        () => ChildSpec.make({ id: "a", behaviour, isSignificant: word }),
        () => ChildSpec.make({ id: "a", behaviour, shutdown: word }),
        () => ChildSpec.make({ id: "a", behaviour, mailbox: word }),
        () => Supervisor.make({ ...supervisor, strategy: word }),
        () => Supervisor.make({ ...supervisor, autoShutdown: word }),
        () => Supervisor.make({ ...supervisor, restart: word }),
        () => DynamicSupervisor.make({ template, autoShutdown: word }),
        () => Mailbox.bounded(1, word),
        () => Pool.make({ id: "a", size: 1, behaviour, routing: { _tag: word } }),
        () => Pool.make({ id: "a", size: word, behaviour })
      ]
      for (const make of making) assert.throws(make, RangeError)
    }
    const times: ReadonlyArray<Duration.Input> = [Number.NaN, -1, "-5 seconds"]
    for (const time of times) {
      assert.throws(() => ChildSpec.make({ id: "a", behaviour, shutdown: time }), RangeError)
      assert.throws(() => Supervisor.make({ ...supervisor, intensity: { restarts: 1, within: time } }), RangeError)
      assert.throws(() => Backoff.make({ base: time, factor: 1, cap: 1 }), RangeError)
    }
  })

  it("throws a RangeError", () => {
    for (const capacity of [0, -1, 1.5, Number.NaN, Infinity]) {
      assert.throws(() => Mailbox.bounded(capacity), RangeError)
    }
    for (const factor of [0, 0.5, Number.NaN, Infinity]) {
      assert.throws(() => Backoff.make({ base: 1, factor, cap: 1 }), RangeError)
    }
    for (const restarts of [-1, 0.5, Number.NaN]) {
      assert.throws(
        () =>
          Supervisor.make({
            strategy: "OneForOne",
            intensity: { restarts, within: 1 },
            children: []
          }),
        RangeError
      )
    }
  })
})
