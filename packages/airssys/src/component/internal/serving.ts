/** WASI's functions under what the table of bindings says of them. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CapabilityEnforcer } from "../../security/CapabilityEnforcer.ts"
import type { CapabilityKind } from "../../security/CapabilityKind.ts"
import type { Recorded } from "../../security/Decision.ts"
import type { Explanation } from "../../security/Explanation.ts"
import { Correlation, type Principal } from "../../security/Principal.ts"
import type { HostFunction, HostTrap } from "../ComponentEngine.ts"
import type { Delivery } from "../Delivery.ts"
import type { Inert, Wasi } from "./binding.ts"
import type { ComponentCalls } from "./componentCalls.ts"

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

/**
 * Tells the host of a grant that its instance was made before, where the uses
 * have to be recorded first: its functions cannot wait for that, and are denied.
 */
export const tellOfGrant = (
  enforcer: CapabilityEnforcer["Service"],
  calls: ComponentCalls,
  principal: Principal,
  kind: CapabilityKind,
  resource: string
): void => {
  const decision = enforcer.check(principal, kind, resource)
  if (decision._tag === "Denied" || decision.isBeforeUse !== true) return
  calls.tell(
    `${principal.label}: ${kind} was granted with audit = "before-use" while it ran, and is denied until it is started again`
  )
}

/**
 * Gives the function that makes an import of one guest. What it uses of the
 * kinds of `beforeUse` has to be durable in the audit log before, and waits.
 */
export const binder = (
  enforcer: CapabilityEnforcer["Service"],
  guest: Caller,
  beforeUse: ReadonlySet<CapabilityKind>,
  calls: ComponentCalls
) => {
  const isWithout = (kind: CapabilityKind, onBehalfOf: ReadonlyArray<Principal>): boolean =>
    enforcer.check(guest.principal, kind, "", onBehalfOf)._tag === "Denied"

  /** Whether the use was let in. A guest that relies on it is stopped where it was not. */
  const isLetIn = (kind: CapabilityKind, isReliedOn: boolean, { decision, entry }: Recorded): boolean => {
    if (decision._tag === "Allowed") return true
    if (!isReliedOn) return false
    guest.denied(decision.explanation, entry)
    return stop("Denied", `${kind} is granted, and its use cannot be recorded`)
  }

  /** To be without it is no denial, and a use of the inert form is recorded as such. */
  const takes = ({ isReliedOn, kind }: Inert): boolean => {
    if (kind === undefined) return false
    const { correlation, onBehalfOf } = guest.delivery() ?? nobody
    if (isWithout(kind, onBehalfOf)) return false
    const recorded = enforcer.decideUnsafe(guest.principal, kind, "", onBehalfOf, correlation)
    if (recorded.decision._tag === "Denied") tellOfGrant(enforcer, calls, guest.principal, kind, "")
    return isLetIn(kind, isReliedOn, recorded)
  }

  const inertly = (name: string, given: Function, args: Args): unknown => {
    guest.inert(name)
    return given(false, ...args)
  }

  const recorded = (name: string, kind: CapabilityKind, isReliedOn: boolean, given: Function) => (args: Args) => {
    const { correlation, onBehalfOf } = guest.delivery() ?? nobody
    if (isWithout(kind, onBehalfOf)) return Exit.succeed(inertly(name, given, args))
    return enforcer.decide(guest.principal, kind, "", onBehalfOf).pipe(
      Effect.map((decided) => isLetIn(kind, isReliedOn, decided) ? given(true, ...args) : inertly(name, given, args)),
      Effect.provideService(Correlation, correlation)
    )
  }

  const called = (name: string, binding: Wasi, given: Function) => {
    switch (binding._tag) {
      case "Open":
        return (args: Args) => given(false, ...args)
      case "Inert":
        return (args: Args) => takes(binding) ? given(true, ...args) : inertly(name, given, args)
      case "Unreachable":
        return () => stop("Denied", binding.because)
    }
  }

  return (name: string, binding: Wasi, given: Function = missing): HostFunction => {
    const kind = binding._tag === "Inert" ? binding.kind : undefined
    return binding._tag === "Inert" && kind !== undefined && beforeUse.has(kind)
      ? { _tag: "Async", call: recorded(name, kind, binding.isReliedOn, given) }
      : { _tag: "Sync", call: called(name, binding, given) }
  }
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
