/**
 * What a handler can do besides its work: answer, send as itself, spawn
 * children, stop.
 *
 * A context belongs to one life of the actor. After a restart or the end, an
 * answer or a stop through an old context does nothing.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { AskError, SpawnError, StashFull } from "./ActorError.ts"
import type { ActorRef, AskOptions, SendOptions } from "./ActorRef.ts"
import type { Behaviour, Handler } from "./Behaviour.ts"
import type * as Protocol from "./Protocol.ts"
import type { SpawnOptions } from "./SpawnOptions.ts"
import type { Terminated } from "./Termination.ts"
import type { Timers } from "./Timers.ts"

/**
 * One life of an actor that takes messages of type `M`, as its handler and its
 * behaviour see it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorContext<in out M> {
  readonly self: ActorRef<M>
  /** The actor that sent the current message through its own context. */
  readonly sender: ActorRef<never> | undefined
  /** Milliseconds since the epoch, by the actor's clock. */
  readonly now: number
  /** The next number from 0 to 1, without 1, by the actor's source of randomness. */
  readonly random: number
  /** Messages to itself, later. */
  readonly timers: Timers<M>
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
    options?: NoInfer<SpawnOptions<N>>
  ): Effect.Effect<ActorRef<N>, E | SpawnError, Exclude<R, Scope.Scope>>
  /** Ends this actor after the current message. */
  stop(): void
  /** Handles the messages after this one with another handler, until this life ends. */
  become(handler: Handler<M>): void
  /**
   * Sets the current message aside instead of having handled it. Return what
   * it returns: with a full stash, that fails and crashes the actor. When this
   * life ends, what is stashed becomes dead letters. A request that is stashed
   * keeps its asker.
   */
  stash(message: M): Exit.Exit<void, StashFull>
  /** Puts the message that was stashed first before all that wait. */
  unstash(): void
  /** Puts all stashed messages before all that wait, in the order they came. */
  unstashAll(): void
  /** How many messages are stashed. */
  readonly stashed: number
  /**
   * Sends itself the message whenever it was told nothing for so long, until
   * it is set anew or to undefined, or this life ends. Throws a `RangeError`
   * unless the timeout is finite and greater than zero.
   */
  receiveTimeout(timeout: Duration.Input, message: M): void
  receiveTimeout(timeout: undefined): void
  /**
   * Handles this message next, before all that wait: with `Behaviour.setup`,
   * what is to be done right after the start. As OTP's `handle_continue`.
   */
  continueWith(message: M): void
  /**
   * Runs an Effect in this actor's scope: it is interrupted when this life
   * ends. Messages do not wait for it.
   */
  fork<A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Fiber.Fiber<A, E>
  /**
   * The same, and sends itself what `f` makes of the exit. Nothing comes of it
   * after this life.
   */
  pipeToSelf<A, E>(effect: Effect.Effect<A, E, Scope.Scope>, f: (exit: Exit.Exit<A, E>) => M): void
  /**
   * Sends this actor one message at the final end of another, at once when
   * that was; a mailbox that is full takes it too. A second watch of the same
   * actor replaces the first. Restarts of the other are no end; those of this
   * actor end the watch.
   */
  watch(ref: ActorRef<never>, onTerminated: (terminated: Terminated) => M): void
  /** Takes a watch back, with its message where that waits: it is a dead letter then. */
  unwatch(ref: ActorRef<never>): void
  /**
   * Ties this life and that of another actor together, as in OTP: when one
   * crashes or is killed, the other crashes with `LinkBroken`, and its
   * supervisor decides; when one is stopped from outside, so is the other; an
   * actor that ends by itself leaves the other alone. A restart cuts all links.
   * One that waits for its restart is tied with its next life.
   */
  link(ref: ActorRef<never>): void
  /** Takes a link back, whoever made it. */
  unlink(ref: ActorRef<never>): void
  /** Turns the ends of linked actors into messages; undefined: no more. */
  trapExit(onTerminated: ((terminated: Terminated) => M) | undefined): void
}
