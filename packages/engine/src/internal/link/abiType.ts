/**
 * Component types as the canonical ABI sees them: with layout, flattening and
 * the price in host memory, equal types being one object.
 *
 * Specification: Component Model, CanonicalABI.md, "Despecialization" to
 * "Flattening".
 */
import type { Primitive } from "../../WitType.ts"
import { type Flat, inRow, oneOf } from "../flat.ts"
import type { FuncNode, ResourceNode, ValueNode } from "../typeNodes.ts"
import { peel } from "../typeNodes.ts"

export interface AbiCase {
  readonly name: string
  readonly type: AbiType | undefined
}

/** `result` and `option` are variants with a mapping of their own to values. */
type Shape =
  | { readonly kind: Exclude<Primitive, "string"> }
  | { readonly kind: "string" }
  | { readonly kind: "list"; readonly element: AbiType }
  | { readonly kind: "tuple"; readonly items: ReadonlyArray<AbiType> }
  | { readonly kind: "record"; readonly names: ReadonlyArray<string>; readonly items: ReadonlyArray<AbiType> }
  | { readonly kind: "variant" | "option" | "result"; readonly cases: ReadonlyArray<AbiCase> }
  | { readonly kind: "enum" | "flags"; readonly labels: ReadonlyArray<string> }
  | { readonly kind: "own" | "borrow"; readonly resource: number }

export type AbiType = Shape & {
  readonly id: number
  readonly size: number
  readonly align: number
  /** Undefined where the type flattens to more than 16 values. */
  readonly flat: ReadonlyArray<Flat> | undefined
  /** Bytes of the host's heap that a value of the type takes at most, without the contents of strings and lists. */
  readonly host: number
  /** True where a value can lie outside of what the type takes in memory: it has strings or lists. */
  readonly outer: boolean
  readonly handles: boolean
  readonly borrows: boolean
}

export interface AbiFunc {
  readonly params: ReadonlyArray<{ readonly name: string; readonly type: AbiType }>
  readonly result: AbiType | undefined
}

const alignTo = (offset: number, align: number): number => Math.ceil(offset / align) * align

export const fieldOffsets = (items: ReadonlyArray<AbiType>): ReadonlyArray<number> => {
  let at = 0
  return items.map((item) => {
    const offset = alignTo(at, item.align)
    at = offset + item.size
    return offset
  })
}

export const discriminantSize = (cases: number): 1 | 2 | 4 => cases <= 0x100 ? 1 : cases <= 0x1_0000 ? 2 : 4

export const payloadOffset = (cases: ReadonlyArray<AbiCase>): number =>
  alignTo(discriminantSize(cases.length), maxAlign(cases))

const maxAlign = (cases: ReadonlyArray<AbiCase>): number =>
  cases.reduce((most, one) => Math.max(most, one.type?.align ?? 1), 1)

/** Undefined where there are too many values. */
export const flatten = (types: ReadonlyArray<AbiType>): ReadonlyArray<Flat> | undefined =>
  inRow(types.map(({ flat }) => flat))

const isSpilled = (result: AbiType | undefined): boolean =>
  result !== undefined && (result.flat === undefined || result.flat.length > 1)

const resultsOf = (result: AbiType | undefined): ReadonlyArray<Flat> => result?.flat ?? []

/** The core type of a function that is lifted as this. */
export const liftedType = ({ params, result }: AbiFunc): CoreType => ({
  params: flatten(params.map(({ type }) => type)) ?? ["i32"],
  results: isSpilled(result) ? ["i32"] : resultsOf(result)
})

/** The core type of the function that lowering this one gives. */
export const loweredType = ({ params, result }: AbiFunc): CoreType => {
  const flat = flatten(params.map(({ type }) => type)) ?? ["i32" as const]
  return isSpilled(result) ? { params: [...flat, "i32"], results: [] } : { params: flat, results: resultsOf(result) }
}

/** The type of a core function that takes and gives values of components. */
export interface CoreType {
  readonly params: ReadonlyArray<Flat>
  readonly results: ReadonlyArray<Flat>
}

