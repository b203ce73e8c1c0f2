/**
 * The capability to send messages to one recipient.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as Powers from "./Powers.ts"
import type { Principal } from "./Principal.ts"
import type { Undeliverable } from "./Undeliverable.ts"

/**
 * What a message carries: bytes, and how they are to be read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Payload {
  readonly codec: "cbor" | "json" | "borsh"
  readonly bytes: Uint8Array
}

/**
 * Power to send to the recipient that was named in `MessagingSend.on(name)`.
 *
 * @category services
 * @since 0.1.0
 */
export class MessagingSend extends Capability.Service<MessagingSend, {
  /** Gives the id of the message once the recipient's mailbox has it. */
  readonly send: (payload: Payload) => Effect.Effect<string, CapabilityError | Undeliverable>
  /**
   * Sends a request whose reply comes to the component that the principal is,
   * as that of this id. It is cancelled when the scope closes, or when sending
   * is not allowed any more.
   */
  readonly post: (
    payload: Payload,
    timeout: Duration.Input
  ) => Effect.Effect<string, CapabilityError | Undeliverable, Scope.Scope>
  /** Sends a request and waits for the reply. */
  readonly request: (
    payload: Payload,
    timeout: Duration.Input
  ) => Effect.Effect<Payload, CapabilityError | Undeliverable>
  /** `request` without a fiber, in a context, where whoever delivers can do that. */
  readonly requestUnsafe?:
    | ((
      payload: Payload,
      timeout: Duration.Input,
      context: Context.Context<never>,
      end: (exit: Exit.Exit<Payload, CapabilityError | Undeliverable>) => void
    ) => () => void)
    | undefined
}>()("messaging.send") {}

/**
 * A message as its source has to deliver it. It is sent on behalf of those of
 * the fiber as well.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outgoing {
  readonly sender: Principal
  readonly onBehalfOf: ReadonlyArray<Principal>
  readonly recipient: string
  readonly payload: Payload
}

/**
 * What delivers, whoever may send. `request` is what the sender waits for, and
 * `post` what it does not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Port {
  readonly send: (message: Outgoing) => Effect.Effect<string, Undeliverable>
  readonly post: (message: Outgoing, timeout: Duration.Input) => Effect.Effect<string, Undeliverable, Scope.Scope>
  readonly request: (message: Outgoing, timeout: Duration.Input) => Effect.Effect<Payload, Undeliverable>
  /**
   * `request` without a fiber. Calls `end` once, at once or later, also after what
   * it gives was called, which stops it.
   */
  readonly requestUnsafe?:
    | ((
      message: Outgoing,
      timeout: Duration.Input,
      context: Context.Context<never>,
      end: (exit: Exit.Exit<Payload, Undeliverable>) => void
    ) => () => void)
    | undefined
}

/**
 * Source over what the host delivers with. The sender is the principal of the
 * lease, whatever the payload says; a reply that is waited for when the lease
 * ends is not given.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (port: Port): Powers.Source =>
  Powers.source(MessagingSend, (lease) => {
    const outgoing = (payload: Payload): Outgoing => ({
      sender: lease.principal,
      onBehalfOf: lease.onBehalfOf,
      recipient: lease.resource,
      payload
    })
    const { requestUnsafe } = port
    return {
      send: (payload) => lease.use(Effect.suspend(() => port.send(outgoing(payload)))),
      post: (payload, timeout) => lease.open(Effect.suspend(() => port.post(outgoing(payload), timeout))),
      request: (payload, timeout) => lease.use(Effect.suspend(() => port.request(outgoing(payload), timeout))),
      requestUnsafe: requestUnsafe && ((payload, timeout, context, end) =>
        lease.useUnsafe(context, (end) => requestUnsafe(outgoing(payload), timeout, context, end), end))
    }
  })
