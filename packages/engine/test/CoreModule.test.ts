import * as CoreModule from "@airssys/engine/CoreModule"
import { DecodeError } from "@airssys/engine/DecodeError"
import { describe, expect, it } from "vitest"
import { assemble, module, mutate, name, random, section } from "./support/components.ts"

const failure = (run: () => unknown): DecodeError => {
  try {
    run()
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
  throw new Error("it was read")
}

const isMemory = (value: unknown): value is WebAssembly.Memory => value instanceof WebAssembly.Memory

/** The sections of a module but the memory section, as bytes. */
const others = (bytes: Uint8Array): ReadonlyArray<string> => {
  const found: Array<string> = []
  let at = 8
  while (at < bytes.length) {
    const start = at++
    let size = 0
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++] ?? 0
      size |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    at += size
    if (bytes[start] !== 5) found.push(Array.from(bytes.subarray(start, at)).join())
  }
  return found
}

describe("check", () => {
  it.each([
    ["gc (struct types)", `(module (type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1)))))`],
    ["gc (array types)", `(module (type $a (array i64)) (func (drop (array.new_default $a (i32.const 9)))))`],
    ["gc (recursive types)", `(module (rec (type $a (struct)) (type $b (func))))`],
    ["gc (subtypes)", `(module (type $s (sub (struct))))`],
    ["gc (final subtypes)", `(module (type $p (sub final $f (func))) (type $f (func)))`],
    ["gc (struct types)", `(module (type (func)) (type (struct)))`],
    ["stack switching (continuation types)", `(module (type $f (func)) (type (cont $f)))`],
    [
      "exceptions as values (exnref)",
      `(module (tag $t (param i32 exnref)) (global $kept (mut exnref) (ref.null exn)) (func (export "run")
        (global.set $kept (block $caught (result exnref)
          (try_table (catch_all_ref $caught) (throw $t (i32.const 1) (global.get $kept))) (unreachable)))))`
    ],
    ["exceptions as values (exnref)", `(module (tag (param (ref exn))))`],
    ["exceptions as values (exnref)", `(module (table 1 exnref))`],
    ["exceptions as values (exnref)", `(module (import "a" "b" (table 1 exnref)))`],
    ["shared types", `(module (type (shared (func))))`],
    ["shared memory", `(module (memory 1 2 shared) (func (drop (i32.atomic.load (i32.const 0)))))`],
    ["shared memory", `(module (import "a" "b" (memory 1 2 shared)))`],
    ["shared tables", `(module (table shared 1 2 funcref))`],
    ["memory64", `(module (memory i64 1))`],
    ["memory64", `(module (import "a" "b" (memory i64 1)))`],
    ["64-bit tables", `(module (table i64 1 funcref))`],
    ["64-bit tables", `(module (import "a" "b" (table i64 1 funcref)))`]
  ])("refuses %s", async (feature, wat) => {
    const bytes = await assemble(wat)
    expect(failure(() => CoreModule.check(bytes))).toMatchObject({ reason: "Refused", feature })
  })

  it("takes functions over every type of value that needs no heap", async () => {
    const bytes = await assemble(
      `(module (type $f (func (param i32 i64 f32 f64 v128 funcref externref anyref i31ref (ref null 0) (ref extern))
        (result i32 externref))) (memory 1 2) (table 1 funcref) (tag $t (param i32))
        (func (block $caught (result i32 exnref) (try_table (catch_ref $t $caught)) (return)) (throw_ref)))`
    )
    expect(WebAssembly.validate(Uint8Array.from(bytes))).toBe(true)
    expect(() => CoreModule.check(bytes)).not.toThrow()
    expect(() => CoreModule.check(module())).not.toThrow()
  })

  it("finds a malformed type section at its place", () => {
    const found = (...content: ReadonlyArray<number>) => failure(() => CoreModule.check(module(section(1, ...content))))
    expect(found(1, 0x61, 0, 0)).toMatchObject({ message: "unknown form of type 97", offset: 11 })
    expect(found(1, 0x60, 1, 0x01, 0).message).toBe("unknown type 1")
    expect(found(1, 0x60, 0x7f, 0x7f).message).toContain("parameters announced")
    expect(found(1, 0x60, 0, 0, 0).message).toBe("1 bytes left over")
  })

  it("reads every valid module that it does not refuse", async () => {
    const bytes = await assemble(
      `(module (type (func (param i32 funcref (ref null 1)) (result v128))) (type (func (param externref)))
        (memory 1 2) (table 1 funcref))`
    )
    const next = random(13)
    let valid = 0
    for (let run = 0; run < 40_000; run++) {
      const mutant = mutate(bytes, next)
      if (!WebAssembly.validate(Uint8Array.from(mutant))) continue
      valid++
      try {
        CoreModule.check(mutant)
      } catch (error) {
        if (!(error instanceof DecodeError) || error.reason === "Malformed") throw error
      }
    }
    expect(valid).toBeGreaterThan(100)
  })
})

