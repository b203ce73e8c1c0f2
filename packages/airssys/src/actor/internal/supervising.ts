// What a child fails with is typed where it is started.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ActorRef } from "../ActorRef.ts"
import { ActorSystem } from "../ActorSystem.ts"
import * as Backoff from "../Backoff.ts"
import type { Behaviour } from "../Behaviour.ts"
import type * as ChildSpec from "../ChildSpec.ts"
import type { Guardian } from "../Guardian.ts"
import type { AutoShutdown, Control, Intensity, Place, Strategy } from "../Supervisor.ts"
import {
  ChildExists,
  ChildNotFound,
  ChildNotStarted,
  ChildRunning,
  type StartError,
  SupervisorGaveUp,
  SupervisorStopped
} from "../SupervisorError.ts"
import { type Entry, infoOf, isLive } from "./childEntry.ts"
import { checkSignificant, nameOf, restartOf, shutdownOf } from "./childOptions.ts"
import { Children } from "./children.ts"
import { durationOf } from "./durations.ts"
import type { KeeperOptions } from "./lifecycle.ts"
import { flagOf, shown, wordOf } from "./words.ts"

const defaultIntensity: Intensity = { restarts: 1, within: "5 seconds" }

export const checked = (intensity: Intensity | undefined): Intensity => {
  const { restarts, within } = intensity ?? defaultIntensity
  durationOf("The window of an intensity", within)
  if (!Number.isInteger(restarts) || restarts < 0) {
    throw new RangeError(`An intensity allows a whole number of restarts, not ${shown(restarts)}`)
  }
  return intensity ?? defaultIntensity
}

const strategies: ReadonlyArray<Strategy> = ["OneForOne", "OneForAll", "RestForOne"]

export const strategyOf = (strategy: Strategy): Strategy => wordOf("A strategy", strategies, strategy)

const autoShutdowns: ReadonlyArray<AutoShutdown> = ["Never", "AnySignificant", "AllSignificant"]

export const autoShutdownOf = (given: AutoShutdown | undefined): AutoShutdown =>
  wordOf("An automatic shutdown", autoShutdowns, given ?? "Never")

/** What a supervisor is as a child of another one. */
export const placeOf = (options: Place, fallback: string) => {
  const id = options.id ?? fallback
  const restart = restartOf(options.restart ?? "Permanent")
  const isSignificant = flagOf("The significance of a child", options.isSignificant ?? false)
  checkSignificant(id, restart, isSignificant)
  return {
    id,
    name: nameOf(options.name, options.id),
    restart,
    isSignificant,
    backoff: options.backoff === undefined ? Backoff.standard : Backoff.make(options.backoff),
    shutdown: shutdownOf(options.shutdown ?? "Infinity"),
    isCounted: () => true,
    kind: "Supervisor" as const
  }
}

export const needsAutoShutdown = (id: string) =>
  new RangeError(`A significant child needs a supervisor with an automatic shutdown: ${id}`)

/** The supervisor behind each ref of one, with a handle where its children are not dynamic. */
export const controls = new WeakMap<ActorRef<never>, { readonly control: Control; readonly handle: unknown }>()

export const childrenOf = (
  system: ActorSystem["Service"],
  { autoShutdown, id, intensity }: {
    readonly id: string
    readonly intensity: Intensity
    readonly autoShutdown: AutoShutdown
  },
  strategy: Strategy | "Dynamic",
  born: ((self: ActorRef<never>) => void) | undefined
): Children => {
  const withinMillis = Duration.toMillis(intensity.within)
  const { restarts } = intensity
  return new Children(system, {
    strategy,
    autoShutdown,
    restarts,
    withinMillis,
    gaveUp: (child, cause) => new SupervisorGaveUp({ supervisor: id, child, restarts, withinMillis, cause }),
    stopped: () => new SupervisorStopped({ child: id }),
    born
  })
}

export const spawnKeeper = <E, R>(
  behaviour: Behaviour<never, E, R>,
  keeper: Children,
  name: string | undefined,
  guardian: Guardian | undefined
) => {
  const options: KeeperOptions = { name, guardian, keeper, shutdown: "Infinity", startTimeout: "Infinity" }
  return Effect.flatMap(ActorSystem, (system) => system.spawn(behaviour, options))
}

