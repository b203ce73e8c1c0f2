/**
 * JavaScript values against WIT types.
 *
 * A value conforms when it is what `WitType` documents, exactly: nothing is
 * coerced, and what would be lost on the way into a guest is a mismatch.
 *
 * @since 0.1.0
 */
import { quote } from "./internal/reader.ts"
import type { Field, WitType } from "./WitType.ts"

/**
 * Says where and how a value differs from a type; undefined when it conforms.
 *
 * @category models
 * @since 0.1.0
 */
export type Checker = (value: unknown) => string | undefined

interface Mismatch {
  readonly path: string
  readonly problem: string
}

type Check = (value: unknown) => Mismatch | undefined

/**
 * The checker of a type. Its price is in the first call for a type object,
 * which it is kept for; a value that conforms is then checked without
 * allocating.
 *
 * **Details**
 *
 * Integers are in range, 64-bit ones bigint; floats are any number; strings and
 * characters have no lone surrogates. `list<u8>` is a Uint8Array, other lists
 * are arrays, those of numbers also typed arrays of that very type. Records,
 * variants and results have the known keys as own properties and no other
 * enumerable ones; a key may be missing where its value could be undefined (an
 * `option`, a `val` without a type) and in flags, where it means false. A
 * handle is any object.
 *
 * Throws a RangeError for a type that nests deeper than 256.
 *
 * **Example** (Finding the place of a mismatch)
 *
 * ```ts
 * import * as WitValue from "@airssys/engine/WitValue"
 *
 * const check = WitValue.checker({
 *   kind: "list",
 *   element: { kind: "record", name: undefined, fields: [{ name: "unit-price", type: { kind: "u32" } }] }
 * })
 * check([{ unitPrice: 7 }]) // => undefined
 * check([{ unitPrice: 7 }, { unitPrice: -1 }]) // => "[1].unitPrice: expected u32, got -1"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const checker = (type: WitType): Checker => {
  const known = checkers.get(type)
  if (known !== undefined) return known
  const check = new Compiler().compile(type, 0)
  const made: Checker = (value) => {
    const mismatch = looked(check, value)
    if (mismatch === undefined) return undefined
    const path = mismatch.path.startsWith(".") ? mismatch.path.slice(1) : mismatch.path
    return path === "" ? mismatch.problem : `${path}: ${mismatch.problem}`
  }
  checkers.set(type, made)
  return made
}

const checkers = new WeakMap<WitType, Checker>()

/**
 * The path and problem of the first mismatch, such as
 * `items[3].quantity: expected u32, got -1`; undefined when the value conforms.
 *
 * @see {@link checker} for what conforms
 * @category guards
 * @since 0.1.0
 */
export const check = (type: WitType, value: unknown): string | undefined => checker(type)(value)

/** A value that throws when it is looked at is of no type. */
const looked = (check: Check, value: unknown): Mismatch | undefined => {
  try {
    return check(value)
  } catch {
    return { path: "", problem: "it cannot be read" }
  }
}

