/**
 * The capability to look up the addresses of one host name.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as SafeText from "./SafeText.ts"

/**
 * The name has no public address, or could not be looked up. What the resolver
 * said is in `cause`: it is for operators and does not go to guests.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotResolved extends Schema.TaggedError<NotResolved>("airssys/security/NetworkResolve/NotResolved")(
  "NotResolved",
  { host: Schema.String, cause: Schema.optionalKey(Schema.Defect()) }
) {
  override get message(): string {
    return `${SafeText.escape(this.host)}: no address is known for this host`
  }
}

/**
 * Power to look up the name that was given to `NetworkResolve.on(host)`.
 *
 * @category services
 * @since 0.1.0
 */
export class NetworkResolve extends Capability.Service<NetworkResolve, {
  /** The public addresses, at most 16: what a name says of the network inside is not told. */
  readonly addresses: Effect.Effect<ReadonlyArray<string>, CapabilityError | NotResolved>
}>()("network.resolve") {}
