/**
 * Starts children in order, restarts those that crash, stops them in reverse.
 *
 * It is OTP's supervisor where nothing else is said. A child that is restarted
 * keeps its ref, its name and its waiting messages; the message that crashed it
 * is not delivered again.
 *
 * - Intensity counts the restarts of all children together. One more than
 *   `restarts` within `within`, and the supervisor gives up: it stops its
 *   children and ends. A supervisor above it decides what follows: the children
 *   of the specification then keep their refs, those started later are gone.
 * - A child's backoff starts over when it has run for as long as the window.
 *   While it waits, the supervisor answers and the other children run.
 * - A stop or a kill from outside is final: the child keeps its place, and
 *   `restartChild` starts it anew, with a new ref. So does a later restart of
 *   it together with others, as in OTP. Services keep the ref they were made of.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Types from "effect/Types"
import type { ActorEvent } from "./ActorEvent.ts"
import type { ActorRef, Status } from "./ActorRef.ts"
import { ActorSystem } from "./ActorSystem.ts"
import type * as Backoff from "./Backoff.ts"
import type * as ChildSpec from "./ChildSpec.ts"
import type { Guardian } from "./Guardian.ts"
import {
  autoShutdownOf,
  checked,
  childrenOf,
  control,
  controls,
  needsAutoShutdown,
  placeOf,
  scoped,
  spawnKeeper,
  startChild,
  strategyOf
} from "./internal/supervising.ts"
import type * as Errors from "./SupervisorError.ts"
import type { ChildNotFound, ChildNotStarted, ChildRunning, SupervisorStopped } from "./SupervisorError.ts"

const TypeId = "~airssys/actor/Supervisor"

const variance = {
  _S: () => {},
  _E: (_: never) => _,
  _R: (_: never) => _
}

/**
 * Which children are restarted with the one that crashed: none, all, or those
 * that were started after it.
 *
 * @category models
 * @since 0.1.0
 */
export type Strategy = "OneForOne" | "OneForAll" | "RestForOne"

/**
 * Whether the supervisor ends when one of its significant children, or the last
 * of them, has ended by itself and is not restarted.
 *
 * @category models
 * @since 0.1.0
 */
export type AutoShutdown = "Never" | "AnySignificant" | "AllSignificant"

/**
 * At most so many restarts within so much time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Intensity {
  readonly restarts: number
  readonly within: Duration.Input
}

/**
 * A supervisor as data. It can be started, and it is the specification of a
 * child: a supervisor below another one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Supervisor<in S = never, out E = never, out R = never>
  extends ChildSpec.ChildSpec<S, E | StartError, R>
{
  readonly [TypeId]: {
    readonly _S: Types.Contravariant<S>
    readonly _E: Types.Covariant<E>
    readonly _R: Types.Covariant<R>
  }
  readonly strategy: Strategy
  readonly intensity: Intensity
  readonly autoShutdown: AutoShutdown
  readonly children: ReadonlyArray<ChildSpec.Any>
}

/**
 * What a supervisor fails to start a child with, besides the child's own error.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = Errors.StartError

/**
 * A child at this moment.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildInfo {
  readonly id: string
  readonly restart: ChildSpec.Restart
  readonly kind: "Worker" | "Supervisor"
  readonly status: Status
}

/**
 * How many specifications of children there are (one, the template, where they
 * are dynamic), how many children neither have ended nor wait for a restart, and
 * how many are of which kind, whatever their state.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildCount {
  readonly specs: number
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

/**
 * Where a supervisor is in its life. `GaveUp` and `Stopped` are final for one that
 * has no supervisor above it.
 *
 * @category models
 * @since 0.1.0
 */
export type SupervisorStatus = "Starting" | "Running" | "Restarting" | "GaveUp" | "Stopped"

/**
 * What can be done with the children of any supervisor that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Control {
  /** The supervisor's own actor. It takes no messages. */
  readonly self: ActorRef<never>
  readonly status: () => SupervisorStatus
  /** The children in the order of their start. A temporary child leaves with its end. */
  readonly whichChildren: Effect.Effect<ReadonlyArray<ChildInfo>>
  readonly countChildren: Effect.Effect<ChildCount>
  /** The restarts that count at this moment; one more than the intensity allows, and it gives up. */
  readonly restarts: Effect.Effect<number>
  readonly ref: (id: string) => Option.Option<ActorRef<never>>
  readonly childSpec: (id: string) => Option.Option<ChildSpec.Any>
  /** The lifecycle events of the children, from the subscription on. */
  readonly events: Stream.Stream<ActorEvent>
  /** Stops a child for good, in its shutdown time. Its place stays, unless it is temporary or dynamic. */
  readonly stopChild: (id: string) => Effect.Effect<void, ChildNotFound>
  /** Starts a child that has ended, in its old place, with the services of its first start. Its ref is a new one. */
  readonly restartChild: (
    id: string
  ) => Effect.Effect<ActorRef<never>, ChildNotFound | ChildRunning | ChildNotStarted | SupervisorStopped>
  /** Forgets a child that has ended. */
  readonly deleteChild: (id: string) => Effect.Effect<void, ChildNotFound | ChildRunning>
}

/**
 * A supervisor that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handle<in S> extends Control {
  /** What the children of the specification provide. */
  readonly services: Context.Context<S>
  /** Starts one more child, as the last. */
  readonly startChild: <S2, E, R, M>(
    spec: ChildSpec.ChildSpec<S2, E, R, M>
  ) => Effect.Effect<ChildSpec.Child<S2, M>, E | StartError, R>
}

