/**
 * Goes over the code of a body once: follows its blocks and the height of its
 * stack, and enters into a ledger what each segment costs and what is inserted.
 */
import type { CostTable } from "../../CostTable.ts"
import type { Additions } from "./additions.ts"
import type { Cursor } from "./cursor.ts"
import { Flag, Frames } from "./frames.ts"
import { Ledger, mostBySegment } from "./ledger.ts"
import { Fc, fcDeltas, fcIndices, fdDeltas, FdKind, fdKinds } from "./opcodes.ts"
import { refuse, refuseBulk, refuseVector } from "./refusals.ts"
import type { Scan } from "./scan.ts"
import { walkTable } from "./walkTable.ts"

const { catches, dead, if: isIf, loop: isLoop, target } = Flag
const maxCost = mostBySegment

export class BodyWalk {
  readonly ledger = new Ledger()
  readonly #frames = new Frames()
  readonly #cursor: Cursor
  readonly #scan: Scan
  readonly #added: Additions
  readonly #costs: CostTable
  readonly #leaves: Uint8Array
  readonly #table: Int32Array

  /** What there is in the body. */
  loops = false
  tries = false
  calls = false
  vectors = false
  /** An exception may be caught where a loop begins. */
  caughtByLoop = false
  /** The body is left by branches, or by exceptions that are caught at its end. */
  flags = 0
  /** Branches and cases of branches. */
  branches = 0
  maxHeight = 0
  /** The most results of a call. */
  maxResults = 0
  /** Where the `end` of the body is. */
  end = 0

  #height = 0
  #blockParams = 0
  #blockResults = 0

  /** `leaves` has, for each function that does not pay for itself, its price and one. */
  constructor(cursor: Cursor, scan: Scan, added: Additions, costs: CostTable, leaves: Uint8Array) {
    this.#cursor = cursor
    this.#scan = scan
    this.#added = added
    this.#costs = costs
    this.#leaves = leaves
    this.#table = walkTable(costs)
  }

  /** Goes over the code at the cursor, of a function with so many results. */
  walk(results: number): void {
    this.loops =
      this.tries =
      this.calls =
      this.vectors =
      this.caughtByLoop =
        false
    this.branches = 0
    this.maxResults = 0
    this.#height = 0
    this.ledger.clear()
    this.#frames.push(0, 0, 0, results, 0)
    this.#instructions()
  }

