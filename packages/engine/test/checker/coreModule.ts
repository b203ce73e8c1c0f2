/**
 * A parser of core modules for tests. It takes valid modules, and throws for
 * whatever it does not know.
 */
import { byCode, Code, fc, fd } from "./opcodes.ts"

export interface Range {
  readonly start: number
  readonly end: number
}

export interface FuncType {
  /** Each type as it is written, in hexadecimal digits. */
  readonly params: ReadonlyArray<string>
  readonly results: ReadonlyArray<string>
}

export interface Export {
  readonly name: string
  readonly kind: number
  readonly index: number
}

export interface Body extends Range {
  readonly index: number
  /** Types of declared locals, with how many there are of each. */
  readonly locals: ReadonlyArray<readonly [count: number, type: string]>
  /** Where the instructions start. */
  readonly code: number
}

/** An instruction and its immediates: the first two numbers, labels, and what catches. */
export interface Instruction extends Range {
  readonly code: number
  readonly a: number
  readonly b: number
  readonly labels: ReadonlyArray<number>
}

/** Type of a block that has no index: none, or one value. */
export const noType = -1
export const oneValue = -2

export const Section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13
} as const

class Cursor {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }

  byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw new Error("past the end")
    return byte
  }

  /** An unsigned number of up to 32 bits. */
  number(): number {
    let value = 0
    for (let factor = 1;; factor *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  /** A signed number; past 53 bits it is not exact. */
  signed(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      factor *= 128
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - factor
    }
  }

  hex(start: number): string {
    let text = ""
    for (let i = start; i < this.at; i++) text += (this.bytes[i] ?? 0).toString(16).padStart(2, "0")
    return text
  }

  text(): string {
    const size = this.number()
    this.at += size
    return new TextDecoder("utf-8", { fatal: true }).decode(this.bytes.subarray(this.at - size, this.at))
  }

  valueType(): string {
    const start = this.at
    const byte = this.byte()
    if (byte === 0x63 || byte === 0x64) this.signed()
    return this.hex(start)
  }

  limits(): void {
    const flags = this.byte()
    if (flags > 1) throw new Error(`limits ${flags}`)
    this.number()
    if (flags === 1) this.number()
  }

  vector<A>(read: () => A): Array<A> {
    const items: Array<A> = []
    for (let left = this.number(); left > 0; left--) items.push(read())
    return items
  }

  instruction(): Instruction {
    const start = this.at
    let code = this.byte()
    if (code === 0xfc) code = fc + this.number()
    else if (code === 0xfd) code = fd + this.number()
    const op = byCode.get(code)
    if (op === undefined) throw new Error(`opcode ${code.toString(16)} at ${start}`)
    let a = 0
    let b = 0
    let labels: Array<number> = []
    switch (op.immediates) {
      case "none":
        break
      case "index":
        a = this.number()
        break
      case "two":
        a = this.number()
        b = this.number()
        break
      case "i32":
        a = this.signed() | 0
        break
      case "i64":
        a = this.signed()
        break
      case "heap":
        this.signed()
        break
      case "memory":
      case "memoryLane":
        if ((this.number() & 0x40) !== 0) this.number()
        this.number()
        if (op.immediates === "memoryLane") this.byte()
        break
      case "lane":
        this.byte()
        break
      case "bytes4":
        this.at += 4
        break
      case "bytes8":
        this.at += 8
        break
      case "bytes16":
        this.at += 16
        break
      case "block":
        a = this.blockType()
        break
      case "table":
        labels = this.vector(() => this.number())
        labels.push(this.number())
        break
      case "types":
        this.vector(() => this.valueType())
        break
      case "catches":
        a = this.blockType()
        labels = this.vector(() => {
          if (this.byte() < 2) this.number()
          return this.number()
        })
    }
    return { code, a, b, labels, start, end: this.at }
  }

  blockType(): number {
    const byte = this.bytes[this.at] ?? 0
    if (byte === 0x40) {
      this.at++
      return noType
    }
    if (byte > 0x40 && byte < 0x80) {
      this.valueType()
      return oneValue
    }
    return this.signed()
  }

  /** Skips a constant expression. */
  constant(): void {
    while (this.instruction().code !== Code.end);
  }
}

