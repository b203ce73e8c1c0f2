import { describe, expect, it } from "vitest"
import type { HostFunc } from "../src/Engine.ts"
import { HostTrap } from "../src/Trap.ts"
import { category, engine, failure, load, parts, run, world } from "./support/guests.ts"

/**
 * A guest that catches whatever `attempt` throws, in each way that there is, and then calls `note`.
 * `note` must never be called: what stops a guest is no exception.
 */
const catching = (attempt: string, how: "catch_all" | "catch_all_ref" | "nested" | "loop" = "catch_all") => {
  const once = `(block $caught (try_table (catch_all $caught) ${attempt}))`
  switch (how) {
    case "catch_all":
      return once
    case "catch_all_ref":
      return `(block $done (drop (block $caught (result exnref) (try_table (catch_all_ref $caught) ${attempt}) (br $done))))`
    case "nested":
      return `(block $outer (try_table (catch_all $outer) ${once}))`
    case "loop":
      return `(loop $again ${once} (br $again))`
  }
}
const ways = ["catch_all", "catch_all_ref", "nested", "loop"] as const

interface Stop {
  readonly category: string
  /** What the guest tries; `$host` and `$text` are imports. */
  readonly attempt: string
  readonly host?: HostFunc | undefined
  readonly core?: string
  readonly sync?: boolean
  readonly options?: { readonly fuel?: number; readonly timeout?: number; readonly abort?: number }
}

const throws = (error: () => unknown): HostFunc => ({
  call: () => {
    throw error()
  }
})
const rejects = (error: () => unknown): HostFunc => ({
  call: async () => {
    throw error()
  },
  async: true
})
const rejectsLater = (error: () => unknown): HostFunc => ({
  call: () => new Promise((_, reject) => setImmediate(() => reject(error()))),
  async: true
})

const trapping: ReadonlyArray<Stop> = [
  { category: "Unreachable", attempt: "unreachable" },
  { category: "MemoryOutOfBounds", attempt: "(drop (i32.load (i32.const -1)))" },
  { category: "MemoryOutOfBounds", attempt: "(memory.fill (i32.const 0) (i32.const 0) (i32.const -1))" },
  { category: "TableOutOfBounds", attempt: "(drop (table.get $t (i32.const 9)))", core: "(table $t 1 funcref)" },
  {
    category: "TableOutOfBounds",
    attempt: "(call_indirect $t (type $f) (i32.const 9))",
    core: "(type $f (func)) (table $t 1 funcref)"
  },
  {
    category: "BadIndirectCall",
    attempt: "(call_indirect $t (type $f) (i32.const 0))",
    core: "(type $f (func)) (table $t 1 funcref)"
  },
  {
    category: "BadIndirectCall",
    attempt: "(call_indirect $t (type $f) (i32.const 0))",
    core: "(type $f (func)) (table $t funcref (elem $g)) (func $g (param i64))"
  },
  {
    category: "IntegerOverflow",
    attempt: "(drop (i32.div_s (global.get $min) (global.get $minus)))",
    core: "(global $min (mut i32) (i32.const 0x80000000)) (global $minus (mut i32) (i32.const -1))"
  },
  {
    category: "DivisionByZero",
    attempt: "(drop (i64.rem_u (i64.const 1) (global.get $zero)))",
    core: "(global $zero (mut i64) (i64.const 0))"
  },
  {
    category: "BadConversion",
    attempt: "(drop (i32.trunc_f32_s (global.get $large)))",
    core: "(global $large (mut f32) (f32.const 1e30))"
  },
  { category: "StackOverflow", attempt: "(call $deep)", core: "(func $deep (call $deep))" },
  { category: "OutOfFuel", attempt: "(loop $ever (br $ever))", options: { fuel: 3_000_000 } },
  {
    category: "OutOfFuel",
    attempt: "(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) ".repeat(40),
    options: { fuel: 100_000 }
  },
  {
    category: "OutOfFuel",
    attempt: "(loop $ever (block $c (try_table (catch_all $c) (throw $tag))) (br $ever))",
    core: "(tag $tag)",
    options: { fuel: 3_000_000 }
  }
]

