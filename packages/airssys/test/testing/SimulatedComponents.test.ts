import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import * as HostFunction from "../../src/component/HostFunction.ts"
import * as HostFunctions from "../../src/component/HostFunctions.ts"
import * as Wit from "../../src/component/Wit.ts"
import { Runtime } from "../../src/Runtime.ts"
import * as Capability from "../../src/security/Capability.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as SimulatedComponents from "../../src/testing/SimulatedComponents.ts"
import * as Simulation from "../../src/testing/Simulation.ts"
import { component, memory } from "../component/support/guests.ts"

/** Counts in its own memory, and says so in the log. */
const artifact = component(
  `(module
    (import "airssys:core/log@0.1.0" "write" (func $write (param i32 i32 i32 i32 i32 i32)))
    ${memory(1, `(data (i32.const 16) "booked")`)}
    (global $count (mut i32) (i32.const 0))
    (func (export "acme:till/till@1.0.0#book") (result i32)
      (call $write (i32.const 2) (i32.const 16) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 64))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (global.get $count)))`,
  `package acme:till@1.0.0;
   interface till { book: func() -> u32; }
   world plugin { import airssys:core/log@0.1.0; export till; }
   package airssys:core@0.1.0 {
     interface types {
       variant error {
         access-denied, invalid-argument(string), not-found, timed-out, exhausted, unavailable, failed(string),
       }
     }
     interface log {
       use types.{error};
       enum level { trace, debug, info, warn, error }
       variant log-value { text(string), integer(s64), number(f64), boolean(bool) }
       record log-field { key: string, value: log-value }
       write: func(level: level, message: string, context: list<log-field>) -> result<_, error>;
     }
   }`
)

/** Pays what its host says. */
const paying = component(
  `(module
    (import "acme:bank/vault@1.0.0" "pay" (func $pay (result i32)))
    (func (export "acme:bank/bank@1.0.0#pay") (result i32) (call $pay)))`,
  `package acme:bank@1.0.0;
   interface vault { pay: func() -> u32; }
   interface bank { pay: func() -> u32; }
   world plugin { import vault; export bank; }`
)

const manifest = (fuel: string) =>
  `schema = 1
[component]
namespace = "acme"
name = "till"
version = "1.0.0"
world = "acme:till/plugin@1.0.0"
[build]
command = "none"
output = "till.wasm"
[limits]
memory = "1 MiB"
timeout = "500 ms"
${fuel}
[[capability]]
reason = "Say what was booked."
log = true
`

/** A runtime of each run with the component, and how many lines it wrote. */
const simulating = Effect.fnUntraced(function*(options?: SimulatedComponents.Options, fuel = "fuel = 10_000") {
  const files = { manifest: manifest(fuel), artifact: yield* Effect.promise(() => artifact) }
  const components = yield* SimulatedComponents.make({ "/till": files }, options)
  return <A, E>(
    program: (till: {
      readonly book: Effect.Effect<number, ComponentError>
      readonly lines: () => number
    }) => Effect.Effect<A, E>
  ) =>
    Effect.suspend(() => {
      let lines = 0
      const counting = Logger.layer([Logger.make(() => {
        lines++
      })])
      return Effect.gen(function*() {
        const { call, startUntyped } = yield* Runtime
        yield* startUntyped("/till", {
          grants: [Grant.make("log", { reason: "A test." })],
          intensity: { restarts: 100, within: "10 seconds" }
        })
        const book = Effect.map(call("acme:till", "till.book", []), ({ value }) => value as number)
        return yield* program({ book, lines: () => lines })
      }).pipe(Effect.provide(Layer.provide(components, counting)))
    })
})

/** Books again after a failure: the guest may have done it the first time. */
const insistent = (book: Effect.Effect<number, ComponentError>): Effect.Effect<number> =>
  book.pipe(Effect.catch(() => Effect.andThen(Effect.sleep("200 millis"), Effect.suspend(() => insistent(book)))))

const reasonOf = (failed: Simulation.SimulationFailed) => failed.reason._tag

