/**
 * The blocks that are open at a place of a body.
 */
import { doubled } from "./doubled.ts"

/** Where in the record of a block what is. */
const Frame = { segment: 0, base: 1, params: 2, results: 3, flags: 4, size: 5 } as const

/**
 * What is known of a block: it was opened in dead code, is branched to, exceptions
 * are caught at its label; it is a loop, or an `if`, whose `else` may be missing.
 */
export const Flag = { dead: 1, target: 2, catches: 4, loop: 8, if: 16 } as const

export class Frames {
  depth = 0
  #records = new Int32Array(64 * Frame.size)

  push(segment: number, base: number, params: number, results: number, flags: number): void {
    const at = this.depth++ * Frame.size
    if (at === this.#records.length) this.#records = doubled(this.#records)
    const records = this.#records
    records[at + Frame.segment] = segment
    records[at + Frame.base] = base
    records[at + Frame.params] = params
    records[at + Frame.results] = results
    records[at + Frame.flags] = flags
  }

  /** Of the block that a label names, from the inside. */
  mark(label: number, flag: number): void {
    const at = (this.depth - 1 - label) * Frame.size + Frame.flags
    this.#records[at] = (this.#records[at] ?? 0) | flag
  }

  /** The segment that was open last before the block. */
  segment(label: number): number {
    return this.#of(label, Frame.segment)
  }

  /** The height of the stack below its parameters. */
  base(label: number): number {
    return this.#of(label, Frame.base)
  }

  params(label: number): number {
    return this.#of(label, Frame.params)
  }

  results(label: number): number {
    return this.#of(label, Frame.results)
  }

  flags(label: number): number {
    return this.#of(label, Frame.flags)
  }

  #of(label: number, what: number): number {
    return this.#records[(this.depth - 1 - label) * Frame.size + what] ?? 0
  }
}
