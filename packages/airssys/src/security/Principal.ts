/**
 * Who acts: a component, an operator, or a program of the host.
 *
 * A principal is bound once, where an actor or a host program starts, and is
 * inherited by the fibers forked there. It is a service without a default, so
 * that code which forgets to bind one does not compile.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as untrusted from "./internal/untrusted.ts"

/**
 * @category schemas
 * @since 0.1.0
 */
export const Kind = Schema.Literals(["Component", "Operator", "Host"])

/**
 * @category models
 * @since 0.1.0
 */
export type Kind = typeof Kind.Type

/**
 * Schema of `Principal`: `id` has 1 to 256 characters.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Principal = Schema.Struct({
  kind: Kind,
  id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256)),
  label: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256))
})

/**
 * Who acts. `kind` and `id` identify; `label` is what an operator reads, for a
 * component its name and version.
 *
 * @category models
 * @since 0.1.0
 */
export interface Principal extends Schema.Schema.Type<typeof Principal> {}

/**
 * Makes a principal; `label` defaults to `id`. Throws when `id` or `label` is
 * empty or longer than 256 characters.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly kind: Kind
  readonly id: string
  readonly label?: string | undefined
}): Principal => Principal.make({ kind: options.kind, id: options.id, label: options.label ?? options.id })

/**
 * @category guards
 * @since 0.1.0
 */
export const isPrincipal: (u: unknown) => u is Principal = untrusted.guard(Principal)

/**
 * The principal on whose authority the current fiber acts.
 *
 * @category services
 * @since 0.1.0
 */
export class CurrentPrincipal extends Context.Service<CurrentPrincipal, Principal>()(
  "airssys/security/Principal/CurrentPrincipal"
) {}

/**
 * On whose behalf the current fiber acts: what it may do is only what the
 * current principal and each of these may. Nobody by default.
 *
 * It is kept beside the principal, so that code which binds another principal
 * and forgets the others still cannot do more than they may.
 *
 * @category references
 * @since 0.1.0
 */
export const ActingFor: Context.Reference<ReadonlyArray<Principal>> = Context.Reference<ReadonlyArray<Principal>>(
  "airssys/security/Principal/ActingFor",
  { defaultValue: () => [] }
)

/**
 * The id of the message, request or job in whose course the current fiber acts,
 * at most 256 characters: entries of the audit log have it. None by default.
 *
 * @category references
 * @since 0.1.0
 */
export const Correlation: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "airssys/security/Principal/Correlation",
  { defaultValue: () => undefined }
)

/**
 * The most principals that one may act for; acting for more, nothing is allowed.
 *
 * @category models
 * @since 0.1.0
 */
export const mostActingFor = 8

const isSame = (one: Principal, other: Principal): boolean => one.kind === other.kind && one.id === other.id

/**
 * Runs an effect on behalf of another as well, beside whom it acts for already.
 *
 * @category combinators
 * @since 0.1.0
 */
export const onBehalfOf = (other: Principal) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateService(
    effect,
    ActingFor,
    (chain) => chain.length > mostActingFor || chain.some((member) => isSame(member, other)) ? chain : [...chain, other]
  )

/**
 * Runs an effect as another principal on behalf of the current one: what a
 * caller may not do, it cannot have done for it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const callAs =
  (callee: Principal) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, CurrentPrincipal> | CurrentPrincipal> =>
    Effect.flatMap(
      CurrentPrincipal,
      (caller) => onBehalfOf(caller)(Effect.provideService(effect, CurrentPrincipal, callee))
    )
