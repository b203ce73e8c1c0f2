import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Accounting from "../src/actor/Accounting.ts"
import { ActorSystem } from "../src/actor/ActorSystem.ts"
import type { LayerOptions } from "../src/component/Component.ts"
import * as Contract from "../src/component/Contract.ts"
import { lifecycle } from "../src/component/internal/coreExports.ts"
import * as Runtime from "../src/Runtime.ts"
import * as scriptedHost from "./component/scriptedHost.ts"

const { func, world } = scriptedHost

const guest = (name: string, code: scriptedHost.Guest["code"]): scriptedHost.Guest => ({
  world: world(name, [func("ping", { kind: "string" }), func("wait")]),
  code: { [`${name}.ping`]: () => "pong", ...code }
})

const settled = Effect.replicateEffect(Effect.yieldNow, 20, { discard: true })

/** A host that the test closes itself, with calls of which every end is counted. */
const opened = Effect.gen(function*() {
  const host = scriptedHost.make()
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(host.layer, scope)
  const { runtime, system } = yield* Effect.provideContext(
    Effect.all({ runtime: Runtime.Runtime, system: ActorSystem }),
    context
  )
  const start = (name: string, code: scriptedHost.Guest["code"], options?: LayerOptions) =>
    runtime.startUntyped(host.put(name, guest(name, code)), options)
  const outcome = (component: string, target: string) =>
    Effect.map(
      Effect.result(runtime.call(component, target, [])),
      (call) => call._tag === "Success" ? "answered" : call.failure.reason._tag
    )
  const calls = (count: number, component: string, target: string) =>
    Effect.forkChild(
      Effect.all(Array.from({ length: count }, () => outcome(component, target)), { concurrency: "unbounded" }),
      { startImmediately: true }
    )
  const closing = Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
  return { host, runtime, system, start, outcome, calls, closing }
})

const counted = (ends: ReadonlyArray<string>): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const end of ends) counts[end] = (counts[end] ?? 0) + 1
  return counts
}

const assertSettled = (accounts: Accounting.Accounting) => {
  assert.isTrue(Accounting.isBalanced(accounts), JSON.stringify(accounts))
  assert.deepStrictEqual([accounts.waiting, accounts.running, accounts.stashed], [0, 0, 0])
}

describe("Runtime, when a component is stopped", () => {
  it.effect("ends what a component does that is told of its end when nobody waits for it", () =>
    Effect.gen(function*() {
      const { host, runtime } = yield* opened
      const ended = yield* Deferred.make<void>()
      const folder = host.put("slow", {
        world: world("slow", [], { exports: Contract.world(lifecycle).exports }),
        code: {
          "lifecycle.init": () => ({ tag: "ok", val: undefined }),
          "lifecycle.shutdown": () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined))
        }
      })
      yield* runtime.startUntyped(folder, { hooks: { shutdown: "1 minute" } })
      const stopping = yield* Effect.forkChild(runtime.stop("acme:slow"), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      const end = (yield* Fiber.join(stopping))!
      assert.deepStrictEqual([end.outcome, end.because], ["Killed", "DeadlineExceeded"])
      yield* Deferred.await(ended)
      yield* settled
      assert.lengthOf(host.disposed, 1)
    }))
})

