/**
 * Component-level types while a binary is being read.
 *
 * Types are a graph of shared nodes. A named type is an alias node that knows
 * the scope (interface, world or inner component) that named it; a resource is
 * a node of its own identity whose home is the frame that created it. Using an
 * instance type, or instantiating a component, copies the part of the graph
 * that mentions aliases or resources, once per node.
 */
import type { Primitive } from "../WitType.ts"
import type { Reader } from "./reader.ts"

/** Who named a type. `label` is set once the scope is visible from outside the outermost component. */
export class Scope {
  label: { readonly id: string | undefined } | undefined = undefined
  readonly home: Scope | undefined

  constructor(home: Scope | undefined) {
    this.home = home
  }
}

interface Meta {
  readonly depth: number
  /** Nodes of the type written out as a tree. */
  readonly size: number
  /** True when a copy must visit it: it mentions an alias or a resource. */
  readonly open: boolean
  readonly resources: boolean
  readonly borrows: boolean
}

export interface PrimitiveNode extends Meta {
  readonly k: "primitive"
  readonly primitive: Primitive
}
export interface ListNode extends Meta {
  readonly k: "list" | "option"
  readonly item: ValueNode
}
export interface ResultNode extends Meta {
  readonly k: "result"
  readonly ok: ValueNode | undefined
  readonly err: ValueNode | undefined
}
export interface TupleNode extends Meta {
  readonly k: "tuple"
  readonly items: ReadonlyArray<ValueNode>
}
export interface NamedItem<T> {
  readonly name: string
  readonly type: T
}
export interface RecordNode extends Meta {
  readonly k: "record"
  readonly fields: ReadonlyArray<NamedItem<ValueNode>>
}
export interface VariantNode extends Meta {
  readonly k: "variant"
  readonly cases: ReadonlyArray<NamedItem<ValueNode | undefined>>
}
export interface LabelsNode extends Meta {
  readonly k: "enum" | "flags"
  readonly labels: ReadonlyArray<string>
}
export interface HandleNode extends Meta {
  readonly k: "own" | "borrow"
  readonly resource: ResourceNode | AliasNode
}
export interface ResourceNode extends Meta {
  readonly k: "resource"
  readonly home: Scope
}
export interface AliasNode extends Meta {
  readonly k: "alias"
  readonly name: string
  readonly scope: Scope
  readonly target: TypeNode
}
export interface FuncNode extends Meta {
  readonly k: "func"
  readonly params: ReadonlyArray<NamedItem<ValueNode>>
  readonly result: ValueNode | undefined
  readonly async: boolean
}
export interface InstanceNode extends Meta {
  readonly k: "instance"
  readonly scope: Scope
  readonly exports: ReadonlyMap<string, Extern>
}

type Structure =
  | PrimitiveNode
  | ListNode
  | ResultNode
  | TupleNode
  | RecordNode
  | VariantNode
  | LabelsNode
  | HandleNode

/** What a value can have as its type; an alias here never names a resource. */
export type ValueNode = Structure | AliasNode
/** What can be exported as a type. */
export type TypeNode = ValueNode | ResourceNode
export type Node = TypeNode | FuncNode | InstanceNode

export type Extern =
  | { readonly sort: "func"; readonly node: FuncNode }
  | { readonly sort: "type"; readonly node: TypeNode }
  | { readonly sort: "instance"; readonly node: InstanceNode }

export const peel = (node: TypeNode): Structure | ResourceNode => {
  let current = node
  while (current.k === "alias") current = current.target
  return current
}

export const isResource = (node: TypeNode): node is ResourceNode | AliasNode => peel(node).k === "resource"

export const isValue = (node: Node): node is ValueNode =>
  node.k !== "func" && node.k !== "instance" && peel(node).k !== "resource"

export interface TypeLimits {
  readonly maxTypeSize: number
  readonly maxTypeDepth: number
}

const leaf: Meta = { depth: 1, size: 1, open: false, resources: false, borrows: false }

/** Makes nodes, keeping every one within the limits; `at` says where an error is. */
export class TypeNodes {
  at: Reader
  readonly #limits: TypeLimits

  constructor(at: Reader, limits: TypeLimits) {
    this.at = at
    this.#limits = limits
  }

