/**
 * What a core module can take of its host, read and limited without compiling
 * it: memories, tables, and the types that need a heap of their own.
 *
 * The sections that declare them are read strictly; the code is not looked at.
 * Check a module with `WebAssembly.validate` before rewriting it.
 *
 * @since 0.1.0
 */
import { DecodeError } from "./DecodeError.ts"
import { joined, u32 } from "./internal/core/sink.ts"
import { maxPages as mostPages, readLimits } from "./internal/core/types.ts"
import { readTypes, skipHeapType, skipStorableType, skipValueType } from "./internal/coreTypes.ts"
import { isCoreModule } from "./internal/preamble.ts"
import { Budget, Reader } from "./internal/reader.ts"

/**
 * Bounds of a memory in pages of 64 KiB, or of a table in elements. `maximum`
 * is undefined where none is declared.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  readonly minimum: number
  readonly maximum: number | undefined
}

/**
 * Bounds that a module asks of what it imports under these two names.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImportedLimits extends Limits {
  readonly module: string
  readonly name: string
}

/**
 * The memories or tables of a module, each group in index order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declared {
  readonly imported: ReadonlyArray<ImportedLimits>
  readonly defined: ReadonlyArray<Limits>
}

/**
 * Throws `DecodeError` for a module that can keep more in the host than its
 * memories and tables: `Refused`, naming the feature, for struct and array types
 * and all that comes with them, for exceptions that can be kept in exceptions, and
 * for what {@link memories} and {@link tables} refuse.
 *
 * @category guards
 * @since 0.1.0
 */
export const check = (bytes: Uint8Array): void => {
  const { sections } = scan(bytes)
  const types = sections.get(typeSection)
  if (types !== undefined) readTypes(types.reader())
  definedTables(sections.get(tableSection))
  definedMemories(sections.get(memorySection))
}

/**
 * The memories of a core module. Throws `DecodeError`: `Refused` for shared and
 * 64-bit memories and for page sizes other than 64 KiB.
 *
 * @category combinators
 * @since 0.1.0
 */
export const memories = (bytes: Uint8Array): Declared => {
  const { imports, sections } = scan(bytes)
  return { imported: imports.memories, defined: definedMemories(sections.get(memorySection)).map(limitsOf) }
}

/**
 * The tables of a core module. Throws `DecodeError`: `Refused` for shared and
 * 64-bit tables, and for tables of exceptions.
 *
 * @category combinators
 * @since 0.1.0
 */
export const tables = (bytes: Uint8Array): Declared => {
  const { imports, sections } = scan(bytes)
  return { imported: imports.tables, defined: definedTables(sections.get(tableSection)).map(limitsOf) }
}

/**
 * The module with a maximum for each memory it defines, in index order: a
 * missing maximum is added, a larger one lowered, a smaller one kept. All other
 * sections stay byte for byte; without a memory the input itself is returned.
 *
 * Throws `DecodeError` with reason `TooLarge` when a memory starts above its
 * maximum, and a RangeError when there is not one maximum for each memory,
 * each an integer from 0 to 65,536.
 *
 * @category combinators
 * @since 0.1.0
 */
export const limitMemories = (bytes: Uint8Array, maxPages: ReadonlyArray<number>): Uint8Array => {
  const section = scan(bytes).sections.get(memorySection)
  return limit(bytes, section, definedMemories(section), maxPages, mostPages, ["memory", "memories", "pages"])
}

/**
 * The module with a maximum for each table it defines, in elements; otherwise
 * as {@link limitMemories}, with maxima up to 4,294,967,295.
 *
 * @category combinators
 * @since 0.1.0
 */
export const limitTables = (bytes: Uint8Array, maxElements: ReadonlyArray<number>): Uint8Array => {
  const section = scan(bytes).sections.get(tableSection)
  return limit(bytes, section, definedTables(section), maxElements, 0xffff_ffff, ["table", "tables", "elements"])
}

const limit = (
  bytes: Uint8Array,
  section: Section | undefined,
  defined: ReadonlyArray<PlacedLimits>,
  maxima: ReadonlyArray<number>,
  highest: number,
  [one, many, unit]: readonly [one: string, many: string, unit: string]
): Uint8Array => {
  if (defined.length !== maxima.length) throw new RangeError(`${maxima.length} maxima for ${defined.length} ${many}`)
  if (section === undefined || defined.length === 0) return bytes
  const content: Array<Uint8Array> = []
  let at = section.content
  for (const [index, { end, maximum, minimum, start }] of defined.entries()) {
    const allowed = maxima[index]
    if (allowed === undefined || !Number.isInteger(allowed) || allowed < 0 || allowed > highest) {
      throw new RangeError(`a maximum of ${allowed} ${unit}`)
    }
    if (minimum > allowed) {
      throw new DecodeError({
        reason: "TooLarge",
        offset: start,
        section: `${one} section`,
        message: `${one} ${index} starts with ${minimum} ${unit}, at most ${allowed} are allowed`
      })
    }
    const limits = [0x01, ...u32(minimum), ...u32(Math.min(allowed, maximum ?? allowed))]
    content.push(bytes.subarray(at, start), Uint8Array.from(limits))
    at = end
  }
  content.push(bytes.subarray(at, section.end))
  const size = content.reduce((sum, part) => sum + part.length, 0)
  const head = Uint8Array.of(bytes[section.start] ?? 0, ...u32(size))
  return joined([bytes.subarray(0, section.start), head, ...content, bytes.subarray(section.end)])
}

