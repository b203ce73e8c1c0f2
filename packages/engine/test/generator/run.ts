/**
 * Runs a generated module, metered or not, and writes down all that can be seen
 * of it: results, traps, exceptions, calls to the host, memories, globals and
 * tables.
 */
import { createHash } from "node:crypto"
import type { Metered } from "../../src/internal/core/meter.ts"
import { makeBridge } from "../../src/internal/link/bridge.ts"
import type { Generated } from "./generate.ts"
import { budgets } from "./generate.ts"

export interface Run {
  readonly log: ReadonlyArray<string>
  /** Whether the fuel ran out and was not filled up. */
  readonly stopped: boolean
  /** What was called and came to an end, in order, the start function first. */
  readonly calls: ReadonlyArray<Call>
}

export interface Call {
  /** What is known of it once the call trapped is less than it used. */
  readonly fuel: number
  readonly trapped: boolean
}

export interface Options {
  /** Fuel of each call. */
  readonly slice: number
  /** Whether a slice that is used up is followed by another. */
  readonly refill: boolean
  /** Bytes of stack. */
  readonly stack?: number
  /** Rounds of loops and calls of functions that each call may make. */
  readonly budget?: number
}

/** Rounds of loops and calls of functions that each call may make. */
const rounds = 60
const calls = 40

class Meter {
  stopped = false
  added = 0
  readonly #instance: WebAssembly.Instance
  readonly #names: Metered["names"]
  readonly #options: Options

  constructor(instance: WebAssembly.Instance, names: Metered["names"], options: Options) {
    this.#instance = instance
    this.#names = names
    this.#options = options
    const hooks = this.#table()
    const bridge = makeBridge({
      refill: (_, need) => this.#refill(need),
      resume: () => Promise.resolve(-1),
      grow: (_, kind) => this.#grow(kind)
    })
    hooks.set(0, bridge.refill)
    hooks.set(1, bridge.grow)
  }

  #table(): WebAssembly.Table {
    return this.#instance.exports[this.#names.hooks] as WebAssembly.Table
  }

  #call(name: string, ...args: ReadonlyArray<number>): number {
    return (this.#instance.exports[name] as (...args: ReadonlyArray<number>) => number)(...args)
  }

  #refill(need: number): number {
    if (!this.#options.refill) {
      this.stopped = true
      return -1
    }
    const more = need + this.#options.slice
    this.added += more
    return more
  }

  #grow(kind: number): number {
    if (kind < 2) return 1
    this.stopped = true
    return -1
  }

  begin(): void {
    const { slice, stack = 1 << 20 } = this.#options
    this.added = slice
    this.#call(this.#names.init, 7, stack)
    this.#call(this.#names.setFuel, slice)
  }

  get left(): number {
    return this.#call(this.#names.fuel)
  }
}

export const run = (
  { bytes, calls: toMake, pages }: Generated,
  metered: Pick<Metered, "bytes" | "names"> | undefined,
  options: Options = { slice: 2_000_000_000, refill: false }
): Run => {
  const log: Array<string> = []
  const module = new WebAssembly.Module(metered?.bytes ?? bytes)
  const imports = {
    h: {
      mix: (value: number) => {
        log.push(`mix ${value}`)
        return Math.imul(value, 3) + 1 | 0
      },
      tick: () => void log.push("tick"),
      memory: new WebAssembly.Memory({ initial: pages, maximum: 44 })
    }
  }
  const made = attempt(undefined, () => new WebAssembly.Instance(module, imports))
  if (made.value === undefined) return { log: [...log, made.failure], stopped: false, calls: [] }
  const instance = made.value
  const meter = metered && new Meter(instance, metered.names, options)
  const start = metered?.names.start
  const steps = start === undefined ? toMake : [{ name: start, args: [] }, ...toMake]
  const ended: Array<Call> = []
  for (const { args, name } of steps) {
    if (name !== start) {
      ;(instance.exports[budgets.rounds] as WebAssembly.Global).value = options.budget ?? rounds
      ;(instance.exports[budgets.calls] as WebAssembly.Global).value = options.budget ?? calls
    }
    meter?.begin()
    const at = name === start ? undefined : instance
    const { failure, value } = attempt(at, () => show((instance.exports[name] as CallableFunction)(...args)))
    if (meter?.stopped === true) break
    ended.push({ fuel: meter === undefined ? 0 : meter.added - meter.left, trapped: failure !== undefined })
    if (name === start && failure !== undefined) return { log: [...log, failure], stopped: false, calls: ended }
    if (name !== start) log.push(failure ?? `${name} ${value}`, state(instance))
  }
  return { log, stopped: meter?.stopped ?? false, calls: ended }
}

type Attempt<A> =
  | { readonly value: A; readonly failure?: undefined }
  | { readonly failure: string; readonly value?: undefined }

const attempt = <A>(at: WebAssembly.Instance | undefined, make: () => A): Attempt<A> => {
  try {
    return { value: make() }
  } catch (error) {
    return { failure: describe(error, at) }
  }
}

const describe = (error: unknown, instance: WebAssembly.Instance | undefined): string => {
  if (!(error instanceof WebAssembly.Exception)) return error instanceof Error ? error.message : String(error)
  for (const [name, value] of Object.entries(instance?.exports ?? {})) {
    if (!(value instanceof WebAssembly.Tag) || !error.is(value)) continue
    const count = [0, 1, 2][Number(name.slice(1))] ?? 0
    const numbers = Array.from({ length: count }, (_, index) => show(error.getArg(value, index)))
    return `exception ${name} ${numbers.join()}`
  }
  return "exception"
}

const show = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(show).join()}]`
  if (typeof value === "function") return `function ${value.name}`
  return Object.is(value, -0) ? "-0" : `${typeof value} ${String(value)}`
}

/** What is left in memories, globals and tables. */
const state = ({ exports }: WebAssembly.Instance): string => {
  const found: Array<string> = []
  for (const [name, value] of Object.entries(exports)) {
    if (!/^[mgt]\d+$/.test(name)) continue
    if (value instanceof WebAssembly.Memory) found.push(`${name} ${hash(new Uint8Array(value.buffer))}`)
    else if (value instanceof WebAssembly.Table) found.push(`${name} ${entries(value)}`)
    else if (value instanceof WebAssembly.Global) found.push(`${name} ${shown(value)}`)
  }
  return found.join("; ")
}

const entries = (table: WebAssembly.Table): string =>
  Array.from({ length: table.length }, (_, index) => show(table.get(index))).join()

/** A vector cannot be read from JavaScript. */
const shown = (global: WebAssembly.Global): string => {
  try {
    return show(global.value)
  } catch {
    return "?"
  }
}

const hash = (bytes: Uint8Array): string => `${bytes.length} ${createHash("md5").update(bytes).digest("hex")}`