const hosted: ReadonlyArray<Stop> = [
  ...(["Denied", "Revoked", "HostFailure", "Cancelled"] as const).flatMap((category): Array<Stop> => {
    const error = () => new HostTrap(category, "of the host")
    return [
      { category, attempt: "(call $host)", host: throws(error) },
      { category, attempt: "(call $host)", host: rejects(error), sync: false },
      { category, attempt: "(call $host)", host: rejectsLater(error), sync: false }
    ]
  }),
  ...[
    () => new Error("plain"),
    () => undefined,
    () => "text",
    () => new WebAssembly.RuntimeError("unreachable"),
    () => new Proxy({}, {}),
    () => ({ then: 1 })
  ].flatMap((error): Array<Stop> => [
    { category: "HostFailure", attempt: "(call $host)", host: throws(error) },
    { category: "HostFailure", attempt: "(call $host)", host: rejects(error), sync: false }
  ]),
  { category: "HostFailure", attempt: "(call $host)", host: { call: () => 1 } },
  {
    category: "HostFailure",
    attempt: "(call $host)",
    host: { call: () => Promise.resolve(1), async: true },
    sync: false
  },
  { category: "HostFailure", attempt: "(call $host)", host: { call: () => Promise.resolve() } },
  {
    category: "InvalidValue",
    attempt: "(call $text (i32.const 0) (i32.const 1))",
    core: `(data (i32.const 0) "\\ff")`
  },
  { category: "MemoryOutOfBounds", attempt: "(call $text (i32.const 65536) (i32.const 1))" },
  {
    category: "OutOfFuel",
    attempt: "(loop $ever (call $text (i32.const 0) (i32.const 65536)) (br $ever))",
    options: { fuel: 1_000_000 }
  },
  {
    category: "OutOfFuel",
    attempt: "(loop $ever (call $host) (br $ever))",
    host: { call: () => undefined, fuel: 1_000 },
    options: { fuel: 1_000_000 }
  },
  {
    category: "OutOfFuel",
    attempt: "(loop $ever (call $host) (br $ever))",
    host: { call: () => Promise.resolve(), async: true, fuel: 1_000 },
    sync: false,
    options: { fuel: 1_000_000 }
  },
  { category: "Deadline", attempt: "(loop $ever (br $ever))", sync: false, options: { timeout: 20 } },
  {
    category: "Deadline",
    attempt: "(call $host)",
    host: { call: () => new Promise(() => undefined), async: true },
    sync: false,
    options: { timeout: 20 }
  },
  { category: "Cancelled", attempt: "(loop $ever (br $ever))", sync: false, options: { abort: 20 } },
  {
    category: "Cancelled",
    attempt: "(call $host)",
    host: { call: () => new Promise(() => undefined), async: true },
    sync: false,
    options: { abort: 20 }
  },
  {
    category: "Deadline",
    attempt: "(loop $ever (call $host) (br $ever))",
    host: { call: () => Promise.resolve(), async: true },
    sync: false,
    options: { timeout: 20 }
  }
]

const textOf = ({ attempt, core = "" }: Stop, how: (typeof ways)[number]) =>
  parts({
    imports: {
      note: ["", ""],
      host: ["", ""],
      text: [`(param "s" string)`, "(param i32 i32)"]
    },
    core: `${core}
      (func (export "f") ${catching(attempt, how)} (call $note))
      (func (export "g") (call $note))`,
    exports: { f: "", g: "" }
  })

