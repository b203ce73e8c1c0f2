/**
 * One linked instance, without Effect: what runs in the caller's thread in the
 * inline tier and in a thread of its own in the worker tier.
 *
 * A guest that failed in any untyped way is never entered again; `stopped` says
 * why. The host functions it reaches are exactly those of its plan.
 */
import { type Instantiate, type Lifting } from "./generated.ts"
import { classify, type Stop, Stopped, uncatchable } from "./traps.ts"

/**
 * An imported function: `slot` is the key under which jco looks the interface
 * up, `name` the normalised name of the function.
 */
export interface PlannedImport {
  readonly slot: string
  readonly name: string
  readonly result: boolean
}

/**
 * An exported function: `owner` is the interface's id, undefined for the world.
 */
export interface PlannedExport {
  readonly owner: string | undefined
  readonly name: string
}

/**
 * Everything a thread needs to make an instance. Can be cloned to a worker.
 */
export interface Plan {
  readonly source: string
  readonly modules: ReadonlyArray<{
    readonly name: string
    readonly module: WebAssembly.Module
    readonly instantiations: number
  }>
  readonly imports: ReadonlyArray<PlannedImport>
  readonly exports: ReadonlyArray<PlannedExport>
  /** Bytes that may be copied out of the memories before the host sees them. */
  readonly copies: number
}

/**
 * Kebab-case, camelCase and all their spellings name one thing here.
 */
export const normalise = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

/**
 * Bytes of the host that an array element and a string or typed array cost
 * beyond their content.
 */
const elementCost = 16
const objectCost = 64

/** Known to the type checker in none of its libraries. */
const { Suspending } = WebAssembly as unknown as { readonly Suspending: new(call: Callable) => unknown }

type Callable = (...args: ReadonlyArray<unknown>) => unknown

export class Guest {
  readonly functions: Array<Callable> = []
  stopped: Stop | undefined = undefined
  readonly #memories: Array<WebAssembly.Memory> = []
  readonly #own = new Set<unknown>()
  readonly #copies: number
  #left: number

