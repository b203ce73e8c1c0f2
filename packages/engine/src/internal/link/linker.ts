/**
 * Makes instances of a plan: links host functions, creates core instances in
 * order, and binds what generated code calls.
 */
import { LinkError } from "../../CallError.ts"
import type { MissingImport } from "../../CallError.ts"
import type { Promising } from "../../Instance.ts"
import { Trap } from "../../Trap.ts"
import type { Func, World } from "../../WitType.ts"
import * as WitValue from "../../WitValue.ts"
import type { Bridge } from "./bridge.ts"
import { jspi } from "./bridge.ts"
import type { CoreRef, HostFunc } from "./expansion.ts"
import { gateModule } from "./gate.ts"
import { MISS } from "./library.ts"
import type { BoundHost, Closures, LiftClosures, Plan, PlannedExport } from "./plan.ts"
import type { Store } from "./store.ts"

/** Finds the functions of the host that a plan needs. Throws `LinkError` with all that are missing. */
export const bindHosts = (
  plan: Plan,
  find: (owner: string, name: string) => BoundHost | undefined
): ReadonlyArray<BoundHost> => {
  const missing: Array<MissingImport> = []
  const bound = plan.expansion.hostFuncs.map((wanted): BoundHost => {
    const found = find(wanted.owner, wanted.name)
    if (found === undefined) missing.push({ interface: wanted.owner, func: typeOf(plan.world, wanted) })
    return found ?? nothing
  })
  if (missing.length === 0) return bound
  const names = missing.map(({ func, interface: owner }) => owner === "" ? func.name : `${owner}#${func.name}`)
  throw new LinkError("MissingImports", `imports that were not given: ${names.join(", ")}`, missing)
}

const nothing: BoundHost = { call: () => undefined, async: false, fuel: 0 }

const typeOf = (world: World, { name, owner }: HostFunc): Func => {
  const found = world.imports.find(({ id }) => (id ?? "") === owner)?.functions.find((func) => func.name === name)
  return found ?? { name, params: [], result: undefined, async: false }
}

interface Minima {
  readonly bytes: number
  readonly elements: number
  readonly memories: number
}

const knownMinima = new WeakMap<Plan, Minima>()

/** What a new instance starts with, before any of it exists. */
export const minima = (plan: Plan): Minima => {
  const known = knownMinima.get(plan) ?? countMinima(plan)
  knownMinima.set(plan, known)
  return known
}

const countMinima = (plan: Plan): Minima => {
  let pages = 0
  let elements = 0
  let memories = 0
  for (const { module } of plan.expansion.coreInstances) {
    const metered = plan.compiled.get(module.index)?.metered
    memories += metered?.memories.length ?? 0
    for (const memory of metered?.memories ?? []) pages += memory.minimum
    for (const table of metered?.tables ?? []) elements += table.minimum
  }
  return { bytes: pages * 65_536, elements, memories }
}

/** Fuel of start functions, which run while the instance is made. */
const startFuel = 2_000_000

/** The linked parts of an instance. */
export interface Linked {
  readonly closures: Closures
  readonly func: (ref: CoreRef) => CallableFunction
}

/** Gates by the lowered function they stand before; undefined where no import is asynchronous. */
const gatesOf = (
  plan: Plan,
  store: Store,
  hosts: ReadonlyArray<BoundHost>,
  closures: Closures
): ReadonlyMap<number, unknown> | undefined => {
  const suspending = jspi()
  if (suspending === undefined || !hosts.some((host) => host.async)) return undefined
  const ids = plan.expansion.lowers.flatMap(({ func }, id) =>
    func.from === "host" && hosts[func.id]?.async === true ? [id] : []
  )
  const known = knownGates.get(plan) ?? new Map<string, WebAssembly.Module>()
  knownGates.set(plan, known)
  const key = ids.join(" ")
  const module = known.get(key) ?? gateModule(ids.flatMap((id) => plan.expansion.lowers[id]?.type ?? []))
  if (known.size < 16) known.set(key, module)
  const { exports } = new WebAssembly.Instance(module, {
    c: { c: store.mayWait },
    s: Object.fromEntries(
      ids.map((id, i) => [i, new suspending.Suspending(closures.lowers[id] as never) as CallableFunction])
    )
  })
  return new Map(ids.map((id, i) => [id, exports[i]]))
}

const knownGates = new WeakMap<Plan, Map<string, WebAssembly.Module>>()

