/**
 * The work of each row, told once: contenders fill in their loop, which is all
 * that is timed.
 */
import { isDeepStrictEqual } from "node:util"
import type { Work } from "../../harness/Suite.ts"

/** Imports that a guest calls in one call of its export. */
export const importsPerCall = 1000

/** The same for imports that suspend the guest. */
export const suspensionsPerCall = 100

/** Instances made between two checks. */
export const segment = 100

export interface Item {
  readonly id: number
  readonly weight: number
  readonly active: boolean
  readonly name: string
}

export const item: Item = { id: 7, weight: 2.5, active: true, name: "0123456789abcdef" }

export type Shape =
  | { readonly tag: "empty" }
  | { readonly tag: "dot"; readonly val: number }
  | { readonly tag: "circle"; readonly val: number }
  | { readonly tag: "box"; readonly val: { readonly width: number; readonly height: number } }

/** Sent in turns, so that no contender sees one case alone. */
export const shapes: readonly [Shape, Shape, Shape, Shape] = [
  { tag: "empty" },
  { tag: "dot", val: 7 },
  { tag: "circle", val: 2.5 },
  { tag: "box", val: { width: 3, height: 4 } }
]

export const bytes = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, at) => at % 251)

/**
 * What every contender of the suite can do.
 */
export interface Plain {
  readonly exportAdd: () => Promise<Work>
  readonly exportAddYieldable: () => Promise<Work>
  readonly exportEcho: (text: string) => Promise<Work>
  readonly exportBytes: (bytes: Uint8Array<ArrayBuffer>) => Promise<Work>
  /** `perCall` imports in one call of the export. */
  readonly importAdd: (perCall: number) => Promise<Work>
  readonly importEcho: (text: string) => Promise<Work>
  readonly instantiate: () => Promise<Work>
  /** A function that makes an instance, which lives as long as it is held. */
  readonly instances: () => Promise<() => unknown>
}

/**
 * And what those can that know WIT's types and suspend guests.
 */
export interface Works extends Plain {
  readonly exportRecord: () => Promise<Work>
  readonly exportVariant: () => Promise<Work>
  readonly exportResultOk: () => Promise<Work>
  readonly exportResultErr: () => Promise<Work>
  readonly resourceMethod: () => Promise<Work>
  readonly resourceNewDrop: () => Promise<Work>
  readonly asyncImport: () => Promise<Work>
}

export const text = (bytes: number): string => "0123456789abcdef".repeat(bytes / 16)

type Close = Work["close"]

/**
 * Takes the answer of every call; how many came and the last one are checked
 * after the round.
 */
export class Answers<A> {
  taken = 0
  last: A | undefined = undefined

  take(answer: A): void {
    this.taken++
    this.last = answer
  }
}

/**
 * Every operation answers with `wanted`.
 */
export const answering = <A>(
  wanted: A,
  loop: (count: number, answers: Answers<A>) => void | Promise<void>,
  close?: Close
): Work => {
  let answers = new Answers<A>()
  return {
    run: (count) => loop(count, answers),
    check: (count) => {
      const { last, taken } = answers
      answers = new Answers()
      if (taken !== count) throw new Error(`${taken} answers to ${count} calls`)
      if (!isDeepStrictEqual(last, wanted)) throw new Error("the last answer is not the one wanted")
    },
    close
  }
}

/**
 * The loop returns a sum that only comes out right if all the work was done.
 */
const summing = (
  wanted: (count: number) => number,
  loop: (count: number) => number | Promise<number>,
  close: Close
): Work => {
  let sum = -1
  const keep = (value: number): void => {
    sum = value
  }
  return {
    run: (count) => {
      const pending = loop(count)
      return typeof pending === "number" ? keep(pending) : pending.then(keep)
    },
    check: (count) => {
      const found = sum
      sum = -1
      if (found !== wanted(count)) throw new Error(`${count} operations sum up to ${found}, not ${wanted(count)}`)
    },
    close
  }
}

/**
 * Adds 1 to 0 `count` times through the guest.
 */
export const adding = (loop: (count: number) => number | Promise<number>, close?: Close): Work =>
  summing((count) => count, loop, close)

/**
 * The loop has a guest count `count` further, and returns what it then has.
 */
export const counting = (loop: (count: number) => number, close?: Close): Work => {
  let before = 0
  return summing((count) => count, (count) => {
    const after = loop(count)
    const added = after - before
    before = after
    return added
  }, close)
}

/**
 * Has the guest have a text echoed `count` times; the guest sums up the
 * lengths and the last bytes of what came back.
 */
export const echoing = (text: string, loop: (count: number) => number | Promise<number>, close?: Close): Work =>
  summing((count) => count * (text.length + text.charCodeAt(text.length - 1)), loop, close)

/**
 * Makes `count` instances and disposes of each. `probe` makes one more in the
 * same way, untimed, and has it add 2 and 3.
 */
export const instantiating = (
  loop: (count: number) => number | Promise<number>,
  probe: () => number | Promise<number>,
  close?: Close
): Work => {
  const made = summing((count) => count, loop, close)
  return {
    ...made,
    check: async (count) => {
      await made.check(count)
      if (await probe() !== 5) throw new Error("an instance cannot add 2 and 3")
    }
  }
}
