import { meter } from "../../src/internal/core/meter.ts"
import { assemble } from "./components.ts"

/** What the host would do for one metered instance. */
export interface Host {
  /** Called when the fuel is negative; gives what to add, or nothing to stop the guest. */
  readonly refill?: (needed: number) => number | undefined
  readonly grow?: (kind: "memory" | "table", amount: number) => boolean
  /** Fuel that there is before anything runs. */
  readonly fuel?: number
  readonly stack?: number
  readonly imports?: WebAssembly.Imports
}

export interface Running {
  readonly exports: Record<string, (...args: ReadonlyArray<unknown>) => unknown>
  readonly module: ReturnType<typeof meter>
  /** Fuel used since the last call of this function. */
  readonly used: () => number
  readonly setFuel: (fuel: number) => void
  readonly fuel: () => number
  /** The lowest fuel that the host has seen. */
  readonly lowest: () => number
  readonly overflows: () => number
}

let drawn = 0
export const randomName = (): string => `random ${drawn++}`

/** Hooks with the types that a metered module asks for; a result of 0 traps in the guest. */
const bridge = new WebAssembly.Module(
  await assemble(
    `(module (import "h" "refill" (func $r (param i32 i32) (result i32)))
      (import "h" "ask" (func $a (param i32 i32 i32) (result i32)))
      (func (export "refill") (param i32 i32) (result i32) (local i32)
        (local.set 2 (call $r (local.get 0) (local.get 1)))
        (if (i32.eqz (local.get 2)) (then (unreachable))) (local.get 2))
      (func (export "ask") (param i32 i32 i32) (result i32)
        (call $a (local.get 0) (local.get 1) (local.get 2))
        (if (i32.eq (local.get 1) (i32.const 2)) (then (unreachable)))))`
  ) as Uint8Array<ArrayBuffer>
)

const instanceOf = (module: WebAssembly.Module, imports?: WebAssembly.Imports) =>
  new WebAssembly.Instance(module, imports).exports as Record<string, never>

/** Meters a module and runs it under a host. */
export const run = (bytes: Uint8Array, host: Host = {}): Running => {
  const metered = meter(bytes, { randomName })
  const exports = instanceOf(new WebAssembly.Module(metered.bytes), host.imports) as unknown as Running["exports"]
  const { names } = metered
  let added = 0
  let lowest = 0
  let overflows = 0
  const hooks = instanceOf(bridge, {
    h: {
      refill: (_id: number, needed: number): number => {
        lowest = Math.min(lowest, -needed)
        const amount = host.refill === undefined ? needed + 1_000_000 : host.refill(needed) ?? 0
        added += amount
        return amount
      },
      ask: (_id: number, kind: number, amount: number): number => {
        if (kind === 2) {
          overflows++
          return 0
        }
        const allowed = host.grow?.(kind === 0 ? "memory" : "table", amount >>> 0) ?? true
        return allowed ? 1 : 0
      }
    }
  })
  const call = (name: string, ...args: ReadonlyArray<number>): number => Number(exports[name]?.(...args))
  const table = exports[names.hooks] as unknown as WebAssembly.Table
  table.set(0, hooks["refill"])
  table.set(1, hooks["ask"])
  call(names.init, 7, host.stack ?? 262_144)
  const fuel = (): number => call(names.fuel)
  const setFuel = (left: number): void => {
    call(names.setFuel, left)
    added = left
  }
  setFuel(host.fuel ?? 1_000_000)
  if (names.start !== undefined) call(names.start)
  return {
    exports,
    module: metered,
    used: () => {
      const used = added - fuel()
      added = fuel()
      return used
    },
    setFuel,
    fuel,
    lowest: () => lowest,
    overflows: () => overflows
  }
}

/** The module as it is. */
export const original = (bytes: Uint8Array, imports?: WebAssembly.Imports): Running["exports"] =>
  instanceOf(new WebAssembly.Module(Uint8Array.from(bytes)), imports) as unknown as Running["exports"]

/** What a call gives, or how it fails. */
export const outcome = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    if (error instanceof WebAssembly.Exception) return "exception"
    if (error instanceof WebAssembly.RuntimeError) return error.message
    throw error
  }
}
