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
import { factsOf } from "./facts.ts"
import { gatesOf } from "./gate.ts"
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

/** Core instances that the number of a store has room for. */
export const maxCores = 1_024

/** Fuel of start functions, which run while the instance is made. */
const startFuel = 2_000_000

/** The linked parts of an instance. */
export interface Linked {
  readonly closures: Closures
  readonly func: (ref: CoreRef) => CallableFunction
}

/** Creates the core instances in a store. Throws `Trap` where a start function or a segment fails. */
export const link = (plan: Plan, store: Store, hosts: ReadonlyArray<BoundHost>, bridge: Bridge): Linked => {
  const closures = plan.make(store, hosts)
  const instances: Array<WebAssembly.Exports> = []
  const gates = gatesOf(plan, store, hosts, closures)
  const resolve = (ref: CoreRef): unknown => {
    if (ref.from === "instance") return instances[ref.instance]?.[ref.name]
    if (ref.from === "builtin") return closures.builtins[ref.id]
    return gates?.get(ref.id) ?? closures.lowers[ref.id]
  }
  const { bindings, made } = factsOf(plan)
  for (const { id, ref } of made) closures.func(id, resolve(ref) as CallableFunction)
  store.enter(-1, startFuel, false)
  try {
    for (const [id, { binds, compiled, imports, share }] of bindings.entries()) {
      const given = Object.create(null) as Record<string, Record<string, unknown>>
      for (const { items, module } of imports) {
        const space = given[module] = Object.create(null) as Record<string, unknown>
        for (const { name, ref } of items) space[name] = resolve(ref)
      }
      const { exports } = new WebAssembly.Instance(compiled.module as WebAssembly.Module, given as WebAssembly.Imports)
      instances.push(exports)
      const { names } = compiled.metered
      adopt(store, exports, names)
      const hooks = exports[names.hooks] as WebAssembly.Table
      hooks.set(0, bridge.refill)
      hooks.set(1, bridge.grow)
      ;(exports[names.init] as CallableFunction)(store.id * maxCores + id, store.limits.stack * share)
      for (const { id, kind, name } of binds) closures[kind](id, exports[name] as never)
      if (names.start !== undefined) (exports[names.start] as CallableFunction)()
    }
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
