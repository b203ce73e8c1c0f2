import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "airssys"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { OutOfStock, Stock, stock } from "./stock.ts"

const open = Effect.flatMap(ActorSystem.ActorSystem, (system) => system.spawn(stock))

describe("request-response", () => {
  it.effect("answers with what is left, or with a typed error", () =>
    Effect.gen(function*() {
      const shelf = yield* open
      shelf.tell(Stock.Deliver({ item: "tea", count: 3 }))
      assert.strictEqual(yield* shelf.ask(Stock.Take({ item: "tea", count: 2 })), 1)
      const error = yield* Effect.flip(shelf.ask(Stock.Take({ item: "tea", count: 2 })))
      assert.deepStrictEqual(error, new OutOfStock({ item: "tea", left: 1 }))
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("answers those who wait in their order, as soon as there is enough", () =>
    Effect.gen(function*() {
      const shelf = yield* open
      const wait = (count: number) =>
        Effect.forkChild(shelf.ask(Stock.Await({ item: "tea", count })), { startImmediately: true })
      const large = yield* wait(5)
      const small = yield* wait(1)
      shelf.tell(Stock.Deliver({ item: "tea", count: 4 }))
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(small.pollUnsafe())
      shelf.tell(Stock.Deliver({ item: "tea", count: 4 }))
      assert.deepStrictEqual([yield* Fiber.join(large), yield* Fiber.join(small)], [3, 2])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("lets go of those who wait no longer", () =>
    Effect.gen(function*() {
      const shelf = yield* open
      const asking = yield* Effect.forkChild(
        Effect.flip(shelf.ask(Stock.Await({ item: "tea", count: 1 }), { timeout: "1 minute" })),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(asking))._tag, "AskTimeout")
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it("runs", { timeout: 60_000 }, () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url))
    assert.deepStrictEqual(execFileSync(process.execPath, [main], { encoding: "utf8" }).trimEnd().split("\n"), [
      "two taken, 1 left",
      "not enough tea: 1 left",
      "five taken after the delivery, 6 left",
      "no coffee within 20 ms"
    ])
  })
})
