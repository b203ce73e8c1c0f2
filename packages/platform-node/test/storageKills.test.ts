import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { kill } from "../scripts/storageLives.ts"

describe("a process that writes to a store of storage", () => {
  it.live(
    "is killed 15 times while it writes: what was acknowledged is there, nothing half is, and it verifies",
    () =>
      Effect.gen(function*() {
        const report = yield* Effect.promise(() => kill(15, 15))
        assert.deepStrictEqual(report.problems, [])
        assert.isAbove(report.acknowledged, 0)
      }),
    { timeout: 180_000 }
  )
})
