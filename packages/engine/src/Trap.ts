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
