import { describe, expect, it } from "vitest"
import { LinkError } from "../src/CallError.ts"
import * as Engine from "../src/Engine.ts"
import type { Instance } from "../src/Instance.ts"
import { camelCase } from "../src/WitValue.ts"
import { assemble, category, embedded, engine, failure, load, parts, run, world } from "./support/guests.ts"
import { spent } from "./support/spent.ts"

const call = (instance: Instance, name: string, ...args: ReadonlyArray<unknown>): unknown =>
  instance.func(undefined, name).callSync(args)

/** Every property name that JavaScript objects have by birth and WIT can spell, and a few that hosts are known to look at. */
const names: ReadonlyArray<string> = [
  ...new Set(
    [Object.prototype, Function.prototype, Promise.prototype, Array.prototype, String.prototype, Map.prototype]
      .flatMap((one) => Object.getOwnPropertyNames(one))
      .concat(
        Object.getOwnPropertyNames(Object),
        Object.getOwnPropertyNames(Promise),
        Object.getOwnPropertyNames(Function)
      )
      .concat(
        "then",
        "catch",
        "finally",
        "toJSON",
        "proto",
        "prototype",
        "tag",
        "val",
        "default",
        "await",
        "eval",
        "arguments"
      )
      .map((name) => name.replaceAll(/[A-Z]+/g, (upper) => `-${upper.toLowerCase()}`))
      .filter((name) => /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name))
  )
]

/** Texts of components use these as keywords nowhere: names are strings. */
const imported = (name: string) =>
  `(component
  (import "${name}" (func $f (result u32)))
  (core func $f' (canon lower (func $f)))
  (core module $M (import "h" "f" (func $f (result i32))) (func (export "go") (result i32) (call $f)))
  (core instance $i (instantiate $M (with "h" (instance (export "f" (func $f'))))))
  (func (export "go") (result u32) (canon lift (core func $i "go"))))`

const missing = async (text: string, imports: Engine.Imports = new Map()): Promise<LinkError> => {
  const component = await load(text)
  const error = await failure(() => engine.instantiate(component, { imports }))
  expect(error).toBeInstanceOf(LinkError)
  return error as LinkError
}

