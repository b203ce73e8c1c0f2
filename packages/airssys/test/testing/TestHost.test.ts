import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import * as Contract from "../../src/component/Contract.ts"
import { difference } from "../../src/testing/internal/difference.ts"
import * as TestEngine from "../../src/testing/TestEngine.ts"
import * as TestHost from "../../src/testing/TestHost.ts"
import { component, memory } from "../component/support/guests.ts"

const wit = `package acme:till@1.0.0;
interface prices { price: func(code: string) -> result<u32, string>; note: func(cents: u32); }
interface till { total: func() -> u32; idle: func(); }
world plugin { import prices; export till; }`

/** Asks for two prices, notes their sum and gives it. */
const artifact = component(
  `(module
    (import "acme:till/prices@1.0.0" "price" (func $price (param i32 i32 i32)))
    (import "acme:till/prices@1.0.0" "note" (func $note (param i32)))
    ${memory(1, `(data (i32.const 16) "applepear")`)}
    (func $ask (param i32 i32) (result i32)
      (call $price (local.get 0) (local.get 1) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then unreachable))
      (i32.load (i32.const 68)))
    (func (export "acme:till/till@1.0.0#total") (result i32) (local $sum i32)
      (local.set $sum (i32.add
        (call $ask (i32.const 16) (i32.const 5))
        (call $ask (i32.const 21) (i32.const 4))))
      (call $note (local.get $sum))
      (local.get $sum))
    (func (export "acme:till/till@1.0.0#idle")))`,
  wit
)

class Till extends Contract.Service<Till, {
  readonly total: () => Effect.Effect<number, ComponentError>
  readonly idle: () => Effect.Effect<void, ComponentError>
}>()("acme:till/plugin@1.0.0", {
  total: Contract.func("acme:till/till@1.0.0", "total", [], { kind: "u32" }, undefined),
  idle: Contract.func("acme:till/till@1.0.0", "idle", [], undefined, undefined)
}) {}

const price = "acme:till/prices#price"
const note = "acme:till/prices@1.0.0#note"
const ok = (val: unknown) => ({ tag: "ok", val })

const made = Effect.fnUntraced(function*(
  script: ReadonlyArray<TestHost.Step>,
  order: TestHost.Options["order"] = undefined
) {
  return yield* TestHost.make(Till, { artifact: yield* Effect.promise(() => artifact), script, order })
}, Effect.provide(TestEngine.layer))

/** What fails a test that calls `total` with a script. */
const failing = (script: ReadonlyArray<TestHost.Step>, order?: TestHost.Options["order"]) =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(
      Effect.scoped(Effect.flatMap(made(script, order), ({ client }) => client.total()))
    )
    return Exit.isFailure(exit) ? (Cause.squash(exit.cause) as Error).message : assert.fail("the test passes")
  })

const lines = (...text: ReadonlyArray<string>) => text.join("\n")

