import { assert, describe, it } from "@effect/vitest"
import * as Places from "airssys/security/Places"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { seeded } from "../../src/testing/internal/seeded.ts"
import { visits } from "../visits.ts"

describe("Places", () => {
  it.effect("runs so many at once, and the next ones in the order they came", () =>
    Effect.gen(function*() {
      const place = Places.make(2)
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
      const place = Places.make(1)
      const held = yield* Effect.forkChild(place(Effect.never), { startImmediately: true })
      const waiting = yield* Effect.forkChild(place(Effect.never), { startImmediately: true })
      yield* Fiber.interrupt(waiting)
      yield* Fiber.interrupt(held)
      assert.strictEqual(yield* Effect.flip(place(Effect.fail("failed"))), "failed")
      assert.strictEqual(yield* place(Effect.succeed("done")), "done")
    }))

  it.effect("lets everybody in who does not give up, in their order and never more than fit", () =>
    Effect.gen(function*() {
      const random = seeded(5, 0)
      for (let round = 0; round < 20; round++) {
        const place = Places.make(3)
        const begun: Array<number> = []
        const ended: Array<number> = []
        let inside = 0
        const one = (index: number) =>
          place(
            Effect.gen(function*() {
              begun.push(index)
              assert.isAtMost(++inside, 3)
              for (let step = random.below(4); step > 0; step--) yield* Effect.yieldNow
              ended.push(index)
            }).pipe(Effect.ensuring(Effect.sync(() => inside--)))
          )
        const left = new Set<number>()
        const fibers: Array<Fiber.Fiber<void>> = []
        for (let index = 0; index < 60; index++) {
          fibers.push(yield* Effect.forkChild(one(index), { startImmediately: true }))
          if (random.chance(0.4)) {
            const gone = random.below(fibers.length)
            left.add(gone)
            yield* Fiber.interrupt(fibers[gone]!)
          }
          if (random.chance(0.2)) yield* Effect.yieldNow
        }
        yield* Effect.forEach(fibers, Fiber.await)
        assert.deepStrictEqual(begun, begun.toSorted((a, b) => a - b))
        for (let index = 0; index < 60; index++) assert.isTrue(left.has(index) || ended.includes(index), `${index}`)
        assert.strictEqual(yield* Effect.all([one(1), one(2), one(3)], { concurrency: 3 }).pipe(Effect.as(inside)), 0)
      }
    }))

  it.effect("lets nobody in before those who wait, though a place is free", () =>
    Effect.gen(function*() {
      const place = Places.make(1)
      const begun: Array<string> = []
      const entering = (name: string) => place(Effect.sync(() => void begun.push(name)))
      const held = yield* Effect.forkChild(place(Effect.never), { startImmediately: true })
      yield* Effect.forkChild(entering("first"), { startImmediately: true })
      const leaving = yield* Effect.forkChild(Fiber.interrupt(held), { startImmediately: true })
      yield* entering("second")
      yield* Fiber.join(leaving)
      assert.deepStrictEqual(begun, ["first", "second"])
    }))

  it.effect("looks at no more of those who wait where more do", () =>
    Effect.gen(function*() {
      const many = Effect.fnUntraced(function*(count: number) {
        const place = Places.make(16)
        const all = Array.from({ length: count }, () => place(Effect.yieldNow))
        return (yield* visits(Effect.all(all, { concurrency: "unbounded", discard: true }))) / count
      })
      assert.isAtMost(yield* many(2000), 2 * (yield* many(200)) + 1)
    }))
})
