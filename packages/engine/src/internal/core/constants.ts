/**
 * Constant expressions, which initialise globals, tables and segments.
 */
import type { CoreFuncType } from "../coreExtern.ts"
import type { Reader } from "../reader.ts"
import { readHeapType } from "./types.ts"

/** Skips a constant expression; whether its types fit is the validator's to say. */
export const skipConstant = (reader: Reader, types: ReadonlyArray<CoreFuncType>): void => {
  for (;;) {
    const start = reader.offset
    const opcode = reader.byte()
    switch (opcode) {
      case 0x0b:
        return
      case 0x23:
      case 0xd2:
        reader.u32()
        break
      case 0x41:
        skipLeb(reader, 5)
        break
      case 0x42:
        skipLeb(reader, 10)
        break
      case 0x43:
        reader.skip(4)
        break
      case 0x44:
        reader.skip(8)
        break
      case 0x6a:
      case 0x6b:
      case 0x6c:
      case 0x7c:
      case 0x7d:
      case 0x7e:
        break
      case 0xd0:
        readHeapType(reader, types)
        break
      case 0xfb:
        return reader.refused("gc (constant expressions)", start)
      case 0xfd:
        if (reader.u32() !== 0x0c) return reader.malformed("a constant expression expected", start)
        reader.skip(16)
        break
      default:
        return reader.malformed(`opcode ${opcode} in a constant expression`, start)
    }
  }
}

const skipLeb = (reader: Reader, longest: number): void => {
  const start = reader.offset
  for (let length = 1; reader.byte() >= 0x80; length++) {
    if (length === longest) return reader.malformed(`number longer than ${longest} bytes`, start)
  }
}
