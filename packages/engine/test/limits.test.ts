import { describe, expect, it } from "vitest"
import { LinkError } from "../src/CallError.ts"
import * as Engine from "../src/Engine.ts"
import type { Instance } from "../src/Instance.ts"
import type { Trap } from "../src/Trap.ts"
import { assemble, category, engine, failure, load, parts, run } from "./support/guests.ts"
import { spent } from "./support/spent.ts"

const page = 65_536

const refused = async (text: string, limits: Engine.Limits = {}, using: Engine.Engine = engine): Promise<unknown> => {
  const component = await failureOr(async () => using.load(await assemble(text)))
  if (component instanceof Error) return (component as Error & { reason?: unknown }).reason
  const error = await failureOr(() => using.instantiate(component as Engine.Component, { limits }))
  return error instanceof LinkError ? error.reason : error instanceof Error ? error : "nothing"
}

const failureOr = async <A>(attempt: () => A | Promise<A>): Promise<A | Error> => {
  try {
    return await attempt()
  } catch (error) {
    return error as Error
  }
}

const modules = (count: number, fields: string) =>
  `(component (core module $M ${fields})
  ${"(core instance (instantiate $M))".repeat(count)})`

describe("memory", () => {
  it("is limited as a sum over core instances, before the first exists", async () => {
    expect(await refused(modules(8, "(memory 1)"), { memory: 8 * page })).toBe("nothing")
    expect(await refused(modules(8, "(memory 1)"), { memory: 8 * page - 1 })).toBe("MemoryLimit")
    expect(await refused(modules(1, "(memory 1025)"))).toBe("MemoryLimit")
    const starts = `(component
      (core module $S (func $s unreachable) (start $s)) (core instance (instantiate $S))
      (core module $M (memory 2)) (core instance (instantiate $M)))`
    expect(await refused(starts, { memory: page })).toBe("MemoryLimit")
  })

  it("is limited as a sum over nested components and the memories of one module", async () => {
    const nested = `(component
      (component $C (core module $M (memory 2) (memory 1)) (core instance (instantiate $M)))
      (instance (instantiate $C)) (instance (instantiate $C)))`
    expect(await refused(nested, { memory: 6 * page })).toBe("nothing")
    expect(await refused(nested, { memory: 6 * page - 1 })).toBe("MemoryLimit")
  })

  it("grows to the limit of the sum and no further", async () => {
    const text = `(component
      (core module $M (memory 1)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
      (core instance $a (instantiate $M)) 
      (component $C
        (core module $M (memory 1) (memory $second 1)
          (func (export "grow") (param i32) (result i32) (memory.grow $second (local.get 0))))
        (core instance $i (instantiate $M))
        (func (export "grow") (param "n" u32) (result s32) (canon lift (core func $i "grow"))))
      (instance $c (instantiate $C))
      (func (export "a") (param "n" u32) (result s32) (canon lift (core func $a "grow")))
      (export "b" (func $c "grow")))`
    const instance = await run(text, { limits: { memory: 10 * page } })
    const grow = (name: string, pages: number) => instance.func(undefined, name).callSync([pages])
    expect(instance.memory).toBe(3 * page)
    expect(grow("a", 3)).toBe(1)
    expect(grow("b", 3)).toBe(1)
    expect(grow("a", 2)).toBe(-1)
    for (const pages of [2, 65_536, 0x7fff_ffff, 0xffff_ffff]) {
      for (const name of ["a", "b"]) expect(grow(name, pages)).toBe(-1)
    }
    expect(grow("a", 1)).toBe(4)
    expect(grow("b", 1)).toBe(-1)
    expect(grow("b", 0)).toBe(4)
    expect(instance.memory).toBe(10 * page)
    expect(instance.isPoisoned).toBe(false)
  })

  it("is named where a guest stops for want of it, and nowhere else", async () => {
    const text = parts({
      core: `(func (export "take") (param i32 i32))
        (func (export "stop") unreachable)
        (func (export "divide") (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))
        (func (export "try") (result i32) (memory.grow (i32.const 9)))`,
      exports: { take: "(param \"text\" string)", stop: "", divide: "(param \"by\" u32)", try: "(result s32)" }
    })
    const limits = { memory: 2 * page }
    const stopped = async (instance: Instance, name: string, ...args: ReadonlyArray<unknown>) => {
      const { message } = await failure(() => instance.func(undefined, name).callSync(args)) as Trap
      return message
    }
    const instance = await run(text, { limits })
    const call = (name: string, ...args: ReadonlyArray<unknown>) => instance.func(undefined, name).callSync(args)
    const said = "trap: unreachable, after its memory could not grow beyond 131072 bytes"
    for (let times = 0; times < 2; times++) call("take", "x".repeat(60_000))
    expect(await stopped(instance, "take", "x".repeat(60_000))).toBe(said)
    expect(await stopped(await run(text, { limits }), "stop")).toBe("trap: unreachable")
    const tried = await run(text, { limits })
    expect(tried.func(undefined, "try").callSync([])).toBe(-1)
    expect(await stopped(tried, "divide", 0)).toBe("trap: divide by zero")
  })

  it("is limited in the number of memories", async () => {
    expect(await refused(modules(8, "(memory 0)"))).toBe("nothing")
    expect(await refused(modules(9, "(memory 0)"))).toBe("MemoryLimit")
    expect(await refused(modules(3, "(memory 0) (memory 0) (memory 0)"))).toBe("MemoryLimit")
  })
})

