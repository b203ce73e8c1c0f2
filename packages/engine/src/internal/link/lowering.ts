/**
 * Code that gives JavaScript values to a guest: as flat values, or as bytes in
 * its memory. A value that does not have its type throws `MISS`, before
 * anything of that value reaches the guest.
 */
import { camelCase } from "../../WitValue.ts"
import type { Flat } from "../flat.ts"
import type { AbiType } from "./abiType.ts"
import { discriminantSize, fieldOffsets, payloadOffset } from "./abiType.ts"
import type { Context, View } from "./context.ts"
import { at, isNested, labelsOf } from "./lifting.ts"
import { key, Source, text } from "./source.ts"

const integers: ReadonlyMap<string, string> = new Map([
  ["u8", `typeof v !== "number" || (v & 255) !== v`],
  ["s8", `typeof v !== "number" || (v << 24 >> 24) !== v`],
  ["u16", `typeof v !== "number" || (v & 65535) !== v`],
  ["s16", `typeof v !== "number" || (v << 16 >> 16) !== v`],
  ["u32", `typeof v !== "number" || (v >>> 0) !== v`],
  ["s32", `typeof v !== "number" || (v | 0) !== v`],
  ["u64", `typeof v !== "bigint" || BigInt.asUintN(64, v) !== v`],
  ["s64", `typeof v !== "bigint" || BigInt.asIntN(64, v) !== v`],
  ["f32", `typeof v !== "number"`],
  ["f64", `typeof v !== "number"`],
  ["bool", `v !== true && v !== false`]
])

/** The statement that refuses a value of another type. */
const checkScalar = (kind: string, value: string): string => {
  const test = integers.get(kind)
  if (test === undefined) throw new RangeError(`no scalar of kind ${kind}`)
  return `if (${test.replace(/\bv\b/g, value)}) throw MISS;`
}

const typedArrays: ReadonlyMap<string, readonly [view: View, constructor: string]> = new Map([
  ["s8", ["i8", "Int8Array"]],
  ["u16", ["u16", "Uint16Array"]],
  ["s16", ["i16", "Int16Array"]],
  ["u32", ["u32", "Uint32Array"]],
  ["s32", ["i32", "Int32Array"]],
  ["u64", ["u64", "BigUint64Array"]],
  ["s64", ["i64", "BigInt64Array"]],
  ["f32", ["f32", "Float32Array"]],
  ["f64", ["f64", "Float64Array"]]
])

/** The statements that write the value of a variable to an address, which is an expression without effects. */
export const store = (cx: Context, type: AbiType, value: string, at: string, out: Source): void => {
  const word = (view: "u32" | "f32", offset = 0) => `${cx.view(view)}[${offset === 0 ? at : `${at} + ${offset}`} >>> 2]`
  switch (type.kind) {
    case "bool":
      out.add(checkScalar("bool", value), `${cx.view("u8")}[${at}] = ${value} ? 1 : 0;`)
      return
    case "u8":
    case "s8":
      out.add(checkScalar(type.kind, value), `${cx.view("u8")}[${at}] = ${value};`)
      return
    case "u16":
    case "s16":
      out.add(checkScalar(type.kind, value), `${cx.view("u16")}[${at} >>> 1] = ${value};`)
      return
    case "u32":
    case "s32":
      out.add(checkScalar(type.kind, value), `${word("u32")} = ${value};`)
      return
    case "f32":
      out.add(checkScalar(type.kind, value), `${word("f32")} = ${value};`)
      return
    case "u64":
    case "s64":
      out.add(
        checkScalar(type.kind, value),
        `${cx.view(type.kind === "u64" ? "u64" : "i64")}[${at} >>> 3] = ${value};`
      )
      return
    case "f64":
      out.add(checkScalar("f64", value), `${cx.view("f64")}[${at} >>> 3] = ${value};`)
      return
    case "string":
    case "list": {
      const p = cx.program.head.name("p")
      out.add(
        `const ${p} = ${type.kind === "string" ? stringLowerer(cx) : listLowerer(cx, type)}(${value});`,
        `${word("u32")} = ${p}; ${word("u32", 4)} = S.length;`
      )
      return
    }
    case "char":
    case "enum":
    case "flags":
    case "own":
    case "borrow":
      out.add(`${cx.sized(type.size, at)} = ${scalar(cx, type, value)};`)
      return
    default:
      out.add(`${storer(cx, type)}(${value}, ${at});`)
  }
}

/** The expression of the number that stands for a value of these kinds. */
const scalar = (
  cx: Context,
  type: AbiType,
  value: string
): string => {
  switch (type.kind) {
    case "char":
      return `point(${value})`
    case "enum":
      return `(${indicesOf(cx, type.labels)}.get(${value}) ?? miss())`
    case "flags":
      return `${flagsLowerer(cx, type.labels)}(${value})`
    case "own":
    case "borrow":
      return `${type.kind === "own" ? "lowerOwn" : "lowerBorrow"}${cx.mode === "host" ? "OfHost" : ""}` +
        `(S, ${cx.table}, ${value}, ${type.resource})`
    default:
      throw new RangeError("no scalar")
  }
}

