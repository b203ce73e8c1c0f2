/**
 * Instructions in the form in which they are walked over.
 */
import type { CostTable } from "../../CostTable.ts"
import { deltas, Kind, kinds } from "./opcodes.ts"

/**
 * What the walk has to know of each opcode. From the highest bit: 1 for one that
 * takes more than skipping, 2 bits for how many numbers follow, 8 for its price,
 * 5 for what it adds to the height (and 8), 8 for those bits of the number before
 * the last that say that there is more to it than one byte, 8 for those of the last.
 */
export const walkTable = ({ plain }: CostTable): Int32Array =>
  Int32Array.from(kinds, (kind, opcode) => {
    const numbers = kind === Kind.memory ? 2 : kind === Kind.index ? 1 : 0
    const special = numbers === 0 && kind !== Kind.plain
    return (special ? 1 << 31 : 0) | (numbers << 29) | ((plain[opcode] ?? 0) << 21) |
      (((deltas[opcode] ?? 0) + 8) << 16) | (numbers > 1 ? 0xc0 << 8 : 0) | (numbers > 0 ? 0x80 : 0)
  })