describe("tables", () => {
  it("are limited as a sum, at the start and as they grow", async () => {
    expect(await refused(modules(10, "(table 10 funcref)"), { tableElements: 100 })).toBe("nothing")
    expect(await refused(modules(10, "(table 10 funcref)"), { tableElements: 99 })).toBe("TableLimit")
    expect(await refused(modules(1, "(table 100001 funcref)"))).toBe("TableLimit")
    const instance = await run(
      parts({
        core: `(table $a 1 funcref) (table $b 1 externref)
          (func (export "a") (param i32) (result i32) (table.grow $a (ref.null func) (local.get 0)))
          (func (export "b") (param i32) (result i32) (table.grow $b (ref.null extern) (local.get 0)))`,
        exports: { a: `(param "n" u32) (result s32)`, b: `(param "n" u32) (result s32)` }
      }),
      { limits: { tableElements: 10 } }
    )
    const grow = (name: string, elements: number) => instance.func(undefined, name).callSync([elements])
    expect([grow("a", 4), grow("b", 5), grow("b", 4), grow("a", 1), grow("a", 0)]).toEqual([1, -1, 1, -1, 5])
    for (const elements of [0x7fff_ffff, 0xffff_ffff]) expect(grow("a", elements)).toBe(-1)
  })
})

describe("what one instance consists of", () => {
  it("is at most 64 core instances and 256 component instances", async () => {
    expect(await refused(modules(64, ""))).toBe("nothing")
    expect(await refused(modules(65, ""))).toBe("TooLarge")
    const nested = (count: number) => `(component (component $C) ${"(instance (instantiate $C))".repeat(count)})`
    expect(await refused(nested(255))).toBe("nothing")
    expect(await refused(nested(256))).toBe("TooLarge")
  })

  it("is at most 1,024 core instances, whatever the options say", async () => {
    const generous = Engine.make({ coreInstances: 5_000 })
    expect(await refused(modules(1_024, ""), {}, generous)).toBe("nothing")
    expect(await refused(modules(1_025, ""), {}, generous)).toBe("TooLarge")
  })

  it("is what the options of the engine say", async () => {
    const strict = Engine.make({ coreInstances: 2, componentInstances: 2, memories: 1 })
    expect(await refused(modules(2, ""), {}, strict)).toBe("nothing")
    expect(await refused(modules(3, ""), {}, strict)).toBe("TooLarge")
    expect(await refused(modules(2, "(memory 0)"), {}, strict)).toBe("MemoryLimit")
    expect(
      await refused(`(component (component $C) (instance (instantiate $C)) (instance (instantiate $C)))`, {}, strict)
    ).toBe("TooLarge")
  })
})

describe("instances of an engine", () => {
  it("are limited in number, and make room when they are given up", async () => {
    const small = Engine.make({ instances: 3 })
    const component = await small.load(await assemble(parts({ exports: {} })))
    const all = [1, 2, 3].map(() => small.instantiate(component))
    expect(await failure(() => small.instantiate(component))).toMatchObject({ reason: "TooManyInstances" })
    all[1]?.dispose()
    const more = small.instantiate(component)
    expect(await failure(() => small.instantiate(component))).toMatchObject({ reason: "TooManyInstances" })
    more.dispose()
    more.dispose()
    small.instantiate(component)
    expect(await failure(() => small.instantiate(component))).toMatchObject({ reason: "TooManyInstances" })
  })

  it("are not touched when others are given up twice", async () => {
    const component = await load(parts({
      core:
        `(func (export "work") (param i32) (loop $all (br_if $all (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`,
      exports: { work: `(param "n" u32)` }
    }))
    const first = engine.instantiate(component)
    first.dispose()
    const second = engine.instantiate(component)
    first.dispose()
    await second.func(undefined, "work").call([3_000_000], { fuel: 1e9 })
    expect(second.isPoisoned).toBe(false)
  })
})

