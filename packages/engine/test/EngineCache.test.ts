import { describe, expect, it } from "vitest"
import manifest from "../package.json" with { type: "json" }
import * as Compilers from "../src/Compilers.ts"
import * as Engine from "../src/Engine.ts"
import type { CacheEvent, EngineCache } from "../src/EngineCache.ts"
import { version } from "../src/internal/version.ts"
import { assemble, failure, parts, world } from "./support/guests.ts"

/** Gives back the text it is given, through the host; counts how often in a global that its start function sets. */
const echo = (mark: number) =>
  parts({
    imports: { through: [`(param "s" string) (result string)`, "(param i32 i32 i32)"] },
    core: `(global $calls (mut i32) (i32.const 0))
      (table 1 funcref)
      (func $begin (global.set $calls (i32.const ${mark})))
      (start $begin)
      (func (export "calls") (result i32) (global.get $calls))
      (func (export "echo") (param i32 i32) (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (call $through (local.get 0) (local.get 1) (i32.const 16))
        (i32.const 16))`,
    exports: { echo: `(param "s" string) (result string)`, calls: "(result u32)" }
  })

const first = await assemble(echo(10))
const second = await assemble(echo(20))
/** Of another shape than the others. */
const third = await assemble(`(component
  (core module $M (func (export "calls") (result i32) (i32.const 30)))
  (core instance $i (instantiate $M))
  (func (export "calls") (result u32) (canon lift (core func $i "calls"))))`)

const imports = world({ through: (text: string) => `${text}!` })

/** What an instance does that was made of the component. */
const behaviour = (engine: Engine.Engine, component: Engine.Component) => {
  const instance = engine.instantiate(component, { imports })
  const measured = instance.func(undefined, "echo").measureSync(["grüß"])
  return [measured.value, measured.receipt.fuel, instance.func(undefined, "calls").callSync([])]
}

const counting = (compilers: Partial<Compilers.Compilers> = {}) => {
  const counts = { validate: 0, module: 0, ahead: 0, script: 0 }
  return {
    counts,
    compilers: {
      validate: (bytes) => {
        counts.validate++
        return (compilers.validate ?? Compilers.thread.validate)(bytes)
      },
      module: (bytes, eager) => {
        counts.module++
        if (eager) counts.ahead++
        return (compilers.module ?? Compilers.thread.module)(bytes, eager)
      },
      script: (source, code) => {
        counts.script++
        return (compilers.script ?? Compilers.thread.script)(source, code)
      }
    } satisfies Compilers.Compilers
  }
}

class Entries implements EngineCache {
  readonly runtime: string
  readonly kept = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly events: Array<CacheEvent> = []

  constructor(runtime = "a runtime") {
    this.runtime = runtime
  }

  get = (key: string): Promise<Uint8Array<ArrayBuffer> | undefined> => Promise.resolve(this.kept.get(key)?.slice())

  put = (key: string, entry: Uint8Array<ArrayBuffer>): Promise<void> => {
    this.kept.set(key, entry)
    return Promise.resolve()
  }

  report = (event: CacheEvent): void => {
    this.events.push(event)
  }

  /** What happened since this was asked last, once writes are done. */
  async happened(): Promise<ReadonlyArray<string>> {
    await new Promise((resume) => setTimeout(resume, 0))
    return this.events.splice(0).map(({ kind }) => kind)
  }

  get only(): readonly [key: string, entry: Uint8Array<ArrayBuffer>] {
    const [entry] = this.kept
    if (entry === undefined) throw new Error("nothing was kept")
    return entry
  }
}

/** A cache that holds the entry of a component. */
const filled = async (bytes: Uint8Array = first, runtime?: string): Promise<Entries> => {
  const cache = new Entries(runtime)
  await Engine.make({ cache }).load(bytes)
  expect(await cache.happened()).toEqual(["miss", "stored"])
  return cache
}

