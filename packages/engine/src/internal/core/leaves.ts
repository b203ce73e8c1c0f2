/**
 * Functions so small that their callers pay for them.
 */
import type { CostTable } from "../../CostTable.ts"
import { Kind, kinds } from "./opcodes.ts"
import type { Scan } from "./scan.ts"

/** Bytes of a body that can be a leaf. */
const maxSize = 64
/** Bytes of its parameters and locals. */
const maxFrame = 512

/** For each function that is a leaf, its price and one; 0 for the others. What is exported pays for itself. */
export const findLeaves = (scan: Scan, costs: CostTable): Uint8Array => {
  const leaves = new Uint8Array(scan.functions.length)
  const ranges = scan.bodies
  for (let i = 0; i < ranges.length; i += 2) {
    const index = scan.importedFunctions + (i >> 1)
    const start = ranges[i] ?? 0
    const end = ranges[i + 1] ?? 0
    if (end - start > maxSize || scan.exportedFunctions.has(index) || scan.start === index) continue
    const type = scan.types[scan.functions[index] ?? 0]
    if (type === undefined || type.frame > maxFrame) continue
    const price = priceOf(scan.sections.bytes, start, end, costs, maxFrame - type.frame)
    if (price <= costs.leaf) leaves[index] = price + 1
  }
  return leaves
}

/** The price of all of a body, or infinity where it is no leaf. */
const priceOf = (bytes: Uint8Array, start: number, end: number, costs: CostTable, room: number): number => {
  let at = start
  const u32 = (): number => {
    let value = 0
    for (let factor = 1;; factor *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  let locals = 0
  for (let groups = u32(); groups > 0; groups--) {
    const count = u32()
    const type = bytes[at++]
    locals += count * (type === 0x7b ? 16 : 8)
    if (type === 0x63 || type === 0x64) u32()
  }
  if (locals > room) return Infinity
  let price = costs.entry + (locals >> 4) * costs.locals
  while (at < end) {
    const opcode = bytes[at++] ?? 0
    price += costs.plain[opcode] ?? 0
    switch (kinds[opcode]) {
      case Kind.plain:
      case Kind.end:
      case Kind.else:
      case Kind.return:
      case Kind.unreachable:
        break
      case Kind.memory:
        if ((u32() & 0x40) !== 0) u32()
        u32()
        break
      case Kind.index:
      case Kind.br:
      case Kind.brIf:
        u32()
        break
      case Kind.block:
      case Kind.if:
        if (bytes[at] === 0x63 || bytes[at] === 0x64) at++
        u32()
        break
      case Kind.bytes4:
        at += 4
        break
      case Kind.bytes8:
        at += 8
        break
      default:
        return Infinity
    }
  }
  return price
}
