/**
 * Brings messages from those who may send them to the components that they are
 * for, and replies back.
 *
 * It decides nothing about the capability of a sender: guests and host programs
 * reach it through the powers of `messaging.send`, `messaging.publish` and
 * `messaging.subscribe`, whose sources are made of it, and what has no principal
 * is the program of the host. It checks what the manifests of both sides say.
 *
 * A message that was not taken fails its sender, never whom it was for. Each
 * message that was sent is counted once more when its fate is known: delivered,
 * failed, or dropped with a reason.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Take from "effect/Take"
import * as Pending from "../actor/Pending.ts"
import { AuditLog } from "../security/AuditLog.ts"
import * as MessagingPublish from "../security/MessagingPublish.ts"
import * as MessagingSend from "../security/MessagingSend.ts"
import * as MessagingSubscribe from "../security/MessagingSubscribe.ts"
import type * as Powers from "../security/Powers.ts"
import type { Undeliverable } from "../security/Undeliverable.ts"
import * as Argument from "./Argument.ts"
import type { InvalidArgument } from "./Argument.ts"
import * as ComponentDirectory from "./ComponentDirectory.ts"
import type { Origin, Sender } from "./Delivery.ts"
import * as exchanging from "./internal/exchanging.ts"
import type { Payload } from "./Payload.ts"

/**
 * A message that was not handled. `topic` is there if it was published.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeadLetter {
  readonly from: Sender
  readonly to: string
  readonly topic: string | undefined
  readonly reason: Undeliverable["reason"]
}

/**
 * Counts since the exchange was made: `sent` is the sum of `delivered`,
 * `failed`, `waiting` and all of `dropped`. What was published counts as sent
 * once for each subscriber.
 *
 * @category models
 * @since 0.1.0
 */
export interface Metrics {
  readonly sent: number
  /** Handled by the recipient. */
  readonly delivered: number
  /** Answered with an error, or the recipient failed in handling it. */
  readonly failed: number
  readonly dropped: ReadonlyMap<Undeliverable["reason"], number>
  /** In a mailbox, or being handled. */
  readonly waiting: number
  readonly published: number
  /** Published while nobody listened. */
  readonly unheard: number
  /** Replies to requests that had timed out or been cancelled. */
  readonly lateReplies: number
  readonly subscriptions: number
}

/**
 * Service that delivers messages. `from` is what the host knows of the sender.
 * Once its layer is closed it takes nothing any more: what is sent, published or
 * subscribed fails as `Stopped`, who waits is told so, and its streams end.
 *
 * @category services
 * @since 0.1.0
 */
export class Exchange extends Context.Service<Exchange, {
  /** Gives the id of the message once the mailbox of the recipient has it. Never waits. */
  readonly send: (to: string, payload: Payload, from: Origin) => Effect.Effect<string, Undeliverable>
  /**
   * Sends a request and gives its id. The reply, or why there is none, comes to
   * the `callback-handler` of the sender, a component. Closing the scope
   * cancels it.
   */
  readonly post: (
    to: string,
    payload: Payload,
    timeout: Duration.Input,
    from: Origin
  ) => Effect.Effect<string, Undeliverable, Scope.Scope>
  /**
   * Sends a request and waits for its reply, at most for `maxWait`. Fails with
   * `Cycle` where the recipient waits, itself or through others, for the sender.
   */
  readonly request: (
    to: string,
    payload: Payload,
    timeout: Duration.Input,
    from: Origin
  ) => Effect.Effect<Payload, Undeliverable>
  /** Sends to every subscriber of the topic. What one of them does not take is a dead letter and nobody else's matter. */
  readonly publish: (topic: string, payload: Payload, from: Origin) => Effect.Effect<void, Undeliverable>
  /** Subscribes a component until the scope closes. */
  readonly attach: (pattern: string, component: string) => Effect.Effect<void, Undeliverable, Scope.Scope>
  /** What is published from when it is run; who is more than 1,024 messages or 16 MiB behind loses the oldest. */
  readonly messages: (pattern: string) => Stream.Stream<MessagingSubscribe.Message, Undeliverable>
  /** From when it is run; who is 256 behind loses the oldest. */
  readonly deadLetters: Stream.Stream<DeadLetter>
  readonly metrics: Effect.Effect<Metrics>
}>()("airssys/component/Exchange") {}

