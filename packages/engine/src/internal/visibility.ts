/**
 * Which types an import or an export may mention: records, variants, enums,
 * flags and resources need a name that was imported or exported before.
 */
import type { ExternName } from "./names.ts"
import { peel } from "./typeNodes.ts"
import type { Extern, FuncNode, InstanceNode, TypeNode, TypeNodes, ValueNode } from "./typeNodes.ts"

/** Types that have a name, and the structures that were seen to mention no others. */
export class NamedTypes {
  readonly #named = new Set<object>()
  readonly #seen = new Set<ValueNode>()

  add(nodes: TypeNodes, node: TypeNode): void {
    this.#named.add(nodes.identity(node))
  }

  /** The kind of an unnamed type that a type mentions, or undefined. */
  unnamed(nodes: TypeNodes, node: ValueNode): string | undefined {
    if (this.#seen.has(node) || this.#named.has(nodes.identity(node))) return undefined
    nodes.at.spend(1)
    const inner = peel(node)
    if (inner.k === "record" || inner.k === "variant" || inner.k === "enum" || inner.k === "flags") {
      return inner.k === "enum" ? "an enum" : inner.k === "flags" ? "a flags type" : `a ${inner.k}`
    }
    const found = this.unnamedPart(nodes, node)
    if (found === undefined) this.#seen.add(node)
    return found
  }

  /** The same for what a type itself consists of: it need not have a name yet. */
  unnamedPart(nodes: TypeNodes, node: TypeNode): string | undefined {
    const inner = peel(node)
    switch (inner.k) {
      case "own":
      case "borrow":
        return this.#named.has(nodes.identity(inner.resource)) ? undefined : "a resource"
      case "list":
      case "option":
        return this.unnamed(nodes, inner.item)
      case "result":
        return this.#first(nodes, [inner.ok, inner.err])
      case "tuple":
        return this.#first(nodes, inner.items)
      case "record":
        return this.#first(nodes, inner.fields.map(({ type }) => type))
      case "variant":
        return this.#first(nodes, inner.cases.map(({ type }) => type))
      case "func":
        return this.unnamedInFunc(nodes, inner)
      case "instance":
        return this.#unnamedInInstance(nodes, inner)
      default:
        return undefined
    }
  }

  unnamedInFunc(nodes: TypeNodes, node: FuncNode): string | undefined {
    return this.#first(nodes, node.params.map(({ type }) => type)) ?? this.#first(nodes, [node.result])
  }

  #unnamedInInstance(nodes: TypeNodes, node: InstanceNode): string | undefined {
    for (const extern of node.exports.values()) {
      nodes.at.spend(1)
      const found = extern.sort === "func" || extern.sort === "type" || extern.sort === "instance"
        ? this.unnamedPart(nodes, extern.node)
        : undefined
      if (found !== undefined) return found
    }
    return undefined
  }

  #first(nodes: TypeNodes, types: ReadonlyArray<ValueNode | undefined>): string | undefined {
    nodes.at.spend(types.length)
    for (const type of types) {
      const found = type === undefined ? undefined : this.unnamed(nodes, type)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/**
 * Lets an import or export have its name: every type in it is named from now
 * on in `all`. The kind of an unnamed type that it mentions, or undefined.
 */
export const register = (nodes: TypeNodes, all: ReadonlyArray<NamedTypes>, extern: Extern): string | undefined => {
  const [first] = all
  if (first === undefined) return undefined
  nodes.at.spend(1)
  switch (extern.sort) {
    case "type": {
      const found = first.unnamedPart(nodes, extern.node)
      if (found === undefined) { for (const named of all) named.add(nodes, extern.node) }
      return found
    }
    case "func":
      return first.unnamedInFunc(nodes, extern.node)
    case "instance":
      for (const inner of extern.node.exports.values()) {
        const found = register(nodes, all, inner)
        if (found !== undefined) return found
      }
      return undefined
    case "component":
    case "module":
      return undefined
  }
}

/** The resources that a scope has imported, or exported, by their name. */
export class ResourceNames {
  readonly #names = new Set<string>()
  readonly #byResource = new Map<object, string>()

  add(nodes: TypeNodes, name: string, node: TypeNode): void {
    this.#names.add(name)
    this.#byResource.set(nodes.identity(node), name)
  }

  /** Why a function cannot be a member with that name, or undefined. */
  problem(nodes: TypeNodes, name: ExternName, node: FuncNode): string | undefined {
    switch (name.kind) {
      case "static":
        return this.#names.has(name.resource) ? undefined : "is a member of something that is no resource"
      case "method": {
        const self = node.params[0]
        const handle = self?.name === "self" ? peel(self.type) : undefined
        if (handle?.k !== "borrow") return this.#noResource(name.resource) ?? "does not take its resource as self"
        return this.#other(nodes, handle.resource, name.resource)
      }
      case "constructor": {
        const result = node.result === undefined || node.async ? undefined : peel(node.result)
        const made = result?.k === "result" && result.ok !== undefined ? peel(result.ok) : result
        if (made?.k !== "own") return this.#noResource(name.resource) ?? "does not return its resource"
        return this.#other(nodes, made.resource, name.resource)
      }
      default:
        return undefined
    }
  }

  #noResource(name: string): string | undefined {
    return this.#names.has(name) ? undefined : "is a member of something that is no resource"
  }

  #other(nodes: TypeNodes, resource: TypeNode, name: string): string | undefined {
    const known = this.#byResource.get(nodes.identity(resource))
    return known === undefined
      ? "is a member of a resource without a name here"
      : known === name
      ? undefined
      : "is a member of a resource of another name"
  }
}
