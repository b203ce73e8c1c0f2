/**
 * Messages to whoever listens to a topic, and requests to whoever answers.
 *
 * - A message is told once for each subscription that matches; what is not
 *   taken is a dead letter of that subscriber and nobody else's matter.
 * - A subscription belongs to the life of the subscriber in which it was made:
 *   it ends with the actor, and at a restart, whose behaviour subscribes anew.
 * - A request goes to every subscriber of its topic. The first answer counts,
 *   and a typed error is an answer; others are discarded and counted.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { SpawnError } from "./ActorError.ts"
import type { ActorRef } from "./ActorRef.ts"
import { ActorSystem } from "./ActorSystem.ts"
import type { Handler } from "./Behaviour.ts"
import type { RequestError, SubscribeError } from "./BrokerError.ts"
import { LocalBroker } from "./internal/localBroker.ts"
import type * as Protocol from "./Protocol.ts"
import type { Pattern, Topic } from "./Topic.ts"

/**
 * How a message is published.
 *
 * @category models
 * @since 0.1.0
 */
export interface PublishOptions {
  /** The actor that publishes, for the handlers and for dead letters. */
  readonly sender?: ActorRef<never> | undefined
  /** Keeps the message as the latest of its topic, for those who subscribe later. Default: false. */
  readonly retain?: boolean | undefined
}

/**
 * How a request is sent to a topic, and how long its asker waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface RequestOptions {
  /** The actor that asks. */
  readonly sender?: ActorRef<never> | undefined
  /** How long to wait for an answer. Without it, until every responder has ended or restarted. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * That an actor listens to a pattern.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subscription {
  readonly ref: ActorRef<never>
  /** The text of its pattern. */
  readonly pattern: string
  /** False once it was cancelled or its subscriber restarted or ended. */
  readonly isActive: () => boolean
}

/**
 * Counts since the broker was made, and what it holds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Metrics {
  readonly published: number
  /** Messages told to subscribers, retained ones too; each is also in the system's accounting. */
  readonly delivered: number
  /** Published while nobody listened. */
  readonly unheard: number
  readonly requests: number
  /** Answers to requests that had been answered, timed out or been given up. */
  readonly lateReplies: number
  readonly subscriptions: number
  readonly retained: number
  /** Retained messages that had to go because too many topics had one. */
  readonly evicted: number
}

/**
 * Service that brings published messages to their subscribers.
 *
 * @category services
 * @since 0.1.0
 */
export class Broker extends Context.Service<Broker, {
  /** Tells the message to every subscriber, without waiting. */
  readonly publish: <M>(topic: Topic<M>, message: NoInfer<M>, options?: PublishOptions) => void
  /**
   * Subscribes an actor that takes the messages of the pattern. It is told at
   * once what is retained, in the order it was published. Subscribed twice, it
   * is told twice. Fails with `ActorStopped` when it has ended, or the broker is
   * closed.
   */
  readonly subscribe: <M>(
    ref: ActorRef<NoInfer<M>>,
    pattern: Pattern<M>
  ) => Effect.Effect<Subscription, SubscribeError>
  /** Ends a subscription. What was told before is still handled. */
  readonly unsubscribe: (subscription: Subscription) => Effect.Effect<void>
  /** Asks all subscribers of the topic; it fails at once when there is none. */
  readonly request: <M, Reply, Error>(
    topic: Topic<M>,
    request: NoInfer<M> & Protocol.Request<Reply, Error>,
    options?: RequestOptions
  ) => Effect.Effect<Reply, Error | RequestError>
  /** The retained message of a topic. */
  readonly retained: <M>(topic: Topic<M>) => Effect.Effect<Option.Option<M>>
  /** Drops the retained message of a topic. */
  readonly forget: <M>(topic: Topic<M>) => Effect.Effect<void>
  readonly metrics: Effect.Effect<Metrics>
}>()("airssys/actor/Broker") {}

/**
 * The limits of a broker, whole numbers from 0 on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Default: 1,000,000. */
  readonly maxSubscriptions?: number | undefined
  /** Topics with a retained message; one more, and that published longest ago goes. Default: 1024. */
  readonly maxRetained?: number | undefined
}

/**
 * Layer of a broker within the process, whose subscriptions end with it. Throws
 * a `RangeError` unless the limits are whole numbers from 0 on.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<Broker> => {
  const limits = {
    maxSubscriptions: limit(options.maxSubscriptions, 1_000_000),
    maxRetained: limit(options.maxRetained, 1024)
  }
  const acquire = Effect.acquireRelease(
    Effect.sync(() => new LocalBroker(limits)),
    (broker) => Effect.sync(() => broker.close())
  )
  const service = Effect.map(acquire, (broker) =>
    Broker.of({
      publish: (topic, message, options) => broker.publish(topic, message, options),
      subscribe: (ref, pattern) => broker.subscribe(ref, pattern),
      unsubscribe: (subscription) => broker.unsubscribe(subscription),
      request: (topic, request, options) => broker.request(topic, request, options),
      retained: (topic) => broker.retained(topic),
      forget: (topic) => broker.forget(topic),
      metrics: broker.metrics
    }))
  return Layer.effect(Broker, service)
}

const limit = (given: number | undefined, otherwise: number): number => {
  if (given === undefined) return otherwise
  if (!Number.isSafeInteger(given) || given < 0) {
    throw new RangeError(`A limit of a broker is a whole number from 0 on, not ${given}`)
  }
  return given
}

/**
 * Layer of a broker within the process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Broker> = layerWith({})

/**
 * What is published, for those who are no actors: a stream with an actor of its
 * own, that subscribes when the stream is run and ends with it. A consumer that
 * is `capacity` messages behind, 1024 by default, loses the oldest. Dies with a
 * `RangeError` unless `capacity` is a whole number from 1 on.
 *
 * @category combinators
 * @since 0.1.0
 */
export const messages = <M>(
  pattern: Pattern<M>,
  options?: { readonly capacity?: number | undefined }
): Stream.Stream<M, SpawnError | SubscribeError, Broker | ActorSystem> =>
  Stream.unwrap(Effect.gen(function*() {
    const { capacity = 1024 } = options ?? {}
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      return yield* Effect.die(new RangeError(`A stream is behind a whole number of messages from 1, not ${capacity}`))
    }
    const system = yield* ActorSystem
    const broker = yield* Broker
    const queue = yield* Queue.sliding<M>(capacity)
    const ref = yield* Effect.acquireRelease(
      system.spawn(Effect.succeed<Handler<M>>((message) => void Queue.offerUnsafe(queue, message))),
      system.stop
    )
    yield* broker.subscribe<M>(ref, pattern)
    return Stream.fromQueue(queue)
  }))
