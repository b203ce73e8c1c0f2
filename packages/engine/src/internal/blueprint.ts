/**
 * What instantiating a component does, in order, as its binary says it.
 *
 * Each step appends to the index space of its sort, so that an index of a later
 * step means what it means in the binary. Types have no steps: a resource is
 * the `ResourceNode` that the component's own scope has for it.
 */
import type { CoreModuleType } from "./coreExtern.ts"
import type { CoreSort } from "./sorts.ts"
import type { Extern, FuncNode, InstanceNode, ResourceNode, TypeNode } from "./typeNodes.ts"

/** The core module at `offset` of the input, and what it takes and gives. */
export interface ModuleSource {
  readonly index: number
  readonly offset: number
  readonly size: number
  readonly type: CoreModuleType
}

export type StringEncoding = "utf8" | "utf16" | "latin1+utf16"

/** Indices are of core functions and memories of the component. */
export interface CanonOptions {
  readonly encoding: StringEncoding
  readonly memory: number | undefined
  readonly realloc: number | undefined
  readonly postReturn: number | undefined
}

/** Something that can be an argument or an export; of a type, what it is. */
export type Item =
  | { readonly sort: "func" | "instance" | "component" | "module"; readonly index: number }
  | { readonly sort: "type"; readonly node: TypeNode }

export interface NamedEntry {
  readonly name: string
  readonly item: Item
}

export type Step =
  | { readonly op: "import"; readonly name: string; readonly extern: Extern }
  | { readonly op: "core module"; readonly source: ModuleSource }
  | {
    readonly op: "core instantiate"
    readonly module: number
    readonly args: ReadonlyArray<{ readonly name: string; readonly instance: number }>
  }
  | {
    readonly op: "core exports"
    readonly exports: ReadonlyArray<{ readonly name: string; readonly sort: CoreSort; readonly index: number }>
  }
  | { readonly op: "core alias"; readonly sort: CoreSort; readonly instance: number; readonly name: string }
  | { readonly op: "component"; readonly blueprint: Blueprint }
  | {
    readonly op: "instantiate"
    readonly component: number
    readonly args: ReadonlyArray<NamedEntry>
    readonly type: InstanceNode
  }
  | { readonly op: "exports"; readonly exports: ReadonlyArray<NamedEntry>; readonly type: InstanceNode }
  /** `type` is that of an aliased instance. Aliased types have no step. */
  | {
    readonly op: "alias"
    readonly sort: "func" | "instance" | "component" | "module"
    readonly instance: number
    readonly name: string
    readonly type: InstanceNode | undefined
  }
  /** `count` components outwards, from 0: this one. */
  | {
    readonly op: "outer alias"
    readonly sort: "component" | "module"
    readonly count: number
    readonly index: number
  }
  | { readonly op: "resource"; readonly node: ResourceNode; readonly destructor: number | undefined }
  | { readonly op: "lift"; readonly core: number; readonly type: FuncNode; readonly options: CanonOptions }
  | { readonly op: "lower"; readonly func: number; readonly type: FuncNode; readonly options: CanonOptions }
  | { readonly op: "resource.new" | "resource.drop" | "resource.rep"; readonly node: ResourceNode }
  /** An export appends to the space of its sort too; `extern` is what it is exported as. */
  | { readonly op: "export"; readonly name: string; readonly item: Item; readonly extern: Extern }

export interface Blueprint {
  readonly steps: ReadonlyArray<Step>
}