/**
 * Where a supervisor stands: its `id` below another supervisor; the `name` of
 * its actor in the system (the id that was given), `false` for none; when it is
 * restarted there (`Permanent`); whether it is significant (no); how long its
 * restart is held back (`Backoff.standard`); and how long it may take to stop
 * (without bound).
 *
 * @category models
 * @since 0.1.0
 */
export interface Place {
  readonly id?: string | undefined
  readonly name?: string | false | undefined
  readonly restart?: ChildSpec.Restart | undefined
  readonly isSignificant?: boolean | undefined
  readonly backoff?: Backoff.Input | undefined
  readonly shutdown?: ChildSpec.Shutdown | undefined
}

/**
 * A supervisor as it is written down.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Specs extends ReadonlyArray<ChildSpec.Any>> extends Place {
  readonly strategy: Strategy
  /** Default: OTP's, one restart in 5 seconds. */
  readonly intensity?: Intensity | undefined
  /** Default: `Never`. */
  readonly autoShutdown?: AutoShutdown | undefined
  readonly children: Specs
}

/**
 * Makes the data of a supervisor. Throws a `RangeError` unless
 * `intensity` has a non-negative integer and a duration, no id is used twice,
 * significant children are not permanent and have an `autoShutdown`, and words
 * such as `strategy` are of their types.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const Specs extends ReadonlyArray<ChildSpec.Any>>(options: Options<Specs>): Supervisor<
  ChildSpec.Services<Specs[number]>,
  ChildSpec.Error<Specs[number]>,
  ChildSpec.Requirements<Specs[number]>
> => {
  const autoShutdown = autoShutdownOf(options.autoShutdown)
  const ids = new Set<string>()
  for (const { id, isSignificant } of options.children) {
    if (ids.has(id)) throw new RangeError(`Two children are called ${id}`)
    ids.add(id)
    if (isSignificant && autoShutdown === "Never") throw needsAutoShutdown(id)
  }
  const self: Supervisor<
    ChildSpec.Services<Specs[number]>,
    ChildSpec.Error<Specs[number]>,
    ChildSpec.Requirements<Specs[number]>
  > = {
    ...placeOf(options, "supervisor"),
    [TypeId]: variance,
    strategy: strategyOf(options.strategy),
    intensity: checked(options.intensity),
    autoShutdown,
    children: options.children,
    spawn: (guardian) => Effect.map(launch(self, guardian), ({ self, services }) => ({ ref: self, services }))
  }
  return self
}

/**
 * The supervisor behind a ref, for one that is a child of another supervisor;
 * not for one of dynamic children.
 *
 * @category combinators
 * @since 0.1.0
 */
export const of = (ref: ActorRef<never>): Option.Option<Handle<never>> =>
  Option.fromUndefinedOr(controls.get(ref)?.handle as Handle<never> | undefined)

/**
 * What can be done with the supervisor behind a ref, of whichever kind.
 *
 * @category combinators
 * @since 0.1.0
 */
export const controlOf = (ref: ActorRef<never>): Option.Option<Control> =>
  Option.fromUndefinedOr(controls.get(ref)?.control)

/**
 * Starts a supervisor whose children are stopped with the scope. When a child
 * fails to start, those before it are stopped, the newest first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = <S, E, R>(
  spec: Supervisor<S, E, R>
): Effect.Effect<Handle<S>, E | StartError, ActorSystem | Scope.Scope | R> =>
  scoped((born) => launch(spec, undefined, born))

const launch = <S, E, R>(
  spec: Supervisor<S, E, R>,
  guardian: Guardian | undefined,
  born?: (self: ActorRef<never>) => void
): Effect.Effect<Handle<S>, E | StartError, ActorSystem | R> =>
  Effect.gen(function*() {
    const system = yield* ActorSystem
    let services = Context.empty() as Context.Context<S>
    const children = childrenOf(system, spec, spec.strategy, born)
    const behaviour = children.behaviour<E | StartError, R>(spec.children, (child) => {
      services = Context.merge(services, child.services as Context.Context<never>) as Context.Context<S>
    })
    const self = yield* spawnKeeper(
      behaviour,
      children,
      spec.name,
      guardian
    )
    const handle: Handle<S> = {
      ...control(self, children, system),
      services,
      startChild: (child) => startChild(children, child)
    }
    controls.set(self, { control: handle, handle })
    return handle
  })

/**
 * Layer that starts a supervisor and provides what its children provide.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Specs extends ReadonlyArray<ChildSpec.Any>>(
  options: Options<Specs>
): Layer.Layer<
  ChildSpec.Services<Specs[number]>,
  ChildSpec.Error<Specs[number]> | StartError,
  ActorSystem | Exclude<ChildSpec.Requirements<Specs[number]>, Scope.Scope>
> => Layer.effectContext(Effect.map(start(make(options)), (handle) => handle.services))

/**
 * The same with the handle of the supervisor, as a service of its own.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHandle = <I, S, E, R>(
  key: Context.Key<I, Handle<S>>,
  spec: Supervisor<S, E, R>
): Layer.Layer<I | S, E | StartError, ActorSystem | Exclude<R, Scope.Scope>> =>
  Layer.effectContext(Effect.map(start(spec), (handle) => Context.add(handle.services, key, handle)))
