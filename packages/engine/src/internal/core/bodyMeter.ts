/**
 * Rewrites the body of one function after another so that it pays for what it does.
 *
 * A body is cut into regions, each entered at its top alone: the function and
 * every loop. A region has a charge at its top, and so has every segment of it
 * that is too dear to be paid in advance with the charge that dominates it.
 * Charges are written with two bytes for the price, which is filled in when the
 * body is done. Operands stay where they are: inserted code leaves the height of
 * the stack as it was.
 */
import { defaultLimits } from "../../Admission.ts"
import type { CostTable } from "../../CostTable.ts"
import { DecodeError } from "../../DecodeError.ts"
import type { Additions } from "./additions.ts"
import {
  deltas,
  Fc,
  fcDeltas,
  fcIndices,
  fcRefusal,
  fdDeltas,
  FdKind,
  fdKinds,
  Kind,
  kinds,
  refusal
} from "./opcodes.ts"
import type { Scan } from "./scan.ts"
import { Sink, u32 } from "./sink.ts"

/** What has been found in the body so far that changes how it is written. */
const Found = { loop: 1, try: 2, caughtByLoop: 4, large: 8 } as const

/** Where in the record of an open block what is. Flags: 1 opened in dead code, 2 branched to, 4 caught in. */
const Frame = { kind: 0, segment: 1, base: 2, results: 3, params: 4, flags: 5, size: 6 } as const

/** Where in the record of a charge what is: its place in the output, its price, what it may still take in advance. */
const Charge = { at: 0, cost: 1, room: 2, size: 3 } as const

/** The most that one charge takes: two bytes of a signed number. */
const maxCharge = 8_191
/** What a charge may take for segments that need not follow it. */
const inAdvance = 20
/** Fuel that may pass on one path without a check; more, and every charge checks. */
const maxUnchecked = 40_000
/** Bytes of a frame besides parameters, locals and operands. */
const frameBase = 128
/** Fuel that a function that calls may pay unchecked for each byte of its frame, as a power of two: all frames may return in a row. */
const uncheckedShift = 3
/** A function that calls none has its frame counted above this size. */
const redZone = 1_024

const noCharge = -1

export class BodyMeter {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #scan: Scan
  readonly #added: Additions
  readonly #costs: CostTable
  readonly #leaves: Uint8Array
  /** By opcode, see `packed`. */
  readonly #opcodes: Int32Array
  readonly #body = new Sink(1 << 16)
  readonly #head = new Sink(128)

  /** Hints for the branches that were inserted, function by function, and the number of these functions. */
  readonly hints = new Sink(1 << 12)
  hinted = 0

  #found = 0
  #isOutdated = false
  /** The counter is in a local. */
  #local = false
  #tries = false
  /** Index of the first appended local: the stack level before the call. */
  #saved = 0
  /** Index of the second one: the counter, or the stack level of the function itself. */
  #counter = 0
  /** What charges are written as: in a function whose counter is in the global, and by the local where it is there. */
  readonly #globalCharges: Charges
  readonly #localCharges: Array<Charges | undefined> = []
  #charging: Charges
  /** What is written where a segment has a charge. */
  #segmentCharge: Template
  #at = 0
  /** Of the input that has not been copied yet. */
  #from = 0
  #height = 0
  #maxHeight = 0
  /** The most results of a call. */
  #maxResults = 0
  #calls = false
  #vectors = false
  #dead = false
  /** The counter of a function with loops is in the global, not in its local. */
  #outside = false
  #total = 0
  /** How much of that is for throws, which are checked. */
  #thrown = 0

  /** Charges, by `Charge`; each is known by where its record starts. A place of -1 is before the body. */
  #charges = 0
  #chargeTable = new Int32Array(256 * Charge.size)

  /** Segments by number: the charge that pays for each, once it is closed. */
  #segments = 0
  #paidBy = new Int32Array(256)
  #cost = 0
  /** Where in the input the segment starts. */
  #start = 0
  /** Where in the output its charge is, or -1. */
  #written = noCharge
  /** The charge that it adds to in any case, or -1. */
  #own = noCharge
  #dominator = 0

  /** Where in the output of a body branches are that are seldom taken. */
  #unlikely = 0
  #unlikelyAt = new Int32Array(256)

  #branches = 0

