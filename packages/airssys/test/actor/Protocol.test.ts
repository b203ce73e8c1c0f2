import { assert, describe, it } from "@effect/vitest"
import * as ActorSystem from "airssys/actor/ActorSystem"
import * as Backoff from "airssys/actor/Backoff"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
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

describe("data that makes no sense is refused where it is made", () => {
  it.effect("dies with a RangeError where it is spawned", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const options = [-1, 1.5, Number.NaN].flatMap((count) => [{ redeliver: count }, { stash: count }])
      for (const behaviour of [Effect.succeed(() => {}), Effect.sync(() => () => {})]) {
        for (const option of options) {
          const exit = yield* Effect.exit(system.spawn(behaviour, { name: "a", ...option }))
          assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof RangeError)
        }
        yield* system.stop(yield* system.spawn(behaviour, { name: "a", redeliver: 0, stash: Infinity }))
      }
    }).pipe(Effect.provide(ActorSystem.layerTest)))

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
