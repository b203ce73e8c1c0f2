/**
 * Charges as they are written.
 */
import type { Additions } from "./additions.ts"
import { u32 } from "./sink.ts"

/** A charge with two bytes for its price, or what comes behind the price where a function is entered. */
export interface Template {
  /** Where it is in the bytes of all. */
  readonly start: number
  readonly end: number
  /** Where in it the price is. */
  readonly price: number
  /** Where in the bytes of all its check begins: with the number it is about where that is a global, behind it where it is a local. */
  readonly checks: number
  /** Where in it the branch is that is seldom taken, 0 without a check. */
  readonly seldom: number
}

/** What the charges of a function are written as. */
export interface Charges {
  /** With room behind them. */
  readonly bytes: DataView
  readonly plain: Template
  readonly checked: Template
  /** Behind the price of entering a function whose frame is not counted, and of one whose frame is. */
  readonly entry: Template
  readonly countedEntry: Template
}

type Code = ReadonlyArray<number>

/** In a function whose counter is in the global. */
export const globalCharges = (added: Additions): Charges => {
  const index = u32(added.fuel)
  const load = [0x23, ...index]
  const store = [0x24, ...index]
  return charges(added, load, store, [...store, ...load], [0x10, ...u32(added.refill)], [0x10, ...u32(added.enter)])
}

/** In a function that has it in a local. */
export const localCharges = (local: number, added: Additions): Charges => {
  const index = u32(local)
  const load = [0x20, ...index]
  const store = [0x21, ...index]
  const refill = [...load, 0x10, ...u32(added.refillLocal), ...store]
  const enter = [...load, 0x10, ...u32(added.enterLocal), ...store]
  return charges(added, load, store, [0x22, ...index], refill, enter)
}

/** `keep` stores the counter and leaves it on the stack. */
const charges = (
  { stack }: Additions,
  load: Code,
  store: Code,
  keep: Code,
  refill: Code,
  enter: Code
): Charges => {
  const isSpent = [0x41, 0x00, 0x48]
  const take = [...load, 0x41, 0x80, 0x00, 0x6b]
  const plain = [...take, ...store]
  const checked = [...take, ...keep, ...isSpent]
  const entry = [0x6b, ...keep, ...isSpent]
  const counted = [0x6b, ...keep, 0x23, ...u32(stack), 0x72, ...isSpent]
  const bytes = new Uint8Array(256)
  let end = 0
  const put = (code: Code, whereSpent?: Code): Template => {
    const start = end
    const all = whereSpent === undefined ? code : [...code, 0x04, 0x40, ...whereSpent, 0x0b]
    bytes.set(all, start)
    end += all.length
    const seldom = whereSpent === undefined ? 0 : code.length
    return { start, end, price: load.length + 1, checks: start + plain.length, seldom }
  }
  return {
    bytes: new DataView(bytes.buffer),
    plain: put(plain),
    checked: put(checked, refill),
    entry: put(entry, refill),
    countedEntry: put(counted, enter)
  }
}