export const startChild = <S, E, R, M>(
  children: Children,
  spec: ChildSpec.ChildSpec<S, E, R, M>
): Effect.Effect<ChildSpec.Child<S, M>, E | StartError, R> =>
  // Between the look at the place and the start of the child no operation ends: the fiber could yield, or be interrupted.
  children.exclusive(
    Effect.uninterruptibleMask((restore): Effect.Effect<ChildSpec.Child<S, M>, E | StartError, R> => {
      if (children.status !== "Running") return Effect.fail(new SupervisorStopped({ child: spec.id }))
      const present = children.entries.get(spec.id)
      if (present !== undefined) {
        return Effect.fail(new ChildExists({ child: spec.id, isRunning: isLive(present) }))
      }
      if (spec.isSignificant && !children.endsWithSignificant) return Effect.die(needsAutoShutdown(spec.id))
      const entry = children.add(spec as never, false)
      return Effect.onError(
        children.launcher.claim(entry, restore) as unknown as Effect.Effect<ChildSpec.Child<S, M>, E | StartError, R>,
        () => Effect.sync(() => children.forget(entry))
      )
    })
  )

export const control = (self: ActorRef<never>, children: Children, system: ActorSystem["Service"]): Control => {
  const found = (id: string) => {
    const entry = children.entries.get(id)
    return entry === undefined ? Effect.fail(new ChildNotFound({ child: id })) : Effect.succeed(entry)
  }
  /** The entry of a child that has ended, or why there is none. */
  const ended = (id: string): Entry | ChildNotFound | ChildRunning => {
    const entry = children.entries.get(id)
    if (entry === undefined) return new ChildNotFound({ child: id })
    return isLive(entry) ? new ChildRunning({ child: id, status: infoOf(entry).status }) : entry
  }
  return {
    self,
    status: () => children.status,
    whichChildren: Effect.sync(() => [...children.entries.values()].map((entry) => infoOf(entry))),
    restarts: Effect.sync(() => children.restarts),
    countChildren: Effect.sync(() => children.count),
    ref: (id) => Option.fromUndefinedOr<ActorRef<never> | undefined>(children.entries.get(id)?.cell),
    childSpec: (id) => Option.fromUndefinedOr<ChildSpec.Any | undefined>(children.entries.get(id)?.spec),
    events: Stream.filter(system.events, (event) => children.knows(event.id)),
    stopChild: (id) => Effect.flatMap(Effect.suspend(() => found(id)), (entry) => children.terminate(entry)),
    restartChild: (id) =>
      children.exclusive(
        Effect.uninterruptibleMask((restore): ReturnType<Control["restartChild"]> => {
          const entry = ended(id)
          if ("_tag" in entry) return Effect.fail(entry)
          if (children.status !== "Running") return Effect.fail(new SupervisorStopped({ child: id }))
          return Effect.matchCauseEffect(children.launcher.claim(entry, restore), {
            onFailure: (cause) => Effect.fail(new ChildNotStarted({ child: id, cause })),
            onSuccess: ({ ref }) => Effect.succeed<ActorRef<never>>(ref)
          })
        })
      ),
    deleteChild: (id) =>
      Effect.suspend(() => {
        const entry = ended(id)
        if ("_tag" in entry) return Effect.fail(entry)
        children.forget(entry)
        return Effect.void
      })
  }
}

/** The scope has the finalizer before there is a supervisor: wherever the start is interrupted, nothing is left. */
export const scoped = <H extends Control, E, R>(
  launch: (born: (self: ActorRef<never>) => void) => Effect.Effect<H, E, R>
): Effect.Effect<H, E, R | ActorSystem | Scope.Scope> =>
  Effect.flatMap(ActorSystem, (system) => {
    let self: ActorRef<never> | undefined
    const stop = Effect.suspend(() => self === undefined ? Effect.void : system.stop(self))
    const launched = launch((ref) => {
      self = ref
    })
    return Effect.andThen(Effect.addFinalizer(() => stop), launched)
  })
