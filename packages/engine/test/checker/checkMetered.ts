/**
 * Proves that a metered module is the original one with accounts: nothing of
 * the original is changed or has another number, no path does more than it has
 * paid for, every cycle and call meets a check, and stack is given back.
 */
import type { CostTable } from "../../src/CostTable.ts"
import type { Metered } from "../../src/internal/core/meter.ts"
import { align } from "./align.ts"
import type { Body, Instruction, Range } from "./coreModule.ts"
import { CoreModule, localCount, Section } from "./coreModule.ts"
import { follow } from "./flow.ts"
import type { Helper, Places } from "./helpers.ts"
import { prove } from "./helpers.ts"
import { Code, fc, fd } from "./opcodes.ts"

export interface Report {
  /** What does not hold, at most a few dozen. */
  readonly problems: ReadonlyArray<string>
  readonly functions: number
  readonly instructions: number
  /** Inserted code of the bodies that hold. */
  readonly pieces: ReadonlyArray<Range>
  /** Of the function where it is most: fuel paid unchecked after its last call, for each byte of its frame. */
  readonly tail: { readonly fuel: number; readonly frame: number; readonly func: number }
}

/** Fuel that may pass without a check on a path of one function. */
const unchecked = 50_000
/** Fuel that may pass without a check after the last call of a function, for each byte of its frame. */
const unwound = 8
/** Bytes that the frame of a function may have that does not count them. */
const uncounted = 1_024 + 512
const enough = 30

export const checkMetered = (
  original: Uint8Array,
  metered: Pick<Metered, "bytes" | "names">,
  costs: CostTable
): Report => new Check(original, metered, costs).run()

class Check {
  readonly #original: CoreModule
  readonly #metered: CoreModule
  readonly #names: Metered["names"]
  readonly #costs: CostTable
  readonly #problems: Array<string> = []
  readonly #helpers = new Map<number, Helper>()
  /** Price of each function that its callers pay for. */
  readonly #leaves = new Map<number, number>()
  #places: Places = { fuel: -1, stack: -1, id: -1, hooks: -1 }
  readonly #pieces: Array<Range> = []
  #instructions = 0
  #tail = { fuel: 0, frame: 1, func: -1 }

  constructor(original: Uint8Array, { bytes, names }: Pick<Metered, "bytes" | "names">, costs: CostTable) {
    this.#original = new CoreModule(original)
    this.#metered = new CoreModule(bytes)
    this.#names = names
    this.#costs = costs
    if (!WebAssembly.validate(bytes)) this.#problems.push("the metered module is not valid")
  }

