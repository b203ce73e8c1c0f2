/**
 * Random WIT types, their values, and components that pass them through.
 */
import type { Case, Field, WitType } from "@airssys/engine/WitType"
import { camelCase } from "@airssys/engine/WitValue"
import { component } from "./guests.ts"

/** Numbers that are the same for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }

  one<A>(of: ReadonlyArray<A>): A {
    return of[this.below(of.length)]!
  }

  many<A>(count: number, make: (index: number) => A): Array<A> {
    return Array.from({ length: count }, (_, index) => make(index))
  }
}

const primitives = [
  "bool",
  "s8",
  "u8",
  "s16",
  "u16",
  "s32",
  "u32",
  "s64",
  "u64",
  "f32",
  "f64",
  "char",
  "string"
] as const
const composites = ["list", "list", "option", "result", "tuple", "record", "variant", "enum", "flags"] as const

/** Names that mean something to WIT or JavaScript are among them. */
const words = ["x", "far-away", "constructor", "then", "to-string", "list", "val", "tag", "length", "a-b-c", "value-of"]

const labels = (random: Random, count: number): Array<string> => {
  const found = new Set<string>()
  while (found.size < count) {
    const word = random.one(words)
    found.add(count > 4 || found.has(word) ? `${word}-n${found.size}` : word)
  }
  return [...found]
}

/** Types that are declared by name, in the order in which they refer to each other. */
export class Types {
  readonly declared: Array<WitType & { readonly name: { readonly name: string } }> = []
  readonly #random: Random
  readonly #owner: string | undefined

  constructor(random: Random, owner?: string) {
    this.#random = random
    this.#owner = owner
  }

