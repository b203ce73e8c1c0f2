import * as Admission from "@airssys/engine/Admission"
import { DecodeError } from "@airssys/engine/DecodeError"
import { describe, expect, it } from "vitest"
import { assemble, leb, module, mutate, random, section } from "../support/components.ts"
import { spent } from "../support/spent.ts"

/** The refusal, which takes less than 50 ms when the machine has time for it. */
const failure = (run: () => unknown): DecodeError => {
  let fastest = Infinity
  for (let attempt = 0;; attempt++) {
    const start = spent()
    try {
      run()
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      fastest = Math.min(fastest, spent() - start)
      if (fastest > 50 && attempt < 10) continue
      expect(fastest).toBeLessThan(50)
      return error
    }
    throw new Error("it was admitted")
  }
}

/** A module of one function without parameters and results. */
const body = (...code: ReadonlyArray<number>): Uint8Array => longBody(code)

const longBody = (code: ReadonlyArray<number>): Uint8Array =>
  joined(
    section(1, 1, 0x60, 0, 0),
    section(3, 1, 0),
    large(10, [[1], leb(code.length + 2), [0], code, [0x0b]].flat())
  )

/** A module of sections that are too long to be arguments. */
const joined = (...sections: ReadonlyArray<ReadonlyArray<number>>): Uint8Array =>
  Uint8Array.from([Array.from(module()), ...sections].flat())

/** A section with a long content. */
const large = (id: number, content: ReadonlyArray<number>): ReadonlyArray<number> =>
  [[id], leb(content.length), content].flat()

const times = (count: number, ...bytes: ReadonlyArray<number>): Array<number> =>
  Array.from({ length: count }, () => bytes).flat()

