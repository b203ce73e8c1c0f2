import { AsyncLocalStorage } from "node:async_hooks"
import { queryObjects, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { describe, expect, it } from "vitest"
import * as Engine from "../src/Engine.ts"
import { moduleOf } from "../src/internal/link/coreBytes.ts"
import { Stack, Stacks } from "../src/internal/link/stacks.ts"
import type { Store } from "../src/internal/link/store.ts"
import { assemble, category, parts, world } from "./support/guests.ts"
import { keep, onKept, onOwn } from "./support/keptStacks.ts"

const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve))

setFlagsFromString("--expose-gc")
const gc = runInNewContext("gc") as () => void

/** Collects what nobody holds, and lets those be told who wait for that. */
const collect = async () => {
  for (let i = 0; i < 5; i++) {
    await macrotask()
    gc()
  }
}

const stacks = (): number => queryObjects(Stack, { format: "count" })

/** What calls give, on the last frames that the host has place for, which are so wide. */
const exhausted = <A>(call: () => A, width: number): ReadonlyArray<A> => {
  const gave: Array<A> = []
  let left = 60
  const wide = Array.from({ length: width }, () => 0)
  const deeper = (..._wide: ReadonlyArray<number>): void => {
    try {
      deeper(...wide)
    } catch {
      // There is no place for another frame.
    }
    if (left-- <= 0) return
    try {
      gave.push(call())
    } catch {
      // There is no place for the call.
    }
  }
  deeper(...wide)
  return gave
}

const nothing = [{ params: 0, gives: false }]

const make = async (engine: Engine.Engine, text: string, imports: Parameters<typeof world>[0] = {}) => {
  const component = await engine.load(await assemble(text))
  return () => engine.instantiate(component, { imports: world(imports) })
}

/** A guest that tells how many frames of WebAssembly are below its host, and waits for it. */
const telling = (engine: Engine.Engine, wait: () => unknown = () => undefined) => {
  const frames: Array<number> = []
  const limit = Error.stackTraceLimit
  const note = () => {
    Error.stackTraceLimit = 50
    frames.push(new Error().stack!.split("\n").filter((line) => line.includes("wasm://")).length)
    Error.stackTraceLimit = limit
  }
  const text = parts({
    imports: { note: ["", ""], wait: ["", ""] },
    core: `(func (export "f") (call $note) (call $wait))`,
    exports: { f: "" }
  })
  return make(engine, text, { note, wait: { call: wait, async: true } }).then((one) => ({ frames, one }))
}

