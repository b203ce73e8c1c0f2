/**
 * Types of core modules: function types and the types of values.
 */
import type { CoreFuncType, CoreLimits, CoreValueType } from "../coreExtern.ts"
import type { Reader } from "../reader.ts"

/** Reads a type section: function types alone, each of which may mention itself and earlier ones. */
export const readFuncType = (reader: Reader, types: ReadonlyArray<CoreFuncType>): CoreFuncType => {
  const start = reader.offset
  const form = reader.byte()
  if (form !== 0x60) return refuseForm(reader, form, start)
  const values = (what: string, most: number): Array<CoreValueType> => {
    const at = reader.offset
    const count = reader.count(what)
    if (count > most) return reader.tooLarge(`${count} ${what}, at most ${most} are allowed`, at)
    const read: Array<CoreValueType> = []
    for (let i = 0; i < count; i++) read.push(readValueType(reader, types, true))
    return read
  }
  return { params: values("parameters", maxParams), results: values("results", maxResults) }
}

/** What V8 takes. */
const maxParams = 1_000
const maxResults = 1_000

/** Fails for a type that is no function. */
export const refuseForm = (reader: Reader, form: number, start: number): never => {
  const feature = refusedForms.get(form)
  return feature === undefined
    ? reader.malformed(`unknown form of type ${form}`, start)
    : reader.refused(feature, start)
}

const refusedForms: ReadonlyMap<number, string> = new Map([
  [0x4c, "custom descriptors"],
  [0x4d, "custom descriptors"],
  [0x4e, "gc (recursive types)"],
  [0x4f, "gc (final subtypes)"],
  [0x50, "gc (subtypes)"],
  [0x5d, "stack switching (continuation types)"],
  [0x5e, "gc (array types)"],
  [0x5f, "gc (struct types)"],
  [0x65, "shared types"]
])

const numbers: ReadonlyMap<number, CoreValueType> = new Map([
  [0x7f, "i32"],
  [0x7e, "i64"],
  [0x7d, "f32"],
  [0x7c, "f64"],
  [0x7b, "v128"]
])

const heaps: ReadonlyMap<number, string> = new Map([
  [0x70, "func"],
  [0x6f, "extern"],
  [0x69, "exn"]
])

const refusedHeaps: ReadonlyMap<number, string> = new Map([
  [0x65, "shared types"],
  [0x67, "stringref"],
  [0x68, "stack switching (contref)"],
  [0x6a, "gc (arrayref)"],
  [0x6b, "gc (structref)"],
  [0x6c, "gc (i31ref)"],
  [0x6d, "gc (eqref)"],
  [0x6e, "gc (anyref)"],
  [0x71, "gc (nullref)"],
  [0x72, "gc (nullexternref)"],
  [0x73, "gc (nullfuncref)"],
  [0x74, "gc (nullexnref)"],
  [0x75, "stack switching (nullcontref)"]
])

/** `within` says that the type being read is number `types.length`, which may mention itself. */
export const readValueType = (
  reader: Reader,
  types: ReadonlyArray<CoreFuncType>,
  within = false
): CoreValueType => {
  const start = reader.offset
  const byte = reader.byte()
  const number = numbers.get(byte)
  if (number !== undefined) return number
  if (byte === 0x63 || byte === 0x64) return readReference(reader, types, byte === 0x63, within)
  const heap = heaps.get(byte)
  if (heap !== undefined) return `${heap}ref`
  const feature = refusedHeaps.get(byte)
  return feature === undefined ? reader.malformed(`unknown type ${byte}`, start) : reader.refused(feature, start)
}

const readReference = (
  reader: Reader,
  types: ReadonlyArray<CoreFuncType>,
  nullable: boolean,
  within: boolean
): CoreValueType => {
  const heap = readHeapType(reader, types, within)
  if (nullable && (heap === "func" || heap === "extern" || heap === "exn")) return `${heap}ref`
  return nullable ? `(ref null ${heap})` : `(ref ${heap})`
}

/** What a reference points to: `func`, `extern`, `exn`, or a function type written out. */
export const readHeapType = (reader: Reader, types: ReadonlyArray<CoreFuncType>, within = false): string => {
  const start = reader.offset
  const byte = reader.peek()
  if (byte >= 0x40 && byte < 0x80) {
    reader.skip(1)
    const heap = heaps.get(byte)
    if (heap !== undefined) return heap
    const feature = refusedHeaps.get(byte)
    return feature === undefined
      ? reader.malformed(`unknown heap type ${byte}`, start)
      : reader.refused(feature, start)
  }
  const index = reader.typeIndex()
  if (within && index === types.length) return "rec"
  const type = types[index]
  if (type === undefined) return reader.malformed(`type ${index} is out of range (${types.length})`, start)
  const written = writeFuncType(type)
  if (written.length > maxWrittenType) {
    return reader.tooLarge(`a function type of more than ${maxWrittenType} characters`, start)
  }
  reader.spend(written.length >> 4)
  return written
}

const maxWrittenType = 1_000
const written = new WeakMap<CoreFuncType, string>()

/** A function type as the text format has it. Equal types of different modules are equal strings. */
export const writeFuncType = (type: CoreFuncType): string => {
  const known = written.get(type)
  if (known !== undefined) return known
  const params = type.params.length === 0 ? "" : ` (param ${type.params.join(" ")})`
  const results = type.results.length === 0 ? "" : ` (result ${type.results.join(" ")})`
  const text = `(func${params}${results})`
  written.set(type, text)
  return text
}

export const maxPages = 65_536

export const readLimits = (reader: Reader, what: "memory" | "table"): CoreLimits => {
  const start = reader.offset
  const flags = reader.byte()
  if (flags > 0x0f) return reader.malformed(`unknown limits ${flags}`, start)
  if ((flags & 0x02) !== 0) return reader.refused(what === "memory" ? "shared memory" : "shared tables", start)
  if ((flags & 0x04) !== 0) return reader.refused(what === "memory" ? "memory64" : "64-bit tables", start)
  if ((flags & 0x08) !== 0) {
    return what === "memory" ? reader.refused("custom page sizes", start) : reader.malformed("unknown limits", start)
  }
  const minimum = reader.u32()
  const maximum = (flags & 0x01) === 0 ? undefined : reader.u32()
  if (maximum !== undefined && maximum < minimum) return reader.malformed("a maximum below its minimum", start)
  if (what === "memory" && Math.max(minimum, maximum ?? 0) > maxPages) {
    return reader.malformed(`more than ${maxPages} pages`, start)
  }
  return { minimum, maximum }
}

/** Fails for a type whose values may not be kept: an exception inside another is a list without end. */
export const storable = (reader: Reader, type: CoreValueType, start: number): CoreValueType =>
  type === "exnref" || type === "(ref exn)" ? reader.refused("exceptions as values (exnref)", start) : type
