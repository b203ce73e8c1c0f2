import { beforeAll, describe, expect, it } from "vitest"
import type { CallError } from "../src/CallError.ts"
import * as Engine from "../src/Engine.ts"
import * as InstanceModule from "../src/Instance.ts"
import type { ExportedFunc, Instance, Outcome } from "../src/Instance.ts"
import { HostTrap, Trap } from "../src/Trap.ts"
import { assemble, category, engine, failure, load, parts, world } from "./support/guests.ts"
import { keep, onKept, onOwn } from "./support/keptStacks.ts"
import { spent } from "./support/spent.ts"

const adder = `(component
  (core module $M (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $M))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))`

/** A promise that is settled from outside. */
const gate = () => {
  let open: (value?: unknown) => void = () => undefined
  let fail: (error: unknown) => void = () => undefined
  const promise = new Promise<unknown>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { promise, open, fail }
}

const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Guests that were called have computed, and the thread has had no turn. */
const begun = async () => {
  for (let i = 0; i < 10; i++) await undefined
}

/** How many turns the thread has for others meanwhile. */
const turnsWhile = async (run: () => Promise<unknown>): Promise<number> => {
  let turns = 0
  let isOver = false
  const turn = () => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await run()
  isOver = true
  return turns
}

let spinner: Engine.Component
let waiter: Engine.Component

beforeAll(async () => {
  await keep(engine, 24, [0, 1].flatMap((params) => [true, false].map((gives) => ({ params, gives }))))
  spinner = await load(parts({
    pages: 2,
    imports: {
      log: [`(param "s" string)`, "(param i32 i32)"],
      now: ["(result u32)", "(result i32)"]
    },
    core: `(tag $tag) (table $t 2000 funcref)
      (func (export "loop") (loop $ever (br $ever)))
      (func (export "fill") (loop $ever (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072)) (br $ever)))
      (func (export "table") (loop $ever (table.fill $t (i32.const 0) (ref.null func) (i32.const 2000)) (br $ever)))
      (func (export "throw") (loop $ever (block $c (try_table (catch_all $c) (throw $tag))) (br $ever)))
      (func (export "log") (loop $ever (call $log (i32.const 0) (i32.const 1000)) (br $ever)))
      (func (export "now") (loop $ever (drop (call $now)) (br $ever)))
      (func (export "work") (param i32) (result i32)
        (loop $all (br_if $all (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 7))`,
    exports: {
      ...Object.fromEntries(["loop", "fill", "table", "throw", "log", "now"].map((name) => [name, ""])),
      work: `(param "n" u32) (result u32)`
    }
  }))
  waiter = await load(parts({
    imports: { wait: [`(param "n" u32) (result u32)`, "(param i32) (result i32)"] },
    core: `(global $count (mut i32) (i32.const 0))
      (func (export "wait") (param i32) (result i32)
        (global.set $count (i32.add (global.get $count) (i32.const 1))) (call $wait (local.get 0)))
      (func (export "often") (param i32) (result i32) (local $sum i32)
        (loop $all (local.set $sum (i32.add (local.get $sum) (call $wait (local.get 0))))
          (br_if $all (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get $sum))
      (func (export "count") (result i32) (global.get $count))`,
    exports: {
      wait: `(param "n" u32) (result u32)`,
      often: `(param "n" u32) (result u32)`,
      count: "(result u32)"
    }
  }))
})

const spin = () => engine.instantiate(spinner, { imports: world({ log: () => undefined, now: () => 1 }) })
const waits = (wait: (n: number) => unknown, limits: Engine.Limits = {}, using = engine) =>
  using.instantiate(waiter, { imports: world({ wait: { call: wait as never, async: true } }), limits })

/** How many rejections nobody takes meanwhile. */
const rejections = async (run: () => Promise<void>): Promise<number> => {
  let count = 0
  const others = process.listeners("unhandledRejection")
  process.removeAllListeners("unhandledRejection")
  process.on("unhandledRejection", () => count++)
  try {
    await run()
  } finally {
    process.removeAllListeners("unhandledRejection")
    for (const other of others) process.on("unhandledRejection", other)
  }
  return count
}

const func = (instance: Instance, name: string): ExportedFunc => instance.func(undefined, name)

