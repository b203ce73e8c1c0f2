import { describe, expect, it } from "vitest"
import { category, failure, parts, run } from "./support/guests.ts"

const echo = (encoding: "utf8" | "utf16" | "latin1+utf16") =>
  run(parts({
    encoding,
    core: `(func (export "echo") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16))
      (func (export "units") (param i32 i32) (result i32) (local.get 1))`,
    exports: { echo: `(param "s" string) (result string)`, units: `(param "s" string) (result u32)` }
  }))

/** An instance whose export `get` gives a string of these bytes, `units` long. */
const giving = (encoding: "utf8" | "utf16" | "latin1+utf16", bytes: ReadonlyArray<number>, units: number, at = 64) => {
  const data = bytes.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("")
  return run(parts({
    encoding,
    core: `(data (i32.const ${at}) "${data}")
      (func (export "get") (result i32)
        (i32.store (i32.const 16) (i32.const ${at})) (i32.store (i32.const 20) (i32.const ${units})) (i32.const 16))`,
    exports: { get: `(result string)` }
  }))
}

const lift = async (...args: Parameters<typeof giving>) => {
  const instance = await giving(...args)
  return instance.func(undefined, "get").callSync([])
}

const texts: ReadonlyArray<string> = [
  "",
  "a",
  "ascii of more than twenty-four characters",
  "\u0000",
  "é",
  "ÿ and ascii",
  "ascii, then \u{1F980}",
  "\u{1F980}".repeat(40),
  "€".repeat(30),
  "\ufeffa mark at the start",
  "\ufeff",
  "\ud7ff\ue000\uffff\u{10000}\u{10ffff}",
  "x".repeat(64) + "é",
  "x".repeat(65) + "é" + "y".repeat(300),
  "x".repeat(5_000),
  "é".repeat(5_000),
  "ж".repeat(300),
  "aж".repeat(5_000)
]

