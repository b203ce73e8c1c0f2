import * as ComponentBinary from "@airssys/engine/ComponentBinary"
import { DecodeError } from "@airssys/engine/DecodeError"
import * as WitText from "@airssys/engine/WitText"
import type { Func, Interface, TypeName, WitType, World } from "@airssys/engine/WitType"
import { componentWit } from "@bytecodealliance/jco-transpile/wasm-tools"
import { componentize } from "componentize-qjs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { assemble, component, dummy, name, section, worlds } from "./support/components.ts"

const worldOf = async (wit: string): Promise<World> => ComponentBinary.decode(await dummy(wit)).world

const get = (interfaces: ReadonlyArray<Interface>, id: string | undefined): Interface => {
  const found = interfaces.find((one) => one.id === id)
  if (found === undefined) throw new Error(`no interface ${id}`)
  return found
}

const func = (one: Interface, name: string): Func => {
  const found = one.functions.find((func) => func.name === name)
  if (found === undefined) throw new Error(`no function ${name}`)
  return found
}

const nameOf = (type: WitType | undefined): TypeName | undefined =>
  type === undefined
    ? undefined
    : "resource" in type
    ? type.resource
    : "name" in type
    ? type.name
    : undefined

const failure = (bytes: Uint8Array, options?: ComponentBinary.DecodeOptions): DecodeError => {
  try {
    ComponentBinary.decode(bytes, options)
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
  throw new Error("it was decoded")
}

describe("decode", () => {
  it("resolves every primitive", async () => {
    const world = await worldOf(worlds.get("primitives") ?? "")
    const own = get(world.imports, undefined)
    expect(func(own, "f").params.map((param) => param.type.kind)).toEqual(
      ["bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string"]
    )
    expect(func(own, "f").result).toBeUndefined()
    expect(get(world.exports, undefined).functions).toEqual([
      { name: "g", params: [], result: { kind: "string" }, async: false },
      { name: "nothing", params: [], result: undefined, async: false }
    ])
  })

  it("resolves compound types with their names and owner", async () => {
    const world = await worldOf(worlds.get("compound types") ?? "")
    const owner = "a:b/types@0.1.0"
    const point: WitType = {
      kind: "record",
      name: { owner, name: "point" },
      fields: [{ name: "x", type: { kind: "f64" } }, { name: "y", type: { kind: "f64" } }]
    }
    const colour: WitType = { kind: "enum", name: { owner, name: "colour" }, cases: ["red", "dark-green", "blue"] }
    const draw: Func = {
      name: "draw",
      params: [
        {
          name: "shape",
          type: {
            kind: "variant",
            name: { owner, name: "shape" },
            cases: [
              { name: "none", type: undefined },
              { name: "dot", type: point },
              { name: "poly", type: { kind: "list", element: point } },
              { name: "tagged", type: { kind: "tuple", items: [{ kind: "string" }, { kind: "u8" }] } }
            ]
          }
        },
        { name: "colour", type: colour },
        {
          name: "mode",
          type: { kind: "flags", name: { owner, name: "mode" }, labels: ["read", "write", "x11-forward"] }
        }
      ],
      result: { kind: "result", ok: { kind: "list", element: { kind: "u8" } }, err: { kind: "string" } },
      async: false
    }
    for (const interfaces of [world.imports, world.exports]) {
      const types = get(interfaces, owner)
      expect(func(types, "draw")).toEqual(draw)
      expect(func(types, "nothing").result).toEqual({ kind: "result", ok: undefined, err: undefined })
      expect(func(types, "only-error").result).toEqual({ kind: "result", ok: undefined, err: colour })
      expect(func(types, "lines").result).toMatchObject({ kind: "option", some: { kind: "option" } })
      expect(types.types.map((type) => type.name)).toContain("line")
      expect(types.types).toContainEqual({ name: "bytes", type: { kind: "list", element: { kind: "u8" } } })
    }
  })

  it("keeps the owner of a type that is used through another interface", async () => {
    const world = await worldOf(worlds.get("use across packages") ?? "")
    const third = get(world.exports, "x:z/third")
    const f = func(third, "f")
    expect(nameOf(f.params[0]?.type)).toEqual({ owner: "x:z/second", name: "pair" })
    expect(nameOf(f.params[1]?.type)).toEqual({ owner: "x:y/first@1.0.0", name: "kind" })
    expect(third.types.map((type) => [type.name, nameOf(type.type)?.owner])).toEqual(
      expect.arrayContaining([["pair", "x:z/second"], ["kind", "x:y/first@1.0.0"]])
    )
    expect(nameOf(func(get(world.exports, undefined), "f").params[0]?.type)).toEqual({
      owner: "x:y/first@1.0.0",
      name: "item"
    })
    expect(get(world.imports, undefined).types.map((type) => [type.name, nameOf(type.type)?.name])).toEqual([
      ["thing", "item"]
    ])
  })

  it("follows types of exports through other exports", async () => {
    const world = await worldOf(worlds.get("a chain of exports that use each other") ?? "")
    expect(nameOf(func(get(world.exports, "a:b/two"), "f").params[0]?.type)).toEqual({ owner: "a:b/one", name: "r" })
    expect(nameOf(func(get(world.exports, "a:b/three"), "g").result)).toEqual({ owner: "a:b/one", name: "v" })
    expect(nameOf(func(get(world.exports, "a:b/three"), "g").params[0]?.type)).toEqual({ owner: "a:b/two", name: "w" })
  })

  it("tells resources, their members, and handles apart", async () => {
    const world = await worldOf(worlds.get("resources") ?? "")
    const store = get(world.imports, "a:b/store")
    const bucket = { owner: "a:b/store", name: "bucket" }
    expect(store.resources).toEqual(["bucket", "token"])
    expect(store.functions.map((one) => one.name)).toEqual([
      "[constructor]bucket",
      "[method]bucket.get",
      "[method]bucket.copy",
      "[static]bucket.open",
      "merge"
    ])
    expect(func(store, "[constructor]bucket").result).toEqual({ kind: "own", resource: bucket })
    expect(func(store, "[method]bucket.get").params[0]).toEqual({
      name: "self",
      type: { kind: "borrow", resource: bucket }
    })
    const user = get(world.exports, "a:b/user")
    expect(user.resources).toEqual(["session"])
    expect(func(user, "run").params.map((param) => nameOf(param.type))).toEqual([
      { owner: "a:b/user", name: "session" },
      bucket
    ])
  })

  it("gives each use of one instance type its own names and resources", async () => {
    const bytes = await assemble(`(component
      (type $t (instance (export "r" (type $r (sub resource))) (type $e (enum "x")) (export "e" (type $n (eq $e)))
        (export "f" (func (param "r" (own $r)) (param "e" $n)))))
      (import "one" (instance $one (type $t)))
      (import "two" (instance $two (type $t))))`)
    const { imports } = ComponentBinary.decode(bytes).world
    expect(imports.map((one) => func(one, "f").params.map((param) => nameOf(param.type)?.owner))).toEqual([
      ["one", "one"],
      ["two", "two"]
    ])
  })

  it("names the types of an instance that is made of what is there", async () => {
    const bytes = await assemble(`(component
      (core module $m (func (export "f") (param i32 i32))) (core instance $i (instantiate $m))
      (type $p (record (field "x" u8))) (type $r (resource (rep i32)))
      (func $f (param "p" $p) (param "r" (own $r)) (canon lift (core func $i "f")))
      (instance $b (export "p" (type $p)) (export "r" (type $r)) (export "f" (func $f)))
      (export "b" (instance $b)))`)
    const { exports } = ComponentBinary.decode(bytes).world
    expect(func(get(exports, "b"), "f").params.map((param) => nameOf(param.type))).toEqual([
      { owner: "b", name: "p" },
      { owner: "b", name: "r" }
    ])
  })

  it("names types by the instance that is exported, of two that are alike", async () => {
    const bytes = await assemble(`(component
      (component $c (type $p (record (field "x" u8))) (export $t "t" (type $p))
        (type $q (record (field "t" $t))) (export "q" (type $q)))
      (instance $a (instantiate $c)) (instance $b (instantiate $c))
      (export "a" (instance $a)) (alias export $b "q" (type $q)) (type $l (list $q)) (export "l" (type $l)))`)
    const { types } = get(ComponentBinary.decode(bytes).world.exports, undefined)
    expect(types).toMatchObject([{ name: "l", type: { element: { name: { owner: "a", name: "q" } } } }])
  })

  it("marks async functions", async () => {
    const world = await worldOf(worlds.get("async functions") ?? "")
    const functions = get(world.imports, "a:b/i").functions
    expect(functions.map((one) => [one.name, one.async])).toEqual([["[method]r.next", true], ["fetch", true]])
  })

  it("keeps two versions of an interface apart", async () => {
    const world = await worldOf(worlds.get("versions that differ") ?? "")
    const field = (id: string) => {
      const type = func(get(world.imports, id), "f").params[0]?.type
      return type?.kind === "record" ? type.fields[0]?.type.kind : undefined
    }
    expect([field("x:y/i@1.0.0"), field("x:y/i@2.0.0-rc.1")]).toEqual(["u8", "u16"])
  })

  it.each([...worlds])("describes what wasm-tools reads: %s", async (_, wit) => {
    const bytes = await dummy(wit)
    const text = WitText.print(ComponentBinary.decode(bytes).world)
    const again = await dummy(text)
    expect(await componentWit(again)).toBe(await componentWit(bytes))
    expect(WitText.print(ComponentBinary.decode(again).world)).toBe(
      WitText.print(ComponentBinary.decode(await dummy(WitText.print(ComponentBinary.decode(again).world))).world)
    )
  })

  it.each(["primitives", "use across packages", "types, resources and inline interfaces of the world", "nothing"])(
    "gives a world whose text builds the same bytes: %s",
    async (key) => {
      const bytes = await dummy(worlds.get(key) ?? "")
      expect(await dummy(WitText.print(ComponentBinary.decode(bytes).world))).toEqual(bytes)
    }
  )

  it("locates the core modules, which are valid where they are said to be", async () => {
    const bytes = await dummy(worlds.get("resources") ?? "")
    const description = ComponentBinary.decode(bytes)
    expect(description.size).toBe(bytes.length)
    expect(description.coreModules.map((module) => [module.path, module.instances])).toEqual([
      [[0], 1],
      [[1], 1],
      [[2], 1]
    ])
    for (const { offset, size } of description.coreModules) {
      expect(WebAssembly.validate(bytes.slice(offset, offset + size))).toBe(true)
    }
    const producers = description.customSections.find((section) => section.name === "producers")
    expect(new TextDecoder().decode(bytes.subarray(producers?.offset, (producers?.offset ?? 0) + 14))).toContain(
      "processed-by"
    )
  })

  it("counts how often each core module is instantiated through nested components", async () => {
    const bytes = await assemble(`(component
      (core module $m)
      (component $inner
        (alias outer 1 $m (core module $m))
        (core module $n)
        (core instance (instantiate $m)) (core instance (instantiate $m)) (core instance (instantiate $n)))
      (component $middle
        (alias outer 1 $inner (component $inner))
        (instance (instantiate $inner)) (instance (instantiate $inner)))
      (core instance (instantiate $m))
      (instance (instantiate $middle)) (instance (instantiate $middle)))`)
    expect(ComponentBinary.decode(bytes).coreModules.map((module) => [module.path, module.instances])).toEqual([
      [[0], 9],
      [[0, 1], 4]
    ])
  })

  it("describes a QuickJS component, its own exports included", async () => {
    const folder = await mkdtemp(join(tmpdir(), "engine-"))
    try {
      await writeFile(
        join(folder, "w.wit"),
        `package acme:rates@1.2.0;
         interface host { log: func(s: string); }
         interface rates { variant rate-error { no-such-currency(string), unavailable }
           latest: func(c: string) -> result<f64, rate-error>; }
         world plugin { import host; export rates; }`
      )
      const { component } = await componentize({
        witPath: folder,
        jsSource:
          `import { log } from "acme:rates/host@1.2.0"; export const rates = { latest(c) { log(c); return 1 } }`,
        sync: true,
        stubWasi: true,
        optSize: true
      })
      const { coreModules, world } = ComponentBinary.decode(component)
      expect(world.imports.map((one) => one.id)).toEqual(["acme:rates/host@1.2.0"])
      expect(world.exports.map((one) => one.id)).toEqual([undefined, "acme:rates/rates@1.2.0"])
      expect(get(world.exports, undefined).functions.map((one) => one.name)).toEqual(["init"])
      expect(func(get(world.exports, "acme:rates/rates@1.2.0"), "latest")).toMatchObject({
        params: [{ name: "c", type: { kind: "string" } }],
        result: { kind: "result", ok: { kind: "f64" }, err: { name: { name: "rate-error" } } }
      })
      expect(coreModules.length).toBeGreaterThan(5)
      expect(await componentWit(await dummy(WitText.print(world)))).toBe(await componentWit(component))
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe("decode refuses, naming the feature,", () => {
  it.each([
    ["streams", `(component (type (stream u8)))`],
    ["futures", `(component (type (future u8)))`],
    ["error-context", `(component (type error-context))`],
    ["error-context", `(component (type (list error-context)))`],
    ["fixed-length lists", `(component (type (list u8 4)))`],
    ["map types", `(component (type (map u8 u8)))`],
    ["async lift and lower", `(component (import "f" (func $f)) (core func (canon lower (func $f) async)))`],
    ["task.return", `(component (core func (canon task.return (result u8))))`],
    ["streams (stream.new)", `(component (core func (canon stream.new 0)))`],
    ["threads", `(component (core func (canon thread.index)))`],
    ["imports of components", `(component (import "c" (component)))`],
    ["imports of core modules", `(component (import "m" (core module)))`],
    ["imports of core modules", `(component (import "i" (instance (export "m" (core module)))))`],
    ["names that JavaScript writes alike", `(component (import "a1" (func)) (import "a-1" (func)))`],
    ["names that JavaScript writes alike", `(component (type (record (field "a1" u8) (field "a-1" u8))))`],
    ["names of interfaces for something else", `(component (import "a:b/c" (func)))`],
    ["imports by URL, hash or dependency name", `(component (import "url=<https://x.example/>" (func)))`],
    [
      "instances inside an interface",
      `(component (import "a" (instance (export "b" (instance)))))`
    ],
    ["component start functions", `(component (import "f" (func $f)) (start $f))`]
  ])("%s", async (feature, wat) => {
    const error = failure(await assemble(wat))
    expect([error.reason, error.feature]).toEqual(["Refused", feature])
    expect(error.message).toContain(feature)
  })
})

describe("decode finds malformed", () => {
  it.each([
    ["names that differ in case", `(component (import "a-b" (func)) (import "A-b" (func)))`, "too alike"],
    ["fields that differ in case", `(component (type (record (field "a-b" u8) (field "A-b" u8))))`, "too alike"],
    [
      "a method and a static function of one name",
      `(component (import "i" (instance (export "r" (type $r (sub resource)))
        (export "[method]r.f" (func (param "self" (borrow $r)))) (export "[static]r.f" (func)))))`,
      "too alike"
    ],
    [
      "a method named like its resource",
      `(component (import "i" (instance (export "r" (type $r (sub resource)))
        (export "[method]r.r" (func (param "self" (borrow $r)))))))`,
      "too alike"
    ],
    [
      "members of no resource",
      `(component (import "i" (instance (export "[static]r.f" (func)))))`,
      "no resource"
    ],
    [
      "methods without self",
      `(component (import "i" (instance (export "r" (type (sub resource))) (export "[method]r.f" (func)))))`,
      "as self"
    ],
    [
      "constructors of something else",
      `(component (import "i" (instance (export "r" (type (sub resource))) (export "[constructor]r" (func)))))`,
      "does not return"
    ],
    [
      "records without a name in a function",
      `(component (type $r (record (field "a" u8))) (import "f" (func (param "x" $r))))`,
      "not imported under a name"
    ],
    [
      "borrowed results",
      `(component (import "r" (type $r (sub resource))) (type (func (result (borrow $r)))))`,
      "borrowed"
    ],
    [
      "missing arguments",
      `(component (component $c (import "a" (func))) (instance (instantiate $c)))`,
      `argument "a" is missing`
    ],
    [
      "arguments of another type",
      `(component (import "f" (func $f (param "x" u8)))
        (component $c (import "a" (func (param "x" u16)))) (instance (instantiate $c (with "a" (func $f)))))`,
      "parameter x"
    ],
    [
      "another resource than the one given before",
      `(component (import "r" (type $r (sub resource))) (import "s" (type $s (sub resource)))
        (component $c (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
        (instance (instantiate $c (with "a" (type $r)) (with "b" (type $s)))))`,
      "another resource"
    ],
    [
      "nested components that reach for an outer resource",
      `(component (import "r" (type $r (sub resource))) (component (alias outer 1 $r (type))))`,
      "outer resource"
    ],
    [
      "a resource of one use of an instance type where that of another is expected",
      `(component
        (type $t (instance (export "r" (type (sub resource)))))
        (import "one" (instance $one (type $t))) (import "two" (instance $two (type $t)))
        (alias export $one "r" (type $r)) (alias export $two "r" (type $s))
        (import "f" (func $f (param "x" (own $s))))
        (component $c (import "t" (type $t (sub resource))) (import "g" (func (param "x" (own $t)))))
        (instance (instantiate $c (with "t" (type $r)) (with "g" (func $f)))))`,
      "another own expected"
    ],
    ["exports of another type", `(component (import "f" (func $f)) (export "g" (func $f) (func (result u8))))`, "type"],
    [
      "handles made to an imported resource",
      `(component (import "r" (type $r (sub resource))) (core func (canon resource.new $r)))`,
      "defined elsewhere"
    ],
    ["names", `(component (import "a_b" (func)))`, "not a valid name"],
    ["names of interfaces", `(component (import "a:b/c@1" (instance)))`, "not a valid name"],
    ["names", `(component (import "__proto__" (func)))`, "not a valid name"],
    ["names", `(component (import "a:b/c@1.0.18446744073709551616" (instance)))`, "not a valid name"],
    ["instances named like members", `(component (import "[static]a.b" (instance)))`, "cannot name"]
  ])("%s", async (_, wat, message) => {
    const error = failure(await assemble(wat))
    expect(error.reason).toBe("Malformed")
    expect(error.message).toContain(message)
  })

  it("what is no component, and says what it is", async () => {
    expect(failure(new Uint8Array()).message).toContain("not WebAssembly")
    expect(failure(await assemble("(module)")).message).toBe("a core module, not a component")
    expect(failure(Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0e, 0, 1, 0])).offset).toBe(4)
  })

  it("counts and sizes, at their place", () => {
    const error = failure(component([0x07, 0x05, 0xff, 0xff, 0xff, 0xff, 0x0f]))
    expect([error.offset, error.section]).toEqual([10, "type section"])
    expect(failure(component([0x07, 0x7f])).message).toContain("127 bytes")
    expect(failure(component(section(7, 1, 0x72, 0x7f))).message).toContain("127 fields announced")
    expect(failure(component(section(7, 1, 0x70, 0x05))).message).toContain("type 5 is out of range (0)")
    expect(failure(component(section(7, 0, 0))).message).toContain("left over")
    expect(failure(component(section(14))).message).toBe("unknown section 14")
  })

  it("numbers that are too long or too large", () => {
    expect(failure(component(section(7, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00))).message).toContain("longer than 5")
    expect(failure(component(section(7, 0xff, 0xff, 0xff, 0xff, 0x1f))).message).toContain("above 32 bits")
  })

  it("names that are not UTF-8, and quotes no control characters", () => {
    expect(failure(component(section(0, 2, 0xc3, 0x28))).message).toContain("UTF-8")
    const error = failure(component(section(10, 1, 0x00, ...name("a\u001b[2J\u202e"), 0x03, 0x01)))
    expect(error.message).toBe(`"a\\u001b[2J\\u202e" is not a valid name`)
  })

  it("name options", () => {
    const importing = (...options: ReadonlyArray<number>) =>
      component(
        section(7, 1, 0x42, 0),
        section(10, 1, 0x02, ...name("store"), ...options, 0x05, 0)
      )
    const described = ComponentBinary.decode(importing(2, 0x00, ...name("a:b/c@1.0.0"), 0x02, ...name(".1")))
    expect(described.world.imports.map((one) => one.id)).toEqual(["store"])
    expect(failure(importing(1, 0x00, ...name("no interface"))).message).toContain("not the name of an interface")
    expect(failure(importing(1, 0x07, ...name("a"))).message).toContain("unknown name option")
    expect(failure(importing(2, 0x02, ...name("a"), 0x02, ...name("b"))).message).toContain("given twice")
    expect(failure(importing(1, 0x01, ...name(".1"))).feature).toBe("version suffixes of names")
  })
})

describe("decode keeps within its limits", () => {
  it("of bytes", () => {
    expect(failure(new Uint8Array(11), { maxBytes: 10 })).toMatchObject({ reason: "TooLarge", offset: 10 })
  })

  it("of the size of a type that doubles at each step", () => {
    const steps = Array.from({ length: 64 }, (_, i) => i === 0 ? [0x6f, 1, 0x7d] : [0x6f, 2, i - 1, i - 1])
    expect(failure(component(section(7, 64, ...steps.flat())))).toMatchObject({
      reason: "TooLarge",
      message: "a type of more than 1000000 parts"
    })
  })

  it("of the types of the world together", async () => {
    const wat = `(component (import "f" (func (param "a" (tuple u8 u8 u8)) (param "b" (tuple u8 u8 u8)))))`
    expect(failure(await assemble(wat), { maxTypeSize: 11 })).toMatchObject({ reason: "TooLarge" })
    expect(ComponentBinary.decode(await assemble(wat), { maxTypeSize: 20 }).world.imports.length).toBe(1)
  })

  it("of nested types", () => {
    const deep = Array.from({ length: 65 }, (_, i) => [0x70, i === 0 ? 0x7d : i - 1]).flat()
    expect(ComponentBinary.decode(component(section(7, 65, ...deep))).world.imports).toEqual([])
    expect(failure(component(section(7, 65, ...deep)), { maxTypeDepth: 40 }).reason).toBe("TooLarge")
  })

  it("of nested components", () => {
    let nested = component()
    for (let i = 0; i < 40; i++) nested = component(section(4, ...nested))
    expect(failure(nested)).toMatchObject({ reason: "TooLarge", message: "components nest deeper than 32" })
  })

  it("of nested instance types", () => {
    const nested = Array.from({ length: 40 }, () => [0x42, 1, 0x01]).flat()
    expect(failure(component(section(7, 1, ...nested, 0x42, 0))).reason).toBe("TooLarge")
  })

  it("of instances that double at each nesting, in little time", async () => {
    const nest = (depth: number): string =>
      depth === 0
        ? `(core module $m) (core instance (instantiate $m))`
        : `(component $c ${nest(depth - 1)}) (instance (instantiate $c)) (instance (instantiate $c))`
    expect(failure(await assemble(`(component ${nest(25)})`))).toMatchObject({
      reason: "TooLarge",
      message: "instantiating the component takes more than 200000 steps"
    })
  })

  it("of resources that double at each use of an instance type", () => {
    const types = Array.from({ length: 30 }, (_, i) =>
      i === 0
        ? [0x42, 1, 0x04, 0x00, ...name("r"), 0x03, 0x01]
        : [0x42, 3, 0x02, 0x03, 0x02, 1, i - 1, 0x04, 0x00, ...name("a"), 0x05, 0, 0x04, 0x00, ...name("b"), 0x05, 0])
    expect(failure(component(section(7, 30, ...types.flat()))).reason).toBe("TooLarge")
  })

  it("of flags", async () => {
    const labels = Array.from({ length: 33 }, (_, i) => `"f${i}"`).join(" ")
    expect(failure(await assemble(`(component (type (flags ${labels})))`)).reason).toBe("TooLarge")
  })
})