describe("components that were loaded last", () => {
  it("are loaded once, also at the same time", async () => {
    const { compilers, counts } = counting()
    const engine = Engine.make({ compilers })
    const [one, two] = await Promise.all([engine.load(first), engine.load(Uint8Array.from(first))])
    expect(await engine.load(first)).toBe(one)
    expect(two).toBe(one)
    expect(counts).toEqual({ validate: 2, module: 2, ahead: 0, script: 1 })
  })

  it("are dropped when there are more than the engine keeps, those first that were asked for least lately", async () => {
    const { compilers, counts } = counting()
    const engine = Engine.make({ compilers, cachedComponents: 2 })
    const [a, b] = [await engine.load(first), await engine.load(second)]
    expect(await engine.load(first)).toBe(a)
    await engine.load(third)
    expect(counts.script).toBe(3)
    expect(await engine.load(first)).toBe(a)
    expect(counts.script).toBe(3)
    expect(await engine.load(second)).not.toBe(b)
    expect(counts.script).toBe(4)
  })

  it("are not those that could not be loaded", async () => {
    let fails = true
    const engine = Engine.make(counting({
      module: (bytes) => fails ? Promise.reject(new Error("no memory")) : WebAssembly.compile(bytes)
    }))
    expect(await failure(() => engine.load(first))).toMatchObject({ message: "no memory" })
    fails = false
    expect((await engine.load(first)).world.exports).toHaveLength(1)
  })

  it("are what the bytes were when they were given", async () => {
    for (const bytes of [Uint8Array.from(third), Buffer.from(third)]) {
      const engine = Engine.make()
      const loading = engine.load(bytes)
      bytes.fill(0)
      const instance = engine.instantiate(await loading)
      expect(instance.func(undefined, "calls").callSync([])).toBe(30)
    }
  })
})

describe("an entry of a cache", () => {
  it("stands for validating, metering and generating, and behaves alike", async () => {
    const cache = await filled()
    const cold = Engine.make()
    const { compilers, counts } = counting()
    const warm = Engine.make({ cache, compilers })
    expect(behaviour(warm, await warm.load(first))).toEqual(behaviour(cold, await cold.load(first)))
    expect(await cache.happened()).toEqual(["hit"])
    expect(counts).toEqual({ validate: 0, module: 2, ahead: 0, script: 1 })
  })

  it("says whether a function takes so long to compile that it is not left until it is called", async () => {
    const branches = "(block (br_if 0 (local.get 0)))".repeat(300)
    const slow = await assemble(`(component
      (core module $M (func (export "calls") (result i32) (local ${"i32 ".repeat(4_000)}) ${branches} (local.get 0)))
      (core instance $i (instantiate $M))
      (func (export "calls") (result u32) (canon lift (core func $i "calls"))))`)
    const cache = await filled(slow)
    const { compilers, counts } = counting()
    await Engine.make({ cache, compilers }).load(slow)
    expect(counts).toEqual({ validate: 0, module: 1, ahead: 1, script: 1 })
  })

  it("has what the script gave, and the script gets it back", async () => {
    const cache = new Entries()
    const given: Array<Uint8Array | undefined> = []
    const script: Compilers.Compilers["script"] = (source, code) => {
      given.push(code)
      return { ...Compilers.thread.script(source, code), code: () => Uint8Array.of(1, 2, 3) }
    }
    await Engine.make({ cache, compilers: { ...Compilers.thread, script } }).load(first)
    await cache.happened()
    await Engine.make({ cache, compilers: { ...Compilers.thread, script } }).load(first)
    expect(given).toEqual([undefined, Uint8Array.of(1, 2, 3)])
  })

  it("is of this component, these options and this runtime", async () => {
    const cache = await filled()
    for (const options of [{ componentInstances: 255 }, { coreInstances: 63 }]) {
      await Engine.make({ ...options, cache }).load(first)
      expect(await cache.happened()).toEqual(["miss", "stored"])
    }
    await Engine.make({ cache }).load(second)
    expect(await cache.happened()).toEqual(["miss", "stored"])
    expect(cache.kept.size).toBe(4)
    const [key] = (await filled(first, "another runtime")).only
    expect(cache.kept.has(key)).toBe(false)
  })

  it("is of this version of the package", () => {
    expect(version).toBe(manifest.version)
  })

  it("is nothing but time: a cache that fails changes nothing", async () => {
    const cache = new Entries()
    cache.get = () => Promise.reject(new Error("gone"))
    cache.put = () => Promise.reject(new Error("full"))
    const engine = Engine.make({ cache })
    expect(behaviour(engine, await engine.load(first))[0]).toBe("grüß!")
    expect(await cache.happened()).toEqual(["failed", "failed"])
  })
})

