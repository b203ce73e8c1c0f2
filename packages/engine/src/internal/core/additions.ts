/**
 * What the meter appends to a module: types, globals, the table of hooks, and
 * the functions through which metered code charges what it cannot know before.
 */
import type { CostTable } from "../../CostTable.ts"
import { Fc } from "./opcodes.ts"
import type { Scan } from "./scan.ts"
import { positive, u32 } from "./sink.ts"

type Code = ReadonlyArray<number>

export interface AddedFunction {
  readonly type: number
  readonly body: Code
}

const i32 = 0x7f
const nothing = 0x40

const get = (local: number): Code => [0x20, local]
const set = (local: number): Code => [0x21, local]
const constant = (value: number): Code => [0x41, ...positive(value)]

/** Bytes that one instruction moves at most: a larger operation is done in parts. */
const chunk = 1 << 20

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
  /** (needed): never returns. */
  readonly overflow: number
  /** (level): an exception was caught by a function whose stack level this is. */
  readonly landed: number
  readonly #scan: Scan
  readonly #costs: CostTable
  readonly #known = new Map<string, number>()

  constructor(scan: Scan, costs: CostTable) {
    this.#scan = scan
    this.#costs = costs
    this.fuel = scan.globals
    this.stack = scan.globals + 1
    this.id = scan.globals + 2
    this.hooks = scan.tables.length
    const fuel = u32(this.fuel)
    const stack = u32(this.stack)
    const refillType = this.type([i32, i32], [i32])
    const askType = this.type([i32, i32, i32], [i32])
    const id: Code = [0x23, ...u32(this.id)]
    const hook = (type: number, entry: number): Code => [...constant(entry), 0x11, ...u32(type), ...u32(this.hooks)]
    this.setFuel = this.#add([i32], [], [...get(0), 0x24, ...fuel])
    this.getFuel = this.#add([], [i32], [0x23, ...fuel])
    this.init = this.#add([i32, i32], [], [...get(0), 0x24, ...u32(this.id), ...get(1), 0x24, ...stack])
    this.refill = this.#add([], [], [
      ...[...id, ...constant(0), 0x23, ...fuel, 0x6b, ...hook(refillType, 0)],
      ...[0x23, ...fuel, 0x6a, 0x24, ...fuel],
      ...[0x23, ...fuel, ...constant(0), 0x48, 0x04, nothing, 0x00, 0x0b]
    ])
    this.refillLocal = this.#add([i32], [i32], [
      ...[...get(0), 0x24, ...fuel, 0x10, ...u32(this.refill), 0x23, ...fuel]
    ])
    this.overflow = this.#add([i32], [], [...id, ...constant(2), ...get(0), ...hook(askType, 1), 0x00])
    this.landed = this.#add([i32], [], [
      ...this.#spend([...get(0), 0x23, ...stack, 0x6b, ...constant(costs.unwindShift), 0x76]),
      ...[...get(0), 0x24, ...stack]
    ])
    this.#ask = (kind, amount) => [...id, ...constant(kind), ...amount, ...hook(askType, 1)]
  }

  /** Asks the host whether a memory or table may grow: i32. */
  readonly #ask: (kind: number, amount: Code) => Code

  /** The index of a function type that is appended once. */
  type(params: Code, results: Code): number {
    return this.rawType([0x60, ...u32(params.length), ...params, ...u32(results.length), ...results])
  }

  /** The index of a function type, given as it is written. */
  rawType(bytes: Code): number {
    return this.#once(`type ${bytes.join()}`, () => this.#scan.types.length + this.types.push(bytes) - 1)
  }

  #add(params: Code, results: Code, code: Code, locals: Code = [0]): number {
    return this.#addTyped(this.type(params, results), code, locals)
  }

  #addTyped(type: number, code: Code, locals: Code = [0]): number {
    this.functions.push({ type, body: [...locals, ...code, 0x0b] })
    return this.#scan.functions.length + this.functions.length - 1
  }

  #once(key: string, make: () => number): number {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const index = make()
    this.#known.set(key, index)
    return index
  }

  /** Charges an amount below 2^30 and refills if the fuel is spent. */
  #spend(amount: Code): Code {
    const fuel = u32(this.fuel)
    return [
      ...[0x23, ...fuel, ...amount, 0x6b, 0x24, ...fuel],
      ...[0x23, ...fuel, ...constant(0), 0x48, 0x04, nothing, 0x10, ...u32(this.refill), 0x0b]
    ]
  }

  /** (pages) -> previous pages, or -1. */
  memoryGrow(memory: number): number {
    return this.#once(`memory.grow ${memory}`, () =>
      this.#add([i32], [i32], [
        ...[...this.#ask(0, get(0)), 0x45, 0x04, nothing, 0x41, 0x7f, 0x0f, 0x0b],
        ...this.#spend([...get(0), ...constant(this.#costs.page), 0x6c]),
        ...[...get(0), 0x40, ...u32(memory)]
      ]))
  }

  /** (value, elements) -> previous elements, or -1. */
  tableGrow(table: number): number {
    const element = this.#scan.tables[table]?.element ?? []
    return this.#once(`table.grow ${table}`, () =>
      this.#addTyped(this.rawType([0x60, 2, ...element, i32, 1, i32]), [
        ...[...this.#ask(1, get(1)), 0x45, 0x04, nothing, 0x41, 0x7f, 0x0f, 0x0b],
        ...this.#spend([0xfc, Fc.tableSize, ...u32(table), ...get(1), 0x6a, ...constant(this.#costs.element), 0x6c]),
        ...[...get(0), ...get(1), 0xfc, Fc.tableGrow, ...u32(table)]
      ]))
  }

  /** (elements) -> elements: charges an operation on a table, unless it will trap. */
  tableCharge(table: number): number {
    return this.#once(`table ${table}`, () =>
      this.#add([i32], [i32], [
        ...[...get(0), 0xfc, Fc.tableSize, ...u32(table), 0x4d, 0x04, nothing],
        ...this.#spend([...get(0), ...constant(this.#costs.element), 0x6c]),
        ...[0x0b, ...get(0)]
      ]))
  }

  /** (to, value, size). */
  memoryFill(memory: number): number {
    const operation: Code = [0xfc, Fc.memoryFill, ...u32(memory)]
    return this.#once(`memory.fill ${memory}`, () =>
      this.#inParts([this.#past(0, memory)], operation, [
        ...[...get(0), ...get(1), ...constant(chunk), ...operation],
        ...this.#advance(0),
        ...this.#shrink
      ]))
  }

  /** (to, from, size). */
  memoryCopy(to: number, from: number): number {
    const operation: Code = [0xfc, Fc.memoryCopy, ...u32(to), ...u32(from)]
    const last = (start: number): Code => [...get(start), ...get(2), 0x6a]
    const part: Code = [...get(0), ...get(1), ...constant(chunk), ...operation]
    const forward: Code = [...part, ...this.#advance(0), ...this.#advance(1), ...this.#shrink]
    const backward: Code = [...this.#shrink, ...last(0), ...last(1), ...constant(chunk), ...operation]
    const upward: Code = [...get(0), ...get(1), 0x4d]
    const parts = to === from ? [...upward, 0x04, nothing, ...forward, 0x05, ...backward, 0x0b] : forward
    return this.#once(
      `memory.copy ${to} ${from}`,
      () => this.#inParts([this.#past(0, to), this.#past(1, from)], operation, parts)
    )
  }

  /** (to, from, size). */
  memoryInit(segment: number, memory: number): number {
    const operation: Code = [0xfc, Fc.memoryInit, ...u32(segment), ...u32(memory)]
    const end: Code = [...this.#end(1), 0x42, ...positive(this.#scan.segmentSize(segment)), 0x56]
    return this.#once(`memory.init ${segment} ${memory}`, () =>
      this.#inParts([end, this.#past(0, memory)], operation, [
        ...[...get(0), ...get(1), ...constant(chunk), ...operation],
        ...this.#advance(0),
        ...this.#advance(1),
        ...this.#shrink
      ]))
  }

  readonly #shrink: Code = [...get(2), ...constant(chunk), 0x6b, ...set(2)]

  #advance(local: number): Code {
    return [...get(local), ...constant(chunk), 0x6a, ...set(local)]
  }

  /** The end of what starts at the address in a local: i64. */
  #end(start: number): Code {
    return [...get(start), 0xad, ...get(2), 0xad, 0x7c]
  }

  /** Whether that end is past the end of a memory. */
  #past(start: number, memory: number): Code {
    return [...this.#end(start), 0x3f, ...u32(memory), 0xad, 0x42, 16, 0x86, 0x56]
  }

  /**
   * An operation of three operands, the last of them its size. What is out of
   * bounds traps before anything is charged or written; the rest is done in
   * parts, each charged before it.
   */
  #inParts(outside: ReadonlyArray<Code>, operation: Code, part: Code): number {
    const whole: Code = [...get(0), ...get(1), ...get(2), ...operation]
    const large: Code = [...get(2), ...constant(chunk), 0x4b]
    const trap = outside.flatMap((test) => [...test, 0x04, nothing, ...whole, 0x00, 0x0b])
    const { memoryShift } = this.#costs
    return this.#add([i32, i32, i32], [], [
      ...large,
      ...[0x04, nothing, ...trap, 0x03, nothing],
      ...this.#spend(constant(chunk >> memoryShift)),
      ...part,
      ...large,
      ...[0x0d, 0, 0x0b, 0x0b],
      ...this.#spend([...get(2), ...constant(memoryShift), 0x76]),
      ...whole
    ])
  }
}
