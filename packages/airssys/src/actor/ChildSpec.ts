/**
 * A child of a supervisor, as data: what it does, when it is restarted, and
 * which services it stands for.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SpawnError } from "./ActorError.ts"
import type { ActorRef } from "./ActorRef.ts"
import { ActorSystem } from "./ActorSystem.ts"
import * as Backoff from "./Backoff.ts"
import type { Behaviour } from "./Behaviour.ts"
import type { Guardian } from "./Guardian.ts"
import { checkOptions, checkSignificant, nameOf, probingOf, restartOf, shutdownOf } from "./internal/childOptions.ts"
import { probed } from "./internal/probing.ts"
import { flagOf } from "./internal/words.ts"
import type { Mailbox } from "./Mailbox.ts"
import type * as Protocol from "./Protocol.ts"

/**
 * When a child is restarted. `Permanent`: after a crash and after it ended by
 * itself; `Transient`: after a crash; `Temporary`: never.
 *
 * @category models
 * @since 0.1.0
 */
export type Restart = "Permanent" | "Transient" | "Temporary"

/**
 * A child that runs, and the services it provides.
 *
 * @category models
 * @since 0.1.0
 */
export interface Child<in S, in M> {
  readonly ref: ActorRef<M>
  readonly services: Context.Context<S>
}

/**
 * A child that provides `S`, fails to start with `E`, needs `R` and takes `M`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildSpec<in S = never, out E = never, out R = never, in M = never> {
  /** Unique within the supervisor. */
  readonly id: string
  /** Of its actor in the system, unless it has none. */
  readonly name: string | undefined
  readonly kind: "Worker" | "Supervisor"
  readonly restart: Restart
  /** Whether its own end can end the supervisor, see `Supervisor.AutoShutdown`. */
  readonly isSignificant: boolean
  readonly backoff: Backoff.Backoff
  /** How long a stop lets it work off what waits: zero kills it at once, infinity never. */
  readonly shutdown: Duration.Duration
  /** Whether a crash counts toward the intensity of the supervisor. */
  readonly isCounted: (cause: Cause.Cause<unknown>) => boolean
  /** Spawns the child under a guardian. Supervisors call it. */
  readonly spawn: (guardian: Guardian) => Effect.Effect<Child<S, M>, E | SpawnError, ActorSystem | R>
}

/**
 * Any child specification.
 *
 * @category models
 * @since 0.1.0
 */
export type Any = ChildSpec<never, unknown, unknown>

/**
 * The services that a child provides.
 *
 * @category models
 * @since 0.1.0
 */
export type Services<C> = C extends ChildSpec<infer S, infer _E, infer _R> ? S : never

/**
 * What a child fails to start with, besides a `SpawnError`.
 *
 * @category models
 * @since 0.1.0
 */
export type Error<C> = C extends ChildSpec<infer _S, infer E, infer _R> ? E : never

/**
 * The services that a child needs.
 *
 * @category models
 * @since 0.1.0
 */
export type Requirements<C> = C extends ChildSpec<infer _S, infer _E, infer R> ? R : never

/**
 * How long a stop waits: not at all with `Brutal`, without end with `Infinity`.
 *
 * @category models
 * @since 0.1.0
 */
export type Shutdown = Duration.Input | "Brutal"

/**
 * How the health of a child is probed: `check` runs `every` so often beside the
 * child, with its services. When it has failed, or taken longer than `timeout`,
 * `failures` times in a row, the child crashes with `ProbeFailed`; what follows
 * is what follows any crash.
 *
 * @category models
 * @since 0.1.0
 */
export interface Probe<out M, out R = never> {
  readonly check: (ref: ActorRef<M>) => Effect.Effect<unknown, unknown, R>
  /** Default: 10 seconds, counted from the end of the last one. */
  readonly every?: Duration.Input | undefined
  /** Default: 5 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** Default: 3. */
  readonly failures?: number | undefined
}

const everyCrash = (): boolean => true

/**
 * Makes a child specification. The behaviour runs at the start and at every
 * restart; `provide` runs once, since the ref outlives restarts.
 *
 * Defaults: `Permanent`, `Backoff.standard`, 5 seconds to shut down, 30
 * seconds to start, an unbounded mailbox, no services. Throws a `RangeError`
 * for a significant child that is permanent, since that never ends by itself,
 * for counts that are no whole numbers, for durations that are none, and for
 * words that are not of their type.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <M, E = never, R = never, S = never, R2 = never>(options: {
  readonly id: string
  /**
   * What its actor is called in the system, for `lookup`; `false` for nothing,
   * where supervisors have children of the same ids. Default: the id.
   */
  readonly name?: string | false | undefined
  readonly behaviour: Behaviour<M, E, R>
  readonly restart?: Restart | undefined
  /** Default: false. */
  readonly isSignificant?: boolean | undefined
  readonly backoff?: Backoff.Input | undefined
  /**
   * Tells the crashes that are the child's own doing from those that are not:
   * those restart it too, after its backoff, without bringing the supervisor
   * nearer to giving up. Default: every crash counts.
   */
  readonly isCounted?: ((cause: Cause.Cause<unknown>) => boolean) | undefined
  readonly shutdown?: Shutdown | undefined
  /** Default: none. */
  readonly probe?: Probe<M, R2> | undefined
  /**
   * How often a message that crashes the child is delivered again after the
   * restart, before it is quarantined. Default: never.
   */
  readonly redeliver?: number | undefined
  readonly startTimeout?: Duration.Input | undefined
  readonly mailbox?: Mailbox | undefined
  readonly protocol?: Protocol.Any<NoInfer<M>> | undefined
  readonly provide?: ((ref: ActorRef<M>) => Context.Context<S>) | undefined
}): ChildSpec<S, E, Exclude<R | NoInfer<R2>, Scope.Scope>, M> => {
  const { behaviour, id, mailbox, probe, protocol, provide, redeliver, startTimeout } = options
  checkOptions(options)
  const probing = probe === undefined ? undefined : probingOf(probe)
  const shutdown = shutdownOf(options.shutdown ?? "5 seconds")
  const restart = restartOf(options.restart ?? "Permanent")
  const isSignificant = flagOf("The significance of a child", options.isSignificant ?? false)
  checkSignificant(id, restart, isSignificant)
  const name = nameOf(options.name, id)
  return {
    id,
    name,
    kind: "Worker",
    restart,
    isSignificant,
    isCounted: options.isCounted ?? everyCrash,
    backoff: options.backoff === undefined ? Backoff.standard : Backoff.make(options.backoff),
    shutdown,
    spawn: (guardian) =>
      Effect.flatMap(ActorSystem, (system) => {
        const ref = system.spawn(behaviour, {
          name,
          protocol,
          mailbox,
          shutdown,
          startTimeout,
          redeliver,
          guardian: probing === undefined ? guardian : probed(guardian, probing)
        })
        return Effect.map(ref, (ref) => ({ ref, services: provide?.(ref) ?? Context.empty() as Context.Context<S> }))
      })
  }
}
