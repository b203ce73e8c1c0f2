import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "airssys"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { play } from "./pingPong.ts"

describe("ping-pong", () => {
  it.effect("sends the ball back and forth until it has crossed for the last time", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* play(10_001), { ping: 5_001, pong: 5_000 })
      assert.deepStrictEqual(yield* play(2), { ping: 1, pong: 1 })
      const { accepted, handled } = yield* Effect.flatMap(ActorSystem.ActorSystem, (system) => system.accounting)
      assert.deepStrictEqual([accepted, handled], [10_005, 10_005])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it("runs", { timeout: 60_000 }, () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url))
    const out = execFileSync(process.execPath, [main], { encoding: "utf8" })
    assert.match(out, /^ping hit the ball 500000 times, pong 500000 times\n\d+ ns for each crossing\n$/)
  })
})
