import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "airssys"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { circuitBreaker, Fetch, ServiceFailed } from "./circuitBreaker.ts"

const make = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const asked: Array<string> = []
  const service = {
    asked,
    answer: (key: string): Effect.Effect<string, ServiceFailed> => Effect.succeed(`value of ${key}`)
  }
  const ref = yield* system.spawn(circuitBreaker({
    failures: 2,
    resetAfter: "1 minute",
    service: (key) =>
      Effect.suspend(() => {
        asked.push(key)
        return service.answer(key)
      })
  }))
  const fetch = (key: string) =>
    Effect.match(ref.ask(new Fetch({ key })), { onFailure: ({ _tag }) => _tag, onSuccess: (value) => value })
  return { fetch, service }
})

const broken = (key: string) => Effect.fail(new ServiceFailed({ key }))

describe("circuit-breaker", () => {
  it.effect("passes on what the service says, and forgets failures that were not in a row", () =>
    Effect.gen(function*() {
      const { fetch, service } = yield* make
      for (let i = 0; i < 3; i++) {
        service.answer = broken
        assert.strictEqual(yield* fetch("a"), "ServiceFailed")
        service.answer = (key) => Effect.succeed(key)
        assert.strictEqual(yield* fetch("b"), "b")
      }
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("spares the service while it is open, and tries again after a while", () =>
    Effect.gen(function*() {
      const { fetch, service } = yield* make
      service.answer = broken
      yield* fetch("a")
      yield* fetch("b")
      assert.strictEqual(yield* fetch("c"), "CircuitOpen")
      assert.deepStrictEqual(service.asked, ["a", "b"])
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* fetch("d"), "CircuitOpen")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* fetch("e"), "ServiceFailed")
      assert.strictEqual(yield* fetch("f"), "CircuitOpen")
      yield* TestClock.adjust("1 minute")
      service.answer = (key) => Effect.succeed(key)
      assert.strictEqual(yield* fetch("g"), "g")
      assert.strictEqual(yield* fetch("h"), "h")
      assert.deepStrictEqual(service.asked, ["a", "b", "e", "g", "h"])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("lets one request through at a time while it is not sure", () =>
    Effect.gen(function*() {
      const { fetch, service } = yield* make
      service.answer = broken
      yield* fetch("a")
      yield* fetch("b")
      yield* TestClock.adjust("1 minute")
      const gate = yield* Deferred.make<string>()
      service.answer = () => Deferred.await(gate)
      const trial = yield* Effect.forkChild(fetch("c"), { startImmediately: true })
      assert.strictEqual(yield* fetch("d"), "CircuitOpen")
      yield* Deferred.succeed(gate, "well again")
      assert.strictEqual(yield* Fiber.join(trial), "well again")
      assert.strictEqual(yield* fetch("e"), "well again")
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it("runs", { timeout: 60_000 }, () => {
    const main = fileURLToPath(new URL("main.ts", import.meta.url))
    const lines = execFileSync(process.execPath, [main], { encoding: "utf8" }).trimEnd().split("\n")
    assert.deepStrictEqual(lines, [
      "a: ServiceFailed (the service was called 1 times)",
      "b: ServiceFailed (the service was called 2 times)",
      "c: ServiceFailed (the service was called 3 times)",
      "d: CircuitOpen (the service was called 3 times)",
      "e: ServiceFailed (the service was called 4 times)",
      "f: the value of f (the service was called 5 times)",
      "g: the value of g (the service was called 6 times)"
    ])
  })
})
