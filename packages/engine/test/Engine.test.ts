import { isDeepStrictEqual } from "node:util"
import { describe, expect, it } from "vitest"
import { CallError } from "../src/CallError.ts"
import * as Engine from "../src/Engine.ts"
import type { Instance } from "../src/Instance.ts"
import { HostTrap } from "../src/Trap.ts"
import { assemble, category, engine, failure, load, parts, run } from "./support/guests.ts"

const call = (instance: Instance, name: string, ...args: ReadonlyArray<unknown>): unknown =>
  instance.func(undefined, name).callSync(args)

const bad = { _tag: "CallError", reason: "BadArgument" }

/** Core parameters of types that flatten to these. */
const params = (flat: ReadonlyArray<string>) => flat.length === 0 ? "" : `(param ${flat.join(" ")})`

/**
 * A component that gives back what it gets, once at `flat` (its parameters are
 * stored to memory for the result) and once through an import of the host.
 */
const echoing = (
  type: string,
  flat: ReadonlyArray<string>,
  types = "",
  stores: ReadonlyArray<readonly [at: number, operation: string]> = []
) => {
  const isSpilled = flat.length > 1
  const result = isSpilled ? "i32" : flat[0]
  const stored = flat.map((_, i) => {
    const [at, operation] = stores[i] ?? [4 * i, "i32.store"]
    return `(${operation} (i32.const ${64 + at}) (local.get ${i}))`
  })
  return parts({
    before: types,
    imports: {
      "host-echo": [
        `(param "v" ${type}) (result ${type})`,
        `${params([...flat, ...(isSpilled ? ["i32"] : [])])} ${isSpilled ? "" : `(result ${flat[0]})`}`
      ]
    },
    core: `(func (export "echo") ${params(flat)} (result ${result})
        ${isSpilled ? `${stored.join(" ")} (i32.const 64)` : "(local.get 0)"})
      (func (export "through") ${params(flat)} (result ${result})
        (call $host-echo ${flat.map((_, i) => `(local.get ${i})`).join(" ")} ${isSpilled ? "(i32.const 64)" : ""})
        ${isSpilled ? "(i32.const 64)" : ""})`,
    exports: {
      echo: `(param "v" ${type}) (result ${type})`,
      through: `(param "v" ${type}) (result ${type})`
    }
  })
}

/** What comes of giving all of them to the guest: `values` are of the type, `others` are not. */
const echoes = async (text: string, values: ReadonlyArray<unknown>, others: ReadonlyArray<unknown>) => {
  const seen: Array<unknown> = []
  let answer: unknown
  const imports = {
    "host-echo": (value: never) => {
      seen.push(value)
      return answer ?? value
    }
  }
  const instance = await run(text, { imports })
  const differing: Array<unknown> = []
  const compare = (value: unknown, other: unknown) => {
    if (!isDeepStrictEqual(value, other)) differing.push({ value, other })
  }
  for (const value of values) {
    compare(value, call(instance, "echo", value))
    compare(value, call(instance, "through", value))
  }
  const refused = new Set<unknown>()
  for (const other of others) {
    for (const attempt of [() => call(instance, "echo", other), () => instance.func(undefined, "echo").call([other])]) {
      const error = await failure(attempt)
      refused.add(error instanceof CallError ? error.reason : error)
    }
  }
  compare(values, seen)
  compare(values[0], call(instance, "echo", values[0]))
  const failed = new Set<unknown>()
  for (const other of others) {
    if (other === undefined || other === null) continue
    answer = other
    const failing = await run(text, { imports })
    failed.add(await category(() => call(failing, "through", values[0])))
    failed.add(failing.isPoisoned)
  }
  return { differing, refused: [...refused], failed: [...failed] }
}

/** Values of the type come back and reach the host; others reach neither, and spoil nothing. */
const right = { differing: [], refused: ["BadArgument"], failed: ["HostFailure", true] }

const anything: ReadonlyArray<unknown> = [undefined, null, true, 0.5, "x", 1n, {}, [], () => 0, Symbol("s")]

const but = (...kinds: ReadonlyArray<string>) => anything.filter((value) => !kinds.includes(typeof value))

