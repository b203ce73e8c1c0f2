/**
 * Values as a script writes them, and what they are in JavaScript.
 *
 * Both engines follow `WitType`'s mapping. With the type of a parameter or
 * result at hand the translation is exact; without one, a list of bytes is a
 * Uint8Array and an option is the value or undefined.
 */
import type { WitType } from "@airssys/engine/WitType"
import { camelCase } from "@airssys/engine/WitValue"
import { head, type List, type Node, SyntaxProblem } from "./tree.ts"

export type Value =
  | { readonly _tag: "Bool"; readonly value: boolean }
  | { readonly _tag: "Integer"; readonly type: Integer; readonly value: bigint }
  | { readonly _tag: "Float"; readonly type: "f32" | "f64"; readonly value: number }
  | { readonly _tag: "String"; readonly value: string }
  | { readonly _tag: "List"; readonly items: ReadonlyArray<Value> }
  | { readonly _tag: "Record"; readonly fields: ReadonlyArray<readonly [name: string, value: Value]> }
  | { readonly _tag: "Variant"; readonly name: string; readonly value: Value | undefined }
  | { readonly _tag: "Enum"; readonly name: string }
  | { readonly _tag: "Option"; readonly value: Value | undefined }
  | { readonly _tag: "Result"; readonly tag: "ok" | "err"; readonly value: Value | undefined }
  | { readonly _tag: "Flags"; readonly names: ReadonlyArray<string> }

type Integer = "u8" | "s8" | "u16" | "s16" | "u32" | "s32" | "u64" | "s64"

/** Reads `(u32.const 1)` and its likes. */
export const value = (node: Node): Value => {
  if (node._tag !== "List") throw new SyntaxProblem("expected a value", node.start)
  return written(head(node) ?? "", node.items.slice(1), node)
}

const written = (form: string, items: ReadonlyArray<Node>, at: List): Value => {
  const [type = "", variety] = form.split(".")
  if (/^[us](8|16|32|64)$/.test(type)) {
    const width = Number(type.slice(1))
    const read = integer(word(items[0], at))
    return {
      _tag: "Integer",
      type: type as Integer,
      value: type.startsWith("s") ? BigInt.asIntN(width, read) : BigInt.asUintN(width, read)
    }
  }
  switch (type) {
    case "bool":
      return { _tag: "Bool", value: word(items[0], at) === "true" }
    case "f32":
    case "f64":
      return { _tag: "Float", type, value: (type === "f32" ? Math.fround : Number)(float(word(items[0], at))) }
    case "str":
    case "char":
      return { _tag: "String", value: string(items[0], at) }
    case "list":
    case "tuple":
      return { _tag: "List", items: items.map(value) }
    case "record":
      return { _tag: "Record", fields: items.map((item) => field(item, at)) }
    case "variant":
      return { _tag: "Variant", name: string(items[0], at), value: optional(items[1]) }
    case "enum":
      return { _tag: "Enum", name: string(items[0], at) }
    case "flags":
      return { _tag: "Flags", names: items.map((item) => string(item, at)) }
    case "option":
      return { _tag: "Option", value: variety === "some" ? value(items[0] ?? at) : undefined }
    case "result":
      return { _tag: "Result", tag: variety === "err" ? "err" : "ok", value: optional(items[0]) }
    default:
      throw new SyntaxProblem(`an unknown form of value: ${form}`, at.start)
  }
}

const optional = (node: Node | undefined): Value | undefined => node === undefined ? undefined : value(node)

/** `(field "name" (u32.const 1))`, also with the value's parentheses left out. */
const field = (node: Node, at: List): readonly [string, Value] => {
  if (node._tag !== "List" || head(node) !== "field") throw new SyntaxProblem("expected a field", node.start)
  const name = string(node.items[1], at)
  const inner = node.items[2]
  return inner?._tag === "Atom"
    ? [name, written(inner.text, node.items.slice(3), node)]
    : [name, value(inner ?? node)]
}

const word = (node: Node | undefined, at: List): string => {
  if (node?._tag !== "Atom") throw new SyntaxProblem("expected a number", node?.start ?? at.start)
  return node.text
}

const string = (node: Node | undefined, at: List): string => {
  if (node?._tag !== "Literal") throw new SyntaxProblem("expected a string", node?.start ?? at.start)
  return new TextDecoder().decode(node.bytes)
}

const integer = (text: string): bigint => {
  const digits = text.replaceAll("_", "")
  return digits.startsWith("-") ? -BigInt(digits.slice(1)) : BigInt(digits.replace(/^\+/, ""))
}

