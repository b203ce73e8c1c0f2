// The programs reach for what a simulation refuses.
// @effect-diagnostics globalDateInEffect:off globalRandomInEffect:off globalTimersInEffect:off
import { assert, describe, it } from "@effect/vitest"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Handler } from "airssys/actor/Behaviour"
import * as Simulation from "airssys/testing/Simulation"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { Console } from "node:console"
import { Writable } from "node:stream"
import { runMain, runPatched } from "./simulation/patched.ts"
import { bugs } from "./simulation/planted.ts"
import { programs } from "./simulation/programs.ts"

/** Within so many seeds each planted bug is found. */
const seedsToFind = 200
const seedsToPass = 500

const passing = (Object.keys(programs) as Array<keyof typeof programs>).filter((name) => name !== "doublePayments")

const traceOf = (name: keyof typeof programs, seed: number) =>
  Effect.map(Simulation.run({ ...programs[name].settings, seed }, programs[name].program), ({ trace }) => trace)

const reasonOf = <A, E>(program: Effect.Effect<A, E>, settings?: Simulation.Settings) =>
  Effect.map(Effect.flip(Simulation.run({ ...settings, seed: 1 }, program)), ({ reason }) => reason)

const echo = Effect.flatMap(
  ActorSystem.ActorSystem,
  (system) => system.spawn(Effect.succeed<Handler<string>>(() => {}), { name: "echo" })
)

