/**
 * A component as a service: hosting it is a Layer.
 *
 * `layer` provides a contract from one supervised component; `child` puts it
 * under a `Supervisor.layer` beside others. Both take the folder of a
 * component, or a release that was installed before.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ActorRef } from "../actor/ActorRef.ts"
import type { ActorSystem } from "../actor/ActorSystem.ts"
import type * as Backoff from "../actor/Backoff.ts"
import type { Behaviour } from "../actor/Behaviour.ts"
import * as ChildSpec from "../actor/ChildSpec.ts"
import type { Guardian } from "../actor/Guardian.ts"
import * as Mailbox from "../actor/Mailbox.ts"
import * as ActorPool from "../actor/Pool.ts"
import * as Supervisor from "../actor/Supervisor.ts"
import type { InvalidArgument } from "./Argument.ts"
import { ComponentError, type TrapCategory } from "./ComponentError.ts"
import * as ComponentHost from "./ComponentHost.ts"
import * as ComponentMessage from "./ComponentMessage.ts"
import * as Contract from "./Contract.ts"
import type { HostingOptions } from "./HostingOptions.ts"
import * as componentOptions from "./internal/componentOptions.ts"
import type { Release } from "./Release.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface ChildOptions extends HostingOptions {
  /** Default `Permanent`. */
  readonly restart?: ChildSpec.Restart | undefined
  /** Default 100 milliseconds, doubled at each restart, at most 10 seconds. */
  readonly backoff?: Backoff.Input | undefined
  /** Messages that may wait for an instance, default 1,000; further calls fail with `Busy`. */
  readonly mailbox?: number | undefined
  /**
   * How long a stop lets it work off the calls that wait before it is killed.
   * Default 10 seconds; in a runtime that has another bound, that.
   */
  readonly shutdown?: ChildSpec.Shutdown | undefined
  /** Several instances behind one ref, for a component without state. Default: one instance. */
  readonly pool?: Pool | undefined
}

/**
 * How many instances a component has, and which of them a message goes to. Each
 * has the limits of the component for itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pool {
  /** From 1. */
  readonly size: number
  /** Default: the instance with the fewest messages. */
  readonly routing?: "LeastLoaded" | "RoundRobin" | undefined
  /** Of the restarts of all instances together, default 3 within 10 seconds; one more and all are stopped. */
  readonly intensity?: Supervisor.Intensity | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface LayerOptions extends ChildOptions {
  /** Default 3 restarts within 10 seconds; one more and the component is stopped. */
  readonly intensity?: Supervisor.Intensity | undefined
}

/**
 * What a supervisor starts for a component.
 *
 * @category models
 * @since 0.1.0
 */
export type Child<Self> = ChildSpec.ChildSpec<
  Self,
  ComponentHost.StartError | Supervisor.StartError,
  ActorSystem | ComponentHost.ComponentHost,
  ComponentMessage.ComponentMessage
>

const defaultBackoff: Backoff.Input = { base: "100 millis", factor: 2, cap: "10 seconds" }

/**
 * 3 restarts within 10 seconds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaultIntensity: Supervisor.Intensity = { restarts: 3, within: "10 seconds" }

const defaultMailbox = 1000
const defaultShutdown = "10 seconds"

/**
 * Why no component can be started with what a program gave; undefined where
 * nothing speaks against it. A contract is only looked at where one is given.
 *
 * @category combinators
 * @since 0.1.0
 */
export const refusal = (
  given: { readonly contract?: unknown; readonly source: unknown; readonly options: unknown }
): InvalidArgument | undefined => componentOptions.problem(given)

/**
 * A component as a child of a supervisor. Any component that keeps the contract
 * may stand behind it. The child's id, and its actor's name, is `component/` and
 * the folder, or the component's id for a release. Throws an `InvalidArgument`
 * for what cannot be meant.
 *
 * @category constructors
 * @since 0.1.0
 */
export const child = <Self, Shape>(
  contract: Contract.Contract<Self, Shape>,
  source: string | Release,
  options: ChildOptions = {}
): Child<Self> => {
  const problem = refusal({ contract, source, options })
  if (problem !== undefined) throw problem
  const name = typeof source === "string" ? source : source.id
  const actor = ComponentHost.actorName(name)
  let component = name
  const release = Effect.tap(
    typeof source === "string" ? installer(actor, source) : Effect.succeed(source),
    ({ id }) =>
      Effect.sync(() => {
        component = id
      })
  )
  return specOf(
    actor,
    release,
    contract.definition,
    options,
    (ref) => Context.make(contract, client(contract, ref, () => component))
  )
}

/**
 * Installs at the first start and gives the same release to each restart. A
 * specification may be started in several hosts, and again after its actor
 * ended: then the files are read anew.
 */