const stopped = async (stop: Stop, how: (typeof ways)[number], isSync: boolean) => {
  let notes = 0
  const note = () => {
    notes++
  }
  const component = await load(textOf(stop, how))
  const imports = world({ note, host: stop.host ?? { call: () => undefined }, text: () => undefined })
  const instance = engine.instantiate(component, { imports })
  const neighbour = engine.instantiate(component, {
    imports: world({ note, host: () => undefined, text: () => undefined })
  })
  const { abort, ...options } = stop.options ?? {}
  const controller = new AbortController()
  if (abort !== undefined) setTimeout(() => controller.abort(), abort)
  const f = instance.func(undefined, "f")
  const outcome = await category(() =>
    isSync ? f.callSync([], options.fuel) : f.call([], { ...options, signal: controller.signal })
  )
  const after: Array<unknown> = []
  for (const name of ["f", "g"]) {
    after.push(await failure(() => instance.func(undefined, name).callSync([])))
    after.push(await failure(() => instance.func(undefined, name).call([])))
  }
  const { isPoisoned, trap } = instance
  const survived = notes
  neighbour.func(undefined, "g").callSync([])
  await neighbour.func(undefined, "g").call([])
  instance.dispose()
  neighbour.dispose()
  return { outcome, trap: trap?.category, isPoisoned, survived, after, neighbour: notes }
}

const expected = (stop: Stop) => ({
  outcome: stop.category,
  trap: stop.category,
  isPoisoned: true,
  survived: 0,
  after: Array.from({ length: 4 }, () => expect.objectContaining({ reason: "Poisoned" }) as unknown),
  neighbour: 2
})

const title = ({ attempt, category, host }: Stop) =>
  `${category} by ${attempt.trim().slice(0, 60)}${
    host === undefined ? "" : ` calling ${String(host.call).replaceAll(/\s+/g, " ").slice(0, 60)}`
  }`

describe("a guest that catches everything", () => {
  for (const stop of [...trapping, ...hosted]) {
    it(`is stopped all the same: ${title(stop)}`, async () => {
      for (const how of ways) {
        for (const isSync of stop.sync === false ? [false] : [true, false]) {
          expect(await stopped(stop, how, isSync)).toEqual(expected(stop))
        }
      }
    })
  }
})

describe("exceptions of a guest", () => {
  it("are its own business while it catches them", async () => {
    const instance = await run(parts({
      core: `(tag $t (param i32))
        (func (export "f") (param i32) (result i32)
          (block $caught (result i32) (try_table (catch $t $caught) (throw $t (local.get 0))) unreachable))
        (func (export "out") (throw $t (i32.const 1)))`,
      exports: { f: `(param "n" u32) (result u32)`, out: "" }
    }))
    expect(instance.func(undefined, "f").callSync([7])).toBe(7)
    expect(await category(() => instance.func(undefined, "out").callSync([]))).toBe("UncaughtException")
    expect(instance.isPoisoned).toBe(true)
  })

  it("do not cross from one component into another", async () => {
    let notes = 0
    const text = `(component
      (import "note" (func $note))
      (component $A
        (core module $M (tag $t) (func (export "f") (throw $t)))
        (core instance $i (instantiate $M))
        (func (export "f") (canon lift (core func $i "f"))))
      (component $B
        (import "f" (func $f)) (import "note" (func $note))
        (core func $f' (canon lower (func $f))) (core func $note' (canon lower (func $note)))
        (core module $M (import "h" "f" (func $f)) (import "h" "note" (func $note))
          (func (export "go") (block $c (try_table (catch_all $c) (call $f))) (call $note)))
        (core instance $i (instantiate $M (with "h" (instance (export "f" (func $f')) (export "note" (func $note'))))))
        (func (export "go") (canon lift (core func $i "go"))))
      (instance $a (instantiate $A))
      (instance $b (instantiate $B (with "f" (func $a "f")) (with "note" (func $note))))
      (export "go" (func $b "go")))`
    const note = () => {
      notes++
    }
    for (const sync of [true, false]) {
      const instance = await run(text, { imports: { note } })
      const go = instance.func(undefined, "go")
      expect(await category(() => sync ? go.callSync([]) : go.call([]))).toBe("UncaughtException")
    }
    expect(notes).toBe(0)
  })
})