describe("memories", () => {
  it("gives the bounds of imported and defined ones", async () => {
    const bytes = await assemble(
      `(module (import "a" "f" (func)) (import "env" "memory" (memory 2 5)) (import "env" "g" (global (mut i32)))
        (memory 1) (memory 3 300) (table 1 funcref))`
    )
    expect(CoreModule.memories(bytes)).toEqual({
      imported: [{ module: "env", name: "memory", minimum: 2, maximum: 5 }],
      defined: [{ minimum: 1, maximum: undefined }, { minimum: 3, maximum: 300 }]
    })
    expect(CoreModule.memories(await assemble("(module)"))).toEqual({ imported: [], defined: [] })
  })

  it.each([
    ["shared memory", `(module (memory 1 2 shared))`],
    ["shared memory", `(module (import "a" "b" (memory 1 2 shared)))`],
    ["memory64", `(module (memory i64 1))`],
    ["custom page sizes", `(module (memory 1 (pagesize 1)))`]
  ])("refuses %s", async (feature, wat) => {
    const bytes = await assemble(wat)
    expect(failure(() => CoreModule.memories(bytes))).toMatchObject({ reason: "Refused", feature })
  })

  it("finds malformed sections at their place", () => {
    const reason = (bytes: Uint8Array) => failure(() => CoreModule.memories(bytes)).message
    expect(reason(module([5, 9, 1]))).toBe("9 bytes expected, 1 left")
    expect(reason(module(section(5, 1, 0, 0x80, 0x80, 0x80, 0x80, 0x80)))).toContain("longer than 5")
    expect(reason(module(section(5, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f)))).toContain("above 32 bits")
    expect(reason(module(section(5, 1, 1, 3, 2)))).toBe("a maximum below its minimum")
    expect(reason(module(section(5, 1, 0, 0x81, 0x80, 0x04)))).toBe("more than 65536 pages")
    expect(reason(module(section(5, 1, 0x10, 1)))).toBe("unknown limits 16")
    expect(reason(module(section(5, 1, 0, 1, 7)))).toBe("1 bytes left over")
    expect(reason(module(section(5, 0xff, 0x7f)))).toContain("memories announced")
    expect(reason(module(section(5, 0), section(5, 0)))).toBe("a second memory section")
    expect(reason(module(section(2, 1, ...name("a"), ...name("b"), 0x09)))).toBe("unknown kind of import 9")
    expect(failure(() => CoreModule.memories(module([5, 9, 1]))).offset).toBe(10)
  })
})

describe("tables", () => {
  it("gives the bounds of imported and defined ones, initialised ones too", async () => {
    const bytes = await assemble(
      `(module (import "a" "t" (table 3 externref)) (table 5 6 funcref) (table 2 funcref (ref.func $f)) (func $f)
        (table 4 externref (ref.null extern)))`
    )
    expect(CoreModule.tables(bytes)).toEqual({
      imported: [{ module: "a", name: "t", minimum: 3, maximum: undefined }],
      defined: [
        { minimum: 5, maximum: 6 },
        { minimum: 2, maximum: undefined },
        { minimum: 4, maximum: undefined }
      ]
    })
  })

  it("refuses 64-bit tables", async () => {
    const bytes = await assemble(`(module (table i64 1 funcref))`)
    expect(failure(() => CoreModule.tables(bytes))).toMatchObject({ reason: "Refused", feature: "64-bit tables" })
  })
})

