import { assert, describe, layer } from "@effect/vitest"
import { Cause, Context, Deferred, Duration, Effect, Exit, Fiber } from "effect"
import * as ComponentEngine from "../../src/component/ComponentEngine.ts"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import * as ComponentEngineTest from "../../src/testing/ComponentEngineTest.ts"
import { build } from "./support/contractGuest.ts"
import { component, memory } from "./support/guests.ts"

ComponentEngineTest.suite("airssys", ComponentEngine.layer, build)

const limits: ComponentEngine.Limits = { memory: 1024 * 1024, timeout: undefined, fuel: 1_000_000 }

const sync = (call: (args: ReadonlyArray<unknown>) => unknown): ComponentEngine.HostFunction => ({ _tag: "Sync", call })

const start = Effect.fnUntraced(function*(
  bytes: Promise<Uint8Array>,
  imports: ComponentEngine.Imports = new Map(),
  more: Partial<ComponentEngine.Limits> = {}
) {
  const engine = yield* ComponentEngine.ComponentEngine
  const loaded = yield* engine.load(yield* Effect.promise(() => bytes))
  const instance = yield* engine.instantiate(loaded, { imports, limits: { ...limits, ...more }, tier: "inline" })
  const call = (name: string, args: ReadonlyArray<unknown> = [], owner?: string) =>
    Effect.map(engine.call(instance, { interface: owner, function: name }, args), ({ value }) => value)
  return { call, engine, instance }
})

const reasonOf = <A>(effect: Effect.Effect<A, ComponentError>) => Effect.map(Effect.flip(effect), (_) => _.reason)

const counters = component(
  `(module
    (import "[export]test:r/counters" "[resource-new]counter" (func $new (param i32) (result i32)))
    (import "[export]test:r/counters" "[resource-rep]counter" (func $rep (param i32) (result i32)))
    (global $dropped (mut i32) (i32.const 0))
    (func (export "test:r/counters#[constructor]counter") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "test:r/counters#[method]counter.double") (param i32) (result i32)
      (i32.mul (local.get 0) (i32.const 2)))
    (func (export "test:r/counters#look") (param i32) (result i32) (local.get 0))
    (func (export "test:r/counters#take") (param i32) (result i32) (call $rep (local.get 0))))`,
  `package test:r;
   interface counters {
     resource counter { constructor(start: u32); double: func() -> u32; }
     look: func(of: borrow<counter>) -> u32;
     take: func(of: counter) -> u32;
   }
   world w { export counters; }`
)

const files = component(
  `(module
    (import "test:f/files" "open" (func $open (result i32)))
    (import "test:f/files" "[method]file.size" (func $size (param i32) (result i32)))
    (import "test:f/files" "[resource-drop]file" (func $drop (param i32)))
    (func (export "run") (result i32) (local $file i32) (local $size i32)
      (local.set $file (call $open))
      (local.set $size (call $size (local.get $file)))
      (call $drop (local.get $file))
      (local.get $size)))`,
  `package test:f;
   interface files { resource file { size: func() -> u32; } open: func() -> file; }
   world w { import files; export run: func() -> u32; }`
)

const asking = component(
  `(module (import "$root" "ask" (func $ask (result i32))) ${memory()}
    (func (export "twice") (result i32) (drop (call $ask)) (call $ask))
    (func (export "spin") (loop $again (br $again))))`,
  "package a:b; world w { import ask: func() -> u32; export twice: func() -> u32; export spin: func(); }"
)

const reading = component(
  `(module ${memory()}
    (func (export "read") (param i32 i32) (result i32) (global.set $next (i32.const 4096)) (local.get 1))
    (func (export "sum") (param i32 i32) (result i32) (global.set $next (i32.const 4096)) (local.get 1)))`,
  "package a:b; world w { export read: func(text: string) -> u32; export sum: func(bytes: list<u8>) -> u32; }"
)