  type(depth: number): WitType {
    const random = this.#random
    if (depth === 0 || random.below(3) === 0) return { kind: random.one(primitives) }
    const kind = random.one(composites)
    switch (kind) {
      case "list":
        return { kind, element: this.type(depth - 1) }
      case "option":
        return { kind, some: this.type(depth - 1) }
      case "result":
        return { kind, ok: this.#maybe(depth - 1), err: this.#maybe(depth - 1) }
      case "tuple":
        return {
          kind,
          items: random.many(1 + random.below(random.below(8) === 0 ? 20 : 4), () => this.type(depth - 1))
        }
      case "record": {
        const names = labels(random, 1 + random.below(random.below(6) === 0 ? 20 : 4))
        return this.#named({ kind, fields: names.map((name): Field => ({ name, type: this.type(depth - 1) })) })
      }
      case "variant": {
        const names = labels(random, 1 + random.below(random.below(12) === 0 ? 300 : 5))
        return this.#named({
          kind,
          cases: names.map((name, i): Case => ({ name, type: i < 6 ? this.#maybe(depth - 1) : undefined }))
        })
      }
      case "enum":
        return this.#named({ kind, cases: labels(random, 1 + random.below(random.below(6) === 0 ? 300 : 5)) })
      case "flags":
        return this.#named({ kind, labels: labels(random, random.one([1, 3, 8, 9, 16, 17, 31, 32])) })
    }
  }

  #maybe(depth: number): WitType | undefined {
    return this.#random.below(3) === 0 ? undefined : this.type(depth)
  }

  #named(
    type:
      | { readonly kind: "record"; readonly fields: ReadonlyArray<Field> }
      | { readonly kind: "variant"; readonly cases: ReadonlyArray<Case> }
      | { readonly kind: "enum"; readonly cases: ReadonlyArray<string> }
      | { readonly kind: "flags"; readonly labels: ReadonlyArray<string> }
  ): WitType {
    const made = { ...type, name: { owner: this.#owner, name: `t${this.declared.length}` } }
    this.declared.push(made)
    return made
  }
}

const texts = ["", "a", "naïve \u{1f600}", "\u0000", "\ufeff", "\u2028", "\u{10ffff}", "😀".repeat(20), "жук".repeat(9)]
const floats = [0, -0, 1.5, -1, Infinity, -Infinity, NaN, 2 ** -149, Math.fround(0.1), 3.4028234663852886e38]

const integers: ReadonlyMap<WitType["kind"], readonly [low: number, high: number]> = new Map([
  ["s8", [-0x80, 0x7f]],
  ["u8", [0, 0xff]],
  ["s16", [-0x8000, 0x7fff]],
  ["u16", [0, 0xffff]],
  ["s32", [-0x8000_0000, 0x7fff_ffff]],
  ["u32", [0, 0xffff_ffff]]
])

/** A value of a type, in the form in which engines give values. */
export const value = (random: Random, type: WitType): unknown => {
  const range = integers.get(type.kind)
  if (range !== undefined) return random.one([...range, 0, 1, range[0] + random.below(range[1] - range[0] + 1)])
  switch (type.kind) {
    case "bool":
      return random.below(2) === 0
    case "s64":
      return random.one([-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, BigInt(random.below(2 ** 32)) << 20n])
    case "u64":
      return random.one([2n ** 64n - 1n, 2n ** 63n, 0n, BigInt(random.below(2 ** 32)) << 31n])
    case "f32":
      return random.one(floats)
    case "f64":
      return random.one([...floats, Math.PI, Number.MAX_VALUE, 5e-324])
    case "char":
      return random.one(["a", "\u0000", "é", "\ud7ff", "\ue000", "\u{1f600}", "\u{10ffff}"])
    case "string":
      return random.one(texts)
    case "list": {
      const items = random.many(random.below(5), () => value(random, type.element))
      return type.element.kind === "u8" ? Uint8Array.from(items as Array<number>) : items
    }
    case "option": {
      const isNone = random.below(2) === 0
      if (type.some.kind !== "option") return isNone ? undefined : value(random, type.some)
      return isNone ? { tag: "none" } : { tag: "some", val: value(random, type.some) }
    }
    case "result": {
      const tag = random.one(["ok", "err"] as const)
      const of = type[tag]
      return { tag, val: of === undefined ? undefined : value(random, of) }
    }
    case "tuple":
      return type.items.map((item) => value(random, item))
    case "record":
      return Object.fromEntries(type.fields.map((field) => [camelCase(field.name), value(random, field.type)]))
    case "variant": {
      const { name, type: of } = random.one(type.cases)
      return of === undefined ? { tag: name } : { tag: name, val: value(random, of) }
    }
    case "enum":
      return random.one(type.cases)
    case "flags":
      return Object.fromEntries(type.labels.map((label) => [camelCase(label), random.below(2) === 0]))
    default:
      throw new RangeError(`no value of ${type.kind}`)
  }
}

export const typeText = (type: WitType): string => {
  switch (type.kind) {
    case "list":
      return `list<${typeText(type.element)}>`
    case "option":
      return `option<${typeText(type.some)}>`
    case "result": {
      const { err, ok } = type
      if (err === undefined) return ok === undefined ? "result" : `result<${typeText(ok)}>`
      return `result<${ok === undefined ? "_" : typeText(ok)}, ${typeText(err)}>`
    }
    case "tuple":
      return `tuple<${type.items.map(typeText).join(", ")}>`
    case "record":
    case "variant":
    case "enum":
    case "flags":
      return type.name!.name
    default:
      return type.kind
  }
}

const declaration = (type: Types["declared"][number]): string => {
  const { name } = type.name
  switch (type.kind) {
    case "record":
      return `record ${name} { ${type.fields.map((_) => `%${_.name}: ${typeText(_.type)}`).join(", ")} }`
    case "variant":
      return `variant ${name} { ${
        type.cases.map((_) => _.type === undefined ? `%${_.name}` : `%${_.name}(${typeText(_.type)})`).join(", ")
      } }`
    case "enum":
      return `enum ${name} { ${type.cases.map((_) => `%${_}`).join(", ")} }`
    case "flags":
      return `flags ${name} { ${type.labels.map((_) => `%${_}`).join(", ")} }`
    default:
      throw new RangeError(`${type.kind} has no name`)
  }
}

type Flat = "i32" | "i64" | "f32" | "f64"

/** The core values of a type, by the canonical ABI. */
const flatten = (type: WitType): ReadonlyArray<Flat> => {
  switch (type.kind) {
    case "s64":
    case "u64":
      return ["i64"]
    case "f32":
    case "f64":
      return [type.kind]
    case "string":
    case "list":
      return ["i32", "i32"]
    case "option":
      return ["i32", ...flatten(type.some)]
    case "result":
      return ["i32", ...join([type.ok, type.err])]
    case "variant":
      return ["i32", ...join(type.cases.map((_) => _.type))]
    case "tuple":
      return type.items.flatMap(flatten)
    case "record":
      return type.fields.flatMap((_) => flatten(_.type))
    default:
      return ["i32"]
  }
}

const join = (types: ReadonlyArray<WitType | undefined>): ReadonlyArray<Flat> => {
  const joined: Array<Flat> = []
  for (const type of types) {
    for (const [i, flat] of (type === undefined ? [] : flatten(type)).entries()) {
      const known = joined[i]
      if (known === undefined) joined[i] = flat
      else if (known !== flat) joined[i] = [known, flat].every((_) => _ === "i32" || _ === "f32") ? "i32" : "i64"
    }
  }
  return joined
}

/** `func(a, b, ...) -> a`: the host is asked with the arguments, and its answer is the result. */
export interface Passing {
  readonly name: string
  readonly params: ReadonlyArray<WitType>
}

export const hostId = "test:passing/host@1.0.0"
export const guestId = "test:passing/guest@1.0.0"

const maxFlatParams = 16

const coreFunction = ({ name, params }: Passing): { readonly imported: string; readonly exported: string } => {
  const flat = params.flatMap(flatten)
  const passed: ReadonlyArray<Flat> = flat.length > maxFlatParams ? ["i32"] : flat
  const result = flatten(params[0]!)
  const isSpilled = result.length > 1
  const list = (types: ReadonlyArray<Flat>) => types.length === 0 ? "" : `(param ${types.join(" ")})`
  const gets = passed.map((_, i) => `(local.get ${i})`).join(" ")
  return {
    imported: `(import "${hostId}" "${name}" (func $${name} ${list(isSpilled ? [...passed, "i32"] : passed)} ${
      isSpilled ? "" : `(result ${result.join()})`
    }))`,
    exported: `(func (export "${guestId}#${name}") ${list(passed)} (result ${isSpilled ? "i32" : result.join()})
      ${isSpilled ? `(call $${name} ${gets} (i32.const 64)) (i32.const 64)` : `(call $${name} ${gets})`})`
  }
}

/** A component whose exports pass their arguments to the host, and its answer back. */
export const passing = (
  functions: ReadonlyArray<Passing>,
  types: Types
): Promise<Uint8Array<ArrayBuffer>> => {
  const used = types.declared.map(({ name }) => name.name)
  const use = used.length === 0 ? "" : `use types.{${used.join(", ")}};`
  const signatures = functions.map(({ name, params }) =>
    `${name}: func(${params.map((_, i) => `p${i}: ${typeText(_)}`).join(", ")}) -> ${typeText(params[0]!)};`
  ).join("\n")
  const wit = `package test:passing@1.0.0;
interface types { ${types.declared.map(declaration).join("\n")} }
interface host { ${use} ${signatures} }
interface guest { ${use} ${signatures} }
world passing { import host; export guest; }`
  const core = functions.map(coreFunction)
  return component(
    `(module
      ${core.map((_) => _.imported).join("\n")}
      (memory (export "memory") 4)
      (global $next (mut i32) (i32.const 65536))
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
        (global.set $next (i32.add (local.get $at) (local.get 3)))
        (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
          (then (if (i32.eq (memory.grow (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1))) (i32.const -1))
            (then unreachable))))
        (memory.copy (local.get $at) (local.get 0) (local.get 1))
        (local.get $at))
      ${core.map((_) => _.exported).join("\n")})`,
    wit
  )
}
