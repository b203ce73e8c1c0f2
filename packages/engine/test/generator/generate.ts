/**
 * Valid core modules drawn from a seed, over every feature that is metered.
 */
import { op } from "../checker/opcodes.ts"
import { random } from "../support/components.ts"
import { BodyWriter } from "./body.ts"
import type { Bytes } from "./encode.ts"
import { float32, float64, opcode, section, signed, text, unsigned, vector } from "./encode.ts"
import type { Random, Shape } from "./shape.ts"
import { calls, drawShape, importedFunctions, pick, rounds, typeBytes, typesOf } from "./shape.ts"

export interface Generated {
  readonly seed: number
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Of the memory that it may import. */
  readonly pages: number
  /** Calls to make, in this order. */
  readonly calls: ReadonlyArray<{ readonly name: string; readonly args: ReadonlyArray<unknown> }>
}

/** Export names of the globals to set before each call. */
export const budgets = { rounds: `g${rounds}`, calls: `g${calls}` } as const

export const generate = (seed: number): Generated => {
  const next = random(seed)
  const shape = drawShape(next)
  const bodies = shape.functions.slice(importedFunctions).map((type) => {
    const body = new BodyWriter(next, shape, shape.types[type] ?? { params: "", results: "" }).write()
    return [...unsigned(body.length), ...body]
  })
  const parts = [assemble(next, shape, bodies), ...data(next, shape)].map((part) => Uint8Array.from(part))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { seed, bytes, pages: shape.memories[0]?.minimum ?? 0, calls: drawCalls(next, shape) }
}

const preamble: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

const assemble = (next: Random, shape: Shape, bodies: ReadonlyArray<Bytes>): Bytes => [
  ...preamble,
  ...section(1, vector(shape.types.map(({ params, results }) => [0x60, ...typesOf(params), ...typesOf(results)]))),
  ...section(2, vector(imports(shape))),
  ...section(3, vector(shape.functions.slice(importedFunctions).map(unsigned))),
  ...section(4, vector(shape.tables.map(({ size, type }) => [...typeBytes(type), 1, ...unsigned(size), 20]))),
  ...section(5, vector(shape.memories.slice(shape.importsMemory ? 1 : 0).map(limits))),
  ...section(13, vector(shape.tags.map((type) => [0, ...unsigned(type)]))),
  ...section(
    6,
    vector(shape.globals.map(({ mutable, type }) => [
      ...typeBytes(type),
      mutable ? 1 : 0,
      ...initial(next, type),
      0x0b
    ]))
  ),
  ...section(7, vector(exports(shape))),
  ...(next(4) === 0 ? section(8, unsigned(startOf(shape))) : []),
  ...section(9, vector(elements(next, shape))),
  ...section(12, unsigned(shape.data.length)),
  ...section(10, vector(bodies))
]

const limits = ({ maximum, minimum }: Shape["memories"][number]): Bytes => [
  1,
  ...unsigned(minimum),
  ...unsigned(maximum)
]

const imports = (shape: Shape): ReadonlyArray<Bytes> => {
  const [memory] = shape.memories
  return [
    [...text("h"), ...text("mix"), 0, 0],
    [...text("h"), ...text("tick"), 0, 1],
    ...(shape.importsMemory && memory !== undefined ? [[...text("h"), ...text("memory"), 2, ...limits(memory)]] : [])
  ]
}

const name = (of: string): Bytes => opcode(op(of).code)

const initial = (next: Random, type: string): Bytes => {
  const number = (of: string, value: number): Bytes => [...name(of), ...signed(BigInt(value))]
  switch (type) {
    case "i":
      return [
        number("i32.const", next(100)),
        number("i32.const", 3),
        name("i32.mul"),
        number("i32.const", 7),
        name("i32.add")
      ].flat()
    case "l":
      return [...number("i64.const", next(100)), ...number("i64.const", 9), ...name("i64.sub")]
    case "f":
      return [...name("f32.const"), ...float32(next(100) / 3)]
    case "d":
      return [...name("f64.const"), ...float64(next(100) / 7)]
    case "v":
      return [...name("v128.const"), ...Array.from({ length: 16 }, () => next(256))]
    case "F":
      return [...name("ref.func"), ...unsigned(importedFunctions)]
    case "R":
      return [...name("ref.func"), ...unsigned(importedFunctions + 1)]
    default:
      return [...name("ref.null"), 0x6f]
  }
}

