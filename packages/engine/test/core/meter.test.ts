import { DecodeError } from "@airssys/engine/DecodeError"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { meter } from "../../src/internal/core/meter.ts"
import { assemble, module, section } from "../support/components.ts"
import { original, outcome, randomName, run } from "../support/metered.ts"

const count = `(func (export "count") (param $n i32) (result i32) (local $i i32)
  (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
  (local.get $i))`
const fib = `(func $fib (export "fib") (param i32) (result i32) (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
  (then (local.get 0)) (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
    (call $fib (i32.sub (local.get 0) (i32.const 2)))))))`

describe("meter", () => {
  it("gives the results of the original and charges for them", async () => {
    const bytes = await assemble(`(module ${count} ${fib})`)
    const plain = original(bytes)
    const metered = run(bytes)
    for (const [name, n] of [["count", 10_000], ["fib", 15]] as const) {
      expect(metered.exports[name]?.(n)).toBe(plain[name]?.(n))
      expect(metered.used()).toBeGreaterThan(name === "count" ? 30_000 : 10_000)
    }
  })

  it("charges the same on every run, cold and optimised, and whatever the slices", async () => {
    const bytes = await assemble(`(module ${count} ${fib})`)
    const one = run(bytes)
    one.exports["fib"]?.(12)
    const cold = one.used()
    for (let i = 0; i < 3_000; i++) one.exports["fib"]?.(12)
    one.used()
    one.exports["fib"]?.(12)
    expect(one.used()).toBe(cold)
    const sliced = run(bytes, { fuel: 10, refill: (needed) => needed + 7 })
    sliced.exports["fib"]?.(12)
    expect(sliced.used()).toBe(cold)
  })

  /** Ends what would go on for ever if nobody stopped it. */
  const step = `(global.set $left (i32.sub (global.get $left) (i32.const 1)))
    (if (i32.eqz (global.get $left)) (then (return)))`

  it.each([
    ["a loop", `(func (export "f") (loop $l ${step} (br $l)))`],
    ["a loop with parameters", `(func (export "f") (i32.const 1) (loop $l (param i32) ${step} (br $l)))`],
    ["a loop by br_if", `(func (export "f") (loop $l ${step} (br_if $l (i32.const 1))))`],
    ["a loop by br_table", `(func (export "f") (loop $l ${step} (br_table $l $l (i32.const 1))))`],
    ["a loop by br_on_null", `(func (export "f") (loop $l ${step} (drop (br_on_null $l (ref.null func)))))`],
    [
      "a loop by catch",
      `(tag $e) (func (export "f") (global.set $left (i32.const 20_000)) (loop $l ${step} (try_table (catch $e $l) (throw $e))))`
    ],
    ["endless tail calls", `(func $f (export "f") ${step} (return_call $f))`],
    [
      "tail calls through a table",
      `(table funcref (elem $f)) (func $f (export "f") ${step} (return_call_indirect (i32.const 0)))`
    ],
    [
      "tail calls through references",
      `(type $t (func)) (elem declare func $f) (func $f (export "f") ${step} (return_call_ref $t (ref.func $f)))`
    ],
    [
      "tail calls between two functions",
      `(func $f (export "f") (return_call $g)) (func $g (local i64 i64) ${step} (return_call $f))`
    ],
    ["a start function", `(func $f (loop $l ${step} (br $l))) (start $f)`]
  ])("stops %s", async (_name, text) => {
    const bytes = await assemble(`(module (global $left (mut i32) (i32.const 10_000_000)) ${text})`)
    let refills = 0
    const host = { refill: () => ++refills < 20 ? 1_000_000 : undefined }
    expect(outcome(() => run(bytes, host).exports["f"]?.())).toBe("unreachable")
    expect(refills).toBe(20)
  })

  it("checks before it throws", async () => {
    const bytes = await assemble(
      `(module (tag $e) (func (export "f") (param i32) (if (local.get 0) (then (throw $e)))))`
    )
    expect(outcome(() => run(bytes, { fuel: 100_000 }).exports["f"]?.(1))).toBe("exception")
    const poor = run(bytes, { fuel: 100, refill: () => undefined })
    expect(outcome(() => poor.exports["f"]?.(0))).toBe(undefined)
    expect(outcome(() => poor.exports["f"]?.(1))).toBe("unreachable")
  })

  it("stops when it is given less than it needs", async () => {
    const bytes = await assemble(`(module ${count})`)
    expect(outcome(() => run(bytes, { fuel: 0, refill: (needed) => needed }).exports["count"]?.(9))).toBe(9)
    expect(outcome(() => run(bytes, { fuel: 0, refill: (needed) => needed - 1 }).exports["count"]?.(9)))
      .toBe("unreachable")
  })

  it("stops recursion before the stack of the platform ends, at the same depth on every run", async () => {
    const bytes = await assemble(
      `(module (global $depth (export "depth") (mut i32) (i32.const 0))
        (func $f (export "f") (global.set $depth (i32.add (global.get $depth) (i32.const 1))) (call $f)))`
    )
    const depths = [1, 2, 3].map(() => {
      const one = run(bytes, { fuel: 100_000_000 })
      for (let i = 0; i < 20; i++) expect(outcome(() => one.exports["f"]?.())).toBe("unreachable")
      expect(one.overflows()).toBe(20)
      return Number((one.exports["depth"] as unknown as WebAssembly.Global).value)
    })
    expect(new Set(depths).size).toBe(1)
    expect(depths[0]).toBeGreaterThan(1_000)
  })

  it.each(["i64", "v128"])("counts no less for a frame than it takes: %s", async (type) => {
    const many = (count: number, text: (index: number) => string): string =>
      Array.from({ length: count }, (_, index) => text(index)).join(" ")
    const add = type === "v128" ? "i64x2.add" : "i64.add"
    const one = `(${type}.const ${type === "v128" ? "i64x2 1 1" : "1"})`
    const texts = [
      `(func $f (export "f") (param ${many(500, () => type)}) (call $f ${
        many(500, (i) => `(local.get ${(i + 1) % 500})`)
      })
        ${many(500, (i) => `(global.set $s (${add} (global.get $s) (local.get ${i})))`)})`,
      `(func $f (export "f") (result ${many(100, () => type)}) (if (global.get $s) (then (return ${
        many(100, () => one)
      })))
        (call $f) ${many(100, () => "(drop)")} (call $f))`.replace("(global.get $s)", "(global.get $zero)"),
      `(func $f (export "f") (local ${many(300, () => type)})
        ${many(300, (i) => `(local.set ${i} (${add} (global.get $s) ${one}))`)} (call $f)
        ${many(300, (i) => `(global.set $s (local.get ${i}))`)})`,
      `(func $f (export "f") ${many(300, () => `global.get $s ${one} ${add}`)} (call $f)
        ${many(300, () => "(global.set $s)")})`
    ]
    for (const text of texts) {
      const bytes = await assemble(
        `(module (global $s (mut ${type}) ${one}) (global $zero (mut i32) (i32.const 0)) ${
          text.replace(/\(export "f"\)/, "")
        }
          (func (export "f") (call $f ${text.includes("(param") ? many(500, () => one) : ""})
            ${text.includes("(result") ? many(100, () => "(drop)") : ""}))`
      )
      const metered = run(bytes, { stack: 800_000, fuel: 100_000_000 })
      expect(outcome(() => metered.exports["f"]?.())).toBe("unreachable")
      expect(metered.overflows()).toBe(1)
    }
  })

  it("gives back the stack of calls that are done", async () => {
    const bytes = await assemble(
      `(module (type $t (func (param i32) (result i32))) (table funcref (elem $one)) (memory 1)
        (func $leaf (result i32) (i32.const 1))
        (func $one (type $t) (if (i32.and (local.get 0) (i32.const 1)) (then (return (call $leaf))))
          (block $b (br_if $b (i32.const 1)) (unreachable)) (call $leaf))
        (func $tail (type $t) (return_call $one (local.get 0)))
        (func $results (param i32) (result i32 i32) (br_if 0 (call $leaf) (call $leaf) (local.get 0)) (return))
        (func (export "f") (param $n i32) (result i32) (local $s i32)
          (loop $l
            (local.set $s (i32.add (local.get $s) (call_indirect (type $t) (local.get $n) (i32.const 0))))
            (local.set $s (i32.add (local.get $s) (call $tail (local.get $n))))
            (call $results (i32.and (local.get $n) (i32.const 1))) (drop) (drop)
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $s)))`
    )
    const metered = run(bytes, { stack: 4_000, fuel: 100_000_000 })
    expect(metered.exports["f"]?.(20_000)).toBe(40_000)
    expect(metered.exports["f"]?.(20_000)).toBe(40_000)
    expect(metered.overflows()).toBe(0)
  })

  it("gives back the stack of calls that an exception left", async () => {
    const bytes = await assemble(
      `(module (tag $e (param i32)) (import "a" "fail" (func $fail))
        (func $deep (param i32) (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 3))))
          (call $deep (i32.sub (local.get 0) (i32.const 1))))
        (func $try (result i32)
          (block $h (result i32) (try_table (catch $e $h) (call $deep (i32.const 50))) (i32.const 0)))
        (func $all (result i32) (block $h (try_table (catch_all $h) (call $fail)) (return (i32.const 0))) (i32.const 4))
        (func $whole (result i32) (try_table (result i32) (catch $e 0) (call $deep (i32.const 9)) (i32.const 0)))
        (func $again (result i32) (local $x exnref)
          (block $o (result i32) (try_table (catch $e $o)
            (block $h (result i32 exnref) (try_table (catch_ref $e $h) (call $deep (i32.const 20))) (unreachable))
            (local.set $x) (drop) (throw_ref (local.get $x))) (i32.const 0)))
        (func $loops (result i32) (local $n i32) (loop $l
            (if (i32.gt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 9)) (then (return (local.get $n))))
            (try_table (catch_all $l) (call $deep (i32.const 9)))) (i32.const 0))
        (func (export "f") (param $n i32) (result i32) (local $s i32)
          (loop $l (local.set $s (i32.add (local.get $s) (i32.add (i32.add (call $try) (call $all))
              (i32.add (call $whole) (i32.add (call $again) (call $loops))))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $s)))`
    )
    const imports = {
      a: {
        fail: () => {
          throw new Error("of the host")
        }
      }
    }
    const metered = run(bytes, { stack: 20_000, fuel: 1_000_000_000, imports })
    expect(metered.exports["f"]?.(300)).toBe(300 * 23)
    expect(original(bytes, imports)["f"]?.(300)).toBe(300 * 23)
    expect(metered.overflows()).toBe(0)
    expect(metered.used()).toBeGreaterThan(300 * 14 * 500)
  })

  it("gives it back in the middle of a function", async () => {
    const call = `(block $h (try_table (catch_all $h) (call $deep (i32.const 50))))`
    const bytes = await assemble(
      `(module (tag $e) (func $deep (param i32) (if (i32.eqz (local.get 0)) (then (throw $e)))
          (call $deep (i32.sub (local.get 0) (i32.const 1))))
        (func (export "f") ${call.repeat(40)}))`
    )
    const one = run(bytes, { stack: 20_000, fuel: 100_000_000 })
    expect(outcome(() => one.exports["f"]?.())).toBe(undefined)
    expect(one.overflows()).toBe(0)
  })

  it("charges for the frames that an exception abandons", async () => {
    const bytes = await assemble(
      `(module (tag $e) (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (throw $e))))
        (func (export "f") (param i32) (block $h (try_table (catch $e $h) (call $deep (local.get 0)))))
        (func (export "g") (param i32) (local i32) (if (local.get 0) (then (call $h (i32.sub (local.get 0) (i32.const 1))))))
        (func $h (param i32) (if (local.get 0) (then (call $h (i32.sub (local.get 0) (i32.const 1)))))))`
    )
    const one = run(bytes, { fuel: 100_000_000 })
    one.exports["f"]?.(1_000)
    const abandoned = one.used()
    one.exports["g"]?.(1_000)
    expect(abandoned).toBeGreaterThan(one.used() + 50_000)
  })
})