describe.each([
  { way: "on a stack of its own", call: onOwn },
  { way: "on a stack that is kept", call: onKept }
])("a guest $way", ({ call }) => {
  describe("a call that can be suspended", () => {
    it("comes back with what the host's promise has", async () => {
      const one = gate()
      const instance = waits(() => one.promise)
      const outcome = call(instance, "wait", [1])
      await macrotask()
      one.open(41)
      expect((await outcome).value).toBe(41)
      expect((await call(instance, "count")).value).toBe(1)
    })

    it("ends as HostFailure where the promise is rejected or its value is of another type", async () => {
      for (
        const wait of [() => Promise.reject(new Error("x")), async () => "text", async () => -1, async () => undefined]
      ) {
        const instance = waits(wait)
        expect(await category(() => call(instance, "wait", [1]))).toBe("HostFailure")
        expect(instance.isPoisoned).toBe(true)
      }
    })

    it("gives a late value to a realloc that can neither leave, nor throw, nor loop", async () => {
      const outcomes: Array<unknown> = []
      for (
        const realloc of ["unreachable", "(throw $tag)", "(loop $ever (br $ever)) (i32.const 0)", "(i32.const -1)"]
      ) {
        let notes = 0
        const component = await load(parts({
          imports: { wait: ["(result string)", "(param i32)"], note: ["", ""] },
          libc: "(tag $tag)",
          realloc,
          core: `(func (export "f") (block $c (try_table (catch_all $c) (call $wait (i32.const 16)))) (call $note))`,
          exports: { f: "" }
        }))
        const note = () => {
          notes++
        }
        const wait = {
          call: async () => {
            await macrotask()
            return "text"
          },
          async: true
        }
        const instance = engine.instantiate(component, { imports: world({ wait, note }) })
        outcomes.push(await category(() => call(instance, "f", [], { fuel: 1e10 })), notes, instance.isPoisoned)
      }
      expect(outcomes).toEqual(
        ["Unreachable", "UncaughtException", "OutOfFuel", "MemoryOutOfBounds"].flatMap((one) => [one, 0, true])
      )
    })

    it("is entered by no other call meanwhile", async () => {
      const one = gate()
      const instance = waits((n) => n === 1 ? one.promise : n)
      const first = call(instance, "wait", [1])
      await macrotask()
      expect(await failure(() => func(instance, "count").callSync([]))).toMatchObject({ reason: "ReEntered" })
      const second = call(instance, "wait", [2])
      await macrotask()
      let isOver = false
      const ending = second.finally(() => {
        isOver = true
      })
      await macrotask()
      expect(isOver).toBe(false)
      one.open(10)
      expect((await Promise.all([first, ending])).map(({ value }) => value)).toEqual([10, 2])
    })

    it("is the only kind that can wait", async () => {
      const instance = waits(async () => 1)
      expect(func(instance, "count").callSync([])).toBe(0)
      expect(await category(() => func(instance, "wait").callSync([1]))).toBe("HostFailure")
      expect(instance.isPoisoned).toBe(true)
    })

    it("gives others their turn where the host answers at once for ever", async () => {
      const instance = waits(async (n) => n)
      expect(await turnsWhile(() => call(instance, "often", [2_000]))).toBeGreaterThan(20)
    })

    it("gives others their turn where calls that end at once follow each other for ever", async () => {
      const instance = waits(() => 0)
      const calls = async () => {
        for (let n = 0; n < 50_000; n++) await call(instance, "count")
      }
      expect(await turnsWhile(calls)).toBeGreaterThan(10)
      expect(await turnsWhile(() => Promise.all(Array.from({ length: 4 }, calls)))).toBeGreaterThan(10)
      expect((await call(instance, "count")).value).toBe(0)
    })

    it("begins in its turn among those that wait for one, while guests compute", async () => {
      const order: Array<number | string> = []
      const note = (what: number | string) => () => order.push(what)
      const spinners = Array.from({ length: 5 }, spin)
      const ends = spinners.map((instance) =>
        category(() => call(instance, "loop", [], { timeout: 300 })).finally(note("spinner"))
      )
      const instances = Array.from({ length: 20 }, () => waits(() => 0))
      await Promise.all(instances.map((instance, n) => call(instance, "count").then(note(n))))
      expect(await Promise.all(ends)).toEqual(ends.map(() => "Deadline"))
      expect(order).toEqual([...instances.keys(), ...ends.map(() => "spinner")])
    })
  })

  describe("a promise that nobody waits for", () => {
    /** What the process is told of promises that are rejected and that nobody handles. */
    const unhandled = async (run: () => Promise<unknown>) => {
      const seen: Array<unknown> = []
      const listeners = process.listeners("unhandledRejection")
      process.removeAllListeners("unhandledRejection")
      process.on("unhandledRejection", (error) => seen.push(error))
      try {
        const outcome = await run()
        await new Promise((resolve) => setTimeout(resolve, 20))
        return { outcome, seen }
      } finally {
        process.removeAllListeners("unhandledRejection")
        for (const listener of listeners) process.on("unhandledRejection", listener)
      }
    }
    const failing = async () => {
      await macrotask()
      throw new Error("of the host")
    }
    const calling = async (host: Engine.HostFunc): Promise<Instance> =>
      engine.instantiate(
        await load(
          parts({ imports: { host: ["", ""] }, core: `(func (export "f") (call $host))`, exports: { f: "" } })
        ),
        { imports: world({ host }) }
      )

    it("does not end the process where the function is not declared as asynchronous", async () => {
      const instance = await calling({ call: failing })
      expect(await unhandled(() => category(() => func(instance, "f").callSync([])))).toEqual({
        outcome: "HostFailure",
        seen: []
      })
    })

    it("does not end the process where the instance was given up, or was late", async () => {
      const given: Instance = await calling({
        call: () => {
          given.dispose()
          return failing()
        },
        async: true
      })
      expect(await unhandled(() => category(() => call(given, "f")))).toEqual({ outcome: "Cancelled", seen: [] })
      const late = await calling({
        call: async () => {
          await new Promise((resolve) => setTimeout(resolve, 15))
          throw new Error("of the host")
        },
        async: true
      })
      expect(await unhandled(() => category(() => call(late, "f", [], { timeout: 5 })))).toEqual({
        outcome: "Deadline",
        seen: []
      })
    })
  })

  describe("calls of one instance", () => {
    it("run in the order in which they were made", async () => {
      const order: Array<number> = []
      const instance = waits(async (n) => {
        order.push(n)
        await macrotask()
        return n
      })
      const all = await Promise.all([5, 3, 8, 1].map((n) => call(instance, "wait", [n])))
      expect(all.map(({ value }) => value)).toEqual([5, 3, 8, 1])
      expect(order).toEqual([5, 3, 8, 1])
    })

    it("wait in a queue that has an end", async () => {
      const one = gate()
      const instance = waits(() => one.promise, { queue: 2 })
      const first = [1, 2, 3].map((n) => call(instance, "wait", [n]))
      expect(await failure(() => call(instance, "wait", [4]))).toMatchObject({ reason: "QueueFull" })
      one.open(7)
      expect((await Promise.all(first)).map(({ value }) => value)).toEqual([7, 7, 7])
      expect((await call(instance, "wait", [5])).value).toBe(7)
    })

    it("that were cancelled leave room in the queue", async () => {
      const one = gate()
      const instance = waits(() => one.promise, { queue: 2 })
      const first = call(instance, "wait", [1])
      for (let i = 0; i < 5; i++) {
        const controller = new AbortController()
        const queued = [
          call(instance, "wait", [2], { signal: controller.signal }),
          call(instance, "wait", [3], { signal: controller.signal })
        ]
        controller.abort()
        for (const one of queued) expect(await category(() => one)).toBe("Cancelled")
      }
      one.open(7)
      expect((await first).value).toBe(7)
      expect(instance.isPoisoned).toBe(false)
    })

    it("go on after one whose arguments are wrong, and fail after one that trapped", async () => {
      const instance = waits(async (n) => {
        await macrotask()
        if (n === 13) throw new HostTrap("Denied", "no")
        return n
      })
      const outcomes = [1, -1, 2, 13, 3].map((n) => failure(() => call(instance, "wait", [n])))
      expect(await Promise.all(outcomes)).toEqual([
        undefined,
        expect.objectContaining({ reason: "BadArgument" }),
        undefined,
        expect.objectContaining({ category: "Denied" }),
        expect.objectContaining({ reason: "Poisoned" })
      ])
    })

    it("are all told that they were given up, however many wait", async () => {
      const one = gate()
      const queue = 20_000
      const instance = waits(() => one.promise, { queue })
      const first = failure(() => call(instance, "wait", [1]))
      const ends: Array<unknown> = []
      const behind = func(instance, "count")
      const failed = (error: unknown) => void ends.push((error as CallError).reason)
      for (let i = 0; i < queue; i++) behind.run([], {}, { done: () => undefined, failed })
      one.fail(new Error("no"))
      expect(await first).toMatchObject({ category: "HostFailure" })
      await macrotask()
      expect(ends).toEqual(Array.from({ length: queue }, () => "Poisoned"))
    })

    it("are all told how they ended, whatever those before them throw", async () => {
      const told: Array<unknown> = []
      const failed = (error: unknown) => {
        told.push(error instanceof Trap ? error.category : (error as CallError).reason)
        throw new Error(`of waiter ${told.length}`)
      }
      const nobodys = await rejections(async () => {
        const spins = [spin(), spin()].map((one) => category(() => call(one, "loop", [], { timeout: 30 })))
        await begun()
        for (let i = 0; i < 3; i++) {
          func(waits(() => 1), "count").run([], { timeout: 0.001 }, { done: () => undefined, failed })
        }
        const one = gate()
        one.promise.catch(() => undefined)
        const instance = waits(() => one.promise)
        for (let i = 0; i < 3; i++) func(instance, "wait").run([1], {}, { done: () => undefined, failed })
        one.fail(new Error("no"))
        await Promise.all(spins)
        await macrotask()
      })
      expect(told.toSorted()).toEqual(["Deadline", "Deadline", "Deadline", "HostFailure", "Poisoned", "Poisoned"])
      expect(nobodys).toBe(6)
    })

    it("made by the host during another one run after it", async () => {
      const later: Array<Promise<Outcome>> = []
      const instance = engine.instantiate(
        await load(parts({
          imports: { host: ["", ""] },
          core: `(func (export "f") (call $host)) (func (export "g") (result i32) (i32.const 7))`,
          exports: { f: "", g: "(result u32)" }
        })),
        {
          imports: world({
            host: () => {
              later.push(call(instance, "g"))
            }
          })
        }
      )
      func(instance, "f").callSync([])
      await later[0]
      func(instance, "f").measureSync([])
      await later[1]
      await call(instance, "f")
      expect((await Promise.all(later)).map(({ value }) => value)).toEqual([7, 7, 7])
    })
  })

  describe("deadline and cancellation", () => {
    it("reach a call that waits for the host, which is not told", async () => {
      const one = gate()
      const instance = waits(() => one.promise)
      const start = spent()
      expect(await category(() => call(instance, "wait", [1], { timeout: 30 }))).toBe("Deadline")
      expect(spent() - start).toBeLessThan(500)
      one.open(1)
      await macrotask()
      expect(await failure(() => call(instance, "count"))).toMatchObject({ reason: "Poisoned" })
    })

    it("reach a call that computes, in each way there is", async () => {
      for (const name of ["loop", "fill", "table", "throw", "log", "now"]) {
        const late = spin()
        const start = spent()
        expect(await category(() => call(late, name, [], { timeout: 20 }))).toBe("Deadline")
        const cancelled = spin()
        const controller = new AbortController()
        setTimeout(() => controller.abort(), 10)
        expect(await category(() => call(cancelled, name, [], { signal: controller.signal }))).toBe("Cancelled")
        expect(spent() - start).toBeLessThan(1_000)
        expect([late.isPoisoned, cancelled.isPoisoned]).toEqual([true, true])
      }
    })

    it("reach a call that computes at its next turn, before any timer does", async () => {
      const clock = {
        now: () => performance.now(),
        macrotask: (run: () => void) => {
          setImmediate(run)
        },
        timer: () => () => undefined
      }
      const own = Engine.make({ clock })
      const component = await own.load(
        await assemble(parts({ core: `(func (export "f") (loop $ever (br $ever)))`, exports: { f: "" } }))
      )
      const limit = { timeout: 20, fuel: 1e9 }
      expect(await category(() => call(own.instantiate(component), "f", [], limit))).toBe("Deadline")
    })

    it("leave an instance alone whose call had not started", async () => {
      const one = gate()
      const instance = waits((n) => n === 1 ? one.promise : n)
      const first = call(instance, "wait", [1])
      const controller = new AbortController()
      const queued = [
        call(instance, "wait", [2], { timeout: 10 }),
        call(instance, "wait", [3], { signal: controller.signal }),
        call(instance, "wait", [4])
      ]
      controller.abort()
      expect(await Promise.all(queued.slice(0, 2).map((one) => category(() => one)))).toEqual(["Deadline", "Cancelled"])
      one.open(1)
      expect((await first).value).toBe(1)
      expect((await queued[2])?.value).toBe(4)
      expect(await category(() => call(instance, "wait", [5], { signal: AbortSignal.abort() }))).toBe("Cancelled")
      expect(await category(() => call(instance, "wait", [5], { timeout: 0 }))).toBe("Deadline")
      expect(instance.isPoisoned).toBe(false)
      expect((await call(instance, "count")).value).toBe(2)
    })

    it("of a call that is over do not reach the next one", async () => {
      const instance = waits(async (n) => n)
      const controller = new AbortController()
      await call(instance, "wait", [1], { timeout: 15, signal: controller.signal })
      controller.abort()
      await new Promise((resolve) => setTimeout(resolve, 30))
      expect((await call(instance, "wait", [2])).value).toBe(2)
      expect(instance.isPoisoned).toBe(false)
    })

    it("keep no timer once a call is over", async () => {
      const timers = new Set<number>()
      let next = 0
      const own = Engine.make({
        clock: {
          now: () => performance.now(),
          macrotask: (run) => setImmediate(run),
          timer: (millis, run) => {
            const id = next++
            timers.add(id)
            const timer = setTimeout(() => {
              timers.delete(id)
              run()
            }, millis)
            return () => {
              timers.delete(id)
              clearTimeout(timer)
            }
          }
        }
      })
      const component = await own.load(
        await assemble(parts({
          imports: { wait: ["", ""] },
          core: `(func (export "f") (call $wait)) (func (export "trap") unreachable)`,
          exports: { f: "", trap: "" }
        }))
      )
      const one = gate()
      const instance = own.instantiate(component, {
        imports: world({ wait: { call: () => one.promise, async: true } })
      })
      const controller = new AbortController()
      const timeout = 100_000
      const calls = [
        call(instance, "f", [], { timeout }),
        call(instance, "f", [], { timeout, signal: controller.signal }),
        call(instance, "trap", [], { timeout }),
        call(instance, "f", [], { timeout })
      ].map((one) => failure(() => one))
      expect(timers.size).toBe(4)
      controller.abort()
      one.open()
      await Promise.all(calls)
      await failure(() => call(instance, "f", [], { timeout }))
      await failure(() => call(instance, "f", [], { timeout, signal: AbortSignal.abort() }))
      expect(timers.size).toBe(0)
    })
  })

  describe("guests that spin", () => {
    it("share the turns of the thread, and leave it its own", async () => {
      const kinds = ["loop", "fill", "table", "throw", "log", "now"]
      const used = new Array<number>(20).fill(0)
      const start = spent()
      let gap = 0
      let last = start
      let isOver = false
      const tick = () => {
        const now = spent()
        gap = Math.max(gap, now - last)
        last = now
        if (!isOver) setImmediate(tick)
      }
      tick()
      const instances = used.map(() => spin())
      await Promise.all(instances.map(async (instance, i) => {
        const error = await category(() =>
          call(instance, kinds[i % kinds.length] ?? "", [], { timeout: 300, fuel: 1e12 })
        )
        used[i] = error === "Deadline" ? 1 : 0
      }))
      isOver = true
      expect(used).toEqual(new Array<number>(20).fill(1))
      // Measured at under 5 ms on a quiet machine; tests run beside others.
      expect(gap).toBeLessThan(200)
      expect(spent() - start).toBeLessThan(1_500)
    })

    it("make progress alike, one slice a turn", async () => {
      const done: Array<number> = []
      const turns: Array<number> = []
      const amounts = [3, 3, 3, 1, 3, 3]
      let turn = 0
      let isOver = false
      const count = () => {
        turn++
        if (!isOver) setImmediate(count)
      }
      count()
      await Promise.all(amounts.map(async (amount, i) => {
        await call(spin(), "work", [amount * 1_000_000], { fuel: 1e12 })
        done.push(i)
        turns[i] = turn
      }))
      isOver = true
      expect(done[0]).toBe(3)
      expect(done.slice(1)).toEqual([0, 1, 2, 4, 5])
      expect(Math.max(...turns)).toBeGreaterThan(10)
    })

    it("do not keep others from answering", async () => {
      const spinning = Array.from(
        { length: 10 },
        () => category(() => call(spin(), "loop", [], { timeout: 300, fuel: 1e12 }))
      )
      await macrotask()
      const start = spent()
      const instance = waits(async (n) => n)
      for (let i = 0; i < 5; i++) expect((await call(instance, "wait", [i])).value).toBe(i)
      expect(spent() - start).toBeLessThan(250)
      expect(await Promise.all(spinning)).toEqual(spinning.map(() => "Deadline"))
    })
  })

  describe("an instance that is given up", () => {
    it("ends a call that computes", async () => {
      const instance = spin()
      const running = category(() => call(instance, "loop", [], { fuel: 1e12 }))
      const queued = failure(() => call(instance, "loop"))
      await macrotask()
      instance.dispose()
      expect(await running).toBe("Cancelled")
      expect(await queued).toMatchObject({ reason: "Disposed" })
      expect(await failure(() => call(instance, "loop"))).toMatchObject({
        reason: expect.stringMatching(/Poisoned|Disposed/)
      })
      expect(await failure(() => func(instance, "loop").callSync([]))).toMatchObject({
        reason: expect.stringMatching(/Poisoned|Disposed/)
      })
    })

    it("ends a call whose guest is done, and leaves its places to others", async () => {
      const small = Engine.make({ instances: 1, calls: 1 })
      const component = await small.load(await assemble(adder))
      for (let round = 0; round < 3; round++) {
        const instance = small.instantiate(component)
        const running = category(() => call(instance, "add", [1, 2]))
        const queued = failure(() => call(instance, "add", [1, 2]))
        instance.dispose()
        expect(await running).toBe("Cancelled")
        expect(await queued).toMatchObject({ reason: "Disposed" })
        expect(instance.isPoisoned).toBe(true)
      }
      const aborted = small.instantiate(component)
      const controller = new AbortController()
      const stopped = category(() => call(aborted, "add", [1, 2], { signal: controller.signal }))
      const next = failure(() => call(aborted, "add", [1, 2]))
      controller.abort()
      expect(await stopped).toBe("Cancelled")
      expect(await next).toMatchObject({ reason: "Poisoned" })
      aborted.dispose()
      expect((await call(small.instantiate(component), "add", [1, 2])).value).toBe(3)
    })

    it("ends a call that waits for the host", async () => {
      const one = gate()
      const instance = waits(() => one.promise)
      const waiting = category(() => call(instance, "wait", [1]))
      await macrotask()
      instance.dispose()
      expect(await waiting).toBe("Cancelled")
      one.open(1)
      await macrotask()
    })

    it("ends a call that the host is in the middle of", async () => {
      let after = 0
      for (const sync of [true, false]) {
        const instance: Instance = engine.instantiate(
          await load(parts({
            imports: { host: ["", ""], note: ["", ""] },
            core: `(func (export "f") (block $c (try_table (catch_all $c) (call $host))) (call $note))`,
            exports: { f: "" }
          })),
          {
            imports: world({
              host: () => instance.dispose(),
              note: () => {
                after++
              }
            })
          }
        )
        expect(await category(() => sync ? func(instance, "f").callSync([]) : call(instance, "f"))).toBe("Cancelled")
      }
      expect(after).toBe(0)
    })

    it("refuses calls when none ran, and giving up twice means nothing", async () => {
      const instance = spin()
      instance.dispose()
      instance.dispose()
      expect(await failure(() => func(instance, "work").callSync([1]))).toMatchObject({ reason: "Disposed" })
      expect(await failure(() => call(instance, "work", [1]))).toMatchObject({ reason: "Disposed" })
      expect(await failure(() => instance.drop({}))).toBeInstanceOf(Error)
    })
  })

  describe("fuel", () => {
    const receipts = async (instance: Instance, n: number) => {
      const sync = func(instance, "work").measureSync([n]).receipt.fuel
      const promised = (await call(instance, "work", [n])).receipt.fuel
      return [sync, promised]
    }

    it("is the same on every run, in every instance, and by both entries", async () => {
      const all: Array<number> = []
      for (let i = 0; i < 2; i++) {
        const instance = spin()
        for (let run = 0; run < 3; run++) all.push(...(await receipts(instance, 10_000)))
      }
      expect(new Set(all).size).toBe(1)
      expect(all[0]).toBeGreaterThan(10_000)
    })

    it("is the same where a call is suspended, and grows with the work", async () => {
      const [first, second] = [spin(), spin()]
      const small = (await call(first, "work", [1_000_000], { fuel: 1e12 })).receipt.fuel
      expect((await call(second, "work", [1_000_000], { fuel: 1e12 })).receipt.fuel).toBe(small)
      const double = (await call(first, "work", [2_000_000], { fuel: 1e12 })).receipt.fuel
      expect(double).toBeGreaterThan(small * 1.9)
      expect(double).toBeLessThan(small * 2.1)
    })

    it("of a call that cannot be suspended is at most `maxSyncFuel`", async () => {
      const instance = spin()
      expect(await category(() => func(instance, "work").callSync([1e9], 1e12))).toBe("OutOfFuel")
      const start = spent()
      expect(await category(() => func(spin(), "loop").callSync([], Number.POSITIVE_INFINITY))).toBe("OutOfFuel")
      expect(spent() - start).toBeLessThan(200)
      expect(InstanceModule.maxSyncFuel).toBe(2_000_000)
    })

    it("is enough or not, to the unit", async () => {
      const exact = (await call(spin(), "work", [5_000])).receipt.fuel
      expect((await call(spin(), "work", [5_000], { fuel: exact })).receipt.fuel).toBe(exact)
      expect(await category(() => call(spin(), "work", [5_000], { fuel: exact - 1 }))).toBe("OutOfFuel")
      func(spin(), "work").callSync([5_000], exact)
      expect(await category(() => func(spin(), "work").callSync([5_000], exact - 1))).toBe("OutOfFuel")
    })

    it("is charged by imports: fixed, by what is copied, and what the host says", async () => {
      const text = (size: number) =>
        parts({
          imports: { log: [`(param "s" string)`, "(param i32 i32)"] },
          core: `(func (export "f") (call $log (i32.const 0) (i32.const ${size})))`,
          exports: { f: "" }
        })
      const used = async (size: number, fuel = 0) => {
        const instance = engine.instantiate(await load(text(size)), {
          imports: world({ log: { call: () => undefined, fuel } })
        })
        return func(instance, "f").measureSync([]).receipt.fuel
      }
      const base = await used(0)
      expect(base).toBeGreaterThanOrEqual(100)
      expect(await used(0, 5_000)).toBe(base + 5_000)
      expect(await used(64_000)).toBeGreaterThan(base + 4_000)
    })

    it("bounds a loop of large imports, and one of calls between components", async () => {
      const loops = [
        parts({
          pages: 17,
          imports: { log: [`(param "s" string)`, "(param i32 i32)"] },
          core: `(func (export "f") (loop $ever (call $log (i32.const 0) (i32.const 1000000)) (br $ever)))`,
          exports: { f: "" }
        }),
        `(component
        (import "log" (func (param "s" string)))
        (component $A
          (core module $M (memory (export "memory") 40)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)) (func (export "f") (param i32 i32)))
          (core instance $i (instantiate $M))
          (func (export "f") (param "s" string)
            (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
        (instance $a (instantiate $A))
        (component $B
          (import "f" (func $f (param "s" string)))
          (core module $L (memory (export "memory") 40)) (core instance $l (instantiate $L))
          (core func $f' (canon lower (func $f) (memory (core memory $l "memory"))))
          (core module $M (import "h" "f" (func $f (param i32 i32)))
            (func (export "go") (loop $ever (call $f (i32.const 0) (i32.const 1000000)) (br $ever))))
          (core instance $i (instantiate $M (with "h" (instance (export "f" (func $f'))))))
          (func (export "go") (canon lift (core func $i "go"))))
        (instance $b (instantiate $B (with "f" (func $a "f"))))
        (export "f" (func $b "go")))`
      ]
      for (const text of loops) {
        const component = await load(text)
        const make = () => engine.instantiate(component, { imports: world({ log: () => undefined }) })
        const start = spent()
        expect(await category(() => func(make(), "f").callSync([]))).toBe("OutOfFuel")
        expect(await category(() => call(make(), "f", [], { fuel: 5_000_000, timeout: 5_000 }))).toMatch(
          /OutOfFuel|Deadline/
        )
        expect(spent() - start).toBeLessThan(3_000)
      }
    })

    it("bounds realloc, which cannot be suspended", async () => {
      const instance = engine.instantiate(
        await load(parts({
          realloc: "(loop $ever (br $ever)) (i32.const 0)",
          core: `(func (export "f") (param i32 i32))`,
          exports: { f: `(param "s" string)` }
        }))
      )
      const start = spent()
      expect(await category(() => call(instance, "f", ["text"], { fuel: 1e10 }))).toBe("OutOfFuel")
      expect(spent() - start).toBeLessThan(500)
    })

    it("bounds a component that another one calls, which cannot be suspended either", async () => {
      const component = await load(`(component
      (component $A (core module $M (func (export "f") (loop $ever (br $ever)))) (core instance $i (instantiate $M))
        (func (export "f") (canon lift (core func $i "f"))))
      (instance $a (instantiate $A))
      (component $B (import "f" (func $f)) (core func $f' (canon lower (func $f)))
        (core module $M (import "h" "f" (func $f)) (func (export "go") (call $f)))
        (core instance $i (instantiate $M (with "h" (instance (export "f" (func $f'))))))
        (func (export "go") (canon lift (core func $i "go"))))
      (instance $b (instantiate $B (with "f" (func $a "f"))))
      (export "f" (func $b "go")))`)
      const start = spent()
      expect(await category(() => call(engine.instantiate(component), "f", [], { fuel: 1e10 }))).toBe("OutOfFuel")
      expect(spent() - start).toBeLessThan(500)
    })

    it("comes back with memory, time and the version of the cost table", async () => {
      const { receipt } = await call(spin(), "work", [2_000_000], { fuel: 1e12 })
      expect(receipt).toEqual({
        fuel: expect.any(Number) as number,
        costTable: expect.any(Number) as number,
        memory: 2 * 65_536,
        millis: expect.any(Number) as number
      })
      expect(receipt.millis).toBeGreaterThan(0)
    })
  })

  describe("a turn of a guest", () => {
    /** What happened in each turn, by a clock that stands unless the host moves it. */
    const turnsOf = async (core: string, fuel: number, millis: number) => {
      let time = 0
      let called = 0
      const turns: Array<number> = []
      const own = Engine.make({
        clock: {
          now: () => time,
          macrotask: (run) => {
            setImmediate(() => {
              turns.push(called)
              called = 0
              run()
            })
          },
          timer: () => () => undefined
        }
      })
      const component = await own.load(
        await assemble(parts({ imports: { host: ["", ""] }, core: `(func (export "f") ${core})`, exports: { f: "" } }))
      )
      turns.length = 0
      const host = () => {
        called++
        time += millis
      }
      const instance = own.instantiate(component, { imports: world({ host: { call: host, fuel: 1_000 } }) })
      expect(await category(() => call(instance, "f", [], { fuel }))).toBe("OutOfFuel")
      return turns
    }

    it("ends after 200,000 fuel", async () => {
      const turns = await turnsOf("(loop $ever (br $ever))", 2_000_000, 0)
      expect(turns.length).toBeGreaterThanOrEqual(9)
      expect(turns.length).toBeLessThanOrEqual(12)
    })

    it("ends by the clock where its host takes longer for it than is charged", async () => {
      const calling = "(loop $ever (call $host) (br $ever))"
      expect(Math.max(...await turnsOf(calling, 1_000_000, 0))).toBeGreaterThan(100)
      expect(Math.max(...await turnsOf(calling, 1_000_000, 0.1))).toBeLessThan(40)
    })
  })
})
