/**
 * Checks of JavaScript values against WIT types, built once per type.
 *
 * A check gives the problem and its place, or undefined. Keys and tags are
 * looked up as own properties only.
 */
import type { WitType } from "@airssys/engine/WitType"

export type Check = (value: unknown) => string | undefined

const shown = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)
    case "bigint":
      return `${value}n`
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "an array" : "an object"
    case "function":
    case "symbol":
      return `a ${typeof value}`
    default:
      return String(value)
  }
}

const expected = (what: string, value: unknown): string => `expected ${what}, got ${shown(value)}`

const integer = (what: string, minimum: number, maximum: number): Check => (value) =>
  typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum
    ? undefined
    : expected(what, value)

const big = (what: string, minimum: bigint, maximum: bigint): Check => (value) =>
  typeof value === "bigint" && value >= minimum && value <= maximum ? undefined : expected(what, value)

const number = (what: string): Check => (value) => typeof value === "number" ? undefined : expected(what, value)

const isChar = (value: unknown): boolean => {
  if (typeof value !== "string" || value.length === 0 || value.length > 2) return false
  const point = value.codePointAt(0)!
  return point > 0xffff ? value.length === 2 : value.length === 1 && (point < 0xd800 || point > 0xdfff)
}

const primitives = {
  bool: (value) => typeof value === "boolean" ? undefined : expected("a boolean", value),
  s8: integer("an s8", -0x80, 0x7f),
  u8: integer("a u8", 0, 0xff),
  s16: integer("an s16", -0x8000, 0x7fff),
  u16: integer("a u16", 0, 0xffff),
  s32: integer("an s32", -0x80000000, 0x7fffffff),
  u32: integer("a u32", 0, 0xffffffff),
  s64: big("an s64", -0x8000000000000000n, 0x7fffffffffffffffn),
  u64: big("a u64", 0n, 0xffffffffffffffffn),
  f32: number("an f32"),
  f64: number("an f64"),
  char: (value) => isChar(value) ? undefined : expected("one Unicode scalar value", value),
  string: (value) =>
    typeof value !== "string"
      ? expected("a string", value)
      : value.isWellFormed()
      ? undefined
      : "expected a string without lone surrogates"
} satisfies Record<string, Check>

const typedArrays = {
  s8: Int8Array,
  u8: Uint8Array,
  s16: Int16Array,
  u16: Uint16Array,
  s32: Int32Array,
  u32: Uint32Array,
  s64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array
} as const

const own = (value: object, key: string): unknown =>
  Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const within = (place: string, problem: string | undefined): string | undefined =>
  problem === undefined ? undefined : `${place}: ${problem}`

const list = (element: WitType): Check => {
  const Typed = Object.hasOwn(typedArrays, element.kind)
    ? typedArrays[element.kind as keyof typeof typedArrays]
    : undefined
  if (element.kind === "u8") {
    return (value) => value instanceof Uint8Array ? undefined : expected("a Uint8Array", value)
  }
  const check = make(element)
  return (value) => {
    if (Typed !== undefined && value instanceof Typed) return undefined
    if (!Array.isArray(value)) return expected("an array", value)
    for (let index = 0; index < value.length; index++) {
      const problem = check(value[index])
      if (problem !== undefined) return `[${index}]: ${problem}`
    }
    return undefined
  }
}

const option = (some: WitType): Check => {
  const check = make(some)
  if (some.kind !== "option") return (value) => value === undefined ? undefined : check(value)
  return tagged(new Map([["none", undefined], ["some", check]]))
}

const tagged = (cases: ReadonlyMap<unknown, Check | undefined>): Check => (value) => {
  if (!isObject(value)) return expected("an object with a tag", value)
  const tag = own(value, "tag")
  if (!cases.has(tag)) return within("tag", expected(`one of ${[...cases.keys()].join(", ")}`, tag))
  const check = cases.get(tag)
  const payload = own(value, "val")
  if (check === undefined) return payload === undefined ? undefined : within("val", expected("undefined", payload))
  return within("val", check(payload))
}

/**
 * `far-away` as `farAway`.
 */
const camel = (name: string): string =>
  name.toLowerCase().replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const record = (fields: ReadonlyArray<readonly [key: string, check: Check]>): Check => (value) => {
  if (!isObject(value)) return expected("an object", value)
  for (const [key, check] of fields) {
    const problem = check(own(value, key))
    if (problem !== undefined) return `${key}: ${problem}`
  }
  return undefined
}

const tuple = (items: ReadonlyArray<Check>): Check => (value) => {
  if (!Array.isArray(value) || value.length !== items.length) {
    return expected(`an array of ${items.length}`, value)
  }
  for (let index = 0; index < items.length; index++) {
    const problem = items[index]!(value[index])
    if (problem !== undefined) return `[${index}]: ${problem}`
  }
  return undefined
}

const payload = (type: WitType | undefined): Check | undefined => type === undefined ? undefined : make(type)

/**
 * The check of one type.
 */
export const make = (type: WitType): Check => {
  switch (type.kind) {
    case "list":
      return list(type.element)
    case "option":
      return option(type.some)
    case "result":
      return tagged(new Map([["ok", payload(type.ok)], ["err", payload(type.err)]]))
    case "tuple":
      return tuple(type.items.map(make))
    case "record":
      return record(type.fields.map((_) => [camel(_.name), make(_.type)]))
    case "variant":
      return tagged(new Map(type.cases.map((_) => [_.name, payload(_.type)])))
    case "enum": {
      const cases = new Set<unknown>(type.cases)
      return (value) => cases.has(value) ? undefined : expected(`one of ${type.cases.join(", ")}`, value)
    }
    case "flags": {
      const flag: Check = (value) => value === undefined ? undefined : primitives.bool(value)
      return record(type.labels.map((_) => [camel(_), flag]))
    }
    case "own":
    case "borrow":
      return (value) => isObject(value) ? undefined : expected("a resource", value)
    default:
      return primitives[type.kind]
  }
}