const float = (text: string): number => {
  const digits = text.replaceAll("_", "").replace(/^\+/, "")
  const sign = digits.startsWith("-") ? -1 : 1
  const magnitude = digits.replace(/^-/, "")
  if (magnitude.startsWith("nan")) return Number.NaN
  if (magnitude === "inf") return sign * Number.POSITIVE_INFINITY
  const hex = /^0x([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?\d+))?$/.exec(magnitude)
  if (hex === null) return sign * Number(magnitude)
  const mantissa = Number(BigInt(`0x${hex[1]}${hex[2]}`))
  return sign * mantissa * 2 ** (Number(hex[3] ?? 0) - 4 * hex[2]!.length)
}

/** The JavaScript value that an engine is given. */
export const toJs = (value: Value, type: WitType | undefined): unknown => {
  switch (value._tag) {
    case "Bool":
    case "Float":
    case "String":
      return value.value
    case "Integer":
      return /64/.test(value.type) ? value.value : Number(value.value)
    case "Enum":
      return value.name
    case "List":
      return list(value.items, type)
    case "Record":
      return table(value.fields.map(([name, field]) => [camelCase(name), toJs(field, fieldType(type, name))]))
    case "Variant":
      return tagged(value.name, value.value, caseType(type, value.name))
    case "Result":
      return tagged(value.tag, value.value, type?.kind === "result" ? type[value.tag] : undefined)
    case "Option":
      return option(value.value, type)
    case "Flags":
      return flags(value.names, type)
  }
}

const list = (items: ReadonlyArray<Value>, type: WitType | undefined): unknown => {
  if (type?.kind === "tuple") return items.map((item, at) => toJs(item, type.items[at]))
  const element = type?.kind === "list" ? type.element : undefined
  const js = items.map((item) => toJs(item, element))
  const isBytes = element === undefined
    ? items.length > 0 && items.every((item) => item._tag === "Integer" && item.type === "u8")
    : element.kind === "u8"
  return isBytes ? Uint8Array.from(js as Array<number>) : js
}

const table = (entries: ReadonlyArray<readonly [string, unknown]>): unknown => Object.fromEntries(entries)

const tagged = (tag: string, value: Value | undefined, type: WitType | undefined): unknown => ({
  tag,
  val: value === undefined ? undefined : toJs(value, type)
})

const option = (value: Value | undefined, type: WitType | undefined): unknown => {
  const some = type?.kind === "option" ? type.some : undefined
  const inner = value === undefined ? undefined : toJs(value, some)
  if (some?.kind !== "option") return inner
  return value === undefined ? { tag: "none", val: undefined } : { tag: "some", val: inner }
}

const flags = (names: ReadonlyArray<string>, type: WitType | undefined): unknown =>
  table((type?.kind === "flags" ? type.labels : names).map((label) => [camelCase(label), names.includes(label)]))

const fieldType = (type: WitType | undefined, name: string): WitType | undefined =>
  type?.kind === "record" ? type.fields.find((field) => field.name === name)?.type : undefined

const caseType = (type: WitType | undefined, name: string): WitType | undefined =>
  type?.kind === "variant" ? type.cases.find((case_) => case_.name === name)?.type : undefined

/** Whether an engine's value is the expected one. Zeros differ by sign, NaNs do not differ. */
export const isSame = (expected: unknown, actual: unknown): boolean => {
  if (typeof expected !== "object" || expected === null) return Object.is(expected, actual)
  if (typeof actual !== "object" || actual === null) return false
  if (Array.isArray(expected) || ArrayBuffer.isView(expected)) {
    const [wanted, given] = [expected, actual].map((_) => Array.from(_ as ArrayLike<unknown>))
    const isList = Array.isArray(actual) || ArrayBuffer.isView(actual)
    return isList && wanted!.length === given!.length && wanted!.every((item, at) => isSame(item, given![at]))
  }
  return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].every((key) =>
    isSame((expected as Record<string, unknown>)[key], (actual as Record<string, unknown>)[key])
  )
}

/** A value for a person to read, at most `limit` characters. */
export const show = (value: unknown, limit = 200): string => {
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`
    if (typeof part === "number" && !Number.isFinite(part)) return String(part)
    if (Object.is(part, -0)) return "-0"
    return ArrayBuffer.isView(part) ? Array.from(part as Uint8Array) : part
  }) ?? "nothing"
  return text.length > limit ? `${text.slice(0, limit)}...` : text
}