describe("names that mean something to JavaScript", () => {
  it("are many", () => {
    expect(names).toEqual(expect.arrayContaining([
      "constructor",
      "to-string",
      "value-of",
      "has-own-property",
      "then",
      "catch",
      "finally",
      "call",
      "apply",
      "bind",
      "length",
      "name",
      "prototype"
    ]))
    expect(names.length).toBeGreaterThan(80)
  })

  it("are missing imports unless they were given", async () => {
    const text = `(component ${names.map((name) => `(import "${name}" (func (result u32)))`).join("\n")})`
    const error = await missing(text, world({}))
    expect(error.reason).toBe("MissingImports")
    // Only what is called has to be there; nothing here is.
    expect(error.missing.map(({ func }) => func.name)).toEqual(names)
  })

  it("are called as imports where they were given", async () => {
    for (const name of ["constructor", "to-string", "then", "value-of", "has-own-property", "call"]) {
      expect((await missing(imported(name))).missing).toMatchObject([{ interface: "", func: { name } }])
      const instance = await run(imported(name), { imports: { [name]: () => 7 } })
      expect(call(instance, "go")).toBe(7)
    }
  })

  it("are exports that `func` alone reaches, and no others do", async () => {
    const instance = await run(`(component
      (core module $M (func (export "f") (result i32) (i32.const 7)))
      (core instance $i (instantiate $M))
      ${names.map((name) => `(func (export "${name}") (result u32) (canon lift (core func $i "f")))`).join("\n")})`)
    for (const name of names) expect(call(instance, name)).toBe(7)
    const plain = await run(`(component (core module $M (func (export "f"))) (core instance $i (instantiate $M))
      (func (export "f") (canon lift (core func $i "f"))))`)
    for (const name of [...names, "toString", "__proto__", "f ", "F", "#f", "hasOwnProperty"]) {
      expect(await failure(() => plain.func(undefined, name))).toMatchObject({ reason: "NoSuchExport" })
      expect(await failure(() => plain.func(name, "f"))).toMatchObject({ reason: "NoSuchExport" })
    }
  })

  it("are members of interfaces, imported and exported", async () => {
    const owner = "a:constructor/then@1.0.0"
    const text = `(component
      (import "${owner}" (instance $o (export "constructor" (func (result u32))) (export "to-string" (func (result u32)))))
      (core func $f (canon lower (func $o "to-string")))
      (core module $M (import "h" "f" (func $f (result i32))) (func (export "go") (result i32) (call $f)))
      (core instance $i (instantiate $M (with "h" (instance (export "f" (func $f))))))
      (func $go (result u32) (canon lift (core func $i "go")))
      (instance (export "b:then/constructor") (export "value-of" (func $go)) (export "then" (func $go))))`
    expect((await missing(text, new Map([["a:constructor/then", new Map()]]))).missing).toMatchObject([
      { interface: owner, func: { name: "constructor" } },
      { interface: owner, func: { name: "to-string" } }
    ])
    const instance = engine.instantiate(await load(text), {
      imports: new Map([[owner, new Map([["constructor", { call: () => 1 }], ["to-string", { call: () => 2 }]])]])
    })
    expect(instance.func("b:then/constructor", "then").callSync([])).toBe(2)
    expect(await failure(() => instance.func("b:then/constructor", "constructor"))).toMatchObject({
      reason: "NoSuchExport"
    })
  })

  it("make nothing awaitable", async () => {
    const instance = await run(`(component
      (core module $M (func (export "f") (param i32 i32) (result i32) (i32.const 7)))
      (core instance $i (instantiate $M))
      (func (export "then") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "f"))))`)
    expect(await instance).toBe(instance)
    const then = instance.func(undefined, "then")
    expect(await then).toBe(then)
    const outcome = await then.call([1, 2])
    expect(await outcome).toBe(outcome)
    expect(outcome.value).toBe(7)
  })

  it("are fields that come and go, and whose values are never called", async () => {
    const fields = ["then", "constructor", "to-string", "value-of", "proto", "has-own-property", "to-json", "length"]
    const instance = await run(`(component
      (type $t' (record ${fields.map((name) => `(field "${name}" u32)`).join(" ")}))
      (import "t" (type $t (eq $t')))
      (core module $M (memory (export "memory") 1)
        (func (export "f") (param ${fields.map(() => "i32").join(" ")}) (result i32)
          ${fields.map((_, i) => `(i32.store (i32.const ${64 + 4 * i}) (local.get ${i}))`).join("\n")}
          (i32.const 64)))
      (core instance $i (instantiate $M))
      (func (export "f") (param "t" $t) (result $t) (canon lift (core func $i "f") (memory (core memory $i "memory")))))`)
    const record = Object.fromEntries(fields.map((name, i) => [camelCase(name), i]))
    const { value } = await instance.func(undefined, "f").call([record])
    expect(Object.entries(value as object)).toEqual(Object.entries(record))
    expect(await value).toBe(value)
    for (const field of fields) {
      const { [camelCase(field)]: _, ...rest } = record
      expect(await failure(() => call(instance, "f", rest))).toMatchObject({ reason: "BadArgument" })
    }
    expect(instance.isPoisoned).toBe(false)
  })

  it("may be left out as options and flags, which what objects inherit does not stand for", async () => {
    const instance = await run(`(component
      (type $o' (record (field "constructor" (option u32)) (field "to-string" (option u32)) (field "n" u32)))
      (type $f' (flags "constructor" "to-string" "b"))
      (type $v' (variant (case "constructor") (case "to-string") (case "then" u32)))
      (type $e' (enum "constructor" "to-string" "then"))
      (import "o" (type $o (eq $o'))) (import "f" (type $f (eq $f'))) (import "v" (type $v (eq $v'))) (import "e" (type $e (eq $e')))
      (core module $M
        (func (export "o") (param i32 i32 i32 i32 i32) (result i32)
          (i32.add (local.get 4) (i32.add (i32.mul (i32.const 100) (local.get 0)) (i32.mul (i32.const 10) (local.get 2)))))
        (func (export "f") (param i32) (result i32) (local.get 0))
        (func (export "v") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
      (core instance $i (instantiate $M))
      (func (export "o") (param "o" $o) (result u32) (canon lift (core func $i "o")))
      (func (export "f") (param "f" $f) (result u32) (canon lift (core func $i "f")))
      (func (export "v") (param "v" $v) (result u32) (canon lift (core func $i "v")))
      (func (export "e") (param "e" $e) (result $e) (canon lift (core func $i "f"))))`)
    expect(call(instance, "o", { n: 1 })).toBe(1)
    expect(call(instance, "o", { n: 1, constructor: 5 })).toBe(101)
    expect(call(instance, "f", {})).toBe(0)
    expect(call(instance, "f", { b: true })).toBe(4)
    expect(call(instance, "f", { constructor: true })).toBe(1)
    expect(call(instance, "v", { tag: "to-string" })).toBe(1)
    expect(call(instance, "v", { tag: "then", val: 5 })).toBe(7)
    expect(call(instance, "e", "constructor")).toBe("constructor")
    for (const tag of ["toString", "valueOf", "__proto__", "has-own-property"]) {
      expect(await failure(() => call(instance, "v", { tag }))).toMatchObject({ reason: "BadArgument" })
      expect(await failure(() => call(instance, "e", tag))).toMatchObject({ reason: "BadArgument" })
    }
  })

  it("collide as fields no more than they do as labels", async () => {
    for (const [a, b] of [["a1", "a-1"], ["a-b", "A-B"], ["to-string", "TO-string"]]) {
      const text = `(component (type $t (record (field "${a}" u32) (field "${b}" u32))) (import "t" (type (eq $t))))`
      const error = await failure(async () => engine.load(await assemble(text)))
      expect(error).toBeInstanceOf(Error)
    }
  })

  it("are core names too, of modules and items", async () => {
    const text = `(component
      (core module $A
        (global (export "__proto__") i32 (i32.const 1)) (global (export "constructor") i32 (i32.const 2))
        (global (export "then") i32 (i32.const 4)))
      (core instance $a (instantiate $A))
      (core module $B
        (import "__proto__" "__proto__" (global $p i32)) (import "__proto__" "constructor" (global $c i32))
        (import "toString" "then" (global $t i32))
        (func (export "__proto__") (result i32) (i32.add (global.get $p) (i32.add (global.get $c) (global.get $t)))))
      (core instance $b (instantiate $B (with "__proto__" (instance $a)) (with "toString" (instance $a))))
      (func (export "f") (result u32) (canon lift (core func $b "__proto__"))))`
    expect(call(await run(text), "f")).toBe(7)
  })
})

