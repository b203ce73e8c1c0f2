import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import * as Contract from "../../src/component/Contract.ts"
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
})
