/**
 * Turns the imports and exports of the outermost component into a `World`.
 */
import type { Case, Field, Func, Interface, TypeName, WitType, World } from "../WitType.ts"
import { parseExternName } from "./names.ts"
import type { Reader } from "./reader.ts"
import type { AliasNode, ComponentNode, Extern, FuncNode, TypeNode, TypeNodes, ValueNode } from "./typeNodes.ts"
import { isResource, isValue, peel } from "./typeNodes.ts"

interface Draft {
  readonly id: string | undefined
  readonly functions: Array<Func>
  readonly types: Array<{ readonly name: string; readonly type: WitType }>
  readonly resources: Array<string>
}

class Builder {
  readonly #at: Reader
  readonly #nodes: TypeNodes
  readonly #types = new Map<ValueNode, WitType>()
  /** Names of types that are mentioned without one, by what is behind all aliases, and by what makes them one type. */
  readonly #names = new Map<object, TypeName>()

  constructor(nodes: TypeNodes) {
    this.#at = nodes.at
    this.#nodes = nodes
  }

  register(externs: ReadonlyMap<string, Extern>): void {
    for (const extern of externs.values()) {
      if (extern.sort === "instance") this.register(extern.node.exports)
      const name = extern.sort === "type" ? definingName(extern.node) : undefined
      if (extern.sort !== "type" || name === undefined) continue
      for (const key of [peel(extern.node), this.#nodes.identity(extern.node)]) {
        if (!this.#names.has(key)) this.#names.set(key, name)
      }
    }
  }

  interfaces(externs: ReadonlyMap<string, Extern>): ReadonlyArray<Interface> {
    const drafts: Array<Draft> = []
    const own = empty(undefined)
    checkNames(this.#at, externs)
    for (const [name, extern] of externs) {
      if (extern.sort === "instance") {
        const draft = empty(name)
        for (const [member, inner] of extern.node.exports) this.#member(draft, member, inner)
        checkNames(this.#at, extern.node.exports)
        drafts.push(draft)
      } else if (isVisible(extern)) {
        if (!drafts.includes(own)) drafts.push(own)
        this.#member(own, name, extern)
      }
    }
    return drafts
  }

  #member(draft: Draft, name: string, extern: Extern): void {
    switch (extern.sort) {
      case "instance":
        return this.#at.refused("instances inside an interface")
      case "func":
        draft.functions.push(this.#func(name, extern.node))
        return
      case "type": {
        if (!isResource(extern.node)) {
          if (isValue(extern.node)) draft.types.push({ name, type: this.#type(extern.node) })
          return
        }
        const defined = this.#name(extern.node)
        if (defined === undefined || (defined.owner === draft.id && defined.name === name)) draft.resources.push(name)
      }
    }
  }

  #func(name: string, node: FuncNode): Func {
    return {
      name,
      params: node.params.map((param): Field => ({ name: param.name, type: this.#type(param.type) })),
      result: node.result === undefined ? undefined : this.#type(node.result),
      async: node.async
    }
  }

  #name(node: TypeNode): TypeName | undefined {
    return definingName(node) ?? this.#names.get(this.#nodes.identity(node)) ?? this.#names.get(peel(node))
  }

  /** The format asks a name of every type of these kinds that an import or an export mentions. */
  #nameOf(node: TypeNode, what: string): TypeName {
    return this.#name(node) ?? this.#at.malformed(`${what} in an import or export is not exported under a name`)
  }

  #type(node: ValueNode): WitType {
    const known = this.#types.get(node)
    if (known !== undefined) return known
    const type = this.#convert(node)
    this.#types.set(node, type)
    return type
  }

  #optional(node: ValueNode | undefined): WitType | undefined {
    return node === undefined ? undefined : this.#type(node)
  }

  #convert(node: ValueNode): WitType {
    const inner = peel(node)
    switch (inner.k) {
      case "resource":
        return this.#at.malformed("a resource where a value type is expected")
      case "primitive":
        return { kind: inner.primitive }
      case "list":
        return { kind: "list", element: this.#type(inner.item) }
      case "option":
        return { kind: "option", some: this.#type(inner.item) }
      case "result":
        return { kind: "result", ok: this.#optional(inner.ok), err: this.#optional(inner.err) }
      case "tuple":
        return { kind: "tuple", items: inner.items.map((item) => this.#type(item)) }
      case "record":
        return {
          kind: "record",
          name: this.#nameOf(node, "a record"),
          fields: inner.fields.map((field): Field => ({ name: field.name, type: this.#type(field.type) }))
        }
      case "variant":
        return {
          kind: "variant",
          name: this.#nameOf(node, "a variant"),
          cases: inner.cases.map((one): Case => ({ name: one.name, type: this.#optional(one.type) }))
        }
      case "enum":
        return { kind: "enum", name: this.#nameOf(node, "an enum"), cases: inner.labels }
      case "flags":
        return { kind: "flags", name: this.#nameOf(node, "a flags type"), labels: inner.labels }
      case "own":
      case "borrow": {
        return { kind: inner.k, resource: this.#nameOf(inner.resource, "a resource") }
      }
    }
  }
}

/** Of components, core modules and types of anything but values a host has no use. */
const isVisible = (extern: Extern): boolean =>
  extern.sort === "func" || extern.sort === "instance" ||
  (extern.sort === "type" && (isResource(extern.node) || isValue(extern.node)))

const empty = (id: string | undefined): Draft => ({ id, functions: [], types: [], resources: [] })

/** The innermost name that is visible from outside: of a used type, the one in the interface that defines it. */
const definingName = (node: TypeNode): TypeName | undefined => {
  let found: AliasNode | undefined
  for (let current = node; current.k === "alias"; current = current.target) {
    if (current.scope.label !== undefined) found = current
  }
  return found?.scope.label === undefined ? undefined : { owner: found.scope.label.id, name: found.name }
}

/** A host knows interfaces by such names. */
const checkNames = (at: Reader, externs: ReadonlyMap<string, Extern>): void => {
  for (const [name, extern] of externs) {
    if (extern.sort !== "instance" && parseExternName(name)?.kind === "interface") {
      return at.refused("names of interfaces for something else")
    }
  }
}

/** A host gives functions, resources and instances of these. */
const checkImports = (at: Reader, externs: ReadonlyMap<string, Extern>): void => {
  for (const extern of externs.values()) {
    if (extern.sort === "component") return at.refused("imports of components")
    if (extern.sort === "module") return at.refused("imports of core modules")
    if (extern.sort === "instance") checkImports(at, extern.node.exports)
  }
}

export const worldOf = (nodes: TypeNodes, component: ComponentNode): World => {
  checkImports(nodes.at, component.imports)
  const builder = new Builder(nodes)
  builder.register(component.imports)
  builder.register(component.exports)
  return { imports: builder.interfaces(component.imports), exports: builder.interfaces(component.exports) }
}
