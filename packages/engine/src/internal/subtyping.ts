/**
 * Whether one type can stand for another, and what differs if it cannot.
 */
import type { CoreExtern, CoreFuncType, CoreLimits, CoreModuleType } from "./coreExtern.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import type { FuncNode, NamedItem, ResourceNode, Structure, ValueNode } from "./typeNodes.ts"
import { peel } from "./typeNodes.ts"

/** What differs between two function types, or undefined; names of types do not count. */
export const matchFunc = (at: Reader, expected: FuncNode, actual: FuncNode): string | undefined => {
  if (expected === actual) return undefined
  if (expected.async !== actual.async) return "async and not async"
  if (expected.params.length !== actual.params.length) {
    return `${expected.params.length} parameters expected, ${actual.params.length} given`
  }
  for (let i = 0; i < expected.params.length; i++) {
    const wanted = expected.params[i]
    const given = actual.params[i]
    if (wanted === undefined || given === undefined || wanted.name !== given.name) return "parameter names differ"
    const problem = matchType(at, wanted.type, given.type)
    if (problem !== undefined) return `parameter ${wanted.name}: ${problem}`
  }
  return matchOptional(at, expected.result, actual.result)
}

const matchOptional = (
  at: Reader,
  expected: ValueNode | undefined,
  actual: ValueNode | undefined
): string | undefined =>
  expected === undefined || actual === undefined
    ? expected === actual ? undefined : "a type expected on one side alone"
    : matchType(at, expected, actual)

/** What differs between two types, or undefined; names of types do not count. */
export const matchType = (
  at: Reader,
  expected: ValueNode | ResourceNode,
  actual: ValueNode | ResourceNode
): string | undefined => {
  const a = peel(expected)
  const b = peel(actual)
  if (a === b) return undefined
  at.spend(1)
  switch (a.k) {
    case "resource":
      return "another resource expected"
    case "primitive":
      return b.k === "primitive" && a.primitive === b.primitive ? undefined : different(a, b)
    case "own":
    case "borrow":
      return b.k === a.k && peel(a.resource) === peel(b.resource) ? undefined : different(a, b)
    case "list":
    case "option":
      return b.k === a.k ? matchType(at, a.item, b.item) : different(a, b)
    case "result":
      return b.k === "result"
        ? matchOptional(at, a.ok, b.ok) ?? matchOptional(at, a.err, b.err)
        : different(a, b)
    case "tuple":
      return b.k === "tuple" && a.items.length === b.items.length
        ? first(a.items, (item, i) => matchOptional(at, item, b.items[i]))
        : different(a, b)
    case "record":
      return b.k === "record" && sameNames(at, a.fields, b.fields)
        ? first(a.fields, (field, i) => matchOptional(at, field.type, b.fields[i]?.type))
        : different(a, b)
    case "variant":
      return b.k === "variant" && sameNames(at, a.cases, b.cases)
        ? first(a.cases, (one, i) => matchOptional(at, one.type, b.cases[i]?.type))
        : different(a, b)
    case "enum":
    case "flags":
      at.spend(a.labels.length)
      return b.k === a.k && a.labels.length === b.labels.length && a.labels.every((label, i) => label === b.labels[i])
        ? undefined
        : different(a, b)
  }
}

const different = (a: Structure | ResourceNode, b: Structure | ResourceNode): string =>
  a.k === b.k ? `another ${a.k} expected` : `${a.k} expected, ${b.k} given`

const sameNames = (
  at: Reader,
  a: ReadonlyArray<NamedItem<unknown>>,
  b: ReadonlyArray<NamedItem<unknown>>
): boolean => {
  at.spend(a.length)
  return a.length === b.length && a.every((item, i) => item.name === b[i]?.name)
}

const first = <A>(items: ReadonlyArray<A>, f: (item: A, index: number) => string | undefined): string | undefined => {
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    const problem = item === undefined ? undefined : f(item, i)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** A module that takes less and gives more than is expected fits. */
export const matchModule = (at: Reader, expected: CoreModuleType, actual: CoreModuleType): string | undefined => {
  at.spend(expected.imports.length + actual.imports.length + expected.exports.size)
  const offered = new Map(expected.imports.map((one) => [importKey(one), one.extern]))
  for (const one of actual.imports) {
    const given = offered.get(importKey(one))
    if (given === undefined) return `it imports ${quote(one.module)} ${quote(one.name)}`
    const problem = matchCore(at, one.extern, given)
    if (problem !== undefined) return `import ${quote(one.module)} ${quote(one.name)}: ${problem}`
  }
  for (const [name, wanted] of expected.exports) {
    const given = actual.exports.get(name)
    if (given === undefined) return `no export ${quote(name)}`
    const problem = matchCore(at, wanted, given)
    if (problem !== undefined) return `export ${quote(name)}: ${problem}`
  }
  return undefined
}

/** The two names of an import of a core module as one. */
export const importKey = ({ module, name }: { readonly module: string; readonly name: string }): string =>
  `${module.length}:${module}${name}`

/** What differs between something that a core module takes and what it is given, or undefined. */
export const matchCore = (at: Reader, expected: CoreExtern, actual: CoreExtern): string | undefined => {
  switch (expected.sort) {
    case "func":
    case "tag":
      at.spend(1 + (expected.type.params.length + expected.type.results.length >> 4))
      return actual.sort === expected.sort
        ? sameCoreFunc(expected.type, actual.type) ? undefined : `a ${expected.sort} of another type`
        : another(expected, actual)
    case "memory":
      return actual.sort === "memory" ? matchLimits(expected.limits, actual.limits) : another(expected, actual)
    case "table":
      if (actual.sort !== "table") return another(expected, actual)
      return expected.element === actual.element
        ? matchLimits(expected.limits, actual.limits)
        : `a table of ${expected.element} expected, of ${actual.element} given`
    case "global":
      if (actual.sort !== "global") return another(expected, actual)
      return expected.type === actual.type && expected.mutable === actual.mutable
        ? undefined
        : "a global of another type"
  }
}

export const sameCoreFunc = (a: CoreFuncType, b: CoreFuncType): boolean =>
  a === b || (sameItems(a.params, b.params) && sameItems(a.results, b.results))

const sameItems = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i])

const matchLimits = (expected: CoreLimits, actual: CoreLimits): string | undefined =>
  actual.minimum >= expected.minimum &&
    (expected.maximum === undefined || (actual.maximum !== undefined && actual.maximum <= expected.maximum))
    ? undefined
    : "other limits expected"

const another = (expected: CoreExtern, actual: CoreExtern): string =>
  `a ${expected.sort} expected, a ${actual.sort} given`