describe("growth", () => {
  const bytes = assemble(
    `(module (memory (export "m") 1) (memory $n 0 3) (table $t (export "t") 1 externref)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "growOther") (param i32) (result i32) (memory.grow $n (local.get 0)))
      (func (export "growTable") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0)))
      (func (export "size") (result i32) (memory.size)))`
  )

  it("asks before memories and tables grow, with unsigned amounts", async () => {
    const asked: Array<unknown> = []
    const one = run(await bytes, { grow: (kind, amount) => asked.push([kind, amount]) < 4, fuel: 1e9 })
    expect(one.exports["grow"]?.(2)).toBe(1)
    expect(one.exports["growOther"]?.(3)).toBe(0)
    expect(one.exports["growTable"]?.(5)).toBe(1)
    expect(one.exports["grow"]?.(1)).toBe(-1)
    expect(one.exports["grow"]?.(65_536)).toBe(-1)
    expect(one.exports["size"]?.()).toBe(3)
    expect(asked).toEqual([["memory", 2], ["memory", 3], ["table", 5], ["memory", 1], ["memory", 65_536]])
  })

  it("fails for amounts that nobody has, and cannot be made to pay backwards", async () => {
    const one = run(await bytes, { grow: () => true, fuel: 1_000_000 })
    for (const amount of [-1, 65_537, 0x8000_0000, 134_218, 0x7fff_ffff]) {
      expect(one.exports["grow"]?.(amount)).toBe(-1)
      expect(one.exports["growOther"]?.(amount)).toBe(-1)
      expect(one.used()).toBeGreaterThan(0)
    }
    for (const amount of [-1, 10_000_001, 0x8000_0000, 33_554_432, 0x7fff_ffff]) {
      expect(one.exports["growTable"]?.(amount)).toBe(-1)
      expect(one.used()).toBeGreaterThan(0)
    }
  })

  it("fails as the original where the declared maximum is reached", async () => {
    const one = run(await bytes, { fuel: 1e9 })
    expect(one.exports["growOther"]?.(4)).toBe(-1)
    expect(one.exports["growOther"]?.(3)).toBe(0)
    expect(one.exports["growOther"]?.(1)).toBe(-1)
  })

  it("charges by length", async () => {
    const one = run(await bytes, { fuel: 1e9 })
    one.exports["grow"]?.(1)
    const page = one.used()
    one.exports["grow"]?.(10)
    expect(one.used()).toBeGreaterThan(page * 9)
    one.exports["growTable"]?.(1_000)
    expect(one.used()).toBeGreaterThan(10_000)
  })
})