describe("an asynchronous import where nothing can be suspended", () => {
  const stops = async (text: string, name: string) => {
    let notes = 0
    const instance = await run(text, {
      imports: {
        wait: { call: () => Promise.resolve(), async: true },
        note: () => {
          notes++
        }
      }
    })
    const outcome = await category(() => instance.func(undefined, name).call([]))
    return { outcome, notes, isPoisoned: instance.isPoisoned }
  }
  const tries = `(block $c (try_table (catch_all $c) (call $wait))) (call $note)`
  const child = `(component $A
    (import "wait" (func $wait)) (import "note" (func $note))
    (core func $wait' (canon lower (func $wait))) (core func $note' (canon lower (func $note)))
    (core module $M (import "h" "wait" (func $wait)) (import "h" "note" (func $note)) (func (export "f") ${tries}))
    (core instance $i (instantiate $M (with "h" (instance (export "wait" (func $wait')) (export "note" (func $note'))))))
    (func (export "f") (canon lift (core func $i "f"))))`

  it("stops the component that another one called", async () => {
    const text = `(component (import "wait" (func $wait)) (import "note" (func $note)) ${child}
      (component $B (import "f" (func $f)) (core func $f' (canon lower (func $f)))
        (core module $M (import "h" "f" (func $f)) (func (export "go") (block $c (try_table (catch_all $c) (call $f)))))
        (core instance $i (instantiate $M (with "h" (instance (export "f" (func $f'))))))
        (func (export "go") (canon lift (core func $i "go"))))
      (instance $a (instantiate $A (with "wait" (func $wait)) (with "note" (func $note))))
      (instance $b (instantiate $B (with "f" (func $a "f"))))
      (export "go" (func $b "go")) (export "direct" (func $a "f")))`
    expect(await stops(text, "go")).toEqual({ outcome: "HostFailure", notes: 0, isPoisoned: true })
    expect(await stops(text, "direct")).toEqual({ outcome: "nothing", notes: 1, isPoisoned: false })
  })

  it("stops a destructor and a post-return", async () => {
    const text = `(component (import "wait" (func $wait)) (import "note" (func $note))
      (core func $wait' (canon lower (func $wait))) (core func $note' (canon lower (func $note)))
      (core module $M (import "h" "wait" (func $wait)) (import "h" "note" (func $note))
        (func (export "d") (param i32) ${tries}) (func (export "post")  ${tries}) (func (export "none")))
      (core instance $i (instantiate $M (with "h" (instance (export "wait" (func $wait')) (export "note" (func $note'))))))
      (type $r (resource (rep i32) (dtor (core func $i "d"))))
      (core func $new (canon resource.new $r)) (core func $drop (canon resource.drop $r))
      (core module $N (import "h" "new" (func $new (param i32) (result i32))) (import "h" "drop" (func $drop (param i32)))
        (func (export "go") (block $c (try_table (catch_all $c) (call $drop (call $new (i32.const 1)))))))
      (core instance $j (instantiate $N (with "h" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
      (func (export "destroy") (canon lift (core func $j "go")))
      (func (export "return") (canon lift (core func $i "none") (post-return (core func $i "post")))))`
    expect(await stops(text, "destroy")).toEqual({ outcome: "HostFailure", notes: 0, isPoisoned: true })
    expect(await stops(text, "return")).toEqual({
      outcome: expect.stringMatching(/InvalidCall|HostFailure/) as unknown,
      notes: 0,
      isPoisoned: true
    })
  })
})