describe("relaxed SIMD", () => {
  const text = `(component
    (core module $M (func (export "f") (result i32)
      (i32x4.extract_lane 0 (i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 7 0 0 0)))))
    (core instance $i (instantiate $M))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))`

  it("is refused, since receipts would depend on the machine", async () => {
    expect(await failure(() => load(text))).toMatchObject({ reason: "Refused", feature: "relaxed SIMD" })
  })

  it("is taken by an engine that was told to", async () => {
    const engine = Engine.make({ relaxedSimd: true })
    const instance = engine.instantiate(await engine.load(await assemble(text)))
    expect(instance.func(undefined, "f").measureSync([])).toMatchObject({ value: 7 })
  })
})

describe("values", () => {
  it("are integers in their range, and nothing else", async () => {
    const bounds = {
      u8: [0, 255],
      s8: [-128, 127],
      u16: [0, 65_535],
      s16: [-32_768, 32_767],
      u32: [0, 0xffff_ffff],
      s32: [-0x8000_0000, 0x7fff_ffff]
    }
    for (const [type, [low = 0, high = 0]] of Object.entries(bounds)) {
      const others = [...anything, low - 1, high + 1, low + 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "1", [
        1
      ], new Number(1)]
      expect(await echoes(echoing(type, ["i32"]), [low, high, 0, 1, 100], others)).toEqual(right)
    }
  })

  it("are bigint where they have 64 bits", async () => {
    const bounds = { u64: [0n, 2n ** 64n - 1n], s64: [-(2n ** 63n), 2n ** 63n - 1n] }
    for (const [type, [low = 0n, high = 0n]] of Object.entries(bounds)) {
      expect(
        await echoes(echoing(type, ["i64"]), [low, high, 0n, 1n], [
          ...but("bigint"),
          1,
          low - 1n,
          high + 1n,
          2n ** 100n,
          "1"
        ])
      ).toEqual(right)
    }
  })

  it("are floats, NaN and -0 among them", async () => {
    expect(
      await echoes(echoing("f64", ["f64"]), [
        0,
        -0,
        1.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.MIN_VALUE,
        Number.MAX_VALUE
      ], [...but("number"), "1", 1n])
    ).toEqual(right)
    expect(
      await echoes(
        echoing("f32", ["f32"]),
        [0, -0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** -149],
        but("number")
      )
    ).toEqual(right)
    const instance = await run(parts({
      core: `(func (export "f32") (result f32) (f32.reinterpret_i32 (i32.const 0x7fa00001)))
        (func (export "f64") (result f64) (f64.reinterpret_i64 (i64.const 0xfff0000000000001)))
        (func (export "bits") (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))`,
      exports: { f32: "(result f32)", f64: "(result f64)", bits: `(param "v" f32) (result u32)` }
    }))
    expect([call(instance, "f32"), call(instance, "f64")]).toEqual([Number.NaN, Number.NaN])
    expect((call(instance, "bits", Number.NaN) as number) & 0x7f80_0000).toBe(0x7f80_0000)
    expect(call(instance, "bits", 0.1)).toBe(0x3dcc_cccd)
  })

  it("are booleans, of which a guest's every number but 0 is true", async () => {
    expect(await echoes(echoing("bool", ["i32"]), [true, false], [...but("boolean"), 0, 1])).toEqual(right)
    const instance = await run(parts({
      core: `(func (export "f") (param i32) (result i32) (local.get 0))`,
      exports: { f: `(param "n" u32) (result bool)` }
    }))
    expect([0, 1, 2, 256, 0x8000_0000].map((n) => call(instance, "f", n))).toEqual([false, true, true, true, true])
  })

  it("are characters, which are no surrogates", async () => {
    expect(
      await echoes(
        echoing("char", ["i32"]),
        ["a", "\u0000", "é", "\ud7ff", "\ue000", "\uffff", "\u{1F980}", "\u{10ffff}"],
        [...but("string"), "", "ab", "\ud800", "\udfff", "e\u0301", "\u{1F980}x", 97]
      )
    ).toEqual(right)
    const instance = parts({
      core: `(func (export "f") (param i32) (result i32) (local.get 0))`,
      exports: { f: `(param "n" u32) (result char)` }
    })
    for (const code of [0xd800, 0xdfff, 0x11_0000, 0x7fff_ffff, 0xffff_ffff]) {
      expect(await category(async () => call(await run(instance), "f", code))).toBe("InvalidValue")
    }
    expect(call(await run(instance), "f", 0x10_ffff)).toBe("\u{10ffff}")
  })

  it("are narrow integers cut out of what a guest gives", async () => {
    const instance = await run(parts({
      core: `(func (export "n") (result i32) (i32.const 0x1ff80))`.replace(`"n"`, `"u8"`) +
        ["s8", "u16", "s16"].map((name) => `(func (export "${name}") (result i32) (i32.const 0x1ff80))`).join(""),
      exports: Object.fromEntries(["u8", "s8", "u16", "s16"].map((type) => [type, `(result ${type})`]))
    }))
    expect(["u8", "s8", "u16", "s16"].map((name) => call(instance, name))).toEqual([0x80, -0x80, 0xff80, -0x80])
  })

  it("are cases of enums and variants that exist", async () => {
    const types = `(type $e' (enum "a" "b" "c")) (import "e" (type $e (eq $e')))`
    expect(await echoes(echoing("$e", ["i32"], types), ["a", "b", "c"], [...anything, "d", "A", 0, "toString"]))
      .toEqual(right)
    const giving = parts({
      before: types,
      core: `(func (export "f") (param i32) (result i32) (local.get 0))
        (func (export "o") (param i32) (result i32) (i32.store8 (i32.const 8) (local.get 0)) (i32.const 8))`,
      exports: { f: `(param "n" u32) (result $e)`, o: `(param "n" u32) (result (option u8))` }
    })
    for (const n of [3, 255, 256, 0xffff_ffff]) {
      expect(await category(async () => call(await run(giving), "f", n))).toBe("InvalidValue")
    }
    for (const n of [2, 255]) expect(await category(async () => call(await run(giving), "o", n))).toBe("InvalidValue")
  })

  it("are flags, whose other bits mean nothing", async () => {
    const labels = Array.from({ length: 9 }, (_, i) => `f${i}`)
    const types = `(type $f' (flags ${labels.map((label) => `"${label}"`).join(" ")})) (import "f" (type $f (eq $f')))`
    const all = (bits: number) => Object.fromEntries(labels.map((label, i) => [label, (bits & (1 << i)) !== 0]))
    expect(
      await echoes(echoing("$f", ["i32"], types), [all(0), all(511), all(256), all(0b1010)], [
        ...but("object"),
        { f0: 1 },
        { other: true }
      ])
    ).toEqual(right)
    const instance = await run(parts({
      before: types,
      core: `(func (export "f") (result i32) (i32.const -2))`,
      exports: { f: "(result $f)" }
    }))
    expect(call(instance, "f")).toEqual(all(510))
  })

  it("are records, tuples and options, in each other", async () => {
    const types = `(type $r' (record (field "a-b" u32) (field "c" (option (option u32))) (field "d" (tuple u32 u32))))
      (import "r" (type $r (eq $r')))`
    expect(
      await echoes(
        echoing("$r", ["i32", "i32", "i32", "i32", "i32", "i32"], types, [
          [0, "i32.store"],
          [4, "i32.store8"],
          [8, "i32.store8"],
          [12, "i32.store"],
          [16, "i32.store"],
          [20, "i32.store"]
        ]),
        [
          { aB: 1, c: { tag: "none" }, d: [2, 3] },
          { aB: 1, c: { tag: "some", val: undefined }, d: [2, 3] },
          { aB: 1, c: { tag: "some", val: 7 }, d: [2, 3] }
        ].map((value) => value.c.tag === "none" ? { ...value, c: { tag: "none" } } : value),
        [
          ...anything,
          { aB: 1, c: undefined, d: [2, 3] },
          { aB: 1, c: 7, d: [2, 3] },
          { aB: 1, c: { tag: "none" }, d: [2] },
          { aB: 1, c: { tag: "none" }, d: [2, 3, 4] },
          { aB: 1, c: { tag: "none" }, d: { 0: 2, 1: 3, length: 2 } },
          { "a-b": 1, c: { tag: "none" }, d: [2, 3] },
          { aB: 1, c: { tag: "none" }, d: [2, 3], extra: 1 },
          { aB: 1, c: { tag: "none", val: 1 }, d: [2, 3] },
          { aB: 1, c: { tag: "some", val: "7" }, d: [2, 3] }
        ]
      )
    ).toEqual(right)
  })

  it("join in variants: each pair of i32, i64, f32 and f64", async () => {
    const samples: Readonly<Record<string, ReadonlyArray<unknown>>> = {
      u32: [0, 0xffff_ffff],
      s32: [-1],
      u64: [0n, 2n ** 64n - 1n],
      s64: [-1n],
      f32: [1.5, -0],
      f64: [0.1, -0],
      u8: [255],
      bool: [true, false],
      char: ["\u{10ffff}"]
    }
    const flat: Readonly<Record<string, string>> = { u64: "i64", s64: "i64", f32: "f32", f64: "f64" }
    const join = (a: string, b: string) =>
      a === b ? a : [a, b].every((one) => one === "i32" || one === "f32") ? "i32" : "i64"
    for (const a of Object.keys(samples)) {
      for (const b of Object.keys(samples)) {
        if (a > b) continue
        const seen: Array<unknown> = []
        const joined = join(flat[a] ?? "i32", flat[b] ?? "i32")
        const instance = await run(
          parts({
            before:
              `(type $v' (variant (case "a" ${a}) (case "b" ${b}) (case "none"))) (import "v" (type $v (eq $v')))`,
            imports: { take: [`(param "v" $v)`, `(param i32 ${joined})`] },
            core: `(func (export "f") (param i32 ${joined}) (call $take (local.get 0) (local.get 1)))`,
            exports: { f: `(param "v" $v)` }
          }),
          {
            imports: {
              take: (value: never) => {
                seen.push(value)
              }
            }
          }
        )
        const values = [
          { tag: "none" },
          ...(samples[a] ?? []).map((val) => ({ tag: "a", val })),
          ...(samples[b] ?? []).map((val) => ({ tag: "b", val }))
        ]
        for (const value of values) call(instance, "f", value)
        expect(seen).toEqual(values)
      }
    }
  })

  it("are lists, of numbers also typed arrays of the very type", async () => {
    const cases: ReadonlyArray<readonly [type: string, value: unknown, others: ReadonlyArray<unknown>]> = [
      ["u8", Uint8Array.of(1, 2, 255), [[1, 2], new Int8Array(1), new Uint8ClampedArray(1)]],
      ["u16", [1, 65_535], [new Uint8Array(1), [65_536], [1, "2"], [undefined]]],
      ["s64", [1n, -1n], [[1], new BigUint64Array(1)]],
      ["f32", [1.5, 2.5], [["1"], new Float64Array(1)]],
      ["string", ["", "é", "\u{1F980}"], [[1], ["a", "\ud800"], "ab"]],
      ["(list bool)", [[], [true, false]], [[[1]], [true]]],
      ["(option char)", [undefined, "x"], [[null], ["xy"]]],
      ["(result u8 (error string))", [{ tag: "ok", val: 1 }, { tag: "err", val: "é" }], [[{ tag: "ok" }], [{
        tag: "no",
        val: 1
      }], [{ ok: 1 }]]],
      ["(tuple u8 u64 string)", [[1, 2n, "x"]], [[[1, 2, "x"]], [[1, 2n]]]]
    ]
    for (const [element, value, others] of cases) {
      expect(await echoes(echoing(`(list ${element})`, ["i32", "i32"]), [value], [...but("object"), {}, ...others]))
        .toEqual(right)
    }
    const typed = await run(parts({
      core:
        `(func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 1) (i32.load16_u offset=2 (local.get 0))))`,
      exports: { sum: `(param "l" (list u16)) (result u32)` }
    }))
    expect(call(typed, "sum", Uint16Array.of(1, 500, 3))).toBe(503)
  })

  it("are results, as values and never as errors", async () => {
    const types = `(type $e' (enum "not-found" "busy")) (import "e" (type $e (eq $e')))`
    const instance = await run(parts({
      before: types,
      core:
        `(func (export "f") (param i32) (result i32) (i32.store8 (i32.const 8) (local.get 0)) (i32.store8 (i32.const 9) (i32.const 1)) (i32.const 8))
        (func (export "g") (param i32) (result i32) (local.get 0))`,
      exports: { f: `(param "n" u32) (result (result u8 (error $e)))`, g: `(param "n" u32) (result (result))` }
    }))
    expect(call(instance, "f", 0)).toEqual({ tag: "ok", val: 1 })
    expect(call(instance, "f", 1)).toEqual({ tag: "err", val: "busy" })
    expect(call(instance, "g", 1)).toEqual({ tag: "err", val: undefined })
    expect(instance.isPoisoned).toBe(false)
  })
})

