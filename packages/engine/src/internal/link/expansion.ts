/**
 * All that one instance of a component consists of, written out: nested
 * components are instantiated here, on paper, before anything exists.
 *
 * Since a component gets no modules and no components from the host, what is
 * linked to what is known without running anything. Core instances, lifted and
 * lowered functions, resources and component instances of the whole tree are
 * numbered; limits on their number hold here.
 */
import { DecodeError } from "../../DecodeError.ts"
import type { Blueprint, CanonOptions, Item, ModuleSource, Step, StringEncoding } from "../blueprint.ts"
import type { CoreSort } from "../sorts.ts"
import type { Extern, FuncNode, InstanceNode, ResourceNode, ValueNode } from "../typeNodes.ts"
import { peel } from "../typeNodes.ts"
import type { AbiFunc, AbiType } from "./abiType.ts"
import { AbiTypes } from "./abiType.ts"

/** Where a core item comes from: an export of a core instance, or a function made by the linker. */
export type CoreRef =
  | { readonly from: "instance"; readonly instance: number; readonly name: string }
  | { readonly from: "lower" | "builtin"; readonly id: number }

export type FuncRef =
  | { readonly from: "host"; readonly id: number }
  | { readonly from: "lift"; readonly id: number }

/** Canonical options with what they refer to. */
export interface Options {
  readonly encoding: StringEncoding
  readonly memory: CoreRef | undefined
  readonly realloc: CoreRef | undefined
  readonly postReturn: CoreRef | undefined
}

export interface CoreInstance {
  readonly module: ModuleSource
  readonly imports: ReadonlyArray<{ readonly module: string; readonly name: string; readonly ref: CoreRef }>
}

/** A function that the host gives. `owner` is the interface's id, "" for the world itself. */
export interface HostFunc {
  readonly owner: string
  readonly name: string
  readonly type: AbiFunc
  readonly node: FuncNode
}

export interface Lift {
  readonly core: CoreRef
  readonly type: AbiFunc
  readonly options: Options
  /** The component instance that lifts. */
  readonly component: number
}

export interface Lower {
  readonly func: FuncRef
  readonly type: AbiFunc
  readonly options: Options
  readonly component: number
}

export interface Builtin {
  readonly kind: "resource.new" | "resource.drop" | "resource.rep"
  readonly resource: number
  readonly component: number
}

export type Resource =
  | { readonly from: "host"; readonly owner: string; readonly name: string }
  | { readonly from: "guest"; readonly component: number; readonly destructor: CoreRef | undefined }

export type Exported =
  | { readonly sort: "func"; readonly func: FuncRef }
  | { readonly sort: "instance"; readonly exports: ReadonlyMap<string, Exported> }
  | { readonly sort: "type" }

export interface Expansion {
  readonly coreInstances: ReadonlyArray<CoreInstance>
  readonly hostFuncs: ReadonlyArray<HostFunc>
  readonly lifts: ReadonlyArray<Lift>
  readonly lowers: ReadonlyArray<Lower>
  readonly builtins: ReadonlyArray<Builtin>
  readonly resources: ReadonlyArray<Resource>
  /** The parent of each component instance; the outermost one is 0. */
  readonly parents: ReadonlyArray<number | undefined>
  readonly exports: ReadonlyMap<string, Exported>
  readonly types: AbiTypes
}

/** How much one instance may consist of. */
export interface ExpansionLimits {
  readonly coreInstances: number
  readonly componentInstances: number
  /** Steps, arguments and exports that are looked at. */
  readonly work: number
}

interface ComponentValue {
  readonly blueprint: Blueprint
  /** Where outer aliases of the component lead. */
  readonly outer: Space | undefined
}

interface InstanceValue {
  readonly exports: ReadonlyMap<string, Value>
}

type Value =
  | { readonly sort: "func"; readonly func: FuncRef }
  | { readonly sort: "instance"; readonly instance: InstanceValue }
  | { readonly sort: "component"; readonly component: ComponentValue }
  | { readonly sort: "module"; readonly module: ModuleSource }
  | { readonly sort: "type"; readonly resource: number | undefined }