describe("Runtime, when a component is started with more time for its shutdown than it can have", () => {
  it.effect("warns once of each, with the bound and what to do, and starts it", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${message}`))
      yield* Effect.gen(function*() {
        const { host, outcome, runtime } = yield* opened
        const put = (name: string) =>
          host.put(name, {
            world: world(name, [func("ping", { kind: "string" })], { exports: Contract.world(lifecycle).exports }),
            code: {
              "lifecycle.init": () => ({ tag: "ok", val: undefined }),
              "lifecycle.shutdown": () => ({ tag: "ok", val: undefined }),
              [`${name}.ping`]: () => "pong"
            }
          })
        yield* runtime.startUntyped(put("patient"), { hooks: { shutdown: "20 seconds" }, pool: { size: 3 } })
        yield* runtime.startUntyped(put("quick"), { hooks: { shutdown: "5 seconds" } })
        yield* runtime.startUntyped(host.put("silent", guest("silent", {})), { hooks: { shutdown: "1 minute" } })
        yield* runtime.stop("acme:patient")
        yield* runtime.startUntyped(put("patient"), { hooks: { shutdown: "20 seconds" } })
        assert.strictEqual(yield* outcome("acme:patient", "patient.ping"), "answered")
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(lines.filter((line) => line.startsWith("Warn")), [
        "Warn acme:patient: hooks.shutdown is 20s, and no shutdown is waited for longer than 5s: " +
        "then the component is killed. Give it at most 5s."
      ])
    }))
})

describe("Runtime, when its layer closes", () => {
  it.effect("refuses new calls and starts at once, and works off the calls that wait", () =>
    Effect.gen(function*() {
      const { calls, closing, host, outcome, runtime, start, system } = yield* opened
      const gate = yield* Deferred.make<void>()
      const names = ["one", "two", "three"]
      const waiting: Array<Fiber.Fiber<ReadonlyArray<string>>> = []
      for (const name of names) {
        yield* start(name, { [`${name}.wait`]: () => Deferred.await(gate) })
        waiting.push(
          yield* calls(100, `acme:${name}`, `${name}.wait`),
          yield* calls(100, `acme:${name}`, `${name}.ping`)
        )
      }
      yield* settled
      const closed = yield* closing
      for (const name of names) assert.strictEqual(yield* outcome(`acme:${name}`, `${name}.ping`), "Stopped")
      const late = yield* Effect.flip(runtime.startUntyped(host.put("late", guest("late", {}))))
      assert.strictEqual(late._tag, "RuntimeStopped")
      assert.deepStrictEqual((yield* runtime.status).map(({ state }) => state), ["Stopping", "Stopping", "Stopping"])
      yield* Deferred.succeed(gate, undefined)
      for (const fiber of waiting) assert.deepStrictEqual(counted(yield* Fiber.join(fiber)), { answered: 100 })
      yield* Fiber.join(closed)
      assert.deepStrictEqual((yield* runtime.status).map(({ state }) => state), ["Stopped", "Stopped", "Stopped"])
      assert.lengthOf(host.disposed, 3)
      const accounts = yield* system.accounting
      assertSettled(accounts)
      assert.strictEqual(accounts.handled, 600)
    }))

  it.effect("kills at the bound what has not ended, and tells the sender of each call that is lost", () =>
    Effect.gen(function*() {
      const { calls, closing, host, start, system } = yield* opened
      yield* start("idle", {})
      yield* start("stuck", { "stuck.wait": () => Effect.never }, { shutdown: "Infinity" })
      yield* start("slow", { "slow.wait": () => Effect.sleep("1 second") })
      const stuck = [yield* calls(1, "acme:stuck", "stuck.wait"), yield* calls(50, "acme:stuck", "stuck.ping")]
      const slow = yield* calls(50, "acme:slow", "slow.wait")
      yield* settled
      const closed = yield* closing
      yield* settled
      assert.lengthOf(host.disposed, 1)
      for (let second = 0; second < 9; second++) yield* TestClock.adjust("1 second")
      assert.isUndefined(closed.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closed)
      const lost = (yield* Effect.forEach(stuck, Fiber.join)).flat()
      assert.deepStrictEqual(counted(lost), { Stopped: 51 })
      const ends = counted(yield* Fiber.join(slow))
      assert.strictEqual(ends["answered"]! + ends["Stopped"]!, 50)
      assert.isAtLeast(ends["answered"]!, 9)
      const accounts = yield* system.accounting
      assertSettled(accounts)
      assert.strictEqual(accounts.handled, ends["answered"])
      assert.strictEqual(accounts.offered, 101)
    }))

  it.effect("does not wait beyond a bound that it was given", () =>
    Effect.gen(function*() {
      const host = scriptedHost.make()
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        Layer.provide(host.layer, Layer.succeed(Runtime.ShutdownBound, Duration.seconds(2))),
        scope
      )
      const runtime = yield* Effect.provideContext(Runtime.Runtime, context)
      yield* runtime.startUntyped(host.put("stuck", guest("stuck", { "stuck.wait": () => Effect.never })))
      const call = yield* Effect.forkChild(Effect.flip(runtime.call("acme:stuck", "stuck.wait", [])), {
        startImmediately: true
      })
      yield* settled
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(closing)
      assert.strictEqual((yield* Fiber.join(call)).reason._tag, "Stopped")
    }))

  it.effect("says of each component how it ended, and says it again", () =>
    Effect.gen(function*() {
      const { calls, host, runtime, start } = yield* opened
      yield* start("busy", { "busy.wait": () => Effect.sleep("1 second") })
      yield* start("stuck", { "stuck.wait": () => Effect.never })
      yield* start("broken", { "broken.ping": ({ trap }) => trap("Unreachable") }, { restart: "Temporary" })
      yield* start("gone", {})
      yield* runtime.stop("acme:gone")
      yield* calls(1, "acme:broken", "broken.ping")
      yield* calls(3, "acme:busy", "busy.wait")
      yield* calls(1, "acme:stuck", "stuck.wait")
      yield* settled
      const ending = yield* Effect.forkChild(runtime.shutdown, { startImmediately: true })
      for (let second = 0; second < 11; second++) yield* TestClock.adjust("1 second")
      const ends = yield* Fiber.join(ending)
      assert.deepStrictEqual(ends.map(({ at, component, outcome }) => [component, outcome, at]), [
        ["acme:broken", "Failed", 0],
        ["acme:busy", "Stopped", 3000],
        ["acme:stuck", "Killed", 10_000]
      ])
      assert.strictEqual(ends[0]?.because, "broken.ping: Trap Unreachable")
      assert.strictEqual(yield* runtime.shutdown, ends)
      const late = yield* Effect.flip(runtime.startUntyped(host.put("late", guest("late", {}))))
      assert.strictEqual(late._tag, "RuntimeStopped")
    }))

  it.effect("ends starts that are under way, with a typed error", () =>
    Effect.gen(function*() {
      const { closing, host, runtime } = yield* opened
      const folder = host.put("slow", {
        world: world("slow", [], { exports: Contract.world(lifecycle).exports }),
        code: { "lifecycle.init": () => Effect.never }
      })
      const starting = yield* Effect.forkChild(Effect.flip(runtime.startUntyped(folder)), { startImmediately: true })
      while (host.instances.length === 0) yield* Effect.yieldNow
      const closed = yield* closing
      const error = yield* Fiber.join(starting)
      assert.strictEqual(error._tag, "ActorStopped")
      yield* Fiber.join(closed)
      assert.lengthOf(host.disposed, 1)
      assert.deepStrictEqual((yield* runtime.status).map(({ state }) => state), ["Stopped"])
    }))

  it.effect("does not wait beyond its bound for a component that is told of its end", () =>
    Effect.gen(function*() {
      const { closing, host, runtime } = yield* opened
      const folder = host.put("slow", {
        world: world("slow", [], { exports: Contract.world(lifecycle).exports }),
        code: { "lifecycle.init": () => ({ tag: "ok", val: undefined }), "lifecycle.shutdown": () => Effect.never }
      })
      yield* runtime.startUntyped(folder, { hooks: { shutdown: "4 seconds" } })
      const closed = yield* closing
      yield* TestClock.adjust("1999 millis")
      yield* settled
      assert.isUndefined(closed.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closed)
      assert.lengthOf(host.disposed, 1)
      const ends = yield* runtime.shutdown
      assert.deepStrictEqual(ends.map(({ because, hook, outcome }) => [outcome, because, hook]), [
        ["Killed", "DeadlineExceeded", undefined]
      ])
    }).pipe(Effect.provideService(Runtime.ShutdownBound, Duration.seconds(2))))

  it.effect("is as graceful when the program is interrupted", () =>
    Effect.gen(function*() {
      const host = scriptedHost.make()
      const gate = yield* Deferred.make<string>()
      const answered = yield* Deferred.make<Fiber.Fiber<{ readonly value: unknown }, unknown>>()
      const program = Effect.gen(function*() {
        const runtime = yield* Runtime.Runtime
        yield* runtime.startUntyped(host.put("echo", guest("echo", { "echo.wait": () => Deferred.await(gate) })))
        yield* Deferred.succeed(answered, yield* Effect.forkDetach(runtime.call("acme:echo", "echo.wait", [])))
        return yield* Effect.never
      })
      const main = yield* Effect.forkChild(Effect.provide(program, host.layer), { startImmediately: true })
      const call = yield* Deferred.await(answered)
      yield* settled
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(main), { startImmediately: true })
      yield* settled
      assert.isUndefined(interrupting.pollUnsafe())
      yield* Deferred.succeed(gate, "done")
      assert.strictEqual((yield* Fiber.join(call)).value, "done")
      yield* Fiber.join(interrupting)
      assert.lengthOf(host.disposed, 1)
    }))
})
