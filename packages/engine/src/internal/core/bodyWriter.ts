/**
 * Writes a body with what is inserted into it.
 *
 * A function takes its frame off the stack and the price of its first segment off
 * the counter where it is entered, and settles its accounts at its end. Operands
 * stay where they are: inserted code leaves the height of the stack as it was.
 */
import type { Additions } from "./additions.ts"
import type { BodyWalk } from "./bodyWalk.ts"
import { globalCharges, localCharges } from "./charges.ts"
import type { Charges, Template } from "./charges.ts"
import { EditKind } from "./edits.ts"
import { Flag } from "./frames.ts"
import { Hints } from "./hints.ts"
import type { ScannedType } from "./scan.ts"
import type { Sink } from "./sink.ts"

const { call, charge, check, end, land, leave, loop, settle, unframe } = EditKind

/** Where the parts of a body are, and how its function keeps its accounts. */
export interface Body {
  readonly type: ScannedType
  /** Groups of locals, and where they are written. */
  readonly groups: number
  readonly groupsAt: number
  readonly code: number
  /** Number of parameters and locals: appended locals come behind them. */
  readonly locals: number
  /** The counter is in an appended local. */
  readonly isLocal: boolean
  /** Bytes of its frame, or -1 where it is not counted. */
  readonly frame: number
  /** What it costs to enter it, with the first segment. */
  readonly entry: number
  /** Every charge is checked. */
  readonly isChecked: boolean
}

export class BodyWriter {
  readonly hints = new Hints()
  readonly #out: Sink
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #added: Additions
  readonly #walk: BodyWalk
  readonly #globalCharges: Charges
  readonly #localCharges = new Map<number, Charges>()
  #charges: Charges
  /** Of the charges of segments that are not at the top of a loop. */
  #segmentCharge: Template
  #isLocal = false
  /** Index of the first appended local: the stack level before the call. */
  #saved = 0
  /** Index of the second one: the counter, or the stack level of the function itself. */
  #counter = 0
  /** Where the body starts in the output. */
  #start = 0
  /** Of the input that has not been copied yet. */
  #from = 0

  /** Writes what was found by `walk` in a body of `bytes`. */
  constructor(bytes: Uint8Array, added: Additions, walk: BodyWalk, out: Sink) {
    this.#out = out
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#added = added
    this.#walk = walk
    this.#globalCharges = globalCharges(added)
    this.#charges = this.#globalCharges
    this.#segmentCharge = this.#charges.plain
  }

