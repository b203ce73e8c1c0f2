import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as places from "../../src/security/internal/places.ts"

describe("places", () => {
  it.effect("runs so many at once, and the next ones in the order they came", () =>
    Effect.gen(function*() {
      const place = yield* places.make(2)
      const gate = yield* Deferred.make<void>()
      const begun: Array<number> = []
      let atOnce = 0
      let most = 0
      const one = (index: number) =>
        place(Effect.gen(function*() {
          begun.push(index)
          most = Math.max(most, ++atOnce)
          yield* Deferred.await(gate)
          yield* Effect.yieldNow
          atOnce--
        }))
      const all = yield* Effect.forkChild(
        Effect.forEach([0, 1, 2, 3, 4, 5], one, { concurrency: "unbounded", discard: true }),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      assert.deepStrictEqual(begun, [0, 1])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(all)
      assert.deepStrictEqual(begun, [0, 1, 2, 3, 4, 5])
      assert.strictEqual(most, 2)
    }))

  it.effect("leaves a place free for the next one whatever became of the last, and of those who waited", () =>
    Effect.gen(function*() {
      const place = yield* places.make(1)
      const held = yield* Effect.forkChild(place(Effect.never), { startImmediately: true })
      const waiting = yield* Effect.forkChild(place(Effect.never), { startImmediately: true })
      yield* Fiber.interrupt(waiting)
      yield* Fiber.interrupt(held)
      assert.strictEqual(yield* Effect.flip(place(Effect.fail("failed"))), "failed")
      assert.strictEqual(yield* place(Effect.succeed("done")), "done")
    }))
})