  run(): Report {
    this.#sections()
    this.#findPlaces()
    if (this.#problems.length === 0) {
      this.#proveHelpers()
      this.#findLeaves()
    }
    if (this.#problems.length === 0) {
      for (const [index, body] of this.#original.bodies.entries()) {
        if (this.#problems.length > enough) break
        if (!this.#leaves.has(body.index)) this.#body(body, this.#metered.bodies[index])
      }
    }
    return {
      problems: this.#problems,
      functions: this.#original.bodies.length,
      instructions: this.#instructions,
      pieces: this.#pieces,
      tail: this.#tail
    }
  }

  #problem(what: string): void {
    this.#problems.push(what)
  }

  #sections(): void {
    const { element, dataCount, data, export: exports, function: functions, global, import: imports, memory } = Section
    const { start, table, tag, type } = Section
    for (const id of [imports, memory, tag, element, dataCount, data]) this.#sameSection(id)
    for (const id of [type, functions, table, global, exports]) this.#appendedSection(id)
    if (this.#metered.sections.has(start)) this.#problem("the metered module starts by itself")
    const bodies = this.#original.bodies.length
    if (this.#metered.bodies.length < bodies) this.#problem("bodies are missing")
    if (this.#metered.tables.length !== this.#original.tables.length + 1) this.#problem("there is not one table more")
  }

  #sameSection(id: number): void {
    const before = this.#original.sections.get(id)
    const after = this.#metered.sections.get(id)
    if (before === undefined && after === undefined) return
    const same = before !== undefined && after !== undefined && after.end - after.start === before.end - before.start &&
      this.#sameBytes(before, after.start)
    if (!same) this.#problem(`section ${id} is not that of the original`)
  }

  #appendedSection(id: number): void {
    const before = this.#original.items.get(id) ?? []
    const after = this.#metered.items.get(id) ?? []
    const kept = before.every((item, index) => {
      const other = after[index]
      return other !== undefined && other.end - other.start === item.end - item.start &&
        this.#sameBytes(item, other.start)
    })
    if (!kept) this.#problem(`section ${id} does not start with that of the original`)
  }

  #sameBytes({ end, start }: { readonly start: number; readonly end: number }, other: number): boolean {
    for (let i = start; i < end; i++) {
      if (this.#original.bytes[i] !== this.#metered.bytes[other + i - start]) return false
    }
    return true
  }

  /** Finds the globals through the functions that the host is given. */
  #findPlaces(): void {
    const { fuel, hooks, init, setFuel, start } = this.#names
    const first = this.#original.functions.length
    const setter = this.#code(this.#exported(setFuel, 0, first))
    const getter = this.#code(this.#exported(fuel, 0, first))
    const initial = this.#code(this.#exported(init, 0, first))
    const table = this.#exported(hooks, 1, this.#original.tables.length)
    const global = setter[1]?.a ?? -1
    const shapes = [
      [setter, ["20 0", `24 ${global}`, "b 0"]],
      [getter, [`23 ${global}`, "b 0"]],
      [initial, ["20 0", `24 ${initial[1]?.a}`, "20 1", `24 ${initial[3]?.a}`, "b 0"]]
    ] as const
    for (const [code, shape] of shapes) {
      const found = code.map(({ a, code }) => `${code.toString(16)} ${a}`)
      if (found.join() !== shape.join()) this.#problem(`a function for the host is ${found.join()}`)
    }
    this.#places = { fuel: global, stack: initial[3]?.a ?? -1, id: initial[1]?.a ?? -1, hooks: table }
    const globals = [this.#places.fuel, this.#places.stack, this.#places.id]
    const own = this.#original.globals.length
    if (
      new Set(globals).size !== 3 || globals.some((global) => global < own || this.#metered.globals[global] !== "7f 1")
    ) {
      this.#problem("the fuel, the stack and the number are not three globals of their own")
    }
    if (start !== undefined && this.#exported(start, 0, 0) !== this.#original.start) {
      this.#problem("another function is exported as the start")
    }
    this.#exports()
  }

  #exported(name: string, kind: number, first: number): number {
    const found = this.#metered.exports.filter((item) => item.name === name)
    const [item] = found
    if (found.length !== 1 || item === undefined || item.kind !== kind || item.index < first) {
      this.#problem(`${name} is not exported as it should be`)
      return -1
    }
    return item.index
  }

  #exports(): void {
    const { fuel, hooks, init, memories, setFuel, start, tables } = this.#names
    const allowed = new Set([
      fuel,
      hooks,
      init,
      setFuel,
      ...memories,
      ...tables,
      ...(start === undefined ? [] : [start])
    ])
    const added = this.#metered.exports.slice(this.#original.exports.length)
    const old = new Set(this.#original.exports.map(({ name }) => name))
    if (added.length !== allowed.size) this.#problem(`${added.length} exports were added`)
    for (const { name } of added) if (old.has(name) || !allowed.has(name)) this.#problem(`${name} is exported`)
    for (const [at, name] of memories.entries()) {
      if (this.#exported(name, 2, 0) !== this.#original.importedMemories + at) {
        this.#problem(`${name} is another memory`)
      }
    }
    for (const [at, name] of tables.entries()) {
      if (this.#exported(name, 1, 0) !== this.#original.importedTables + at) this.#problem(`${name} is another table`)
    }
  }

  #code(func: number): ReadonlyArray<Instruction> {
    const body = this.#metered.bodies[func - this.#metered.importedFunctions]
    return body === undefined ? [] : this.#metered.instructions(body)
  }

  #proveHelpers(): void {
    for (const body of this.#metered.bodies.slice(this.#original.bodies.length)) {
      const helper = prove(this.#metered, body, this.#places, this.#costs, this.#helpers)
      if (typeof helper === "string") this.#problem(`appended function ${body.index}: ${helper}`)
      else this.#helpers.set(body.index, helper)
    }
  }

  /** Functions that were left as they are must be cheap, and called by functions alone. */
  #findLeaves(): void {
    const exported = new Set(this.#original.exports.filter(({ kind }) => kind === 0).map(({ index }) => index))
    for (const [index, body] of this.#original.bodies.entries()) {
      const other = this.#metered.bodies[index]
      if (other === undefined || other.end - other.start !== body.end - body.start) continue
      if (!this.#sameBytes(body, other.start)) continue
      let price = this.#entry(body)
      for (const instruction of this.#original.instructions(body)) {
        this.#instructions++
        if (leaves.has(instruction.code)) price = Infinity
        price += this.#priceOf(instruction)
      }
      const outside = exported.has(body.index) || this.#original.start === body.index
      if (price > this.#costs.leaf || outside) this.#problem(`function ${body.index} of ${price} is not metered`)
      this.#leaves.set(body.index, price)
    }
  }

  #entry(body: Body): number {
    const bytes = body.locals.reduce((sum, [count, type]) => sum + count * (type === "7b" ? 16 : 8), 0)
    return this.#costs.entry + Math.floor(bytes / 16) * this.#costs.locals
  }

  #priceOf({ code }: Instruction): number {
    const { bulk, plain, vector } = this.#costs
    if (code >= fd) return (plain[0xfd] ?? 0) + (vector[code - fd] ?? 0)
    if (code >= fc) return (plain[0xfc] ?? 0) + (bulk[code - fc] ?? 0)
    const thrown = code === Code.throw || code === Code.throwRef ? this.#costs.throw : 0
    return (plain[code] ?? 0) + thrown
  }

  #price(instruction: Instruction): number {
    const { a, code } = instruction
    const direct = code === Code.call || code === Code.returnCall
    return this.#priceOf(instruction) + (direct ? this.#leaves.get(a) ?? 0 : 0)
  }

