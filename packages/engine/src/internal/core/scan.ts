/**
 * What the meter needs to know of a module outside its code.
 */
import type { CoreLimits, CoreValueType } from "../coreExtern.ts"
import { readDeclarations } from "../coreModuleType.ts"
import type { Reader } from "../reader.ts"
import { skipConstant } from "./constants.ts"
import { SectionId } from "./sections.ts"
import type { Section, Sections } from "./sections.ts"
import { readValueType } from "./types.ts"

export interface ScannedType {
  readonly params: number
  readonly results: number
  /** The vector of results as it is written. */
  readonly resultBytes: ReadonlyArray<number>
  /** Of its parameters in a frame. */
  readonly frame: number
  readonly vectors: boolean
}

export interface ScannedTable {
  /** The type of its elements as it is written. */
  readonly element: ReadonlyArray<number>
  readonly limits: CoreLimits
}

export class Scan {
  readonly sections: Sections
  readonly types: ReadonlyArray<ScannedType>
  /** The type of each function, imported ones first. */
  readonly functions: Uint32Array
  readonly importedFunctions: number
  readonly tables: ReadonlyArray<ScannedTable>
  readonly importedTables: number
  readonly memories: ReadonlyArray<CoreLimits>
  readonly importedMemories: number
  readonly globals: number
  readonly tags: ReadonlyArray<number>
  readonly exports: ReadonlySet<string>
  readonly exportedFunctions: ReadonlySet<number>
  readonly start: number | undefined
  /** Whether some type has vectors in it. */
  readonly vectors: boolean
  #segmentSizes: ReadonlyArray<number> | undefined
  #bodies: Uint32Array | undefined

  constructor(sections: Sections) {
    this.sections = sections
    const { imports, spaces } = readDeclarations(sections)
    const count = (sort: string): number => imports.filter(({ extern }) => extern.sort === sort).length
    this.types = readTypes(sections)
    this.vectors = this.types.some((type) => type.vectors)
    const indices = new Map(spaces.types.map((type, index) => [type, index]))
    this.functions = new Uint32Array(spaces.func.length)
    for (const [index, { type }] of spaces.func.entries()) this.functions[index] = indices.get(type) ?? 0
    this.importedFunctions = count("func")
    this.importedTables = count("table")
    this.importedMemories = count("memory")
    this.memories = spaces.memory.map(({ limits }) => limits)
    this.globals = spaces.global.length
    this.tags = spaces.tag.map(({ type }) => type.params.length)
    const elements = readElements(sections, this.types.length)
    this.tables = spaces.table.map(({ limits }, index) => ({ limits, element: elements[index] ?? [] }))
    const exportedFunctions = new Set<number>()
    this.exports = new Set(sections.items(SectionId.export, "exports", 3, (reader) => {
      const name = reader.name()
      const kind = reader.byte()
      const index = reader.u32()
      if (kind === 0x00) exportedFunctions.add(index)
      return name
    }))
    this.exportedFunctions = exportedFunctions
    this.start = sections.reader(SectionId.start)?.u32()
  }

  /** Where the body of each defined function begins and ends, without its size: pairs in their order. */
  get bodies(): Uint32Array {
    return this.#bodies ??= readBodies(this.sections)
  }

  get code(): Section | undefined {
    return this.sections.get(SectionId.code)
  }

  segmentSize(segment: number): number {
    this.#segmentSizes ??= this.sections.items(SectionId.data, "segments", 2, readSegmentSize)
    return this.#segmentSizes[segment] ?? 0
  }
}

const readBodies = (sections: Sections): Uint32Array => {
  const reader = sections.reader(SectionId.code)
  if (reader === undefined) return new Uint32Array(0)
  const bodies = new Uint32Array(reader.count("bodies", 2) * 2)
  for (let i = 0; i < bodies.length; i += 2) {
    const size = reader.u32()
    bodies[i] = reader.offset
    reader.skip(size)
    bodies[i + 1] = reader.offset
  }
  return bodies
}

const readSegmentSize = (reader: Reader): number => {
  const mode = reader.u32()
  if (mode === 2) reader.u32()
  if (mode !== 1) skipConstant(reader, anyTypes)
  const size = reader.u32()
  reader.skip(size)
  return size
}

/** Stands for the types of a validated module, where an index is known to be in range. */
const anyTypes: ReadonlyArray<{ readonly params: []; readonly results: [] }> = []

const readTypes = (sections: Sections): Array<ScannedType> => {
  const types: Array<ScannedType> = []
  sections.items(SectionId.type, "types", 3, (reader) => {
    reader.byte()
    const params = readVector(reader, types.length + 1)
    const start = reader.offset
    const results = readVector(reader, types.length + 1)
    types.push({
      params: params.length,
      results: results.length,
      resultBytes: bytesFrom(reader, start),
      frame: params.reduce((sum, type) => sum + (type === "v128" ? 16 : 8), 0),
      vectors: params.includes("v128") || results.includes("v128")
    })
  })
  return types
}

/** What has been read since `start`. */
const bytesFrom = ({ bytes, offset }: Reader, start: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let at = start; at < offset; at++) found.push(bytes[at] ?? 0)
  return found
}

const readVector = (reader: Reader, types: number): ReadonlyArray<CoreValueType> => {
  const count = reader.u32()
  const found: Array<CoreValueType> = []
  for (let i = 0; i < count; i++) found.push(readValueType(reader, placeholders(types)))
  return found
}

const placeholder = { params: [], results: [] }
const many: Array<typeof placeholder> = []

/** As many types as have an index; what they are does not matter here. */
const placeholders = (count: number): ReadonlyArray<typeof placeholder> => {
  while (many.length < count) many.push(placeholder)
  return many
}

const readElements = (sections: Sections, types: number): ReadonlyArray<ReadonlyArray<number>> => {
  const element = (reader: Reader): ReadonlyArray<number> => {
    const start = reader.offset
    readValueType(reader, placeholders(types))
    return bytesFrom(reader, start)
  }
  const found: Array<ReadonlyArray<number>> = []
  sections.items(SectionId.import, "imports", 4, (reader) => {
    reader.name()
    reader.name()
    const kind = reader.byte()
    if (kind === 0x01) found.push(element(reader))
    if (kind === 0x03) readValueType(reader, placeholders(types))
    if (kind === 0x00) reader.u32()
    if (kind === 0x03 || kind === 0x04) reader.byte()
    if (kind === 0x04) reader.u32()
    if (kind === 0x01 || kind === 0x02) skipLimits(reader)
  })
  sections.items(SectionId.table, "tables", 3, (reader) => {
    const initialised = reader.peek() === 0x40
    if (initialised) reader.skip(2)
    found.push(element(reader))
    skipLimits(reader)
    if (initialised) skipConstant(reader, placeholders(types))
  })
  return found
}

const skipLimits = (reader: Reader): void => {
  const flags = reader.byte()
  reader.u32()
  if ((flags & 0x01) !== 0) reader.u32()
}
