/**
 * What every implementation of `ComponentEngine` has to keep, as tests.
 *
 * The suite runs one component in each tier that the engine offers. Tests of a
 * limit run where the engine says that it keeps it. The clock is the real one.
 *
 * @since 0.1.0
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import {
  ComponentEngine,
  type HostFunction,
  type HostTrap,
  type Imports,
  type Instance,
  type Limits,
  type Tier
} from "../component/ComponentEngine.ts"
import type { ComponentError, TrapCategory } from "../component/ComponentError.ts"

const host = "airssys:contract/host@1.0.0"
const target = (owner: string, name: string) => ({
  interface: `airssys:contract/${owner}@1.0.0`,
  function: name
})

class ContractComponent
  extends Context.Service<ContractComponent, Uint8Array>()("airssys/testing/ComponentEngineTest/ContractComponent")
{}

const limits: Limits = { memory: 1024 * 1024, timeout: undefined, fuel: undefined }

const sync = (call: (args: ReadonlyArray<unknown>) => unknown): HostFunction => ({ _tag: "Sync", call })
const async = (call: (args: ReadonlyArray<unknown>) => Effect.Effect<unknown, HostTrap>): HostFunction => ({
  _tag: "Async",
  call
})
const trap = (category: HostTrap["category"], detail: string): HostTrap => ({ _tag: "HostTrap", category, detail })

const importing = (ask: HostFunction, tick: HostFunction = sync(() => 1)): Imports =>
  new Map([[host, new Map([["ask", ask], ["tick", tick]])]])

const answering = importing(sync(([question]) => ({ tag: "ok", val: `${question}!` })))

const load = (asyncImports?: ReadonlyArray<string>) =>
  Effect.flatMap(
    ContractComponent,
    (bytes) => ComponentEngine.use((engine) => engine.load(bytes, { asyncImports }))
  )

const start = Effect.fnUntraced(function*(tier: Tier, options?: {
  readonly imports?: Imports | undefined
  readonly limits?: Partial<Limits> | undefined
  readonly asyncImports?: ReadonlyArray<string> | undefined
}) {
  const engine = yield* ComponentEngine
  const component = yield* load(options?.asyncImports)
  return yield* engine.instantiate(component, {
    imports: options?.imports ?? answering,
    limits: { ...limits, ...options?.limits },
    tier
  })
})

const call = (instance: Instance, owner: string, name: string, ...args: ReadonlyArray<unknown>) =>
  ComponentEngine.use((engine) => engine.call(instance, target(owner, name), args))

const value = (instance: Instance, owner: string, name: string, ...args: ReadonlyArray<unknown>) =>
  Effect.map(call(instance, owner, name, ...args), (_) => _.value)

const reason = (instance: Instance, owner: string, name: string, ...args: ReadonlyArray<unknown>) =>
  Effect.map(Effect.flip(call(instance, owner, name, ...args)), (_) => _.reason)

const values: ReadonlyArray<readonly [name: string, values: ReadonlyArray<unknown>]> = [
  ["a-bool", [true, false]],
  ["a-s8", [-128, 0, 127]],
  ["a-u8", [0, 255]],
  ["a-s16", [-32768, 32767]],
  ["a-u16", [0, 65535]],
  ["a-s32", [-2147483648, 2147483647]],
  ["a-u32", [0, 4294967295]],
  ["a-s64", [-9223372036854775808n, 9223372036854775807n]],
  ["a-u64", [0n, 18446744073709551615n]],
  ["a-f32", [0, 1.5, Infinity, NaN]],
  ["a-f64", [Math.PI, -0, Number.MAX_VALUE]],
  ["a-char", ["a", "\u{1f600}"]],
  ["a-string", ["", "naïve \u{1f600} \u0000 \ufeff", "x".repeat(10_000)]],
  ["bytes", [new Uint8Array(), Uint8Array.of(0, 128, 255)]],
  ["words", [[], [0, 7, 4294967295]]],
  ["nested", [[], [[], [-32768, 32767]]]],
  ["strings", [[], ["", "a", "\u{1f600}"]]],
  ["maybe", [undefined, 0, 7]],
  ["maybe-maybe", [{ tag: "none" }, { tag: "some", val: undefined }, { tag: "some", val: 7 }]],
  ["pair", [[1, "one"]]],
  ["a-point", [{ x: 1, farAway: -5n, label: "here" }]],
  ["points", [[], [{ x: 1, farAway: -5n, label: "a" }, { x: 2, farAway: 5n, label: "b" }]]],
  ["a-rights", [
    { read: false, writeAll: false, owner: false },
    { read: true, writeAll: false, owner: true }
  ]],
  ["a-colour", ["red", "dark-green", "blue"]],
  ["a-shape", [{ tag: "nothing" }, { tag: "circle", val: 7 }, { tag: "text", val: "seven" }]],
  ["outcome", [{ tag: "ok", val: 7 }, { tag: "err", val: "no" }]],
  ["outcomes", [[{ tag: "ok", val: 7 }, { tag: "err", val: "no" }]]],
  ["done", [{ tag: "ok", val: undefined }, { tag: "err", val: undefined }]]
]

const fails = (): never => {
  throw new Error("it was looked at")
}

const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** What is no list of arguments, and no argument either. */
const unreadable: ReadonlyArray<unknown> = [
  undefined,
  null,
  7,
  {},
  { length: 2 },
  new Map(),
  new Proxy({}, { get: fails, ownKeys: fails, getPrototypeOf: fails }),
  revoked({}),
  revoked([]),
  Object.defineProperty({}, "a", { enumerable: true, get: fails })
]