describe("kept stacks", () => {
  it("are used by those who wait for a call without a promise, once there are any", async () => {
    const engine = Engine.make()
    const { frames, one } = await telling(engine)
    const instance = one()
    await onOwn(instance, "f")
    await onKept(instance, "f")
    await keep(engine, 1, nothing)
    await onOwn(instance, "f")
    await onKept(instance, "f")
    const own = frames[0]!
    expect(frames).toEqual([own, own, own, own + 1])
  })

  it("are not used by a function whose last call took long", async () => {
    const engine = Engine.make()
    await keep(engine, 4, [{ params: 1, gives: false }])
    let frames = 0
    const text = parts({
      imports: { note: ["", ""] },
      core: `(func (export "f") (param i32) (call $note)
        (loop $all (br_if $all (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`,
      exports: { f: `(param "n" u32)` }
    })
    const note = () => {
      frames = new Error().stack!.split("\n").filter((line) => line.includes("wasm://")).length
    }
    const instance = (await make(engine, text, { note }))()
    const seen: Array<number> = []
    for (const n of [10, 10, 100_000, 10, 10]) {
      await onKept(instance, "f", [n])
      seen.push(frames)
    }
    expect(seen).toEqual([2, 2, 2, 1, 2])
  })

  it("give and take what others do, of each type", async () => {
    const engine = Engine.make()
    const types = ["s32", "u64", "f32", "f64", "string", "u8", "char"]
    const many = Array.from({ length: 20 }, (_, i) => `(param "p${i}" u16)`).join(" ")
    const text = parts({
      core: `
        (func (export "s32") (param i32) (result i32) (local.get 0))
        (func (export "u64") (param i64) (result i64) (local.get 0))
        (func (export "f32") (param f32) (result f32) (local.get 0))
        (func (export "f64") (param f64) (result f64) (local.get 0))
        (func (export "u8") (param i32) (result i32) (local.get 0))
        (func (export "char") (param i32) (result i32) (local.get 0))
        (func (export "string") (param i32 i32) (result i32)
          (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16))
        (func (export "mixed") (param i64 f32 i32 f64) (result f64)
          (f64.add (f64.convert_i64_u (local.get 0)) (f64.add (f64.promote_f32 (local.get 1))
            (f64.sub (f64.convert_i32_s (local.get 2)) (local.get 3)))))
        (func (export "many") (param i32) (result i32) (i32.load16_u offset=38 (local.get 0)))`,
      exports: {
        ...Object.fromEntries(types.map((type) => [type, `(param "x" ${type}) (result ${type})`])),
        mixed: `(param "a" u64) (param "b" f32) (param "c" s32) (param "d" f64) (result f64)`,
        many: `${many} (result u16)`
      }
    })
    const instance = (await make(engine, text))()
    const given: ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> = [
      ["s32", [-7]],
      ["u64", [2n ** 64n - 1n]],
      ["f32", [0.5]],
      ["f64", [-0]],
      ["f64", [Number.NaN]],
      ["string", ["Grüße"]],
      ["u8", [255]],
      ["char", ["ß"]],
      ["mixed", [2n ** 40n, 0.25, -3, 0.125]],
      ["many", Array.from({ length: 20 }, (_, i) => 100 + i)]
    ]
    await collect()
    const before = stacks()
    for (const [name, args] of given) {
      const { value } = await onOwn(instance, name, args)
      for (let i = 0; i < 70; i++) expect((await onKept(instance, name, args)).value).toEqual(value)
    }
    const coreTypes = [
      "i32 -> i32",
      "i64 -> i64",
      "f32 -> f32",
      "f64 -> f64",
      "i32 i32 -> i32",
      "i64 f32 i32 f64 -> f64"
    ]
    expect(stacks() - before).toBe(coreTypes.length)
  })

  it("leave out a function of the host that a component passes on as its own", async () => {
    const engine = Engine.make()
    const text = `(component
      (import "host" (func $host (param "x" u32) (result u32)))
      (core func $low (canon lower (func $host)))
      (func (export "f") (param "x" u32) (result u32) (canon lift (core func $low))))`
    await keep(engine, 1, [{ params: 1, gives: true }])
    const instance = (await make(engine, text, { host: ((x: number) => x + 1) as never }))()
    for (let i = 0; i < 3; i++) expect((await onKept(instance, "f", [i])).value).toBe(i + 1)
  })

  it("call the host in the asynchronous context of their engine, and never in that of another caller", async () => {
    const storage = new AsyncLocalStorage<string>()
    const engine = storage.run("engine", () => Engine.make())
    const seen: Array<string | undefined> = []
    const { frames, one } = await telling(engine, () => {
      seen.push(storage.getStore())
      return macrotask()
    })
    const instance = one()
    for (const caller of ["first", "second"]) {
      await storage.run(caller, () => keep(engine, 2, nothing))
      await storage.run(caller, () => onOwn(instance, "f"))
      await storage.run(caller, () => onKept(instance, "f"))
    }
    expect(seen).toEqual(["first", "engine", "second", "engine"])
    expect(frames[1]).toBe(frames[0]! + 1)
  })

  it("are told the fuel of each call, and not that of the ones before it", async () => {
    const engine = Engine.make()
    const { one } = await telling(engine)
    const fuel = (await onOwn(one(), "f")).receipt.fuel
    await keep(engine, 1, nothing)
    const instance = one()
    for (let i = 0; i < 3; i++) expect((await onKept(instance, "f")).receipt.fuel).toBe(fuel)
  })

  it("do not enter a guest that is given up before its turn", async () => {
    const engine = Engine.make()
    const { frames, one } = await telling(engine)
    await keep(engine, 1, nothing)
    const instance = one()
    const called = category(() => onKept(instance, "f"))
    instance.dispose()
    expect(await called).toBe("Cancelled")
    expect(frames).toEqual([])
    for (let i = 0; i < 100; i++) await onKept(one(), "f")
    expect(frames).toHaveLength(100)
  })

  it("end with a guest that traps, and nobody else notices", async () => {
    const engine = Engine.make()
    await keep(engine, 4, [0, 1].map((params) => ({ params, gives: false })))
    const text = parts({
      imports: { wait: ["", ""] },
      core: `(tag $tag)
        (func (export "traps") unreachable)
        (func (export "throws") (throw $tag))
        (func $deep (export "deep") (call $deep) (call $deep))
        (func (export "spins") (loop $ever (br $ever)))
        (func (export "fails") (call $wait))
        (func (export "passes") (param i32))`,
      exports: {
        ...Object.fromEntries(["traps", "throws", "deep", "spins", "fails"].map((name) => [name, ""])),
        passes: `(param "n" u32)`
      }
    })
    const one = await make(engine, text, { wait: { call: () => Promise.reject(new Error("no")), async: true } })
    const { frames, one: another } = await telling(engine, macrotask)
    for (const name of ["traps", "throws", "deep", "spins", "fails"]) {
      const neighbours = [another(), another()].map((instance) => onKept(instance, "f"))
      const own = await category(() => onOwn(one(), name, [], { fuel: 1e6 }))
      expect(own).toBeTypeOf("string")
      for (let i = 0; i < 5; i++) expect(await category(() => onKept(one(), name, [], { fuel: 1e6 }))).toBe(own)
      await Promise.all(neighbours)
      await onKept(one(), "passes", [1])
    }
    expect(frames).toHaveLength(10)
  })

  it("hold no guest that is gone, and end with their engine", async () => {
    const used = async () => {
      const { one } = await telling(Engine.make())
      const instance = one()
      for (let i = 0; i < 60; i++) await onKept(instance, "f")
    }
    await collect()
    const before = stacks()
    await used()
    await used()
    expect(stacks()).toBe(before + 2)
    await collect()
    await collect()
    expect(stacks()).toBe(before)
  })

  it("are not lost where the host has used up its own, and enter no guest for a call that has failed", async () => {
    const before = stacks()
    let entered = 0
    const module = moduleOf({
      types: [{ params: [], results: [] }],
      imports: [{ module: "h", name: "enters", type: 0 }],
      exports: [{ name: "f", type: 0, code: [0x10, 0] }]
    })
    const { f } = new WebAssembly.Instance(module, { h: { enters: () => void entered++ } }).exports
    const kept = new Stacks()
    const given = Promise.resolve()
    const fresh = () => {
      entered++
      return given
    }
    const store = { failure: undefined } as unknown as Store
    const call = kept.promising(f as CallableFunction, { params: [], results: [] }, store, fresh)
    for (let i = 0; i < 40; i++) await call()
    for (let width = 0; width < 64; width++) {
      entered = 0
      const calls = await Promise.allSettled(exhausted(call, width))
      expect(calls.length).toBeGreaterThan(0)
      expect(entered).toBe(calls.filter(({ status }) => status === "fulfilled").length)
    }
    await collect()
    expect(kept.woken).toBe(0)
    expect(kept.parked).toBeGreaterThan(0)
    expect(stacks() - before).toBe(kept.parked)
    kept.end()
    await collect()
    expect(stacks()).toBe(before)
  })

  it("are done without where none can be made", async () => {
    const { frames, one } = await telling(Engine.make())
    const instance = one()
    const { Instance } = WebAssembly
    let refused = 0
    WebAssembly.Instance = function() {
      refused++
      throw new RangeError("WebAssembly.Instance(): Out of memory")
    } as never
    try {
      for (let i = 0; i < 70; i++) await onKept(instance, "f")
    } finally {
      WebAssembly.Instance = Instance
    }
    expect([refused, frames.length]).toEqual([2, 70])
  })

  it("are not more than 64 when nobody uses them, whatever the functions", async () => {
    await collect()
    const before = stacks()
    const engine = Engine.make()
    for (let params = 0; params < 5; params++) await keep(engine, 24, [{ params, gives: false }])
    await collect()
    expect(stacks() - before).toBe(64)
    const { frames, one } = await telling(engine)
    await onOwn(one(), "f")
    await keep(engine, 1, nothing)
    await onKept(one(), "f")
    expect(frames[1]).toBe(frames[0]! + 1)
  })

  it("take 32 guests in one macrotask, and the next is entered at once", async () => {
    const engine = Engine.make()
    await keep(engine, 40, nothing)
    const { frames, one } = await telling(engine, macrotask)
    const instances = Array.from({ length: 33 }, one)
    await macrotask()
    const all = instances.slice(0, 32).map((instance) => onKept(instance, "f"))
    expect(frames).toHaveLength(0)
    all.push(onKept(instances[32]!, "f"))
    expect(frames).toHaveLength(1)
    await Promise.all(all)
    expect(frames.filter((count) => count > frames[0]!)).toHaveLength(32)
  })
})