describe("strings", () => {
  for (const encoding of ["utf8", "utf16", "latin1+utf16"] as const) {
    it(`come back from a guest as they went in, in ${encoding}`, async () => {
      const call = (await echo(encoding)).func(undefined, "echo")
      for (const text of texts) expect(call.callSync([text])).toBe(text)
    })

    it(`are refused in ${encoding} where a surrogate stands alone, and the guest goes on`, async () => {
      const instance = await echo(encoding)
      const call = instance.func(undefined, "echo")
      for (const text of ["\ud800", "a\udc00", "\udc00\ud800", "x".repeat(100) + "\udbff", "\ud800".repeat(70)]) {
        expect(await failure(() => call.callSync([text]))).toMatchObject({ reason: "BadArgument" })
      }
      expect(call.callSync(["well-formed"])).toBe("well-formed")
    })

    it(`are addresses within the memory in ${encoding}`, async () => {
      for (
        const [at, units] of [[65_530, 7], [65_536, 1], [64, 65_536], [64, 0x7fff_ffff], [64, 0xffff_ffff]] as const
      ) {
        const instance = await run(parts({
          encoding,
          core: `(func (export "get") (result i32)
            (i32.store (i32.const 16) (i32.const ${at})) (i32.store (i32.const 20) (i32.const ${units})) (i32.const 16))`,
          exports: { get: `(result string)` }
        }))
        expect(await category(() => instance.func(undefined, "get").callSync([]))).toBe("MemoryOutOfBounds")
        expect(instance.isPoisoned).toBe(true)
      }
    })
  }

  it("are given to guests with their length in code units of the encoding", async () => {
    const units = async (encoding: "utf8" | "utf16" | "latin1+utf16", text: string) =>
      (await echo(encoding)).func(undefined, "units").callSync([text])
    expect(await units("utf8", "aé€\u{1F980}")).toBe(10)
    expect(await units("utf16", "aé€\u{1F980}")).toBe(5)
    expect(await units("latin1+utf16", "aé")).toBe(2)
    expect(await units("latin1+utf16", "aé€")).toBe(0x8000_0003)
  })

  it("are strict UTF-8 on the way out", async () => {
    const illFormed: ReadonlyArray<readonly [name: string, bytes: ReadonlyArray<number>]> = [
      ["a continuation alone", [0x80]],
      ["a lead alone", [0xc3]],
      ["a lead and ASCII", [0xc3, 0x41]],
      ["overlong of two bytes", [0xc0, 0x80]],
      ["overlong of three bytes", [0xe0, 0x80, 0x80]],
      ["overlong of four bytes", [0xf0, 0x80, 0x80, 0x80]],
      ["a surrogate", [0xed, 0xa0, 0x80]],
      ["past the last code point", [0xf4, 0x90, 0x80, 0x80]],
      ["five bytes", [0xf8, 0x88, 0x80, 0x80, 0x80]],
      ["0xff", [0xff]],
      ["cut off after three of four", [0xf0, 0x9f, 0xa6]],
      ["after much ASCII", [...new Array<number>(60).fill(0x41), 0xc3]]
    ]
    const outcomes = illFormed.map(async (
      [name, bytes]
    ) => [name, await category(() => lift("utf8", bytes, bytes.length))])
    expect(await Promise.all(outcomes)).toEqual(illFormed.map(([name]) => [name, "InvalidValue"]))
    expect(await lift("utf8", [0xef, 0xbb, 0xbf, 0x61], 4)).toBe("\ufeffa")
  })

  it("are strict UTF-16 on the way out", async () => {
    expect(await category(() => lift("utf16", [0x00, 0xd8], 1))).toBe("InvalidValue")
    expect(await category(() => lift("utf16", [0x00, 0xdc, 0x00, 0xd8], 2))).toBe("InvalidValue")
    expect(await category(() => lift("utf16", [0x00, 0xd8, 0x41, 0x00], 2))).toBe("InvalidValue")
    expect(await category(() => lift("utf16", [0x41, 0x00], 1, 65))).toBe("InvalidValue")
    expect(await lift("utf16", [0xff, 0xfe, 0x41, 0x00], 2)).toBe("\ufeffA")
    expect(await lift("utf16", [0x00, 0xd8, 0x00, 0xdc], 2)).toBe("\u{10000}")
  })

  it("are latin1, or strict UTF-16 behind the high bit, in the encoding of both", async () => {
    expect(await lift("latin1+utf16", [0x41, 0xe9, 0x80, 0xff], 4)).toBe("Aé\u0080ÿ")
    expect(await lift("latin1+utf16", [0xac, 0x20], 0x8000_0001)).toBe("€")
    expect(await category(() => lift("latin1+utf16", [0x00, 0xd8], 0x8000_0001))).toBe("InvalidValue")
    expect(await category(() => lift("latin1+utf16", [0x41], 1, 65))).toBe("InvalidValue")
    expect(await category(() => lift("latin1+utf16", [], 0xffff_ffff))).toBe("MemoryOutOfBounds")
  })

  it("are charged twice their units against what one call may take out", async () => {
    const getting = (units: number) =>
      run(
        parts({
          pages: 2,
          core: `(func (export "get") (result i32)
            (memory.fill (i32.const 64) (i32.const 65) (i32.const ${units}))
            (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const ${units})) (i32.const 16))`,
          exports: { get: `(result string)` }
        }),
        { limits: { lift: 20_000 } }
      )
    const small = await getting(9_900)
    expect(small.func(undefined, "get").callSync([])).toHaveLength(9_900)
    expect(small.func(undefined, "get").callSync([])).toHaveLength(9_900)
    const large = await getting(10_001)
    expect(await category(() => large.func(undefined, "get").callSync([]))).toBe("InvalidValue")
  })
})

