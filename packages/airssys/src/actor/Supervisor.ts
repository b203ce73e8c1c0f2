/**
 * Starts children in order, restarts those that crash, stops them in reverse.
 *
 * - One for one: only the child that ended is restarted, after its backoff,
 *   from its behaviour. Its ref, its name and its waiting messages stay; the
 *   message that crashed it is not delivered again.
 * - Intensity counts the restarts of all children together, as in OTP. One
 *   more than `restarts` within `within`, and the supervisor gives up: that
 *   child fails, the others are stopped.
 * - A child's backoff starts over when it has run for as long as the window.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Types from "effect/Types"
import type { SpawnError } from "./ActorError.ts"
import type { ActorEvent } from "./ActorEvent.ts"
import type { ActorRef, Status } from "./ActorRef.ts"
import { ActorSystem } from "./ActorSystem.ts"
import type * as ChildSpec from "./ChildSpec.ts"
import { Children } from "./internal/children.ts"

const TypeId = "~airssys/actor/Supervisor"

const variance = {
  _S: () => {},
  _E: (_: never) => _,
  _R: (_: never) => _
}

/**
 * Which children a crash concerns.
 *
 * @category models
 * @since 0.1.0
 */
export type Strategy = "OneForOne"

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
 * A supervisor as data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Supervisor<in S = never, out E = never, out R = never> {
  readonly [TypeId]: {
    readonly _S: Types.Contravariant<S>
    readonly _E: Types.Covariant<E>
    readonly _R: Types.Covariant<R>
  }
  readonly strategy: Strategy
  readonly intensity: Intensity
  readonly children: ReadonlyArray<ChildSpec.Any>
}

/**
 * The supervisor has a live child with this id.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChildExists extends Data.TaggedError("ChildExists")<{ readonly child: string }> {
  override get message(): string {
    return `The supervisor has a child ${this.child}`
  }
}

/**
 * The supervisor has been stopped or gave up.
 *
 * @category errors
 * @since 0.1.0
 */
export class SupervisorStopped extends Data.TaggedError("SupervisorStopped")<{ readonly child: string }> {
  override get message(): string {
    return `The supervisor is stopped; it does not start ${this.child}`
  }
}

/**
 * What a supervisor fails to start a child with, besides the child's own error.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = SpawnError | ChildExists | SupervisorStopped

/**
 * @category models
 * @since 0.1.0
 */
export interface ChildInfo {
  readonly id: string
  readonly restart: ChildSpec.Restart
  readonly status: Status
}

/**
 * A supervisor that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handle<in S> {
  readonly status: () => "Running" | "GaveUp" | "Stopped"
  /** What the children of the specification provide. */
  readonly services: Context.Context<S>
  /** The children in the order of their start. A temporary child leaves with its end. */
  readonly whichChildren: Effect.Effect<ReadonlyArray<ChildInfo>>
  readonly ref: (id: string) => Option.Option<ActorRef<never>>
  /** The lifecycle events of the children, from the subscription on. */
  readonly events: Stream.Stream<ActorEvent>
  /** Starts one more child, as the last. The id of one that has ended may be used again. */
  readonly startChild: <S2, E, R, M>(
    spec: ChildSpec.ChildSpec<S2, E, R, M>
  ) => Effect.Effect<ChildSpec.Child<S2, M>, E | StartError, R>
}

/**
 * Makes the data of a supervisor. Throws a `RangeError` unless
 * `intensity.restarts` is a non-negative integer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const Specs extends ReadonlyArray<ChildSpec.Any>>(options: {
  readonly strategy: Strategy
  readonly intensity: Intensity
  readonly children: Specs
}): Supervisor<
  ChildSpec.Services<Specs[number]>,
  ChildSpec.Error<Specs[number]>,
  ChildSpec.Requirements<Specs[number]>
> => {
  const { restarts } = options.intensity
  if (!Number.isInteger(restarts) || restarts < 0) {
    throw new RangeError(`An intensity allows a whole number of restarts, not ${restarts}`)
  }
  return {
    [TypeId]: variance,
    strategy: options.strategy,
    intensity: options.intensity,
    children: options.children
  }
}

/**
 * Starts a supervisor whose children are stopped with the scope. When a child
 * fails to start, those before it are stopped, the newest first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = Effect.fnUntraced(function*<S, E, R>(
  spec: Supervisor<S, E, R>
): Effect.fn.Return<Handle<S>, E | StartError, ActorSystem | Scope.Scope | R> {
  const system = yield* ActorSystem
  const children = new Children(
    spec.intensity.restarts,
    Duration.toMillis(spec.intensity.within),
    system.stop,
    yield* Effect.context()
  )
  yield* Effect.addFinalizer(() => children.stop("Stopped"))

  const startChild = Effect.fnUntraced(function*<S2, E2, R2, M>(child: ChildSpec.ChildSpec<S2, E2, R2, M>) {
    if (children.status !== "Running") return yield* new SupervisorStopped({ child: child.id })
    if (children.isTaken(child.id)) return yield* new ChildExists({ child: child.id })
    const guardian = children.add(child)
    return yield* Effect.provideService(child.spawn(guardian), ActorSystem, system).pipe(
      Effect.tap(({ ref }) => {
        children.set(child.id, ref)
        return children.status === "Running" ? Effect.void : system.stop(ref)
      }),
      Effect.onError(() => Effect.sync(() => children.remove(child.id)))
    )
  })

  let services = Context.empty() as Context.Context<S>
  yield* Effect.forEach(
    spec.children as ReadonlyArray<ChildSpec.ChildSpec<S, E, R>>,
    (child) =>
      Effect.map(startChild(child), (started) => {
        services = Context.merge(services, started.services)
      }),
    { discard: true }
  ).pipe(Effect.onError(() => children.stop("Stopped")))

  return {
    status: () => children.status,
    services,
    whichChildren: Effect.sync(() => children.list()),
    ref: (id) => Option.fromUndefinedOr(children.ref(id)),
    events: Stream.filter(system.events, (event) => children.knows(event.id)),
    startChild
  }
})

/**
 * Layer that starts a supervisor and provides what its children provide.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Specs extends ReadonlyArray<ChildSpec.Any>>(options: {
  readonly strategy: Strategy
  readonly intensity: Intensity
  readonly children: Specs
}): Layer.Layer<
  ChildSpec.Services<Specs[number]>,
  ChildSpec.Error<Specs[number]> | StartError,
  ActorSystem | Exclude<ChildSpec.Requirements<Specs[number]>, Scope.Scope>
> => Layer.effectContext(Effect.map(start(make(options)), (handle) => handle.services))
