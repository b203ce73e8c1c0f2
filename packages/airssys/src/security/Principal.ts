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
import * as Schema from "effect/Schema"

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
export const isPrincipal: (u: unknown) => u is Principal = Schema.is(Principal)

/**
 * The principal on whose authority the current fiber acts.
 *
 * @category services
 * @since 0.1.0
 */
export class CurrentPrincipal extends Context.Service<CurrentPrincipal, Principal>()(
  "airssys/security/Principal/CurrentPrincipal"
) {}
