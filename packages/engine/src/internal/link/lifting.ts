/**
 * Code that makes JavaScript values of what a guest gives: of flat values, or
 * of bytes in its memory.
 */
import { camelCase } from "../../WitValue.ts"
import type { Flat } from "../flat.ts"
import type { AbiCase, AbiType } from "./abiType.ts"
import { discriminantSize, fieldOffsets, payloadOffset } from "./abiType.ts"
import type { Context } from "./context.ts"
import { key, Source, text } from "./source.ts"

/** The expression of a value at an address, which is an expression without effects. */
export const load = (cx: Context, type: AbiType, at: string): string => {
  const word = (view: "u32" | "i32" | "f32", offset = 0) =>
    `${cx.view(view)}[${offset === 0 ? at : `${at} + ${offset}`} >>> 2]`
  switch (type.kind) {
    case "bool":
      return `${cx.view("u8")}[${at}] !== 0`
    case "u8":
      return `${cx.view("u8")}[${at}]`
    case "s8":
      return `${cx.view("i8")}[${at}]`
    case "u16":
      return `${cx.view("u16")}[${at} >>> 1]`
    case "s16":
      return `${cx.view("i16")}[${at} >>> 1]`
    case "u32":
      return word("u32")
    case "s32":
      return word("i32")
    case "f32":
      return word("f32")
    case "u64":
      return `${cx.view("u64")}[${at} >>> 3]`
    case "s64":
      return `${cx.view("i64")}[${at} >>> 3]`
    case "f64":
      return `${cx.view("f64")}[${at} >>> 3]`
    case "char":
      return `char(S, ${word("u32")})`
    case "string":
      return `${stringLifter(cx)}(${word("u32")}, ${word("u32", 4)})`
    case "list":
      return `${listLifter(cx, type)}(${word("u32")}, ${word("u32", 4)})`
    case "enum":
      return liftEnum(cx, type.labels, cx.sized(type.size, at))
    case "flags":
      return `${flagsLifter(cx, type.labels)}(${cx.sized(type.size, at)})`
    case "own":
    case "borrow":
      return liftHandle(cx, type, word("u32"))
    default:
      return `${loader(cx, type)}(${at})`
  }
}

/** The expression of an address beyond `p`. */
export const at = (offset: number): string => offset === 0 ? "p" : `p + ${offset}`

const loader = (cx: Context, type: AbiType): string =>
  cx.once(`load ${type.id}`, (name) => {
    const body = new Source()
    switch (type.kind) {
      case "tuple":
      case "record": {
        const offsets = fieldOffsets(type.items)
        const values = type.items.map((item, i) => load(cx, item, at(offsets[i] ?? 0)))
        body.add(`return ${composed(type, values)};`)
        break
      }
      case "variant":
      case "option":
      case "result": {
        const payload = at(payloadOffset(type.cases))
        body.add(`switch (${cx.sized(discriminantSize(type.cases.length), "p")}) {`)
        type.cases.forEach((one, i) => {
          body.add(
            `case ${i}: return ${cased(type, one, one.type === undefined ? "undefined" : load(cx, one.type, payload))};`
          )
        })
        body.add(`default: return T(S, "discriminant"); }`)
        break
      }
      default:
        throw new RangeError(`no loader of ${type.kind}`)
    }
    cx.program.head.add(`const ${name} = (p) => {`, body.toString(), "};")
  })

const composed = (type: AbiType, values: ReadonlyArray<string>): string =>
  type.kind === "record"
    ? `({ ${type.names.map((name, i) => `${key(camelCase(name))}: ${values[i]}`).join(", ")} })`
    : `[${values.join(", ")}]`

/** A case as a value: options are the value itself unless they nest. */
const cased = (type: AbiType, one: AbiCase, value: string): string => {
  if (type.kind === "option" && !isNested(type)) return value
  if (type.kind === "result") return `{ tag: ${text(one.name)}, val: ${value} }`
  return one.type === undefined ? `{ tag: ${text(one.name)} }` : `{ tag: ${text(one.name)}, val: ${value} }`
}

/** True for an option in an option, which undefined alone could not tell apart. */
export const isNested = (type: AbiType): boolean => type.kind === "option" && type.cases[1]?.type?.kind === "option"

const liftEnum = (cx: Context, labels: ReadonlyArray<string>, index: string): string =>
  `(${labelsOf(cx, labels)}[${index}] ?? T(S, "discriminant"))`

/** The labels of an enum as an array. */
export const labelsOf = (cx: Context, labels: ReadonlyArray<string>): string =>
  cx.once(`labels ${labels.join(" ")}`, (name) => {
    cx.program.head.add(`const ${name} = [${labels.map(text).join(", ")}];`)
  })

const flagsLifter = (cx: Context, labels: ReadonlyArray<string>): string =>
  cx.once(`flags ${labels.join(" ")}`, (name) => {
    const fields = labels.map((label, i) => `${key(camelCase(label))}: (v & ${2 ** i | 0}) !== 0`)
    cx.program.head.add(`const ${name} = (v) => ({ ${fields.join(", ")} });`)
  })