  #instructions(): void {
    const cursor = this.#cursor
    const frames = this.#frames
    const ledger = this.ledger
    const bytes = cursor.bytes
    const table = this.#table
    let at = cursor.at
    let cost = 0
    let height = 0
    let maxHeight = 0
    while (frames.depth > 0) {
      let start = at
      let what = 0
      let long = 0
      // Nothing is called in here, so that all of it stays in registers.
      do {
        start = at
        what = table[bytes[at] ?? 0] ?? 0
        at = (at + 1 + ((what >> 29) & 3)) | 0
        cost = (cost + ((what >> 21) & 0xff)) | 0
        height = (height + ((what >> 16) & 0x1f) - 8) | 0
        if (height > maxHeight) maxHeight = height
        long = ((bytes[at - 1] ?? 0) & what) | ((bytes[at - 2] ?? 0) & (what >> 8) & 0xff)
      } while (long === 0 && what >= 0 && cost <= maxCost)
      if (what < 0) {
        cursor.at = at
        ledger.cost = cost
        this.#height = height
        this.#special(bytes[start] ?? 0, start)
        at = cursor.at
        cost = ledger.cost
        height = this.#height
        if (height > maxHeight) maxHeight = height
      } else if (long !== 0) {
        cursor.at = start + 1
        cursor.skipNumbers((what >> 29) & 3)
        at = cursor.at
      }
      if (cost > maxCost) {
        ledger.cost = cost
        ledger.split(at)
        cost = ledger.cost
      }
    }
    this.maxHeight = maxHeight
  }

  /** What takes more than skipping; the numbers are literals so that V8 makes a table of them. */
  #special(opcode: number, start: number): void {
    switch (opcode) {
      case 0x00:
        return this.#die()
      case 0x02:
        this.#blockType()
        return this.#push(0)
      case 0x03:
        return this.#loop(start)
      case 0x04:
        return this.#if(start)
      case 0x05:
        return this.#else(start)
      case 0x08:
      case 0x0a:
        return this.#throw(opcode, start)
      case 0x0b:
        return this.#frameEnd(start)
      case 0x0c:
        return this.#br(start)
      case 0x0d:
        return this.#brIf(start)
      case 0x0e:
        return this.#brTable(start)
      case 0x0f:
        return this.#return(start)
      case 0x10:
        return this.#call(start)
      case 0x11:
      case 0x14:
        return this.#callIndirect(opcode, start)
      case 0x12:
      case 0x13:
      case 0x15:
        return this.#returnCall(opcode, start)
      case 0x1c:
        this.#cursor.skipNumber()
        return this.#cursor.skipValueType()
      case 0x1f:
        return this.#tryTable()
      default:
        return this.#rare(opcode, start)
    }
  }

  #rare(opcode: number, start: number): void {
    const cursor = this.#cursor
    switch (opcode) {
      case 0x40: {
        const index = this.#added.memoryGrow(cursor.u32())
        return this.ledger.call(start, cursor.at, index)
      }
      case 0x43:
        cursor.at += 4
        return
      case 0x44:
        cursor.at += 8
        return
      case 0xd0:
        return cursor.skipNumber()
      case 0xd5:
      case 0xd6:
        return this.#brIf(start)
      case 0xfc:
        return this.#bulk(start)
      case 0xfd:
        return this.#vector(start)
      default:
        return refuse(opcode, start)
    }
  }

  #if(start: number): void {
    this.branches++
    this.#blockType()
    this.ledger.settle(start)
    this.ledger.close()
    this.#push(isIf)
    this.ledger.open(this.#cursor.at, this.ledger.segments.last)
  }

  #br(start: number): void {
    this.ledger.settle(start)
    this.#target(this.#cursor.u32())
    this.#die()
  }

  #brIf(start: number): void {
    this.ledger.settle(start)
    this.#target(this.#cursor.u32())
    this.ledger.close()
    this.ledger.open(this.#cursor.at, this.ledger.segments.last)
  }

  #brTable(start: number): void {
    this.ledger.settle(start)
    for (let left = this.#cursor.u32() + 1; left > 0; left--) this.#target(this.#cursor.u32())
    this.#die()
  }

  #loop(start: number): void {
    this.loops = true
    this.#blockType()
    this.ledger.settle(start)
    this.ledger.close()
    this.#push(isLoop)
    this.ledger.openLoop(this.#cursor.at)
  }

  #else(start: number): void {
    const frames = this.#frames
    this.branches++
    this.ledger.settle(start)
    this.ledger.close()
    this.#height = frames.base(0) + frames.params(0)
    this.ledger.dead = (frames.flags(0) & dead) !== 0
    this.ledger.open(this.#cursor.at, frames.segment(0))
  }

  #frameEnd(start: number): void {
    const frames = this.#frames
    const flags = frames.flags(0)
    const segment = frames.segment(0)
    this.#height = frames.base(0) + frames.results(0)
    const left = --frames.depth
    if ((flags & (target | catches | isLoop | isIf)) === 0 && left > 0) return
    this.ledger.settle(start)
    this.ledger.close()
    if (left === 0) {
      this.flags = flags
      this.end = start
      return
    }
    if ((flags & isLoop) === 0) {
      this.ledger.dead = (flags & dead) !== 0
      if ((flags & catches) !== 0) this.ledger.edits.land(this.#cursor.at)
    }
    this.ledger.open(this.#cursor.at, segment)
  }

  /** A return becomes a branch to the end of the body, where the accounts are settled. */
  #return(start: number): void {
    const label = this.#frames.depth - 1
    this.ledger.settle(start)
    this.ledger.edits.end(start, this.#cursor.at, label)
    this.#target(label)
    this.#die()
  }

  #throw(opcode: number, start: number): void {
    if (opcode === 0x08) this.#cursor.skipNumber()
    this.ledger.throw(start, this.#costs.throw)
    this.#die()
  }

  #tryTable(): void {
    const cursor = this.#cursor
    this.tries = true
    this.#blockType()
    for (let left = cursor.u32(); left > 0; left--) {
      const hasTag = cursor.byte() < 2
      if (hasTag) cursor.skipNumber()
      const label = cursor.u32()
      this.#target(label)
      this.#frames.mark(label, catches)
      if ((this.#frames.flags(label) & isLoop) !== 0) this.caughtByLoop = true
    }
    this.#push(0)
  }

  #call(start: number): void {
    const index = this.#cursor.u32()
    const leaf = this.#leaves[index] ?? 0
    this.#pass(this.#scan.functions[index] ?? 0)
    if (leaf > 0) {
      this.ledger.cost += leaf - 1
      return
    }
    this.calls = true
    this.ledger.leave(start)
  }

  #callIndirect(opcode: number, start: number): void {
    this.#pass(this.#cursor.u32())
    if (opcode === 0x11) this.#cursor.skipNumber()
    this.calls = true
    this.ledger.leave(start)
  }

  #returnCall(opcode: number, start: number): void {
    const index = this.#cursor.u32()
    const leaf = opcode === 0x12 ? this.#leaves[index] ?? 0 : 0
    if (leaf > 0) this.ledger.cost += leaf - 1
    if (opcode === 0x13) this.#cursor.skipNumber()
    this.calls = true
    this.ledger.tailCall(start)
    this.#die()
  }

  /** Parameters go, results come. */
  #pass(type: number): void {
    const { params, results } = this.#scan.types[type] ?? { params: 0, results: 0 }
    this.#height += results - params
    if (results > this.maxResults) this.maxResults = results
  }

  #vector(start: number): void {
    const code = this.#cursor.u32()
    const kind = fdKinds[code] ?? FdKind.unknown
    if (kind === FdKind.unknown) return refuseVector(code, start)
    this.vectors = true
    this.ledger.cost += this.#costs.vector[code] ?? 0
    this.#height += fdDeltas[code] ?? 0
    this.#cursor.skipOfVector(kind)
  }

  #bulk(start: number): void {
    const cursor = this.#cursor
    const { ledger } = this
    const added = this.#added
    const code = cursor.u32()
    const indices = fcIndices[code]
    if (indices === undefined) return refuseBulk(code, start)
    const first = indices > 0 ? cursor.u32() : 0
    const second = indices > 1 ? cursor.u32() : 0
    ledger.cost += this.#costs.bulk[code] ?? 0
    this.#height += fcDeltas[code] ?? 0
    switch (code) {
      case Fc.memoryInit:
        return ledger.call(start, cursor.at, added.memoryInit(first, second))
      case Fc.memoryCopy:
        return ledger.call(start, cursor.at, added.memoryCopy(first, second))
      case Fc.memoryFill:
        return ledger.call(start, cursor.at, added.memoryFill(first))
      case Fc.tableGrow:
        return ledger.call(start, cursor.at, added.tableGrow(first))
      case Fc.tableFill:
      case Fc.tableCopy:
        return ledger.call(start, start, added.tableCharge(first))
      case Fc.tableInit:
        return ledger.call(start, start, added.tableCharge(second))
    }
  }

  #die(): void {
    this.ledger.die(this.#cursor.at)
    this.#height = this.#frames.base(0)
  }

  /** Opens a block of the type that was read last. */
  #push(flags: number): void {
    const base = this.#height - this.#blockParams
    const all = this.ledger.dead ? flags | dead : flags
    this.#frames.push(this.ledger.segments.last, base, this.#blockParams, this.#blockResults, all)
  }

  #target(label: number): void {
    this.#frames.mark(label, target)
    this.branches++
  }

  #blockType(): void {
    const cursor = this.#cursor
    const byte = cursor.bytes[cursor.at] ?? 0
    this.#blockParams = 0
    this.#blockResults = byte === 0x40 ? 0 : 1
    if (byte === 0x40) {
      cursor.at++
    } else if (byte >= 0x63 && byte < 0x80) {
      cursor.skipValueType()
    } else {
      const { params, results } = this.#scan.types[cursor.u32()] ?? { params: 0, results: 0 }
      this.#blockParams = params
      this.#blockResults = results
    }
  }
}