const flattenCases = (cases: ReadonlyArray<AbiCase>): ReadonlyArray<Flat> | undefined =>
  oneOf(cases.map(({ type }) => type === undefined ? [] : type.flat))

interface Facts {
  readonly size: number
  readonly align: number
  readonly flat: ReadonlyArray<Flat> | undefined
  readonly host: number
}

const primitives: ReadonlyMap<Primitive, Facts> = new Map<Primitive, Facts>([
  ["bool", { size: 1, align: 1, flat: ["i32"], host: 8 }],
  ["s8", { size: 1, align: 1, flat: ["i32"], host: 8 }],
  ["u8", { size: 1, align: 1, flat: ["i32"], host: 8 }],
  ["s16", { size: 2, align: 2, flat: ["i32"], host: 8 }],
  ["u16", { size: 2, align: 2, flat: ["i32"], host: 8 }],
  ["s32", { size: 4, align: 4, flat: ["i32"], host: 24 }],
  ["u32", { size: 4, align: 4, flat: ["i32"], host: 24 }],
  ["s64", { size: 8, align: 8, flat: ["i64"], host: 32 }],
  ["u64", { size: 8, align: 8, flat: ["i64"], host: 32 }],
  ["f32", { size: 4, align: 4, flat: ["f32"], host: 24 }],
  ["f64", { size: 8, align: 8, flat: ["f64"], host: 24 }],
  ["char", { size: 4, align: 4, flat: ["i32"], host: 32 }],
  ["string", { size: 8, align: 4, flat: ["i32", "i32"], host: 40 }]
])

const factsOfItems = (items: ReadonlyArray<AbiType>): Facts => {
  const align = items.reduce((most, item) => Math.max(most, item.align), 1)
  const last = items.at(-1)
  const end = last === undefined ? 0 : (fieldOffsets(items).at(-1) ?? 0) + last.size
  return {
    size: alignTo(end, align),
    align,
    flat: flatten(items),
    host: items.reduce((sum, item) => sum + 8 + item.host, 40)
  }
}

const factsOfCases = (cases: ReadonlyArray<AbiCase>): Facts => {
  const discriminant = discriminantSize(cases.length)
  const align = Math.max(discriminant, maxAlign(cases))
  const payload = cases.reduce((most, one) => Math.max(most, one.type?.size ?? 0), 0)
  return {
    size: alignTo(payloadOffset(cases) + payload, align),
    align,
    flat: flattenCases(cases),
    host: 48 + cases.reduce((most, one) => Math.max(most, one.type?.host ?? 0), 0)
  }
}

const factsOf = (shape: Shape): Facts => {
  switch (shape.kind) {
    case "list":
      return { size: 8, align: 4, flat: ["i32", "i32"], host: shape.element.kind === "u8" ? 120 : 40 }
    case "tuple":
    case "record":
      return factsOfItems(shape.items)
    case "variant":
    case "option":
    case "result":
      return factsOfCases(shape.cases)
    case "enum": {
      const size = discriminantSize(shape.labels.length)
      return { size, align: size, flat: ["i32"], host: 8 }
    }
    case "flags": {
      const size = shape.labels.length <= 8 ? 1 : shape.labels.length <= 16 ? 2 : 4
      return { size, align: size, flat: ["i32"], host: 40 + 8 * shape.labels.length }
    }
    case "own":
    case "borrow":
      return { size: 4, align: 4, flat: ["i32"], host: 80 }
    default: {
      const facts = primitives.get(shape.kind)
      if (facts === undefined) throw new RangeError(`a type of kind ${shape.kind}`)
      return facts
    }
  }
}

const childrenOf = (shape: Shape): ReadonlyArray<AbiType> => {
  switch (shape.kind) {
    case "list":
      return [shape.element]
    case "tuple":
    case "record":
      return shape.items
    case "variant":
    case "option":
    case "result":
      return shape.cases.flatMap(({ type }) => type === undefined ? [] : [type])
    default:
      return []
  }
}

