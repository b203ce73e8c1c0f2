import { deltas, Fc, fdDeltas, FdKind, fdKinds, Kind, kinds } from "../../src/internal/core/opcodes.ts"
import { leb, module, section } from "./components.ts"

type Next = (below: number) => number
type Code = ReadonlyArray<number>

const i32 = 0x7f
const i64 = 0x7e
const f32 = 0x7d
const f64 = 0x7c
const v128 = 0x7b
const valueTypes = [i32, i64, f32, f64, v128]

interface Operation {
  readonly code: Code
  readonly params: Code
  readonly result: number | undefined
  readonly access: boolean
}

const shapes: ReadonlyArray<Code> = [
  [],
  ...valueTypes.map((a) => [a]),
  ...valueTypes.flatMap((a) => valueTypes.map((b) => [a, b])),
  ...valueTypes.map((b) => [v128, b, v128])
]

const takes = (params: Code, result: number | undefined, code: Code): boolean => {
  const body = [0, ...params.flatMap((_, index) => [0x20, index]), ...code, 0x0b]
  return WebAssembly.validate(Uint8Array.from(module(
    section(1, 1, 0x60, params.length, ...params, ...(result === undefined ? [0] : [1, result])),
    section(3, 1, 0),
    section(5, 2, 0, 1, 0, 1),
    section(10, 1, ...leb(body.length), ...body)
  )))
}

/** Every operation on values and memories, with the types that the platform says it has. */
const operations = (): ReadonlyArray<Operation> => {
  const found: Array<Operation> = []
  const add = (code: Code, delta: number, access: boolean): void => {
    for (const params of shapes) {
      const count = params.length + delta
      if (count < 0 || count > 1) continue
      const result = (count === 0 ? [undefined] : valueTypes).find((result) => takes(params, result, code))
      if (count === 1 && result === undefined) continue
      if (count === 0 && !takes(params, undefined, code)) continue
      found.push({ code, params, result, access })
      return
    }
  }
  for (const [code, kind] of kinds.entries()) {
    if (kind === Kind.plain && code !== 0x1b) add([code], deltas[code] ?? 0, false)
    if (kind === Kind.memory) {
      add([code, 0, 4], deltas[code] ?? 0, true)
      add([code, 0x40, 1, 0x84, 0x00], deltas[code] ?? 0, true)
    }
  }
  for (let code = 0; code < 8; code++) add([0xfc, code], 0, false)
  for (const [code, kind] of fdKinds.entries()) {
    const delta = fdDeltas[code] ?? 0
    const prefix = [0xfd, ...leb(code)]
    if (kind === FdKind.plain || kind === FdKind.relaxed) add(prefix, delta, false)
    if (kind === FdKind.memory) add([...prefix, 0, 4], delta, true)
    if (kind === FdKind.memoryLane) add([...prefix, 0, 4, 1], delta, true)
    if (kind === FdKind.lane) add([...prefix, 1], delta, false)
    if (kind === FdKind.bytes16 && delta === -1) {
      add([...prefix, 1, 0, 31, 30, 22, 17, 5, 6, 13, 12, 2, 9, 15, 3, 7, 8], delta, false)
    }
  }
  return found
}

const all = operations()
const giving = new Map(valueTypes.map((type) => [type, all.filter(({ result }) => result === type)]))
const givingNothing = all.filter(({ params, result }) => result === undefined && params.length > 0)

/** How many operations programs are made of. */
export const operationCount = all.length

const loopCounters = 4
const functionCount = 8
/** Functions from this one on call nothing, and are those in the table. */
const firstLeaf = 6
const typeOf = (index: number): number => index % 3

class Body {
  readonly #next: Next
  readonly #index: number
  readonly #params: number
  #budget: number
  #counters = 0

  constructor(next: Next, index: number) {
    this.#next = next
    this.#index = index
    this.#params = typeOf(index) === 1 ? 2 : 1
    this.#budget = 20 + next(80)
  }

  /** Locals: parameters, then one of each type, then counters of loops. */
  bytes(): Code {
    const statements = this.#statements(4)
    const results = typeOf(this.#index) === 2 ? [...this.#value(i32, 3), ...this.#value(i64, 3)] : this.#value(i32, 3)
    const locals = [6, ...valueTypes.flatMap((type) => [1, type]), loopCounters, i32]
    const body = [...locals, ...statements, ...results, 0x0b]
    return [...leb(body.length), ...body]
  }

  #one<A>(items: ReadonlyArray<A>): A {
    return items[this.#next(items.length)] as A
  }

  #local(type: number): number {
    return this.#params + valueTypes.indexOf(type)
  }

