/**
 * Classifies what came out of a guest.
 */
import { Trap } from "../../Trap.ts"
import type { TrapCategory } from "../../Trap.ts"

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

export const classify = (thrown: unknown): Trap => {
  if (thrown instanceof Trap) return thrown
  if (thrown instanceof WebAssembly.RuntimeError) {
    const found = runtimeErrors.find(([pattern]) => pattern.test(thrown.message))
    return new Trap(found?.[1] ?? "Other", `trap: ${thrown.message}`)
  }
  if (thrown instanceof WebAssembly.Exception) {
    return new Trap("UncaughtException", "an exception left the guest")
  }
  if (thrown instanceof RangeError && /call stack/.test(thrown.message)) {
    return new Trap("StackOverflow", "trap: the stack of the host is used up")
  }
  return new Trap("Other", "an unknown failure", { cause: thrown })
}