const answers = (ask: ComponentEngine.HostFunction): ComponentEngine.Imports => new Map([["", new Map([["ask", ask]])]])

class Name extends Context.Service<Name, string>()("test/Name") {}

describe("the framework's own engine", () => {
  layer(ComponentEngine.layer, { excludeTestServices: true })((it) => {
    it.effect("refuses arguments that a guest has no room for, and calls it again", () =>
      Effect.gen(function*() {
        const { call, instance } = yield* start(reading)
        const refused = [
          ["x".repeat(600_000)],
          ["\u20ac".repeat(200_000)],
          ["x".repeat(1e8)]
        ]
        for (const args of refused) {
          assert.deepStrictEqual(yield* reasonOf(call("read", args)), { _tag: "BadArgument", path: "" })
        }
        assert.deepStrictEqual(yield* reasonOf(call("sum", [new Uint8Array(600_000)])), {
          _tag: "BadArgument",
          path: ""
        })
        const loop: Array<unknown> = []
        loop.push(loop)
        assert.strictEqual((yield* reasonOf(call("sum", [loop])))._tag, "BadArgument")
        assert.isFalse(instance.isPoisoned())
        assert.strictEqual(yield* call("read", ["x".repeat(500_000)]), 500_000)
        assert.strictEqual(yield* call("read", ["\u20ac".repeat(150_000)]), 450_000)
      }))

    it.effect("gives the host resources of a guest, as opaque objects that only their instance takes", () =>
      Effect.gen(function*() {
        const { call } = yield* start(counters)
        const other = yield* start(counters)
        const owner = "test:r/counters"
        const counter = yield* call("[constructor]counter", [21], owner)
        assert.strictEqual(yield* call("[method]counter.double", [counter], owner), 42)
        assert.strictEqual(yield* call("look", [counter], owner), 21)
        assert.deepStrictEqual(Object.keys(counter as object), [])
        for (const wrong of [{}, 1, null, yield* other.call("[constructor]counter", [1], owner)]) {
          assert.strictEqual((yield* reasonOf(call("look", [wrong], owner)))._tag, "BadArgument")
        }
        assert.strictEqual(yield* call("take", [counter], owner), 21)
        assert.strictEqual((yield* reasonOf(call("look", [counter], owner)))._tag, "BadArgument")
      }))

    it.effect("gives guests resources of the host, and says when one is dropped", () =>
      Effect.gen(function*() {
        const file = { size: 7 }
        const dropped: Array<unknown> = []
        const { call } = yield* start(
          files,
          new Map([[
            "test:f/files",
            new Map([
              ["open", sync(() => file)],
              ["[method]file.size", sync(([of]) => (of as typeof file).size)],
              ["[resource-drop]file", sync(([of]) => dropped.push(of))]
            ])
          ]])
        )
        assert.strictEqual(yield* call("run"), 7)
        assert.deepStrictEqual(dropped, [file])
      }))

    it.effect("runs Effects of host functions in the context of the call, and ends them with it", () =>
      Effect.gen(function*() {
        const released = yield* Deferred.make<void>()
        const names: Array<string> = []
        const ask: ComponentEngine.HostFunction = {
          _tag: "Async",
          call: () =>
            names.length === 0
              ? Effect.contextWith((context: Context.Context<never>) => {
                names.push(Context.getOrElse(context as Context.Context<Name>, Name, () => ""))
                return Effect.as(Effect.yieldNow, 1)
              })
              : Effect.onInterrupt(Effect.never, () => Deferred.succeed(released, undefined))
        }
        const { call, instance } = yield* start(asking, answers(ask), { timeout: Duration.millis(50) })
        const reason = yield* reasonOf(Effect.provideService(call("twice"), Name, "four"))
        assert.deepStrictEqual(reason, { _tag: "DeadlineExceeded", limitMillis: 50 })
        yield* Deferred.await(released)
        assert.deepStrictEqual(names, ["four"])
        assert.isTrue(instance.isPoisoned())
      }))

    it.effect("lets others run while a guest computes, and forgets an instance that is disposed of meanwhile", () =>
      Effect.gen(function*() {
        const { call, engine, instance } = yield* start(asking, answers(sync(() => 1)), { fuel: undefined })
        const spinning = yield* Effect.forkChild(call("spin"), { startImmediately: true })
        const other = yield* start(asking, answers(sync(() => 5)))
        assert.strictEqual(yield* other.call("twice"), 5)
        yield* engine.dispose(instance)
        const exit = yield* Fiber.await(spinning)
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) as ComponentError : assert.fail("it returned")
        assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "Cancelled" })
        assert.deepStrictEqual(yield* reasonOf(call("twice")), { _tag: "Stopped" })
        const again = yield* start(asking, answers(sync(() => 6)))
        yield* engine.dispose(instance)
        assert.strictEqual(yield* again.call("twice"), 6)
      }))

    it.effect("keeps an instance whose call was over before it had a turn, because of others", () =>
      Effect.gen(function*() {
        const neighbour = start(asking, answers(sync(() => 1)), { fuel: undefined })
        const others = [yield* neighbour, yield* neighbour]
        const { call, instance } = yield* start(asking, answers(sync(() => 5)), {
          fuel: undefined,
          timeout: Duration.millis(200)
        })
        const spinning = yield* Effect.forEach(
          others,
          ({ call }) => Effect.forkChild(call("spin"), { startImmediately: true })
        )
        const late = yield* Effect.forkChild(reasonOf(call("twice")), { startImmediately: true })
        yield* Effect.sync(() => {
          for (const since = performance.now(); performance.now() - since < 250;);
        })
        assert.deepStrictEqual(yield* Fiber.join(late), { _tag: "DeadlineExceeded", limitMillis: 200 })
        assert.isFalse(instance.isPoisoned())
        yield* Effect.forEach(spinning, Fiber.interrupt)
        assert.strictEqual(yield* call("twice"), 5)
      }))

    it.effect("gives up an instance once, so that another one in its place stays", () =>
      Effect.gen(function*() {
        const { call, engine, instance } = yield* start(asking, answers(sync(() => 1)), { fuel: undefined })
        const spinning = yield* Effect.forkChild(call("spin"), { startImmediately: true })
        yield* Fiber.interrupt(spinning)
        const again = yield* start(asking, answers(sync(() => 6)), { fuel: 10_000_000 })
        yield* engine.dispose(instance)
        const third = yield* start(asking, answers(sync(() => 7)), { fuel: 10_000_000 })
        assert.deepStrictEqual(yield* Effect.all([again.call("twice"), third.call("twice")]), [6, 7])
        assert.deepStrictEqual(yield* reasonOf(again.call("spin")), { _tag: "Trap", category: "OutOfFuel" })
      }))

    it.effect("refuses components of another engine, and tiers that it does not have", () =>
      Effect.gen(function*() {
        const engine = yield* ComponentEngine.ComponentEngine
        const loaded = yield* engine.load(yield* Effect.promise(() => counters))
        const refusals = [
          engine.instantiate({ ...loaded }, { imports: new Map(), limits, tier: "inline" }),
          engine.instantiate(loaded, { imports: new Map(), limits, tier: "worker" })
        ]
        for (const refused of refusals) {
          assert.deepInclude(yield* Effect.flip(refused), { _tag: "InstantiateError", reason: "Refused" })
        }
      }))

    it.effect("keeps what a host function threw as the cause", () =>
      Effect.gen(function*() {
        const boom = new Error("boom")
        const { call } = yield* start(
          asking,
          answers(sync(() => {
            throw boom
          }))
        )
        const error = yield* Effect.flip(call("twice"))
        assert.strictEqual(error.cause, boom)
        assert.include(error.message, "ask: boom")
      }))
  })
})
