import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import * as Contract from "../../src/component/Contract.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as TestRuntime from "../../src/testing/TestRuntime.ts"

class NoSuchCurrency extends Contract.failure("acme:rates/NoSuchCurrency")<{ readonly value: string }> {}

class Rates extends Contract.Service<Rates, {
  readonly latest: (currency: string) => Effect.Effect<number, NoSuchCurrency | ComponentError>
}>()("acme:rates/plugin@1.2.0", {
  latest: Contract.func("acme:rates/rates@1.2.0", "latest", [["currency", { kind: "string" }]], {
    kind: "result",
    ok: { kind: "f64" },
    err: { kind: "variant", name: undefined, cases: [{ name: "no-such-currency", type: { kind: "string" } }] }
  }, { "no-such-currency": NoSuchCurrency })
}) {}

class Totals extends Contract.Service<Totals, {
  readonly add: (a: number, b: number) => Effect.Effect<number, ComponentError>
}>()("acme:totals/plugin@1.0.0", {
  add: Contract.func(
    "acme:totals/totals@1.0.0",
    "add",
    [["a", { kind: "u32" }], ["b", { kind: "u32" }]],
    { kind: "u32" },
    undefined
  )
}) {}

const convert = Effect.fnUntraced(
  function*(cents: number, currency: string) {
    const rates = yield* Rates
    return Math.round(cents * (yield* rates.latest(currency)))
  },
  Effect.catchTag("ComponentError", () => Effect.succeed(0))
)

const Scripted = () =>
  TestRuntime.layer(Rates, {
    latest: (code) => code === "USD" ? Effect.succeed(1.08) : Effect.fail(new NoSuchCurrency({ value: code }))
  })

describe("TestRuntime", () => {
  layer(Scripted())("a scripted component", (it) => {
    it.effect("answers as its script says, with typed failures", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* convert(100, "USD"), 108)
        const failure = yield* Effect.flip(convert(100, "XXX"))
        assert.instanceOf(failure, NoSuchCurrency)
        assert.strictEqual(failure.value, "XXX")
      }))

    it.effect("returns 0 while the plugin restarts, then the amount", () =>
      Effect.gen(function*() {
        yield* TestRuntime.crash(Rates, "Unreachable")
        assert.strictEqual(yield* convert(100, "USD"), 0)
        yield* TestClock.adjust("100 millis")
        assert.strictEqual(yield* convert(100, "USD"), 108)
      }))

    it.effect("refuses arguments that are none of the WIT's types", () =>
      Effect.gen(function*() {
        const rates = yield* Rates
        const failure = yield* Effect.flip(rates.latest(42 as never))
        assert.strictEqual(failure._tag, "ComponentError")
        assert.include(failure.message, "currency")
      }))
  })

  layer(Scripted())("a component that keeps crashing", (it) => {
    it.effect("is given up after its intensity, and says that it is stopped", () =>
      Effect.gen(function*() {
        for (let restart = 0; restart < 3; restart++) {
          yield* TestRuntime.crash(Rates, "Unreachable")
          yield* TestClock.adjust("1 second")
        }
        assert.strictEqual(yield* convert(100, "USD"), 108)
        yield* TestRuntime.crash(Rates, "Unreachable")
        yield* TestClock.adjust("1 second")
        const rates = yield* Rates
        const failure = yield* Effect.flip(rates.latest("USD"))
        assert.strictEqual(failure._tag === "ComponentError" ? failure.reason._tag : failure._tag, "Stopped")
      }))
  })

  layer(Layer.mergeAll(Scripted(), TestRuntime.layer(Totals, { add: (a, b) => Effect.succeed(a + b) })))(
    "two scripted components",
    (it) => {
      it.effect("run side by side, and crash alone", () =>
        Effect.gen(function*() {
          const totals = yield* Totals
          assert.strictEqual(yield* totals.add(1, 2), 3)
          assert.strictEqual(yield* convert(100, "USD"), 108)
          yield* TestRuntime.crash(Totals, "OutOfFuel")
          assert.strictEqual((yield* Effect.flip(totals.add(1, 2))).reason._tag, "Restarting")
          assert.strictEqual(yield* convert(100, "USD"), 108)
        }))

      it.effect("are two that forget each other with their layers", () =>
        Effect.gen(function*() {
          const answer = (add: (a: number, b: number) => Effect.Effect<number>) =>
            Effect.provide(Totals.use((totals) => totals.add(1, 2)), TestRuntime.layer(Totals, { add }))
          assert.strictEqual(yield* answer(() => Effect.succeed(7)), 7)
          assert.strictEqual(yield* answer(() => Effect.succeed(8)), 8)
        }))
    }
  )

  it.effect("stops a script that gives a value of another type than the WIT says, or an unknown failure", () =>
    Effect.gen(function*() {
      const add = (add: () => Effect.Effect<never, never>) =>
        Effect.flip(Effect.provide(Totals.use((totals) => totals.add(1, 2)), TestRuntime.layer(Totals, { add })))
      const wrong = yield* add(() => Effect.succeed(-1) as never)
      assert.deepStrictEqual(wrong.reason, { _tag: "Trap", category: "InvalidValue" })
      const unknown = yield* add(() => Effect.fail(new NoSuchCurrency({ value: "x" })) as never)
      assert.deepStrictEqual(unknown.reason, { _tag: "Trap", category: "Other" })
    }))

  it.effect("takes the limits and grants of the component that it stands for", () =>
    Effect.gen(function*() {
      const options = {
        limits: { memory: "32 MiB", fuel: 5_000_000, timeout: "250 millis" },
        grants: [Grant.make("clock", { reason: "Dates." })]
      } as const
      const layer = TestRuntime.layer(Totals, { add: (a, b) => Effect.succeed(a + b) }, options)
      assert.strictEqual(yield* Effect.provide(Totals.use((totals) => totals.add(1, 2)), layer), 3)
    }))
})