/**
 * The JavaScript name of a kebab-case one: `no-such-currency` is
 * `noSuchCurrency`, `HTTP-get` is `httpGet`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const camelCase = (kebab: string): string =>
  kebab.toLowerCase().replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

const maxDepth = 256

const describe = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return quote(value)
    case "number":
      return Object.is(value, -0) ? "-0" : String(value)
    case "bigint":
      return value > -(2n ** 80n) && value < 2n ** 80n ? `${value}n` : "a bigint of more than 80 bits"
    case "object":
      if (value === null) return "null"
      if (Array.isArray(value)) return `an array of ${value.length}`
      return ArrayBuffer.isView(value) ? "a typed array" : "an object"
    case "function":
    case "symbol":
      return `a ${typeof value}`
    default:
      return String(value)
  }
}

const mismatch = (expected: string, value: unknown): Mismatch => ({
  path: "",
  problem: `expected ${expected}, got ${describe(value)}`
})

const inside = (step: string, found: Mismatch): Mismatch => ({ path: step + found.path, problem: found.problem })

const integer = (name: string, low: number, high: number): Check => (value) =>
  typeof value === "number" && value >= low && value <= high && Number.isInteger(value)
    ? undefined
    : mismatch(name, value)

const bigInteger = (name: string, low: bigint, high: bigint): Check => (value) =>
  typeof value === "bigint" && value >= low && value <= high
    ? undefined
    : mismatch(typeof value === "number" ? `${name} (a bigint)` : name, value)

const float = (name: string): Check => (value) => typeof value === "number" ? undefined : mismatch(name, value)

const isChar = (value: unknown): boolean => {
  if (typeof value !== "string" || value.length === 0 || value.length > 2) return false
  const point = value.codePointAt(0)
  return point !== undefined && value.length === (point > 0xffff ? 2 : 1) && value.isWellFormed()
}

const checkString: Check = (value) => {
  if (typeof value !== "string") return mismatch("string", value)
  return value.isWellFormed()
    ? undefined
    : { path: "", problem: "expected string, got one with a lone surrogate" }
}

const primitives = {
  bool: (value) => typeof value === "boolean" ? undefined : mismatch("bool", value),
  s8: integer("s8", -0x80, 0x7f),
  u8: integer("u8", 0, 0xff),
  s16: integer("s16", -0x8000, 0x7fff),
  u16: integer("u16", 0, 0xffff),
  s32: integer("s32", -0x8000_0000, 0x7fff_ffff),
  u32: integer("u32", 0, 0xffff_ffff),
  s64: bigInteger("s64", -0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn),
  u64: bigInteger("u64", 0n, 0xffff_ffff_ffff_ffffn),
  f32: float("f32"),
  f64: float("f64"),
  char: (value) => isChar(value) ? undefined : mismatch("char", value),
  string: checkString
} satisfies Record<string, Check>

const typedArrays: ReadonlyMap<WitType["kind"], (value: unknown) => boolean> = new Map<
  WitType["kind"],
  (value: unknown) => boolean
>([
  ["s8", (value) => value instanceof Int8Array],
  ["s16", (value) => value instanceof Int16Array],
  ["u16", (value) => value instanceof Uint16Array],
  ["s32", (value) => value instanceof Int32Array],
  ["u32", (value) => value instanceof Uint32Array],
  ["s64", (value) => value instanceof BigInt64Array],
  ["u64", (value) => value instanceof BigUint64Array],
  ["f32", (value) => value instanceof Float32Array],
  ["f64", (value) => value instanceof Float64Array]
])

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

const unexpected = (key: string): Mismatch => ({ path: "", problem: `unexpected key ${quote(key)}` })

interface Member {
  readonly key: string
  readonly check: Check
  readonly optional: boolean
}

const object = (expected: string, members: ReadonlyArray<Member>): Check => {
  const known = new Set(members.map((member) => member.key))
  return (value) => {
    if (!isObject(value)) return mismatch(expected, value)
    for (const member of members) {
      const { key } = member
      if (!Object.hasOwn(value, key)) {
        if (member.optional) continue
        return { path: "", problem: `missing key ${quote(key)}` }
      }
      const problem = member.check(value[key])
      if (problem !== undefined) return inside(`.${key}`, problem)
    }
    for (const key in value) if (!known.has(key) && Object.hasOwn(value, key)) return unexpected(key)
    return undefined
  }
}

const absent: Check = (value) => value === undefined ? undefined : mismatch("undefined", value)

interface TaggedCase {
  readonly check: Check
  readonly optional: boolean
}

const tagged = (expected: string, cases: ReadonlyMap<unknown, TaggedCase>): Check => (value) => {
  if (!isObject(value)) return mismatch(expected, value)
  const tag = Object.hasOwn(value, "tag") ? value["tag"] : undefined
  const one = cases.get(tag)
  if (one === undefined) return inside(".tag", mismatch(oneOf(cases.keys()), tag))
  const hasVal = Object.hasOwn(value, "val")
  if (!hasVal && !one.optional) return { path: "", problem: `missing key "val"` }
  const problem = hasVal ? one.check(value["val"]) : undefined
  if (problem !== undefined) return inside(".val", problem)
  for (const key in value) if (key !== "tag" && key !== "val" && Object.hasOwn(value, key)) return unexpected(key)
  return undefined
}

const oneOf = (names: Iterable<unknown>): string => {
  const all = Array.from(names, String)
  return all.length > 8 ? `one of ${all.slice(0, 8).join(", ")} and ${all.length - 8} more` : `one of ${all.join(", ")}`
}

class Compiler {
  readonly #done = new Map<WitType, Check>()

  compile(type: WitType, depth: number): Check {
    if (depth > maxDepth) throw new RangeError(`a type that nests deeper than ${maxDepth}`)
    const known = this.#done.get(type)
    if (known !== undefined) return known
    const check = this.#compile(type, depth + 1)
    this.#done.set(type, check)
    return check
  }

  #compile(type: WitType, depth: number): Check {
    switch (type.kind) {
      case "list":
        return this.#list(type.element, depth)
      case "option": {
        const check = this.compile(type.some, depth)
        return type.some.kind === "option"
          ? tagged(
            "option",
            new Map([["some", { check, optional: true }], ["none", { check: absent, optional: true }]])
          )
          : (value) =>
            value === undefined ? undefined : value === null ? mismatch("a value or undefined", value) : check(value)
      }
      case "result":
        return tagged(
          "result",
          new Map([["ok", this.#payload(type.ok, depth)], ["err", this.#payload(type.err, depth)]])
        )
      case "tuple":
        return this.#tuple(type.items, depth)
      case "record":
        return object(type.name?.name ?? "record", type.fields.map((field) => this.#member(field, depth)))
      case "variant":
        return tagged(
          type.name?.name ?? "variant",
          new Map(type.cases.map((one) => [one.name, this.#payload(one.type, depth)]))
        )
      case "enum": {
        const cases = new Set<unknown>(type.cases)
        return (value) => cases.has(value) ? undefined : mismatch(oneOf(cases), value)
      }
      case "flags":
        return object(
          type.name?.name ?? "flags",
          type.labels.map((label) => ({ key: camelCase(label), check: primitives.bool, optional: true }))
        )
      case "own":
      case "borrow": {
        const expected = `a handle to ${type.resource.name}`
        return (value) => typeof value === "object" && value !== null ? undefined : mismatch(expected, value)
      }
      default:
        return primitives[type.kind]
    }
  }

  #member(field: Field, depth: number): Member {
    return {
      key: camelCase(field.name),
      check: this.compile(field.type, depth),
      optional: isPlainOption(field.type)
    }
  }

  #payload(type: WitType | undefined, depth: number): TaggedCase {
    return type === undefined
      ? { check: absent, optional: true }
      : { check: this.compile(type, depth), optional: isPlainOption(type) }
  }

  #list(element: WitType, depth: number): Check {
    if (element.kind === "u8") return (value) => value instanceof Uint8Array ? undefined : mismatch("Uint8Array", value)
    const check = this.compile(element, depth)
    const isTyped = typedArrays.get(element.kind)
    return (value) => {
      if (!Array.isArray(value)) return isTyped?.(value) === true ? undefined : mismatch("an array", value)
      for (let i = 0; i < value.length; i++) {
        const problem = check(value[i])
        if (problem !== undefined) return inside(`[${i}]`, problem)
      }
      return undefined
    }
  }

  #tuple(items: ReadonlyArray<WitType>, depth: number): Check {
    const checks = items.map((item) => this.compile(item, depth))
    return (value) => {
      if (!Array.isArray(value) || value.length !== checks.length) {
        return mismatch(`an array of ${checks.length}`, value)
      }
      for (const [i, check] of checks.entries()) {
        const problem = check(value[i])
        if (problem !== undefined) return inside(`[${i}]`, problem)
      }
      return undefined
    }
  }
}

const isPlainOption = (type: WitType): boolean => type.kind === "option" && type.some.kind !== "option"
