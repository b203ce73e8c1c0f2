import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { kill } from "../scripts/receiptLives.ts"

describe("a process that keeps receipts", () => {
  it.live(
    "is killed 15 times while it does: what was durable is there once, in its order, and nothing half",
    () =>
      Effect.gen(function*() {
        const report = yield* Effect.promise(() => kill(15, 15))
        assert.deepStrictEqual(report.problems, [])
        assert.isAbove(report.durable, 0)
      }),
    { timeout: 180_000 }
  )
})
