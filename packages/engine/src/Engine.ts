/**
 * Runs WebAssembly components: loads them, gives them imports and limits, and
 * calls what they export.
 *
 * A guest reaches the functions in its `imports` and nothing else. Whatever it
 * computes is metered by fuel, which is counted alike on every run; whatever
 * it keeps is under a limit. A guest that breaks a rule is stopped, and its
 * instance is not entered again.
 *
 * @since 0.1.0
 */
import { LinkError } from "./CallError.ts"
import * as Compilers from "./Compilers.ts"
import type { ComponentDescription } from "./ComponentBinary.ts"
import * as CostTable from "./CostTable.ts"
import type { EngineCache } from "./EngineCache.ts"
import { Instance } from "./Instance.ts"
import { parsing } from "./internal/decodeBlueprint.ts"
import { liftedType } from "./internal/link/abiType.ts"
import type { Bridge } from "./internal/link/bridge.ts"
import { makeBridge } from "./internal/link/bridge.ts"
import { factsOf } from "./internal/link/facts.ts"
import { HandleTable } from "./internal/link/handles.ts"
import { MISS } from "./internal/link/library.ts"
import { bindHosts, link, maxCores, passed, promisingOf } from "./internal/link/linker.ts"
import type { Linked } from "./internal/link/linker.ts"
import type { BoundHost, Plan } from "./internal/link/plan.ts"
import { expansionOf, pause } from "./internal/link/plan.ts"
import { PlanCache, sha256 } from "./internal/link/planCache.ts"
import { Recent } from "./internal/link/recent.ts"
import { Scheduler, threadClock } from "./internal/link/scheduler.ts"
import type { Clock } from "./internal/link/scheduler.ts"
import { Stacks } from "./internal/link/stacks.ts"
import { Store } from "./internal/link/store.ts"
import type { StoreLimits } from "./internal/link/store.ts"
import { inTurns, Turn } from "./internal/steps.ts"
import { track } from "./internal/versions.ts"
import * as WitText from "./WitText.ts"
import type { World } from "./WitType.ts"

/**
 * A function given to guests. Arguments and result follow `WitType`'s mapping.
 *
 * `async` functions may give a promise, which suspends the guest; they can be
 * reached by `call` alone. What a function gives at once is copied before the
 * guest goes on: a list may be a view of a buffer that the next call uses again.
 * `fuel` is what a call of it costs the guest besides what the engine charges for
 * the call itself and for what is copied.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostFunc {
  readonly call: (...args: ReadonlyArray<never>) => unknown
  readonly async?: boolean | undefined
  readonly fuel?: number | undefined
}

/**
 * Host functions by interface id (`airssys:core/log@0.1.0`, `""` for the
 * world's own) and name. An interface is also found under another version that
 * is compatible by semver. `[resource-drop]name` is called when a guest drops
 * the last handle of a resource of the host.
 *
 * @category models
 * @since 0.1.0
 */
export type Imports = ReadonlyMap<string, ReadonlyMap<string, HostFunc>>

/**
 * What one instance may use. Sums hold over all that it consists of.
 *
 * Defaults: `memory` 64 MiB, `tableElements` 100,000, `handles` 65,536 for each
 * component instance, `lift` 4 MiB of host memory for the arguments of one
 * import or the result of one call, `stack` 400 KiB, `fuel` for each call without a limit (a call that
 * cannot be suspended has at most `Instance.maxSyncFuel`), `queue` 64 calls that
 * wait.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  readonly memory?: number | undefined
  readonly tableElements?: number | undefined
  readonly handles?: number | undefined
  readonly lift?: number | undefined
  readonly stack?: number | undefined
  readonly fuel?: number | undefined
  readonly queue?: number | undefined
}

/**
 * What the engine takes of its platform, and its own bounds. Defaults: the
 * thread's own clock and compilers; the 32 components that were loaded last
 * (`cachedComponents`), and no `cache` besides; 64 core instances, 8 memories and
 * 256 component instances in one instance; 4,096 instances, and 4,096 calls that
 * can be suspended at the same time: each has a stack of its own, of which a
 * process bears some ten thousand.
 *
 * Relaxed SIMD is refused unless `relaxedSimd` is true: its results depend on the
 * machine, and so would receipts, which are the same everywhere otherwise.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly clock?: Clock | undefined
  readonly compilers?: Compilers.Compilers | undefined
  readonly cache?: EngineCache | undefined
  readonly cachedComponents?: number | undefined
  readonly coreInstances?: number | undefined
  readonly memories?: number | undefined
  readonly componentInstances?: number | undefined
  readonly instances?: number | undefined
  readonly calls?: number | undefined
  readonly relaxedSimd?: boolean | undefined
}

/**
 * A loaded component, shared by all its instances.
 *
 * @category models
 * @since 0.1.0
 */
