/**
 * The capability to send messages to one recipient.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as Powers from "./Powers.ts"
import type { Principal } from "./Principal.ts"

/**
 * The message did not reach its recipient's mailbox.
 *
 * @category errors
 * @since 0.1.0
 */
export class Undeliverable extends Schema.TaggedError<Undeliverable>("airssys/security/MessagingSend/Undeliverable")(
  "Undeliverable",
  { recipient: Schema.String, detail: Schema.String }
) {
  override get message(): string {
    return `message to ${this.recipient}: ${this.detail}`
  }
}

/**
 * Power to send to the recipient that was named in `MessagingSend.on(name)`.
 *
 * @category services
 * @since 0.1.0
 */
export class MessagingSend extends Capability.Service<MessagingSend, {
  readonly send: (payload: Uint8Array) => Effect.Effect<void, CapabilityError | Undeliverable>
}>()("messaging.send") {}

/**
 * Source over a function of the host that delivers. The sender is the principal
 * of the lease, whatever the payload says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (
  deliver: (message: {
    readonly sender: Principal
    readonly recipient: string
    readonly payload: Uint8Array
  }) => Effect.Effect<void, Undeliverable>
): Powers.Source =>
  Powers.source(MessagingSend, (lease) => ({
    send: (payload) =>
      lease.use(Effect.suspend(() => deliver({ sender: lease.principal, recipient: lease.resource, payload })))
  }))
