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