  constructor(
    plan: Plan,
    instantiate: Instantiate,
    host: (index: number, args: ReadonlyArray<unknown>, guest: Guest) => unknown
  ) {
    this.#copies = plan.copies
    this.#left = plan.copies
    const modules = new Map(plan.modules.map((_) => [_.name, _.module]))
    const allowed = new Map(plan.modules.map((_) => [_.module, _.instantiations]))
    const link = (module: WebAssembly.Module, imports?: WebAssembly.Imports): WebAssembly.Instance => {
      const left = allowed.get(module) ?? 0
      if (left === 0) throw new Error("a core module is instantiated more often than its memory was counted")
      allowed.set(module, left - 1)
      const instance = new WebAssembly.Instance(module, this.#guardedImports(imports))
      for (const exported of Object.values(instance.exports)) {
        if (typeof exported === "function") this.#own.add(exported)
        else if (exported instanceof WebAssembly.Memory && !this.#memories.includes(exported)) {
          this.#memories.push(exported)
        }
      }
      return instance
    }
    let exports: unknown
    try {
      exports = instantiate((name) => modules.get(name)!, this.#imports(plan, host), link, this.#lifting())
    } catch (error) {
      throw new Stopped(this.failed(error))
    }
    for (const { name, owner } of plan.exports) this.functions.push(find(exports, owner, name))
  }

  /**
   * Bytes of all memories, at this moment.
   */
  memory(): number {
    let sum = 0
    for (const memory of this.#memories) sum += memory.buffer.byteLength
    return sum
  }

  /**
   * Gives the guest a fresh allowance of copies. Called before it runs on.
   */
  refill(): void {
    this.#left = this.#copies
  }

  /**
   * Stops the guest from inside one of its imports.
   */
  stop(stop: Stop): unknown {
    this.stopped ??= stop
    return uncatchable()
  }

  /**
   * Records what came out of a guest; the first reason stays.
   */
  failed(thrown: unknown): Stop {
    return this.stopped ??= classify(thrown)
  }

  /**
   * A function of JavaScript as the guest may call it: whatever it throws, also
   * while it lifts or lowers, stops the guest, which cannot catch it.
   */
  #guarded(call: Callable): Callable {
    const crossed = (error: unknown): never => {
      this.failed(error)
      throw uncatchable()
    }
    return (...args) => {
      try {
        const value = call(...args)
        return value instanceof Promise ? value.then(undefined, crossed) : value
      } catch (error) {
        return crossed(error)
      }
    }
  }

  #guardedImports(imports: WebAssembly.Imports = {}): WebAssembly.Imports {
    const isForeign = (value: unknown): value is Callable => typeof value === "function" && !this.#own.has(value)
    const guarded = (fields: WebAssembly.ModuleImports): WebAssembly.ModuleImports =>
      nullPrototype(
        Object.entries(fields).map(([name, value]) => [name, isForeign(value) ? this.#guarded(value) : value])
      )
    return nullPrototype(Object.entries(imports).map(([from, fields]) => [from, guarded(fields)]))
  }

  #imports(plan: Plan, host: (index: number, args: ReadonlyArray<unknown>, guest: Guest) => unknown): unknown {
    const slots: Record<string, unknown> = Object.create(null)
    const bySlot = new Map<string, Map<string, (...args: ReadonlyArray<unknown>) => unknown>>()
    plan.imports.forEach(({ name, slot }, index) => {
      let functions = bySlot.get(slot)
      if (functions === undefined) bySlot.set(slot, functions = new Map())
      functions.set(name, (...args) => {
        if (this.stopped !== undefined) throw uncatchable()
        this.refill()
        return host(index, args, this)
      })
    })
    for (const [slot, functions] of bySlot) {
      slots[slot] = new Proxy(Object.freeze(Object.create(null)), {
        get: (_, key) =>
          typeof key === "string"
            ? functions.get(key === "default" ? "" : normalise(key)) ?? functions.get(normalise(key))
            : undefined
      })
    }
    return slots
  }

  #lifting(): Lifting {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    const utf16 = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true })
    const spend = (bytes: number): void => {
      this.#left -= bytes
      if (this.#left < 0) {
        this.stopped ??= { category: "InvalidValue", detail: `a value of more than ${this.#copies} bytes` }
        throw uncatchable()
      }
    }
    const decode = (decoder: TextDecoder) => (view: ArrayBufferView): string => {
      spend(view.byteLength + objectCost)
      return decoder.decode(view)
    }
    const copy = (buffer: ArrayBuffer, from: number, to: number): ArrayBuffer => {
      const start = from >>> 0
      const end = start + (to - from)
      if (end < start || end > buffer.byteLength) throw new RangeError("a list is out of bounds of its memory")
      spend(end - start + objectCost)
      return buffer.slice(start, end)
    }
    return {
      utf8: { decode: decode(utf8) },
      utf16: { decode: decode(utf16) },
      copy,
      numbers: (type, buffer, from, to) => {
        const view = new type(copy(buffer, from, to))
        spend(view.length * elementCost)
        return Array.from(view)
      },
      suspending: (call) => new Suspending(this.#guarded(call)),
      list: (length) => {
        spend((length >>> 0) * elementCost + objectCost)
        return []
      }
    }
  }
}

/** Names of core modules, `__proto__` among them, as own keys. */
const nullPrototype = <A>(entries: ReadonlyArray<readonly [string, A]>): Record<string, A> => {
  const table: Record<string, A> = Object.create(null)
  for (const [key, value] of entries) table[key] = value
  return table
}

const own = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined

const find = (
  exports: unknown,
  owner: string | undefined,
  name: string
): (...args: ReadonlyArray<unknown>) => unknown => {
  const table = owner === undefined ? exports : own(exports, owner)
  const key = Object.keys(table ?? {}).filter((_) => normalise(_) === normalise(name))
  const found = key.length === 1 ? own(table, key[0]!) : undefined
  if (typeof found !== "function") {
    throw new Error(`jco gives no export ${owner === undefined ? name : `${owner}#${name}`}`)
  }
  return found as (...args: ReadonlyArray<unknown>) => unknown
}