describe("realloc", () => {
  const through = (realloc: string, type = "string", encoding: "utf8" | "utf16" = "utf8") =>
    run(parts({
      encoding,
      realloc,
      libc: `(global $count (export "count") (mut i32) (i32.const 0))`,
      core: `(func (export "f") (param i32 i32) (result i32) (local.get 1))`,
      exports: { f: `(param "s" ${type}) (result u32)` }
    }))

  it("is called for every string, the empty one too", async () => {
    const instance = await through("unreachable")
    expect(await category(() => instance.func(undefined, "f").callSync([""]))).toBe("Unreachable")
  })

  it("stops the guest that gives an address past the memory, or one that wraps around", async () => {
    for (const address of ["65533", "65536", "-1", "-2147483648"]) {
      const instance = await through(`(i32.const ${address})`)
      expect(await category(() => instance.func(undefined, "f").callSync(["text"]))).toBe("MemoryOutOfBounds")
      expect(instance.isPoisoned).toBe(true)
    }
    const last = await through("(i32.const 65532)")
    expect(last.func(undefined, "f").callSync(["text"])).toBe(4)
  })

  it("stops the guest that gives a misaligned address", async () => {
    for (
      const [type, address, value] of [["(list u32)", 66, [1]], ["(list u64)", 68, [1n]], ["(list f32)", 65, [
        1
      ]]] as const
    ) {
      const instance = await through(`(i32.const ${address})`, type)
      expect(await category(() => instance.func(undefined, "f").callSync([value]))).toBe("InvalidValue")
    }
    const wide = await through("(i32.const 65)", "string", "utf16")
    expect(await category(() => wide.func(undefined, "f").callSync(["text"]))).toBe("InvalidValue")
  })

  it("may grow the memory while values are copied", async () => {
    const instance = await run(parts({
      realloc: `(local $at i32) (local.set $at (i32.mul (memory.size) (i32.const 65536)))
        (drop (memory.grow (i32.const 1))) (local.get $at)`,
      core: `(func (export "f") (param i32 i32) (result i32) (local $i i32) (local $sum i32)
        (loop $all
          (local.set $sum (i32.add (local.get $sum) (i32.load (i32.add (local.get 0) (i32.const 4)))))
          (local.set $sum (i32.add (local.get $sum) (i32.load8_u (i32.load (local.get 0)))))
          (local.set 0 (i32.add (local.get 0) (i32.const 8)))
          (br_if $all (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
        (local.get $sum))`,
      exports: { f: `(param "s" (list string)) (result u32)` }
    }))
    expect(instance.func(undefined, "f").callSync([["\u0001", "\u0002x", "\u0003é"]])).toBe(1 + 1 + 2 + 2 + 3 + 3)
  })

  it("cannot leave the component", async () => {
    const instance = await run(
      `(component
      (import "note" (func $note))
      (core func $note' (canon lower (func $note)))
      (core module $M (import "h" "note" (func $note))
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
          (block $caught (try_table (catch_all $caught) (call $note))) (i32.const 64))
        (func (export "f") (param i32 i32)))
      (core instance $i (instantiate $M (with "h" (instance (export "note" (func $note'))))))
      (func (export "f") (param "s" string)
        (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))`,
      {
        imports: {
          note: () => {
            throw new Error("was called")
          }
        }
      }
    )
    expect(await category(() => instance.func(undefined, "f").callSync(["text"]))).toBe("InvalidCall")
    expect(await category(() => instance.func(undefined, "f").callSync(["text"]))).toMatchObject({ reason: "Poisoned" })
  })

  it("that throws an exception stops the guest, which cannot catch it", async () => {
    let notes = 0
    const instance = await run(
      parts({
        imports: { text: ["(result string)", "(param i32)"], note: ["", ""] },
        libc: "(tag $thrown)",
        realloc: "(throw $thrown)",
        core: `(func (export "f") (result i32)
          (block $caught (try_table (catch_all $caught) (call $text (i32.const 16)))) (call $note) (i32.const 7))`,
        exports: { f: "(result u32)" }
      }),
      {
        imports: {
          text: () => "text",
          note: () => {
            notes++
          }
        }
      }
    )
    expect(await category(() => instance.func(undefined, "f").callSync([]))).toBe("UncaughtException")
    expect(notes).toBe(0)
    expect(instance.isPoisoned).toBe(true)
  })
})
