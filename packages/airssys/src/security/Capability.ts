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
import * as CapabilityKind from "./CapabilityKind.ts"

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
 * The key of a capability class in a context.
 *
 * @category models
 * @since 0.1.0
 */
export type KeyOf<K extends string, Name extends string> = Name extends "" ? `airssys/security/Capability/${K}`
  : `airssys/security/Capability/${K}/${Name}`

/**
 * The class of a capability. Its key carries kind and name as literals, so that
 * discharging one capability leaves another of equal shape required.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceClass<
  in out Self,
  K extends CapabilityKind.CapabilityKind,
  in out Power,
  Name extends string = ""
> extends Context.ServiceClass<Self, KeyOf<K, Name>, Power> {
  readonly kind: K
  readonly on: On<K, Self, Power>
}

/**
 * Makes the class of a capability of a kind. Where several powers share a kind,
 * all but one of the classes take a name: two classes of one key are refused by
 * `require` unless the very class was registered with its source. Throws for a
 * custom kind that is no word.
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service =
  <Self, Power>() =>
  <const K extends CapabilityKind.CapabilityKind, const Name extends string = "">(
    kind: K,
    name?: Name
  ): ServiceClass<Self, K, Power, Name> => {
    if (!CapabilityKind.isCapabilityKind(kind)) throw new Error(`"${String(kind)}" is no kind of capability`)
    const key = `airssys/security/Capability/${kind}`
    const Base = Context.Service<Self, Power>()(name === undefined ? key : `${key}/${name}`)
    return Object.assign(Base, {
      kind,
      on(this: Context.Key<Self, Power>, resource = ""): Request<Self, Power> {
        return { capability: this, kind, resource }
      }
    }) as unknown as ServiceClass<Self, K, Power, Name>
  }