describe("versions", () => {
  const importing = (id: string) =>
    `(component
    (import "${id}" (instance $o (export "f" (func (result u32)))))
    (core func $f (canon lower (func $o "f")))
    (core module $M (import "h" "f" (func $f (result i32))) (func (export "go") (result i32) (call $f)))
    (core instance $i (instantiate $M (with "h" (instance (export "f" (func $f))))))
    (func (export "go") (result u32) (canon lift (core func $i "go"))))`
  const links = async (wanted: string, ...given: ReadonlyArray<string>): Promise<unknown> => {
    const imports = new Map(given.map((id, i) => [id, new Map([["f", { call: () => i }]])]))
    const component = await load(importing(wanted))
    const error = await failure(() => engine.instantiate(component, { imports }))
    return error === undefined ? call(engine.instantiate(component, { imports }), "go") : (error as LinkError).reason
  }

  it("that are compatible by semver stand for each other", async () => {
    for (
      const [wanted, given] of [
        ["a:b/i@0.2.0", "a:b/i@0.2.6"],
        ["a:b/i@0.2.6", "a:b/i@0.2.0"],
        ["a:b/i@1.2.0", "a:b/i@1.3.9"],
        ["a:b/i@1.2.0", "a:b/i@1.2.0+build"],
        ["a:b/i", "a:b/i"]
      ] as const
    ) expect(await links(wanted, given)).toBe(0)
  })

  it("that are not do not", async () => {
    for (
      const [wanted, given] of [
        ["a:b/i@0.2.0", "a:b/i@0.3.0"],
        ["a:b/i@0.0.1", "a:b/i@0.0.2"],
        ["a:b/i@1.0.0", "a:b/i@2.0.0"],
        ["a:b/i@0.2.0", "a:b/i@2.0.0"],
        ["a:b/i@1.0.0-rc.1", "a:b/i@1.0.0"],
        ["a:b/i@1.0.0", "a:b/i@1.0.0-rc.1"],
        ["a:b/i@1.0.0-rc.1", "a:b/i@1.0.0-rc.2"],
        ["a:b/i@1.0.0", "a:b/i"],
        ["a:b/i", "a:b/i@1.0.0"],
        ["a:b/i@1.0.0", "a:b/j@1.0.0"],
        ["a:b/i@1.0.0", "a:c/i@1.0.0"]
      ] as const
    ) expect(await links(wanted, given)).toBe("MissingImports")
  })

  it("are taken exactly where both are given", async () => {
    expect(await links("a:b/i@0.2.3", "a:b/i@0.2.0", "a:b/i@0.2.3", "a:b/i@0.2.6")).toBe(1)
    expect(await links("a:b/i@0.2.3", "a:b/i@0.3.3", "a:b/i@0.2.6")).toBe(1)
    expect(await links("a:b/i@1.0.0-rc.1", "a:b/i@1.0.0", "a:b/i@1.0.0-rc.1")).toBe(1)
  })
})