  /** Writes the body of a function with its size. */
  write(body: Body): void {
    const out = this.#out
    const expected = Math.floor((this.#walk.end - body.groupsAt) * 1.36) + 24
    this.#saved = body.locals
    this.#counter = body.locals + 1
    this.#isLocal = body.isLocal
    this.#charges = body.isLocal ? this.#chargesOf(this.#counter) : this.#globalCharges
    this.#segmentCharge = body.isChecked ? this.#charges.checked : this.#charges.plain
    this.#start = out.begin(expected)
    this.#locals(body)
    this.#prologue(body)
    this.#from = body.code
    this.#edits()
    this.#flush(this.#walk.end)
    this.#epilogue(body)
    out.finish(this.#start, expected)
  }

  #chargesOf(counter: number): Charges {
    const known = this.#localCharges.get(counter)
    if (known !== undefined) return known
    const charges = localCharges(counter, this.#added)
    this.#localCharges.set(counter, charges)
    return charges
  }

  #locals({ code, frame, groups, groupsAt, isLocal }: Body): void {
    const out = this.#out
    const added = isLocal || this.#walk.tries ? 2 : frame >= 0 ? 1 : 0
    out.u32(groups + (added > 0 ? 1 : 0))
    out.copy(this.#bytes, groupsAt, code)
    if (added > 0) {
      out.u32(added)
      out.byte(0x7f)
    }
  }

  #prologue(body: Body): void {
    const out = this.#out
    const { fuel, stack } = this.#added
    const { frame } = body
    const isCounted = frame >= 0
    if (isCounted) {
      this.#op(0x23, stack)
      this.#op(0x22, this.#saved)
      out.byte(0x41)
      out.positive(frame)
      out.byte(0x6b)
      if (this.#walk.tries) this.#op(0x22, this.#counter)
      this.#op(0x24, stack)
    }
    this.#op(0x23, fuel)
    out.byte(0x41)
    out.positive(body.entry)
    const { bytes, countedEntry, entry } = this.#charges
    const { end, seldom, start } = isCounted ? countedEntry : entry
    this.hints.add(out.length - this.#start + seldom)
    out.copyShort(bytes, start, end)
    if (this.#isWrapped(body)) this.#open(body.type)
  }

  /** The accounts are settled behind a block that the body is left through. */
  #isWrapped({ frame, isLocal }: Body): boolean {
    return (this.#walk.flags & (Flag.target | Flag.catches)) !== 0 && (frame >= 0 || isLocal)
  }

  /** Opens a block with the results of a function. */
  #open({ resultBytes, results }: ScannedType): void {
    const out = this.#out
    out.byte(0x02)
    if (results === 0) out.byte(0x40)
    else if (results > 1) out.positive(this.#added.type([0x60, 0, ...resultBytes]))
    else for (const byte of resultBytes.slice(1)) out.byte(byte)
  }

  #epilogue(body: Body): void {
    const out = this.#out
    if (this.#isWrapped(body)) out.byte(0x0b)
    if ((this.#walk.flags & Flag.catches) !== 0) this.#land(true)
    if (body.frame >= 0) this.#unframe()
    if (body.isLocal) this.#leave()
    out.byte(0x0b)
  }

  #edits(): void {
    const { edits, segments } = this.#walk.ledger
    const { count } = edits
    for (let edit = 0; edit < count; edit++) {
      const kind = edits.kind(edit)
      if (kind === charge) {
        const price = segments.charge(edits.what(edit))
        if (price < 0) continue
        this.#flush(edits.from(edit))
        this.#charge(this.#segmentCharge, price)
      } else if (this.#isLocal || (kind !== leave && kind !== settle)) {
        this.#flush(edits.from(edit))
        this.#from = edits.to(edit)
        this.#edit(kind, edits.what(edit))
      }
    }
  }

  #edit(kind: number, what: number): void {
    switch (kind) {
      case leave:
        return this.#leave()
      case settle:
        this.#op(0x23, this.#added.fuel)
        return this.#op(0x21, this.#counter)
      case loop:
        if (this.#walk.tries) this.#land(this.#walk.caughtByLoop)
        return this.#charge(this.#charges.checked, this.#walk.ledger.segments.charge(what))
      case end:
        return this.#op(0x0c, what)
      case call:
        return this.#op(0x10, what)
      case check:
        return this.#check()
      case unframe:
        return this.#unframe()
      case land:
        return this.#land(true)
    }
  }

  #charge({ end, price: at, seldom, start }: Template, price: number): void {
    const out = this.#out
    const to = out.length
    out.copyShort(this.#charges.bytes, start, end)
    out.bytes[to + at] = 0x80 | (price & 0x7f)
    out.bytes[to + at + 1] = price >> 7
    if (seldom > 0) this.hints.add(to + seldom - this.#start)
  }

  /** Refills if the fuel is spent. */
  #check(): void {
    const { bytes, checked: { checks, end, seldom, start } } = this.#charges
    const out = this.#out
    if (this.#isLocal) this.#op(0x20, this.#counter)
    this.hints.add(out.length - (checks - start) + seldom - this.#start)
    out.copyShort(bytes, checks, end)
  }

  /** The counter goes to the global. */
  #leave(): void {
    this.#op(0x20, this.#counter)
    this.#op(0x24, this.#added.fuel)
  }

  /** Gives the frame back. */
  #unframe(): void {
    this.#op(0x20, this.#saved)
    this.#op(0x24, this.#added.stack)
  }

  /** The stack is at the level of the function again. */
  #land(unwound: boolean): void {
    this.#op(0x20, this.#counter)
    if (unwound) this.#op(0x10, this.#added.landed)
    else this.#op(0x24, this.#added.stack)
  }

  #flush(to: number): void {
    if (to > this.#from) this.#out.copyShort(this.#view, this.#from, to)
    this.#from = to
  }

  #op(opcode: number, index: number): void {
    const out = this.#out
    out.byte(opcode)
    out.u32(index)
  }
}
