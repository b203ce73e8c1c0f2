/** WASI's functions under what the table of bindings says of them. */
import type { CapabilityEnforcer } from "../../security/CapabilityEnforcer.ts"
import type { Explanation } from "../../security/Explanation.ts"
import type { Principal } from "../../security/Principal.ts"
import type { HostFunction, HostTrap } from "../ComponentEngine.ts"
import type { Delivery } from "../Delivery.ts"
import type { Inert, Wasi } from "./binding.ts"

type Args = ReadonlyArray<unknown>

/**
 * What stands behind a binding. Of an inert function, `real` says that the
 * capability is held and its use recorded; of an open one it is false.
 */
export type Function = (real: boolean, ...args: Args) => unknown

/** One function for each binding of a table. */
export type Functions<Table> = {
  readonly [I in keyof Table]: { readonly [F in keyof Table[I]]: Function }
}

export interface Caller {
  readonly principal: Principal
  /** The message that is being handled. */
  readonly delivery: () => Delivery | undefined
  readonly inert: (name: string) => void
  readonly denied: (explanation: Explanation, entry: number | undefined) => void
}

/** Gives the function that makes an import of one guest. */
export const binder = (enforcer: CapabilityEnforcer["Service"], guest: Caller) => {
  /** To be without it is no denial, and a use of the inert form is recorded as such. */
  const takes = ({ isReliedOn, kind }: Inert): boolean => {
    if (kind === undefined) return false
    const { correlation, onBehalfOf } = guest.delivery() ?? nobody
    if (enforcer.check(guest.principal, kind, "", onBehalfOf)._tag === "Denied") return false
    const { decision, entry } = enforcer.decideUnsafe(guest.principal, kind, "", onBehalfOf, correlation)
    if (decision._tag === "Allowed") return true
    if (!isReliedOn) return false
    guest.denied(decision.explanation, entry)
    return stop("Denied", `${kind} is granted, and its use cannot be recorded`)
  }

  const called = (name: string, binding: Wasi, given: Function) => {
    switch (binding._tag) {
      case "Open":
        return (args: Args) => given(false, ...args)
      case "Inert":
        return (args: Args) => {
          const real = takes(binding)
          if (!real) guest.inert(name)
          return given(real, ...args)
        }
      case "Unreachable":
        return () => stop("Denied", binding.because)
    }
  }

  return (name: string, binding: Wasi, given: Function | undefined): HostFunction => ({
    _tag: "Sync",
    call: called(name, binding, given ?? missing)
  })
}

const nobody = { correlation: undefined, onBehalfOf: [] }

/** The types of the tables leave no binding without its function. */
const missing = (): never => stop("HostFailure", "this host has no such function")

/** Stops the guest that called. */
export const stop = (category: HostTrap["category"], detail: string): never => {
  throw trap(category, detail)
}

export const trap = (category: HostTrap["category"], detail: string): HostTrap => ({
  _tag: "HostTrap",
  category,
  detail
})