describe("what an import gives", () => {
  it("is copied before the guest goes on, so that one buffer does for all calls", async () => {
    const buffer = new Uint8Array(2)
    const give = () => buffer.fill((buffer[0] ?? 0) + 1)
    const instance = await run(
      `(component
        (import "give" (func $give (result (list u8))))
        (core module $L (memory (export "m") 1) (global $next (mut i32) (i32.const 64))
          (func (export "r") (param i32 i32 i32 i32) (result i32)
            (global.get $next) (global.set $next (i32.add (global.get $next) (i32.const 8)))))
        (core instance $l (instantiate $L))
        (core func $give' (canon lower (func $give) (memory (core memory $l "m")) (realloc (core func $l "r"))))
        (core module $M (import "h" "give" (func $give (param i32))) (import "l" "m" (memory 1))
          (func (export "go") (result i32)
            (call $give (i32.const 0)) (call $give (i32.const 8))
            (i32.or (i32.shl (i32.load16_u (i32.load (i32.const 0))) (i32.const 16)) (i32.load16_u (i32.load (i32.const 8))))))
        (core instance $i (instantiate $M
          (with "h" (instance (export "give" (func $give')))) (with "l" (instance (export "m" (memory $l "m"))))))
        (func (export "go") (result u32) (canon lift (core func $i "go"))))`,
      { imports: { give } }
    )
    expect(call(instance, "go")).toBe(0x0101_0202)
  })
})

describe("imports that are missing", () => {
  it("are all listed with their types, before anything exists", async () => {
    const started: Array<string> = []
    const text = `(component
      (import "started" (func $started))
      (import "plain" (func (param "a" string) (result (list u8))))
      (import "a:b/one@1.0.0" (instance (export "f" (func (param "x" (option u64)))) (export "g" (func))))
      (import "a:b/two" (instance (export "r" (type $r (sub resource))) (export "[method]r.go" (func (param "self" (borrow $r))))))
      (core func $s (canon lower (func $started)))
      (core module $M (import "h" "s" (func $s)) (memory 1) (start $s))
      (core instance (instantiate $M (with "h" (instance (export "s" (func $s)))))))`
    const imports: Engine.Imports = new Map<string, ReadonlyMap<string, Engine.HostFunc>>([
      ["", new Map([["started", { call: () => started.push("started") }]])],
      ["a:b/one@1.5.0", new Map([["g", { call: () => undefined }]])]
    ])
    const error = await missing(text, imports)
    expect(started).toEqual([])
    expect(error.reason).toBe("MissingImports")
    expect(error.missing).toMatchObject([
      {
        interface: "",
        func: {
          name: "plain",
          params: [{ name: "a", type: { kind: "string" } }],
          result: { kind: "list", element: { kind: "u8" } }
        }
      },
      {
        interface: "a:b/one@1.0.0",
        func: { name: "f", params: [{ name: "x", type: { kind: "option", some: { kind: "u64" } } }] }
      },
      { interface: "a:b/two", func: { name: "[method]r.go", params: [{ name: "self", type: { kind: "borrow" } }] } }
    ])
    expect(error.message).toBe("imports that were not given: plain, a:b/one@1.0.0#f, a:b/two#[method]r.go")
  })
})

