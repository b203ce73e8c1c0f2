/**
 * The type section of a core module, and the types of its values.
 */
import type { Reader } from "./reader.ts"

/** Reads a type section that has functions alone. */
export const readTypes = (reader: Reader): void => {
  const count = reader.count("types", 2)
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const form = reader.byte()
    if (form !== 0x60) {
      const feature = refusedForms.get(form)
      return feature === undefined
        ? reader.malformed(`unknown form of type ${form}`, start)
        : reader.refused(feature, start)
    }
    skipValueTypes(reader, "parameters")
    skipValueTypes(reader, "results")
  }
  reader.expectEnd()
}

const refusedForms: ReadonlyMap<number, string> = new Map([
  [0x4e, "gc (recursive types)"],
  [0x4f, "gc (final subtypes)"],
  [0x50, "gc (subtypes)"],
  [0x5d, "stack switching (continuation types)"],
  [0x5e, "gc (array types)"],
  [0x5f, "gc (struct types)"],
  [0x65, "shared types"]
])

const skipValueTypes = (reader: Reader, what: string): void => {
  const count = reader.count(what)
  for (let i = 0; i < count; i++) skipValueType(reader)
}

export const skipValueType = (reader: Reader): void => {
  const start = reader.offset
  const byte = reader.byte()
  if (byte === 0x63 || byte === 0x64) return skipHeapType(reader)
  if (byte < 0x69 || byte > 0x7f) reader.malformed(`unknown type ${byte}`, start)
}

export const skipHeapType = (reader: Reader): void => {
  if (reader.peek() >= 0x40 && reader.peek() < 0x80) reader.skip(1)
  else reader.typeIndex()
}