export class CoreModule {
  readonly bytes: Uint8Array
  /** Contents of the sections that are not custom. */
  readonly sections = new Map<number, Range>()
  /** The items of types, imports, functions, tables, memories, globals, exports, tags and code. */
  readonly items = new Map<number, ReadonlyArray<Range>>()
  readonly types: Array<FuncType> = []
  /** The type of each function, imported ones first; likewise the types of tables and globals, as written. */
  readonly functions: Array<number> = []
  readonly tables: Array<string> = []
  readonly globals: Array<string> = []
  memories = 0
  importedFunctions = 0
  importedTables = 0
  importedMemories = 0
  readonly exports: Array<Export> = []
  readonly start: number | undefined
  readonly bodies: Array<Body> = []
  /** Sizes of the data segments. */
  readonly segments: Array<number> = []

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    const cursor = new Cursor(bytes, 8)
    while (cursor.at < bytes.length) {
      const id = cursor.byte()
      const size = cursor.number()
      const start = cursor.at
      cursor.at += size
      if (id !== Section.custom) this.sections.set(id, { start, end: cursor.at })
    }
    const read = (id: number, item: (cursor: Cursor) => void): void => this.#read(id, item)
    read(Section.type, (at) => {
      if (at.byte() !== 0x60) throw new Error("a type that is no function type")
      this.types.push({ params: at.vector(() => at.valueType()), results: at.vector(() => at.valueType()) })
    })
    read(Section.import, (at) => this.#import(at))
    read(Section.function, (at) => this.functions.push(at.number()))
    read(Section.table, (at) => this.#table(at))
    read(Section.memory, (at) => {
      at.limits()
      this.memories++
    })
    read(Section.tag, (at) => at.byte() + at.number())
    read(Section.global, (at) => {
      this.globals.push(`${at.valueType()} ${at.byte()}`)
      at.constant()
    })
    read(Section.export, (at) => this.exports.push({ name: at.text(), kind: at.byte(), index: at.number() }))
    read(Section.code, (at) => this.#body(at))
    read(Section.data, (at) => this.#segment(at))
    const section = this.sections.get(Section.start)
    if (section !== undefined) this.start = new Cursor(bytes, section.start).number()
  }

  #read(id: number, item: (cursor: Cursor) => void): void {
    const section = this.sections.get(id)
    const items: Array<Range> = []
    if (section !== undefined) {
      const cursor = new Cursor(this.bytes, section.start)
      for (let left = cursor.number(); left > 0; left--) {
        const start = cursor.at
        item(cursor)
        items.push({ start, end: cursor.at })
      }
      if (cursor.at !== section.end) throw new Error(`section ${id} is longer than its items`)
    }
    this.items.set(id, items)
  }

  #import(at: Cursor): void {
    at.text()
    at.text()
    const kind = at.byte()
    if (kind === 0) this.importedFunctions = this.functions.push(at.number())
    else if (kind === 1) {
      this.tables.push(at.valueType())
      at.limits()
      this.importedTables++
    } else if (kind === 2) {
      at.limits()
      this.importedMemories = ++this.memories
    } else if (kind === 3) this.globals.push(`${at.valueType()} ${at.byte()}`)
    else {
      at.byte()
      at.number()
    }
  }

  #table(at: Cursor): void {
    const initialised = at.bytes[at.at] === 0x40
    if (initialised) at.at += 2
    this.tables.push(at.valueType())
    at.limits()
    if (initialised) at.constant()
  }

  #segment(at: Cursor): void {
    const mode = at.number()
    if (mode === 2) at.number()
    if (mode !== 1) at.constant()
    const size = at.number()
    at.at += size
    this.segments.push(size)
  }

  #body(at: Cursor): void {
    const size = at.number()
    const start = at.at
    const locals = at.vector(() => [at.number(), at.valueType()] as const)
    const index = this.importedFunctions + this.bodies.length
    this.bodies.push({ index, locals, code: at.at, start, end: start + size })
    at.at = start + size
  }

  typeOf(index: number): FuncType {
    return this.types[this.functions[index] ?? -1] ?? { params: [], results: [] }
  }

  instructions(body: Body): Array<Instruction> {
    const cursor = new Cursor(this.bytes, body.code)
    const found: Array<Instruction> = []
    while (cursor.at < body.end) found.push(cursor.instruction())
    if (cursor.at !== body.end) throw new Error(`function ${body.index} does not end with an instruction`)
    return found
  }
}

/** How many locals a body declares. */
export const localCount = (body: Body): number => body.locals.reduce((sum, [count]) => sum + count, 0)
