import { assert, describe, it } from "@effect/vitest"
import type { ActorContext } from "airssys/actor/ActorContext"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Handler } from "airssys/actor/Behaviour"
import { TurnScheduler } from "airssys/actor/TurnScheduler"
import * as Effect from "effect/Effect"

const budget = 16_384
const batch = 256

describe("TurnScheduler", () => {
  it.effect("takes one turn for all ready actors, and yields to other events when its budget is spent", () => {
    const soon: Array<() => void> = []
    const later: Array<() => void> = []
    return Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      let endless = 0
      let polite = 0
      const first = yield* system.spawn(
        Effect.succeed((message: string, context: ActorContext<string>) => {
          endless++
          context.self.tell(message)
        })
      )
      const second = yield* system.spawn(Effect.succeed<Handler<string>>(() => {
        polite++
      }))
      first.tell("again")
      for (let i = 0; i < 1000; i++) second.tell("once")
      assert.strictEqual(soon.length, 1)
      soon.shift()!()
      assert.strictEqual(polite, 1000)
      assert.isTrue(endless + polite >= budget && endless + polite < budget + batch)
      assert.deepStrictEqual([soon.length, later.length], [0, 1])
      const before = endless
      later.shift()!()
      assert.strictEqual(endless - before, budget)
      yield* system.kill(first)
      later.shift()!()
      assert.deepStrictEqual([soon.length, later.length], [0, 0])
      second.tell("once more")
      assert.strictEqual(soon.length, 1)
      soon.shift()!()
      assert.strictEqual(polite, 1001)
    }).pipe(
      Effect.provide(ActorSystem.layerTest),
      Effect.provideService(TurnScheduler, {
        soon: (task) => void soon.push(task),
        later: (task) => void later.push(task)
      })
    )
  })
})
