/**
 * What a handler can do besides its work: answer, send as itself, spawn
 * children, stop.
 *
 * A context belongs to one life of the actor. After a restart or the end, an
 * answer or a stop through an old context does nothing.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AskError, SpawnError } from "./ActorError.ts"
import type { ActorRef, AskOptions, SendOptions } from "./ActorRef.ts"
import type { Behaviour } from "./Behaviour.ts"
import type * as Protocol from "./Protocol.ts"
import type { SpawnOptions } from "./SpawnOptions.ts"
import type { Terminated } from "./Termination.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface ActorContext<in M> {
  readonly self: ActorRef<M>
  /** The actor that sent the current message through its own context. */
  readonly sender: ActorRef<never> | undefined
  /** Milliseconds since the epoch, by the actor's clock. */
  readonly now: number
  /**
   * Answers a request, at once or while a later message is handled. The first
   * answer counts; without an asker it does nothing.
   */
  reply<Reply, Error>(request: M & Protocol.Request<Reply, Error>, value: NoInfer<Reply>): void
  /** Answers a request with its typed error. The actor goes on. */
  fail<Reply, Error>(request: M & Protocol.Request<Reply, Error>, error: NoInfer<Error>): void
  /** `ref.tell` with this actor as the sender. */
  tell<N>(ref: ActorRef<N>, message: NoInfer<N>, options?: SendOptions): void
  /** `ref.ask` with this actor as the sender. */
  ask<N, Reply, Error>(
    ref: ActorRef<N>,
    request: NoInfer<N> & Protocol.Request<Reply, Error>,
    options?: AskOptions
  ): Effect.Effect<Reply, Error | AskError>
  /** Spawns a child, which is stopped when this life of the actor ends. */
  spawn<N, E, R>(
    behaviour: Behaviour<N, E, R>,
    options?: SpawnOptions
  ): Effect.Effect<ActorRef<N>, E | SpawnError, Exclude<R, Scope.Scope>>
  /** Ends this actor after the current message. */
  stop(): void
  /**
   * Sends this actor one message at the final end of another, at once when
   * that was; a mailbox that is full takes it too. A second watch of the same
   * actor replaces the first. Restarts of the other are no end; those of this
   * actor end the watch.
   */
  watch(ref: ActorRef<never>, onTerminated: (terminated: Terminated) => M): void
  /** Takes a watch back. */
  unwatch(ref: ActorRef<never>): void
  /**
   * Ties this life and that of another actor together, as in OTP: when one
   * crashes or is killed, the other crashes with `LinkBroken`, and its
   * supervisor decides; when one is stopped from outside, so is the other; an
   * actor that ends by itself leaves the other alone. A restart cuts all links.
   */
  link(ref: ActorRef<never>): void
  /** Takes a link back, whoever made it. */
  unlink(ref: ActorRef<never>): void
  /** Turns the ends of linked actors into messages; undefined: no more. */
  trapExit(onTerminated: ((terminated: Terminated) => M) | undefined): void
}
