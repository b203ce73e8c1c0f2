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
import type { CoreModuleType } from "./coreExtern.ts"
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
  /** Where the resources come from that the type mentions and does not declare itself. */
  readonly homes: ReadonlyArray<Scope>
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
  /** Counted from 0 in the order in which resources are made. */
  readonly number: number
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
/** The type of a component; resources that it imports or makes have its scope as their home. */
export interface ComponentNode extends Meta {
  readonly k: "component"
  readonly scope: Scope
  readonly imports: ReadonlyMap<string, Extern>
  readonly exports: ReadonlyMap<string, Extern>
}

export type Structure =
  | PrimitiveNode
  | ListNode
  | ResultNode
  | TupleNode
  | RecordNode
  | VariantNode
  | LabelsNode
  | HandleNode

/** What a value can have as its type; an alias here names neither a resource nor one of {@link ExternNode}. */
export type ValueNode = Structure | AliasNode
export type ExternNode = FuncNode | InstanceNode | ComponentNode
/** What a type index can stand for. */
export type TypeNode = ValueNode | ResourceNode | ExternNode

export type Extern =
  | { readonly sort: "func"; readonly node: FuncNode }
  | { readonly sort: "type"; readonly node: TypeNode }
  | { readonly sort: "instance"; readonly node: InstanceNode }
  | { readonly sort: "component"; readonly node: ComponentNode }
  | { readonly sort: "module"; readonly type: CoreModuleType }

/** What is behind all aliases. */
export function peel(node: ValueNode | ResourceNode): Structure | ResourceNode
export function peel(node: TypeNode): Structure | ResourceNode | ExternNode
export function peel(node: TypeNode): Structure | ResourceNode | ExternNode {
  let current = node
  while (current.k === "alias") current = current.target
  return current
}

export const isResource = (node: TypeNode): node is ResourceNode | AliasNode => behind(node).k === "resource"

export const isValue = (node: TypeNode): node is ValueNode => {
  const { k } = behind(node)
  return k !== "resource" && k !== "func" && k !== "instance" && k !== "component"
}

const behind = (node: TypeNode): Structure | ResourceNode | ExternNode => peel(node)

export interface TypeLimits {
  readonly maxTypeSize: number
  readonly maxTypeDepth: number
}

const noHomes: ReadonlyArray<Scope> = []

const leaf: Meta = { depth: 1, size: 1, open: false, homes: noHomes, borrows: false }

/** Makes nodes, keeping every one within the limits; `at` says where an error is. */
export class TypeNodes {
  at: Reader
  /** How many were made. */
  resources = 0
  readonly #limits: TypeLimits
  readonly #identities = new WeakMap<TypeNode, object>()
  readonly #byResource = new WeakMap<ResourceNode, Map<object, object>>()
  /** Of an identity that a substitution made, the one before it. */
  readonly #substituted = new WeakMap<object, object>()

  constructor(at: Reader, limits: TypeLimits) {
    this.at = at
    this.#limits = limits
  }

  #meta(children: Iterable<Meta | undefined>, own: number): Meta {
    let depth = 0
    let size = 1 + own
    let open = false
    let homes = noHomes
    let borrows = false
    let count = 1
    for (const child of children) {
      count++
      if (child === undefined) continue
      depth = Math.max(depth, child.depth)
      size += child.size
      open ||= child.open
      homes = union(homes, child.homes)
      borrows ||= child.borrows
    }
    this.at.spend(count)
    if (depth >= this.#limits.maxTypeDepth) this.at.tooLarge(`types nest deeper than ${this.#limits.maxTypeDepth}`)
    if (size > this.#limits.maxTypeSize) this.at.tooLarge(`a type of more than ${this.#limits.maxTypeSize} parts`)
    return { depth: depth + 1, size, open, homes, borrows }
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
    return { ...leaf, open: true, homes: [home], k: "resource", number: this.resources++, home }
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
    const meta = this.#meta(Array.from(exports.values(), metaOf), exports.size)
    return { ...meta, open: true, homes: without(meta.homes, scope), k: "instance", scope, exports }
  }

  component(
    scope: Scope,
    imports: ReadonlyMap<string, Extern>,
    exports: ReadonlyMap<string, Extern>
  ): ComponentNode {
    const types = [...Array.from(imports.values(), metaOf), ...Array.from(exports.values(), metaOf)]
    const meta = this.#meta(types, types.length)
    return { ...meta, open: true, homes: without(meta.homes, scope), k: "component", scope, imports, exports }
  }

  /**
   * What makes two mentions of a type one where a name is asked for: a name that
   * is given makes a new one, a copy that changes nothing does not.
   */
  identity(node: TypeNode): object {
    return this.#identities.get(node) ?? node
  }

  /**
   * Gives a copy of an alias of a resource, which stands for another one now,
   * the identity that all such copies have.
   */
  identifyResource(copy: AliasNode, original: TypeNode, resource: ResourceNode): void {
    const identity = this.identity(original)
    const name = this.#substituted.get(identity) ?? identity
    let known = this.#byResource.get(resource)
    if (known === undefined) this.#byResource.set(resource, known = new Map())
    let same = known.get(name)
    if (same === undefined) known.set(name, same = {})
    this.#substituted.set(same, name)
    this.#identities.set(copy, same)
  }

  /** Gives a node the identity of another one. */
  identify<N extends TypeNode>(node: N, same: TypeNode): N {
    this.#identities.set(node, this.identity(same))
    return node
  }
}

const metaOf = (extern: Extern): Meta | undefined => extern.sort === "module" ? undefined : extern.node

const union = (a: ReadonlyArray<Scope>, b: ReadonlyArray<Scope>): ReadonlyArray<Scope> => {
  if (a === b || b.length === 0) return a
  if (a.length === 0) return b
  const more = b.filter((home) => !a.includes(home))
  return more.length === 0 ? a : [...a, ...more]
}

const without = (homes: ReadonlyArray<Scope>, scope: Scope): ReadonlyArray<Scope> =>
  homes.includes(scope) ? homes.filter((home) => home !== scope) : homes