describe("TestHost", () => {
  it("shows where values differ, and long texts around their difference", () => {
    const long = "a".repeat(500)
    const cases = [
      [{ a: [1, 2n] }, { a: [1, 3n] }, "a[1]: expected 2n, got 3n"],
      [[1], [1, 2], "expected 1 items, got 2"],
      [Uint8Array.of(1, 2), Uint8Array.of(1, 2), undefined],
      [{ tag: "ok", val: undefined }, { tag: "ok" }, undefined],
      [NaN, NaN, undefined],
      [
        `${long}x`,
        `${long}y`,
        `differs from character 500 on: expected ..."${"a".repeat(15)}x", got ..."${"a".repeat(15)}y"`
      ]
    ] as const
    for (const [expected, found, text] of cases) assert.strictEqual(difference(expected, found), text)
  })

  it.effect("runs the component on the answers of the script", () =>
    Effect.gen(function*() {
      const host = yield* made([
        TestHost.call(price, ["apple"], ok(30)),
        TestHost.call(price, ["pear"], ok(12)),
        TestHost.call(note, [42])
      ])
      assert.strictEqual(yield* host.client.total(), 42)
      yield* host.verify
      assert.deepStrictEqual(yield* host.made, [
        { name: "acme:till/prices@1.0.0#price", args: ["apple"] },
        { name: "acme:till/prices@1.0.0#price", args: ["pear"] },
        { name: "acme:till/prices@1.0.0#note", args: [42] }
      ])
    }))

  it.effect("takes any order where the script says so, and any value where it stands for an argument", () =>
    Effect.gen(function*() {
      const { client } = yield* made([
        TestHost.call(note, [TestHost.any]),
        TestHost.call(price, ["pear"], ok(1)),
        TestHost.call(price, ["apple"], ok(2))
      ], "Any")
      assert.strictEqual(yield* client.total(), 3)
    }))

  it.effect("answers what is allowed as often as it is called", () =>
    Effect.gen(function*() {
      const { client, made: calls } = yield* made([
        TestHost.allow(price, (code) => ok(code === "apple" ? 5 : 6)),
        TestHost.allow(note, () => undefined)
      ])
      yield* client.total()
      assert.strictEqual(yield* client.total(), 11)
      assert.lengthOf(yield* calls, 6)
    }))

  it.effect("fails a test whose guest calls with other arguments, and shows the difference", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* failing([
          TestHost.call(price, ["apple"], ok(1)),
          TestHost.call(price, ["plum"], ok(1)),
          TestHost.call(note, [2])
        ]),
        lines(
          "The guest made another call than the script says, in place of call 2 of 3:",
          "  expected  acme:till/prices@1.0.0#price(\"plum\")",
          "  called    acme:till/prices@1.0.0#price(\"pear\")",
          "  argument  code: expected \"plum\", got \"pear\""
        )
      )
    }))

  it.effect("fails a test whose guest calls in another order, and says which call came early", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* failing([
          TestHost.call(note, [2]),
          TestHost.call(price, ["apple"], ok(1)),
          TestHost.call(price, ["pear"], ok(1))
        ]),
        lines(
          "The guest made another call than the script says, in place of call 1 of 3:",
          "  expected  acme:till/prices@1.0.0#note(2)",
          "  called    acme:till/prices@1.0.0#price(\"apple\")",
          "  which is expected later, as call 2"
        )
      )
    }))

  it.effect("fails a test whose guest calls more, or less, than the script has", () =>
    Effect.gen(function*() {
      const prices = [TestHost.call(price, ["apple"], ok(1)), TestHost.call(price, ["pear"], ok(1))]
      assert.strictEqual(
        yield* failing(prices),
        lines(
          "The guest made a call that is not expected, after all 2 that are:",
          "  called    acme:till/prices@1.0.0#note(2)"
        )
      )
      assert.strictEqual(
        yield* failing([...prices, TestHost.call(note, [2]), TestHost.call(note, [3])]),
        lines("The guest did not make 1 of 4 expected calls:", "  4. acme:till/prices@1.0.0#note(3)")
      )
    }))

  it.effect("fails a test whose script the component cannot follow", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* failing([TestHost.call("acme:till/prices#prize", ["apple"], 1)]),
        "The script has acme:till/prices#prize, which the component does not import. It imports " +
          "acme:till/prices@1.0.0#price, acme:till/prices@1.0.0#note."
      )
      assert.strictEqual(
        yield* failing([TestHost.call(note, ["two"])]),
        "The script expects of acme:till/prices@1.0.0#note cents: expected u32, got \"two\""
      )
      assert.include(yield* failing([TestHost.call(price, ["apple"], 30)]), "what is not of its type")
      assert.include(
        yield* failing([TestHost.call(price, ["apple"], Effect.succeed(30))]),
        "The script answers acme:till/prices@1.0.0#price with what is not of its type"
      )
    }))

  it.effect("gives a guest its answer when the test clock has come so far", () =>
    Effect.gen(function*() {
      const { client } = yield* made([
        TestHost.call(price, ["apple"], Effect.delay(Effect.succeed(ok(30)), "1 second")),
        TestHost.call(price, ["pear"], ok(12)),
        TestHost.call(note, [42])
      ])
      const total = yield* Effect.forkChild(client.total(), { startImmediately: true })
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(total.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(total), 42)
    }))

  it.effect("stops a guest at its limit of time, by the test clock", () =>
    Effect.gen(function*() {
      const { client } = yield* made([TestHost.call(price, ["apple"], Effect.never)])
      const total = yield* Effect.forkChild(Effect.flip(client.total()), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      const error = yield* Fiber.join(total)
      assert.deepStrictEqual(error.reason, { _tag: "DeadlineExceeded", limitMillis: 10_000 })
    }))

  it.effect("gives the test the trap of a guest, whether it or its host caused it", () =>
    Effect.gen(function*() {
      const own = yield* made([TestHost.call(price, ["apple"], { tag: "err", val: "sold out" })])
      assert.deepStrictEqual((yield* Effect.flip(own.client.total())).reason, {
        _tag: "Trap",
        category: "Unreachable"
      })
      const host = yield* made([TestHost.call(price, ["apple"], TestHost.trap("Denied"))])
      const error = yield* Effect.flip(host.client.total())
      assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "Denied" })
      assert.strictEqual(error.component, "acme:till")
    }))

  it.effect("refuses a component that does not keep the contract", () =>
    Effect.gen(function*() {
      const other = component(`(module (func (export "f")))`, "package a:b; world w { export f: func(); }")
      const bytes = yield* Effect.promise(() => other)
      const error = yield* Effect.flip(
        Effect.provide(TestHost.make(Till, { artifact: bytes, script: [] }), TestEngine.layer)
      )
      assert.strictEqual(error.message, "the component does not export acme:till/till@1.0.0#total")
    }))

  it.effect("provides a contract as a layer, and verifies the script with it", () =>
    Effect.gen(function*() {
      const bytes = yield* Effect.promise(() => artifact)
      const idle = (script: ReadonlyArray<TestHost.Step>) =>
        Till.use((till) => till.idle()).pipe(
          Effect.provide(Layer.provide(TestHost.layer(Till, { artifact: bytes, script }), TestEngine.layer)),
          Effect.exit
        )
      assert.isTrue(Exit.isSuccess(yield* idle([])))
      assert.isTrue(Exit.isFailure(yield* idle([TestHost.call(note, [1])])))
    }))
})
