import * as Progress from "@airssys/cli/Progress"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

const printing = <A, E, R>(use: (lines: ReadonlyArray<string>) => Effect.Effect<A, E, R>) => {
  const lines: Array<string> = []
  const console: Console.Console = { ...globalThis.console, error: (line: string) => void lines.push(line) }
  return Effect.provideService(use(lines), Console.Console, console)
}

describe("Progress", () => {
  it.effect("says every two seconds how much is done, and nothing of what is short", () =>
    printing((lines) =>
      Effect.gen(function*() {
        const progress = yield* Progress.make((done) => `${done} of 9`)
        yield* progress.add(1)
        yield* TestClock.adjust("1999 millis")
        yield* progress.add(1)
        assert.deepStrictEqual(lines, [])
        yield* TestClock.adjust("1 millis")
        yield* progress.add(1)
        yield* progress.add(1)
        assert.deepStrictEqual(lines, ["3 of 9"])
        yield* TestClock.adjust("2 seconds")
        yield* progress.add(5)
        assert.deepStrictEqual(lines, ["3 of 9", "9 of 9"])
      })
    ))

  it.effect("says every two seconds that something is still done, until it is", () =>
    printing((lines) =>
      Effect.gen(function*() {
        const working = yield* Effect.forkChild(Progress.during("at it")(Effect.as(Effect.sleep("5 seconds"), 1)))
        yield* TestClock.adjust("4 seconds")
        assert.deepStrictEqual(lines, ["at it", "at it"])
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* Fiber.join(working), 1)
        assert.strictEqual(lines.length, 2)
      })
    ))
})
