/**
 * What an index can point to, and the bytes that say so.
 */
import type { Reader } from "./reader.ts"
import type { Extern } from "./typeNodes.ts"

export type CoreSort = "func" | "table" | "memory" | "global" | "tag" | "instance"
export type Sort = Extern["sort"] | "value" | "core type" | CoreSortOfAlias
type CoreSortOfAlias = `core ${CoreSort}`

export const readCoreSort = (reader: Reader): CoreSort => {
  const start = reader.offset
  const byte = reader.byte()
  return coreSorts.get(byte) ?? reader.malformed(`unknown core sort ${byte}`, start)
}

export const readSort = (reader: Reader): Sort => {
  const start = reader.offset
  const byte = reader.byte()
  switch (byte) {
    case 0x00: {
      const core = reader.peek()
      if (core === 0x10 || core === 0x11) {
        reader.byte()
        return core === 0x10 ? "core type" : "module"
      }
      return `core ${readCoreSort(reader)}`
    }
    case 0x01:
      return "func"
    case 0x02:
      return "value"
    case 0x03:
      return "type"
    case 0x04:
      return "component"
    case 0x05:
      return "instance"
    default:
      return reader.malformed(`unknown sort ${byte}`, start)
  }
}

const coreSorts: ReadonlyMap<number, CoreSort> = new Map([
  [0x00, "func"],
  [0x01, "table"],
  [0x02, "memory"],
  [0x03, "global"],
  [0x04, "tag"],
  [0x12, "instance"]
])
