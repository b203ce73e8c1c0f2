/** Host functions under what the table of bindings says of them. */
import type { CapabilityEnforcer } from "../../security/CapabilityEnforcer.ts"
import type { CapabilityKind } from "../../security/CapabilityKind.ts"
import type { Explanation } from "../../security/Explanation.ts"
import type { Principal } from "../../security/Principal.ts"
import type { HostFunction, HostTrap } from "../ComponentEngine.ts"
import type { Delivery } from "../Delivery.ts"
import type { Binding, Guarded, Inert } from "./binding.ts"

/** Does it, or gives the error value of a denial. */
export type Guard = (resource: string, use: () => unknown) => unknown

/** Whether the capability is held; records nothing. */
export type Holds = (resource: string) => boolean

type Args = ReadonlyArray<unknown>

/** What stands behind a binding. Of an inert function, `real` says that the capability is held and its use recorded. */
type FunctionOf<B> = B extends Guarded ? (guard: Guard, ...args: Args) => unknown
  : B extends Inert ? (real: boolean, ...args: Args) => unknown
  : (holds: Holds, ...args: Args) => unknown

/** One function for each binding of a table. */
export type Functions<Table> = {
  readonly [I in keyof Table]: { readonly [F in keyof Table[I]]: FunctionOf<Table[I][F]> }
}

export type Function = (...args: ReadonlyArray<never>) => unknown

interface Caller {
  readonly principal: Principal
  /** The message that is being handled. */
  readonly delivery: () => Delivery | undefined
  readonly inert: (name: string) => void
  readonly denied: (explanation: Explanation, entry: number | undefined) => void
}

const denial = { tag: "err", val: { tag: "access-denied" } } as const

/** Gives the function that makes an import of one guest. */
export const binder = (enforcer: CapabilityEnforcer["Service"], guest: Caller) => {
  const holds = (kind: CapabilityKind, resource: string): boolean =>
    enforcer.check(guest.principal, kind, resource, guest.delivery()?.onBehalfOf)._tag === "Allowed"

  const decide = (kind: CapabilityKind, resource: string) => {
    const delivery = guest.delivery()
    return enforcer.decideUnsafe(guest.principal, kind, resource, delivery?.onBehalfOf, delivery?.correlation)
  }

  const guard = (kind: CapabilityKind, resource: string, use: () => unknown): unknown => {
    const { decision, entry } = decide(kind, resource)
    if (decision._tag === "Allowed") return use()
    guest.denied(decision.explanation, entry)
    return denial
  }

  /** To be without it is no denial, and a use of the inert form is recorded as such. */
  const takes = ({ isReliedOn, kind }: Inert): boolean => {
    if (kind === undefined || !holds(kind, "")) return false
    const { decision, entry } = decide(kind, "")
    if (decision._tag === "Allowed") return true
    if (!isReliedOn) return false
    guest.denied(decision.explanation, entry)
    return stop("Denied", `${kind} is granted, and its use cannot be recorded`)
  }

  const called = (name: string, binding: Binding, given: (...args: ReadonlyArray<unknown>) => unknown) => {
    switch (binding._tag) {
      case "Open": {
        const { kind } = binding
        const held: Holds = kind === undefined ? () => false : (resource) => holds(kind, resource)
        return (args: Args) => given(held, ...args)
      }
      case "Guarded": {
        const guarded: Guard = (resource, use) => guard(binding.kind, resource, use)
        return (args: Args) => given(guarded, ...args)
      }
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

  return (name: string, binding: Binding, given: Function | undefined): HostFunction => ({
    _tag: "Sync",
    call: called(name, binding, (given ?? missing) as (...args: ReadonlyArray<unknown>) => unknown)
  })
}

/** The types of the tables leave no binding without its function. */
const missing = (): never => stop("HostFailure", "this host has no such function")

/** Stops the guest that called. */
export const stop = (category: HostTrap["category"], detail: string): never => {
  const trap: HostTrap = { _tag: "HostTrap", category, detail }
  throw trap
}
