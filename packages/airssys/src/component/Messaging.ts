/**
 * Messages between the host's own program and its components, with values of
 * its own types.
 *
 * Where a principal is bound (`CurrentPrincipal`), it has to hold the
 * capability, as a component has to. Without one the host itself acts, which
 * owns them all. Tenant, correlation, those on whose behalf it acts and the span
 * of the fiber travel with the message.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { AuditLog } from "../security/AuditLog.ts"
import * as Enforcer from "../security/CapabilityEnforcer.ts"
import type { CapabilityError } from "../security/CapabilityError.ts"
import { MessagingPublish } from "../security/MessagingPublish.ts"
import { MessagingSend } from "../security/MessagingSend.ts"
import { MessagingSubscribe } from "../security/MessagingSubscribe.ts"
import * as Powers from "../security/Powers.ts"
import { CurrentPrincipal } from "../security/Principal.ts"
import type { Undeliverable } from "../security/Undeliverable.ts"
import type { Codec } from "./Codec.ts"
import type { CodecError } from "./CodecError.ts"
import type { ComponentDirectory } from "./ComponentDirectory.ts"
import * as Delivery from "./Delivery.ts"
import * as Exchange from "./Exchange.ts"
import type { Payload } from "./Payload.ts"

/**
 * @category errors
 * @since 0.1.0
 */
export type MessagingError = Undeliverable | CapabilityError | CodecError

/**
 * A message of a topic. `sender` is the component or operator that published
 * it, undefined for the host's own program.
 *
 * @category models
 * @since 0.1.0
 */
export interface Published<out A> {
  readonly topic: string
  readonly sender: string | undefined
  readonly value: A
}

/**
 * Service that sends to components, `acme:totals`, and to topics.
 *
 * @category services
 * @since 0.1.0
 */
export class Messaging extends Context.Service<Messaging, {
  /** Gives the id of the message once the mailbox of the component has it. */
  readonly send: <A>(to: string, value: A, codec: Codec<A>) => Effect.Effect<string, MessagingError>
  /** Waits for the reply, at most for `timeout`. Interrupted, the request is cancelled. */
  readonly request: <A, B>(to: string, value: A, options: {
    readonly sends: Codec<A>
    readonly receives: Codec<B>
    readonly timeout: Duration.Input
  }) => Effect.Effect<B, MessagingError>
  /** Does not wait for whoever listens. */
  readonly publish: <A>(topic: string, value: A, codec: Codec<A>) => Effect.Effect<void, MessagingError>
  /**
   * What is published on the topics of a pattern (`*` is one label, `**` any
   * number) from when it is run. A message that the codec does not read is left
   * out; who is more than 1,024 messages or 16 MiB behind loses the oldest.
   */
  readonly messages: <A>(
    pattern: string,
    codec: Codec<A>
  ) => Stream.Stream<Published<A>, Undeliverable | CapabilityError>
}>()("airssys/component/Messaging") {}

/** As the principal of the fiber with its power, or as the host. */
const as = <A, E, R>(
  asPrincipal: Effect.Effect<A, E, R | CurrentPrincipal>,
  asHost: (from: Delivery.Origin) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber(({ context }) => {
    const principal = Context.getOption(context, CurrentPrincipal)
    return Option.isSome(principal)
      ? Effect.provideService(asPrincipal, CurrentPrincipal, principal.value)
      : asHost(Delivery.originOf(context))
  })

const make = Effect.gen(function*() {
  const enforcer = yield* Enforcer.CapabilityEnforcer
  const exchange = yield* Exchange.Exchange

  const send = (to: string, payload: Payload) =>
    as(
      MessagingSend.use((power) => power.send(payload)).pipe(enforcer.require(MessagingSend.on(to))),
      (from) => exchange.send(to, payload, from)
    )

  const request = (to: string, payload: Payload, timeout: Duration.Input) =>
    as(
      MessagingSend.use((power) => power.request(payload, timeout)).pipe(enforcer.require(MessagingSend.on(to))),
      (from) => exchange.request(to, payload, timeout, from)
    )

  const publish = (topic: string, payload: Payload) =>
    as(
      MessagingPublish.use((power) => power.publish(payload)).pipe(enforcer.require(MessagingPublish.on(topic))),
      (from) => exchange.publish(topic, payload, from)
    )

  const messages = (pattern: string) =>
    Stream.unwrap(as(
      Effect.map(MessagingSubscribe, (power) => power.messages).pipe(enforcer.require(MessagingSubscribe.on(pattern))),
      () => Effect.succeed(exchange.messages(pattern))
    ))

  return Messaging.of({
    send: (to, value, codec) => Effect.flatMap(Effect.fromResult(codec.encode(value)), (payload) => send(to, payload)),
    request: (to, value, { receives, sends, timeout }) =>
      Effect.fromResult(sends.encode(value)).pipe(
        Effect.flatMap((payload) => request(to, payload, timeout)),
        Effect.flatMap((reply) => Effect.fromResult(receives.decode(reply)))
      ),
    publish: (topic, value, codec) =>
      Effect.flatMap(Effect.fromResult(codec.encode(value)), (payload) => publish(topic, payload)),
    messages: (pattern, codec) =>
      Stream.filterMap(
        messages(pattern),
        ({ payload, sender, topic }) => Result.map(codec.decode(payload), (value) => ({ topic, sender, value }))
      )
  })
})

/**
 * Layer over an exchange and an enforcer whose powers are its `sources`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Messaging, never, Exchange.Exchange | Enforcer.CapabilityEnforcer> = Layer.effect(
  Messaging,
  make
)

/**
 * Layer with an enforcer that knows the powers of messaging, beside those that
 * are given, for a host's kernel.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWithEnforcer: Layer.Layer<
  Messaging | Exchange.Exchange | ComponentDirectory | Enforcer.CapabilityEnforcer,
  never,
  AuditLog
> = layer.pipe(
  Layer.provideMerge(Layer.provide(Enforcer.layer, Powers.layerBeside(Exchange.sources))),
  Layer.provideMerge(Exchange.layer)
)