describe("admit", () => {
  it.each([
    [
      "bulk memory",
      `(memory 1) (data $d "a") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d)
      (memory.copy (i32.const 0) (i32.const 1) (i32.const 1)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 1)))`
    ],
    ["sign extension", `(func (result i64) (i64.extend8_s (i64.const 200)))`],
    ["saturating conversions", `(func (result i32) (i32.trunc_sat_f64_u (f64.const 1e99)))`],
    [
      "multi-value",
      `(func (param i32) (result i32 i64) (local.get 0) (block (param i32) (result i32 i64) (i64.const 1)))`
    ],
    [
      "reference types",
      `(table $t 1 externref) (func (param externref) (table.set $t (i32.const 0) (local.get 0))
      (drop (table.grow $t (ref.null extern) (i32.const 1))) (drop (table.size $t)))`
    ],
    ["extended constants", `(global i32 (i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.const 3))))`],
    ["mutable globals", `(import "a" "g" (global $g (mut i32))) (func (global.set $g (i32.const 1)))`],
    [
      "SIMD",
      `(func (result v128) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i32x4 1 2 3 4)
      (i32x4.splat (i32.const 1))))`
    ],
    ["tail calls", `(func $f (param i32) (result i32) (return_call $f (local.get 0)))`],
    [
      "several memories",
      `(memory $a 1) (memory $b 1) (func (i32.store $b (i32.const 0) (i32.load $a (i32.const 0)))
      (memory.copy $b $a (i32.const 0) (i32.const 0) (i32.const 1)))`
    ],
    [
      "typed function references",
      `(type $t (func)) (elem declare func $f) (func $f) (func (param (ref null $t))
      (call_ref $t (ref.as_non_null (local.get 0))) (call_ref $t (ref.func $f)))`
    ],
    [
      "exceptions with exnref",
      `(tag $e (param i32)) (func (result i32) (local exnref)
      (block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 1))) (i32.const 2)))`
    ]
  ])("takes %s", async (_name, text) => {
    const bytes = await assemble(`(module ${text})`)
    expect(WebAssembly.validate(Uint8Array.from(bytes))).toBe(true)
    expect(Admission.admit(bytes).bytes).toBe(bytes.length)
  })

  it.each([
    ["gc (struct types)", `(type (struct))`],
    ["gc (array types)", `(type (array i32))`],
    ["gc", `(func (drop (ref.i31 (i32.const 1))))`],
    ["gc (i31ref)", `(func (param i31ref))`],
    ["gc (anyref)", `(func (local anyref))`],
    ["memory64", `(memory i64 1)`],
    ["64-bit tables", `(table i64 1 funcref)`],
    ["shared memory", `(memory 1 1 shared)`],
    ["threads and atomics", `(memory 1) (func (drop (i32.atomic.load (i32.const 0))))`],
    ["threads and atomics", `(func (atomic.fence))`],
    ["threads and atomics", `(memory 1) (func (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))`],
    ["stack switching (continuation types)", `(type $f (func)) (type (cont $f))`],
    ["exceptions as values (exnref)", `(tag (param exnref))`],
    ["exceptions as values (exnref)", `(table 1 exnref)`],
    ["exceptions as values (exnref)", `(global exnref (ref.null exn))`],
    ["custom page sizes", `(memory 1 (pagesize 1))`],
    ["wide arithmetic", `(func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 1)))`],
    [
      `builtins of the host ("wasm:js-string")`,
      `(import "wasm:js-string" "length" (func (param externref) (result i32)))`
    ]
  ])("refuses %s by name", async (feature, text) => {
    const bytes = await assemble(`(module ${text})`)
    expect(failure(() => Admission.admit(bytes))).toMatchObject({ reason: "Refused", feature })
  })

  it.each([
    ["legacy exceptions", [0x06, 0x40, 0x19, 0x0b]],
    ["legacy exceptions", [0x19]],
    ["legacy exceptions", [0x18, 0x00]],
    ["legacy exceptions", [0x09, 0x00]],
    ["stack switching", [0xe3, 0x00, 0x00]],
    ["unknown opcodes", [0xf0]],
    ["unknown opcodes", [0xfc, 0x7f]],
    ["unknown opcodes", [0xfd, 0x9a, 0x01]],
    ["unknown opcodes", [0x27]],
    ["gc", [0xfb, 0x00, 0x00]],
    ["threads and atomics", [0xfe, 0x03, 0x00]]
  ])("refuses %s at the opcode", (feature, code) => {
    expect(failure(() => Admission.admit(body(...code)))).toMatchObject({ reason: "Refused", feature, offset: 23 })
  })

  it("says how a refused module could be built instead", () => {
    expect(failure(() => Admission.admit(body(0x06, 0x40, 0x0b))).message)
      .toBe("legacy exceptions: not supported; compile for exceptions with exnref (try_table)")
  })

  it("refuses relaxed SIMD where results have to be reproduced", async () => {
    const bytes = await assemble(
      `(module (func (param v128 v128 v128) (result v128)
        (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2))))`
    )
    expect(Admission.admit(bytes).relaxedSimd).toBe(true)
    expect(failure(() => Admission.admit(bytes, { refuseRelaxedSimd: true })).feature).toBe("relaxed SIMD")
  })

  it.each<[string, () => Uint8Array]>([
    ["bytes in the body of a function", () => longBody(times(530_000, 0x01))],
    [
      "locals and parameters",
      () => module(section(1, 1, 0x60, 0, 0), section(3, 1, 0), section(10, 1, 6, 1, 0x81, 0x20, 0x7f, 0x01, 0x0b))
    ],
    ["blocks inside each other", () => body(...times(2_048, 0x02, 0x40), ...times(2_048, 0x0b))],
    ["parameters of a tag", () => module(section(1, 1, 0x60, 9, ...times(9, 0x7f), 0), section(13, 1, 0, 0))],
    ["types", () => joined(large(1, [leb(10_001), times(10_001, 0x60, 0, 0)].flat()))],
    ["imports", () => joined(section(1, 1, 0x60, 0, 0), large(2, [leb(10_001), times(10_001, 0, 0, 0, 0)].flat()))],
    ["functions", () =>
      joined(
        section(1, 1, 0x60, 0, 0),
        large(3, [leb(100_001), times(100_001, 0)].flat()),
        large(10, [leb(100_001), times(100_001, 2, 0, 0x0b)].flat())
      )],
    ["tables", () => joined(large(4, [leb(101), times(101, 0x70, 0, 0)].flat()))],
    ["memories", () => joined(large(5, [leb(101), times(101, 0, 0)].flat()))],
    ["globals", () => joined(large(6, [leb(10_001), times(10_001, 0x7f, 0, 0x41, 0, 0x0b)].flat()))],
    ["exports", () => joined(large(7, [leb(100_001), times(100_001, 0, 0, 0)].flat()))],
    ["tags", () => joined(section(1, 1, 0x60, 0, 0), large(13, [leb(1_001), times(1_001, 0, 0)].flat()))],
    ["segments", () => joined(large(11, [leb(100_001), times(100_001, 1, 0)].flat()))],
    ["parameters", () => joined(large(1, [1, 0x60, ...leb(1_001), ...times(1_001, 0x7f), 0]))]
  ])("refuses too many %s", (what, make) => {
    const bytes = make()
    const error = failure(() => Admission.admit(bytes))
    expect(error).toMatchObject({ reason: "TooLarge" })
    expect(error.message).toContain(what)
  })

  it("refuses many locals in a function of many branches", () => {
    const branches = times(1_000, 0x02, 0x40, 0x0c, 0x00, 0x0b)
    const of = (locals: number): Uint8Array =>
      joined(
        section(1, 1, 0x60, 0, 0),
        section(3, 1, 0),
        large(10, [1, ...leb(branches.length + 5), 1, ...leb(locals), 0x7f, ...branches, 0x0b].flat())
      )
    expect(Admission.admit(of(1_900)).localBranches).toBe(1_900 * 1_001)
    expect(failure(() => Admission.admit(of(2_100))).message).toContain("locals times branches in a function")
  })

  it("counts every target of a branch table", () => {
    const targets = 2_000
    const code = [1, ...leb(1_500), 0x7f, 0x41, 0, 0x0e, ...leb(targets), ...times(targets + 1, 0), 0x0b]
    const bytes = joined(section(1, 1, 0x60, 0, 0), section(3, 1, 0), large(10, [[1], leb(code.length), code].flat()))
    expect(failure(() => Admission.admit(bytes)).message).toContain("locals times branches in a function")
  })

  it("refuses functions that add up, each of them small", () => {
    const one = [6, 1, 0x80, 0x20, 0x7f, 0x01, 0x0b]
    const bytes = joined(
      section(1, 1, 0x60, 0, 0),
      large(3, [leb(5_000), times(5_000, 0)].flat()),
      large(10, [leb(5_000), times(5_000, ...one)].flat())
    )
    expect(failure(() => Admission.admit(bytes)).message).toContain("locals times branches in a module")
  })

  it("refuses calls that move more values than code says", () => {
    const calls = times(3_000, 0x10, 0x00)
    const bytes = joined(
      large(1, [1, 0x60, ...leb(500), ...times(500, 0x7f), ...leb(500), ...times(500, 0x7f)]),
      section(3, 1, 0),
      large(10, [1, ...leb(calls.length + 2), 0, ...calls, 0x0b])
    )
    expect(failure(() => Admission.admit(bytes)).message).toContain("operands and results in a function")
  })

  it("finds code that it cannot read at its place", () => {
    const found = (...code: ReadonlyArray<number>) => failure(() => Admission.admit(body(...code)))
    expect(found(0x02, 0x40).message).toBe("unexpected end")
    expect(found(0x0b)).toMatchObject({ reason: "Malformed" })
    expect(found(0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f).message).toContain("announced")
    expect(found(0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00).message).toContain("longer than 5")
    expect(failure(() => Admission.admit(module(section(1, 1, 0x60, 0, 0), section(3, 1, 0)))).message)
      .toBe("0 bodies for 1 functions")
  })

  it("refuses or admits every mutant of a valid module, and never calls a valid one malformed", async () => {
    const bytes = await assemble(
      `(module (memory 1) (table 2 funcref) (tag $e (param i32)) (global $g (mut i32) (i32.const 1))
        (func $f (param i32) (result i32) (local f64 v128) (block $h (result i32) (try_table (catch $e $h)
          (loop $l (br_if $l (i32.eqz (local.get 0))) (memory.fill (i32.const 0) (i32.const 0) (i32.const 9)))
          (throw $e (i32.load8_u offset=300 (local.get 0)))) (i32.const 2)) (if (then (return (i32.const 3))))
          (call_indirect (param i32) (result i32) (local.get 0) (i32.const 1))))`
    )
    const next = random(17)
    let valid = 0
    const wrong: Array<DecodeError> = []
    for (let i = 0; i < 40_000; i++) {
      const mutant = mutate(bytes, next)
      const isValid = WebAssembly.validate(Uint8Array.from(mutant))
      if (isValid) valid++
      try {
        Admission.admit(mutant)
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
        if (isValid && error.reason === "Malformed") wrong.push(error)
      }
    }
    expect(wrong).toEqual([])
    expect(valid).toBeGreaterThan(100)
  })
})
