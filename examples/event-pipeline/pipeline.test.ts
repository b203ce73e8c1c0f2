import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "airssys"
import { Effect, Fiber, Stream } from "effect"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { run } from "./pipeline.ts"

/** The stages that crashed and those that were restarted, in order, and what the ledger has at the end. */
const observe = (lines: Stream.Stream<string>) =>
  Effect.gen(function*() {
    const system = yield* ActorSystem.ActorSystem
    const events = yield* Effect.forkChild(
      Stream.runCollect(Stream.takeUntil(system.events, ({ _tag, name }) => _tag === "Stopped" && name === "ledger")),
      { startImmediately: true }
    )
    const ledger = new Map(yield* run(lines))
    const restarts = (yield* Fiber.join(events)).flatMap(({ _tag, name }) =>
      _tag === "Crashed" || _tag === "Restarted" ? [`${name} ${_tag}`] : []
    )
    return { ledger, restarts }
  }).pipe(Effect.provide(ActorSystem.layerTest))

const fine = (count: number) => Stream.map(Stream.range(1, count), () => "tea,1")

describe("event-pipeline", () => {
  it.effect("keeps everything that is sold, however many lines there are", () =>
    Effect.gen(function*() {
      const { ledger, restarts } = yield* observe(fine(1_000))
      assert.deepStrictEqual([...ledger], [["tea", 1_000]])
      assert.deepStrictEqual(restarts, [])
    }))

  it.effect("loses a line that cannot be parsed, and nothing else", () =>
    Effect.gen(function*() {
      const { ledger, restarts } = yield* observe(Stream.concat(Stream.make("no sale"), fine(100)))
      assert.deepStrictEqual([...ledger], [["tea", 100]])
      assert.deepStrictEqual(restarts, ["parser Crashed", "parser Restarted"])
    }))

  it.effect("loses the open batch with a sale that it cannot take, and restarts the parser with it", () =>
    Effect.gen(function*() {
      const { ledger, restarts } = yield* observe(
        Stream.concat(Stream.make("tea,1", "tea,1", "tea,1", "coffee,1", "tea,-1"), fine(100))
      )
      assert.deepStrictEqual([...ledger], [["tea", 103]])
      assert.deepStrictEqual(restarts, ["batch Crashed", "batch Restarted", "parser Restarted"])
    }))

  it("runs", { timeout: 60_000 }, () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url))
    assert.deepStrictEqual(execFileSync(process.execPath, [main], { encoding: "utf8" }).trimEnd().split("\n"), [
      "parser: crashed",
      "parser: restarted",
      "batch: crashed",
      "batch: restarted",
      "parser: restarted",
      "tea: 10",
      "coffee: 5"
    ])
  })
})