describe("calls of an engine", () => {
  it("that run at the same time are limited in number, and make room however they end", async () => {
    const small = Engine.make({ calls: 2 })
    const component = await small.load(
      await assemble(parts({
        imports: { wait: ["", ""] },
        core: `(func (export "f") (call $wait)) (func (export "trap") unreachable) (func (export "n") (param i32))`,
        exports: { f: "", trap: "", n: `(param "n" u8)` }
      }))
    )
    const waiting: Array<(value: unknown) => void> = []
    const wait = { call: () => new Promise((resolve) => waiting.push(resolve)), async: true }
    const make = () => small.instantiate(component, { imports: new Map([["", new Map([["wait", wait]])]]) })
    const running = () => {
      const instance = make()
      return { instance, outcome: category(() => instance.func(undefined, "f").call([])) }
    }
    for (let round = 0; round < 3; round++) {
      const [one, two] = [running(), running()]
      expect(await failure(() => make().func(undefined, "f").call([]))).toMatchObject({ reason: "QueueFull" })
      one.instance.dispose()
      expect(await one.outcome).toBe("Cancelled")
      expect(await category(() => make().func(undefined, "trap").call([]))).toBe("Unreachable")
      expect(await failure(() => make().func(undefined, "n").call([256]))).toMatchObject({ reason: "BadArgument" })
      expect(await category(() => make().func(undefined, "f").call([], { timeout: 5 }))).toBe("Deadline")
      for (const answer of waiting.splice(0)) answer(undefined)
      expect(await two.outcome).toBe("nothing")
    }
  })
})

describe("types", () => {
  it("that nest to more than they are worth are refused when they are loaded", async () => {
    let types = `(type $t0 (tuple u8 u8))`
    for (let i = 1; i <= 22; i++) types += `(type $t${i} (tuple $t${i - 1} $t${i - 1}))`
    const start = spent()
    expect(await refused(`(component ${types} (import "f" (func (param "t" $t22))))`)).toBe("TooLarge")
    expect(spent() - start).toBeLessThan(500)
  })
})