const typeSection = 1
const importSection = 2
const tableSection = 4
const memorySection = 5
const maximumMemories = 1_000

interface Section {
  /** Of the section's id. */
  readonly start: number
  readonly content: number
  readonly end: number
  readonly reader: () => Reader
}

/** Limits and the bytes that say them. */
interface PlacedLimits extends Limits {
  readonly start: number
  readonly end: number
}

const limitsOf = ({ maximum, minimum }: Limits): Limits => ({ minimum, maximum })

interface Imports {
  readonly memories: Array<ImportedLimits>
  readonly tables: Array<ImportedLimits>
}

const sectionNames: ReadonlyMap<number, string> = new Map([
  [typeSection, "type"],
  [importSection, "import"],
  [3, "function"],
  [tableSection, "table"],
  [memorySection, "memory"],
  [6, "global"],
  [7, "export"],
  [8, "start"],
  [9, "element"],
  [10, "code"],
  [11, "data"],
  [12, "data count"],
  [13, "tag"]
])

const scan = (bytes: Uint8Array): { readonly sections: ReadonlyMap<number, Section>; readonly imports: Imports } => {
  const budget = new Budget(1_000_000)
  const reader = new Reader(bytes, 0, bytes.length, "core module", budget)
  if (!isCoreModule(reader)) reader.malformed("not a core module")
  reader.skip(8)
  const sections = new Map<number, Section>()
  while (reader.remaining > 0) {
    const start = reader.offset
    const id = reader.byte()
    const size = reader.u32()
    const content = reader.offset
    reader.skip(size)
    if (id === 0) continue
    const name = sectionNames.get(id)
    if (name === undefined) return reader.malformed(`unknown section ${id}`, start)
    if (sections.has(id)) return reader.malformed(`a second ${name} section`, start)
    sections.set(id, {
      start,
      content,
      end: reader.offset,
      reader: () => new Reader(bytes, content, content + size, `${name} section`, budget)
    })
  }
  return { sections, imports: readImports(sections.get(importSection)) }
}

const readImports = (section: Section | undefined): Imports => {
  const imports: Imports = { memories: [], tables: [] }
  if (section === undefined) return imports
  const reader = section.reader()
  const count = reader.count("imports", 4)
  for (let i = 0; i < count; i++) {
    const module = reader.name()
    const name = reader.name()
    const start = reader.offset
    const kind = reader.byte()
    switch (kind) {
      case 0x00:
        reader.u32()
        break
      case 0x01:
        imports.tables.push({ module, name, ...limitsOf(readTable(reader)) })
        break
      case 0x02:
        imports.memories.push({ module, name, ...readLimits(reader, "memory") })
        break
      case 0x03:
        skipValueType(reader)
        if (reader.byte() > 0x01) return reader.malformed("unknown mutability", reader.offset - 1)
        break
      case 0x04:
        if (reader.byte() !== 0x00) return reader.malformed("unknown kind of tag", reader.offset - 1)
        reader.u32()
        break
      default:
        return reader.malformed(`unknown kind of import ${kind}`, start)
    }
  }
  reader.expectEnd()
  return imports
}

const definedMemories = (section: Section | undefined): ReadonlyArray<PlacedLimits> => {
  if (section === undefined) return []
  const reader = section.reader()
  const count = reader.count("memories", 2)
  if (count > maximumMemories) return reader.tooLarge(`more than ${maximumMemories} memories`)
  const found: Array<PlacedLimits> = []
  for (let i = 0; i < count; i++) found.push(placedLimits(reader, "memory"))
  reader.expectEnd()
  return found
}

const definedTables = (section: Section | undefined): ReadonlyArray<PlacedLimits> => {
  if (section === undefined) return []
  const reader = section.reader()
  const count = reader.count("tables", 3)
  const found: Array<PlacedLimits> = []
  for (let i = 0; i < count; i++) {
    if (reader.peek() !== 0x40) {
      found.push(readTable(reader))
      continue
    }
    reader.skip(1)
    if (reader.byte() !== 0x00) return reader.malformed("unknown kind of table", reader.offset - 1)
    found.push(readTable(reader))
    skipConstant(reader)
  }
  reader.expectEnd()
  return found
}

const readTable = (reader: Reader): PlacedLimits => {
  skipStorableType(reader)
  return placedLimits(reader, "table")
}

const placedLimits = (reader: Reader, what: "memory" | "table"): PlacedLimits => {
  const start = reader.offset
  return { ...readLimits(reader, what), start, end: reader.offset }
}

/** Skips a constant expression of the kinds that initialise a table. */
const skipConstant = (reader: Reader): void => {
  for (;;) {
    const start = reader.offset
    const opcode = reader.byte()
    if (opcode === 0x0b) return
    if (opcode === 0x23 || opcode === 0xd2) reader.u32()
    else if (opcode === 0xd0) skipHeapType(reader)
    else return reader.refused("computed initial values of tables", start)
  }
}
