/**
 * The index spaces of a component or an instance type while it is being read.
 */
import type { Blueprint, ModuleSource, Step } from "./blueprint.ts"
import { UniqueNames } from "./names.ts"
import type { Reader } from "./reader.ts"
import type { CoreSort } from "./sorts.ts"
import { Scope } from "./typeNodes.ts"
import type { Extern, FuncNode, InstanceNode, Node, TypeNode, TypeNodes } from "./typeNodes.ts"

/** A component that has been read: what it takes, what it gives, and how often it instantiates which module. */
export interface Definition {
  readonly scope: Scope
  readonly imports: ReadonlyMap<string, Extern>
  readonly exports: ReadonlyMap<string, Extern>
  readonly instances: ReadonlyMap<number, number>
  readonly blueprint: Blueprint
}

/** What all frames of one input share. */
export interface Shared {
  readonly nodes: TypeNodes
  /** Of components and of instance types inside each other. */
  readonly maxDepth: number
}

export class Frame implements Shared {
  readonly kind: "component" | "instance type"
  readonly parent: Frame | undefined
  readonly nodes: TypeNodes
  readonly maxDepth: number
  readonly scope = new Scope(undefined)
  readonly path: ReadonlyArray<number>
  readonly types: Array<Node> = []
  readonly funcs: Array<FuncNode> = []
  readonly instances: Array<InstanceNode> = []
  readonly components: Array<Definition> = []
  readonly modules: Array<ModuleSource> = []
  readonly core = { func: 0, table: 0, memory: 0, global: 0, tag: 0, instance: 0 }
  readonly imports = new Map<string, Extern>()
  readonly exports = new Map<string, Extern>()
  readonly steps: Array<Step> = []
  readonly importNames = new UniqueNames()
  readonly exportNames = new UniqueNames()
  readonly moduleInstances = new Map<number, number>()
  /** Resources that this component defines itself: it alone makes and opens handles to them. */
  readonly ownResources = new Set<TypeNode>()

  constructor(kind: Frame["kind"], parent: Frame | undefined, path: ReadonlyArray<number>, shared: Shared) {
    this.kind = kind
    this.parent = parent
    this.path = path
    this.nodes = shared.nodes
    this.maxDepth = shared.maxDepth
  }
}

const maxPerSpace = 100_000
const maxModuleInstances = 1_000_000

export const push = <T>(reader: Reader, space: Array<T>, item: T): void => {
  if (space.length >= maxPerSpace) reader.tooLarge(`more than ${maxPerSpace} items of one kind`)
  space.push(item)
}

export const countCore = (reader: Reader, frame: Frame, sort: CoreSort): void => {
  if (frame.core[sort] >= maxPerSpace) reader.tooLarge(`more than ${maxPerSpace} core items of one kind`)
  frame.core[sort]++
}

export const countModule = (reader: Reader, frame: Frame, module: number, times: number): void => {
  const count = (frame.moduleInstances.get(module) ?? 0) + times
  if (count > maxModuleInstances) reader.tooLarge(`more than ${maxModuleInstances} instances of one core module`)
  frame.moduleInstances.set(module, count)
}

export const define = (reader: Reader, frame: Frame, extern: Extern): void => {
  switch (extern.sort) {
    case "func":
      return push(reader, frame.funcs, extern.node)
    case "type":
      return push(reader, frame.types, extern.node)
    case "instance":
      return push(reader, frame.instances, extern.node)
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

export const readCoreIndex = (reader: Reader, frame: Frame, sort: CoreSort): number => {
  const start = reader.offset
  const index = reader.u32()
  if (index >= frame.core[sort]) {
    return reader.malformed(`core ${sort} ${index} is out of range (${frame.core[sort]})`, start)
  }
  return index
}
