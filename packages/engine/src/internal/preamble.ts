/**
 * The first eight bytes: what tells a core module, a component and anything else apart.
 */
import type { Reader } from "./reader.ts"

export const isCoreModule = (reader: Reader): boolean =>
  startsWith(reader, magic) && startsWith(reader, [0x01, 0x00, 0x00, 0x00], 4)

export const readPreamble = (reader: Reader): void => {
  if (!startsWith(reader, magic)) return reader.malformed("not WebAssembly: the bytes 00 61 73 6d are missing")
  if (isCoreModule(reader)) return reader.malformed("a core module, not a component")
  if (!startsWith(reader, [0x0d, 0x00, 0x01, 0x00], 4)) {
    return reader.malformed("an unknown version of the component format", reader.offset + 4)
  }
  reader.skip(8)
}

const magic = [0x00, 0x61, 0x73, 0x6d]

const startsWith = (reader: Reader, expected: ReadonlyArray<number>, from = 0): boolean =>
  reader.remaining >= from + expected.length &&
  expected.every((byte, i) => reader.bytes[reader.offset + from + i] === byte)