const stringLifter = (cx: Context): string =>
  cx.once("string", (name) => {
    const u8 = cx.view("u8")
    const body = cx.encoding === "utf8"
      ? [`if (p + n > ${u8}.length) T(S, "memory");`, `spend(S, 40 + 2 * n);`, `return utf8(S, ${u8}, p, n);`]
      : cx.encoding === "utf16"
      ? [
        `if (p % 2 !== 0) T(S, "misaligned");`,
        `if (p + 2 * n > ${u8}.length) T(S, "memory");`,
        `spend(S, 40 + 2 * n);`,
        `return utf16(S, ${u8}, p, n);`
      ]
      : [
        `if (p % 2 !== 0) T(S, "misaligned");`,
        `const wide = n >= 0x80000000;`,
        `if (wide) n -= 0x80000000;`,
        `if (p + (wide ? 2 * n : n) > ${u8}.length) T(S, "memory");`,
        `spend(S, 40 + 2 * n);`,
        `return wide ? utf16(S, ${u8}, p, n) : latin1(${u8}, p, n);`
      ]
    cx.program.head.add(`const ${name} = (p, n) => {`, ...body, "};")
  })

const listLifter = (cx: Context, type: Extract<AbiType, { kind: "list" }>): string =>
  cx.once(`list ${type.id}`, (name) => {
    const { element } = type
    const u8 = cx.view("u8")
    const host = element.kind === "u8" ? 1 : element.host + 8
    const body = [
      ...(element.align > 1 ? [`if (p % ${element.align} !== 0) T(S, "misaligned");`] : []),
      `if (p + n * ${element.size} > ${u8}.length) T(S, "memory");`,
      `spend(S, 120 + n * ${host});`
    ]
    if (element.kind === "u8") body.push(`return ${u8}.slice(p, p + n);`)
    else {
      body.push(
        `const out = new Array(n);`,
        `for (let i = 0; i < n; i++, p += ${element.size}) out[i] = ${load(cx, element, "p")};`,
        `return out;`
      )
    }
    cx.program.head.add(`const ${name} = (p, n) => {`, ...body, "};")
  })

const liftHandle = (cx: Context, type: Extract<AbiType, { kind: "own" | "borrow" }>, index: string): string =>
  `${type.kind === "own" ? "liftOwn" : "liftBorrow"}${cx.mode === "host" ? "ToHost" : ""}` +
  `(S, ${cx.table}, ${index}, ${type.resource})`

const converted = (have: Flat, want: Flat, value: string): string => {
  if (have === want) return value
  const word = have === "i64" ? `Number(BigInt.asIntN(32, ${value}))` : value
  return want === "i32" ? word : want === "f32" ? `i2f(${word})` : `l2d(${value})`
}

/** The expression of a value of flat ones; what it needs beforehand goes to `out`. */
export const liftFlat = (
  cx: Context,
  type: AbiType,
  values: ReadonlyArray<string>,
  out: Source
): string => {
  const [value = "0", second = "0"] = values
  switch (type.kind) {
    case "bool":
      return `${value} !== 0`
    case "u8":
      return `(${value} & 255)`
    case "s8":
      return `(${value} << 24 >> 24)`
    case "u16":
      return `(${value} & 65535)`
    case "s16":
      return `(${value} << 16 >> 16)`
    case "u32":
      return `(${value} >>> 0)`
    case "s32":
    case "s64":
    case "f32":
    case "f64":
      return value
    case "u64":
      return `BigInt.asUintN(64, ${value})`
    case "char":
      return `char(S, ${value} >>> 0)`
    case "string":
      return `${stringLifter(cx)}(${value} >>> 0, ${second} >>> 0)`
    case "list":
      return `${listLifter(cx, type)}(${value} >>> 0, ${second} >>> 0)`
    case "enum":
      return liftEnum(cx, type.labels, `${value} >>> 0`)
    case "flags":
      return `${flagsLifter(cx, type.labels)}(${value})`
    case "own":
    case "borrow":
      return liftHandle(cx, type, `${value} >>> 0`)
    case "tuple":
    case "record": {
      let next = 0
      const items = type.items.map((item) => {
        const width = item.flat?.length ?? 0
        const lifted = liftFlat(cx, item, values.slice(next, next + width), out)
        next += width
        return lifted
      })
      return composed(type, items)
    }
    default:
      return liftFlatVariant(cx, type, values, out)
  }
}

const liftFlatVariant = (
  cx: Context,
  type: Extract<AbiType, { kind: "variant" | "option" | "result" }>,
  values: ReadonlyArray<string>,
  out: Source
): string => {
  const result = cx.program.head.name("v")
  const flat = type.flat ?? []
  out.add(`let ${result}; switch (${values[0]} >>> 0) {`)
  type.cases.forEach((one, i) => {
    out.add(`case ${i}: {`)
    const payload = one.type === undefined ? "undefined" : liftFlat(
      cx,
      one.type,
      (one.type.flat ?? []).map((want, j) => converted(flat[j + 1] ?? want, want, values[j + 1] ?? "0")),
      out
    )
    out.add(`${result} = ${cased(type, one, payload)}; break; }`)
  })
  out.add(`default: return T(S, "discriminant"); }`)
  return result
}