describe("start functions", () => {
  it("run before anything is called, and call imports", async () => {
    const seen: Array<number> = []
    const text = parts({
      imports: { note: [`(param "n" u32)`, "(param i32)"] },
      core: `(global $n (mut i32) (i32.const 0))
        (func $s (call $note (i32.const 5)) (global.set $n (i32.const 9))) (start $s)
        (func (export "get") (result i32) (global.get $n))`,
      exports: { get: "(result u32)" }
    })
    const instance = await run(text, {
      imports: {
        note: (n: never) => {
          seen.push(n)
        }
      }
    })
    expect(seen).toEqual([5])
    expect(call(instance, "get")).toBe(9)
  })

  it("that loop, trap, or meet a failing host make no instance", async () => {
    const starting = (body: string) => parts({ imports: { note: ["", ""] }, core: `(func $s ${body}) (start $s)` })
    const note = () => {
      throw new Error("of the host")
    }
    const starts = (body: string) => category(() => run(starting(body), { imports: { note } }))
    expect(await starts("(loop $ever (br $ever))")).toBe("OutOfFuel")
    expect(await starts("unreachable")).toBe("Unreachable")
    expect(await starts("(call $note)")).toBe("HostFailure")
    expect(await starts("(block $c (try_table (catch_all $c) (call $note)))")).toBe("HostFailure")
    expect(await starts("(local i32) (drop (i32.div_u (i32.const 1) (local.get 0)))")).toBe("DivisionByZero")
  })

  it("cannot be suspended, and cannot catch that", async () => {
    let more = 0
    const text = parts({
      imports: { wait: ["", ""], note: ["", ""] },
      core: `(func $s (block $c (try_table (catch_all $c) (call $wait))) (call $note)) (start $s)`
    })
    const imports = {
      wait: { call: () => Promise.resolve(), async: true },
      note: () => {
        more++
      }
    }
    expect(await category(() => run(text, { imports }))).toBe("HostFailure")
    expect(more).toBe(0)
  })

  it("that fail leave room for other instances", async () => {
    const small = Engine.make({ instances: 2 })
    const broken = await small.load(await assemble(parts({ core: "(func $s unreachable) (start $s)" })))
    for (let i = 0; i < 5; i++) expect(await category(() => small.instantiate(broken))).toBe("Unreachable")
    const segment = await small.load(await assemble(parts({ core: `(data (i32.const 65536) "x")` })))
    for (let i = 0; i < 5; i++) expect(await category(() => small.instantiate(segment))).toBe("MemoryOutOfBounds")
  })
})