  #meta(children: Iterable<Meta | undefined>, own: number): Meta {
    let depth = 0
    let size = 1 + own
    let open = false
    let resources = false
    let borrows = false
    let count = 1
    for (const child of children) {
      count++
      if (child === undefined) continue
      depth = Math.max(depth, child.depth)
      size += child.size
      open ||= child.open
      resources ||= child.resources
      borrows ||= child.borrows
    }
    this.at.spend(count)
    if (depth >= this.#limits.maxTypeDepth) this.at.tooLarge(`types nest deeper than ${this.#limits.maxTypeDepth}`)
    if (size > this.#limits.maxTypeSize) this.at.tooLarge(`a type of more than ${this.#limits.maxTypeSize} parts`)
    return { depth: depth + 1, size, open, resources, borrows }
  }

  primitive(primitive: Primitive): PrimitiveNode {
    return { ...leaf, k: "primitive", primitive }
  }

  list(k: "list" | "option", item: ValueNode): ListNode {
    return { ...this.#meta([item], 0), k, item }
  }

  result(ok: ValueNode | undefined, err: ValueNode | undefined): ResultNode {
    return { ...this.#meta([ok, err], 0), k: "result", ok, err }
  }

  tuple(items: ReadonlyArray<ValueNode>): TupleNode {
    return { ...this.#meta(items, 0), k: "tuple", items }
  }

  record(fields: ReadonlyArray<NamedItem<ValueNode>>): RecordNode {
    return { ...this.#meta(fields.map((field) => field.type), fields.length), k: "record", fields }
  }

  variant(cases: ReadonlyArray<NamedItem<ValueNode | undefined>>): VariantNode {
    return { ...this.#meta(cases.map((one) => one.type), cases.length), k: "variant", cases }
  }

  labels(k: "enum" | "flags", labels: ReadonlyArray<string>): LabelsNode {
    return { ...this.#meta([], labels.length), k, labels }
  }

  handle(k: "own" | "borrow", resource: ResourceNode | AliasNode): HandleNode {
    return { ...this.#meta([resource], 0), k, resource, borrows: k === "borrow" }
  }

  resource(home: Scope): ResourceNode {
    this.at.spend(1)
    return { ...leaf, open: true, resources: true, k: "resource", home }
  }

  alias(name: string, scope: Scope, target: TypeNode): AliasNode {
    return { ...this.#meta([target], 0), open: true, k: "alias", name, scope, target }
  }

  func(
    params: ReadonlyArray<NamedItem<ValueNode>>,
    result: ValueNode | undefined,
    async: boolean
  ): FuncNode {
    const types = params.map((param): Meta | undefined => param.type)
    types.push(result)
    return { ...this.#meta(types, params.length), k: "func", params, result, async }
  }

  instance(scope: Scope, exports: ReadonlyMap<string, Extern>): InstanceNode {
    const types = Array.from(exports.values(), (extern) => extern.node)
    return { ...this.#meta(types, exports.size), open: true, k: "instance", scope, exports }
  }

  /** A use of an instance type: its own resources and names become fresh ones that belong to `home`. */
  instantiate(type: InstanceNode, home: Scope): InstanceNode {
    return new Copy(this, type.scope, home).instance(type)
  }
}

/**
 * A copy of nodes in which scopes and resources that belong to `from` are
 * replaced by fresh ones that belong to `to`, and bound nodes by what they are
 * bound to. A node is copied once.
 */
export class Copy {
  readonly #nodes: TypeNodes
  readonly #from: Scope
  readonly #to: Scope
  readonly #values = new Map<TypeNode, TypeNode>()
  readonly #funcs = new Map<FuncNode, FuncNode>()
  readonly #instances = new Map<InstanceNode, InstanceNode>()
  readonly #scopes = new Map<Scope, Scope>()

  constructor(nodes: TypeNodes, from: Scope, to: Scope) {
    this.#nodes = nodes
    this.#from = from
    this.#to = to
  }

  #scope(scope: Scope): Scope {
    if (scope !== this.#from && scope.home !== this.#from) return scope
    const known = this.#scopes.get(scope)
    if (known !== undefined) return known
    const fresh = new Scope(this.#to)
    this.#scopes.set(scope, fresh)
    return fresh
  }

  extern(extern: Extern): Extern {
    switch (extern.sort) {
      case "func":
        return { sort: "func", node: this.func(extern.node) }
      case "type":
        return { sort: "type", node: this.type(extern.node) }
      case "instance":
        return { sort: "instance", node: this.instance(extern.node) }
    }
  }

  instance(node: InstanceNode): InstanceNode {
    const known = this.#instances.get(node)
    if (known !== undefined) return known
    const exports = new Map<string, Extern>()
    for (const [name, extern] of node.exports) exports.set(name, this.extern(extern))
    const copy = this.#nodes.instance(this.#scope(node.scope), exports)
    this.#instances.set(node, copy)
    return copy
  }

  func(node: FuncNode): FuncNode {
    if (!node.open) return node
    const known = this.#funcs.get(node)
    if (known !== undefined) return known
    const copy = this.#nodes.func(
      node.params.map(({ name, type }) => ({ name, type: this.value(type) })),
      node.result === undefined ? undefined : this.value(node.result),
      node.async
    )
    this.#funcs.set(node, copy)
    return copy
  }

  value(node: ValueNode): ValueNode {
    const copy = this.type(node)
    return isValue(copy) ? copy : this.#nodes.at.malformed("a resource where a value type is expected")
  }

  type(node: TypeNode): TypeNode {
    if (!node.open) return node
    const known = this.#values.get(node)
    if (known !== undefined) return known
    const copy = this.#type(node)
    this.#values.set(node, copy)
    return copy
  }

  #type(node: TypeNode): TypeNode {
    switch (node.k) {
      case "resource":
        return node.home === this.#from ? this.#nodes.resource(this.#to) : node
      case "alias":
        return this.#nodes.alias(node.name, this.#scope(node.scope), this.type(node.target))
      case "own":
      case "borrow": {
        const resource = this.type(node.resource)
        return isResource(resource)
          ? this.#nodes.handle(node.k, resource)
          : this.#nodes.at.malformed("a handle to something that is no resource")
      }
      case "list":
      case "option":
        return this.#nodes.list(node.k, this.value(node.item))
      case "result":
        return this.#nodes.result(
          node.ok === undefined ? undefined : this.value(node.ok),
          node.err === undefined ? undefined : this.value(node.err)
        )
      case "tuple":
        return this.#nodes.tuple(node.items.map((item) => this.value(item)))
      case "record":
        return this.#nodes.record(node.fields.map(({ name, type }) => ({ name, type: this.value(type) })))
      case "variant":
        return this.#nodes.variant(
          node.cases.map(({ name, type }) => ({ name, type: type === undefined ? undefined : this.value(type) }))
        )
      case "primitive":
      case "enum":
      case "flags":
        return node
    }
  }

  /**
   * Makes what `expected` declares stand for what `actual` is, in all copies
   * made afterwards. What differs between the two, or undefined.
   */
  bind(expected: Extern, actual: Extern): string | undefined {
    this.#nodes.at.spend(1)
    if (expected.sort !== actual.sort) return `${article(expected.sort)} expected, ${article(actual.sort)} given`
    if (expected.sort === "func" && actual.sort === "func") {
      return matchFunc(this.#nodes.at, this.func(expected.node), actual.node)
    }
    if (expected.sort === "instance" && actual.sort === "instance") {
      this.#scopes.set(expected.node.scope, actual.node.scope)
      for (const [name, wanted] of expected.node.exports) {
        const given = actual.node.exports.get(name)
        if (given === undefined) return `no export ${JSON.stringify(name)}`
        const problem = this.bind(wanted, given)
        if (problem !== undefined) return `${name}: ${problem}`
      }
      return undefined
    }
    if (expected.sort === "type" && actual.sort === "type") return this.#bindType(expected.node, actual.node)
    return undefined
  }

  #bindType(expected: TypeNode, actual: TypeNode): string | undefined {
    const wanted = peel(expected)
    const given = peel(actual)
    if (wanted.k !== "resource") {
      const problem = matchType(this.#nodes.at, this.type(expected), actual)
      if (problem !== undefined) return problem
    } else {
      if (given.k !== "resource") return "a resource expected, a value type given"
      const bound = this.#values.get(wanted)
      if (bound !== undefined && peel(bound) !== given) return "another resource expected"
      if (bound === undefined && wanted.home !== this.#from && wanted !== given) return "another resource expected"
      this.#values.set(wanted, given)
    }
    this.#values.set(expected, actual)
    return undefined
  }
}

const article = (sort: Extern["sort"]): string => sort === "instance" ? "an instance" : `a ${sort}`

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
export const matchType = (at: Reader, expected: TypeNode, actual: TypeNode): string | undefined => {
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
      return b.k === "record" && sameNames(a.fields, b.fields)
        ? first(a.fields, (field, i) => matchOptional(at, field.type, b.fields[i]?.type))
        : different(a, b)
    case "variant":
      return b.k === "variant" && sameNames(a.cases, b.cases)
        ? first(a.cases, (one, i) => matchOptional(at, one.type, b.cases[i]?.type))
        : different(a, b)
    case "enum":
    case "flags":
      return b.k === a.k && a.labels.length === b.labels.length && a.labels.every((label, i) => label === b.labels[i])
        ? undefined
        : different(a, b)
  }
}

const different = (a: Structure | ResourceNode, b: Structure | ResourceNode): string =>
  a.k === b.k ? `another ${a.k} expected` : `${a.k} expected, ${b.k} given`

const sameNames = (a: ReadonlyArray<NamedItem<unknown>>, b: ReadonlyArray<NamedItem<unknown>>): boolean =>
  a.length === b.length && a.every((item, i) => item.name === b[i]?.name)

const first = <A>(items: ReadonlyArray<A>, f: (item: A, index: number) => string | undefined): string | undefined => {
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    const problem = item === undefined ? undefined : f(item, i)
    if (problem !== undefined) return problem
  }
  return undefined
}