describe("limitMemories", () => {
  it("lowers a maximum, adds a missing one, and keeps a smaller one", async () => {
    const bytes = await assemble(`(module (memory 1) (memory 1 300) (memory 1 2))`)
    expect(CoreModule.memories(CoreModule.limitMemories(bytes, [7, 200, 200])).defined.map((one) => one.maximum))
      .toEqual([7, 200, 2])
  })

  it("leaves a module without memories as it is", async () => {
    const bytes = await assemble(`(module (import "a" "m" (memory 1)) (func))`)
    expect(CoreModule.limitMemories(bytes, [])).toBe(bytes)
  })

  it("refuses a memory that starts above its maximum", async () => {
    const bytes = await assemble(`(module (memory 8))`)
    expect(failure(() => CoreModule.limitMemories(bytes, [7]))).toMatchObject({
      reason: "TooLarge",
      message: "memory 0 starts with 8 pages, at most 7 are allowed"
    })
  })

  it("takes one integer from 0 to 65,536 for each memory", async () => {
    const bytes = await assemble(`(module (memory 0))`)
    for (const maxima of [[], [1, 2], [-1], [1.5], [65_537], [Number.NaN]]) {
      expect(() => CoreModule.limitMemories(bytes, maxima)).toThrow(RangeError)
    }
  })

  it("stops memory.grow at the limit and changes no other section", async () => {
    const next = random(7)
    for (let run = 0; run < 60; run++) {
      const count = 1 + next(3)
      const declared = Array.from({ length: count }, () => {
        const minimum = next(4)
        return { minimum, maximum: next(2) === 0 ? undefined : minimum + next(400) }
      })
      const limits = declared.map((one) => one.minimum + next(300))
      const memories = declared.map((one, i) => `(memory (export "m${i}") ${one.minimum} ${one.maximum ?? ""})`)
      const bytes = await assemble(
        `(module (import "a" "f" (func)) (table 1 funcref) ${memories.join(" ")}
          (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))) (data (i32.const 0) ""))`
      )
      const limited = CoreModule.limitMemories(bytes, limits)
      expect(WebAssembly.validate(Uint8Array.from(limited))).toBe(true)
      expect(others(limited)).toEqual(others(bytes))
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(limited)), {
        a: { f: () => {} }
      })
      for (let i = 0; i < count; i++) {
        const memory = exports[`m${i}`]
        if (!isMemory(memory)) throw new Error("no memory")
        const { maximum, minimum } = declared[i] ?? { minimum: 0, maximum: 0 }
        const limit = Math.min(limits[i] ?? 0, maximum ?? 65_536)
        memory.grow(limit - minimum)
        expect(memory.buffer.byteLength).toBe(limit * 65_536)
        expect(() => memory.grow(1)).toThrow(RangeError)
      }
    }
  }, 60_000)

  it("gives a valid module for every valid one, or refuses it", async () => {
    const bytes = await assemble(
      `(module (import "a" "m" (memory 1 2)) (memory 1) (memory 2 9) (func (drop (i32.const 1))))`
    )
    const next = random(11)
    let valid = 0
    for (let run = 0; run < 20_000; run++) {
      const mutant = mutate(bytes, next)
      if (!WebAssembly.validate(Uint8Array.from(mutant))) continue
      valid++
      try {
        const { defined } = CoreModule.memories(mutant)
        const limited = CoreModule.limitMemories(mutant, defined.map((one) => Math.max(16, one.minimum)))
        expect(WebAssembly.validate(Uint8Array.from(limited))).toBe(true)
      } catch (error) {
        if (!(error instanceof DecodeError) || error.reason === "Malformed") throw error
      }
    }
    expect(valid).toBeGreaterThan(100)
  })
})

describe("limitTables", () => {
  it("stops table.grow at the limit and keeps types and initial values", async () => {
    const bytes = await assemble(
      `(module (import "a" "t" (table 3 externref)) (memory 1) (table (export "0") 1 funcref)
        (table (export "1") 2 300 externref) (table (export "2") 2 funcref (ref.func $f)) (func $f)
        (elem (table 1) (i32.const 0) func $f))`
    )
    const limited = CoreModule.limitTables(bytes, [200, 200, 2])
    expect(CoreModule.tables(limited).defined.map((one) => one.maximum)).toEqual([200, 200, 2])
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(limited)), {
      a: { t: new WebAssembly.Table({ element: "externref", initial: 3 }) }
    })
    for (const [index, limit] of [200, 200, 2].entries()) {
      const table = exports[index]
      if (!(table instanceof WebAssembly.Table)) throw new Error("no table")
      table.grow(limit - table.length)
      expect(() => table.grow(1)).toThrow(RangeError)
    }
    expect((exports["2"] as WebAssembly.Table).get(1)).toBeTypeOf("function")
  })

  it("refuses a table that starts above its maximum", async () => {
    const bytes = await assemble(`(module (table 1 funcref) (table 8 funcref))`)
    expect(failure(() => CoreModule.limitTables(bytes, [1, 7]))).toMatchObject({
      reason: "TooLarge",
      message: "table 1 starts with 8 elements, at most 7 are allowed"
    })
    expect(() => CoreModule.limitTables(bytes, [1])).toThrow(RangeError)
    expect(CoreModule.limitTables(bytes.subarray(0, 8), [])).toEqual(bytes.subarray(0, 8))
  })
})
