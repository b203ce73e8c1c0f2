/**
 * Authority as a service: code that needs a capability names it in `R` and
 * uses its value, which is already narrowed to one resource.
 *
 * ```ts
 * import { Capability } from "airssys/security"
 * import type { Effect } from "effect"
 *
 * class Random extends Capability.Service<Random, { readonly bytes: (n: number) => Effect.Effect<Uint8Array> }>()(
 *   "random"
 * ) {}
 * Random.on().resource // => ""
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as CapabilityKind from "./CapabilityKind.ts"

/**
 * A capability on one resource, to be given to `CapabilityEnforcer.require`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request<in out Id, in out Power> {
  readonly capability: Context.Key<Id, Power>
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: string
}

/**
 * Names the resource; kinds without resources take no argument.
 *
 * @category models
 * @since 0.1.0
 */
export type On<K extends CapabilityKind.CapabilityKind, Id, Power> = K extends CapabilityKind.WithoutPatterns
  ? () => Request<Id, Power>
  : (resource: string) => Request<Id, Power>

/**
 * The class of a capability. Its key carries the kind as a literal, so that
 * discharging one capability leaves another of equal shape required.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceClass<in out Self, K extends CapabilityKind.CapabilityKind, in out Power>
  extends Context.ServiceClass<Self, `airssys/security/Capability/${K}`, Power>
{
  readonly kind: K
  readonly on: On<K, Self, Power>
}

/**
 * Makes the class of a capability of a kind, one class for each kind: two
 * classes of one kind are refused by `require` unless the very class was
 * registered with its source.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service =
  <Self, Power>() => <const K extends CapabilityKind.CapabilityKind>(kind: K): ServiceClass<Self, K, Power> => {
    const Base = Context.Service<Self, Power>()(`airssys/security/Capability/${kind}`)
    return Object.assign(Base, {
      kind,
      on(this: Context.Key<Self, Power>, resource = ""): Request<Self, Power> {
        return { capability: this, kind, resource }
      }
    }) as ServiceClass<Self, K, Power>
  }