describe("fuel and stack", () => {
  it("have no names that a second core module could import", async () => {
    const guesses = ["fuel", "$fuel", "setFuel", "__fuel", "stack", "init", "hooks", "refill", "r", "g", "h", "0", ""]
    for (const guess of guesses) {
      const text = `(component
        (core module $A (func (export "f") (loop $ever (br $ever))))
        (core instance $a (instantiate $A))
        (core module $B (import "a" "${guess}" (global $fuel (mut i32))) (func (export "f") (global.set $fuel (i32.const 1000000))))
        (core instance $b (instantiate $B (with "a" (instance $a)))))`
      expect(await failure(() => load(text))).toMatchObject({ _tag: "DecodeError" })
    }
  })

  it("are not reached by exporting names like those of the engine, however many", async () => {
    const known = ["fuel", "setFuel", "init", "hooks", "start", "refill", "memory", "then", "constructor", "__proto__"]
    const names = [...known, ...Array.from({ length: 5_000 }, (_, i) => i.toString(16).padStart(24, "0"))]
    const text = parts({
      core: `(global $g (mut i32) (i32.const 5)) (func $x (export "spin") (loop $ever (br $ever)))
        ${names.map((name) => `(export "${name}" (func $x))`).join("\n")}
        (func (export "ok") (result i32) (global.get $g))`,
      exports: { spin: "", ok: "(result u32)" }
    })
    const instance = await run(text)
    expect(instance.func(undefined, "ok").callSync([])).toBe(5)
    expect(await category(() => instance.func(undefined, "spin").callSync([]))).toBe("OutOfFuel")
  })

  it("are not reached through the first table, global or function index past a module's own", async () => {
    for (
      const body of [
        "(drop (global.get 1))",
        "(global.set 1 (i32.const 1))",
        "(global.set 2 (i32.const 1))",
        "(call 2)",
        "(call_indirect 0 (type 0) (i32.const 0))",
        "(drop (table.get 0 (i32.const 0)))",
        "(drop (ref.func 2))"
      ]
    ) {
      const text =
        `(component (core module $M (type (func)) (global (mut i32) (i32.const 0)) (func) (func ${body})) (core instance (instantiate $M)))`
      expect(await failure(() => load(text))).toMatchObject({ _tag: "DecodeError" })
    }
  })

  it("end a recursion as StackOverflow, whatever the frames, however the code was tiered", async () => {
    const locals = Array.from({ length: 200 }, () => "i64").join(" ")
    const recursions = [
      "(func $r (call $r))",
      "(func $r (param i32) (result i32) (call $r (i32.add (local.get 0) (i32.const 1))))",
      `(func $r (local ${locals}) (call $r) (local.set 3 (i64.const 1)))`,
      "(func $r (call $s)) (func $s (call $r))",
      "(type $f (func)) (table $t funcref (elem $r)) (func $r (call_indirect $t (type $f) (i32.const 0)))",
      "(type $f (func)) (elem declare func $r) (func $r (call_ref $f (ref.func $r)))",
      "(func $r (block $c (try_table (catch_all $c) (call $r))) (call $r))"
    ]
    for (const recursion of recursions) {
      const start = recursion.includes("(param i32)") ? "(drop (call $r (i32.const 0)))" : "(call $r)"
      const text = parts({ core: `${recursion} (func (export "f") ${start})`, exports: { f: "" } })
      const component = await load(text)
      for (let i = 0; i < 3; i++) {
        for (const sync of [true, false]) {
          const f = engine.instantiate(component).func(undefined, "f")
          expect(await category(() => sync ? f.callSync([]) : f.call([], { fuel: 1e8 }))).toBe(
            "StackOverflow"
          )
        }
      }
    }
  })

  it("let tail calls recurse until the fuel ends", async () => {
    const instance = await run(parts({ core: `(func $r (export "f") (return_call $r))`, exports: { f: "" } }))
    expect(await category(() => instance.func(undefined, "f").call([], { fuel: 5_000_000 }))).toBe("OutOfFuel")
  })

  it("hold over all core instances that call each other, in sum", async () => {
    // Sixty modules share a table; each calls the next, and the last one the first.
    const count = 60
    const text = `(component
      (core module $T (table (export "t") ${count} funcref) (global (export "depth") (mut i32) (i32.const 0))
        (func (export "get") (result i32) (i32.const 0)))
      (core instance $t (instantiate $T))
      ${
      Array.from({ length: count }, (_, i) =>
        `(core module $M${i} (import "t" "t" (table ${count} funcref)) (import "t" "depth" (global $d (mut i32))) (type $f (func))
          (func $go (export "go") (global.set $d (i32.add (global.get $d) (i32.const 1)))
            (call_indirect (type $f) (i32.const ${(i + 1) % count})))
          (func (export "depth") (result i32) (global.get $d))
          (elem (i32.const ${i}) func $go))
        (core instance $m${i} (instantiate $M${i} (with "t" (instance $t))))`).join("\n")
    }
      (func (export "go") (canon lift (core func $m0 "go"))))`
    const component = await load(text)
    for (const sync of [true, false]) {
      const instance = engine.instantiate(component)
      const go = instance.func(undefined, "go")
      expect(await category(() => sync ? go.callSync([]) : go.call([]))).toBe("StackOverflow")
      expect(instance.trap?.message).toBe("trap: the stack of the guest is used up")
    }
  })

  it("end a recursion of destructors, which has frames of the host in it", async () => {
    const text = `(component
      (core module $D (table (export "t") 1 funcref) (type $f (func (param i32)))
        (func (export "d") (param i32) (call_indirect (type $f) (local.get 0) (i32.const 0))))
      (core instance $d (instantiate $D))
      (type $r (resource (rep i32) (dtor (core func $d "d"))))
      (core func $new (canon resource.new $r)) (core func $drop (canon resource.drop $r))
      (core module $M
        (import "d" "t" (table 1 funcref))
        (import "h" "new" (func $new (param i32) (result i32))) (import "h" "drop" (func $drop (param i32)))
        (func $again (param i32) (block $c (try_table (catch_all $c) (call $drop (call $new (i32.const 1))))))
        (elem (i32.const 0) func $again)
        (func (export "go") (call $again (i32.const 1))))
      (core instance $i (instantiate $M (with "d" (instance $d)) (with "h" (instance
        (export "new" (func $new)) (export "drop" (func $drop))))))
      (func (export "go") (canon lift (core func $i "go"))))`
    const component = await load(text)
    for (const sync of [true, false]) {
      const instance = engine.instantiate(component)
      const go = instance.func(undefined, "go")
      expect(await category(() => sync ? go.callSync([]) : go.call([]))).toBe("StackOverflow")
      expect(instance.trap?.message).toBe("more than 64 components call each other")
    }
  })

  it("hold over nested components that call each other", async () => {
    const depth = 60
    let text = ""
    for (let i = 0; i < depth; i++) {
      text += `(component $C${i}
        (import "next" (func $next))
        (core func $next' (canon lower (func $next)))
        (core module $M (import "h" "next" (func $next))
          (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $next))))
          (func (export "go") (call $deep (i32.const 20000))))
        (core instance $i (instantiate $M (with "h" (instance (export "next" (func $next'))))))
        (func (export "go") (canon lift (core func $i "go"))))
      (instance $c${i} (instantiate $C${i} (with "next" (func ${i === 0 ? "$end" : `$c${i - 1} "go"`}))))\n`
    }
    const whole = (levels: string) =>
      `(component (import "end" (func $end)) ${levels} (export "go" (func $c${depth - 1} "go")))`
    const component = await load(whole(text))
    const shallow = await load(whole(text.replaceAll("20000", "1")))
    let ends = 0
    const end = () => {
      ends++
    }
    for (const sync of [true, false]) {
      const go = engine.instantiate(component, { imports: world({ end }) }).func(undefined, "go")
      expect(await category(() => sync ? go.callSync([]) : go.call([], { fuel: 1e8 }))).toBe("StackOverflow")
      expect(ends).toBe(0)
    }
    const go = engine.instantiate(shallow, { imports: world({ end }) }).func(undefined, "go")
    go.callSync([])
    await go.call([])
    expect(ends).toBe(2)
  })

  it("leave the host all the stack it needs where a guest calls it from its deepest point", async () => {
    const recursion = (n: number): number => n === 0 ? 0 : 1 + recursion(n - 1)
    const deepest: Array<number> = []
    const instance = await run(
      parts({
        imports: { host: [`(param "depth" u32)`, "(param i32)"] },
        core: `(func $deep (param i32) (call $host (local.get 0)) (call $deep (i32.add (local.get 0) (i32.const 1))))
          (func (export "f") (call $deep (i32.const 0)))`,
        exports: { f: "" }
      }),
      {
        imports: {
          host: (depth: never) => {
            deepest[0] = depth
            if (recursion(1_000) !== 1_000) throw new Error("no stack")
          }
        },
        limits: { fuel: 1e9 }
      }
    )
    expect(await category(() => instance.func(undefined, "f").call([]))).toBe("StackOverflow")
    expect(deepest[0]).toBeGreaterThan(500)
  })
})