const indicesOf = (cx: Context, labels: ReadonlyArray<string>): string =>
  cx.once(`indices ${labels.join(" ")}`, (name) => {
    cx.program.head.add(`const ${name} = new Map(${labelsOf(cx, labels)}.map((label, i) => [label, i]));`)
  })

const flagsLowerer = (cx: Context, labels: ReadonlyArray<string>): string =>
  cx.once(`flags in ${labels.join(" ")}`, (name) => {
    const keys = keysOf(cx, labels)
    cx.program.head.add(`const ${name} = (v) => {`, `if (!isObject(v)) throw MISS;`, `let bits = 0;`)
    labels.forEach((label, i) => {
      cx.program.head.add(
        `{ const b = ${field("v", label)}; if (b === true) bits |= ${2 ** i | 0}; ` +
          `else if (b !== false && b !== undefined) throw MISS; }`
      )
    })
    cx.program.head.add(`keyed(v, ${keys});`, `return bits; };`)
  })

const storer = (cx: Context, type: AbiType): string =>
  cx.once(`store ${type.id}`, (name) => {
    const body = new Source()
    switch (type.kind) {
      case "tuple":
      case "record": {
        const offsets = fieldOffsets(type.items)
        const values = taken(cx, type, "v", body)
        type.items.forEach((item, i) => store(cx, item, values[i] ?? "", at(offsets[i] ?? 0), body))
        break
      }
      case "variant":
      case "option":
      case "result": {
        const payload = at(payloadOffset(type.cases))
        const discriminant = cx.sized(discriminantSize(type.cases.length), "p")
        chosen(cx, type, "v", body, (i, one, value) => {
          body.add(`${discriminant} = ${i};`)
          if (one !== undefined) store(cx, one, value, payload, body)
        })
        break
      }
      default:
        throw new RangeError(`no storer of ${type.kind}`)
    }
    cx.program.head.add(`const ${name} = (v, p) => {`, body.toString(), "};")
  })

/** The expression of a field, which is none where only the prototype of all objects has one of the name. */
const field = (value: string, label: string): string => {
  const name = key(camelCase(label))
  return Object.hasOwn(Object.prototype, name) ? `own(${value}, "${name}")` : `${value}.${name}`
}

/** Takes the members of a record or tuple into constants. */
const taken = (
  cx: Context,
  type: Extract<AbiType, { kind: "tuple" | "record" }>,
  value: string,
  out: Source
): ReadonlyArray<string> => {
  if (type.kind === "tuple") {
    out.add(`if (!Array.isArray(${value}) || ${value}.length !== ${type.items.length}) throw MISS;`)
  } else out.add(`if (!isObject(${value})) throw MISS;`)
  const names = type.items.map((_, i) => {
    const name = cx.program.head.name("x")
    out.add(`const ${name} = ${type.kind === "tuple" ? `${value}[${i}]` : field(value, type.names[i] ?? "")};`)
    return name
  })
  if (type.kind === "record") {
    const optional = type.items.some((item) => item.kind === "option" && !isNested(item))
    out.add(optional ? `keyed(${value}, ${keysOf(cx, type.names)});` : `counted(${value}, ${type.items.length});`)
  }
  return names
}

/** The keys of a record as a set. */
const keysOf = (cx: Context, labels: ReadonlyArray<string>): string =>
  cx.once(`keys ${labels.join(" ")}`, (name) => {
    const keys = labels.map((label) => `"${key(camelCase(label))}"`)
    cx.program.head.add(`const ${name} = new Set([${keys.join(", ")}]);`)
  })

/** Takes a variant apart: the statements of `each` run for the case that the value has. */
const chosen = (
  cx: Context,
  type: Extract<AbiType, { kind: "variant" | "option" | "result" }>,
  value: string,
  out: Source,
  each: (index: number, payload: AbiType | undefined, value: string) => void
): void => {
  if (type.kind === "option" && !isNested(type)) {
    out.add(`if (${value} === undefined) {`)
    each(0, undefined, "")
    out.add("} else {")
    each(1, type.cases[1]?.type, value)
    out.add("}")
    return
  }
  out.add(`if (!isObject(${value})) throw MISS; tagged(${value});`, `switch (${value}.tag) {`)
  type.cases.forEach((one, i) => {
    const payload = cx.program.head.name("x")
    out.add(`case ${text(one.name)}: { const ${payload} = ${value}.val;`)
    if (one.type === undefined) out.add(`if (${payload} !== undefined) throw MISS;`)
    each(i, one.type, payload)
    out.add("break; }")
  })
  out.add("default: throw MISS; }")
}