export interface Component {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly digest: string
  readonly world: World
  readonly description: ComponentDescription
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Engine {
  /**
   * Decodes, checks, meters and compiles a component. The bytes are copied
   * first, and the copy is what is hashed, decoded and compiled. Bytes that were
   * loaded lately give the same component. Rejects with `DecodeError`.
   */
  readonly load: (bytes: Uint8Array) => Promise<Component>
  /**
   * Makes an instance; start functions run. Throws `LinkError` and, where a
   * start function or a segment fails, `Trap`.
   */
  readonly instantiate: (
    component: Component,
    options?: { readonly imports?: Imports | undefined; readonly limits?: Limits | undefined }
  ) => Instance
}

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Engine => new Host(options)

/**
 * What a component imports, exports and contains, as data.
 *
 * @category combinators
 * @since 0.1.0
 */
export const describe = (component: Component): ComponentDescription => component.description

/**
 * The world of a component as WIT text.
 *
 * @category combinators
 * @since 0.1.0
 */
export const toWit = (component: Component): string => WitText.print(component.world)

/** Tables in one instance: each is looked at when one of them grows. */
const mostTables = 256

/** Fuel of an import call besides what is copied. */
const importFuel = 100

class Loaded implements Component {
  readonly digest: string
  readonly description: ComponentDescription
  readonly plan: Plan

  constructor(digest: string, description: ComponentDescription, plan: Plan) {
    this.digest = digest
    this.description = description
    this.plan = plan
  }