  #depth = 0
  /** Blocks that are open, by `Frame`. */
  #frames = new Int32Array(64 * Frame.size)

  #blockParams = 0
  #blockResults = 0

  /** `leaves` has, for each function that does not pay for itself, its price and one. */
  constructor(scan: Scan, added: Additions, costs: CostTable, leaves: Uint8Array) {
    this.#bytes = scan.sections.bytes
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
    this.#leaves = leaves
    this.#scan = scan
    this.#added = added
    this.#costs = costs
    this.#opcodes = packed(costs)
    this.#globalCharges = { plain: globalCharge(added, false), checked: globalCharge(added, true) }
    this.#charging = this.#globalCharges
    this.#segmentCharge = this.#charging.plain
  }

  /** Writes the body that starts at an offset, with its size, to `out`. */
  write(out: Sink, index: number, start: number): void {
    this.#found = 0
    while (!this.#attempt(out, index, start));
  }

  /** False where something was found that the body has to be written again for. */
  #attempt(out: Sink, index: number, start: number): boolean {
    this.#isOutdated = false
    const type = this.#scan.functions[index] ?? 0
    const { frame, params, results } = this.#scan.types[type] ?? { frame: 0, params: 0, results: 0 }
    this.#at = start
    const groups = this.#u32()
    const groupsAt = this.#at
    let locals = 0
    let bytes = 0
    for (let i = 0; i < groups; i++) {
      const count = this.#u32()
      const type = this.#bytes[this.#at]
      this.#skipValueType()
      locals += count
      bytes += count * (type === 0x7b ? 16 : 8)
    }
    const code = this.#at
    this.#know(params + locals)
    this.#reset(code, results)
    this.#walk()
    if (this.#isOutdated) return false
    const charges = this.#chargeTable
    for (let at = 0; at < this.#charges; at += Charge.size) {
      this.#price(charges[at + Charge.at] ?? noCharge, charges[at + Charge.cost] ?? 0)
    }
    const slot = this.#vectors || this.#scan.vectors ? 16 : 8
    // What a call is given and what it gives have places of their own in baseline code.
    const values = frameBase + 2 * frame + bytes + (this.#maxHeight + this.#maxResults) * slot
    const checked = !this.#calls || (this.#found & Found.large) !== 0
    const size = checked ? values : Math.max(values, (this.#total - this.#thrown) >> uncheckedShift)
    const entry = this.#costs.entry + (bytes >> 4) * this.#costs.locals + (charges[Charge.cost] ?? 0)
    this.#assemble(out, index, type, groups, groupsAt, code, size, entry)
    this.#weigh(params + locals, start)
    return true
  }

  /** Takes over what has been found in earlier attempts. */
  #know(saved: number): void {
    const found = this.#found
    this.#saved = saved
    this.#counter = saved + 1
    this.#tries = (found & Found.try) !== 0
    this.#local = (found & (Found.loop | Found.try)) === Found.loop
    this.#charging = this.#local ? this.#localCharge(saved + 1) : this.#globalCharges
    this.#segmentCharge = (found & Found.large) === 0 ? this.#charging.plain : this.#charging.checked
  }

  #localCharge(counter: number): Charges {
    return this.#localCharges[counter] ??= {
      plain: localCharge(counter, this.#added.refillLocal, false),
      checked: localCharge(counter, this.#added.refillLocal, true)
    }
  }

  #reset(code: number, results: number): void {
    this.#from = code
    this.#body.length = 0
    this.#height = 0
    this.#maxResults = 0
    this.#calls = this.#tries
    this.#vectors = false
    this.#dead = false
    this.#outside = false
    this.#total = 0
    this.#thrown = 0
    this.#charges = 0
    this.#segments = 0
    this.#depth = 0
    this.#branches = 0
    this.#unlikely = 0
    this.#push(Kind.block, 0, results)
    this.#open(code, this.#charge(noCharge))
    this.#own = 0
  }

  #walk(): void {
    const bytes = this.#bytes
    const opcodes = this.#opcodes
    let at = this.#at
    let cost = this.#cost
    let height = this.#height
    let maxHeight = 0
    for (;;) {
      const start = at
      const opcode = bytes[at] ?? 0
      const what = opcodes[opcode] ?? 0
      cost += (what >> 21) & 0xff
      height += ((what >> 16) & 0x1f) - 8
      at += 1 + ((what >> 29) & 3)
      if (what < 0) {
        this.#at = at
        this.#cost = cost
        this.#height = height
        this.#special(kinds[opcode] ?? 0, opcode, start)
        if (this.#depth === 0 || this.#isOutdated) break
        at = this.#at
        cost = this.#cost
        height = this.#height
      } else if ((((bytes[at - 1] ?? 0) & what) | ((bytes[at - 2] ?? 0) & (what >> 8) & 0xff)) !== 0) {
        at = this.#afterNumbers(start, what)
      }
      if (height > maxHeight) maxHeight = height
      if (cost > maxCharge - 512) {
        this.#cost = cost
        this.#split(at)
        cost = this.#cost
      }
    }
    this.#maxHeight = Math.max(maxHeight, this.#height)
  }

  /** Where the numbers end that follow an opcode, which are not all of one byte. */
  #afterNumbers(start: number, what: number): number {
    this.#at = start + 1
    if (((what >> 29) & 3) > 1) this.#skipMemory()
    else this.#skipIndex()
    return this.#at
  }

  #special(kind: number, opcode: number, start: number): void {
    switch (kind) {
      case Kind.block:
        this.#blockType()
        return this.#push(Kind.block, this.#blockParams, this.#blockResults)
      case Kind.loop:
        return this.#loop(start)
      case Kind.if:
        this.#branches++
        this.#blockType()
        this.#settle(start)
        this.#close()
        this.#push(Kind.if, this.#blockParams, this.#blockResults)
        return this.#open(this.#at, this.#paid(this.#segments - 1))
      case Kind.else:
        return this.#else(start)
      case Kind.end:
        return this.#frameEnd(start)
      case Kind.tryTable:
        return this.#tryTable()
      case Kind.brIf:
        return this.#brIf(start)
      case Kind.br:
        this.#settle(start)
        this.#target(this.#u32())
        return this.#die()
      case Kind.brTable:
        this.#settle(start)
        for (let left = this.#u32() + 1; left > 0; left--) this.#target(this.#u32())
        return this.#die()
      case Kind.return:
        return this.#return(start)
      case Kind.unreachable:
        return this.#die()
      case Kind.throw:
      case Kind.throwRef:
        return this.#throw(opcode, start)
      case Kind.prefixFd:
        return this.#vector(start)
      case Kind.prefixFc:
        return this.#bulk(start)
      case Kind.memoryGrow:
        return this.#helper(start, this.#added.memoryGrow(this.#u32()))
      case Kind.heapType:
        return this.#skipIndex()
      case Kind.bytes4:
        this.#at += 4
        return
      case Kind.bytes8:
        this.#at += 8
        return
      case Kind.selectTypes:
        this.#skipIndex()
        return this.#skipValueType()
      default:
        return this.#call(kind, opcode, start)
    }
  }

  #loop(start: number): void {
    this.#blockType()
    this.#find(Found.loop)
    this.#settle(start)
    this.#close()
    this.#push(Kind.loop, this.#blockParams, this.#blockResults)
    this.#flush(this.#at)
    if (this.#tries) this.#land((this.#found & Found.caughtByLoop) !== 0)
    this.#open(this.#at, this.#charge(this.#writeCharge(this.#charging.checked)))
    this.#own = this.#charges - Charge.size
  }

  #else(start: number): void {
    this.#branches++
    this.#settle(start)
    this.#close()
    const frames = this.#frames
    const at = (this.#depth - 1) * Frame.size
    this.#height = (frames[at + Frame.base] ?? 0) + (frames[at + Frame.params] ?? 0)
    this.#dead = ((frames[at + Frame.flags] ?? 0) & 1) !== 0
    this.#open(this.#at, this.#paid(frames[at + Frame.segment] ?? 0))
  }

  #frameEnd(start: number): void {
    const frame = --this.#depth
    const frames = this.#frames
    const at = frame * Frame.size
    const kind = frames[at + Frame.kind]
    const flags = frames[at + Frame.flags] ?? 0
    const segment = frames[at + Frame.segment] ?? 0
    this.#height = (frames[at + Frame.base] ?? 0) + (frames[at + Frame.results] ?? 0)
    if (frame === 0) {
      this.#settle(start)
      this.#close()
      return this.#flush(start)
    }
    const joined = kind === Kind.if || (flags & 6) !== 0
    if (!joined && kind !== Kind.loop) return
    this.#settle(start)
    this.#close()
    if (joined && kind !== Kind.loop) this.#dead = (flags & 1) !== 0
    if ((flags & 4) !== 0 && kind !== Kind.loop) {
      this.#flush(this.#at)
      this.#land(true)
    }
    this.#open(this.#at, this.#paid(segment))
  }