const wrong: ReadonlyArray<readonly [name: string, values: ReadonlyArray<unknown>]> = [
  ["a-bool", [1, "true", undefined, null]],
  ["a-s8", [128, -129, 1.5, "1", 1n]],
  ["a-u32", [-1, 4294967296, NaN, "7"]],
  ["a-u64", [7, -1n, 18446744073709551616n]],
  ["a-char", ["", "ab", "\ud800"]],
  ["a-string", [7, undefined, "\ud800"]],
  ["bytes", ["abc", [256], [-1]]],
  ["strings", [["a", 7], { length: 1 }]],
  ["maybe", ["7", null]],
  ["pair", [[1], [1, "one", 2]]],
  ["a-point", [{ x: 1, label: "here" }, { x: 1, farAway: 5, label: "here" }, null]],
  ["a-colour", ["green", "toString", 0]],
  ["a-shape", [{ tag: "square" }, { tag: "circle" }, { tag: "constructor" }]],
  ["outcome", [{ tag: "ok", val: "7" }, { tag: "maybe", val: 7 }, 7]]
]

const faults: ReadonlyArray<readonly [name: string, category: TrapCategory]> = [
  ["unreachable", "Unreachable"],
  ["memory-out-of-bounds", "MemoryOutOfBounds"],
  ["table-out-of-bounds", "TableOutOfBounds"],
  ["bad-indirect-call", "BadIndirectCall"],
  ["integer-overflow", "IntegerOverflow"],
  ["division-by-zero", "DivisionByZero"],
  ["bad-conversion", "BadConversion"],
  ["recurse", "StackOverflow"],
  ["not-utf8", "InvalidValue"],
  ["not-a-char", "InvalidValue"],
  ["not-a-colour", "InvalidValue"],
  ["not-in-memory", "MemoryOutOfBounds"],
  ["amplified", "InvalidValue"]
]

