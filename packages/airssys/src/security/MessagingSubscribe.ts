/**
 * The capability to listen to topics.
 *
 * @since 0.1.0
 */
import * as Stream from "effect/Stream"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as Powers from "./Powers.ts"
import type { Principal } from "./Principal.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Message {
  readonly topic: string
  readonly payload: Uint8Array
}

/**
 * Power to listen to the topics that were named in
 * `MessagingSubscribe.on(topics)`, which may have wildcards.
 *
 * @category services
 * @since 0.1.0
 */
export class MessagingSubscribe extends Capability.Service<MessagingSubscribe, {
  /** Each run is a subscription of its own, and fails when it is not allowed any more. */
  readonly messages: Stream.Stream<Message, CapabilityError>
}>()("messaging.subscribe") {}

/**
 * Source over a function of the host that subscribes while the stream runs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (
  subscribe: (request: {
    readonly subscriber: Principal
    readonly topics: string
  }) => Stream.Stream<Message>
): Powers.Source =>
  Powers.source(MessagingSubscribe, (lease) => ({
    messages: Powers.stream(
      lease,
      Stream.suspend(() => subscribe({ subscriber: lease.principal, topics: lease.resource }))
    )
  }))
