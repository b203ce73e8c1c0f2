import { assert, layer } from "@effect/vitest"
import { TestRuntime } from "airssys/testing"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Discount, UnknownCode } from "./discount.gen.ts"
import { price } from "./price.ts"

const Scripted = TestRuntime.layer(Discount, {
  percent: (code) => code === "SPRING" ? Effect.succeed(10) : Effect.fail(new UnknownCode({ value: code }))
})

layer(Scripted)("price", (it) => {
  it.effect("takes the discount off, and asks the full price for a code that nobody issued", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* price(2000, "SPRING"), 1800)
      assert.strictEqual(yield* price(2000, "AUTUMN"), 2000)
    }))

  it.effect("fails while the plugin restarts, and works again afterwards", () =>
    Effect.gen(function*() {
      yield* TestRuntime.crash(Discount, "Unreachable")
      const error = yield* Effect.flip(price(2000, "SPRING"))
      assert.strictEqual(error.reason._tag, "Restarting")
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* price(2000, "SPRING"), 1800)
    }))
})
