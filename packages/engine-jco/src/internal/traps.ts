/**
 * Why a guest stopped, read off what V8, jco or the host threw.
 */
import type { TrapCategory } from "airssys/component/ComponentError"
import * as Category from "airssys/component/TrapCategory"

/**
 * The category and the text of one stop.
 */
export interface Stop {
  readonly category: TrapCategory
  readonly detail: string
}

const rangeErrors: ReadonlyArray<readonly [pattern: RegExp, category: TrapCategory]> = [
  [/call stack/, "StackOverflow"],
  [/offset|bounds|length|buffer/i, "MemoryOutOfBounds"]
]

const trap = (message: string): string => `trap: ${message.replace(/^wasm trap: /, "")}`

/**
 * Carries the reason of a stop out of a constructor.
 */
export class Stopped extends Error {
  readonly stop: Stop

  constructor(stop: Stop) {
    super(stop.detail)
    this.stop = stop
  }
}

/**
 * Classifies anything thrown out of a guest. A TypeError comes from lifting: the
 * guest returned bytes that are no value of the declared type.
 */
export const classify = (thrown: unknown): Stop => {
  if (thrown instanceof Stopped) return thrown.stop
  if (thrown instanceof WebAssembly.RuntimeError) {
    return { category: Category.of(thrown.message), detail: trap(thrown.message) }
  }
  if (thrown instanceof RangeError) {
    const category = rangeErrors.find(([pattern]) => pattern.test(thrown.message))?.[1] ?? "Other"
    return { category, detail: trap(thrown.message) }
  }
  if (thrown instanceof TypeError) {
    return { category: "InvalidValue", detail: `the guest produced an invalid value: ${thrown.message}` }
  }
  return { category: "Other", detail: thrown instanceof Error ? thrown.message : "an unknown failure" }
}

const unreachable = new WebAssembly.Instance(
  new WebAssembly.Module(
    Uint8Array.of(
      0,
      97,
      115,
      109,
      1,
      0,
      0,
      0,
      1,
      4,
      1,
      96,
      0,
      0,
      3,
      2,
      1,
      0,
      7,
      5,
      1,
      1,
      116,
      0,
      0,
      10,
      5,
      1,
      3,
      0,
      0,
      11
    )
  )
).exports["t"] as () => void

/**
 * An error that no guest can catch: V8 marks the errors of real traps, and
 * `catch_all` does not see them, thrown or as a rejection.
 */
export const uncatchable = (): unknown => {
  try {
    unreachable()
  } catch (error) {
    return error
  }
  return undefined
}