const startOf = (shape: Shape): number => Math.max(1, shape.functions.lastIndexOf(1))

/** Whether a function can be called from JavaScript. */
const reachable = (shape: Shape, func: number): boolean => {
  const type = shape.types[shape.functions[func] ?? 0]
  return type !== undefined && !/[vE]/.test(type.params + type.results)
}

const exports = (shape: Shape): ReadonlyArray<Bytes> => {
  const found: Array<Bytes> = []
  const add = (name: string, kind: number, index: number): void => {
    found.push([...text(name), kind, ...unsigned(index)])
  }
  for (const func of shape.functions.keys()) {
    if (func > importedFunctions && reachable(shape, func)) add(`f${func}`, 0, func)
  }
  for (const table of shape.tables.keys()) add(`t${table}`, 1, table)
  for (const memory of shape.memories.keys()) add(`m${memory}`, 2, memory)
  for (const global of shape.globals.keys()) add(`g${global}`, 3, global)
  for (const tag of shape.tags.keys()) add(`e${tag}`, 4, tag)
  return found
}

const elements = (next: Random, shape: Shape): ReadonlyArray<Bytes> => {
  const typeZero = shape.functions.flatMap((type, func) => type === 0 ? [func] : [])
  const functions = Array.from({ length: shape.tables[0]?.size ?? 0 }, () => unsigned(next(shape.functions.length)))
  const own = (size: number): Bytes =>
    vector(Array.from({ length: size }, () => [...name("ref.func"), ...unsigned(pick(next, typeZero)), 0x0b]))
  return [
    ...shape.elements.map((size, index) =>
      index === 0
        ? [6, 1, ...name("i32.const"), 0, 0x0b, ...typeBytes("R"), ...own(size)]
        : [5, ...typeBytes("R"), ...own(size)]
    ),
    [0, ...name("i32.const"), 0, 0x0b, ...vector(functions)],
    [3, 0, ...vector(shape.functions.map((_, func) => unsigned(func)))]
  ]
}

/** The section of data, in parts: segments may be large. */
const data = (next: Random, shape: Shape): ReadonlyArray<ArrayLike<number>> => {
  const offset = [...name("i32.const"), 16, ...name("i32.const"), 4, ...name("i32.mul"), 0x0b]
  const segments = shape.data.flatMap((size, index) => {
    const first = next(256)
    const content = new Uint8Array(size).map((_, at) => first + at * 7)
    return [[...(index === 0 ? [0, ...offset] : [1]), ...unsigned(size)], content]
  })
  const size = segments.reduce((sum, part) => sum + part.length, 1)
  return [[11, ...unsigned(size), ...unsigned(shape.data.length)], ...segments]
}

const drawCalls = (next: Random, shape: Shape): Generated["calls"] => {
  const found = Array.from(shape.functions.keys()).filter((func) => func > importedFunctions && reachable(shape, func))
  return Array.from({ length: 3 + next(4) }, () => {
    const func = pick(next, found)
    const type = shape.types[shape.functions[func] ?? 0]
    return { name: `f${func}`, args: Array.from(type?.params ?? "", (letter) => argument(next, letter)) }
  })
}

const argument = (next: Random, type: string): unknown => {
  switch (type) {
    case "i":
      return pick(next, [0, 1, -1, next(2 ** 31), 0x7fff_ffff])
    case "l":
      return pick(next, [0n, -1n, BigInt(next(2 ** 31)) << 20n])
    case "f":
    case "d":
      return pick(next, [0, -0, 1.5, Number.NaN, -Infinity, next(1_000) / 9])
    case "X":
      return pick(next, [null, "guest", 7])
    default:
      return null
  }
}
