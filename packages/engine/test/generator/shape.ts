/**
 * What a generated module declares, drawn before any of its code.
 *
 * Types are letters: i i32, l i64, f f32, d f64, v v128, F funcref, X externref,
 * E exnref, and R a nullable reference to functions of type 0, (i32) -> i32.
 */
import type { Bytes } from "./encode.ts"
import { unsigned } from "./encode.ts"

export type Random = (below: number) => number

export interface Signature {
  readonly params: string
  readonly results: string
}

export interface Shape {
  readonly types: ReadonlyArray<Signature>
  /** Types of all functions, the two imported ones first. */
  readonly functions: ReadonlyArray<number>
  /** Pages of each memory: the first may be imported. */
  readonly memories: ReadonlyArray<{ readonly minimum: number; readonly maximum: number }>
  readonly importsMemory: boolean
  /** Types of all globals, the fuel of loops and calls first. */
  readonly globals: ReadonlyArray<{ readonly type: string; readonly mutable: boolean }>
  /** Element type of each table and its initial size. */
  readonly tables: ReadonlyArray<{ readonly type: string; readonly size: number }>
  /** The type of each tag. */
  readonly tags: ReadonlyArray<number>
  /** Sizes of data segments, all passive but the first, and of element segments of functions of type 0. */
  readonly data: ReadonlyArray<number>
  readonly elements: ReadonlyArray<number>
  /** Whether operations on memory may be of several parts. */
  readonly large: boolean
  /** Whether bodies may be long, with indices of more than a byte. */
  readonly long: boolean
}

export const importedFunctions = 2
/** Globals that count down: rounds of loops, and calls. */
export const rounds = 0
export const calls = 1

const letters: ReadonlyMap<string, Bytes> = new Map([
  ["i", [0x7f]],
  ["l", [0x7e]],
  ["f", [0x7d]],
  ["d", [0x7c]],
  ["v", [0x7b]],
  ["F", [0x70]],
  ["X", [0x6f]],
  ["E", [0x69]],
  ["R", [0x63, 0x00]]
])

export const typeBytes = (letter: string): Bytes => letters.get(letter) ?? []

export const typesOf = (text: string): Bytes => [...unsigned(text.length), ...Array.from(text).flatMap(typeBytes)]

export const pick = <A>(random: Random, from: ArrayLike<A>): A => {
  const found = from[random(from.length)]
  if (found === undefined) throw new Error("nothing to pick from")
  return found
}

const draw = (random: Random, from: string, most: number): string =>
  Array.from({ length: random(most + 1) }, () => pick(random, from)).join("")

const values = "iiiillfdvFXR"
/** Tags carry numbers alone. */
const payloads = ["", "i", "il", "dvf"]

export const drawShape = (random: Random): Shape => {
  const fixed = [["i", "i"], ["", ""], ["il", "l"], ["", "il"], ["i", "il"]] as const
  const types: Array<Signature> = fixed.map(([params, results]) => ({ params, results }))
  for (let left = 2 + random(5); left > 0; left--) {
    types.push({ params: draw(random, values, 4), results: draw(random, values, 3) })
  }
  const plain = types.length
  for (const params of payloads) types.push({ params, results: "" })
  const large = random(10) === 0
  const long = random(10) === 0
  return {
    types,
    functions: [0, 1, 0, 0, ...Array.from({ length: 2 + random(6) }, () => random(plain))],
    memories: Array.from({ length: 1 + random(2) }, () => ({ minimum: large ? 40 : 1 + random(2), maximum: 44 })),
    importsMemory: random(3) === 0,
    globals: [
      { type: "i", mutable: true },
      { type: "i", mutable: true },
      ...Array.from("ilfdvFXR", (type) => ({ type, mutable: true })),
      ...(long ? Array.from({ length: 130 }, () => ({ type: "i", mutable: true })) : []),
      { type: "i", mutable: false },
      { type: "l", mutable: false }
    ],
    tables: [{ type: "F", size: 8 }, { type: "R", size: 6 }, { type: "X", size: 4 }],
    tags: payloads.map((_, index) => plain + index),
    data: [32, 64, large ? 1_200_000 : 300],
    elements: [5, 4, 3],
    large,
    long
  }
}
