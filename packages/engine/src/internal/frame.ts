/**
 * The index spaces of a component, a component type or an instance type while
 * it is being read.
 */
import type { Blueprint, Step } from "./blueprint.ts"
import type { CoreExtern, CoreFuncType, CoreModuleType } from "./coreExtern.ts"
import { LocalResources } from "./localResources.ts"
import { UniqueNames } from "./names.ts"
import type { Reader } from "./reader.ts"
import { Scope } from "./typeNodes.ts"
import type { ComponentNode, Extern, FuncNode, InstanceNode, ResourceNode, TypeNode, TypeNodes } from "./typeNodes.ts"
import { NamedTypes, ResourceNames } from "./visibility.ts"

/** A component that has been read: its type, and what instantiating it does. */
export interface Definition {
  readonly node: ComponentNode
  readonly blueprint: Blueprint
}

/** What all frames of one input share. */
export interface Shared {
  readonly nodes: TypeNodes
  /** Of components, component types and instance types inside each other. */
  readonly maxDepth: number
}

export type CoreType =
  | { readonly kind: "func"; readonly type: CoreFuncType }
  | { readonly kind: "module"; readonly type: CoreModuleType }

export type CoreItem<S extends CoreExtern["sort"]> = Extract<CoreExtern, { readonly sort: S }>

/** What the components' core definitions define, by their indices. */
export interface CoreSpaces {
  readonly func: Array<CoreItem<"func">>
  readonly table: Array<CoreItem<"table">>
  readonly memory: Array<CoreItem<"memory">>
  readonly global: Array<CoreItem<"global">>
  readonly tag: Array<CoreItem<"tag">>
  readonly instance: Array<ReadonlyMap<string, CoreExtern>>
}

export class Frame implements Shared {
  readonly kind: "component" | "component type" | "instance type"
  readonly parent: Frame | undefined
  readonly nodes: TypeNodes
  readonly maxDepth: number
  readonly depth: number
  readonly scope = new Scope(undefined)
  readonly path: ReadonlyArray<number>
  readonly types: Array<TypeNode> = []
  readonly coreTypes: Array<CoreType> = []
  readonly funcs: Array<FuncNode> = []
  readonly instances: Array<InstanceNode> = []
  readonly components: Array<ComponentNode> = []
  readonly modules: Array<CoreModuleType> = []
  readonly core: CoreSpaces = { func: [], table: [], memory: [], global: [], tag: [], instance: [] }
  readonly imports = new Map<string, Extern>()
  readonly exports = new Map<string, Extern>()
  readonly steps: Array<Step> = []
  readonly importNames = new UniqueNames()
  readonly exportNames = new UniqueNames()
  readonly importedResources = new ResourceNames()
  readonly exportedResources = new ResourceNames()
  /** What may be mentioned by an import, and by an export. */
  readonly imported = new NamedTypes()
  readonly exported = new NamedTypes()
  readonly resources = new LocalResources(this.scope)
  /** Resources that this component defines itself: it alone makes and opens handles to them. */
  readonly ownResources = new Set<ResourceNode>()

  constructor(
    reader: Reader,
    kind: Frame["kind"],
    parent: Frame | undefined,
    path: ReadonlyArray<number>,
    shared: Shared
  ) {
    this.kind = kind
    this.parent = parent
    this.path = path
    this.nodes = shared.nodes
    this.maxDepth = shared.maxDepth
    this.depth = parent === undefined ? 0 : parent.depth + 1
    reader.spend(frameItems)
    if (this.depth > this.maxDepth) reader.tooLarge(`${kind}s nest deeper than ${this.maxDepth}`)
  }
}

/** What a frame takes, in items of the budget. */
const frameItems = 16

const maxPerSpace = 100_000

export const push = <T>(reader: Reader, space: Array<T>, item: T): void => {
  if (space.length >= maxPerSpace) reader.tooLarge(`more than ${maxPerSpace} items of one kind`)
  space.push(item)
}

export const define = (reader: Reader, frame: Frame, extern: Extern): void => {
  switch (extern.sort) {
    case "func":
      return push(reader, frame.funcs, extern.node)
    case "type":
      return push(reader, frame.types, extern.node)
    case "instance":
      return push(reader, frame.instances, extern.node)
    case "component":
      return push(reader, frame.components, extern.node)
    case "module":
      return push(reader, frame.modules, extern.type)
  }
}

export const defineCore = (reader: Reader, frame: Frame, item: CoreExtern): void => {
  switch (item.sort) {
    case "func":
      return push(reader, frame.core.func, item)
    case "table":
      return push(reader, frame.core.table, item)
    case "memory":
      return push(reader, frame.core.memory, item)
    case "global":
      return push(reader, frame.core.global, item)
    case "tag":
      return push(reader, frame.core.tag, item)
  }
}

/** An index of a space and what is there. */
export const readIndex = <T>(
  reader: Reader,
  space: ReadonlyArray<T>,
  what: string
): { readonly index: number; readonly item: T } => {
  const start = reader.offset
  const index = reader.u32()
  const item = space[index]
  return item === undefined
    ? reader.malformed(`${what} ${index} is out of range (${space.length})`, start)
    : { index, item }
}

export const itemAt = <T>(reader: Reader, space: ReadonlyArray<T>, what: string): T =>
  readIndex(reader, space, what).item