/**
 * The limits of an exchange.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The most bytes of a payload. Default: `Payload.maxBytes`. */
  readonly maxBytes?: number | undefined
  /** How many messages of one component may wait for another one at a time. Default: 100. */
  readonly maxWaiting?: number | undefined
  /** The longest that a message waits for its turn, and a request for its reply. Default: 5 minutes. */
  readonly maxWait?: Duration.Input | undefined
  /**
   * The most requests of a component whose replies it has not handled, each of
   * which has a place in its mailbox. Default: 256.
   */
  readonly maxRequests?: number | undefined
  /** The most subscriptions of a component. Default: 256. */
  readonly maxSubscriptions?: number | undefined
}

const checkOptions = Argument.struct({
  maxBytes: Argument.optional(Argument.whole(0)),
  maxWaiting: Argument.optional(Argument.whole(0)),
  maxWait: Argument.optional(Argument.positiveTime),
  maxRequests: Argument.optional(Argument.whole(0)),
  maxSubscriptions: Argument.optional(Argument.whole(0))
})

const make = Effect.fnUntraced(function*(options: Options) {
  const deadLetters = yield* PubSub.sliding<Take.Take<DeadLetter>>(256)
  const audit = yield* AuditLog
  const directory = yield* ComponentDirectory.ComponentDirectory
  const exchange = yield* exchanging.make({ audit, directory, deadLetters, options })
  return Exchange.of({ ...exchange, deadLetters: Stream.fromPubSubTake(deadLetters) })
})

/**
 * Layer of an exchange over a directory that is given. Takes `Quotas` where
 * there are any. Counts are whole numbers from 0, and `maxWait` is more than zero.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options: Options
): Layer.Layer<Exchange, InvalidArgument, AuditLog | ComponentDirectory.ComponentDirectory> =>
  Layer.effect(
    Exchange,
    Effect.flatMap(Effect.suspend(() => Effect.fromResult(Argument.checked(checkOptions, options, "options"))), make)
  )

/**
 * Layer of an exchange for the components of a host.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Exchange | ComponentDirectory.ComponentDirectory, never, AuditLog> = Layer.effect(
  Exchange,
  make({})
).pipe(
  Layer.provideMerge(ComponentDirectory.layer)
)

const fromHere = <A, E, R>(
  message: Parameters<typeof exchanging.originIn>[1],
  use: (from: Origin) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => Effect.withFiber(({ context }) => use(exchanging.originIn(context, message)))

/**
 * The sources of the three capabilities of messaging, for `Powers.layer`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sources: Effect.Effect<ReadonlyArray<Powers.Source>, never, Exchange> = Effect.map(
  Exchange,
  (exchange) => [
    MessagingSend.source({
      send: (message) => fromHere(message, (from) => exchange.send(message.recipient, message.payload, from)),
      post: (message, timeout) =>
        fromHere(message, (from) => exchange.post(message.recipient, message.payload, timeout, from)),
      request: (message, timeout) =>
        fromHere(message, (from) => exchange.request(message.recipient, message.payload, timeout, from)),
      requestUnsafe: (message, timeout, context, end) =>
        Pending.run(
          exchange.request(message.recipient, message.payload, timeout, exchanging.originIn(context, message)),
          context,
          end
        )
    }),
    MessagingPublish.source((message) =>
      fromHere(message, (from) => exchange.publish(message.topic, message.payload, from))
    ),
    MessagingSubscribe.source({
      messages: ({ topics }) => exchange.messages(topics),
      attach: ({ subscriber, topics }) => exchange.attach(topics, subscriber.id)
    })
  ]
)