  #brIf(start: number): void {
    this.#settle(start)
    this.#target(this.#u32())
    this.#close()
    this.#open(this.#at, this.#paid(this.#segments - 1))
  }

  /** A return becomes a branch to the end of the body, where the accounts are settled. */
  #return(start: number): void {
    this.#settle(start)
    this.#insert(start)
    this.#body.reserve(8)
    this.#body.byte(0x0c)
    this.#body.u32(this.#depth - 1)
    this.#from = this.#at
    this.#target(this.#depth - 1)
    this.#die()
  }

  #throw(opcode: number, start: number): void {
    if (this.#cost > maxCharge - this.#costs.throw) this.#split(start)
    this.#cost += this.#costs.throw
    if (!this.#dead) this.#thrown += this.#costs.throw
    this.#settle(start)
    if (opcode === 0x08) this.#skipIndex()
    this.#insert(start)
    this.#writeCheck()
    if (this.#local) this.#leave()
    this.#outside = false
    this.#die()
  }

  #tryTable(): void {
    this.#find(Found.try)
    this.#blockType()
    const params = this.#blockParams
    const results = this.#blockResults
    for (let left = this.#u32(); left > 0; left--) {
      const kind = this.#bytes[this.#at++] ?? 0
      if (kind < 2) this.#u32()
      const label = this.#u32()
      this.#target(label)
      const at = (this.#depth - 1 - label) * Frame.size
      this.#mark(at, 4)
      if (this.#frames[at + Frame.kind] === Kind.loop) this.#find(Found.caughtByLoop)
    }
    this.#push(Kind.block, params, results)
  }

  #call(kind: number, opcode: number, start: number): void {
    let type: number
    if (kind === Kind.call || kind === Kind.returnCall) {
      const index = this.#u32()
      type = this.#scan.functions[index] ?? 0
      const leaf = this.#leaves[index] ?? 0
      if (leaf > 0) this.#cost += leaf - 1
      if (leaf > 0 && kind === Kind.call) return this.#pass(type)
    } else {
      if (kind < Kind.call || kind > Kind.returnCallRef) this.#refuse(opcode, start)
      type = this.#u32()
      if (kind === Kind.callIndirect || kind === Kind.returnCallIndirect) this.#skipIndex()
    }
    this.#calls = true
    if (kind === Kind.returnCall || kind === Kind.returnCallIndirect || kind === Kind.returnCallRef) {
      return this.#tailCall(start)
    }
    this.#pass(type)
    if (!this.#local || this.#outside || this.#dead) return
    this.#insert(start)
    this.#leave()
  }

  /** Parameters go, results come. */
  #pass(type: number): void {
    const { params, results } = this.#scan.types[type] ?? { params: 0, results: 0 }
    this.#height += results - params
    if (results > this.#maxResults) this.#maxResults = results
  }

  #tailCall(start: number): void {
    this.#insert(start)
    if (this.#local && !this.#outside) this.#leave()
    this.#outside = false
    this.#body.reserve(32)
    this.#localGet(this.#saved)
    this.#globalSet(this.#added.stack)
    this.#die()
  }

  #vector(start: number): void {
    const code = this.#u32()
    const kind = fdKinds[code] ?? FdKind.unknown
    this.#vectors = true
    this.#cost += this.#costs.vector[code] ?? 0
    this.#height += fdDeltas[code] ?? 0
    switch (kind) {
      case FdKind.unknown:
        return this.#unknown(`unknown vector opcode ${code}`, start)
      case FdKind.bytes16:
        this.#at += 16
        return
      case FdKind.lane:
        this.#at++
        return
      case FdKind.memory:
        return this.#skipMemory()
      case FdKind.memoryLane:
        this.#skipMemory()
        this.#at++
    }
  }

  #bulk(start: number): void {
    const code = this.#u32()
    const indices = fcIndices[code]
    if (indices === undefined) {
      const refused = fcRefusal(code)
      if (refused !== undefined) this.#refused(refused.feature, start)
      return this.#unknown(`unknown opcode 0xfc ${code}`, start)
    }
    const first = indices > 0 ? this.#u32() : 0
    const second = indices > 1 ? this.#u32() : 0
    this.#cost += this.#costs.bulk[code] ?? 0
    this.#height += fcDeltas[code] ?? 0
    switch (code) {
      case Fc.memoryInit:
        return this.#helper(start, this.#added.memoryInit(first, second))
      case Fc.memoryCopy:
        return this.#helper(start, this.#added.memoryCopy(first, second))
      case Fc.memoryFill:
        return this.#helper(start, this.#added.memoryFill(first))
      case Fc.tableGrow:
        return this.#helper(start, this.#added.tableGrow(first))
      case Fc.tableFill:
      case Fc.tableCopy:
        return this.#helper(start, this.#added.tableCharge(first), true)
      case Fc.tableInit:
        return this.#helper(start, this.#added.tableCharge(second), true)
    }
  }

  /** Calls an appended function, instead of the instruction at `start` or before it. */
  #helper(start: number, index: number, before = false): void {
    this.#insert(start)
    this.#body.reserve(32)
    if (this.#local && !this.#outside && !this.#dead) this.#leave()
    this.#body.byte(0x10)
    this.#body.u32(index)
    if (!before) this.#from = this.#at
  }

  /** Before control passes on: the counter is in the local of a function that has one. */
  #settle(start: number): void {
    if (!this.#outside) return
    this.#outside = false
    if (this.#dead) return
    this.#insert(start)
    this.#body.reserve(16)
    this.#globalGet(this.#added.fuel)
    this.#body.byte(0x21)
    this.#body.u32(this.#counter)
  }

  /** The counter goes to the global. */
  #leave(): void {
    this.#body.reserve(16)
    this.#localGet(this.#counter)
    this.#globalSet(this.#added.fuel)
    this.#outside = true
  }

  #land(unwound: boolean): void {
    this.#body.reserve(32)
    this.#localGet(this.#counter)
    if (!unwound) return this.#globalSet(this.#added.stack)
    this.#body.byte(0x10)
    this.#body.u32(this.#added.landed)
  }

  #die(): void {
    this.#close()
    this.#open(this.#at, this.#paid(this.#segments - 1))
    this.#dead = true
    this.#height = this.#frames[(this.#depth - 1) * Frame.size + Frame.base] ?? 0
  }

  /** Starts a segment at a place of the input; `dominator` is a charge that every path to it has paid. */
  #open(start: number, dominator: number): void {
    if (this.#segments === this.#paidBy.length) this.#paidBy = doubled(this.#paidBy)
    this.#segments++
    this.#start = start
    this.#cost = 0
    this.#written = noCharge
    this.#own = noCharge
    this.#dominator = dominator
  }

  #paid(segment: number): number {
    return this.#paidBy[segment] ?? 0
  }

  /** Ends the segment and settles which charge pays for it. */
  #close(): void {
    const segment = this.#segments - 1
    const cost = this.#cost
    if (this.#own !== noCharge) {
      this.#pay(segment, this.#own, cost)
      return
    }
    const dominator = this.#dominator
    const charges = this.#chargeTable
    const room = charges[dominator + Charge.room] ?? 0
    if (this.#dead) {
      this.#paidBy[segment] = dominator
    } else if (cost === 0 || (cost <= room && (charges[dominator + Charge.cost] ?? 0) + cost <= maxCharge)) {
      charges[dominator + Charge.room] = room - cost
      if (this.#written !== noCharge) this.#unwrite()
      this.#pay(segment, dominator, cost)
    } else {
      if (this.#written === noCharge) this.#writeSegmentCharge()
      this.#pay(segment, this.#charge(this.#written + this.#segmentCharge.price), cost)
    }
  }

  /** Takes back the charge of the segment. */
  #unwrite(): void {
    const { size } = this.#segmentCharge
    this.#body.remove(this.#written, size)
    const at = this.#unlikelyAt
    let kept = this.#unlikely
    while (kept > 0 && (at[kept - 1] ?? 0) > this.#written) kept--
    for (let i = kept; i < this.#unlikely; i++) {
      const moved = (at[i] ?? 0) - size
      if (moved > this.#written) at[kept++] = moved
    }
    this.#unlikely = kept
  }

  #hint(at: number): void {
    if (this.#unlikely === this.#unlikelyAt.length) this.#unlikelyAt = doubled(this.#unlikelyAt)
    this.#unlikelyAt[this.#unlikely++] = at
  }

  #pay(segment: number, charge: number, cost: number): void {
    const charges = this.#chargeTable
    charges[charge + Charge.cost] = (charges[charge + Charge.cost] ?? 0) + cost
    this.#paidBy[segment] = charge
    this.#total += cost
    if (this.#total > maxUnchecked) this.#find(Found.large)
  }

  /** Cuts a segment whose price has become too large for one charge. */
  #split(at: number): void {
    if (this.#dead) {
      this.#cost = 0
      return
    }
    this.#settle(at)
    this.#close()
    this.#open(at, this.#paid(this.#segments - 1))
  }

  #charge(at: number): number {
    const charge = this.#charges
    if (charge === this.#chargeTable.length) this.#chargeTable = doubled(this.#chargeTable)
    const charges = this.#chargeTable
    charges[charge + Charge.at] = at
    charges[charge + Charge.cost] = 0
    charges[charge + Charge.room] = (this.#found & Found.large) === 0 ? inAdvance : 0
    this.#charges = charge + Charge.size
    return charge
  }

  /** Gets ready to insert code at a place of the input within the current segment. */
  #insert(at: number): void {
    if (!this.#dead && this.#own === noCharge && this.#written === noCharge) this.#writeSegmentCharge()
    this.#flush(at)
  }

  #writeSegmentCharge(): void {
    this.#flush(this.#start)
    this.#written = this.#body.length
    this.#writeCharge(this.#segmentCharge)
  }

  /** Writes a charge and gives the place of its price. */
  #writeCharge({ bytes, price, seldom, size }: Template): number {
    const body = this.#body
    const start = body.length
    body.copyShort(bytes, 0, size)
    if (seldom > 0) this.#hint(start + seldom)
    return start + price
  }

  /** Refills if the fuel is spent. */
  #writeCheck(): void {
    const { bytes, checks, seldom, size } = this.#charging.checked
    const body = this.#body
    if (this.#local) this.#localGet(this.#counter)
    const start = body.length - checks
    body.copyShort(bytes, checks, size)
    this.#hint(start + seldom)
  }

  #price(at: number, cost: number): void {
    if (at === noCharge) return
    this.#body.bytes[at] = 0x80 | (cost & 0x7f)
    this.#body.bytes[at + 1] = cost >> 7
  }

  #assemble(
    out: Sink,
    index: number,
    type: number,
    groups: number,
    groupsAt: number,
    code: number,
    frame: number,
    entry: number
  ): void {
    const { resultBytes, results } = this.#scan.types[type] ?? { resultBytes: [], results: 0 }
    const flags = this.#frames[Frame.flags] ?? 0
    const counted = this.#calls || frame > redZone
    const local = this.#local
    const wrapped = (flags & 6) !== 0 && (counted || local)
    const head = this.#head
    head.length = 0
    const extra = local || this.#tries ? 2 : counted ? 1 : 0
    this.#inserted = this.#unlikely
    head.u32(groups + (extra > 0 ? 1 : 0))
    head.copy(this.#bytes, groupsAt, code)
    if (extra > 0) {
      head.u32(extra)
      head.byte(0x7f)
    }
    const body = this.#body
    this.#prologue(head, counted, frame, entry)
    if (wrapped) {
      head.byte(0x02)
      if (results === 0) head.byte(0x40)
      else if (results === 1) { for (const byte of resultBytes.slice(1)) head.byte(byte) }
      else head.positive(this.#added.type([0x60, 0, ...resultBytes]))
      body.byte(0x0b)
    }
    if ((flags & 4) !== 0) this.#land(true)
    if (counted) {
      this.#localGet(this.#saved)
      this.#globalSet(this.#added.stack)
    }
    if (local) {
      this.#localGet(this.#counter)
      this.#globalSet(this.#added.fuel)
    }
    body.byte(0x0b)
    this.#writeHints(index, head.length)
    out.u32(head.length + body.length)
    out.copy(head.bytes, 0, head.length)
    out.copy(body.bytes, 0, body.length)
  }

  #inserted = 0

  /** Compilers reconcile the state of all locals at each branch. */
  #weigh(locals: number, start: number): void {
    const { localBranches, moduleLocalBranches } = defaultLimits
    const weight = locals * (this.#branches + this.#unlikely)
    this.#weight += weight
    if (weight <= localBranches && this.#weight <= moduleLocalBranches) return
    throw new DecodeError({
      reason: "TooLarge",
      offset: start,
      section: "code section",
      message: weight > localBranches
        ? `${weight} locals times branches in a metered function, at most ${localBranches} are allowed`
        : `${this.#weight} locals times branches in a metered module, at most ${moduleLocalBranches} are allowed`
    })
  }

  #weight = 0

  /** The hints of a body: those of its prologue were recorded last. */
  #writeHints(index: number, size: number): void {
    const { hints } = this
    const at = this.#unlikelyAt
    hints.reserve(16 + this.#unlikely * 8)
    hints.u32(index)
    hints.u32(this.#unlikely)
    const write = (offset: number): void => {
      hints.u32(offset)
      hints.byte(1)
      hints.byte(0)
    }
    for (let i = this.#inserted; i < this.#unlikely; i++) write(at[i] ?? 0)
    for (let i = 0; i < this.#inserted; i++) write((at[i] ?? 0) + size)
    this.hinted++
  }

  #prologue(head: Sink, counted: boolean, frame: number, entry: number): void {
    const { enter, enterLocal, fuel, refill, refillLocal, stack } = this.#added
    const local = this.#local
    const op = (opcode: number, index: number): void => {
      head.byte(opcode)
      head.u32(index)
    }
    const subtract = (value: number): void => {
      head.byte(0x41)
      head.positive(value)
      head.byte(0x6b)
    }
    if (counted) {
      op(0x23, stack)
      op(0x22, this.#saved)
      subtract(frame)
      if (this.#tries) op(0x22, this.#counter)
      op(0x24, stack)
    }
    op(0x23, fuel)
    subtract(entry)
    op(local ? 0x22 : 0x24, local ? this.#counter : fuel)
    if (!local) op(0x23, fuel)
    if (counted) {
      op(0x23, stack)
      head.byte(0x72)
    }
    op(0x41, 0)
    head.byte(0x48)
    this.#hint(head.length)
    op(0x04, 0x40)
    if (local) op(0x20, this.#counter)
    op(0x10, local ? (counted ? enterLocal : refillLocal) : counted ? enter : refill)
    if (local) op(0x21, this.#counter)
    head.byte(0x0b)
  }

  #push(kind: number, params: number, results: number): void {
    const frame = this.#depth++
    const at = frame * Frame.size
    if (at === this.#frames.length) this.#frames = doubled(this.#frames)
    const frames = this.#frames
    frames[at + Frame.kind] = kind
    frames[at + Frame.segment] = Math.max(0, this.#segments - 1)
    frames[at + Frame.base] = this.#height - params
    frames[at + Frame.params] = params
    frames[at + Frame.results] = results
    frames[at + Frame.flags] = this.#dead ? 1 : 0
  }

  #mark(frame: number, flag: number): void {
    const frames = this.#frames
    frames[frame + Frame.flags] = (frames[frame + Frame.flags] ?? 0) | flag
  }

  #target(label: number): void {
    this.#mark((this.#depth - 1 - label) * Frame.size, 2)
    this.#branches++
  }

  /** What has been written is of no use if this was not known of the body. */
  #find(what: number): void {
    if ((this.#found & what) !== 0) return
    this.#found |= what
    this.#isOutdated = true
  }

  #blockType(): void {
    const byte = this.#bytes[this.#at] ?? 0
    this.#blockParams = 0
    this.#blockResults = byte === 0x40 ? 0 : 1
    if (byte === 0x40) {
      this.#at++
    } else if (byte >= 0x63 && byte < 0x80) {
      this.#skipValueType()
    } else {
      const { params, results } = this.#scan.types[this.#u32()] ?? { params: 0, results: 0 }
      this.#blockParams = params
      this.#blockResults = results
    }
  }

  #skipValueType(): void {
    const byte = this.#bytes[this.#at++] ?? 0
    if (byte === 0x63 || byte === 0x64) this.#skipIndex()
  }

  #skipMemory(): void {
    const flags = this.#bytes[this.#at] ?? 0
    this.#skipIndex()
    if ((flags & 0x40) !== 0) this.#skipIndex()
    this.#skipIndex()
  }

  #skipIndex(): void {
    while ((this.#bytes[this.#at++] ?? 0) >= 0x80);
  }

  #u32(): number {
    let value = 0
    for (let shift = 0;; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  #flush(to: number): void {
    if (to > this.#from) this.#body.copyShort(this.#view, this.#from, to)
    this.#from = to
  }

  #localGet(index: number): void {
    this.#body.byte(0x20)
    this.#body.u32(index)
  }

  #globalGet(index: number): void {
    this.#body.byte(0x23)
    this.#body.u32(index)
  }

  #globalSet(index: number): void {
    this.#body.byte(0x24)
    this.#body.u32(index)
  }

  #refuse(opcode: number, start: number): never {
    const refused = refusal(opcode)
    return refused === undefined
      ? this.#unknown(`unknown opcode ${opcode}`, start)
      : this.#refused(refused.feature, start)
  }

  #refused(feature: string, offset: number): never {
    throw new DecodeError({
      reason: "Refused",
      offset,
      section: "code section",
      message: `${feature}: not supported`,
      feature
    })
  }

  #unknown(message: string, offset: number): never {
    throw new DecodeError({ reason: "Refused", offset, section: "code section", message, feature: message })
  }
}

/** A charge as it is written, with two bytes for the price. */
interface Template {
  /** With room behind it. */
  readonly bytes: DataView
  readonly size: number
  /** Where in it the price is. */
  readonly price: number
  /** Where the check begins: with the number it is about where that is a global, behind it where it is a local. */
  readonly checks: number
  /** Where its branch is that is seldom taken, 0 without a check. */
  readonly seldom: number
}

interface Charges {
  readonly plain: Template
  readonly checked: Template
}

const noPrice = [0x80, 0x00]
const isSpent = [0x41, 0x00, 0x48]

const padded = (bytes: ReadonlyArray<number>): Pick<Template, "bytes" | "size"> => {
  const room = new Uint8Array(bytes.length + 32)
  room.set(bytes)
  return { bytes: new DataView(room.buffer), size: bytes.length }
}

const globalCharge = ({ fuel, refill }: Additions, check: boolean): Template => {
  const index = u32(fuel)
  const charge = [0x23, ...index, 0x41, ...noPrice, 0x6b, 0x24, ...index]
  const condition = [0x23, ...index, ...isSpent]
  const bytes = check ? [...charge, ...condition, 0x04, 0x40, 0x10, ...u32(refill), 0x0b] : charge
  return {
    ...padded(bytes),
    price: index.length + 2,
    checks: charge.length,
    seldom: check ? charge.length + condition.length : 0
  }
}

const localCharge = (counter: number, refill: number, check: boolean): Template => {
  const index = u32(counter)
  const charge = [0x20, ...index, 0x41, ...noPrice, 0x6b, check ? 0x22 : 0x21, ...index]
  const refilled = [0x04, 0x40, 0x20, ...index, 0x10, ...u32(refill), 0x21, ...index, 0x0b]
  return {
    ...padded(check ? [...charge, ...isSpent, ...refilled] : charge),
    price: index.length + 2,
    checks: charge.length,
    seldom: check ? charge.length + isSpent.length : 0
  }
}

/**
 * What the walk has to know of each opcode. From the highest bit: 1 for one that
 * takes more than skipping, 2 bits for how many numbers follow, 8 for its price,
 * 5 for what it adds to the height (and 8), 8 for those bits of the number before
 * the last that say that there is more to it than one byte, 8 for those of the last.
 */
const packed = ({ plain }: CostTable): Int32Array =>
  Int32Array.from(kinds, (kind, opcode) => {
    const numbers = kind === Kind.memory ? 2 : kind === Kind.index ? 1 : 0
    const special = numbers === 0 && kind !== Kind.plain
    return (special ? 1 << 31 : 0) | (numbers << 29) | ((plain[opcode] ?? 0) << 21) |
      (((deltas[opcode] ?? 0) + 8) << 16) | (numbers > 1 ? 0xc0 << 8 : 0) | (numbers > 0 ? 0x80 : 0)
  })

const doubled = <A extends Int32Array | Uint8Array>(array: A): A => {
  const larger = new (array.constructor as new(size: number) => A)(array.length * 2)
  larger.set(array)
  return larger
}
