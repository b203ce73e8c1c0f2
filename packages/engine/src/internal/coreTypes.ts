/**
 * The type section of a core module, and the types of its values.
 */
import { refuseForm } from "./core/types.ts"
import type { Reader } from "./reader.ts"

/** Reads a type section that has functions alone. */
export const readTypes = (reader: Reader): void => {
  const count = reader.count("types", 2)
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const form = reader.byte()
    if (form !== 0x60) return refuseForm(reader, form, start)
    const parameters = reader.count("parameters")
    for (let i = 0; i < parameters; i++) skipStorableType(reader)
    const results = reader.count("results")
    for (let i = 0; i < results; i++) skipValueType(reader)
  }
  reader.expectEnd()
}

/**
 * Skips the type of what can be kept: a payload of exceptions, which is written
 * as parameters, or an element. An exception kept in another is a list without end.
 */
export const skipStorableType = (reader: Reader): void => {
  const start = reader.offset
  if (skipValueType(reader) === exceptionType) reader.refused("exceptions as values (exnref)", start)
}

const exceptionType = 0x69

/** Skips a type; of a reference, the byte that says what it refers to, or undefined for an index. */
export const skipValueType = (reader: Reader): number | undefined => {
  const start = reader.offset
  const byte = reader.byte()
  if (byte === 0x63 || byte === 0x64) return skipHeapType(reader)
  return byte < 0x69 || byte > 0x7f ? reader.malformed(`unknown type ${byte}`, start) : byte
}

export const skipHeapType = (reader: Reader): number | undefined => {
  const byte = reader.peek()
  if (byte >= 0x40 && byte < 0x80) {
    reader.skip(1)
    return byte
  }
  reader.typeIndex()
  return undefined
}