  get world(): World {
    return this.description.world
  }
}

/** Suspended stacks outlive their engine otherwise. */
const abandoned = new FinalizationRegistry<Stacks>((stacks) => stacks.end())

class Host implements Engine {
  readonly #options: Options
  readonly #scheduler: Scheduler
  readonly #plans: PlanCache
  /** Components by digest. */
  readonly #recent: Recent<Loaded>
  readonly #bridge: Bridge
  readonly #stacks = new Stacks()
  /** Stores by id, until their instance is given up or nobody holds it any more. */
  readonly #stores: Array<Store | undefined> = []
  readonly #free: Array<number> = []
  readonly #collected = new FinalizationRegistry<number>((id) => {
    const store = this.#stores[id]
    if (store !== undefined) this.#release(store)
  })

  constructor(options: Options) {
    this.#options = options
    abandoned.register(this, this.#stacks)
    const { cache, clock = threadClock(), compilers = Compilers.thread } = options
    this.#plans = new PlanCache({
      means: { clock, compilers, relaxedSimd: options.relaxedSimd === true },
      cache,
      limits: this.#expansionLimits
    })
    this.#recent = new Recent(options.cachedComponents ?? 32)
    this.#scheduler = new Scheduler(clock, options.calls ?? 4_096)
    const store = (id: number) => this.#stores[Math.floor(id / maxCores)]
    this.#bridge = makeBridge({
      refill: (id, need) => store(id)?.refill(id % maxCores, need) ?? -1,
      resume: (id, need) => store(id)?.resume(id % maxCores, need) ?? Promise.resolve(-1),
      grow: (id, kind, amount) => store(id)?.grow(kind, amount) ?? -1
    })
  }

  readonly load = async (bytes: Uint8Array): Promise<Component> => {
    const copy = new Uint8Array(bytes)
    const digest = await sha256(copy)
    return this.#recent.get(digest, () => this.#load(copy, digest))
  }

  get #expansionLimits(): { readonly componentInstances: number; readonly coreInstances: number } {
    const { componentInstances = 256, coreInstances = 64 } = this.#options
    return { componentInstances, coreInstances: Math.min(coreInstances, maxCores) }
  }

  async #load(bytes: Uint8Array<ArrayBuffer>, digest: string): Promise<Loaded> {
    const kept = this.#plans.lookUp(digest)
    const { blueprint, description, modules } = await inTurns(parsing(bytes), new Turn(this.#scheduler.clock))
    await pause(bytes, this.#scheduler.clock)
    const expansion = expansionOf(blueprint, { ...this.#expansionLimits, work: 100_000 })
    const { world } = description
    const plan = await this.#plans.plan({ bytes, world, expansion, modules }, await kept)
    return new Loaded(digest, description, plan)
  }

  readonly instantiate: Engine["instantiate"] = (component, { imports = new Map(), limits = {} } = {}) => {
    if (!(component instanceof Loaded)) throw new TypeError("a component that was loaded by another engine")
    const { plan } = component
    const find = finder(imports)
    const hosts = bindHosts(plan, find)
    const bounds = boundsOf(limits)
    this.#admit(plan, bounds)
    const store = this.#store(plan, find, bounds)
    const linked = this.#link(plan, store, hosts)
    const instance = new Instance({
      store,
      exports: plan.exports,
      closures: (planned) =>
        planned.from === "lift" ? linked.closures.lifts[planned.lift] ?? undefined : passed(planned, hosts, store),
      promising: (planned) => promisingOf(planned.from === "lift" ? linked.func(planned.coreFunc) : undefined),
      kept: (planned, fresh) => {
        const lift = planned.from === "lift" ? plan.expansion.lifts[planned.lift] : undefined
        const func = lift === undefined ? undefined : linked.func(lift.core)
        return lift === undefined || func === undefined
          ? fresh
          : this.#stacks.promising(func, liftedType(lift.type), store, fresh)
      },
      destroy: (resource, rep) => {
        const one = plan.expansion.resources[resource]
        if (one?.from === "guest" && one.destructor !== undefined) linked.func(one.destructor)(rep)
      },
      costTable: CostTable.version,
      fuel: bound("fuel", limits.fuel, Infinity),
      queue: bound("queue", limits.queue, 64),
      release: () => this.#release(store)
    })
    this.#collected.register(instance, store.id, store)
    return instance
  }

  #link(plan: Plan, store: Store, hosts: ReadonlyArray<BoundHost>): Linked {
    try {
      return link(plan, store, hosts, this.#bridge)
    } catch (error) {
      this.#release(store)
      throw error
    }
  }

  #admit(plan: Plan, { memory, tableElements }: StoreLimits): void {
    const { bytes, elements, memories, tables } = factsOf(plan)
    if (bytes > memory) {
      throw new LinkError("MemoryLimit", `the component starts with ${bytes} bytes of memory, its limit is ${memory}`)
    }
    if (elements > tableElements) {
      throw new LinkError(
        "TableLimit",
        `the component starts with ${elements} elements in its tables, at most ${tableElements} are allowed`
      )
    }
    if (tables > mostTables) {
      throw new LinkError("TableLimit", `the component has ${tables} tables, at most ${mostTables} are allowed`)
    }
    const { instances = 4_096, memories: most = 8 } = this.#options
    if (memories > most) {
      throw new LinkError("MemoryLimit", `the component has ${memories} memories, at most ${most} are allowed`)
    }
    if (this.#stores.length - this.#free.length >= instances) {
      throw new LinkError("TooManyInstances", `there are ${instances} instances, which is the limit`)
    }
  }

  #store(plan: Plan, find: Find, limits: StoreLimits): Store {
    const id = this.#free.pop() ?? this.#stores.length
    const { parents, resources } = plan.expansion
    const store = new Store({
      id,
      limits,
      bridge: this.#bridge,
      scheduler: this.#scheduler,
      resources,
      tables: parents.map((_, component) => new HandleTable(component, limits.handles)),
      miss: MISS,
      dropped: (resource, value) => {
        const one = resources[resource]
        return one?.from === "host" ? find(one.owner, `[resource-drop]${one.name}`)?.call(value) : undefined
      }
    })
    this.#stores[id] = store
    return store
  }

  /** Gives the number of a store back, once. */
  #release(store: Store): void {
    if (this.#stores[store.id] !== store) return
    this.#collected.unregister(store)
    this.#stores[store.id] = undefined
    this.#free.push(store.id)
  }
}

const defaults = {
  memory: 64 * 1_024 * 1_024,
  tableElements: 100_000,
  handles: 65_536,
  lift: 4 * 1_024 * 1_024,
  stack: 400 * 1_024
}

/** A limit; what is no number from 0 on would be none. */
const bound = (name: string, value: number | undefined, otherwise: number): number => {
  const given = value ?? otherwise
  if (!(given >= 0)) throw new RangeError(`the limit ${name} is not a number from 0 on`)
  return Math.floor(given)
}

const boundsOf = (limits: Limits): StoreLimits => ({
  memory: bound("memory", limits.memory, defaults.memory),
  tableElements: bound("tableElements", limits.tableElements, defaults.tableElements),
  handles: bound("handles", limits.handles, defaults.handles),
  lift: bound("lift", limits.lift, defaults.lift),
  stack: Math.min(bound("stack", limits.stack, defaults.stack), defaults.stack)
})

type Find = (owner: string, name: string) => BoundHost | undefined

const finder = (imports: Imports): Find => {
  let byTrack: Map<string, ReadonlyMap<string, HostFunc>> | undefined
  const compatible = (owner: string) => {
    byTrack ??= new Map(Array.from(imports, ([id, functions]) => [track(id), functions]))
    return byTrack.get(track(owner))
  }
  return (owner, name) => {
    const found = (imports.get(owner) ?? compatible(owner))?.get(name)
    return found === undefined ? undefined : {
      call: found.call as BoundHost["call"],
      async: found.async ?? false,
      fuel: importFuel + bound(`fuel of ${name}`, found.fuel, 0)
    }
  }
}