describe("bulk operations", () => {
  const wat =
    `(module (memory (export "m") 80) (memory $n 40) (table $t (export "t") 100 funcref) (elem $e func $f $f $f $f)
      (data $d "0123456789") (func $f)
      (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
      (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
      (func (export "copyTo") (param i32 i32 i32) (memory.copy $n 0 (local.get 0) (local.get 1) (local.get 2)))
      (func (export "copyFrom") (param i32 i32 i32) (memory.copy 0 $n (local.get 0) (local.get 1) (local.get 2)))
      (func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
      (func (export "drop") (param i32 i32 i32) (data.drop $d))
      (func (export "tableFill") (param i32 i32 i32) (table.fill $t (local.get 0) (ref.func $f) (local.get 2)))
      (func (export "tableCopy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
      (func (export "tableInit") (param i32 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
      (elem declare func $f))`
  const mib = 1 << 20
  const end = 80 * 65_536

  const hash = (exports: Record<string, unknown>): number => {
    const words = new Uint32Array((exports["m"] as WebAssembly.Memory).buffer)
    let hash = 0
    for (const word of words) hash = Math.imul(hash ^ word, 0x9e37_79b1) ^ (hash >>> 13)
    return hash
  }

  it("do what they do in the original, in every direction, size and failure", async () => {
    const bytes = await assemble(wat)
    const plain = original(bytes)
    const metered = run(bytes, { fuel: 2_000_000_000, refill: (needed) => needed + 1_000_000 })
    for (const exports of [plain, metered.exports]) {
      const bytes = new Uint8Array((exports["m"] as unknown as WebAssembly.Memory).buffer)
      for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 9)) & 0xff
    }
    const cases: Array<readonly [string, number, number, number]> = []
    for (const name of ["copy", "fill", "copyTo", "copyFrom"]) {
      for (const size of [0, 1, 100, mib - 1, mib, mib + 1, 2 * mib + 77, 3 * mib]) {
        for (const [to, from] of [[0, 0], [5, 3], [3, 5], [mib, 10], [10, mib], [0, mib + 9], [mib + 9, 0]] as const) {
          cases.push([name, to, from, size])
        }
      }
      for (const size of [1, mib, mib + 1, 2 * mib, -1, -mib, 0x7fff_ffff]) {
        cases.push([name, end, 0, size], [name, end - 1, 0, size], [name, 0, end, size], [name, -5, 0, size])
        cases.push([name, 0, -5, size], [name, end - size + 1, 0, size], [name, end - size, 0, size])
      }
      cases.push([name, end, end, 0], [name, end + 1, 0, 0], [name, 0, end + 1, 0])
    }
    for (const name of ["tableFill", "tableCopy", "tableInit", "init"]) {
      for (const size of [0, 1, 4, 5, 10, 11, 99, 100, 101, -1]) {
        for (const at of [0, 1, 99, 100, 101, -1]) {
          cases.push([name, at, 0, size], [name, 0, at, size], [name, 0, 1, size])
        }
      }
    }
    cases.push(["drop", 0, 0, 0], ["init", 0, 0, 1], ["init", 0, 0, 0], ["init", 0, 0, 2 * mib])
    const differences: Array<unknown> = []
    for (const [name, to, from, size] of cases) {
      const expected = outcome(() => plain[name]?.(to, from, size))
      const found = outcome(() => metered.exports[name]?.(to, from, size))
      if (found !== expected) differences.push([name, to, from, size, expected, found])
    }
    expect(differences).toEqual([])
    expect(hash(metered.exports)).toBe(hash(plain))
    expect(new Set(cases.map(([name, to, from, size]) => outcome(() => plain[name]?.(to, from, size)))).size).toBe(4)
  }, 60_000)

  it("are charged by length, each before it runs", async () => {
    const one = run(await assemble(wat), { fuel: 100_000_000 })
    for (
      const [name, size, least] of [["fill", mib - 1, 60_000], ["copy", mib - 1, 60_000], ["fill", 4 * mib, 250_000], [
        "copy",
        4 * mib,
        250_000
      ], [
        "tableFill",
        100,
        3_000
      ]] as const
    ) {
      one.used()
      one.exports[name]?.(0, 0, size)
      expect(one.used()).toBeGreaterThan(least)
    }
    one.setFuel(0)
    const asked: Array<number> = []
    const poor = run(await assemble(wat), { fuel: 100, refill: (needed) => void asked.push(needed) })
    expect(outcome(() => poor.exports["fill"]?.(0, 1, 3 * mib))).toBe("unreachable")
    expect(hash(poor.exports)).toBe(hash(original(await assemble(wat))))
    expect(asked).toHaveLength(1)
  })

  it("cannot make the counter wrap around", async () => {
    const fills = `(memory.fill (i32.const 0) (i32.const 1) (i32.const ${end}))`.repeat(600)
    const inits = `(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 4))`.repeat(600)
    const throws = `(block $h (try_table (catch_all $h) (throw $x)))`.repeat(600)
    const bytes = await assemble(
      `(module (memory 80) (table $t 100 funcref) (elem $e func $f $f $f $f) (func $f) (tag $x)
        (func (export "fills") ${fills}) (func (export "inits") ${inits}) (func (export "throws") ${throws}))`
    )
    for (const name of ["fills", "inits", "throws"]) {
      let refills = 0
      const one = run(bytes, { fuel: 1_000, refill: (needed) => ++refills > 50 ? undefined : needed })
      expect(outcome(() => one.exports[name]?.())).toBe("unreachable")
      expect(refills).toBe(51)
      expect(one.lowest()).toBeGreaterThan(-1_000_000)
    }
  })
})

