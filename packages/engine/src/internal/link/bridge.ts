/**
 * The core functions through which metered modules reach the host. What stops
 * a guest is a real `unreachable` in here: no `catch_all` sees the error.
 */

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

const i32 = 0x7f
const imported = (name: string, type: number) => [1, 0x68, 1, name.charCodeAt(0), 0, type]
const exported = (name: string, func: number) => [1, name.charCodeAt(0), 0, func]
const section = (id: number, content: ReadonlyArray<number>) => [id, content.length, ...content]
const body = (...parts: ReadonlyArray<ReadonlyArray<number>>) => [parts.flat().length, ...parts.flat()]

/** `(func (param id need) (result i32))`: asks once, is suspended where the answer is 0, and asks no more. */
const refill = body(
  [1, 1, i32],
  [0x20, 0, 0x20, 1, 0x10, 0, 0x22, 2, 0x41, 0, 0x4a, 0x04, 0x40, 0x20, 2, 0x0f, 0x0b],
  [0x20, 2, 0x45, 0x04, 0x40],
  [0x20, 0, 0x20, 1, 0x10, 1, 0x22, 2, 0x41, 0, 0x4a, 0x04, 0x40, 0x20, 2, 0x0f, 0x0b, 0x0b],
  [0x00, 0x0b]
)

const grow = body(
  [1, 1, i32],
  [0x20, 0, 0x20, 1, 0x20, 2, 0x10, 2, 0x22, 3, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b, 0x20, 3, 0x0b]
)

const preamble = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

const bytes = Uint8Array.from([
  ...preamble,
  ...section(1, [3, 0x60, 2, i32, i32, 1, i32, 0x60, 3, i32, i32, i32, 1, i32, 0x60, 0, 0]),
  ...section(2, [3, ...imported("r", 0), ...imported("s", 0), ...imported("g", 1)]),
  ...section(3, [3, 0, 1, 2]),
  ...section(7, [3, ...exported("r", 3), ...exported("g", 4), ...exported("t", 5)]),
  ...section(10, [3, ...refill, ...grow, ...body([0, 0x00, 0x0b])])
])

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
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    h: {
      r: requests.refill,
      s: suspending === undefined ? () => -1 : new suspending.Suspending(requests.resume) as CallableFunction,
      g: requests.grow
    }
  })
  const { g, r, t } = instance.exports
  return { refill: r as CallableFunction, grow: g as CallableFunction, trap: t as () => never }
}
