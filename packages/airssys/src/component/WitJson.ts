/**
 * WIT values as plain data: what a person writes in TOML or JSON.
 *
 * Whole numbers stand for `s64` and `u64`, lists of numbers for `list<u8>`,
 * `null` or a missing key for the empty option, a bare string for a case
 * without payload, a list of labels for flags. Records take their WIT names or
 * camelCase. The engine still checks what comes out.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import { camelCase } from "@airssys/engine/WitValue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SafeText from "../security/SafeText.ts"

/**
 * Data that does not fit a WIT type; `path` is where, such as `lines[2].cents`.
 *
 * @category errors
 * @since 0.1.0
 */
export class WitJsonError extends Schema.TaggedError<WitJsonError>("airssys/component/WitJsonError")("WitJsonError", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.path}: ${this.problem}`
  }
}

/**
 * The arguments of a function from plain data, in their order.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decodeArguments = (
  func: WitType.Func,
  args: ReadonlyArray<unknown>
): Result.Result<ReadonlyArray<unknown>, WitJsonError> => {
  if (args.length !== func.params.length) {
    return Result.fail(
      new WitJsonError({ path: func.name, problem: `takes ${func.params.length} arguments, got ${args.length}` })
    )
  }
  return collect(func.params.map((param, index) => decode(param.type, args[index], param.name)))
}

/**
 * A value of a WIT type from plain data. `path` names it in errors.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = (
  type: WitType.WitType,
  data: unknown,
  path: string
): Result.Result<unknown, WitJsonError> => {
  const refuse = (expected: string) => Result.fail(new WitJsonError({ path, problem: `expected ${expected}` }))
  switch (type.kind) {
    case "s64":
    case "u64":
      return typeof data === "bigint"
        ? Result.succeed(data)
        : typeof data === "number" && Number.isSafeInteger(data)
        ? Result.succeed(BigInt(data))
        : refuse("a whole number")
    case "list":
      if (type.element.kind === "u8" && data instanceof Uint8Array) return Result.succeed(data)
      if (!Array.isArray(data)) return refuse("a list")
      if (type.element.kind === "u8") {
        return data.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
          ? Result.succeed(Uint8Array.from(data))
          : refuse("a list of bytes")
      }
      return collect(data.map((item, index) => decode(type.element, item, `${path}[${index}]`)))
    case "tuple":
      if (!Array.isArray(data) || data.length !== type.items.length) return refuse(`a list of ${type.items.length}`)
      return collect(type.items.map((item, index) => decode(item, data[index], `${path}[${index}]`)))
    case "option":
      if (type.some.kind === "option") return decodeTagged(noneOrSome(type.some), data, path)
      return data === undefined || data === null ? Result.succeed(undefined) : decode(type.some, data, path)
    case "record":
      return decodeRecord(type.fields, data, path)
    case "flags": {
      if (!Array.isArray(data)) return refuse("a list of labels")
      const unknown = data.find((label) => !type.labels.includes(label))
      if (unknown !== undefined) return refuse(`labels among ${type.labels.join(", ")}`)
      return Result.succeed(table(type.labels.map((label) => [camelCase(label), data.includes(label)])))
    }
    case "variant":
      return decodeTagged(type.cases, data, path)
    case "result":
      return decodeTagged([{ name: "ok", type: type.ok }, { name: "err", type: type.err }], data, path)
    default:
      return Result.succeed(data)
  }
}

const noneOrSome = (some: WitType.WitType): ReadonlyArray<WitType.Case> => [
  { name: "none", type: undefined },
  { name: "some", type: some }
]

const decodeRecord = (
  fields: ReadonlyArray<WitType.Field>,
  data: unknown,
  path: string
): Result.Result<unknown, WitJsonError> => {
  const given = entriesOf(data)
  if (given === undefined) return Result.fail(new WitJsonError({ path, problem: "expected a record" }))
  const out: Array<readonly [string, unknown]> = []
  for (const field of fields) {
    const name = camelCase(field.name)
    if (name !== field.name && given.has(name) && given.has(field.name)) {
      return Result.fail(
        new WitJsonError({ path: `${path}.${field.name}`, problem: `is given twice, also as ${name}` })
      )
    }
    const value = given.get(given.has(name) ? name : field.name)
    given.delete(field.name)
    given.delete(name)
    const decoded = decode(field.type, value, `${path}.${field.name}`)
    if (Result.isFailure(decoded)) return decoded
    out.push([name, decoded.success])
  }
  const [unknown] = given.keys()
  return unknown === undefined
    ? Result.succeed(table(out))
    : Result.fail(new WitJsonError({ path: `${path}.${shown(unknown)}`, problem: "there is no such field" }))
}

const decodeTagged = (
  cases: ReadonlyArray<WitType.Case>,
  data: unknown,
  path: string
): Result.Result<unknown, WitJsonError> => {
  const given = typeof data === "string" ? new Map([["tag", data]]) : entriesOf(data)
  const found = cases.find((item) => item.name === given?.get("tag"))
  if (given === undefined || found === undefined) {
    const names = cases.map((item) => item.name).join(", ")
    return Result.fail(new WitJsonError({ path, problem: `expected a case among ${names}` }))
  }
  const unknown = [...given.keys()].find((key) => key !== "tag" && key !== "val")
  if (unknown !== undefined) {
    return Result.fail(new WitJsonError({ path: `${path}.${shown(unknown)}`, problem: "a case has tag and val alone" }))
  }
  const val = given.get("val")
  if (found.type !== undefined) {
    return Result.map(decode(found.type, val, `${path}.${found.name}`), (val) => ({ tag: found.name, val }))
  }
  return val === undefined || val === null
    ? Result.succeed({ tag: found.name })
    : Result.fail(new WitJsonError({ path: `${path}.${found.name}`, problem: "the case has no payload" }))
}

/** The own properties of a plain value, so that nothing is read from a prototype. */
const entriesOf = (data: unknown): Map<string, unknown> | undefined =>
  typeof data === "object" && data !== null && !Array.isArray(data) ? new Map(Object.entries(data)) : undefined

const shown = (key: string): string => SafeText.escape(key, 64)

const collect = (
  items: ReadonlyArray<Result.Result<unknown, WitJsonError>>
): Result.Result<ReadonlyArray<unknown>, WitJsonError> => {
  const values: Array<unknown> = []
  for (const item of items) {
    if (Result.isFailure(item)) return Result.fail(item.failure)
    values.push(item.success)
  }
  return Result.succeed(values)
}

const table = (entries: ReadonlyArray<readonly [string, unknown]>): object =>
  Object.defineProperties(
    {},
    Object.fromEntries(
      entries.map(([key, value]) => [key, { value, enumerable: true, configurable: true, writable: true }])
    )
  )
