/**
 * The capability to publish to one topic.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as Powers from "./Powers.ts"
import type { Principal } from "./Principal.ts"

/**
 * Power to publish to the topic that was named in `MessagingPublish.on(topic)`.
 *
 * @category services
 * @since 0.1.0
 */
export class MessagingPublish extends Capability.Service<MessagingPublish, {
  readonly publish: (payload: Uint8Array) => Effect.Effect<void, CapabilityError>
}>()("messaging.publish") {}

/**
 * Source over a function of the host that publishes. The sender is the
 * principal of the lease, whatever the payload says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (
  publish: (message: {
    readonly sender: Principal
    readonly topic: string
    readonly payload: Uint8Array
  }) => Effect.Effect<void>
): Powers.Source =>
  Powers.source(MessagingPublish, (lease) => ({
    publish: (payload) =>
      lease.use(Effect.suspend(() => publish({ sender: lease.principal, topic: lease.resource, payload })))
  }))
