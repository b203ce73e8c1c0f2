/**
 * Children of one kind, started one by one: OTP's `simple_one_for_one`.
 *
 * A template makes the specification of a child from the arguments of its
 * start; with `name: false` in it, other supervisors may have children of the
 * same ids. Children are restarted one for one; an ended one is gone, whatever
 * its restart type. All of them stop at once.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SpawnError } from "./ActorError.ts"
import type { ActorRef } from "./ActorRef.ts"
import { ActorSystem } from "./ActorSystem.ts"
import type * as ChildSpec from "./ChildSpec.ts"
import type { Guardian } from "./Guardian.ts"
import {
  autoShutdownOf,
  checked,
  childrenOf,
  control,
  controls,
  placeOf,
  scoped,
  spawnKeeper,
  startChild
} from "./internal/supervising.ts"
import type { AutoShutdown, Control, Intensity, Place } from "./Supervisor.ts"
import type { StartError } from "./SupervisorError.ts"

/**
 * A supervisor of dynamic children, as data. It can be started, and it is the
 * specification of a child of another supervisor.
 *
 * @category models
 * @since 0.1.0
 */
export interface DynamicSupervisor<
  in out Args extends ReadonlyArray<unknown>,
  in out S,
  in out E,
  out R,
  in out M,
  in P = never
> extends ChildSpec.ChildSpec<P, SpawnError, R> {
  readonly template: (...args: Args) => ChildSpec.ChildSpec<S, E, R, M>
  readonly intensity: Intensity
  readonly autoShutdown: AutoShutdown
}

/**
 * A supervisor of dynamic children that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handle<in Args extends ReadonlyArray<unknown>, in S, out E, in M> extends Control {
  /** Starts a child from the template, with the services of the supervisor. */
  readonly startChild: (...args: Args) => Effect.Effect<ChildSpec.Child<S, M>, E | StartError>
}

/**
 * Makes the data of a supervisor of dynamic children. Throws a `RangeError`
 * unless `intensity.restarts` is a non-negative integer and `within` a duration.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <Args extends ReadonlyArray<unknown>, S, E, R, M, P = never>(
  options: Place & {
    readonly template: (...args: Args) => ChildSpec.ChildSpec<S, E, R, M>
    readonly intensity?: Intensity | undefined
    /** Default: `Never`. */
    readonly autoShutdown?: AutoShutdown | undefined
    /** The services it stands for below another supervisor, which is where its children are started. */
    readonly provide?: ((handle: Handle<Args, S, E, M>) => Context.Context<P>) | undefined
  }
): DynamicSupervisor<Args, S, E, R, M, P> => {
  const { provide } = options
  const self: DynamicSupervisor<Args, S, E, R, M, P> = {
    ...placeOf(options, "dynamic"),
    template: options.template,
    intensity: checked(options.intensity),
    autoShutdown: autoShutdownOf(options.autoShutdown),
    spawn: (guardian) =>
      Effect.map(launch(self, guardian), (handle) => ({
        ref: handle.self,
        services: provide === undefined ? Context.empty() as Context.Context<P> : provide(handle)
      }))
  }
  return self
}

/**
 * Starts a supervisor of dynamic children, which are stopped with the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = <Args extends ReadonlyArray<unknown>, S, E, R, M, P>(
  spec: DynamicSupervisor<Args, S, E, R, M, P>
): Effect.Effect<Handle<Args, S, E, M>, SpawnError, ActorSystem | Scope.Scope | R> =>
  scoped((born) => launch(spec, undefined, born))

const launch = <Args extends ReadonlyArray<unknown>, S, E, R, M, P>(
  spec: DynamicSupervisor<Args, S, E, R, M, P>,
  guardian: Guardian | undefined,
  born?: (self: ActorRef<never>) => void
): Effect.Effect<Handle<Args, S, E, M>, SpawnError, ActorSystem | R> =>
  Effect.gen(function*() {
    const system = yield* ActorSystem
    const context = yield* Effect.context<R | ActorSystem>()
    const children = childrenOf(system, spec, "Dynamic", born)
    const behaviour = children.behaviour<never, never>([], () => {})
    const self = yield* spawnKeeper(behaviour, children, spec.name, guardian)
    const handle: Handle<Args, S, E, M> = {
      ...control(self, children, system),
      startChild: (...args) =>
        Effect.updateContext(Effect.suspend(() => startChild(children, spec.template(...args))), () => context)
    }
    controls.set(self, { control: handle, handle: undefined })
    return handle
  })
