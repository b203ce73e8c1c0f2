/**
 * A component made ready: its core modules metered and compiled, its functions
 * generated, all shared by every instance.
 */
import { DecodeError } from "../../DecodeError.ts"
import type { Func, World } from "../../WitType.ts"
import type { Blueprint, ModuleSource } from "../blueprint.ts"
import type { Metered } from "../core/meter.ts"
import { meter } from "../core/meter.ts"
import type { CoreRef, Expansion, ExpansionLimits, Exported } from "./expansion.ts"
import { expand } from "./expansion.ts"
import { library } from "./library.ts"
import type { Generated } from "./program.ts"
import { generate } from "./program.ts"
import type { Store } from "./store.ts"

/** A function of the host, as generated code calls it. */
export interface BoundHost {
  readonly call: (...args: ReadonlyArray<unknown>) => unknown
  readonly async: boolean
  readonly fuel: number
}

/** The closures of one instance. */
export interface Closures {
  readonly memory: (id: number, value: WebAssembly.Memory) => void
  readonly func: (id: number, value: CallableFunction) => void
  readonly lowers: ReadonlyArray<CallableFunction>
  readonly builtins: ReadonlyArray<CallableFunction>
  readonly lifts: ReadonlyArray<LiftClosures | null>
}

export type LiftClosures = readonly [
  direct: (args: ReadonlyArray<unknown>) => unknown,
  begin: (args: ReadonlyArray<unknown>, call: CallableFunction) => unknown,
  end: (result: unknown) => unknown
]

/** An export that can be called: of a lifted core function, or of a function of the host that is passed through. */
export type PlannedExport =
  | {
    readonly from: "lift"
    readonly func: Func
    readonly lift: number
    /** The core instance that the call enters first; -1 where that is not known. */
    readonly core: number
    readonly coreFunc: CoreRef
  }
  | { readonly from: "host"; readonly func: Func; readonly host: number }

/** What can be kept of a plan: the text and bytes that are expensive to make. */
export interface Prepared {
  readonly generated: Generated
  readonly modules: ReadonlyArray<Metered>
}

export interface Plan {
  readonly world: World
  readonly expansion: Expansion
  readonly prepared: Prepared
  /** By the index of the module in the component. */
  readonly compiled: ReadonlyMap<number, { readonly metered: Metered; readonly module: WebAssembly.Module }>
  readonly exports: ReadonlyMap<string, ReadonlyMap<string, PlannedExport>>
  readonly make: (store: Store, hosts: ReadonlyArray<BoundHost>) => Closures
}

/** Compiles core modules and generated text; the platform can do it with a cache. */
export interface Compilers {
  readonly module: (bytes: Uint8Array<ArrayBuffer>) => Promise<WebAssembly.Module>
  readonly script: (source: string) => (library: unknown) => unknown
}

const randomName = (): string => {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** Core modules that an instance needs, once each. */
const modulesOf = (expansion: Expansion): ReadonlyArray<ModuleSource> => {
  const seen = new Map<number, ModuleSource>()
  for (const { module } of expansion.coreInstances) seen.set(module.index, module)
  return [...seen.values()]
}

/** Refuses core modules that no instance needs where their code is not valid. */
export const checkUnused = (
  bytes: Uint8Array<ArrayBuffer>,
  expansion: Expansion,
  modules: ReadonlyArray<ModuleSource>
): void => {
  const used = new Set(modulesOf(expansion).map(({ index }) => index))
  for (const { index, offset, size } of modules) {
    if (used.has(index) || WebAssembly.validate(bytes.subarray(offset, offset + size))) continue
    throw new DecodeError({ reason: "Malformed", offset, section: "core module", message: "an invalid core module" })
  }
}

/** Meters every core module, and writes the functions. */
export const prepare = (bytes: Uint8Array<ArrayBuffer>, expansion: Expansion): Prepared => ({
  generated: generate(expansion, reachable(expansion.exports)),
  modules: modulesOf(expansion).map(({ offset, size }) => {
    try {
      return meter(bytes.subarray(offset, offset + size), { randomName })
    } catch (error) {
      throw error instanceof DecodeError ? placed(error, offset) : error
    }
  })
})

const placed = (error: DecodeError, offset: number): DecodeError =>
  new DecodeError({
    reason: error.reason,
    offset: error.offset + offset,
    section: error.section,
    message: error.message,
    feature: error.feature
  })

const reachable = (exports: ReadonlyMap<string, Exported>, found = new Set<number>()): ReadonlySet<number> => {
  for (const one of exports.values()) {
    if (one.sort === "func" && one.func.from === "lift") found.add(one.func.id)
    if (one.sort === "instance") reachable(one.exports, found)
  }
  return found
}

export const expansionOf = (blueprint: Blueprint, limits: ExpansionLimits): Expansion => expand(blueprint, limits)

export const complete = async (
  world: World,
  expansion: Expansion,
  prepared: Prepared,
  compilers: Compilers
): Promise<Plan> => {
  const sources = modulesOf(expansion)
  const modules = await Promise.all(prepared.modules.map((metered) => compilers.module(metered.bytes)))
  const compiled = new Map(
    sources.map(({ index }, i) => [index, { metered: prepared.modules[i]!, module: modules[i]! }])
  )
  const make = compilers.script(prepared.generated.source)(library) as Plan["make"]
  return { world, expansion, prepared, compiled, exports: exportsOf(world, expansion), make }
}

const exportsOf = (world: World, expansion: Expansion): Plan["exports"] => {
  const all = new Map<string, Map<string, PlannedExport>>()
  for (const { functions, id } of world.exports) {
    const inside = id === undefined ? expansion.exports : membersOf(expansion.exports.get(id))
    const found = new Map<string, PlannedExport>()
    for (const func of functions) {
      const one = inside.get(func.name)
      if (one?.sort !== "func") continue
      found.set(func.name, planned(expansion, func, one.func))
    }
    all.set(id ?? "", found)
  }
  return all
}

const membersOf = (exported: Exported | undefined): ReadonlyMap<string, Exported> =>
  exported?.sort === "instance" ? exported.exports : new Map()

const planned = (
  expansion: Expansion,
  func: Func,
  ref: Extract<Exported, { sort: "func" }>["func"]
): PlannedExport => {
  if (ref.from === "host") return { from: "host", func, host: ref.id }
  const lift = expansion.lifts[ref.id]
  if (lift === undefined) throw new RangeError("an export that nothing lifts")
  const core = lift.core.from === "instance" ? lift.core.instance : -1
  return { from: "lift", func, lift: ref.id, core, coreFunc: lift.core }
}