describe("nested components", () => {
  it("get functions, instances, modules and components as arguments", async () => {
    const text = `(component
      (core module $Add (func (export "op") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
      (core module $Mul (func (export "op") (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1))))
      (component $Op
        (import "op" (core module $Op (export "op" (func (param i32 i32) (result i32)))))
        (core instance $op (instantiate $Op))
        (func (export "op") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $op "op"))))
      (component $Twice
        (import "inner" (component $Inner (import "op" (core module (export "op" (func (param i32 i32) (result i32)))))
          (export "op" (func (param "a" u32) (param "b" u32) (result u32)))))
        (import "module" (core module $m (export "op" (func (param i32 i32) (result i32)))))
        (instance $one (instantiate $Inner (with "op" (core module $m))))
        (instance $two (instantiate $Inner (with "op" (core module $m))))
        (export "one" (func $one "op")) (export "two" (func $two "op")))
      (instance $add (instantiate $Twice (with "inner" (component $Op)) (with "module" (core module $Add))))
      (instance $mul (instantiate $Twice (with "inner" (component $Op)) (with "module" (core module $Mul))))
      (export "add" (func $add "two")) (export "mul" (func $mul "one")))`
    const instance = await run(text)
    expect(call(instance, "add", 3, 4)).toBe(7)
    expect(call(instance, "mul", 3, 4)).toBe(12)
  })

  /** `$outer` calls `$inner` with a string, each with a memory and an encoding of its own. */
  it("copy values from memory to memory", async () => {
    const text = (from: string, to: string) =>
      `(component
      (component $Inner
        (core module $M (memory (export "memory") 1)
          (global $next (mut i32) (i32.const 1024))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
            (global.set $next (i32.add (local.get $at) (local.get 3))) (local.get $at))
          (func (export "f") (param i32 i32) (result i32)
            (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
        (core instance $i (instantiate $M))
        (func (export "f") (param "s" string) (result string)
          (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")) string-encoding=${to})))
      (instance $inner (instantiate $Inner))
      (component $Outer
        (import "f" (func $f (param "s" string) (result string)))
        (core module $L (memory (export "memory") 1)
          (global $next (mut i32) (i32.const 8192))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
            (global.set $next (i32.add (local.get $at) (local.get 3))) (local.get $at)))
        (core instance $l (instantiate $L))
        (core func $f' (canon lower (func $f) (memory (core memory $l "memory")) (realloc (core func $l "realloc")) string-encoding=${from}))
        (core module $M (import "h" "f" (func $f (param i32 i32 i32)))
          (func (export "go") (param i32 i32) (result i32) (call $f (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32)))
        (core instance $i (instantiate $M (with "h" (instance (export "f" (func $f'))))))
        (func (export "go") (param "s" string) (result string)
          (canon lift (core func $i "go") (memory (core memory $l "memory")) (realloc (core func $l "realloc")) string-encoding=${from})))
      (instance $outer (instantiate $Outer (with "f" (func $inner "f"))))
      (export "go" (func $outer "go")))`
    const encodings = ["utf8", "utf16", "latin1+utf16"]
    for (const from of encodings) {
      for (const to of encodings) {
        const instance = await run(text(from, to))
        for (const value of ["", "ascii", "ÿé", "€\u{1F980}", "x".repeat(100) + "é"]) {
          expect(call(instance, "go", value)).toBe(value)
        }
      }
    }
  })

  it("count for the expansion of the whole before the first exists", async () => {
    // Each level instantiates the one inside ten times.
    let text = `(component $c0 (core module $m) (core instance (instantiate $m)))`
    for (let level = 1; level <= 5; level++) {
      text = `(component $c${level} ${text} ${`(instance (instantiate $c${level - 1}))`.repeat(10)})`
    }
    const binary = await assemble(text.replace("(component $c5", "(component"))
    expect(binary.length).toBeLessThan(600)
    const start = spent()
    expect(await failure(() => engine.load(binary))).toMatchObject({ _tag: "DecodeError", reason: "TooLarge" })
    expect(spent() - start).toBeLessThan(500)
  })
})

