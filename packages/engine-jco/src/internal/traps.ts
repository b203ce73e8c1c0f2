/**
 * Why a guest stopped, read off what V8, jco or the host threw.
 */
import type { TrapCategory } from "airssys/component/ComponentError"

/**
 * The category and the text of one stop.
 */
export interface Stop {
  readonly category: TrapCategory
  readonly detail: string
}

const runtimeErrors: ReadonlyArray<readonly [pattern: RegExp, category: TrapCategory]> = [
  [/unreachable/, "Unreachable"],
  [/memory access out of bounds|out of bounds memory access|data segment|memory index/, "MemoryOutOfBounds"],
  [/table (index|access|element)|element segment|undefined element|out of bounds table/, "TableOutOfBounds"],
  [
    /null function|signature mismatch|indirect call|dereferencing a null|uninitialized element|null reference/,
    "BadIndirectCall"
  ],
  [/divide result unrepresentable|integer overflow/, "IntegerOverflow"],
  [/divide by zero|remainder by zero|division by zero/, "DivisionByZero"],
  [/float unrepresentable|invalid conversion to integer/, "BadConversion"],
  [/stack overflow|call stack exhausted/, "StackOverflow"]
]

const rangeErrors: ReadonlyArray<readonly [pattern: RegExp, category: TrapCategory]> = [
  [/call stack/, "StackOverflow"],
  [/offset|bounds|length|buffer/i, "MemoryOutOfBounds"]
]

const lookup = (
  table: ReadonlyArray<readonly [pattern: RegExp, category: TrapCategory]>,
  message: string,
  otherwise: TrapCategory
): TrapCategory => table.find(([pattern]) => pattern.test(message))?.[1] ?? otherwise

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
    return { category: lookup(runtimeErrors, thrown.message, "Other"), detail: trap(thrown.message) }
  }
  if (thrown instanceof RangeError) {
    return { category: lookup(rangeErrors, thrown.message, "Other"), detail: trap(thrown.message) }
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