const keyOf = (shape: Shape): string => {
  switch (shape.kind) {
    case "list":
      return `list ${shape.element.id}`
    case "tuple":
      return `tuple ${shape.items.map((item) => item.id).join(" ")}`
    case "record":
      return `record ${shape.items.map((item, i) => `${shape.names[i]} ${item.id}`).join(" ")}`
    case "variant":
    case "option":
    case "result":
      return `${shape.kind} ${shape.cases.map(({ name, type }) => `${name} ${type?.id ?? "-"}`).join(" ")}`
    case "enum":
    case "flags":
      return `${shape.kind} ${shape.labels.join(" ")}`
    case "own":
    case "borrow":
      return `${shape.kind} ${shape.resource}`
    default:
      return shape.kind
  }
}

/** What a resource is called in the whole of an instantiation; undefined where the scope does not know it. */
export type Resolve = (node: ResourceNode) => number | undefined

/** Makes types, each once. */
export class AbiTypes {
  readonly #known = new Map<string, AbiType>()

  #make(shape: Shape): AbiType {
    const key = keyOf(shape)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const children = childrenOf(shape)
    const type: AbiType = {
      ...shape,
      ...factsOf(shape),
      id: this.#known.size,
      outer: shape.kind === "string" || shape.kind === "list" || children.some((child) => child.outer),
      handles: shape.kind === "own" || shape.kind === "borrow" || children.some((child) => child.handles),
      borrows: shape.kind === "borrow" || children.some((child) => child.borrows)
    }
    this.#known.set(key, type)
    return type
  }

  /** The layout of some values one after the other. */
  tuple(items: ReadonlyArray<AbiType>): AbiType {
    return this.#make({ kind: "tuple", items })
  }

  func(node: FuncNode, scope: Scoped): AbiFunc {
    return {
      params: node.params.map(({ name, type }) => ({ name, type: this.of(type, scope) })),
      result: node.result === undefined ? undefined : this.of(node.result, scope)
    }
  }

  of(node: ValueNode, scope: Scoped): AbiType {
    const known = scope.types.get(node)
    if (known !== undefined) return known
    const type = this.#make(this.#shape(node, scope))
    scope.types.set(node, type)
    return type
  }

  #shape(node: ValueNode, scope: Scoped): Shape {
    const inner = peel(node)
    switch (inner.k) {
      case "primitive":
        return { kind: inner.primitive }
      case "list":
        return { kind: "list", element: this.of(inner.item, scope) }
      case "option":
        return {
          kind: "option",
          cases: [{ name: "none", type: undefined }, { name: "some", type: this.of(inner.item, scope) }]
        }
      case "result":
        return {
          kind: "result",
          cases: [
            { name: "ok", type: inner.ok === undefined ? undefined : this.of(inner.ok, scope) },
            { name: "err", type: inner.err === undefined ? undefined : this.of(inner.err, scope) }
          ]
        }
      case "tuple":
        return { kind: "tuple", items: inner.items.map((item) => this.of(item, scope)) }
      case "record":
        return {
          kind: "record",
          names: inner.fields.map((field) => field.name),
          items: inner.fields.map((field) => this.of(field.type, scope))
        }
      case "variant":
        return {
          kind: "variant",
          cases: inner.cases.map(({ name, type }) => ({
            name,
            type: type === undefined ? undefined : this.of(type, scope)
          }))
        }
      case "enum":
      case "flags":
        return { kind: inner.k, labels: inner.labels }
      case "own":
      case "borrow": {
        const resource = peel(inner.resource)
        const found = resource.k === "resource" ? scope.resolve(resource) : undefined
        if (found === undefined) throw new RangeError("a handle to a resource that its scope does not have")
        return { kind: inner.k, resource: found }
      }
      case "resource":
        throw new RangeError("a resource where a value type is expected")
    }
  }
}

/** Types of one component instance: its nodes mean something in it alone. */
export interface Scoped {
  readonly types: Map<ValueNode, AbiType>
  readonly resolve: Resolve
}
