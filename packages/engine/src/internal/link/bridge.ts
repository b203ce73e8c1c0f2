/**
 * The core functions through which metered modules reach the host. What stops
 * a guest is a real `unreachable` in here: no `catch_all` sees the error.
 */

import { moduleOf } from "./coreBytes.ts"

/** What metered modules ask; none of these may throw. Negative answers stop the guest. */
export interface Requests {
  /** Fuel to add; 0 asks to be suspended first. */
  readonly refill: (id: number, need: number) => number
  /** Fuel to add, once the guest may go on. */
  readonly resume: (id: number, need: number) => Promise<number>
  /** 1 or 0: whether a memory or a table may grow. */
  readonly grow: (id: number, kind: number, amount: number) => number
}

export interface Bridge {
  readonly refill: CallableFunction
  readonly grow: CallableFunction
  readonly trap: () => never
}

/** `(func (param id need) (result i32))`: asks once, is suspended where the answer is 0, and asks no more. */
const refill = [
  [0x20, 0, 0x20, 1, 0x10, 0, 0x22, 2, 0x41, 0, 0x4a, 0x04, 0x40, 0x20, 2, 0x0f, 0x0b],
  [0x20, 2, 0x45, 0x04, 0x40],
  [0x20, 0, 0x20, 1, 0x10, 1, 0x22, 2, 0x41, 0, 0x4a, 0x04, 0x40, 0x20, 2, 0x0f, 0x0b, 0x0b],
  [0x00]
].flat()

/** `(func (param id kind amount) (result i32))`: stops the guest where the answer is negative. */
const grow = [0x20, 0, 0x20, 1, 0x20, 2, 0x10, 2, 0x22, 3, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b, 0x20, 3]

const module = moduleOf({
  types: [
    { params: ["i32", "i32"], results: ["i32"] },
    { params: ["i32", "i32", "i32"], results: ["i32"] },
    { params: [], results: [] }
  ],
  imports: [
    { module: "h", name: "r", type: 0 },
    { module: "h", name: "s", type: 0 },
    { module: "h", name: "g", type: 1 }
  ],
  exports: [
    { name: "r", type: 0, locals: ["i32"], code: refill },
    { name: "g", type: 1, locals: ["i32"], code: grow },
    { name: "t", type: 2, code: [0x00] }
  ]
})

interface Suspending {
  new(run: (...args: Array<never>) => unknown): object
}

interface WithPromises {
  readonly Suspending?: Suspending
  readonly promising?: (run: CallableFunction) => (...args: Array<unknown>) => Promise<unknown>
}

/** JSPI, where the runtime has it. */
export const jspi = (): Required<WithPromises> | undefined => {
  const { Suspending, promising } = WebAssembly as WithPromises
  return Suspending === undefined || promising === undefined ? undefined : { Suspending, promising }
}

export const makeBridge = (requests: Requests): Bridge => {
  const suspending = jspi()
  const instance = new WebAssembly.Instance(module, {
    h: {
      r: requests.refill,
      s: suspending === undefined ? () => -1 : new suspending.Suspending(requests.resume) as CallableFunction,
      g: requests.grow
    }
  })
  const { g, r, t } = instance.exports
  return { refill: r as CallableFunction, grow: g as CallableFunction, trap: t as () => never }
}
