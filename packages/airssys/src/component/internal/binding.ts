/** What this host does with one function that a guest may import. */
import type { CapabilityKind } from "../../security/CapabilityKind.ts"
import * as HostFunction from "../HostFunction.ts"

/** A function of `airssys:core` or of the host program. */
export interface Served {
  readonly _tag: "Served"
  readonly function: HostFunction.HostFunction
}

/** For every guest. */
export interface Open {
  readonly _tag: "Open"
  readonly gives: string
}

/** Reaches nothing real; with the capability, where there is one, what it stands for. */
export interface Inert {
  readonly _tag: "Inert"
  readonly gives: string
  readonly kind: CapabilityKind | undefined
  /** Whether a guest that holds the capability relies on it, and is stopped where it cannot have it. */
  readonly isReliedOn: boolean
}

/** A method of a resource that no guest is ever given. */
export interface Unreachable {
  readonly _tag: "Unreachable"
  readonly because: string
}

/** What is given in place of WASI. */
export type Wasi = Open | Inert | Unreachable

export type Binding = Served | Wasi

export const open = (gives: string): Open => ({ _tag: "Open", gives })

export const inert = (gives: string, kind?: CapabilityKind): Inert => ({
  _tag: "Inert",
  gives,
  kind,
  isReliedOn: false
})

export const reliedOn = (gives: string, kind: CapabilityKind): Inert => ({ ...inert(gives, kind), isReliedOn: true })

/** The capabilities by which a function does more than without them. */
export const kindsOf = (binding: Binding): ReadonlyArray<CapabilityKind> => {
  switch (binding._tag) {
    case "Served":
      return HostFunction.kinds(binding.function)
    case "Inert":
      return binding.kind === undefined ? [] : [binding.kind]
    default:
      return []
  }
}