/** Creates the core instances in a store. Throws `Trap` where a start function or a segment fails. */
export const link = (plan: Plan, store: Store, hosts: ReadonlyArray<BoundHost>, bridge: Bridge): Linked => {
  const closures = plan.make(store, hosts)
  const instances: Array<ReadonlyMap<string, unknown>> = []
  const gates = gatesOf(plan, store, hosts, closures)
  const resolve = (ref: CoreRef): unknown => {
    if (ref.from === "instance") return instances[ref.instance]?.get(ref.name)
    if (ref.from === "builtin") return closures.builtins[ref.id]
    return gates?.get(ref.id) ?? closures.lowers[ref.id]
  }
  const { funcs, memories } = plan.bound
  const waiting = new Map<number, Array<() => void>>()
  const bind = (ref: CoreRef, set: () => void) => {
    if (ref.from !== "instance") return set()
    waiting.set(ref.instance, [...waiting.get(ref.instance) ?? [], set])
  }
  memories.forEach((ref, id) => bind(ref, () => closures.memory(id, resolve(ref) as WebAssembly.Memory)))
  funcs.forEach((ref, id) => bind(ref, () => closures.func(id, resolve(ref) as CallableFunction)))
  const shares = sharesOf(plan)
  store.enter(-1, startFuel, false)
  try {
    plan.expansion.coreInstances.forEach(({ imports, module }, id) => {
      const compiled = plan.compiled.get(module.index)
      if (compiled === undefined) throw new RangeError("a core module that was not compiled")
      const given = Object.create(null) as Record<string, Record<string, unknown>>
      for (const { module, name, ref } of imports) {
        given[module] ??= Object.create(null) as Record<string, unknown>
        given[module][name] = resolve(ref)
      }
      const { exports } = new WebAssembly.Instance(compiled.module, given as WebAssembly.Imports)
      const { names } = compiled.metered
      const own = new Map<string, unknown>()
      for (const name of module.type.exports.keys()) own.set(name, exports[name])
      instances.push(own)
      adopt(store, exports, names)
      const hooks = exports[names.hooks] as WebAssembly.Table
      hooks.set(0, bridge.refill)
      hooks.set(1, bridge.grow)
      ;(exports[names.init] as CallableFunction)(store.id * 1_024 + id, store.limits.stack * (shares[id] ?? 0))
      for (const set of waiting.get(id) ?? []) set()
      if (names.start !== undefined) (exports[names.start] as CallableFunction)()
    })
    store.leave()
  } catch (error) {
    if (error instanceof RangeError && /memory/.test(error.message)) {
      throw new LinkError("TooManyInstances", `no address space for another instance: ${error.message}`)
    }
    throw store.poison(error instanceof WebAssembly.LinkError ? new Trap("Other", error.message) : error)
  }
  return { closures, func: (ref) => resolve(ref) as CallableFunction }
}

/** Takes what the meter exports for the host alone. */
const adopt = (
  store: Store,
  exports: WebAssembly.Exports,
  names: {
    readonly setFuel: string
    readonly fuel: string
    readonly memories: ReadonlyArray<string>
    readonly tables: ReadonlyArray<string>
  }
): void => {
  store.cores.push({
    setFuel: exports[names.setFuel] as (slice: number) => void,
    fuel: exports[names.fuel] as () => number
  })
  for (const name of names.memories) store.memories.push(exports[name] as WebAssembly.Memory)
  for (const name of names.tables) store.wasmTables.push(exports[name] as WebAssembly.Table)
}

/**
 * The part that each core instance has of the stack: half of it by the size of
 * their code, half of it equally.
 */
const sharesOf = (plan: Plan): ReadonlyArray<number> => {
  const known = knownShares.get(plan)
  if (known !== undefined) return known
  const sizes = plan.expansion.coreInstances.map(({ module }) => plan.compiled.get(module.index)?.metered.codeSize ?? 0)
  const all = sizes.reduce((sum, size) => sum + size, 0)
  const shares = sizes.map((size) => 0.5 / sizes.length + (all === 0 ? 0 : 0.5 * size / all))
  knownShares.set(plan, shares)
  return shares
}

const knownShares = new WeakMap<Plan, ReadonlyArray<number>>()

/** An import that a component exports as it is: its values are checked on the way in and out. */
export const passed = (
  { func, host }: Extract<PlannedExport, { from: "host" }>,
  hosts: ReadonlyArray<BoundHost>,
  store: Store
): LiftClosures | undefined => {
  const bound = hosts[host]
  if (bound === undefined) return undefined
  const call = (args: ReadonlyArray<unknown>): unknown => {
    const isWrong = args.length !== func.params.length ||
      func.params.some(({ type }, i) => WitValue.check(type, args[i]) !== undefined)
    if (isWrong) throw MISS
    try {
      return bound.call(...args)
    } catch (error) {
      throw store.hostFailure(error)
    }
  }
  const waited = async (args: ReadonlyArray<unknown>): Promise<unknown> => {
    const given = call(args)
    try {
      return await given
    } catch (error) {
      throw store.hostFailure(error)
    }
  }
  const check = (value: unknown): unknown => {
    const isRight = func.result === undefined ? value === undefined : WitValue.check(func.result, value) === undefined
    if (!isRight) throw new Trap("HostFailure", "a host function gave a value of another type")
    return value
  }
  return [(args) => check(call(args)), waited, check]
}

/** What runs a core function where it can be suspended; what is no function of a module runs as it is. */
export const promisingOf = (func: CallableFunction | undefined): Promising | undefined => {
  const promises = jspi()
  if (promises === undefined) return undefined
  const plain: Promising = async (...args) => func?.(...args) as unknown
  if (func === undefined) return plain
  try {
    return promises.promising(func)
  } catch {
    return plain
  }
}
