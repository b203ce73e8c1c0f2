/**
 * The capability to publish to one topic.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import type { Payload } from "./MessagingSend.ts"
import * as Powers from "./Powers.ts"
import type { Principal } from "./Principal.ts"
import type { Undeliverable } from "./Undeliverable.ts"

/**
 * Power to publish to the topic that was named in `MessagingPublish.on(topic)`.
 *
 * @category services
 * @since 0.1.0
 */
export class MessagingPublish extends Capability.Service<MessagingPublish, {
  /** Does not wait for whoever listens. */
  readonly publish: (payload: Payload) => Effect.Effect<void, CapabilityError | Undeliverable>
}>()("messaging.publish") {}

/**
 * A message as its source has to publish it. It is published on behalf of
 * those of the fiber as well.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outgoing {
  readonly sender: Principal
  readonly onBehalfOf: ReadonlyArray<Principal>
  readonly topic: string
  readonly payload: Payload
}

/**
 * Source over a function of the host that publishes. The sender is the
 * principal of the lease, whatever the payload says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (publish: (message: Outgoing) => Effect.Effect<void, Undeliverable>): Powers.Source =>
  Powers.source(MessagingPublish, ({ onBehalfOf, principal, resource, use }) => ({
    publish: (payload) =>
      use(Effect.suspend(() => publish({ sender: principal, onBehalfOf, topic: resource, payload })))
  }))
