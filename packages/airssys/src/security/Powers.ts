/**
 * Where the powers behind capabilities come from.
 *
 * A source narrows what the host has to one resource of one principal. It is
 * given a `Lease`, and every operation of the power it makes goes through
 * `lease.use`: the grant is checked again at each use, so a revocation is seen
 * at the next one. A capability without a source gives nothing.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import type * as CapabilityKind from "./CapabilityKind.ts"
import type { Allowed } from "./Decision.ts"
import type { Principal } from "./Principal.ts"

/**
 * A principal's hold on one resource of one kind, which ends when no grant
 * allows it any more.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease {
  readonly principal: Principal
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: string
  /** What allowed it when it was required. */
  readonly decision: Allowed
  /** Runs an effect if the grant is live, and records the use either way. */
  readonly use: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | CapabilityError, R>
}

/**
 * How the power of one capability class is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  /** Key of the capability in a context. */
  readonly key: string
  /** The capability class itself, compared by reference. */
  readonly capability: unknown
  readonly make: (lease: Lease) => unknown
}

/**
 * The sources that an enforcer knows, by the key of their capability. None by
 * default.
 *
 * @category references
 * @since 0.1.0
 */
export const Powers: Context.Reference<ReadonlyMap<string, Source>> = Context.Reference<ReadonlyMap<string, Source>>(
  "airssys/security/Powers",
  { defaultValue: () => new Map() }
)

/**
 * Says how the power of a capability is made.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = <Id, Power>(
  capability: Context.Key<Id, Power>,
  make: (lease: Lease) => Power
): Source => ({ key: capability.key, capability, make })

/**
 * Provides the sources, to be given to `CapabilityEnforcer.layer`. Of two for
 * one kind the later is taken.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (...sources: ReadonlyArray<Source>): Layer.Layer<never> =>
  Layer.succeed(Powers, new Map(sources.map((source) => [source.key, source])))

/**
 * The power for a lease, or undefined where this very capability class has no
 * source.
 *
 * @category combinators
 * @since 0.1.0
 */
export const make = <Id, Power>(
  powers: ReadonlyMap<string, Source>,
  request: Capability.Request<Id, Power>,
  lease: Lease
): Power | undefined => {
  const found = powers.get(request.capability.key)
  return found === undefined || found.capability !== request.capability
    ? undefined
    : found.make(lease) as Power
}
