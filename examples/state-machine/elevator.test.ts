import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "airssys"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Call, elevator } from "./elevator.ts"

const make = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const car = yield* system.spawn(elevator({ floor: 0, perFloor: "2 seconds", doorsOpen: "5 seconds" }))
  const opened: Array<number> = []
  const call = (floor: number) =>
    Effect.forkChild(Effect.map(car.ask(new Call({ floor })), (at) => opened.push(at)), { startImmediately: true })
  return { call, opened }
})

describe("state-machine", () => {
  it.effect("takes as long as the way is", () =>
    Effect.gen(function*() {
      const { call, opened } = yield* make
      yield* call(3)
      yield* TestClock.adjust("5999 millis")
      assert.deepStrictEqual(opened, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(opened, [3])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("goes to those who called meanwhile, in the order they did", () =>
    Effect.gen(function*() {
      const { call, opened } = yield* make
      yield* call(2)
      yield* call(5)
      yield* call(1)
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(opened, [2])
      yield* TestClock.adjust("11 seconds")
      assert.deepStrictEqual(opened, [2, 5])
      yield* TestClock.adjust("13 seconds")
      assert.deepStrictEqual(opened, [2, 5, 1])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("keeps the doors open for those who come while they are", () =>
    Effect.gen(function*() {
      const { call, opened } = yield* make
      yield* call(0)
      yield* call(1)
      yield* TestClock.adjust("4 seconds")
      yield* call(0)
      assert.deepStrictEqual(opened, [0, 0])
      yield* TestClock.adjust("6999 millis")
      assert.deepStrictEqual(opened, [0, 0])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(opened, [0, 0, 1])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it("runs", { timeout: 60_000 }, () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url))
    const lines = execFileSync(process.execPath, [main], { encoding: "utf8" }).trimEnd().split("\n")
    assert.deepStrictEqual(lines, [3, 0, 3, 1].map((floor) => `doors open on floor ${floor}`))
  })
})
