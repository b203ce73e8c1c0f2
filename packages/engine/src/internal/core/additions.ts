/**
 * What the meter appends to a module: types, globals, the table of hooks, and
 * the functions through which metered code charges what it cannot know before.
 */
import type { CostTable } from "../../CostTable.ts"
import { Fc } from "./opcodes.ts"
import type { Scan } from "./scan.ts"
import { positive, u32 } from "./sink.ts"
import { maxPages } from "./types.ts"

type Code = ReadonlyArray<number>

export interface AddedFunction {
  readonly type: number
  readonly body: Code
}

const i32 = 0x7f
const nothing = 0x40

const code = (...parts: ReadonlyArray<number | Code>): Code => parts.flat()
const get = (local: number): Code => [0x20, local]
const set = (local: number): Code => [0x21, local]
const constant = (value: number): Code => [0x41, ...positive(value)]
const negative: Code = [0x41, 0x00, 0x48]

/** Bytes that one instruction moves at most: a larger operation is done in parts. */
const part = 1 << 18
/** The most elements that V8 has in a table. */
const maxElements = 10_000_000

export class Additions {
  readonly types: Array<Code> = []
  readonly functions: Array<AddedFunction> = []
  /** Indices of the appended globals. */
  readonly fuel: number
  readonly stack: number
  readonly id: number
  readonly hooks: number
  /** Indices of the functions that every metered module has. */
  readonly setFuel: number
  readonly getFuel: number
  readonly init: number
  /** () -> (): called when the fuel is negative. */
  readonly refill: number
  /** (left) -> left, the same for a counter in a local. */
  readonly refillLocal: number
  /** () -> (): called at the entry of a function when the fuel or the stack is negative. */
  readonly enter: number
  /** (left) -> left, the same for a counter in a local. */
  readonly enterLocal: number
  /** (level): an exception was caught by a function whose stack level this is. */
  readonly landed: number
  readonly #scan: Scan
  readonly #costs: CostTable
  readonly #known = new Map<number, number>()
  readonly #knownTypes = new Map<string, number>()

