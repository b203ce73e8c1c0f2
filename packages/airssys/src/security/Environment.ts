/**
 * The capability to read one variable of the host's environment.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as Powers from "./Powers.ts"

/**
 * Power to read the variable that was named in `Environment.on(name)`.
 *
 * @category services
 * @since 0.1.0
 */
export class Environment extends Capability.Service<Environment, {
  /** The value; none where the host has no such variable. */
  readonly get: Effect.Effect<Option.Option<string>, CapabilityError>
}>()("environment") {}

/**
 * Source over the variables that the host chose to have readable at all.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (variables: Readonly<Record<string, string>>): Powers.Source => {
  const values = new Map(Object.entries(variables))
  return Powers.source(Environment, (lease) => ({
    get: lease.use(Effect.sync(() => Option.fromUndefinedOr(values.get(lease.resource))))
  }))
}