/** A function from a string to the address of its copy; its length in code units is left in `S.length`. */
const stringLowerer = (cx: Context): string =>
  cx.once("string in", (name) => {
    const head = cx.program.head
    const u8 = cx.view("u8")
    head.add(`const ${name} = (s) => {`, `if (typeof s !== "string") throw MISS;`, `let n = s.length, p = 0;`)
    switch (cx.encoding) {
      case "utf8":
        head.add(
          cx.allocate("p", "0", "0", 1, "n"),
          `let done = ascii(${u8}, p, s, n);`,
          `if (done < n) {`,
          `const size = utf8Size(s);`,
          cx.allocate("p", "p", "n", 1, "size"),
          `writeUtf8(${u8}, p, s, size); n = size; }`
        )
        break
      case "utf16":
        head.add(
          `if (!s.isWellFormed()) throw MISS;`,
          cx.allocate("p", "0", "0", 2, "2 * n"),
          `writeUtf16(${u8}, p, s);`
        )
        break
      case "latin1+utf16":
        head.add(
          `if (!s.isWellFormed()) throw MISS;`,
          `if (isLatin1(s)) {`,
          cx.allocate("p", "0", "0", 2, "n"),
          `writeLatin1(${u8}, p, s);`,
          `} else {`,
          cx.allocate("p", "0", "0", 2, "2 * n"),
          `writeUtf16(${u8}, p, s); n += 0x80000000; }`
        )
    }
    head.add(`S.moved += n % 0x80000000; S.length = n; return p; };`)
  })

const listLowerer = (cx: Context, type: Extract<AbiType, { kind: "list" }>): string =>
  cx.once(`list in ${type.id}`, (name) => {
    const { element } = type
    const head = cx.program.head
    const body = new Source()
    const size = `n * ${element.size}`
    body.add(`const n = v.length; if (${size} >= 0x80000000) throw MISS;`, `let p = 0;`)
    body.add(cx.allocate("p", "0", "0", element.align, size), `S.moved += ${size};`)
    if (element.kind === "u8") {
      head.add(
        `const ${name} = (v) => {`,
        `if (!(v instanceof Uint8Array)) throw MISS;`,
        body.toString(),
        `${cx.view("u8")}.set(v, p); S.length = n; return p; };`
      )
      return
    }
    const typed = typedArrays.get(element.kind)
    const numbers = typed === undefined
      ? "throw MISS;"
      : `if (!(v instanceof ${typed[1]})) throw MISS; ${body} ` +
        `${cx.view(typed[0])}.set(v, p / ${element.size}); S.length = n; return p;`
    const each = new Source()
    store(cx, element, "x", "q", each)
    head.add(
      `const ${name} = (v) => {`,
      `if (!Array.isArray(v)) { ${numbers} }`,
      body.toString(),
      `for (let i = 0, q = p; i < n; i++, q += ${element.size}) { const x = v[i];`,
      each.toString(),
      "}",
      `S.length = n; return p; };`
    )
  })

const converted = (have: Flat, want: Flat, value: string): string => {
  if (have === want) return value
  const word = have === "f32" ? `f2i(${value})` : value
  return want === "i32" ? word : have === "f64" ? `d2l(${value})` : `BigInt((${word}) >>> 0)`
}

/** Writes what checks and copies the value of a variable; the expressions of its flat values. */
export const lowerFlat = (cx: Context, type: AbiType, value: string, out: Source): ReadonlyArray<string> => {
  switch (type.kind) {
    case "bool":
      out.add(checkScalar("bool", value))
      return [`(${value} ? 1 : 0)`]
    case "u8":
    case "s8":
    case "u16":
    case "s16":
    case "u32":
    case "s32":
    case "u64":
    case "s64":
    case "f32":
    case "f64":
      out.add(checkScalar(type.kind, value))
      return [value]
    case "string":
    case "list": {
      const p = cx.program.head.name("p")
      const n = cx.program.head.name("n")
      out.add(
        `const ${p} = ${type.kind === "string" ? stringLowerer(cx) : listLowerer(cx, type)}(${value}), ${n} = S.length;`
      )
      return [p, n]
    }
    case "char":
    case "enum":
    case "flags":
    case "own":
    case "borrow": {
      const n = cx.program.head.name("n")
      out.add(`const ${n} = ${scalar(cx, type, value)};`)
      return [n]
    }
    case "tuple":
    case "record": {
      const values = taken(cx, type, value, out)
      return type.items.flatMap((item, i) => lowerFlat(cx, item, values[i] ?? "", out))
    }
    default: {
      const flat = type.flat ?? []
      const names = flat.map((kind) => {
        const name = cx.program.head.name("y")
        out.add(`let ${name} = ${kind === "i64" ? "0n" : "0"};`)
        return name
      })
      chosen(cx, type, value, out, (i, payload, inner) => {
        out.add(`${names[0]} = ${i};`)
        if (payload === undefined) return
        lowerFlat(cx, payload, inner, out).forEach((given, j) => {
          const have = payload.flat?.[j] ?? "i32"
          out.add(`${names[j + 1]} = ${converted(have, flat[j + 1] ?? have, given)};`)
        })
      })
      return names
    }
  }
}