describe("re-entrance", () => {
  /** `Bob` calls what `Alice` lifts, which calls what the host gave. */
  const inner = `(component $Inner
    (import "out" (func $out))
    (core func $out' (canon lower (func $out)))
    (core module $M (import "h" "out" (func $out)) (func (export "go") (call $out)) (func (export "other")))
    (core instance $i (instantiate $M (with "h" (instance (export "out" (func $out'))))))
    (func (export "go") (canon lift (core func $i "go")))
    (func (export "other") (canon lift (core func $i "other"))))`

  it("from the host is refused, while calls that can wait do", async () => {
    const errors: Array<unknown> = []
    let instance: Instance | undefined
    const later: Array<Promise<unknown>> = []
    instance = await run(
      `(component ${
        inner.replace("$Inner", "$C")
      } (import "out" (func $out)) (instance $c (instantiate $C (with "out" (func $out)))) (export "go" (func $c "go")) (export "other" (func $c "other")))`,
      {
        imports: {
          out: () => {
            try {
              if (instance !== undefined) call(instance, "other")
            } catch (error) {
              errors.push(error)
            }
            if (instance !== undefined && later.length === 0) later.push(instance.func(undefined, "other").call([]))
          }
        }
      }
    )
    call(instance, "go")
    expect(errors).toMatchObject([{ reason: "ReEntered" }])
    expect(later).toHaveLength(1)
    expect(await later[0]).toMatchObject({ value: undefined })
    await instance.func(undefined, "go").call([])
    expect(errors).toMatchObject([{ reason: "ReEntered" }, { reason: "ReEntered" }])
    expect(instance.isPoisoned).toBe(false)
  })

  it("between siblings, parents and children stops the guest", async () => {
    // A table lets a component call a sibling that was made later.
    const siblings = `(component
      (core module $T (table (export "t") 1 funcref))
      (component $A
        (import "table" (core module $T (export "t" (table 1 funcref))))
        (core instance $t (instantiate $T))
        (core module $M (import "t" "t" (table 1 funcref)) (type $f (func)) (func (export "go") (call_indirect (type $f) (i32.const 0))))
        (core instance $i (instantiate $M (with "t" (instance $t))))
        (func (export "go") (canon lift (core func $i "go"))))
      (instance $a (instantiate $A (with "table" (core module $T))))
      (export "go" (func $a "go")))`
    expect(await category(async () => call(await run(siblings), "go"))).toBe("BadIndirectCall")
    const parent = `(component
      (core module $P (table (export "t") 1 funcref) (type $f (func))
        (func (export "go") (call_indirect (type $f) (i32.const 0))) (func (export "own")))
      (core instance $p (instantiate $P))
      (func $go (canon lift (core func $p "go")))
      ${inner}
      (instance $inner (instantiate $Inner (with "out" (func $go))))
      (core func $down (canon lower (func $inner "go")))
      (core module $Fill (import "p" "t" (table 1 funcref)) (import "h" "down" (func $down)) (elem (i32.const 0) func $down))
      (core instance (instantiate $Fill (with "p" (instance $p)) (with "h" (instance (export "down" (func $down))))))
      (export "go" (func $go)) (export "up" (func $inner "go")))`
    expect(await category(async () => call(await run(parent), "go"))).toBe("InvalidCall")
    expect(await category(async () => call(await run(parent), "up"))).toBe("InvalidCall")
  })
})

describe("a component and one that it holds", () => {
  const child = `(component $Child
    (import "up" (func $up))
    (core func $up' (canon lower (func $up)))
    (core module $M (import "h" "up" (func $up)) (func (export "up") (call $up)) (func (export "quiet")))
    (core instance $i (instantiate $M (with "h" (instance (export "up" (func $up'))))))
    (func (export "up") (canon lift (core func $i "up")))
    (func (export "quiet") (canon lift (core func $i "quiet"))))`

  it("do not call each other, in either direction", async () => {
    const text = `(component
      (core module $P (func (export "quiet")))
      (core instance $p (instantiate $P))
      (func $quiet (canon lift (core func $p "quiet")))
      ${child}
      (instance $child (instantiate $Child (with "up" (func $quiet))))
      (core func $down (canon lower (func $child "quiet")))
      (core module $Q (import "h" "down" (func $down)) (func (export "down") (call $down)))
      (core instance $q (instantiate $Q (with "h" (instance (export "down" (func $down))))))
      (func (export "down") (canon lift (core func $q "down")))
      (export "up" (func $child "up")) (export "quiet" (func $child "quiet")))`
    for (const name of ["down", "up"]) {
      expect(await category(async () => call(await run(text), name))).toBe("InvalidCall")
    }
    expect(await category(async () => call(await run(text), "quiet"))).toBe("nothing")
  })
})

describe("worlds of WIT", () => {
  it("become components whose interfaces are called by id", async () => {
    const bytes = await embedded(
      `(module
        (import "a:b/host@1.2.0" "twice" (func $twice (param i32) (result i32)))
        (func (export "a:b/guest@1.2.0#go") (param i32) (result i32) (call $twice (local.get 0)))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))`,
      `package a:b@1.2.0;
      interface host { twice: func(n: u32) -> u32; }
      interface guest { go: func(n: u32) -> u32; }
      world w { import host; export guest; }`
    )
    const instance = engine.instantiate(await engine.load(bytes), {
      imports: new Map([["a:b/host@1.4.2", new Map([["twice", { call: (n: never) => n * 2 }]])]])
    })
    expect(instance.func("a:b/guest@1.2.0", "go").callSync([21])).toBe(42)
  })
})