  constructor(scan: Scan, costs: CostTable) {
    this.#scan = scan
    this.#costs = costs
    this.fuel = scan.globals
    this.stack = scan.globals + 1
    this.id = scan.globals + 2
    this.hooks = scan.tables.length
    const fuel = this.#get(this.fuel)
    const setFuel = this.#set(this.fuel)
    const stack = this.#get(this.stack)
    const setStack = this.#set(this.stack)
    this.setFuel = this.#add([i32], [], [get(0), setFuel])
    this.getFuel = this.#add([], [i32], [fuel])
    this.init = this.#add([i32, i32], [], [get(0), this.#set(this.id), get(1), setStack])
    this.refill = this.#add([], [], [
      code(this.#get(this.id), constant(0), fuel, 0x6b, this.#hook([i32, i32], 0), fuel, 0x6a, setFuel),
      code(fuel, negative, 0x04, nothing, 0x00, 0x0b)
    ])
    this.refillLocal = this.#add([i32], [i32], [get(0), setFuel, this.#call(this.refill), fuel])
    this.enter = this.#add([], [], [
      code(stack, negative, 0x04, nothing, this.#ask(2, code(constant(0), stack, 0x6b)), 0x00, 0x0b),
      code(fuel, negative, 0x04, nothing, this.#call(this.refill), 0x0b)
    ])
    this.enterLocal = this.#add([i32], [i32], [get(0), setFuel, this.#call(this.enter), fuel])
    this.landed = this.#add([i32], [], [
      this.#spend(code(get(0), stack, 0x6b, constant(costs.unwindShift), 0x76)),
      code(get(0), setStack)
    ])
  }

  /** The index of a function type, given as it is written, that is appended once. */
  type(bytes: Code): number {
    const key = bytes.join()
    const known = this.#knownTypes.get(key)
    if (known !== undefined) return known
    const index = this.#scan.types.length + this.types.push(bytes) - 1
    this.#knownTypes.set(key, index)
    return index
  }

  /** (pages) -> previous pages, or -1. */
  memoryGrow(memory: number): number {
    return this.#once(0x40, memory, 0, () =>
      this.#add([i32], [i32], [
        refuse(0, maxPages),
        code(this.#ask(0, get(0)), 0x45, 0x04, nothing, fail, 0x0b),
        this.#spend(code(get(0), constant(this.#costs.page), 0x6c, constant(this.#costs.grow), 0x6a)),
        code(get(0), 0x40, u32(memory))
      ]))
  }

  /** (value, elements) -> previous elements, or -1. */
  tableGrow(table: number): number {
    return this.#once(Fc.tableGrow, table, 0, () => {
      const element = this.#scan.tables[table]?.element ?? []
      const all = code(0xfc, Fc.tableSize, u32(table), get(1), 0x6a)
      return this.#addTyped(this.type([0x60, 2, ...element, i32, 1, i32]), [
        refuse(1, maxElements),
        code(this.#ask(1, get(1)), 0x45, 0x04, nothing, fail, 0x0b),
        this.#spend(code(all, constant(this.#costs.element), 0x6c, constant(this.#costs.grow), 0x6a)),
        code(get(0), get(1), 0xfc, Fc.tableGrow, u32(table))
      ])
    })
  }

  /** (elements) -> elements: charges an operation on a table, unless it will trap. */
  tableCharge(table: number): number {
    return this.#once(Fc.tableSize, table, 0, () =>
      this.#add([i32], [i32], [
        code(get(0), 0xfc, Fc.tableSize, u32(table), 0x4d, 0x04, nothing),
        this.#spend(code(get(0), constant(this.#costs.element), 0x6c)),
        code(0x0b, get(0))
      ]))
  }

  /** (to, value, size). */
  memoryFill(memory: number): number {
    return this.#once(Fc.memoryFill, memory, 0, () => {
      const operation = code(0xfc, Fc.memoryFill, u32(memory))
      const one = code(get(0), get(1), constant(part), operation, advance(0), shrink)
      return this.#inParts([this.#past(0, memory)], operation, one)
    })
  }

  /** (to, from, size). */
  memoryCopy(to: number, from: number): number {
    return this.#once(Fc.memoryCopy, to, from, () => {
      const operation = code(0xfc, Fc.memoryCopy, u32(to), u32(from))
      const last = (start: number): Code => code(get(start), get(2), 0x6a)
      const forward = code(get(0), get(1), constant(part), operation, advance(0), advance(1), shrink)
      const backward = code(shrink, last(0), last(1), constant(part), operation)
      const upward = code(get(0), get(1), 0x4d)
      const one = to === from ? code(upward, 0x04, nothing, forward, 0x05, backward, 0x0b) : forward
      return this.#inParts([this.#past(0, to), this.#past(1, from)], operation, one)
    })
  }

  /** (to, from, size). */
  memoryInit(segment: number, memory: number): number {
    return this.#once(Fc.memoryInit, segment, memory, () => {
      const operation = code(0xfc, Fc.memoryInit, u32(segment), u32(memory))
      const past = code(endOf(1), 0x42, positive(this.#scan.segmentSize(segment)), 0x56)
      const one = code(get(0), get(1), constant(part), operation, advance(0), advance(1), shrink)
      return this.#inParts([past, this.#past(0, memory)], operation, one)
    })
  }

  /** Whether what starts at the address in a local ends past the end of a memory. */
  #past(start: number, memory: number): Code {
    return code(endOf(start), 0x3f, u32(memory), 0xad, 0x42, 16, 0x86, 0x56)
  }

  /**
   * An operation of three operands, the last of them its size. What is out of
   * bounds traps before anything is charged or written; the rest is done in
   * parts, each charged before it.
   */
  #inParts(outside: ReadonlyArray<Code>, operation: Code, one: Code): number {
    const whole = code(get(0), get(1), get(2), operation)
    const large = code(get(2), constant(part), 0x4b)
    const { memoryShift } = this.#costs
    return this.#add([i32, i32, i32], [], [
      code(large, 0x04, nothing),
      ...outside.map((test) => code(test, 0x04, nothing, whole, 0x00, 0x0b)),
      code(0x03, nothing, this.#spend(constant(part >> memoryShift))),
      one,
      code(large, 0x0d, 0, 0x0b, 0x0b),
      this.#spend(code(get(2), constant(memoryShift), 0x76)),
      whole
    ])
  }

  /** Charges an amount below 1,500,000,000, so that the counter cannot wrap around, and refills if the fuel is spent. */
  #spend(amount: Code): Code {
    const fuel = this.#get(this.fuel)
    return code(
      code(fuel, amount, 0x6b, this.#set(this.fuel)),
      code(fuel, negative, 0x04, nothing, this.#call(this.refill), 0x0b)
    )
  }

  /** Asks or tells the host: i32. */
  #ask(kind: number, amount: Code): Code {
    return code(this.#get(this.id), constant(kind), amount, this.#hook([i32, i32, i32], 1))
  }

  #hook(params: Code, entry: number): Code {
    return code(constant(entry), 0x11, u32(this.#typeOf(params, [i32])), u32(this.hooks))
  }

  #get(global: number): Code {
    return [0x23, ...u32(global)]
  }

  #set(global: number): Code {
    return [0x24, ...u32(global)]
  }

  #call(index: number): Code {
    return [0x10, ...u32(index)]
  }

  #typeOf(params: Code, results: Code): number {
    return this.type(code(0x60, u32(params.length), params, u32(results.length), results))
  }

  #add(params: Code, results: Code, lines: ReadonlyArray<Code>): number {
    return this.#addTyped(this.#typeOf(params, results), lines)
  }

  #addTyped(type: number, lines: ReadonlyArray<Code>): number {
    this.functions.push({ type, body: [0, ...lines.flat(), 0x0b] })
    return this.#scan.functions.length + this.functions.length - 1
  }

  /** By the code of an operation and its indices, which are below 2^20. */
  #once(operation: number, first: number, second: number, make: () => number): number {
    const key = operation + (first + second * 0x10_0000) * 0x80
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const index = make()
    this.#known.set(key, index)
    return index
  }
}

/** Gives -1, as growth does that fails. */
const fail: Code = [0x41, 0x7f, 0x0f]
/** Fails for what no platform grows by, before its price is worked out. */
const refuse = (local: number, most: number): Code => code(get(local), constant(most), 0x4b, 0x04, nothing, fail, 0x0b)
const advance = (local: number): Code => code(get(local), constant(part), 0x6a, set(local))
const shrink: Code = code(get(2), constant(part), 0x6b, set(2))
/** The end of what starts at the address in a local and has the size in local 2: i64. */
const endOf = (start: number): Code => code(get(start), 0xad, get(2), 0xad, 0x7c)