/**
 * Runs the suite against an engine.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(
  name: string,
  layer: Layer.Layer<ComponentEngine, E>,
  component: () => Promise<Uint8Array>
): void => {
  describe(`ComponentEngine (${name})`, () => {
    const contract = Layer.effect(ContractComponent, Effect.promise(component))
    withLayer(Layer.merge(layer, contract), { excludeTestServices: true })((it) => {
      it.effect("loads a component once and names it by its digest", () =>
        Effect.gen(function*() {
          const first = yield* load()
          const second = yield* load()
          assert.strictEqual(first.digest, second.digest)
          assert.match(first.digest, /^[0-9a-f]{64}$/)
          assert.deepStrictEqual(first.world.imports.map((_) => _.id), [host])
        }))

      it.effect("refuses what is no component", () =>
        Effect.gen(function*() {
          const engine = yield* ComponentEngine
          const bytes = yield* ContractComponent
          for (const input of [new Uint8Array(), Uint8Array.of(1, 2, 3), bytes.slice(0, -100), bytes.slice(0, 9)]) {
            assert.strictEqual((yield* Effect.flip(engine.load(input)))._tag, "LoadError")
          }
        }))

      for (const tier of ["inline", "worker"] as const) {
        describe(`tier ${tier}`, () => {
          type Services = ComponentEngine | ContractComponent | Scope.Scope
          const test = <E>(title: string, body: () => Effect.Effect<void, E, Services>) =>
            it.effect(`${title}`, () =>
              ComponentEngine.use((engine): Effect.Effect<void, E, Services> =>
                engine.keeps(tier) === undefined ? Effect.void : body()
              ))

          test("gives every kind of value back as it was", () =>
            Effect.gen(function*() {
              const instance = yield* start(tier)
              for (const [name, inputs] of values) {
                for (const input of inputs) {
                  assert.deepStrictEqual(yield* value(instance, "echo", name, input), input, name)
                }
              }
            }))

          test("refuses arguments of another type before the guest runs", () =>
            Effect.gen(function*() {
              const instance = yield* start(tier)
              for (const [name, inputs] of wrong) {
                for (const input of inputs) {
                  const failed = yield* reason(instance, "echo", name, input)
                  assert.strictEqual(failed._tag, "BadArgument", `${name} ${String(input)}`)
                }
              }
              assert.strictEqual((yield* reason(instance, "work", "add", 1))._tag, "BadArgument")
              assert.strictEqual((yield* reason(instance, "work", "add", 1, 2, 3))._tag, "BadArgument")
              for (const value of unreadable) {
                assert.strictEqual((yield* reason(instance, "echo", "a-string", value))._tag, "BadArgument")
                const failed = yield* Effect.flip(
                  ComponentEngine.use((engine) =>
                    engine.call(instance, target("work", "add"), value as ReadonlyArray<unknown>)
                  )
                )
                assert.strictEqual(failed.reason._tag, "BadArgument")
              }
              assert.strictEqual(yield* value(instance, "work", "add", 1, 2), 3)
            }))

          test("has no exports but the declared ones", () =>
            Effect.gen(function*() {
              const instance = yield* start(tier)
              for (const name of ["then", "constructor", "__proto__", "toString", "addd"]) {
                assert.strictEqual((yield* reason(instance, "work", name))._tag, "NoSuchExport")
                assert.strictEqual((yield* reason(instance, name, "add"))._tag, "NoSuchExport")
              }
              assert.isFalse(instance.isPoisoned())
            }))

          for (const [name, category] of faults) {
            test(`stops a guest at ${name} and never enters it again`, () =>
              Effect.gen(function*() {
                const instance = yield* start(tier)
                assert.deepStrictEqual(yield* reason(instance, "faults", name), { _tag: "Trap", category })
                assert.isTrue(instance.isPoisoned())
                assert.deepStrictEqual(yield* reason(instance, "work", "add", 1, 2), { _tag: "Poisoned" })
                assert.strictEqual(yield* value(yield* start(tier), "work", "add", 1, 2), 3)
              }))
          }

          test("keeps state between calls and apart from other instances", () =>
            Effect.gen(function*() {
              const one = yield* start(tier)
              const two = yield* start(tier)
              assert.strictEqual(yield* value(one, "work", "count"), 1)
              assert.strictEqual(yield* value(one, "work", "count"), 2)
              assert.strictEqual(yield* value(two, "work", "count"), 1)
            }))

          test("keeps the memory limit and reports the memory in the receipt", () =>
            Effect.gen(function*() {
              const instance = yield* start(tier, { limits: { memory: 4 * 65536 } })
              assert.strictEqual((yield* call(instance, "work", "add", 1, 2)).receipt.memory, 65536)
              assert.strictEqual(yield* value(instance, "work", "grow", 2), 1)
              assert.strictEqual(yield* value(instance, "work", "grow", 2), -1)
              assert.strictEqual(yield* value(instance, "work", "grow", 1), 3)
              assert.strictEqual((yield* call(instance, "work", "add", 1, 2)).receipt.memory, 4 * 65536)
            }))

          test("refuses a component whose memory starts above the limit", () =>
            Effect.gen(function*() {
              const error = yield* Effect.flip(start(tier, { limits: { memory: 65535 } }))
              assert.deepInclude(error, { _tag: "InstantiateError", reason: "MemoryLimit" })
            }))

          test("names all missing imports at once", () =>
            Effect.gen(function*() {
              const error = yield* Effect.flip(start(tier, { imports: new Map() }))
              assert.deepInclude(error, {
                _tag: "InstantiateError",
                reason: "MissingImports",
                missing: [`${host}#ask`, `${host}#tick`]
              })
              const other: Imports = new Map([["airssys:contract/host@2.0.0", answering.get(host)!]])
              assert.deepInclude(yield* Effect.flip(start(tier, { imports: other })), { reason: "MissingImports" })
            }))

          test("refuses a limit that it cannot keep", () =>
            Effect.gen(function*() {
              const keeps = yield* ComponentEngine.use((engine) => Effect.succeed(engine.keeps(tier)!))
              const timeout = yield* Effect.exit(start(tier, { limits: { timeout: Duration.seconds(5) } }))
              assert.strictEqual(Exit.isSuccess(timeout), keeps.timeout)
              const fuel = yield* Effect.exit(start(tier, { limits: { fuel: 1_000_000 } }))
              assert.strictEqual(Exit.isSuccess(fuel), keeps.fuel)
            }))

          test("calls host functions, and gives their results to the guest as values", () =>
            Effect.gen(function*() {
              let ticks = 0
              const ask = sync(([question]) =>
                question === "" ? { tag: "err", val: "empty" } : { tag: "ok", val: `${question}!` }
              )
              const instance = yield* start(tier, { imports: importing(ask, sync(() => ++ticks)) })
              assert.deepStrictEqual(yield* value(instance, "work", "relay", "hi"), { tag: "ok", val: "hi!" })
              assert.deepStrictEqual(yield* value(instance, "work", "relay", ""), { tag: "err", val: "empty" })
              assert.strictEqual(yield* value(instance, "work", "tick-twice"), 3)
              assert.isFalse(instance.isPoisoned())
            }))

          test("calls host functions that are Effects", () =>
            Effect.gen(function*() {
              const asked: Array<unknown> = []
              const ask = async(([question]) =>
                Effect.as(
                  Effect.andThen(Effect.sync(() => asked.push(question)), Effect.yieldNow),
                  question === "" ? { tag: "err", val: "empty" } : { tag: "ok", val: `${question}!` }
                )
              )
              const instance = yield* start(tier, { imports: importing(ask), asyncImports: [`${host}#ask`] })
              assert.deepStrictEqual(yield* value(instance, "work", "relay", "hi"), { tag: "ok", val: "hi!" })
              assert.deepStrictEqual(yield* value(instance, "work", "relay", ""), { tag: "err", val: "empty" })
              assert.strictEqual(yield* value(instance, "work", "tick-twice"), 2)
              assert.deepStrictEqual(asked, ["hi", ""])
            }))

          for (
            const [title, ask, category] of [
              [
                "throws",
                sync(() => {
                  throw new Error("boom")
                }),
                "HostFailure"
              ],
              [
                "throws a HostTrap",
                sync(() => {
                  throw trap("Denied", "not granted")
                }),
                "Denied"
              ],
              ["returns a value of another type", sync(() => ({ tag: "ok", val: 7 })), "HostFailure"],
              ["returns what is no result", sync(() => "fine"), "HostFailure"],
              ["fails at once", async(() => Effect.fail(trap("Revoked", "taken away"))), "Revoked"],
              [
                "fails later",
                async(() => Effect.andThen(Effect.yieldNow, Effect.fail(trap("Denied", "not granted")))),
                "Denied"
              ],
              ["dies later", async(() => Effect.andThen(Effect.yieldNow, Effect.die("boom"))), "HostFailure"],
              ["is interrupted", async(() => Effect.andThen(Effect.yieldNow, Effect.interrupt)), "Cancelled"]
            ] as const
          ) {
            for (const through of ["relay", "stubborn"]) {
              test(`stops a guest in ${through} whose host function ${title}`, () =>
                Effect.gen(function*() {
                  const asyncImports = ask._tag === "Async" ? [`${host}#ask`] : undefined
                  let ticks = 0
                  const instance = yield* start(tier, { imports: importing(ask, sync(() => ++ticks)), asyncImports })
                  const failed = yield* reason(instance, "work", through, "hi")
                  assert.strictEqual(ticks, 0)
                  assert.deepStrictEqual(failed, { _tag: "Trap", category })
                  assert.deepStrictEqual(yield* reason(instance, "work", "count"), { _tag: "Poisoned" })
                }))
            }
          }

          test("stops what catches everything that is thrown", () =>
            Effect.gen(function*() {
              const engine = yield* ComponentEngine
              const { fuel, timeout } = engine.keeps(tier)!
              const cases: ReadonlyArray<readonly [name: string, Partial<Limits>, ComponentError["reason"], boolean]> =
                [
                  ["stubborn-text", {}, { _tag: "Trap", category: "InvalidValue" }, true],
                  ["stubborn-recurse", {}, { _tag: "Trap", category: "StackOverflow" }, true],
                  ["stubborn-spin", { fuel: 100_000 }, { _tag: "Trap", category: "OutOfFuel" }, fuel],
                  ["stubborn-spin", { fuel: 5_000_000 }, { _tag: "Trap", category: "OutOfFuel" }, fuel],
                  [
                    "stubborn-spin",
                    { timeout: Duration.millis(100) },
                    { _tag: "DeadlineExceeded", limitMillis: 100 },
                    timeout
                  ]
                ]
              for (const [name, limits, expected, isKept] of cases) {
                if (!isKept) continue
                let ticks = 0
                const imports = importing(answering.get(host)!.get("ask")!, sync(() => ++ticks))
                const instance = yield* start(tier, { imports, limits })
                assert.deepStrictEqual(yield* reason(instance, "work", name), expected)
                assert.strictEqual(ticks, 0)
                assert.deepStrictEqual(yield* reason(instance, "work", "count"), { _tag: "Poisoned" })
              }
            }))

          test("stops a computing guest when its call is interrupted, whatever it catches", () =>
            Effect.gen(function*() {
              const engine = yield* ComponentEngine
              if (!engine.keeps(tier)!.timeout) return
              for (const name of ["stubborn-spin", "babble"]) {
                let ticks = 0
                const ask = answering.get(host)!.get("ask")!
                const instance = yield* start(tier, { imports: importing(ask, sync(() => ++ticks)) })
                const running = yield* Effect.forkChild(call(instance, "work", name), { startImmediately: true })
                if (name === "babble") yield* Effect.repeat(Effect.yieldNow, { until: () => ticks > 0 })
                else yield* Effect.repeat(Effect.yieldNow, { times: 100 })
                assert.deepStrictEqual(yield* reason(instance, "work", "count"), { _tag: "ReEntered" })
                yield* Fiber.interrupt(running)
                const before = ticks
                yield* Effect.repeat(Effect.yieldNow, { times: 100 })
                assert.strictEqual(ticks, before)
                assert.deepStrictEqual(yield* reason(instance, "work", "count"), { _tag: "Poisoned" })
              }
            }))

          test("counts the same fuel for the same call, cold and warm, if it counts it", () =>
            Effect.gen(function*() {
              const { fuel } = (yield* ComponentEngine).keeps(tier)!
              for (
                const [owner, name, args] of [["work", "relay", ["hi"]], ["echo", "strings", [["a", "b"]]]] as const
              ) {
                const used = new Set<number | undefined>()
                for (const limit of fuel ? [1_000_000, 50_000_000, undefined] : [undefined]) {
                  const instance = yield* start(tier, { limits: { fuel: limit } })
                  for (let calls = 0; calls < 50; calls++) {
                    const { receipt } = yield* call(instance, owner, name, ...args)
                    assert.strictEqual(receipt.fuel !== undefined, fuel)
                    assert.strictEqual(receipt.costTable !== undefined, fuel)
                    assert.isTrue(receipt.nanos >= 0n)
                    used.add(receipt.fuel)
                  }
                }
                assert.strictEqual(used.size, 1, [...used].join())
                assert.notStrictEqual([...used][0], 0)
              }
            }))

          test("gives a call all of its fuel, and not a unit more", () =>
            Effect.gen(function*() {
              if (!(yield* ComponentEngine).keeps(tier)!.fuel) return
              for (const count of [10, 100_000, 3_000_000]) {
                const made = (fuel: number | undefined) =>
                  Effect.flatMap(start(tier, { limits: { fuel } }), (instance) =>
                    Effect.result(call(instance, "work", "rounds", count)))
                const { receipt, value } = Result.getOrThrow(yield* made(undefined))
                assert.strictEqual(value, count)
                assert.isAtLeast(receipt.fuel!, count)
                assert.strictEqual(Result.getOrThrow(yield* made(receipt.fuel)).receipt.fuel, receipt.fuel)
                const { reason } = yield* Effect.flip(Effect.fromResult(yield* made(receipt.fuel! - 1)))
                assert.deepStrictEqual(reason, { _tag: "Trap", category: "OutOfFuel" })
              }
            }))

          test("charges what a host function declares, and a thousand where it does not", () =>
            Effect.gen(function*() {
              if (!(yield* ComponentEngine).keeps(tier)!.fuel) return
              const used = Effect.fnUntraced(function*(fuel: number | undefined) {
                const tick: HostFunction = { _tag: "Sync", call: () => 1, fuel }
                const imports = importing(answering.get(host)!.get("ask")!, tick)
                const instance = yield* start(tier, { imports, limits: { fuel: 10_000 } })
                return yield* Effect.result(call(instance, "work", "tick-twice"))
              })
              const plain = Result.getOrThrow(yield* used(0)).receipt.fuel!
              assert.strictEqual(Result.getOrThrow(yield* used(undefined)).receipt.fuel, plain + 2_000)
              assert.strictEqual(Result.getOrThrow(yield* used(700)).receipt.fuel, plain + 1400)
              const tooMuch = yield* Effect.flip(Effect.fromResult(yield* used(6_000)))
              assert.deepStrictEqual(tooMuch.reason, { _tag: "Trap", category: "OutOfFuel" })
            }))

          test("makes a call without a fiber as it makes any other, or leaves it alone", () =>
            Effect.gen(function*() {
              const engine = yield* ComponentEngine
              const instance = yield* start(tier, { limits: engine.keeps(tier)!.fuel ? { fuel: 100_000 } : {} })
              const unsafe = (owner: string, name: string, ...args: ReadonlyArray<unknown>) => {
                const exit = engine.callUnsafe(instance, target(owner, name), args)
                return exit === undefined
                  ? undefined
                  : Exit.match(exit, {
                    onSuccess: ({ value }): unknown => value,
                    onFailure: (cause) => (Cause.squash(cause) as ComponentError).reason
                  })
              }
              const expected: ReadonlyArray<readonly [args: readonly [string, string, ...Array<unknown>], unknown]> = [
                [["work", "count"], 1],
                [["work", "relay", "hi"], { tag: "ok", val: "hi!" }],
                [["work", "constructor"], { _tag: "NoSuchExport" }],
                [["work", "add", 1, "2"], { _tag: "BadArgument", path: "b" }],
                [["faults", "unreachable"], { _tag: "Trap", category: "Unreachable" }],
                [["work", "count"], { _tag: "Poisoned" }]
              ]
              for (const [args, value] of expected) {
                const given = unsafe(...args)
                if (given !== undefined) assert.deepStrictEqual(given, value)
              }
              if (unsafe("work", "count") === undefined) {
                assert.strictEqual(yield* value(instance, "work", "count"), 1)
              }
            }))

          test("loses the instance when a call is interrupted while it waits for the host", () =>
            Effect.gen(function*() {
              const asked = yield* Deferred.make<void>()
              const released = yield* Deferred.make<void>()
              const ask = async(() =>
                Effect.andThen(Deferred.succeed(asked, undefined), Effect.never).pipe(
                  Effect.onInterrupt(() => Deferred.succeed(released, undefined))
                )
              )
              const instance = yield* start(tier, {
                imports: importing(ask),
                asyncImports: [`${host.replace("1.0.0", "1.0.1")}#ask`]
              })
              const running = yield* Effect.forkChild(call(instance, "work", "relay", "hi"))
              yield* Deferred.await(asked)
              assert.deepStrictEqual(yield* reason(instance, "work", "count"), { _tag: "ReEntered" })
              yield* Fiber.interrupt(running)
              yield* Deferred.await(released)
              assert.deepStrictEqual(yield* reason(instance, "work", "count"), { _tag: "Poisoned" })
            }))

          test("fails calls after it was disposed or its scope was closed", () =>
            Effect.gen(function*() {
              const disposed = yield* start(tier)
              yield* ComponentEngine.use((engine) => engine.dispose(disposed))
              assert.deepStrictEqual(yield* reason(disposed, "work", "count"), { _tag: "Stopped" })
              const scope = yield* Scope.make()
              const scoped = yield* Scope.provide(start(tier), scope)
              yield* Scope.close(scope, Exit.void)
              assert.deepStrictEqual(yield* reason(scoped, "work", "count"), { _tag: "Stopped" })
            }))

          test("stops a guest at its deadline, computing or waiting, while others go on", () =>
            Effect.gen(function*() {
              const engine = yield* ComponentEngine
              if (!engine.keeps(tier)!.timeout) return
              const timeout = Duration.millis(150)
              const neighbour = yield* start("inline")
              const waiting = importing(async(() => Effect.never))
              for (
                const [owner, name, imports] of [["faults", "spin", answering], ["work", "relay", waiting]] as const
              ) {
                const instance = yield* start(tier, { limits: { timeout }, imports, asyncImports: [`${host}#ask`] })
                const args = name === "relay" ? ["hi"] : []
                const running = yield* Effect.forkChild(Effect.timed(reason(instance, owner, name, ...args)))
                const timer = yield* Effect.forkChild(Effect.timed(Effect.sleep(timeout)))
                let answered = 0
                while (running.pollUnsafe() === undefined) {
                  assert.strictEqual(yield* value(neighbour, "work", "add", 1, 2), 3)
                  answered += 1
                  yield* Effect.yieldNow
                }
                const [elapsed, failed] = yield* Fiber.join(running)
                assert.deepStrictEqual(failed, { _tag: "DeadlineExceeded", limitMillis: 150 })
                const [late] = yield* Fiber.join(timer)
                assert.isBelow(Duration.toMillis(elapsed), Duration.toMillis(late) + 250, "as late as any timer")
                assert.isAbove(answered, 10)
                assert.deepStrictEqual(yield* reason(instance, "work", "count"), { _tag: "Poisoned" })
              }
            }))
        })
      }
    })
  })
}