  #constant(type: number): Code {
    const byte = () => this.#next(3) === 0 ? this.#next(256) : this.#one([0, 0, 1, 0xff, 0x7f, 0x80])
    const many = (count: number) => Array.from({ length: count }, byte)
    if (type === i32) return [0x41, this.#next(128)]
    if (type === i64) return [0x42, 0x80 | this.#next(128), this.#next(128)]
    return type === f32 ? [0x43, ...many(4)] : type === f64 ? [0x44, ...many(8)] : [0xfd, 0x0c, ...many(16)]
  }

  #value(type: number, depth: number): Code {
    if (depth <= 0 || this.#budget-- < 0 || this.#next(5) === 0) {
      if (this.#next(2) === 0) return this.#constant(type)
      return this.#next(2) === 0 ? [0x20, this.#local(type)] : [0x23, valueTypes.indexOf(type)]
    }
    const special = this.#next(12)
    if (special === 0) {
      return [
        ...this.#value(type, depth - 1),
        ...this.#value(type, depth - 1),
        ...this.#value(i32, depth - 1),
        0x1c,
        1,
        type
      ]
    }
    if (special === 1) {
      const [then, otherwise] = [this.#value(type, depth - 1), this.#value(type, depth - 1)]
      return [...this.#value(i32, depth - 1), 0x04, type, ...then, 0x05, ...otherwise, 0x0b]
    }
    if (special === 2) {
      return [0x02, type, ...this.#value(type, depth - 1), ...this.#value(i32, depth - 1), 0x0d, 0, 0x0b]
    }
    if (type === i32 && special < 6) return this.#call(depth)
    const operation = this.#one(giving.get(type) ?? [])
    return [...this.#operands(operation, depth), ...operation.code]
  }

  #operands({ access, params }: Operation, depth: number): Code {
    return params.flatMap((type, index) => {
      const value = this.#value(type, depth - 1)
      return access && index === 0 && this.#next(60) > 0 ? [...value, 0x41, 0xff, 0x3f, 0x71] : value
    })
  }

  #call(depth: number): Code {
    const kind = this.#next(6)
    if (kind === 0) return [0x3f, this.#next(2)]
    if (kind === 1) return [...this.#value(i32, depth - 1), 0x41, 3, 0x71, 0x40, this.#next(2)]
    if (kind === 2) return [...this.#value(i32, depth - 1), 0x10, 0]
    if (kind === 3) return [0xfc, Fc.tableSize, this.#next(2)]
    if (this.#index >= firstLeaf) return this.#value(i32, depth - 1)
    if (kind === 4) {
      return [...this.#value(i32, depth - 1), 0x41, this.#next(3), 0x11, typeOf(firstLeaf), 0]
    }
    const callee = this.#index + 1 + this.#next(functionCount - this.#index - 1)
    return [...this.#arguments(callee, depth), 0x10, callee + 1, ...(typeOf(callee) === 2 ? [0x1a] : [])]
  }

  #arguments(callee: number, depth: number): Code {
    return [...this.#value(i32, depth - 1), ...(typeOf(callee) === 1 ? this.#value(i64, depth - 1) : [])]
  }

  #statements(depth: number): Code {
    return Array.from({ length: 1 + this.#next(4) }, () => this.#statement(depth)).flat()
  }

  #nested(depth: number): Code {
    return this.#statements(depth - 1)
  }

  #statement(depth: number): Code {
    if (depth <= 0 || this.#budget-- < 0) return [0x01]
    const type = this.#one(valueTypes)
    switch (this.#next(14)) {
      case 0:
      case 1:
        return [...this.#value(type, 4), 0x21, this.#local(type)]
      case 2:
        return [...this.#value(type, 4), 0x24, valueTypes.indexOf(type)]
      case 3:
      case 4: {
        const operation = this.#one(givingNothing)
        return [...this.#operands(operation, 3), ...operation.code]
      }
      case 5:
        return [...this.#value(i32, 3), 0x04, 0x40, ...this.#nested(depth), 0x05, ...this.#nested(depth), 0x0b]
      case 6:
        return [0x02, 0x40, ...this.#nested(depth), ...this.#value(i32, 2), 0x0d, 0, ...this.#nested(depth), 0x0b]
      case 7:
        return this.#loop(depth)
      case 8:
        return [0x02, 0x40, 0x02, 0x40, ...this.#value(i32, 2), 0x0e, 2, 0, 1, 0, 0x0b, ...this.#nested(depth), 0x0b]
      case 9:
        return this.#bulk()
      case 10:
        return this.#try(depth)
      case 11:
        return this.#leave()
      case 12:
        return [0xd0, 0x70, ...this.#value(i32, 2), 0xfc, Fc.tableGrow, 0, 0x1a]
      default:
        return [...this.#value(type, 3), 0x22, this.#local(type), 0x1a]
    }
  }

  #loop(depth: number): Code {
    if (this.#counters === loopCounters) return [0x01]
    const counter = this.#params + valueTypes.length + this.#counters++
    const body = this.#nested(depth)
    return [
      [0x41, 1 + this.#next(6), 0x21, counter, 0x03, 0x40],
      body,
      [0x20, counter, 0x41, 1, 0x6b, 0x22, counter, 0x0d, 0, 0x0b]
    ].flat()
  }

  #bulk(): Code {
    const operands = (...limits: ReadonlyArray<number>): Code =>
      limits.flatMap((limit) => this.#next(40) === 0 ? this.#value(i32, 1) : [0x41, ...leb(this.#next(limit))])
    return this.#one<() => Code>([
      () => [...operands(60, 60, 60), 0xfc, Fc.memoryFill, this.#next(2)],
      () => [...operands(60, 60, 60), 0xfc, Fc.memoryCopy, this.#next(2), this.#next(2)],
      () => [...operands(60, 3, 3), 0xfc, Fc.memoryInit, 0, this.#next(2)],
      () => [...operands(5, 2, 2), 0xfc, Fc.tableInit, 0, 0],
      () => [...operands(5, 5, 3), 0xfc, Fc.tableCopy, 0, 0],
      () => [...operands(5), 0xd2, 1 + firstLeaf, ...operands(3), 0xfc, Fc.tableFill, 0],
      () => [...operands(5), ...operands(5), 0x25, 0, 0x26, 0],
      () => this.#next(4) === 0 ? [0xfc, Fc.elemDrop, 0, 0xfc, Fc.dataDrop, 0] : [0x01]
    ])()
  }

  /** Catches its own exceptions in one of four ways. */
  #try(depth: number): Code {
    const body = [...this.#nested(depth), ...this.#value(i32, 2), 0x04, 0x40, ...this.#value(i32, 2), 0x08, 0, 0x0b]
    return this.#one<() => Code>([
      () => [0x02, i32, 0x1f, 0x40, 1, 0, 0, 0, ...body, 0x0b, 0x41, 5, 0x0b, 0x21, this.#local(i32)],
      () => [0x02, 0x40, 0x1f, 0x40, 1, 2, 0, ...body, 0x0b, 0x0b],
      () => [0x02, 0x69, 0x1f, 0x40, 1, 3, 0, ...body, 0x0b, 0xd0, 0x69, 0x0b, 0x1a],
      () => [
        0x02,
        0x40,
        0x1f,
        0x40,
        1,
        2,
        0,
        0x02,
        0x69,
        0x1f,
        0x40,
        1,
        3,
        0,
        ...body,
        0x0b,
        0x0c,
        1,
        0x0b,
        0x0a,
        0x0b,
        0x0b
      ]
    ])()
  }

  /** Leaves the function, sometimes. */
  #leave(): Code {
    const result = () =>
      typeOf(this.#index) === 2 ? [...this.#value(i32, 2), ...this.#value(i64, 2)] : this.#value(i32, 2)
    const same = [1, 2, 3, 4, 5, 6, 7].filter((callee) =>
      callee > this.#index && (typeOf(callee) === 2) === (typeOf(this.#index) === 2)
    )
    const leave = this.#one<() => Code>([
      () => [...result(), 0x0f],
      () => [0x00],
      () => [...this.#value(i32, 2), 0x08, 0],
      () => {
        const callee = same[this.#next(same.length + 1)]
        return callee === undefined || this.#index >= firstLeaf
          ? [...result(), 0x0f]
          : [...this.#arguments(callee, 2), 0x12, callee + 1]
      }
    ])()
    return [...this.#value(i32, 2), 0x41, 7, 0x71, 0x45, 0x04, 0x40, ...leave, 0x0b]
  }
}

/** A random module over everything that is metered; it ends, though maybe late. Exports `f` and its state. */
export const program = (next: Next): Uint8Array => {
  const bodies = Array.from({ length: functionCount }, (_, index) => new Body(next, index).bytes())
  const zero = (type: number): Code =>
    type === i32
      ? [0x41, 0]
      : type === i64
      ? [0x42, 0]
      : type === v128
      ? [0xfd, 0x0c, ...new Array<number>(16).fill(0)]
      : [type === f32 ? 0x43 : 0x44, ...new Array<number>(type === f32 ? 4 : 8).fill(0)]
  const exported = (
    text: string,
    kind: number,
    index: number
  ): Code => [text.length, ...text.split("").map((c) => c.charCodeAt(0)), kind, index]
  return module(
    section(1, 4, 0x60, 1, i32, 1, i32, 0x60, 2, i32, i64, 1, i32, 0x60, 1, i32, 2, i32, i64, 0x60, 1, i32, 0),
    section(2, 1, 1, 0x68, 1, 0x66, 0, 0),
    section(3, functionCount, ...bodies.map((_, index) => typeOf(index))),
    section(4, 2, 0x70, 0, 6, 0x6f, 0, 2),
    section(5, 2, 0, 1, 0, 1),
    section(13, 1, 0, 3),
    section(6, valueTypes.length, ...valueTypes.flatMap((type) => [type, 1, ...zero(type), 0x0b])),
    section(
      7,
      7,
      ...exported("f", 0, 1),
      ...exported("m", 2, 0),
      ...exported("n", 2, 1),
      ...[0, 1, 2, 3].flatMap((index) => exported(`g${index}`, 3, index))
    ),
    section(
      9,
      2,
      1,
      0,
      2,
      firstLeaf + 1,
      firstLeaf + 1,
      0,
      0x41,
      0,
      0x0b,
      3,
      firstLeaf + 1,
      firstLeaf + 2,
      firstLeaf + 1
    ),
    section(12, 1),
    section(10, functionCount, ...bodies.flat()),
    section(11, 1, 1, 3, 1, 2, 3)
  )
}