describe("calls", () => {
  it("spill more than sixteen flat parameters, and results of more than one", async () => {
    const types = Array.from({ length: 17 }, () => "u32")
    const seen: Array<unknown> = []
    const instance = await run(
      parts({
        imports: {
          many: [
            `${types.map((type, i) => `(param "p${i}" ${type})`).join(" ")} (result (tuple u8 u64))`,
            "(param i32 i32)"
          ]
        },
        core: `(func (export "sum") (param i32) (result i32) (local $i i32) (local $sum i32)
            (loop $all
              (local.set $sum (i32.add (local.get $sum) (i32.load (i32.add (local.get 0) (i32.mul (i32.const 4) (local.get $i))))))
              (br_if $all (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 17))))
            (local.get $sum))
          (func (export "back") (param i32) (result i32) (call $many (local.get 0) (i32.const 32)) (i32.const 32))`,
        exports: {
          sum: `${types.map((type, i) => `(param "p${i}" ${type})`).join(" ")} (result u32)`,
          back: `${types.map((type, i) => `(param "p${i}" ${type})`).join(" ")} (result (tuple u8 u64))`
        }
      }),
      {
        imports: {
          many: (...args: ReadonlyArray<never>) => {
            seen.push(args)
            return [7, 2n ** 40n]
          }
        }
      }
    )
    const args = types.map((_, i) => i + 1)
    expect(call(instance, "sum", ...args)).toBe(153)
    expect(call(instance, "back", ...args)).toEqual([7, 2n ** 40n])
    expect(seen).toEqual([args])
  })

  it("take as many arguments as the type has", async () => {
    const instance = await run(parts({
      core: `(func (export "f") (param i32 i32) (result i32) (local.get 0))`,
      exports: { f: `(param "a" u32) (param "b" u32) (result u32)` }
    }))
    for (const args of [[], [1], [1, 2, 3]]) {
      expect(await failure(() => call(instance, "f", ...args))).toMatchObject(bad)
    }
    expect(await failure(() => call(instance, "f", 1, "2"))).toMatchObject({ message: "b: expected u32, got \"2\"" })
    expect(call(instance, "f", 1, 2)).toBe(1)
  })

  it("run post-return once, after the result was taken, with what the function gave", async () => {
    const seen: Array<unknown> = []
    const text = (post: string) =>
      parts({
        imports: { note: [`(param "n" u32)`, "(param i32)"] },
        core: `(global $posts (mut i32) (i32.const 0)) (data (i32.const 64) "text")
          (func (export "get") (result i32)
            (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 4)) (i32.const 16))
          (func (export "post-get") (param i32) ${post})
          (func (export "posts") (result i32) (global.get $posts))`,
        exports: { get: "(result string)", posts: "(result u32)" }
      })
    const imports = {
      note: (n: never) => {
        seen.push(n)
      }
    }
    const instance = await run(
      text(`(global.set $posts (i32.add (global.get $posts) (local.get 0))) (i32.store (i32.const 64) (i32.const 0))`),
      { imports }
    )
    expect(call(instance, "get")).toBe("text")
    expect(call(instance, "posts")).toBe(16)
    await instance.func(undefined, "get").call([])
    expect(call(instance, "posts")).toBe(32)
    for (
      const [post, expected] of [["(call $note (i32.const 1))", "InvalidCall"], ["unreachable", "Unreachable"], [
        "(loop $ever (br $ever))",
        "OutOfFuel"
      ]] as const
    ) {
      expect(await category(async () => call(await run(text(post), { imports }), "get"))).toBe(expected)
      expect(
        await category(async () => (await run(text(post), { imports })).func(undefined, "get").call([], { fuel: 1e10 }))
      ).toBe(expected)
    }
    expect(seen).toEqual([])
  })

  it("stop the guest whose result lies at a wrong address", async () => {
    const text = (at: number) =>
      parts({
        imports: { pair: ["(result (tuple u64 u64))", "(param i32)"] },
        core: `(func (export "get") (result i32) (i32.const ${at}))
          (func (export "give") (call $pair (i32.const ${at})))`,
        exports: { get: "(result (tuple u64 u64))", give: "" }
      })
    const pair = () => [1n, 2n]
    for (const name of ["get", "give"]) {
      for (const at of [1, 4, 65_521]) {
        expect(await category(async () => call(await run(text(at), { imports: { pair } }), name))).toBe("InvalidValue")
      }
      for (const at of [65_528, 65_536, -8]) {
        expect(await category(async () => call(await run(text(at), { imports: { pair } }), name))).toBe(
          "MemoryOutOfBounds"
        )
      }
      expect(await category(async () => call(await run(text(65_520), { imports: { pair } }), name))).toBe("nothing")
    }
  })

  it("of an export that is the host's own function are checked, and end as the host says", async () => {
    const text = `(component (import "h" (func $h (param "n" u8) (result u8))) (export "f" (func $h)))`
    const calls = async (h: (n: never) => unknown, ...args: ReadonlyArray<unknown>) => {
      const instance = await run(text, { imports: { h } })
      return [
        await category(() => call(instance, "f", ...args)),
        await category(() => instance.func(undefined, "f").call(args))
      ]
    }
    const throwing = (error: unknown) => () => {
      throw error
    }
    expect(await calls((n: never) => n, 7)).toEqual(["nothing", "nothing"])
    expect(await calls((n: never) => n, 256)).toMatchObject([bad, bad])
    expect(await calls(() => "x", 7)).toEqual(["HostFailure", expect.anything()])
    expect((await calls(throwing(new Error("x")), 7))[0]).toBe("HostFailure")
    expect((await calls(throwing(new HostTrap("Denied", "no")), 7))[0]).toBe("Denied")
  })

  it("say with a trap what the host threw", async () => {
    const cause = new Error("of the host")
    const text = parts({ imports: { h: ["", ""] }, core: `(func (export "f") (call $h))`, exports: { f: "" } })
    const thrown = (error: unknown) => async () =>
      call(
        await run(text, {
          imports: {
            h: () => {
              throw error
            }
          }
        }),
        "f"
      )
    expect(await failure(thrown(cause))).toMatchObject({ _tag: "Trap", category: "HostFailure", cause })
    expect(await failure(thrown(new HostTrap("Revoked", "gone", { cause })))).toMatchObject({
      category: "Revoked",
      message: "gone",
      cause
    })
  })
})

describe("a component", () => {
  it("is copied when it is loaded", async () => {
    const bytes = await assemble(
      parts({ core: `(func (export "f") (result i32) (i32.const 7))`, exports: { f: "(result u32)" } })
    )
    const loading = engine.load(bytes)
    bytes.fill(0)
    const component = await loading
    expect(call(engine.instantiate(component), "f")).toBe(7)
    expect(component.digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it("shares nothing but code between its instances", async () => {
    const component = await load(parts({
      core: `(global $n (mut i32) (i32.const 0))
        (func (export "next") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
        (func (export "trap") unreachable)`,
      exports: { next: "(result u32)", trap: "" }
    }))
    const [a, b] = [engine.instantiate(component), engine.instantiate(component)]
    expect([call(a, "next"), call(a, "next"), call(b, "next")]).toEqual([1, 2, 1])
    expect(await category(() => call(a, "trap"))).toBe("Unreachable")
    expect(call(b, "next")).toBe(2)
  })
})
