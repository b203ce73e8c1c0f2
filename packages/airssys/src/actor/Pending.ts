/**
 * Waiting for what is no Effect, such as a promise, at the price of a callback.
 *
 * A handler that returns an Effect costs a fiber for each message. Where that
 * is one that was made here, the actor waits for it without one; anywhere else
 * it is an Effect like any other. It is interrupted like any other too: its
 * actor is stopped when it is over.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { AskError } from "./ActorError.ts"
import type { ActorRef } from "./ActorRef.ts"
import { millisOf } from "./internal/durations.ts"
import * as internal from "./internal/pending.ts"
import { type Settle, targetOf } from "./internal/target.ts"
import type * as Protocol from "./Protocol.ts"

/**
 * Calls `begin` each time it is run, with the context of the actor or fiber.
 * `begin` has `end` called once, at once or later, and gives what is called where
 * it is interrupted before that: `end` is waited for then too.
 *
 * **Example** (A promise)
 *
 * ```ts
 * import * as Pending from "airssys/actor/Pending"
 * import * as Effect from "effect/Effect"
 * import * as Exit from "effect/Exit"
 *
 * const answer = Pending.make<number>((_, end) => {
 *   Promise.resolve(42).then((value) => end(Exit.succeed(value)))
 *   return () => {}
 * })
 *
 * await Effect.runPromise(answer) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A, E = never>(
  begin: (context: Context.Context<never>, end: (exit: Exit.Exit<A, E>) => void) => () => void
): Effect.Effect<A, E> => of<A, E>({ begin: (context, ending) => begin(context, (exit) => ending.end(exit)) })

/**
 * Who is told, once, how a task ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ending<in A, in E> {
  end(exit: Exit.Exit<A, E>): void
}

/**
 * What `make` does with functions, as an object: for what is made so often that
 * functions made each time are too dear. `begin` tells `ending`, once, at once or
 * later, and gives what is called where it is interrupted before that.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task<out A, out E> {
  begin(context: Context.Context<never>, ending: Ending<A, E>): () => void
}

/**
 * As `make`, of a task.
 *
 * @category constructors
 * @since 0.1.0
 */
export const of = <A, E = never>(task: Task<A, E>): Effect.Effect<A, E> => new internal.Pending<A, E>(task)

/**
 * Ends as `f` says, which is not called where the effect is interrupted. What it
 * makes of a pending effect is one too.
 *
 * @category combinators
 * @since 0.1.0
 */
export const settle = <A, E, R, B, E2>(
  self: Effect.Effect<A, E, R>,
  f: (exit: Exit.Exit<A, E>) => Exit.Exit<B, E2>
): Effect.Effect<B, E2, R> =>
  self instanceof internal.Pending
    ? new internal.Pending<B, E2>(self.task, (exit) => f(self.settled(exit)))
    : Effect.flatMap(Effect.exit(self), f)

/**
 * Runs an effect, and calls `end` once, at once or later. What was made here has
 * no fiber for it. What it gives interrupts the effect.
 *
 * @category combinators
 * @since 0.1.0
 */
export const run = <A, E>(
  self: Effect.Effect<A, E>,
  context: Context.Context<never>,
  end: (exit: Exit.Exit<A, E>) => void
): () => void => {
  const worker: internal.Worker<A, E> = self instanceof internal.Pending
    ? self.run(context) as internal.Worker<A, E>
    : Effect.runForkWith(context)(self)
  worker.addObserver(end)
  return () => worker.interruptUnsafe()
}

/**
 * Asks in the fiber that `Effect.withFiber` gives, and ends as `f` says, which is
 * not called where the fiber is interrupted. To be returned from there at once:
 * the request is made and answered in one operation, whatever is made of the
 * answer.
 *
 * @category combinators
 * @since 0.1.0
 */
export const askIn = <M, Reply, Error, B, E2>(
  fiber: Fiber.Fiber<unknown, unknown>,
  ref: ActorRef<M>,
  request: NoInfer<M> & Protocol.Request<Reply, Error>,
  f: (exit: Exit.Exit<Reply, Error | AskError>) => Exit.Exit<B, E2>
): Effect.Effect<B, E2> => targetOf(ref).askSettling(fiber, request, f as Settle<B, E2>)

/**
 * Who asks without a fiber: with the clock and the span of `context`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Asker<in Reply, in Error> {
  readonly context: Context.Context<never>
  /** How long the request is good, by the clock of the one who is asked. Default: for ever. */
  readonly ttl?: Duration.Input | undefined
  /** Whether the one who is asked has a place for it: a full mailbox takes it too. Default: false. */
  readonly isExpected?: boolean | undefined
  /** Rings where there is no answer by then. The request stays, and its answer is told. */
  readonly alarm?: { readonly after: Duration.Input; readonly ring: () => void } | undefined
  /** Called once, at once or later, with the answer or why there is none. */
  readonly onExit: (exit: Exit.Exit<Reply, Error | AskError>) => void
}

/**
 * Asks without a fiber. The request goes into the mailbox. What it gives takes
 * it back, and then nothing is told any more.
 *
 * @category combinators
 * @since 0.1.0
 */
export const askUnsafe = <M, Reply, Error>(
  ref: ActorRef<M>,
  request: NoInfer<M> & Protocol.Request<Reply, Error>,
  { alarm, context, isExpected = false, onExit, ttl }: Asker<Reply, Error>
): () => void =>
  targetOf(ref).askFor(request, {
    context,
    isExpected,
    ttlMillis: ttl === undefined ? Infinity : millisOf("A time to live", ttl),
    alarm: alarm === undefined
      ? undefined
      : { afterMillis: millisOf("The time to an alarm", alarm.after), ring: alarm.ring },
    onExit: onExit as (exit: Exit.Exit<unknown, unknown>) => void
  })