describe("long code without a loop", () => {
  it("is checked on its way", async () => {
    const adds = `(local.set 0 (i32.add (local.get 0) (i32.const 1)))`.repeat(60_000)
    const one = run(await assemble(`(module (func (export "f") (param i32) (result i32) ${adds} (local.get 0)))`), {
      fuel: 0,
      refill: (needed) => needed
    })
    expect(one.exports["f"]?.(1)).toBe(60_001)
    expect(one.fuel()).toBeGreaterThan(-50_000)
    expect(one.used()).toBeGreaterThan(200_000)
    expect(one.lowest()).toBeGreaterThan(-100_000)
  })

  it("is checked where it calls and calls", async () => {
    const calls = (of: number): string => `(call $f${of})`.repeat(30)
    const levels = [0, 1, 2, 3].map((level) => `(func $f${level} ${level === 0 ? "" : calls(level - 1)})`)
    const one = run(await assemble(`(module ${levels.join(" ")} (func (export "f") ${calls(3)}))`), {
      fuel: 0,
      refill: (needed) => needed
    })
    one.exports["f"]?.()
    expect(one.used()).toBeGreaterThan(1_000_000)
    expect(one.lowest()).toBeGreaterThan(-10_000)
  })
})

describe("names", () => {
  it("are never those of the original", async () => {
    const bytes = await assemble(
      `(module (memory (export "a") 1) (table (export "b") 1 funcref) (func $s (export "c")) (start $s))`
    )
    const letters = ["a", "b", "c", "a", "d", "d", "e", "f", "g", "h", "i", "j", "k"]
    const { memories, names, tables } = meter(bytes, { randomName: () => letters.shift() ?? "?" })
    expect(names).toEqual({
      setFuel: "d",
      fuel: "e",
      init: "f",
      hooks: "g",
      start: "h",
      memories: ["i"],
      tables: ["j"]
    })
    expect(memories).toEqual([{ minimum: 1, maximum: undefined }])
    expect(tables).toEqual([{ minimum: 1, maximum: undefined }])
  })

  it("are given to memories and tables that are defined, not to imported ones", async () => {
    const bytes = await assemble(
      `(module (import "a" "m" (memory 1)) (import "a" "t" (table 2 externref)) (memory 3 4) (table 5 6 funcref))`
    )
    const { memories, names, tables, bytes: rewritten } = meter(bytes, { randomName })
    expect(memories).toEqual([{ minimum: 3, maximum: 4 }])
    expect(tables).toEqual([{ minimum: 5, maximum: 6 }])
    const kinds = new Map(
      WebAssembly.Module.exports(new WebAssembly.Module(rewritten)).map((one) => [one.name, one.kind])
    )
    expect(kinds.get(names.memories[0] ?? "")).toBe("memory")
    expect(kinds.get(names.tables[0] ?? "")).toBe("table")
  })
})

