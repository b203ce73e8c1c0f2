/**
 * Writes code that leaves a value of some type, drawn at random.
 */
import type { Op } from "../checker/opcodes.ts"
import { op, ops } from "../checker/opcodes.ts"
import type { Bytes } from "./encode.ts"
import { float32, float64, opcode, signed, unsigned } from "./encode.ts"
import type { Random, Shape, Signature } from "./shape.ts"
import { pick, typeBytes } from "./shape.ts"

/** Instructions that compute, by the type of their only result. */
export const computing: ReadonlyMap<string, ReadonlyArray<Op>> = Map.groupBy(
  ops.filter(({ fixed, immediates, name, params, results }) =>
    fixed && results.length === 1 && params.length > 0 && !name.includes("relaxed") &&
    name !== "memory.grow" && (immediates !== "index")
  ),
  ({ results }) => results
)

const stopping = /^i(32|64)\.(div|rem|trunc_f)/
/** Bits of the NaN that these give are not fixed. */
const inexact = /^f(32|64)(x[24])?\.(add|sub|mul|div|min|max|ceil|floor|trunc|nearest|sqrt|demote|promote)/

const lanesOf = (name: string): number => {
  const bits = /^v128\.(?:load|store)(\d+)_lane/.exec(name)?.[1]
  return bits === undefined ? Number(/x(\d+)/.exec(name)?.[1] ?? 2) : 128 / Number(bits)
}

const one = (name: string): Bytes => opcode(op(name).code)

export class ValueWriter {
  protected readonly random: Random
  protected readonly shape: Shape
  protected readonly type: Signature
  protected readonly code: Array<number> = []
  /** Types of locals, parameters first; the last ones are for canonical NaNs and exceptions. */
  protected readonly locals: string
  protected readonly scratch: { readonly f: number; readonly d: number; readonly v: number; readonly E: number }
  /** What a branch to each label takes, the innermost last; undefined where none is written. */
  protected readonly labels: Array<string | undefined> = []
  protected room: number

  constructor(random: Random, shape: Shape, type: Signature) {
    this.random = random
    this.shape = shape
    this.type = type
    this.room = shape.long ? random(4_000) : 30 + random(120)
    const drawn = Array.from("ilfdvFXR", (letter) => letter.repeat(1 + random(2))).join("") +
      "i".repeat(shape.long ? 120 : 0)
    const first = type.params.length + drawn.length
    this.locals = `${type.params}${drawn}fdvE`
    this.scratch = { f: first, d: first + 1, v: first + 2, E: first + 3 }
  }

  protected flat(chosen: Op): void {
    for (const type of chosen.params) this.simple(type)
    this.op(chosen)
  }

  protected chance(of: number): boolean {
    return this.random(of) === 0
  }

  protected put(...parts: ReadonlyArray<Bytes>): void {
    for (const part of parts) for (const byte of part) this.code.push(byte)
  }

  protected byName(name: string, ...immediates: ReadonlyArray<Bytes>): void {
    this.put(one(name), ...immediates)
  }

  protected number(value: number): void {
    this.byName("i32.const", signed(BigInt(value | 0)))
  }

  protected index(name: string, ...indices: ReadonlyArray<number>): void {
    this.byName(name, ...indices.map(unsigned))
  }

  /** Opens a block; `taken` is what a branch to it takes. */
  protected open(name: string, params: string, results: string, taken: string | undefined): void {
    this.byName(name, this.blockType(params, results))
    this.labels.push(taken)
  }

  protected blockType(params: string, results: string): Bytes {
    if (params === "" && results.length < 2) return results === "" ? [0x40] : typeBytes(results)
    const index = this.shape.types.findIndex((type) => type.params === params && type.results === results)
    if (index === -1) throw new Error(`no type ${params} -> ${results}`)
    return signed(BigInt(index))
  }

  protected close(): void {
    this.labels.pop()
    this.byName("end")
  }

  /** Below the size of a memory, but once in a while. */
  protected address(): void {
    this.value("i", 2)
    if (this.chance(300)) return
    this.number(0xfff0)
    this.byName("i32.and")
  }

  /** An instruction whose operands are there, with its immediates. */
  protected op(found: Op): void {
    const { code, immediates, name } = found
    this.put(opcode(code))
    if (immediates === "memory" || immediates === "memoryLane") {
      const memory = this.random(this.shape.memories.length)
      this.put(memory === 0 ? [0] : [0x40, ...unsigned(memory)], unsigned(this.random(16)))
    }
    if (immediates === "lane" || immediates === "memoryLane") this.put([this.random(lanesOf(name))])
    if (immediates === "bytes16") this.put(Array.from({ length: 16 }, () => this.random(32)))
    if (inexact.test(name)) this.canonical(name)
  }

  /** Replaces each NaN by one. */
  protected canonical(name: string): void {
    const lanes = /x\d/.test(name)
    const single = name.startsWith("f32")
    const local = lanes ? this.scratch.v : single ? this.scratch.f : this.scratch.d
    const nan = single ? float32(Number.NaN) : float64(Number.NaN)
    this.index("local.tee", local)
    if (lanes) this.byName("v128.const", ...Array.from({ length: 16 / nan.length }, () => nan))
    else this.byName(single ? "f32.const" : "f64.const", nan)
    this.index("local.get", local)
    this.index("local.get", local)
    this.byName(lanes ? (single ? "f32x4.eq" : "f64x2.eq") : single ? "f32.eq" : "f64.eq")
    this.byName(lanes ? "v128.bitselect" : "select")
  }