/** The index spaces of one component instance. */
class Space {
  readonly id: number
  readonly outer: Space | undefined
  readonly funcs: Array<FuncRef> = []
  readonly instances: Array<InstanceValue> = []
  readonly components: Array<ComponentValue> = []
  readonly modules: Array<ModuleSource> = []
  readonly core: Record<Exclude<CoreSort, "instance">, Array<CoreRef>> = {
    func: [],
    table: [],
    memory: [],
    global: [],
    tag: []
  }
  readonly coreInstances: Array<(name: string) => CoreRef> = []
  readonly types = new Map<ValueNode, AbiType>()
  readonly resources = new Map<ResourceNode, number>()
  readonly resolve = (node: ResourceNode): number | undefined => this.resources.get(node)
  readonly exports = new Map<string, Value>()

  constructor(id: number, outer: Space | undefined) {
    this.id = id
    this.outer = outer
  }
}

const broken = (message: string): never => {
  throw new DecodeError({ reason: "Malformed", offset: 0, section: "component", message })
}

const at = <T>(space: ReadonlyArray<T>, index: number, what: string): T =>
  space[index] ?? broken(`${what} ${index} is out of range (${space.length})`)

const tooMany = (message: string): never => {
  throw new DecodeError({ reason: "TooLarge", offset: 0, section: "component", message })
}

/** Writes out a component that has been decoded. Throws `DecodeError`. */
export const expand = (blueprint: Blueprint, limits: ExpansionLimits): Expansion => new Expander(limits).root(blueprint)

class Expander {
  readonly #limits: ExpansionLimits
  #work = 0
  readonly #types = new AbiTypes()
  readonly #coreInstances: Array<CoreInstance> = []
  readonly #hostFuncs: Array<HostFunc> = []
  readonly #lifts: Array<Lift> = []
  readonly #lowers: Array<Lower> = []
  readonly #builtins: Array<Builtin> = []
  readonly #resources: Array<Resource> = []
  readonly #parents: Array<number | undefined> = []

  constructor(limits: ExpansionLimits) {
    this.#limits = limits
  }

  #spend(amount: number): void {
    this.#work += amount
    if (this.#work > this.#limits.work) tooMany("instantiating the component takes too many steps")
  }

  root(blueprint: Blueprint): Expansion {
    const space = this.#space(undefined, undefined)
    const owned = new Map<ResourceNode, number>()
    for (const step of blueprint.steps) {
      if (step.op === "import") this.#fromHost(space, step.name, step.extern, owned)
      else this.#step(space, step, undefined)
    }
    return {
      coreInstances: this.#coreInstances,
      hostFuncs: this.#hostFuncs,
      lifts: this.#lifts,
      lowers: this.#lowers,
      builtins: this.#builtins,
      resources: this.#resources,
      parents: this.#parents,
      exports: exported(space.exports),
      types: this.#types
    }
  }

