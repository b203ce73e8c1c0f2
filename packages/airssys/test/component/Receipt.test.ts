import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import * as Contract from "../../src/component/Contract.ts"
import * as Receipt from "../../src/component/Receipt.ts"
import * as TestRuntime from "../../src/testing/TestRuntime.ts"

class Echo extends Contract.Service<Echo, {
  readonly ping: () => Effect.Effect<string, ComponentError>
  readonly fail: () => Effect.Effect<string, ComponentError>
}>()("acme:echo/plugin@1.0.0", {
  ping: Contract.func("acme:echo/echo@1.0.0", "ping", [], { kind: "string" }, undefined),
  fail: Contract.func("acme:echo/echo@1.0.0", "fail", [], { kind: "string" }, undefined)
}) {}

const ping = Echo.use((echo) => echo.ping())
const exportsOf = (receipts: ReadonlyArray<Receipt.CallReceipt>) => receipts.map((receipt) => receipt.export)

describe("Receipt", () => {
  it.effect("is collected for the calls of an effect and of the fibers it forks, and of no others", () =>
    Effect.gen(function*() {
      const other = yield* Effect.forkChild(Effect.replicateEffect(ping, 3), { startImmediately: true })
      const [value, receipts] = yield* Receipt.collect(
        Effect.flatMap(ping, () => Effect.flatMap(Effect.forkChild(ping), Fiber.join))
      )
      yield* Fiber.join(other)
      assert.strictEqual(value, "pong")
      assert.lengthOf(receipts, 2)
      assert.strictEqual(receipts[0]?.component, "acme:echo")
      assert.strictEqual(receipts[0]?.export, "echo.ping")
    }).pipe(Effect.provide(TestRuntime.layer(Echo, { ping: () => Effect.succeed("pong"), fail: () => Effect.never }))))

  it.effect("keeps concurrent collections apart", () =>
    Effect.gen(function*() {
      const counts = yield* Effect.forEach(
        [1, 2, 3],
        (times) => Effect.map(Receipt.collect(Effect.replicateEffect(ping, times)), ([, receipts]) => receipts.length),
        { concurrency: 3 }
      )
      assert.deepStrictEqual(counts, [1, 2, 3])
    }).pipe(Effect.provide(TestRuntime.layer(Echo, { ping: () => Effect.succeed("pong"), fail: () => Effect.never }))))

  it.effect("is seen by every collection around a call", () =>
    Effect.gen(function*() {
      const [[, inner], outer] = yield* Receipt.collect(Receipt.collect(ping))
      assert.deepStrictEqual(exportsOf(inner), ["echo.ping"])
      assert.deepStrictEqual(exportsOf(outer), ["echo.ping"])
    }).pipe(Effect.provide(TestRuntime.layer(Echo, { ping: () => Effect.succeed("pong"), fail: () => Effect.never }))))
})
