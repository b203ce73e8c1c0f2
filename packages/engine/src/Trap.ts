/**
 * Why a guest was stopped.
 *
 * A guest that traps is not entered again: its instance is poisoned. A typed
 * `result` of a guest is never a trap.
 *
 * @since 0.1.0
 */

import type { Receipt } from "./Receipt.ts"

/**
 * What stopped a guest. `InvalidValue` is a value or an address that the
 * canonical ABI does not allow, or more of them than the limits do;
 * `InvalidCall` is a call at a time when none may be made.
 *
 * @category models
 * @since 0.1.0
 */
export type TrapCategory =
  | "Unreachable"
  | "MemoryOutOfBounds"
  | "TableOutOfBounds"
  | "BadIndirectCall"
  | "IntegerOverflow"
  | "DivisionByZero"
  | "BadConversion"
  | "StackOverflow"
  | "OutOfFuel"
  | "Deadline"
  | "Cancelled"
  | "Denied"
  | "Revoked"
  | "HostFailure"
  | "InvalidValue"
  | "InvalidCall"
  | "UncaughtException"
  | "Other"

/**
 * What a `WebAssembly.RuntimeError` with this message says: V8 has no other way
 * of telling why a guest was stopped.
 *
 * @category combinators
 * @since 0.1.0
 */
export const categoryOf = (message: string): TrapCategory =>
  runtimeErrors.find(([pattern]) => pattern.test(message))?.[1] ?? "Other"

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

/**
 * A guest was stopped. `cause` is what a host function threw, for
 * `HostFailure` alone. `receipt` is what the call had cost until then, where the
 * call was measured.
 *
 * @category errors
 * @since 0.1.0
 */
export class Trap extends Error {
  readonly _tag = "Trap"
  override readonly name = "Trap"
  readonly category: TrapCategory
  receipt: Receipt | undefined = undefined

  constructor(category: TrapCategory, detail: string, options?: { readonly cause?: unknown }) {
    super(detail, options)
    this.category = category
  }
}

/**
 * Thrown by a host function, or what its promise is rejected with, to stop the
 * guest for this reason and no other. `cause` comes back as that of the `Trap`.
 *
 * @category errors
 * @since 0.1.0
 */
export class HostTrap extends Error {
  readonly _tag = "HostTrap"
  override readonly name = "HostTrap"
  readonly category: "Denied" | "Revoked" | "HostFailure" | "Cancelled"

  constructor(category: HostTrap["category"], detail: string, options?: { readonly cause?: unknown }) {
    super(detail, options)
    this.category = category
  }
}
