/**
 * Classifies what came out of a guest.
 */
import { categoryOf, Trap } from "../../Trap.ts"

export const classify = (thrown: unknown): Trap => {
  if (thrown instanceof Trap) return thrown
  if (thrown instanceof WebAssembly.RuntimeError) {
    return new Trap(categoryOf(thrown.message), `trap: ${thrown.message}`)
  }
  if (thrown instanceof WebAssembly.Exception) {
    return new Trap("UncaughtException", "an exception left the guest")
  }
  if (thrown instanceof RangeError && /call stack/.test(thrown.message)) {
    return new Trap("StackOverflow", "trap: the stack of the host is used up")
  }
  return new Trap("Other", "an unknown failure", { cause: thrown })
}

const isOfMemory = ({ category }: Trap): boolean => category === "Unreachable" || category === "MemoryOutOfBounds"

/** The same of a guest that was refused more memory, which allocators answer by stopping. */
export const classifyFull = (thrown: unknown, most: number): Trap => {
  const trap = classify(thrown)
  return isOfMemory(trap)
    ? new Trap(trap.category, `${trap.message}, after its memory could not grow beyond ${most} bytes`)
    : trap
}
