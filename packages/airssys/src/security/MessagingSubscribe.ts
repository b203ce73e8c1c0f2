/**
 * The capability to listen to topics.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import type { Payload } from "./MessagingSend.ts"
import * as Powers from "./Powers.ts"
import type { Principal } from "./Principal.ts"
import type { Undeliverable } from "./Undeliverable.ts"

/**
 * A message that was published. `sender` is the component or operator that
 * did, undefined for the program of the host.
 *
 * @category models
 * @since 0.1.0
 */
export interface Message {
  readonly topic: string
  readonly sender: string | undefined
  readonly payload: Payload
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
  readonly messages: Stream.Stream<Message, CapabilityError | Undeliverable>
  /**
   * Has the messages brought to the component that the principal is, until the
   * scope closes or it is not allowed any more.
   */
  readonly attach: Effect.Effect<void, CapabilityError | Undeliverable, Scope.Scope>
}>()("messaging.subscribe") {}

/**
 * Who listens, and on whose behalf.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listening {
  readonly subscriber: Principal
  readonly onBehalfOf: ReadonlyArray<Principal>
  readonly topics: string
}

/**
 * What brings messages, whoever may listen.
 *
 * @category models
 * @since 0.1.0
 */
export interface Port {
  readonly messages: (listening: Listening) => Stream.Stream<Message, Undeliverable>
  readonly attach: (listening: Listening) => Effect.Effect<void, Undeliverable, Scope.Scope>
}

/**
 * Source over what the host subscribes with.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (port: Port): Powers.Source =>
  Powers.source(MessagingSubscribe, (lease) => {
    const listening = { subscriber: lease.principal, onBehalfOf: lease.onBehalfOf, topics: lease.resource }
    return {
      messages: Powers.stream(lease, Stream.suspend(() => port.messages(listening))),
      attach: lease.open(port.attach(listening))
    }
  })