  #body(body: Body, other: Body | undefined): void {
    const wrong = (what: string): void => this.#problem(`function ${body.index}: ${what}`)
    if (other === undefined) return wrong("is missing")
    const extra = other.locals.slice(body.locals.length)
    const kept = body.locals.every(([count, type], at) => other.locals[at]?.join() === `${count},${type}`)
    if (!kept || extra.some(([, type]) => type !== "7f")) return wrong("has other locals")
    const original = this.#original.instructions(body)
    const metered = this.#metered.instructions(other)
    this.#instructions += original.length
    const params = this.#original.typeOf(body.index).params
    const firstLocal = params.length + localCount(body)
    const arity = (func: number): readonly [number, number] => {
      const type = this.#metered.typeOf(func)
      return [type.params.length, type.results.length]
    }
    const appended = {
      locals: firstLocal,
      globals: this.#original.globals.length,
      functions: this.#original.functions.length,
      helpers: this.#helpers,
      arity
    }
    const bodies = { original, originalBytes: this.#original.bytes, metered, meteredBytes: this.#metered.bytes }
    const alignment = align(bodies, appended)
    if (typeof alignment === "string") return wrong(alignment)
    for (const piece of alignment.pieces) this.#pieces.push(piece)
    const entry = this.#entry(body)
    const flow = follow(metered, alignment.origin, original, {
      places: this.#places,
      helpers: this.#helpers,
      firstLocal,
      appendedLocals: extra.reduce((sum, [count]) => sum + count, 0),
      arity,
      price: (instruction) => this.#price(instruction),
      paysForItself: (func) => !this.#leaves.has(func),
      entry,
      unchecked
    })
    for (const problem of flow.problems) wrong(problem)
    const charged = flow.charged - entry
    if (flow.problems.length === 0 && (charged < flow.reached || charged > flow.all)) {
      wrong(`charges ${charged} for what costs ${flow.reached} to ${flow.all}`)
    }
    this.#frames(body, params, flow.frame, wrong)
    if (flow.tail > unwound * flow.frame) {
      wrong(`pays ${flow.tail} unchecked after a call, with a frame of ${flow.frame}`)
    }
    if (flow.tail * this.#tail.frame > this.#tail.fuel * flow.frame) {
      this.#tail = { fuel: flow.tail, frame: flow.frame, func: body.index }
    }
  }

  #frames(body: Body, params: ReadonlyArray<string>, frame: number, wrong: (what: string) => void): void {
    const size = (type: string): number => type === "7b" ? 16 : 8
    const values = body.locals.reduce((sum, [count, type]) => sum + count * size(type), 0) +
      params.reduce((sum, type) => sum + size(type), 0)
    if (frame === 0 ? values > uncounted : frame < values + 64) {
      wrong(`a frame of ${frame} for ${values} bytes of locals`)
    }
  }
}

/** What a function that its callers pay for may not have. */
const leaves: ReadonlySet<number> = new Set([
  Code.loop,
  Code.call,
  Code.callIndirect,
  Code.callRef,
  Code.returnCall,
  Code.returnCallIndirect,
  Code.returnCallRef,
  Code.throw,
  Code.throwRef,
  Code.memoryGrow,
  Code.memoryInit,
  Code.memoryCopy,
  Code.memoryFill,
  Code.tableInit,
  Code.tableCopy,
  Code.tableGrow,
  Code.tableFill
])
