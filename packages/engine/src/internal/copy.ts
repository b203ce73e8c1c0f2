/**
 * Uses of instance and component types: substitution of what they leave open,
 * and whether what is given fits what is expected.
 */
import { childrenOf } from "./children.ts"
import { quote } from "./reader.ts"
import { matchFunc, matchModule, matchType } from "./subtyping.ts"
import type {
  ComponentNode,
  Extern,
  ExternNode,
  FuncNode,
  InstanceNode,
  TypeNode,
  TypeNodes,
  ValueNode
} from "./typeNodes.ts"
import { isResource, isValue, peel, Scope } from "./typeNodes.ts"

/**
 * A copy of nodes in which scopes and resources that belong to `from` are
 * replaced by fresh ones that belong to `to`, and bound nodes by what they are
 * bound to. A node is copied once.
 */
export class Copy {
  readonly #nodes: TypeNodes
  readonly #from: Scope
  readonly #to: Scope
  readonly #copies = new Map<TypeNode, TypeNode>()
  /** Nodes whose copy is another type than they are. */
  readonly #changed = new Set<TypeNode>()
  readonly #contents = new Map<TypeNode, boolean>()
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
      case "component":
        return { sort: "component", node: this.component(extern.node) }
      case "module":
        return extern
    }
  }

  #externs(externs: ReadonlyMap<string, Extern>): ReadonlyMap<string, Extern> {
    const copies = new Map<string, Extern>()
    for (const [name, extern] of externs) copies.set(name, this.extern(extern))
    return copies
  }

  func(node: FuncNode): FuncNode {
    const copy = this.type(node)
    return copy.k === "func" ? copy : this.#nodes.at.malformed("a function type expected")
  }

  instance(node: InstanceNode): InstanceNode {
    const copy = this.type(node)
    return copy.k === "instance" ? copy : this.#nodes.at.malformed("an instance type expected")
  }

  component(node: ComponentNode): ComponentNode {
    const copy = this.type(node)
    return copy.k === "component" ? copy : this.#nodes.at.malformed("a component type expected")
  }

  value(node: ValueNode): ValueNode {
    const copy = this.type(node)
    return isValue(copy) ? copy : this.#nodes.at.malformed("a resource where a value type is expected")
  }

  #optional(node: ValueNode | undefined): ValueNode | undefined {
    return node === undefined ? undefined : this.value(node)
  }

  type(node: TypeNode): TypeNode {
    if (!node.open) return node
    const known = this.#copies.get(node)
    if (known !== undefined) return known
    const copy = this.#type(node)
    this.#copies.set(node, copy)
    if (this.#changes(node, copy)) {
      this.#changed.add(node)
      const resource = peel(copy)
      if (copy.k === "alias" && resource.k === "resource") this.#nodes.identifyResource(copy, node, resource)
    } else if (copy !== node) this.#nodes.identify(copy, node)
    return copy
  }

  /** A name does not make another type of what it names: what that consists of counts. */
  #changes(node: TypeNode, copy: TypeNode): boolean {
    const named = peel(node)
    if (named.k === "resource") return peel(copy) !== named
    const known = this.#contents.get(named)
    if (known !== undefined) return known
    const changes = childrenOf(named).some((child) => {
      this.type(child)
      return this.#changed.has(child)
    })
    this.#contents.set(named, changes)
    return changes
  }

  #type(node: TypeNode): TypeNode {
    const nodes = this.#nodes
    switch (node.k) {
      case "resource":
        return node.home === this.#from ? nodes.resource(this.#to) : node
      case "alias":
        return nodes.alias(node.name, this.#scope(node.scope), this.type(node.target))
      case "own":
      case "borrow": {
        const resource = this.type(node.resource)
        return isResource(resource)
          ? nodes.handle(node.k, resource)
          : nodes.at.malformed("a handle to something that is no resource")
      }
      case "list":
      case "option":
        return nodes.list(node.k, this.value(node.item))
      case "result":
        return nodes.result(this.#optional(node.ok), this.#optional(node.err))
      case "tuple":
        return nodes.tuple(node.items.map((item) => this.value(item)))
      case "record":
        return nodes.record(node.fields.map(({ name, type }) => ({ name, type: this.value(type) })))
      case "variant":
        return nodes.variant(node.cases.map(({ name, type }) => ({ name, type: this.#optional(type) })))
      case "func": {
        const params = node.params.map(({ name, type }) => ({ name, type: this.value(type) }))
        return nodes.func(params, this.#optional(node.result), node.async)
      }
      case "instance":
        return nodes.instance(this.#scope(node.scope), this.#externs(node.exports))
      case "component":
        return nodes.component(node.scope, this.#externs(node.imports), this.#externs(node.exports))
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
    const { at } = this.#nodes
    at.spend(1)
    switch (expected.sort) {
      case "func":
        return actual.sort === "func"
          ? matchFunc(at, this.func(expected.node), actual.node)
          : other(expected, actual)
      case "type":
        return actual.sort === "type" ? this.#bindType(expected.node, actual.node) : other(expected, actual)
      case "instance":
        return actual.sort === "instance" ? this.bindInstance(expected.node, actual.node) : other(expected, actual)
      case "component":
        return actual.sort === "component"
          ? matchComponent(this.#nodes, this.component(expected.node), actual.node)
          : other(expected, actual)
      case "module":
        return actual.sort === "module" ? matchModule(at, expected.type, actual.type) : other(expected, actual)
    }
  }

  bindInstance(expected: InstanceNode, actual: InstanceNode): string | undefined {
    this.#scopes.set(expected.scope, actual.scope)
    for (const [name, wanted] of expected.exports) {
      const given = actual.exports.get(name)
      if (given === undefined) return `no export ${quote(name)}`
      const problem = this.bind(wanted, given)
      if (problem !== undefined) return `${name}: ${problem}`
    }
    return undefined
  }

  #bindType(expected: TypeNode, actual: TypeNode): string | undefined {
    const wanted = peel(expected)
    const given = peel(actual)
    if (wanted.k !== "resource") {
      const problem = matchTypes(this.#nodes, this.type(expected), actual)
      if (problem !== undefined) return problem
    } else {
      if (given.k !== "resource") return "a resource expected, another type given"
      const bound = this.#copies.get(wanted)
      if (bound !== undefined && peel(bound) !== given) return "another resource expected"
      if (bound === undefined && wanted.home !== this.#from && wanted !== given) return "another resource expected"
      this.#replace(wanted, given)
    }
    this.#replace(expected, actual)
    return undefined
  }

  #replace(node: TypeNode, by: TypeNode): void {
    this.#copies.set(node, by)
    if (this.#nodes.identity(node) !== this.#nodes.identity(by)) this.#changed.add(node)
  }
}

/** A use of an instance type: its own resources and names become fresh ones that belong to `home`. */
export const useInstance = (nodes: TypeNodes, type: InstanceNode, home: Scope): InstanceNode =>
  new Copy(nodes, type.scope, home).instance(type)

/** What keeps an instance from having a type, whose own resources may be any, or undefined. */
export const matchInstance = (nodes: TypeNodes, expected: InstanceNode, actual: InstanceNode): string | undefined =>
  new Copy(nodes, expected.scope, new Scope(undefined)).bindInstance(expected, actual)

/** What differs between two types of any kind, or undefined. */
export const matchTypes = (nodes: TypeNodes, expected: TypeNode, actual: TypeNode): string | undefined => {
  const wanted = peel(expected)
  const given = peel(actual)
  if (wanted === given) return undefined
  switch (wanted.k) {
    case "func":
      return given.k === "func" ? matchFunc(nodes.at, wanted, given) : another(wanted, given)
    case "instance":
      return given.k === "instance" ? matchInstance(nodes, wanted, given) : another(wanted, given)
    case "component":
      return given.k === "component" ? matchComponent(nodes, wanted, given) : another(wanted, given)
    default:
      return isExtern(given) ? another(wanted, given) : matchType(nodes.at, wanted, given)
  }
}

/** A component that takes less and gives more than is expected fits. */
const matchComponent = (nodes: TypeNodes, expected: ComponentNode, actual: ComponentNode): string | undefined => {
  if (expected === actual) return undefined
  const outside = new Scope(undefined)
  const instance = new Copy(nodes, actual.scope, outside)
  for (const [name, wanted] of actual.imports) {
    const given = expected.imports.get(name)
    if (given === undefined) return `it imports ${quote(name)}`
    const problem = instance.bind(wanted, given)
    if (problem !== undefined) return `import ${name}: ${problem}`
  }
  const described = new Copy(nodes, expected.scope, outside)
  for (const one of expected.imports.values()) described.bind(one, one)
  for (const [name, wanted] of expected.exports) {
    const given = actual.exports.get(name)
    if (given === undefined) return `no export ${quote(name)}`
    const problem = described.bind(wanted, instance.extern(given))
    if (problem !== undefined) return `${name}: ${problem}`
  }
  return undefined
}

const isExtern = (node: TypeNode): node is ExternNode =>
  node.k === "func" || node.k === "instance" || node.k === "component"

const article = (sort: string): string => sort === "instance" ? "an instance" : `a ${sort}`

const other = (expected: Extern, actual: Extern): string =>
  `${article(expected.sort)} expected, ${article(actual.sort)} given`

const another = (expected: TypeNode, actual: TypeNode): string => `${expected.k} expected, ${actual.k} given`