describe("what a call takes out of a guest", () => {
  /** `get` gives a value of the type from memory full of `fill`, at an address, with a length. */
  const giving = (type: string, length: number, fill = 0, types = "") => {
    const result = type
    return parts({
      pages: 16,
      before: types,
      core: `(func (export "get") (result i32)
        (memory.fill (i32.const 0) (i32.const ${fill}) (i32.const 1048576))
        (i32.store (i32.const 16) (i32.const 1024)) (i32.store (i32.const 20) (i32.const ${length})) (i32.const 16))`,
      exports: { get: `(result ${result})` }
    })
  }
  const takes = async (text: string) => {
    const instance = await run(text)
    const start = spent()
    const outcome = await category(() => instance.func(undefined, "get").callSync([]))
    expect(spent() - start).toBeLessThan(500)
    return outcome
  }
  const flags = `(type $f' (flags ${
    Array.from({ length: 32 }, (_, i) => `"f${i}"`).join(" ")
  })) (import "f" (type $f (eq $f')))`
  let tuple = "u8"
  for (let i = 0; i < 5; i++) tuple = `(tuple ${tuple} ${tuple} ${tuple} ${tuple})`

  it("is a list of empty strings only up to the budget", async () => {
    expect(await takes(giving("(list string)", 20_000))).toBe("nothing")
    expect(await takes(giving("(list string)", 110_000))).toBe("InvalidValue")
  })

  it("is a list of lists, of flags, of options and of tuples only up to what they become", async () => {
    expect(await takes(giving("(list (list u8))", 100_000))).toBe("InvalidValue")
    expect(await takes(giving("(list (list (list u8)))", 100_000))).toBe("InvalidValue")
    expect(await takes(giving("(list $f)", 200_000, 255, flags))).toBe("InvalidValue")
    expect(await takes(giving("(list (option (option u8)))", 300_000))).toBe("InvalidValue")
    expect(await takes(giving(`(list ${tuple})`, 1_000))).toBe("InvalidValue")
    expect(await takes(giving("(list bool)", 1_000_000))).toBe("InvalidValue")
    expect(await takes(giving("(list char)", 250_000))).toBe("InvalidValue")
    expect(await takes(giving("(list u64)", 130_000))).toBe("InvalidValue")
  })

  it("is bytes as they are", async () => {
    expect(await takes(giving("(list u8)", 1_000_000))).toBe("nothing")
  })

  it("is the same string many times only up to the budget", async () => {
    // Each element of the list points to the whole memory: 4,000 bytes become 500 MB.
    const text = parts({
      pages: 17,
      core: `(func (export "get") (result i32) (local $i i32)
        (local.set $i (i32.const 1024))
        (loop $all
          (i32.store (local.get $i) (i32.const 8192)) (i32.store offset=4 (local.get $i) (i32.const 1000000))
          (br_if $all (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 5024))))
        (i32.store (i32.const 16) (i32.const 1024)) (i32.store (i32.const 20) (i32.const 500)) (i32.const 16))`,
      exports: { get: "(result (list string))" }
    })
    expect(await takes(text)).toBe("InvalidValue")
    expect(await takes(text.replace("(result (list string))", "(result (list (list u8)))"))).toBe("InvalidValue")
    expect(
      await takes(text.replace("(result (list string))", "(result (list (list u16)))").replace("1000000", "500000"))
    ).toBe("InvalidValue")
  })

  it("is what the limit of the instance says", async () => {
    const text = giving("(list u8)", 10_000)
    expect(
      await category(async () => (await run(text, { limits: { lift: 9_000 } })).func(undefined, "get").callSync([]))
    ).toBe("InvalidValue")
    expect(
      await category(async () => (await run(text, { limits: { lift: 11_000 } })).func(undefined, "get").callSync([]))
    ).toBe("nothing")
  })

  it("is never more than a list can have, whatever its length says", async () => {
    for (const length of [0x7fff_ffff, 0xffff_ffff]) {
      for (const type of ["(list u8)", "(list u64)", "(list string)", "(list (tuple u64 u64 u64))"]) {
        expect(await takes(giving(type, length))).toBe("MemoryOutOfBounds")
      }
    }
  })

  it("holds for what guests give to functions of the host, too", async () => {
    const text = (type: string, length: number) =>
      parts({
        pages: 16,
        imports: { take: [`(param "v" ${type})`, "(param i32 i32)"] },
        core: `(func (export "go") (call $take (i32.const 0) (i32.const ${length})))`,
        exports: { go: "" }
      })
    let calls = 0
    const imports = {
      take: () => {
        calls++
      }
    }
    for (
      const [type, length] of [["(list string)", 110_000], ["(list (list u8))", 100_000], [
        "(list bool)",
        1_000_000
      ]] as const
    ) {
      const instance = await run(text(type, length), { imports })
      expect(await category(() => instance.func(undefined, "go").callSync([]))).toBe("InvalidValue")
    }
    expect(calls).toBe(0)
  })
})

describe("numbers given as limits", () => {
  it("are no way around them as the fuel of a function of the host", async () => {
    const text = parts({ imports: { host: ["", ""] }, core: `(func (export "f") (call $host))`, exports: { f: "" } })
    for (const fuel of [Number.NaN, -1, Number.NEGATIVE_INFINITY]) {
      expect(await failure(() => run(text, { imports: { host: { call: () => undefined, fuel } } }))).toMatchObject({
        message: "the limit fuel of host is not a number from 0 on"
      })
    }
  })

  it("are no way around them where they are no numbers", async () => {
    const text = parts({
      pages: 2,
      core: `(func (export "spin") (loop $ever (br $ever)))
        (func (export "get") (result i32)
          (i32.store (i32.const 16) (i32.const 1024)) (i32.store (i32.const 20) (i32.const 100000)) (i32.const 16))`,
      exports: { spin: "", get: "(result (list bool))" }
    })
    const component = await load(text)
    for (const wrong of [Number.NaN, -1]) {
      for (const limits of [{ memory: wrong }, { lift: wrong }, { fuel: wrong }]) {
        const outcome = await failure(async () => {
          const instance = engine.instantiate(component, { limits })
          instance.func(undefined, "get").callSync([])
          await instance.func(undefined, "spin").call([], { timeout: 2_000 })
        })
        expect(outcome).toBeInstanceOf(Error)
        expect(outcome).not.toMatchObject({ category: "Deadline" })
      }
    }
  })
})
