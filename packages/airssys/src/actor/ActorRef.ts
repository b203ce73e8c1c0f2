/**
 * The address of an actor, by which it is told and asked.
 *
 * A ref stays the same over restarts: whoever holds it talks to the fresh
 * instance, and messages that wait keep waiting. It prints as its id and name
 * and compares by reference.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sink from "effect/Sink"
import type { AskError, OfferError } from "./ActorError.ts"
import type * as Protocol from "./Protocol.ts"

const TypeId = "~airssys/actor/ActorRef"

/**
 * Where an actor is in its life. `Stopped` and `Failed` are final.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = "Starting" | "Running" | "Restarting" | "Stopping" | "Stopped" | "Failed"

/**
 * The steps of a life. A life begins with `Starting`, which is no step.
 * `Restarting` follows itself where a restart does not start, or waits for
 * others; an actor that fails or is stopped while it starts goes through
 * `Stopping` as any other.
 *
 * @category models
 * @since 0.1.0
 */
export type Transition =
  | { readonly from: "Starting"; readonly to: "Running" | "Restarting" | "Stopping" }
  | { readonly from: "Running"; readonly to: "Restarting" | "Stopping" }
  | { readonly from: "Restarting"; readonly to: "Running" | "Restarting" | "Stopping" }
  | { readonly from: "Stopping"; readonly to: "Stopping" | "Stopped" | "Failed" }

/**
 * Which messages go first; those of one priority go in the order they came.
 * `System` is for what keeps a system together: a full mailbox takes it too.
 *
 * @category models
 * @since 0.1.0
 */
export type Priority = "System" | "High" | "Normal" | "Low"

/**
 * How a message is sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendOptions {
  /** Default: `Normal`. */
  readonly priority?: Priority | undefined
  /**
   * How long the message is good, by the actor's clock. When its turn comes
   * later than that, it is a dead letter. Default: for ever.
   */
  readonly ttl?: Duration.Input | undefined
}

/**
 * How a request is sent, and how long its asker waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface AskOptions extends SendOptions {
  /**
   * How long to wait for the answer, and before that for room in the mailbox
   * where its policy is `Block`. Without it, until there is an answer, or none
   * can come: the actor ends, or a crash takes the request with it.
   */
  readonly timeout?: Duration.Input | undefined
}

/**
 * The address of an actor that takes messages of type `M`. `tell` and `status`
 * read `this`: call them on the ref. A priority or a duration that is none throws
 * a `RangeError` when the options are given.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorRef<in M> {
  readonly [TypeId]: typeof TypeId
  /** Unique within the system, never used again. */
  readonly id: number
  /** The name it was spawned with, or `$` and the id. */
  readonly name: string
  /** Sends without waiting. What is not taken becomes a dead letter. */
  tell(message: M, options?: SendOptions): void
  /**
   * Sends, and fails when the message is not taken. What happens when the
   * mailbox is full is its policy's choice: `Block` waits for room.
   */
  offer(message: M, options?: SendOptions): Effect.Effect<void, OfferError>
  /**
   * Sends a request and waits for its answer. It fails with the request's own
   * error, or with why there is no answer.
   */
  ask<Reply, Error>(
    request: M & Protocol.Request<Reply, Error>,
    options?: AskOptions
  ): Effect.Effect<Reply, Error | AskError>
  /** The status at this moment. */
  status(): Status
}

/**
 * Whether a value is the ref of an actor.
 *
 * @category guards
 * @since 0.1.0
 */
export const isActorRef = (u: unknown): u is ActorRef<never> => typeof u === "object" && u !== null && TypeId in u

/**
 * A sink that offers each element to the actor: the policy of its mailbox
 * decides whether the stream waits for it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const toSink = <M>(self: ActorRef<M>, options?: SendOptions): Sink.Sink<void, M, never, OfferError> =>
  Sink.forEach((message: M) => self.offer(message, options))

/**
 * Asks from where there is no Effect. The promise is rejected with what the ask
 * fails with, and when the signal aborts.
 *
 * @category combinators
 * @since 0.1.0
 */
export const askPromise = <M, Reply, Error>(
  self: ActorRef<M>,
  request: NoInfer<M> & Protocol.Request<Reply, Error>,
  options?: AskOptions & { readonly signal?: AbortSignal | undefined }
): Promise<Reply> => Effect.runPromise(self.ask(request, options), { signal: options?.signal })