describe("a module that is not valid", () => {
  it.each([
    ["names the global that would be the fuel", `(func (global.set 0 (i32.const 99999999)))`],
    ["reads the global that would be the fuel", `(func (result i32) (global.get 0))`],
    ["exports the global that would be the fuel", `(export "g" (global 0))`],
    ["calls the function that would set the fuel", `(func (call 1 (i32.const 99999999)))`],
    ["calls through the table that would be the hooks", `(func (call_indirect (i32.const 0)))`],
    ["has a body that leaves values", `(func (i32.const 1))`]
  ])("is refused when it %s", async (_name, text) => {
    const bytes = await assemble(`(module ${text})`)
    expect(() => meter(bytes, { randomName })).toThrow(DecodeError)
  })

  it("is refused when its code does not end", () => {
    const bytes = module(section(1, 1, 0x60, 0, 0), section(3, 1, 0), section(10, 1, 2, 0, 0x02))
    expect(() => meter(bytes, { randomName })).toThrow(DecodeError)
  })
})

describe("numbers written longer than needed", () => {
  it("are read as they are", () => {
    const padded = [0x41, 0x80, 0x00, 0x28, 0xc2, 0x80, 0x00, 0x80, 0x00, 0x80, 0x00, 0x1a]
    const down = [0x20, 0x80, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x80, 0x00]
    const spin = [0x41, 0x80, 0x80, 0x80, 0x08, 0x21, 0x00, 0x03, 0x40, ...down, 0x0d, 0x80, 0x00, 0x0b]
    const bytes = module(
      section(1, 1, 0x60, 0, 0),
      section(3, 1, 0),
      section(5, 1, 0, 1),
      section(7, 1, 1, 0x66, 0, 0),
      section(10, 1, padded.length + spin.length + 4, 1, 1, 0x7f, ...padded, ...spin, 0x0b)
    )
    expect(WebAssembly.validate(Uint8Array.from(bytes))).toBe(true)
    expect(outcome(() => run(bytes, { refill: () => undefined }).exports["f"]?.())).toBe("unreachable")
  })
})

describe("large modules of the toolchain", () => {
  it.each([
    "node_modules/@bytecodealliance/jco-transpile/vendor/wasm-tools.core.wasm",
    "node_modules/@bytecodealliance/jco-transpile/vendor/js-component-bindgen-component.core.wasm",
    "node_modules/@dprint/typescript/plugin.wasm"
  ])("stay valid: %s", (path) => {
    const { bytes } = meter(readFileSync(new URL(`../../../../${path}`, import.meta.url)), { randomName })
    expect(WebAssembly.validate(bytes)).toBe(true)
  })
})