  #space(parent: number | undefined, outer: Space | undefined): Space {
    const id = this.#parents.length
    if (id >= this.#limits.componentInstances) {
      tooMany(`the component has more than ${this.#limits.componentInstances} component instances`)
    }
    this.#parents.push(parent)
    return new Space(id, outer)
  }

  /** An import of the outermost component: its functions and resources are the host's. */
  #fromHost(space: Space, name: string, extern: Extern, owned: Map<ResourceNode, number>): void {
    const value = this.#hostValue(space, "", name, extern, owned)
    this.#bind(space, extern, value)
    this.#push(space, value)
  }

  #hostValue(
    space: Space,
    owner: string,
    name: string,
    extern: Extern,
    owned: Map<ResourceNode, number>
  ): Value {
    this.#spend(1)
    switch (extern.sort) {
      case "func": {
        const id = this.#hostFuncs.length
        this.#hostFuncs.push({ owner, name, node: extern.node, type: this.#types.func(extern.node, space) })
        return { sort: "func", func: { from: "host", id } }
      }
      case "type": {
        const node = peel(extern.node)
        if (node.k !== "resource") return { sort: "type", resource: undefined }
        const known = owned.get(node) ?? space.resources.get(node)
        const resource = known ?? this.#resources.push({ from: "host", owner, name }) - 1
        owned.set(node, resource)
        space.resources.set(node, resource)
        return { sort: "type", resource }
      }
      case "instance": {
        const exports = new Map<string, Value>()
        const inner = owner === "" ? name : `${owner}/${name}`
        for (const [member, one] of extern.node.exports) {
          exports.set(member, this.#hostValue(space, inner, member, one, owned))
        }
        return { sort: "instance", instance: { exports } }
      }
      default:
        return broken(`an import of a ${extern.sort}`)
    }
  }

  #component(component: ComponentValue, args: ReadonlyMap<string, Value>, parent: Space): InstanceValue {
    const space = this.#space(parent.id, component.outer)
    for (const step of component.blueprint.steps) this.#step(space, step, args)
    return { exports: space.exports }
  }

  #step(space: Space, step: Step, args: ReadonlyMap<string, Value> | undefined): void {
    this.#spend(1)
    switch (step.op) {
      case "import": {
        const value = args?.get(step.name) ?? broken("an argument is missing")
        this.#bind(space, step.extern, value)
        return this.#push(space, value)
      }
      case "core module":
        space.modules.push(step.source)
        return
      case "core instantiate":
        return this.#coreInstantiate(space, step)
      case "core exports":
        return this.#coreExports(space, step)
      case "core alias": {
        const ref = at(space.coreInstances, step.instance, "core instance")(step.name)
        if (step.sort === "instance") return broken("an alias of a core instance")
        space.core[step.sort].push(ref)
        return
      }
      case "component":
        space.components.push({ blueprint: step.blueprint, outer: space })
        return
      case "instantiate": {
        this.#spend(step.args.length)
        const given = new Map(step.args.map(({ item, name }) => [name, this.#value(space, item)]))
        const instance = this.#component(at(space.components, step.component, "component"), given, space)
        return this.#defineInstance(space, step.type, instance)
      }
      case "exports": {
        this.#spend(step.exports.length)
        const exports = new Map(step.exports.map(({ item, name }) => [name, this.#value(space, item)]))
        return this.#defineInstance(space, step.type, { exports })
      }
      case "alias": {
        const { exports } = at(space.instances, step.instance, "instance")
        const value = exports.get(step.name) ?? broken("an alias of a missing export")
        if (step.type !== undefined) this.#bind(space, { sort: "instance", node: step.type }, value)
        return this.#push(space, value)
      }
      case "outer alias":
        return outerAlias(space, step.sort, step.count, step.index)
      case "resource": {
        const destructor = step.destructor === undefined ? undefined : at(space.core.func, step.destructor, "function")
        space.resources.set(step.node, this.#resources.length)
        this.#resources.push({ from: "guest", component: space.id, destructor })
        return
      }
      case "lift": {
        const core = at(space.core.func, step.core, "core function")
        const type = this.#types.func(step.type, space)
        space.funcs.push({ from: "lift", id: this.#lifts.length })
        this.#lifts.push({ core, type, options: optionsOf(space, step.options), component: space.id })
        return
      }
      case "lower": {
        const func = at(space.funcs, step.func, "function")
        const type = this.#types.func(step.type, space)
        space.core.func.push({ from: "lower", id: this.#lowers.length })
        this.#lowers.push({ func, type, options: optionsOf(space, step.options), component: space.id })
        return
      }
      case "resource.new":
      case "resource.drop":
      case "resource.rep": {
        const resource = space.resources.get(step.node) ?? broken("a resource that its component does not have")
        space.core.func.push({ from: "builtin", id: this.#builtins.length })
        this.#builtins.push({ kind: step.op, resource, component: space.id })
        return
      }
      case "export": {
        const value = this.#value(space, step.item)
        this.#bind(space, step.extern, value)
        space.exports.set(step.name, value)
        return this.#push(space, value)
      }
    }
  }

  #coreInstantiate(space: Space, step: Extract<Step, { op: "core instantiate" }>): void {
    const module = at(space.modules, step.module, "core module")
    const id = this.#coreInstances.length
    if (id >= this.#limits.coreInstances) {
      tooMany(`the component has more than ${this.#limits.coreInstances} core instances`)
    }
    const args = new Map(step.args.map(({ instance, name }) => [name, at(space.coreInstances, instance, "instance")]))
    this.#spend(module.type.imports.length)
    const imports = module.type.imports.map((wanted) => {
      const from = args.get(wanted.module) ?? broken("an argument of a core instance is missing")
      return { module: wanted.module, name: wanted.name, ref: from(wanted.name) }
    })
    this.#coreInstances.push({ module, imports })
    space.coreInstances.push((name) =>
      module.type.exports.has(name)
        ? { from: "instance", instance: id, name }
        : broken("an export of a core instance is missing")
    )
  }

  #coreExports(space: Space, step: Extract<Step, { op: "core exports" }>): void {
    this.#spend(step.exports.length)
    const refs = new Map<string, CoreRef>()
    for (const { index, name, sort } of step.exports) {
      if (sort === "instance") return broken("a core instance in a core instance")
      refs.set(name, at(space.core[sort], index, sort))
    }
    space.coreInstances.push((name) => refs.get(name) ?? broken("an export of a core instance is missing"))
  }

  #defineInstance(space: Space, type: InstanceNode, instance: InstanceValue): void {
    const value: Value = { sort: "instance", instance }
    this.#bind(space, { sort: "instance", node: type }, value)
    this.#push(space, value)
  }

  #value(space: Space, item: Item): Value {
    switch (item.sort) {
      case "func":
        return { sort: "func", func: at(space.funcs, item.index, "function") }
      case "instance":
        return { sort: "instance", instance: at(space.instances, item.index, "instance") }
      case "component":
        return { sort: "component", component: at(space.components, item.index, "component") }
      case "module":
        return { sort: "module", module: at(space.modules, item.index, "core module") }
      case "type": {
        const node = peel(item.node)
        return { sort: "type", resource: node.k === "resource" ? space.resources.get(node) : undefined }
      }
    }
  }

  #push(space: Space, value: Value): void {
    switch (value.sort) {
      case "func":
        space.funcs.push(value.func)
        return
      case "instance":
        space.instances.push(value.instance)
        return
      case "component":
        space.components.push(value.component)
        return
      case "module":
        space.modules.push(value.module)
        return
      case "type":
    }
  }

  /** Lets the resources that a scope sees in a type stand for those of the value. */
  #bind(space: Space, extern: Extern, value: Value): void {
    this.#spend(1)
    if (extern.sort !== value.sort) return broken(`a ${extern.sort} expected, a ${value.sort} given`)
    if (extern.sort === "type" && value.sort === "type") {
      const node = peel(extern.node)
      if (node.k === "resource" && value.resource !== undefined) space.resources.set(node, value.resource)
    }
    if (extern.sort === "instance" && value.sort === "instance") {
      for (const [name, one] of extern.node.exports) {
        this.#bind(space, one, value.instance.exports.get(name) ?? broken("an export is missing"))
      }
    }
  }
}

const optionsOf = (space: Space, options: CanonOptions): Options => ({
  encoding: options.encoding,
  memory: options.memory === undefined ? undefined : at(space.core.memory, options.memory, "memory"),
  realloc: options.realloc === undefined ? undefined : at(space.core.func, options.realloc, "core function"),
  postReturn: options.postReturn === undefined ? undefined : at(space.core.func, options.postReturn, "core function")
})

const outerAlias = (space: Space, sort: "component" | "module", count: number, index: number): void => {
  let outer: Space | undefined = space
  for (let i = 0; i < count; i++) outer = outer?.outer
  if (outer === undefined) return broken("an alias that leads out of the component")
  if (sort === "component") space.components.push(at(outer.components, index, "component"))
  else space.modules.push(at(outer.modules, index, "core module"))
}

const exported = (values: ReadonlyMap<string, Value>): ReadonlyMap<string, Exported> => {
  const found = new Map<string, Exported>()
  for (const [name, value] of values) {
    if (value.sort === "func") found.set(name, { sort: "func", func: value.func })
    if (value.sort === "type") found.set(name, { sort: "type" })
    if (value.sort === "instance") {
      found.set(name, { sort: "instance", exports: exported(value.instance.exports) })
    }
  }
  return found
}