describe("SimulatedComponents", () => {
  it.effect("gives the same trace for a seed, byte for byte, with the calls of guests and what they cost", () =>
    Effect.gen(function*() {
      const simulate = yield* simulating({ faults: { trap: 0.3, slow: 0.3 } })
      const program = simulate(({ book }) => Effect.repeat(insistent(book), { times: 5 }))
      const traces = new Set<string>()
      for (const seed of [1, 2, 3]) {
        const { trace } = yield* Simulation.run({ seed }, program)
        assert.strictEqual((yield* Simulation.run({ seed }, program)).trace, trace)
        assert.match(trace, /component\/acme:till Restarted/)
        assert.match(trace, /note: acme:till till\.book = 1, \d+ fuel, 65536 bytes/)
        traces.add(trace)
      }
      assert.strictEqual(traces.size, 3)
    }))

  it.effect("finds a program that relies on what a guest remembers over a restart", () =>
    Effect.gen(function*() {
      const simulate = yield* simulating({ faults: { trap: 0.1 } })
      const program = simulate(({ book }) =>
        Effect.gen(function*() {
          for (let booked = 1; booked <= 5; booked++) {
            const count = yield* insistent(book)
            if (count < booked) return yield* Effect.die(`${count} of ${booked} are left`)
          }
        })
      )
      const failed = yield* Effect.flip(Simulation.explore({ seeds: 200 }, program))
      assert.strictEqual(reasonOf(failed), "ProgramFailed")
      assert.match(failed.message, /\d of \d are left/)
      assert.lengthOf(failed.recipe.onlyFaults ?? [], 1)
      const again = yield* Effect.flip(Simulation.run(failed.recipe, program))
      assert.strictEqual(again.trace, failed.trace)
    }))

  it.effect("finds a program that asks again for what a guest had done before it trapped", () =>
    Effect.gen(function*() {
      const simulate = yield* simulating({ faults: { trap: 0.2 } })
      const program = simulate(({ book, lines }) =>
        Effect.gen(function*() {
          yield* insistent(book)
          yield* Effect.sleep("1 second")
          if (lines() !== 1) return yield* Effect.die(`booked ${lines()} times`)
        })
      )
      const failed = yield* Effect.flip(Simulation.explore({ seeds: 200 }, program))
      assert.include(failed.message, "booked 2 times")
    }))

  it.effect("traps in the call that the test names, and has the component back after its backoff", () =>
    Effect.gen(function*() {
      const simulate = yield* simulating({ faults: { trap: ({ ordinal }) => ordinal === 2 } })
      const { faults, value } = yield* Simulation.run(
        { seed: 1 },
        simulate(({ book }) =>
          Effect.gen(function*() {
            const first = yield* book
            const error = yield* Effect.flip(book)
            yield* Effect.sleep("200 millis")
            return [first, error.reason, yield* book] as const
          })
        )
      )
      assert.deepStrictEqual(value, [1, { _tag: "Trap", category: "Unreachable" }, 1])
      assert.strictEqual(faults, 1)
    }))

  it.effect("stops a call that takes longer than its limit, in virtual time", () =>
    Effect.gen(function*() {
      const simulate = yield* simulating({ faults: { slow: 1, longestDelay: "1 hour" } })
      const { endedAtMillis, value } = yield* Simulation.run({ seed: 1 }, simulate(({ book }) => Effect.flip(book)))
      assert.deepStrictEqual(value.reason, { _tag: "DeadlineExceeded", limitMillis: 500 })
      assert.isAtLeast(endedAtMillis, 500)
    }))

  it.effect("breaks the handler between two calls, as a simulation does with any actor", () =>
    Effect.gen(function*() {
      const simulate = yield* simulating()
      const settings: Simulation.Settings = { faults: { crash: 1 } }
      const { value } = yield* Simulation.run({ ...settings, seed: 1 }, simulate(({ book }) => Effect.flip(book)))
      assert.strictEqual(value.reason._tag, "Poisoned")
    }))

  it.effect("refuses a component that may give way within a call, and says with which limit it would not", () =>
    Effect.gen(function*() {
      for (const fuel of ["", "fuel = 3_000_000"]) {
        const simulate = yield* simulating({}, fuel)
        const failed = yield* Effect.flip(Simulation.run({ seed: 1 }, simulate(({ book }) => book)))
        assert.strictEqual(reasonOf(failed), "ProgramFailed")
        assert.include(failed.message, "acme:till cannot be simulated with")
        assert.include(failed.message, "Start it with limits: { fuel: 2000000 } here")
      }
    }))

  it.effect("runs an import that may wait where it does not, and names one that does", () =>
    Effect.gen(function*() {
      const bytes = yield* Effect.promise(() => paying)
      const files = { manifest: manifest("fuel = 100_000").replaceAll("till", "bank"), artifact: bytes }
      const components = yield* SimulatedComponents.make({ "/bank": files })
      const simulate = (pay: Effect.Effect<number>) =>
        Simulation.run(
          { seed: 1 },
          Effect.gen(function*() {
            const { call, startUntyped } = yield* Runtime
            yield* startUntyped("/bank")
            return (yield* call("acme:bank", "bank.pay", [])).value
          }).pipe(Effect.provide(Layer.provide(
            components,
            HostFunctions.layer(HostFunction.make({ wit: "acme:bank/vault@1.0.0#pay", params: {}, result: Wit.u32 }, {
              requires: Capability.none("a test"),
              fuel: 100,
              handler: () => pay
            }))
          )))
        )
      assert.strictEqual((yield* simulate(Effect.andThen(Effect.yieldNow, Effect.succeed(7)))).value, 7)
      const failed = yield* Effect.flip(simulate(Effect.as(Effect.sleep("1 second"), 7)))
      assert.strictEqual(reasonOf(failed), "NotSimulated")
      assert.include(failed.message, "acme:bank/vault@1.0.0#pay, which waits, is not simulated")
    }))

  it.effect("is for the program of a simulation alone", () =>
    Effect.gen(function*() {
      const simulate = yield* simulating()
      const exit = yield* Effect.exit(simulate(({ book }) => book))
      assert.include(String(exit), "elsewhere there is TestComponents")
    }))

  it.effect("takes chances from 0 to 1", () =>
    Effect.gen(function*() {
      const simulate = yield* simulating({ faults: { trap: 2 } })
      const failed = yield* Effect.flip(Simulation.run({ seed: 1 }, simulate(({ book }) => book)))
      assert.include(failed.message, "The chance of a trap is from 0 to 1, not 2")
    }))
})