describe("Simulation", () => {
  describe("one run", () => {
    it.effect("is reproduced byte for byte from its seed, in another process too", () =>
      Effect.gen(function*() {
        for (const [name, seed] of [["restarts", 5], ["families", 8], ["payments", 13]] as const) {
          const trace = yield* traceOf(name, seed)
          assert.strictEqual(yield* traceOf(name, seed), trace)
          assert.strictEqual(yield* Effect.promise(() => runMain(["trace", name, `${seed}`])), trace)
          assert.notStrictEqual(yield* traceOf(name, seed + 1), trace)
        }
      }))

    it.effect("takes time, random numbers and order from the seed", () =>
      Effect.gen(function*() {
        const program = Effect.gen(function*() {
          const order: Array<number> = []
          yield* Effect.forEach([1, 2, 3, 4], (number) =>
            Effect.andThen(Effect.sleep("1 day"), Effect.sync(() => order.push(number))), {
            concurrency: "unbounded"
          })
          const numbers = [yield* Random.next, yield* Random.nextInt, Math.random()]
          return { order: order.join(), numbers, now: yield* Clock.currentTimeMillis }
        })
        const orders = new Set<string>()
        for (let seed = 0; seed < 30; seed++) {
          const { endedAtMillis, value } = yield* Simulation.run({ seed }, program)
          assert.deepStrictEqual((yield* Simulation.run({ seed }, program)).value, value)
          assert.deepStrictEqual([value.now, endedAtMillis], [86_400_000, 86_400_000])
          orders.add(value.order)
        }
        assert.isAbove(orders.size, 5)
      }))

    it.effect("leaves the platform as it was", () =>
      Effect.gen(function*() {
        const before = [Date, Date.now, setTimeout, queueMicrotask, Math.random, Promise.prototype.then]
        yield* Effect.flip(Simulation.run({ seed: 1 }, Effect.sync(() => Date.now())))
        assert.deepStrictEqual(
          [Date, Date.now, setTimeout, queueMicrotask, Math.random, Promise.prototype.then],
          before
        )
      }))

    it.effect("fails as the program fails, and interrupts what is left of it", () =>
      Effect.gen(function*() {
        let isReleased = false
        const failed = yield* reasonOf(Effect.gen(function*() {
          yield* Effect.forkChild(Effect.ensuring(
            Effect.never,
            Effect.andThen(
              Effect.sleep("1 second"),
              Effect.sync(() => {
                isReleased = true
              })
            )
          ))
          yield* Effect.sleep("1 second")
          return yield* Effect.fail("no")
        }))
        assert.isTrue(failed._tag === "ProgramFailed" && Cause.findErrorOption(failed.cause)._tag === "Some")
        assert.isTrue(isReleased)
      }))

    it.effect("ends a program that goes on for ever", () =>
      Effect.gen(function*() {
        const endless = Effect.forever(Effect.yieldNow)
        assert.deepStrictEqual(yield* reasonOf(endless, { maxSteps: 500 }), { _tag: "TooManySteps", maxSteps: 500 })
      }))

    it.effect("tells who waits when nothing can go on", () =>
      Effect.gen(function*() {
        const program = Effect.gen(function*() {
          const system = yield* ActorSystem.ActorSystem
          const never = yield* Deferred.make<void>()
          const ref = yield* system.spawn(Effect.succeed<Handler<string>>(() => Deferred.await(never)), {
            name: "stuck"
          })
          ref.tell("wait")
          yield* Deferred.await(never)
        })
        const { reason } = yield* Effect.flip(Simulation.run({ seed: 3 }, program))
        assert.isTrue(
          reason._tag === "Stalled" && reason.waiting.some((who) => who.includes("stuck handling \"wait\""))
        )
      }))

    it.effect("checks what a program or its settings say is always so", () =>
      Effect.gen(function*() {
        let count = 0
        const counting = Effect.gen(function*() {
          count = 0
          yield* Effect.scoped(Simulation.always("fewer than ten", () => count < 10))
          for (let i = 0; i < 20; i++) yield* Effect.delay(Effect.sync(() => count++), "1 second")
        })
        yield* Simulation.run({ seed: 1 }, counting)
        const kept = Effect.andThen(Simulation.always("fewer than five", () => count < 5), counting)
        const own = yield* reasonOf(Effect.scoped(kept))
        assert.isTrue(own._tag === "InvariantBroken" && own.invariant === "fewer than five")
        const given = yield* reasonOf(counting, { invariants: { early: ({ atMillis }) => atMillis <= 3000 } })
        assert.isTrue(given._tag === "InvariantBroken" && given.invariant === "early")
      }))

    it.effect("refuses chances, seeds and steps that make no sense", () =>
      Effect.gen(function*() {
        for (const options of [{ seed: 0.5 }, { seed: 1, maxSteps: 0 }, { seed: 1, faults: { crash: 2 } }]) {
          const exit = yield* Effect.exit(Simulation.run(options, Effect.void))
          assert.isTrue(exit._tag === "Failure" && Cause.squash(exit.cause) instanceof RangeError)
        }
      }))
  })

  describe("what is not simulated", () => {
    const resolved = Promise.resolve(1)
    const randomId = () => crypto.randomUUID()
    const uses: ReadonlyArray<readonly [what: string, use: Effect.Effect<unknown>]> = [
      ["A promise", Effect.promise(() => resolved)],
      ["Date.now", Effect.sync(() => Date.now())],
      ["new Date()", Effect.sync(() => new Date())],
      ["performance.now", Effect.sync(() => performance.now())],
      ["setTimeout", Effect.callback((resume) => void setTimeout(() => resume(Effect.void), 1))],
      ["process.hrtime", Effect.sync(() => process.hrtime())],
      ["process.hrtime.bigint", Effect.sync(() => process.hrtime.bigint())],
      ["process.nextTick", Effect.callback((resume) => process.nextTick(() => resume(Effect.void)))],
      ["crypto.randomUUID", Effect.sync(randomId)],
      ["crypto.getRandomValues", Effect.sync(() => crypto.getRandomValues(new Uint8Array(1)))],
      ["setInterval", Effect.sync(() => setInterval(() => {}, 1))],
      ["queueMicrotask", Effect.sync(() => queueMicrotask(() => {}))]
    ]
    for (const [what, use] of uses) {
      it.effect(`is refused, and named, even where the program goes on: ${what}`, () =>
        Effect.gen(function*() {
          const inHandler = Effect.gen(function*() {
            const system = yield* ActorSystem.ActorSystem
            const ref = yield* system.spawn(Effect.succeed<Handler<string>>(() => Effect.ignoreCause(use)), {
              name: "worker"
            })
            ref.tell("work")
            yield* Effect.sleep("1 second")
          })
          const failed = yield* Effect.flip(Simulation.run({ seed: 1 }, inHandler))
          assert.isTrue(failed.reason._tag === "NotSimulated" && failed.reason.what === what)
          assert.include(failed.message, `${what} is not simulated`)
          assert.include(failed.message, "worker handling \"work\"")
        }))
    }

    it.effect("may be printed to the console", () =>
      Effect.gen(function*() {
        const printed: Array<string> = []
        const stdout = new Writable({
          write: (chunk, _, done) => {
            printed.push(String(chunk))
            done()
          }
        })
        const terminal = new Console(stdout)
        yield* Simulation.run({ seed: 1 }, Effect.sync(() => terminal.log("x")))
        assert.deepStrictEqual(printed, ["x\n"])
        assert.match(randomId(), /^[0-9a-f-]{36}$/)
      }))

    it.effect("is found when the program waits for it, whatever it is", () =>
      Effect.gen(function*() {
        const outside = Effect.callback<void>((resume) => {
          const later = async () => {
            await resolved
            resume(Effect.void)
          }
          void later()
        })
        const failed = yield* Effect.flip(Simulation.run({ seed: 1 }, outside))
        assert.isTrue(failed.reason._tag === "NotSimulated" && failed.reason.what === "Raw asynchrony")
      }))

    it.effect.each([["passes", Effect.void], ["fails", Effect.fail("no")]] as const)(
      "is found when it makes a seed go two ways, where the program %s",
      ([, end]) =>
        Effect.gen(function*() {
          let runs = 0
          const program = Effect.gen(function*() {
            runs++
            yield* Simulation.note(`run ${runs}`)
            yield* end
          })
          const { reason } = yield* Effect.flip(Simulation.explore({ seeds: 3 }, program))
          assert.deepStrictEqual(reason, {
            _tag: "NotReproducible",
            line: 1,
            first: "0 @0 note: run 1",
            second: "0 @0 note: run 2"
          })
        })
    )

    it.effect("is no message that cannot be printed", () =>
      Effect.gen(function*() {
        const odd = {
          get field(): string {
            throw new Error("no")
          }
        }
        const program = Effect.gen(function*() {
          const system = yield* ActorSystem.ActorSystem
          const ref = yield* system.spawn(Effect.succeed<Handler<object>>(() => {}), { name: "echo" })
          ref.tell(odd)
          yield* Effect.sleep("1 second")
        })
        assert.include((yield* Simulation.run({ seed: 1 }, program)).trace, "echo handles (cannot be printed)")
      }))
  })

  describe("faults", () => {
    const counted = (faults: Simulation.Faults, onlyFaults?: ReadonlyArray<number>) =>
      Effect.map(
        Simulation.run(
          { seed: 7, faults, onlyFaults },
          Effect.gen(function*() {
            const system = yield* ActorSystem.ActorSystem
            const handled: Array<string> = []
            const handler: Handler<string> = (text, context) => {
              handled.push(`${text} at ${context.now}`)
            }
            const ref = yield* system.spawn(Effect.succeed(handler), { name: "counter" })
            ref.tell("a")
            ref.tell("b")
            yield* Effect.sleep("1 minute")
            return { handled, status: ref.status() }
          })
        ),
        ({ faults, trace, value }) => ({ ...value, faults, trace })
      )

    it.effect("drop, double and delay messages, and crash who handles them", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* counted({})).handled, ["a at 0", "b at 0"])
        assert.deepStrictEqual((yield* counted({ drop: 1 })).handled, [])
        assert.deepStrictEqual((yield* counted({ duplicate: 1 })).handled, ["a at 0", "a at 0", "b at 0", "b at 0"])
        const { handled } = yield* counted({ delay: 1, longestDelay: "10 seconds" })
        assert.isTrue(handled.length === 2 && handled.every((text) => !text.endsWith(" at 0")))
        const crashed = yield* counted({ crash: 1 })
        assert.deepStrictEqual([crashed.handled, crashed.status], [[], "Failed"])
        assert.include(crashed.trace, "fault 1: crash counter")
      }))

    it.effect("happen to the messages that they are for, and of those to the ones that the recipe names", () =>
      Effect.gen(function*() {
        const { handled } = yield* counted({ drop: 1, where: (message) => message === "a" })
        assert.deepStrictEqual(handled, ["b at 0"])
        assert.deepStrictEqual((yield* counted({ drop: 1 }, [2])).handled, ["a at 0"])
      }))
  })

  describe("an exploration", () => {
    it.effect("refuses seeds that it would not get to, or not get past", () =>
      Effect.gen(function*() {
        for (const options of [{ seeds: NaN }, { seeds: 0 }, { seeds: 1.5 }, { seeds: 2, from: 2 ** 53 - 1 }]) {
          const exit = yield* Effect.exit(Simulation.explore(options, Effect.void))
          assert.isTrue(exit._tag === "Failure" && Cause.squash(exit.cause) instanceof RangeError)
        }
        const far = yield* Simulation.explore({ seeds: 2, from: 2 ** 32 }, Effect.void)
        const near = yield* Simulation.explore({ seeds: 2 }, Effect.void)
        assert.deepStrictEqual(far, near)
      }))

    it.effect("fails with the first seed that fails, made small, and its recipe fails again", () =>
      Effect.gen(function*() {
        const { program, settings } = programs.doublePayments
        const failed = yield* Effect.flip(Simulation.explore({ ...settings, seeds: seedsToFind }, program))
        assert.isAtMost(failed.recipe.onlyFaults!.length, 2)
        assert.include(failed.trace, "fault")
        assert.include(failed.message, JSON.stringify(failed.recipe))
        const again = yield* Effect.flip(Simulation.run({ ...settings, ...failed.recipe }, program))
        assert.strictEqual(again.trace, failed.trace)
      }))

    for (const name of passing) {
      it.effect(`passes ${seedsToPass} seeds of ${name}`, () =>
        Effect.gen(function*() {
          const { program, settings } = programs[name]
          const { seeds } = yield* Simulation.explore({ ...settings, seeds: seedsToPass }, program)
          assert.strictEqual(seeds, seedsToPass)
        }))
    }
  })

  describe(`within ${seedsToFind} seeds`, () => {
    for (const { edits, name, program } of bugs) {
      it.live(`finds, planted into the production loop, a ${name}`, () =>
        Effect.gen(function*() {
          const found = yield* Effect.promise(() => runPatched(edits, ["explore", program, `${seedsToFind}`]))
          assert.hasAllKeys(JSON.parse(found), ["failed", "reason", "steps"], found)
        }))
    }

    it.live("none is found where none is planted, and a patch that does not fit fails", () =>
      Effect.gen(function*() {
        const clean = yield* Effect.promise(() => runPatched([], ["explore", "senders", `${seedsToFind}`]))
        assert.deepStrictEqual(JSON.parse(clean), { passed: seedsToFind })
        const stale = { file: "actor/internal/cell.ts", find: "no such text", replace: "" }
        const error = yield* Effect.flip(Effect.tryPromise(() => runPatched([stale], ["explore", "senders", "1"])))
        assert.include(String(error.cause), "is stale: its text occurs 0 times")
      }))
  })

  it.effect("runs programs of a fresh system each time", () =>
    Effect.gen(function*() {
      const first = yield* Simulation.run({ seed: 1 }, echo)
      const second = yield* Simulation.run({ seed: 1 }, echo)
      assert.strictEqual(first.value.id, second.value.id)
    }))
})
