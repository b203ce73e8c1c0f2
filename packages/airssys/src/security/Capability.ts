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
 * A capability on the resource that an input names, such as the input of a host
 * function.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestOf<in out Id, in out Power, in Input> {
  readonly capability: Context.Key<Id, Power>
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: (input: Input) => string
}

/**
 * Names the resource, or how it follows from an input; kinds without resources
 * take no argument.
 *
 * @category models
 * @since 0.1.0
 */
export type On<K extends CapabilityKind.CapabilityKind, Id, Power> = K extends CapabilityKind.WithoutPatterns
  ? () => Request<Id, Power>
  : {
    (resource: string): Request<Id, Power>
    <Input>(resource: (input: Input) => string): RequestOf<Id, Power, Input>
  }

/**
 * That nothing is required, and why.
 *
 * @category models
 * @since 0.1.0
 */
export interface None {
  readonly _tag: "None"
  readonly because: string
  /** The capability that changes what is answered, where there is one. */
  readonly kind: CapabilityKind.CapabilityKind | undefined
}

/**
 * Says why nothing is required. Throws without a reason.
 *
 * ```ts
 * import { Capability } from "airssys/security"
 *
 * Capability.none("it was told its own name").because // => "it was told its own name"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const none = (because: string, kind?: CapabilityKind.CapabilityKind): None => {
  if (because.trim() === "") throw new Error("what requires no capability says why")
  return { _tag: "None", because, kind }
}

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
      on(this: Context.Key<Self, Power>, resource: unknown = "") {
        return { capability: this, kind, resource }
      }
    }) as unknown as ServiceClass<Self, K, Power, Name>
  }