  /** Pushes a value of a type. */
  protected value(type: string, depth: number): void {
    this.room--
    if (depth === 0 || this.room <= 0 || this.chance(4)) return this.simple(type)
    const choice = this.random(12)
    if (choice === 0) return this.selected(type, depth)
    if (choice === 1) return this.blockValue(type, depth)
    if (choice === 2 && this.teeLocal(type, depth)) return
    if (choice === 3 && this.callFor(type)) return
    const found = computing.get(type)
    if (found === undefined) return this.reference(type, depth)
    const chosen = type === "i" && this.chance(12) ? this.question() : pick(this.random, found)
    if (chosen === undefined) return
    this.compute(chosen, depth)
  }

  protected compute(chosen: Op, depth: number): void {
    const { immediates, name, params } = chosen
    if (stopping.test(name) && name.includes("trunc_f") && !this.chance(20)) return this.simple(chosen.results)
    const loads = immediates === "memory" || immediates === "memoryLane"
    for (const [index, type] of Array.from(params).entries()) {
      if (index === 0 && loads) this.address()
      else this.value(type, depth - 1)
    }
    if (/\.(div|rem)_/.test(name) && !this.chance(60)) {
      const wide = name.startsWith("i64")
      if (wide) this.byName("i64.const", [7])
      else this.number(7)
      this.byName(wide ? "i64.or" : "i32.or")
    }
    this.op(chosen)
  }

  /** Sizes and whether something is null. */
  protected question(): undefined {
    if (this.chance(3)) return void this.index("memory.size", this.random(this.shape.memories.length))
    if (this.chance(2)) return void this.index("table.size", this.random(this.shape.tables.length))
    this.value(pick(this.random, "FXR"), 1)
    this.byName("ref.is_null")
  }

  protected simple(type: string): void {
    const locals = Array.from(this.locals).flatMap((local, index) => local === type ? [index] : [])
    const globals = this.shape.globals.flatMap((global, index) => global.type === type && index > 1 ? [index] : [])
    if (locals.length > 0 && this.chance(2)) return this.index("local.get", pick(this.random, locals))
    if (globals.length > 0 && this.chance(3)) return this.index("global.get", pick(this.random, globals))
    return this.constant(type)
  }

  protected constant(type: string): void {
    const random = this.random
    const interesting = [0n, 1n, -1n, 0x7fff_ffffn, -0x8000_0000n, BigInt(random(1_000)), BigInt(random(2 ** 31))]
    const small = pick(random, interesting)
    const floats = [0, -0, 1, -1.5, Infinity, -Infinity, Number.NaN, random(1_000) / 7, 2 ** 40, 1e-40]
    switch (type) {
      case "i":
        return this.byName("i32.const", signed(small))
      case "l":
        return this.byName("i64.const", signed(this.chance(3) ? small << 31n : small))
      case "f":
        return this.byName("f32.const", float32(pick(random, floats)))
      case "d":
        return this.byName("f64.const", float64(pick(random, floats)))
      case "v":
        return this.byName("v128.const", Array.from({ length: 16 }, () => pick(random, [0, 0xff, 0x80, random(256)])))
      case "F":
        return this.byName("ref.null", [0x70])
      case "X":
        return this.byName("ref.null", [0x6f])
      case "E":
        return this.byName("ref.null", [0x69])
      default:
        if (this.chance(4)) return this.byName("ref.null", [0x00])
        return this.index("ref.func", this.ofTypeZero())
    }
  }

  protected ofTypeZero(): number {
    return pick(this.random, this.shape.functions.flatMap((type, index) => type === 0 ? [index] : []))
  }

  protected reference(type: string, depth: number): void {
    const table = this.shape.tables.findIndex((table) => table.type === type)
    if (type === "F" && this.chance(2)) return this.index("ref.func", this.random(this.shape.functions.length))
    if (table === -1 || this.chance(3)) return this.simple(type)
    this.entry(table, depth)
    this.index("table.get", table)
  }

  /** The number of an entry of a table. */
  protected entry(table: number, depth: number): void {
    this.value("i", depth - 1)
    if (this.chance(100)) return
    this.number((this.shape.tables[table]?.size ?? 2) - 1)
    this.byName("i32.rem_u")
  }

  protected selected(type: string, depth: number): void {
    this.value(type, depth - 1)
    this.value(type, depth - 1)
    this.value("i", depth - 1)
    if ("FXRE".includes(type) || this.chance(2)) this.byName("select_types", [1], typeBytes(type))
    else this.byName("select")
  }

  protected blockValue(type: string, depth: number): void {
    if ("FXR".includes(type) && this.chance(2)) {
      this.open("block", "", type, type)
      this.value(type, depth - 1)
      this.index("br_on_non_null", 0)
      this.constant(type)
      return this.close()
    }
    if (this.chance(2)) {
      this.open("block", "", type, type)
      this.value(type, depth - 1)
      this.value("i", depth - 1)
      this.index("br_if", 0)
      this.close()
      return
    }
    this.value("i", depth - 1)
    this.open("if", "", type, type)
    this.value(type, depth - 1)
    this.byName("else")
    this.value(type, depth - 1)
    this.close()
  }

  protected teeLocal(type: string, depth: number): boolean {
    const local = this.locals.indexOf(type)
    if (local === -1) return false
    this.value(type, depth - 1)
    this.index("local.tee", local)
    return true
  }

  protected callFor(type: string): boolean {
    const found = this.shape.functions.flatMap((index, func) => this.shape.types[index]?.results === type ? [func] : [])
    if (found.length === 0) return false
    this.call(pick(this.random, found))
    return true
  }

  /** Calls a function by its number, leaving its results. */
  protected call(func: number): void {
    this.params(this.shape.functions[func] ?? 0)
    this.index("call", func)
  }

  protected params(type: number): Signature {
    const signature = this.shape.types[type] ?? { params: "", results: "" }
    for (const param of signature.params) this.value(param, 1)
    return signature
  }
}
