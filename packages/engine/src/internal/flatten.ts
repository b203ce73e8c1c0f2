/**
 * How functions of components look as core functions.
 */
import type { CoreFuncType } from "./coreExtern.ts"
import { type Flat, inRow, oneOf } from "./flat.ts"
import type { FuncNode, ValueNode } from "./typeNodes.ts"
import { peel } from "./typeNodes.ts"

export interface CoreSignature {
  readonly type: CoreFuncType
  readonly needsMemory: boolean
  readonly needsRealloc: boolean
}

const lifted = new WeakMap<FuncNode, CoreSignature>()
const lowered = new WeakMap<FuncNode, CoreSignature>()

/** What a core function has to be to be lifted, and what memory the values pass through. */
export const liftedSignature = (node: FuncNode): CoreSignature => {
  const known = lifted.get(node) ?? lift(node)
  lifted.set(node, known)
  return known
}

/** What lowering a function gives. */
export const loweredSignature = (node: FuncNode): CoreSignature => {
  const known = lowered.get(node) ?? lower(node)
  lowered.set(node, known)
  return known
}

const lift = (node: FuncNode): CoreSignature => {
  const params = flattenAll(node.params.map(({ type }) => type))
  const results = node.result === undefined ? [] : flatten(node.result)
  const spilled = results === undefined || results.length > 1
  const needsRealloc = params === undefined || node.params.some(({ type }) => hasPointers(type))
  return {
    type: { params: params ?? ["i32"], results: spilled ? ["i32"] : results },
    needsMemory: needsRealloc || spilled,
    needsRealloc
  }
}

const lower = (node: FuncNode): CoreSignature => {
  const params = flattenAll(node.params.map(({ type }) => type))
  const results = node.result === undefined ? [] : flatten(node.result)
  const spilled = results === undefined || results.length > 1
  const needsRealloc = node.result !== undefined && hasPointers(node.result)
  return {
    type: {
      params: [...(params ?? ["i32"]), ...(spilled ? ["i32"] : [])],
      results: spilled ? [] : results
    },
    needsMemory: params === undefined || spilled || needsRealloc || node.params.some(({ type }) => hasPointers(type)),
    needsRealloc
  }
}

const flattenAll = (types: ReadonlyArray<ValueNode>): ReadonlyArray<Flat> | undefined => inRow(types.map(flatten))

const known = new WeakMap<ValueNode, { readonly flat: ReadonlyArray<Flat> | undefined }>()

/** Undefined where there are too many values. */
const flatten = (node: ValueNode): ReadonlyArray<Flat> | undefined => {
  const found = known.get(node)
  if (found !== undefined) return found.flat
  const flat = flattenStructure(node)
  known.set(node, { flat })
  return flat
}

const flattenStructure = (node: ValueNode): ReadonlyArray<Flat> | undefined => {
  const inner = peel(node)
  switch (inner.k) {
    case "primitive":
      switch (inner.primitive) {
        case "s64":
        case "u64":
          return ["i64"]
        case "f32":
        case "f64":
          return [inner.primitive]
        case "string":
          return ["i32", "i32"]
        default:
          return ["i32"]
      }
    case "list":
      return ["i32", "i32"]
    case "tuple":
      return flattenAll(inner.items)
    case "record":
      return flattenAll(inner.fields.map(({ type }) => type))
    case "option":
      return flattenCases([inner.item])
    case "result":
      return flattenCases([inner.ok, inner.err])
    case "variant":
      return flattenCases(inner.cases.map(({ type }) => type))
    default:
      return ["i32"]
  }
}

const flattenCases = (types: ReadonlyArray<ValueNode | undefined>): ReadonlyArray<Flat> | undefined =>
  oneOf(types.map((type) => type === undefined ? [] : flatten(type)))

const pointers = new WeakMap<ValueNode, boolean>()

/** Whether values have parts elsewhere in memory: strings and lists. */
const hasPointers = (node: ValueNode): boolean => {
  const found = pointers.get(node)
  if (found !== undefined) return found
  const has = findPointers(node)
  pointers.set(node, has)
  return has
}

const findPointers = (node: ValueNode): boolean => {
  const inner = peel(node)
  switch (inner.k) {
    case "primitive":
      return inner.primitive === "string"
    case "list":
      return true
    case "tuple":
      return inner.items.some(hasPointers)
    case "record":
      return inner.fields.some(({ type }) => hasPointers(type))
    case "option":
      return hasPointers(inner.item)
    case "result":
      return [inner.ok, inner.err].some((type) => type !== undefined && hasPointers(type))
    case "variant":
      return inner.cases.some(({ type }) => type !== undefined && hasPointers(type))
    default:
      return false
  }
}
