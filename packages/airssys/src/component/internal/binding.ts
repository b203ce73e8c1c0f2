/** What this host does with one function that a guest may import. */
import type { CapabilityKind } from "../../security/CapabilityKind.ts"

/** For every guest. `kind`, where there is one, changes what it answers. */
export interface Open {
  readonly _tag: "Open"
  readonly gives: string
  readonly kind: CapabilityKind | undefined
}

/** Answers `access-denied` without the capability. */
export interface Guarded {
  readonly _tag: "Guarded"
  readonly kind: CapabilityKind
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

export type Binding = Open | Guarded | Inert | Unreachable

export const open = (gives: string, kind?: CapabilityKind): Open => ({ _tag: "Open", gives, kind })

export const guarded = (kind: CapabilityKind): Guarded => ({ _tag: "Guarded", kind })

export const inert = (gives: string, kind?: CapabilityKind): Inert => ({
  _tag: "Inert",
  gives,
  kind,
  isReliedOn: false
})

export const reliedOn = (gives: string, kind: CapabilityKind): Inert => ({ ...inert(gives, kind), isReliedOn: true })

/** The capability by which a function does more than without it. */
export const kindOf = (binding: Binding): CapabilityKind | undefined =>
  binding._tag === "Unreachable" ? undefined : binding.kind
