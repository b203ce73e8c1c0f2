/**
 * A component made ready: its core modules metered and compiled, its functions
 * generated, all shared by every instance.
 */
import { defaultLimits } from "../../Admission.ts"
import type { Compilers, Script } from "../../Compilers.ts"
import { DecodeError } from "../../DecodeError.ts"
import type { Func, World } from "../../WitType.ts"
import type { Blueprint, ModuleSource } from "../blueprint.ts"
import { admitModule } from "../core/admitModule.ts"
import type { Metered } from "../core/meter.ts"
import { metering, notValid } from "../core/meter.ts"
import { inTurns, Turn } from "../steps.ts"
import type { CoreRef, Expansion, ExpansionLimits, Exported } from "./expansion.ts"
import { expand } from "./expansion.ts"
import { library } from "./library.ts"
import type { Generated } from "./program.ts"
import { generate } from "./program.ts"
import type { Clock } from "./scheduler.ts"
import type { Store } from "./store.ts"

/** A function of the host, as generated code calls it. */
export interface BoundHost {
  readonly call: (...args: ReadonlyArray<unknown>) => unknown
  readonly async: boolean
  readonly fuel: number
}

/** A memory, as far as generated code goes. */
export interface Buffered {
  readonly buffer: ArrayBufferLike
}

/** The closures of one instance. */
export interface Closures {
  readonly memory: (id: number, value: Buffered) => void
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
  /** A function takes so long to compile that this is done before it is called. */
  readonly heavy: boolean
}

export interface Plan {
  readonly world: World
  readonly expansion: Expansion
  /** What has to be bound in generated code. */
  readonly bound: Pick<Generated, "memories" | "funcs">
  /** By the index of the module in the component. */
  readonly compiled: ReadonlyMap<
    number,
    { readonly metered: Omit<Metered, "bytes">; readonly module: object }
  >
  readonly exports: ReadonlyMap<string, ReadonlyMap<string, PlannedExport>>
  readonly make: (store: Store, hosts: ReadonlyArray<BoundHost>) => Closures
}

const randomName = (): string => {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** Core modules that an instance needs, once each. */
export const modulesOf = (expansion: Expansion): ReadonlyArray<ModuleSource> => {
  const seen = new Map<number, ModuleSource>()
  for (const { module } of expansion.coreInstances) seen.set(module.index, module)
  return [...seen.values()]
}

/** What preparing takes besides the component. */
export interface Means {
  readonly compilers: Compilers
  readonly clock: Clock
  /** Whether it may be used though its results depend on the machine. */
  readonly relaxedSimd: boolean
}

/** Bytes of a component of which reading takes a turn of its own. */
const large = 262_144

/** Lets others have their turn between two steps of loading a large component. */
export const pause = (bytes: Uint8Array, clock: Clock): Promise<void> | undefined =>
  bytes.length < large ? undefined : new Promise((resolve) => clock.macrotask(() => resolve()))

/** Functions that take V8 some ten milliseconds, by what admission counts. */
const heavyBody = 196_608
const heavyBranches = 700_000

/**
 * Checks every core module, meters those that an instance needs, and writes the
 * functions. No module is validated before all were admitted, and none metered
 * that is not valid.
 */
export const prepare = async (
  bytes: Uint8Array<ArrayBuffer>,
  expansion: Expansion,
  all: ReadonlyArray<ModuleSource>,
  { clock, compilers, relaxedSimd }: Means
): Promise<Prepared> => {
  const generated = generate(expansion, reachable(expansion.exports))
  await pause(bytes, clock)
  const turn = new Turn(clock)
  let heavy = false
  for (const { offset, size } of all) {
    const admitting = admitModule(bytes, offset, size, defaultLimits, !relaxedSimd)
    const { body, localBranches } = await inTurns(admitting, turn)
    await turn.end()
    heavy ||= body > heavyBody || localBranches > heavyBranches
  }
  for (const { offset, size } of all) {
    if (!await compilers.validate(bytes.subarray(offset, offset + size))) throw placed(notValid(), offset)
    await turn.end()
  }
  const modules: Array<Metered> = []
  for (const { offset, size } of modulesOf(expansion)) {
    try {
      modules.push(await inTurns(metering(bytes.subarray(offset, offset + size), { randomName }), turn))
    } catch (error) {
      throw error instanceof DecodeError ? placed(error, offset) : error
    }
  }
  return { generated, modules, heavy }
}

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

/** Compiles metered modules. Whoever does not wait for them is not told of a failure. */
export const compile = (
  modules: ReadonlyArray<Metered>,
  { clock, compilers }: Means,
  eager: boolean
): Promise<ReadonlyArray<object>> => {
  const all = async (): Promise<ReadonlyArray<object>> => {
    const compiling: Array<Promise<object>> = []
    const turn = new Turn(clock)
    for (const { bytes } of modules) {
      const compiled = compilers.module(bytes, eager)
      // Looked at below, together with the others.
      compiled.catch(() => undefined)
      compiling.push(compiled)
      // The compiler copies the bytes while the thread waits.
      await turn.end()
    }
    return Promise.all(compiling)
  }
  const compiled = all()
  compiled.catch(() => undefined)
  return compiled
}

/** Makes a plan of what was prepared and compiled. `code` is what the script gave when it was compiled before. */
export const complete = async (
  world: World,
  expansion: Expansion,
  { code, prepared: { generated, modules } }: {
    readonly prepared: Prepared
    readonly code: Uint8Array<ArrayBuffer> | undefined
  },
  compilers: Compilers,
  compiling: Promise<ReadonlyArray<object>>
): Promise<{ readonly plan: Plan; readonly script: Script }> => {
  const sources = modulesOf(expansion)
  const compiled = (await compiling).map((module, i) => {
    const { bytes: _, ...metered } = modules[i]!
    return [sources[i]!.index, { metered, module }] as const
  })
  const script = compilers.script(generated.source, code)
  const make = script.run(library)
  if (typeof make !== "function") throw new TypeError("generated code that gives no function")
  const { funcs, memories } = generated
  const exports = exportsOf(world, expansion)
  return {
    plan: {
      world,
      expansion,
      bound: { funcs, memories },
      compiled: new Map(compiled),
      exports,
      make: make as Plan["make"]
    },
    script
  }
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