const installer = (
  actor: string,
  source: string
): Effect.Effect<Release, ComponentHost.InstallError, ComponentHost.ComponentHost> => {
  const installed = new WeakMap<ComponentHost.ComponentHost["Service"], Release>()
  return Effect.flatMap(ComponentHost.ComponentHost, (host) => {
    const release = installed.get(host)
    return release !== undefined && host.current(actor) === release
      ? Effect.succeed(release)
      : Effect.tap(host.install(source), (fresh) => Effect.sync(() => installed.set(host, fresh)))
  })
}

/**
 * A release as a child of a supervisor, without a contract or with one that is
 * only checked.
 *
 * @category constructors
 * @since 0.1.0
 */
export const childOf = (
  release: Release,
  definition: Contract.Definition | undefined,
  options: ChildOptions
): Child<never> =>
  specOf(ComponentHost.actorName(release.id), Effect.succeed(release), definition, options, () => Context.empty())

const specOf = <S>(
  actor: string,
  release: Effect.Effect<Release, ComponentHost.InstallError, ComponentHost.ComponentHost>,
  definition: Contract.Definition | undefined,
  options: ChildOptions,
  provide: (ref: ActorRef<ComponentMessage.ComponentMessage>) => Context.Context<S>
): Child<S> => {
  const { pool } = options
  const group = { name: actor, actors: pool?.size ?? 1 }
  const common = {
    id: actor,
    behaviour: Effect.flatMap(
      ComponentHost.ComponentHost,
      (host) => Effect.flatMap(release, (release) => host.behaviour(group, release, definition, options))
    ),
    restart: options.restart ?? "Permanent",
    backoff: options.backoff ?? defaultBackoff,
    isCounted,
    shutdown: options.shutdown ?? defaultShutdown,
    mailbox: Mailbox.bounded(options.mailbox ?? defaultMailbox)
  }
  return pool === undefined ? ChildSpec.make({ ...common, provide }) : pooled({ ...common, provide }, pool)
}

/** A pool that has given up is not begun again: its instances were restarted as often as they may be. */
const pooled = <S, E, R>(
  options:
    & {
      readonly id: string
      readonly behaviour: Behaviour<ComponentMessage.ComponentMessage, E, R>
      readonly provide: (ref: ActorRef<ComponentMessage.ComponentMessage>) => Context.Context<S>
    }
    & Pick<ChildSpec.ChildSpec, "restart" | "isCounted">
    & {
      readonly backoff: Backoff.Input
      readonly shutdown: ChildSpec.Shutdown
      readonly mailbox: Mailbox.Mailbox
    },
  { intensity = defaultIntensity, routing, size }: Pool
) => {
  const spec = ActorPool.make({
    ...options,
    size,
    routing: routing === "RoundRobin" ? ActorPool.roundRobin : ActorPool.leastLoaded,
    intensity,
    provide: ({ ref }) => options.provide(ref)
  })
  return {
    ...spec,
    restart: "Temporary" as const,
    spawn: (guardian: Guardian) =>
      Effect.tap(
        spec.spawn(guardian),
        ({ ref }) => ComponentHost.ComponentHost.use((host) => Effect.sync(() => host.represent(options.id, ref)))
      )
  }
}

/** A guest that was denied and has no error to return traps: that is its host's doing. */
const isCounted = (cause: Cause.Cause<unknown>): boolean => {
  const error = Cause.squash(cause)
  return !(error instanceof ComponentError && error.reason._tag === "Trap" && error.denials.length > 0 &&
    deniedTraps.has(error.reason.category))
}

const deniedTraps: ReadonlySet<TrapCategory> = new Set(["Unreachable", "Denied", "Revoked"])

/**
 * The typed functions of a component, calling through its actor; `component`
 * names it in errors.
 *
 * @category combinators
 * @since 0.1.0
 */
export const client = <Self, Shape>(
  contract: Contract.Contract<Self, Shape>,
  ref: ActorRef<ComponentMessage.Invoke>,
  component: () => string
): Shape =>
  Contract.client(contract, (target, args) =>
    ComponentMessage.invokeFor(
      ref,
      component(),
      { interface: target.interface, function: target.function.name },
      args,
      ({ value }) => value
    ))

/**
 * Hosts a component and provides its contract. The component is stopped with
 * the layer's scope.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <Self, Shape>(
  contract: Contract.Contract<Self, Shape>,
  source: string | Release,
  options: LayerOptions = {}
): Layer.Layer<Self, ComponentHost.StartError | Supervisor.StartError, ActorSystem | ComponentHost.ComponentHost> =>
  Layer.suspend(() => {
    const problem = refusal({ contract, source, options })
    if (problem !== undefined) return Layer.effectContext(Effect.fail(problem))
    return Supervisor.layer({
      strategy: "OneForOne",
      intensity: options.intensity ?? defaultIntensity,
      children: [child(contract, source, options)]
    })
  })