/** Takes an entry apart, and puts one together. */
const parse = (entry: Uint8Array) => {
  const size = new DataView(entry.buffer, entry.byteOffset).getUint32(8, true)
  const header = JSON.parse(new TextDecoder().decode(entry.subarray(12, 12 + size))) as Header
  return { header, rest: entry.subarray(12 + size) }
}

interface Header {
  key: string
  format: number
  costTable: number
  heavy: unknown
  source: number
  code: number
  memories: Array<unknown>
  funcs: Array<unknown>
  modules: Array<Record<string, unknown> & { size: number; names: Record<string, unknown> }>
}

const unparse = (
  { header, rest }: { readonly header: unknown; readonly rest: Uint8Array }
): Uint8Array<ArrayBuffer> => {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header))
  const size = new Uint8Array(4)
  new DataView(size.buffer).setUint32(0, text.length, true)
  return new Uint8Array(Buffer.concat([new TextEncoder().encode("airsplan"), size, text, rest]))
}

/** What happens when the component is loaded whose entry was replaced, and then again; and what it does. */
const outcome = async (replace: (entry: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>) => {
  const cache = await filled()
  const [key, entry] = cache.only
  cache.kept.set(key, replace(entry.slice()))
  const engine = Engine.make({ cache })
  const component = await engine.load(first)
  const events = await cache.happened()
  const [value] = behaviour(engine, component)
  await Engine.make({ cache }).load(first)
  return [...events, value, ...await cache.happened()]
}

const asIfNone = ["refused", "stored", "grüß!", "hit"]

const withHeader = (change: (header: Header) => unknown) => (entry: Uint8Array<ArrayBuffer>) => {
  const { header, rest } = parse(entry)
  return unparse({ header: change(header) ?? header, rest })
}

const light = (header: Header): object =>
  Object.fromEntries(Object.entries(header).filter(([name]) => name !== "heavy"))

const withSource = (source: string) => (entry: Uint8Array<ArrayBuffer>) => {
  const { header, rest } = parse(entry)
  const text = new TextEncoder().encode(source)
  return unparse({
    header: { ...header, source: text.length },
    rest: new Uint8Array(Buffer.concat([text, rest.subarray(header.source)]))
  })
}

describe("an entry that is not what was put is as if there were none", () => {
  it("when it is taken as it is, it is a hit", async () => {
    expect(await outcome((entry) => entry)).toEqual(["hit", "grüß!", "hit"])
    expect(await outcome(withHeader(() => undefined))).toEqual(["hit", "grüß!", "hit"])
  })

  it.each<[string, (entry: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>]>([
    ["no bytes", () => new Uint8Array(0)],
    ["zeros", (entry) => entry.fill(0)],
    ["bytes left over", (entry) => new Uint8Array([...entry, 0])],
    ["a header of 4 GiB", (entry) => {
      new DataView(entry.buffer).setUint32(8, 0xffff_ffff, true)
      return entry
    }],
    ["a header that is no JSON", withHeader(() => "{")],
    ["a header that is deeply nested", withHeader(() => "[".repeat(1_000_000))],
    ["a header that is null", withHeader(() => "null")],
    ["another key", withHeader((header) => void (header.key = "0".repeat(64)))],
    ["another format", withHeader((header) => void header.format++)],
    ["another cost table", withHeader((header) => void header.costTable++)],
    ["a field more", withHeader((header) => ({ ...header, more: 1 }))],
    ["a field less", withHeader(light)],
    [
      "a field of the prototype",
      withHeader((header) => `{"__proto__":{"heavy":true},${JSON.stringify(light(header)).slice(1)}`)
    ],
    ["a negative size", withHeader((header) => void (header.source = -1))],
    ["a size that is no integer", withHeader((header) => void (header.source = 0.5))],
    ["a source longer than the entry", withHeader((header) => void (header.source = 0xffff_ffff))],
    ["no modules", withHeader((header) => void (header.modules = []))],
    [
      "an export that the component does not have",
      withHeader((header) => void (header.funcs[0] = { from: "instance", instance: 0, name: "constructor" }))
    ],
    [
      "a core instance that the component does not have",
      withHeader((header) => void (header.memories[0] = { from: "instance", instance: 9, name: "memory" }))
    ],
    [
      "a function that the component does not have",
      withHeader((header) => void (header.funcs[0] = { from: "lower", id: 99 }))
    ],
    ["an item from nowhere", withHeader((header) => void (header.funcs[0] = { from: "host", id: 0 }))],
    ["fewer names than memories", withHeader((header) => void (header.modules[0]!.names.memories = []))],
    ["a name that no module exports", withHeader((header) => void (header.modules[0]!.names.setFuel = "nobody"))],
    [
      "a name of something else",
      withHeader(({ modules: [module] }) => void (module!.names.hooks = module!.names.fuel))
    ],
    ["a name that guests know", withHeader(({ modules: [module] }) => void (module!.names.init = "realloc"))],
    ["modules in another order", withHeader((header) => ({ ...header, modules: header.modules.toReversed() }))],
    ["code that is cut short", withHeader((header) => void (header.modules[0]!.size -= 1))],
    ["text that does not parse", withSource("{")],
    ["text that throws", withSource("throw 1")],
    ["text that gives something else", withSource("return 1")]
  ])("%s", async (_, replace) => {
    expect(await outcome(replace)).toEqual(asIfNone)
  })

  it("wherever it is cut off", async () => {
    const cache = await filled(third)
    const [key, entry] = cache.only
    for (let size = 0; size < entry.length; size += 1 + Math.floor(size / 64)) {
      cache.kept.set(key, entry.slice(0, size))
      await Engine.make({ cache }).load(third)
      expect(await cache.happened()).toEqual(["refused", "stored"])
    }
  })

  it("when it is of another component", async () => {
    for (const other of [second, third]) {
      const [otherKey, otherEntry] = (await filled(other)).only
      const cache = await filled()
      const [key] = cache.only
      expect(key).not.toBe(otherKey)
      cache.kept.set(key, otherEntry)
      const engine = Engine.make({ cache })
      expect(behaviour(engine, await engine.load(first))[2]).toBe(11)
      expect(await cache.happened()).toEqual(["refused", "stored"])
    }
  })

  it("when it has modules of another component", async () => {
    const [, other] = (await filled(third)).only
    expect(
      await outcome((entry) => {
        const { header } = parse(entry)
        const { header: { modules, source }, rest } = parse(other)
        const module = rest.subarray(source)
        return unparse({
          header: { ...header, source: 0, modules: [modules[0], modules[0]] },
          rest: new Uint8Array(Buffer.concat([module, module]))
        })
      })
    ).toEqual(asIfNone)
  })

  it("when its modules were not metered", async () => {
    expect(
      await outcome((entry) => {
        const { header, rest } = parse(entry)
        const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
        return unparse({
          header: { ...header, modules: header.modules.map((module) => ({ ...module, size: empty.length })) },
          rest: new Uint8Array(Buffer.concat([rest.subarray(0, header.source), empty, empty]))
        })
      })
    ).toEqual(asIfNone)
  })
})
