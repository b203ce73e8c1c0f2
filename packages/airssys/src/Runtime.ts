/**
 * Components that are known only at run time: install, start, call, stop.
 *
 * Each component runs under a supervisor of its own, so that one that keeps
 * failing is given up without touching the others. When the layer closes, all
 * are stopped at once: each works off the calls that wait, and what has not
 * ended within `ShutdownBound` is killed.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { ActorRef, Status } from "./actor/ActorRef.ts"
import * as ActorSystem from "./actor/ActorSystem.ts"
import * as Supervisor from "./actor/Supervisor.ts"
import * as Component from "./component/Component.ts"
import { ComponentDirectory } from "./component/ComponentDirectory.ts"
import type { ComponentEnd } from "./component/ComponentEnd.ts"
import type { CallResult, ComponentEngine } from "./component/ComponentEngine.ts"
import type { ComponentError } from "./component/ComponentError.ts"
import * as ComponentHost from "./component/ComponentHost.ts"
import * as ComponentMessage from "./component/ComponentMessage.ts"
import type { ComponentStatus } from "./component/ComponentStatus.ts"
import type * as Contract from "./component/Contract.ts"
import type { Exchange } from "./component/Exchange.ts"
import * as Messaging from "./component/Messaging.ts"
import type { Release } from "./component/Release.ts"
import type { ReleaseSource } from "./component/ReleaseSource.ts"
import * as Storage from "./component/Storage.ts"
import * as StorageStore from "./component/StorageStore.ts"
import { exportsOf } from "./internal/exportNames.ts"
import * as given from "./internal/given.ts"
import * as keyedLock from "./internal/keyedLock.ts"
import * as running from "./internal/running.ts"
import * as shutdown from "./internal/shutdown.ts"
import { AlreadyRunning, ClientRefused, RuntimeStopped } from "./RuntimeError.ts"
import type { AuditError } from "./security/AuditError.ts"
import * as AuditLog from "./security/AuditLog.ts"
import type * as CapabilityEnforcer from "./security/CapabilityEnforcer.ts"
import * as Quota from "./security/Quota.ts"
import * as Quotas from "./security/Quotas.ts"
import * as TrustRegistry from "./security/TrustRegistry.ts"

/**
 * @category errors
 * @since 0.1.0
 */
export type StartError = ComponentHost.StartError | Supervisor.StartError | AlreadyRunning | RuntimeStopped

/**
 * How long all components together may take to work off the calls that wait
 * when their runtime closes, and each of them where its options give no time
 * of its own. Default: 10 seconds.
 *
 * @category references
 * @since 0.1.0
 */
export const ShutdownBound: Context.Reference<Duration.Duration> = Context.Reference(
  "airssys/Runtime/ShutdownBound",
  { defaultValue: () => Duration.seconds(10) }
)

/**
 * A component that was started.
 *
 * @category models
 * @since 0.1.0
 */
export interface Running {
  readonly release: Release
  readonly placement: ComponentHost.Placement
  readonly ref: ActorRef<ComponentMessage.ComponentMessage>
}

/**
 * A component that was started for a contract.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunningClient<Shape> extends Running {
  readonly client: Shape
}

/**
 * Service that runs components under their own supervisors.
 *
 * @category services
 * @since 0.1.0
 */
export class Runtime extends Context.Service<Runtime, {
  /** Reads, checks and judges the component in a folder; nothing runs yet. */
  readonly install: (source: string) => Effect.Effect<Release, ComponentHost.InstallError>
  /**
   * Starts a component and gives its typed functions. One of the same id that
   * has ended, by itself or because it kept failing, makes way for it.
   */
  readonly start: <Self, Shape>(
    contract: Contract.Contract<Self, Shape>,
    source: string | Release,
    options?: Component.LayerOptions
  ) => Effect.Effect<RunningClient<Shape>, StartError>
  /** Starts a component whose types are not known to the program. */
  readonly startUntyped: (
    source: string | Release,
    options?: Component.LayerOptions
  ) => Effect.Effect<Running, StartError>
  /**
   * The typed functions of a component that runs, by its id, `acme:rates`. They
   * go on after the component was stopped and started again, for as long as
   * what runs keeps the contract.
   */
  readonly client: <Self, Shape>(
    contract: Contract.Contract<Self, Shape>,
    component: string
  ) => Effect.Effect<Shape, ClientRefused>
  /**
   * Calls an export by its name, `rates.latest`, of a running component by its
   * id, `acme:rates`. Arguments and value are WIT values.
   */
  readonly call: (
    component: string,
    target: string,
    args: ReadonlyArray<unknown>
  ) => Effect.Effect<CallResult, ComponentError>
  /** The types of an export of a running component, by its name; undefined where there is none. */
  readonly describe: (component: string, target: string) => Effect.Effect<Contract.Export | undefined>
  /**
   * Stops a component, after a start of it that is under way: waiting messages
   * are worked off first, within a bound. Says how it ended; undefined for one
   * that was not started, or was stopped before.
   */
  readonly stop: (component: string) => Effect.Effect<ComponentEnd | undefined>
  /**
   * Every component that was installed here, in the order of their ids: where
   * it is in its life, how it does and how it came to that.
   */
  readonly status: Effect.Effect<ReadonlyArray<ComponentStatus>>
  /**
   * Stops all components side by side, within `ShutdownBound`, and starts none
   * any more. Says how each ended, in the order of their ids. The layer does
   * the same when it closes; again it gives the same ends.
   */
  readonly shutdown: Effect.Effect<ReadonlyArray<ComponentEnd>>
}>()("airssys/Runtime") {}

/** Starts a component under a supervisor of its own. */
const supervised = Effect.fnUntraced(function*(
  release: Release,
  definition: Contract.Definition | undefined,
  options: Component.LayerOptions
) {
  const supervisor = yield* Supervisor.start(Supervisor.make({
    strategy: "OneForOne",
    intensity: options.intensity ?? Component.defaultIntensity,
    children: []
  }))
  return yield* supervisor.startChild(Component.childOf(release, definition, options))
})

interface Entry extends Running {
  readonly scope: Scope.Closeable
}

const make = Effect.gen(function*() {
  const components = running.make(yield* ComponentDirectory)
  const host = yield* ComponentHost.ComponentHost
  const system = yield* ActorSystem.ActorSystem
  const bound = yield* ShutdownBound
  const scope = yield* Scope.make("parallel")
  const locked = keyedLock.make()
  const started = new Map<string, Entry>()
  const isClosed = () => scope.state._tag === "Closed"

  const endOf = (component: string) => Effect.map(host.statusOf(component), (status) => status?.end)

  const ending = yield* Effect.cached(Effect.uninterruptible(Effect.gen(function*() {
    const components = [...started.keys()].toSorted()
    host.exit()
    yield* shutdown.within(bound, {
      close: Scope.close(scope, Exit.void),
      kill: Effect.suspend(() => {
        host.cut()
        return Effect.forEach(started.values(), ({ ref }) => system.kill(ref), {
          concurrency: "unbounded",
          discard: true
        })
      })
    })
    return (yield* Effect.forEach(components, endOf)).filter((end) => end !== undefined)
  })))
  yield* Effect.addFinalizer(() => ending)

  const begin = (
    release: Release,
    definition: Contract.Definition | undefined,
    options: Component.LayerOptions
  ): Effect.Effect<Entry, StartError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        if (isClosed()) return yield* new RuntimeStopped({ component: release.id })
        const former = started.get(release.id)
        if (former !== undefined && !isEnded(former.ref.status())) {
          return yield* new AlreadyRunning({ component: release.id })
        }
        if (former !== undefined) yield* Scope.close(former.scope, Exit.void)
        const placement = yield* restore(host.place(release, options))
        if (isClosed()) return yield* new RuntimeStopped({ component: release.id })
        const own = yield* Scope.fork(scope)
        yield* Scope.addFinalizer(own, Effect.sync(() => started.delete(release.id)))
        const { ref } = yield* supervised(release, definition, { ...options, shutdown: options.shutdown ?? bound })
          .pipe(
            Effect.provideService(Scope.Scope, own),
            Effect.provideService(ComponentHost.ComponentHost, host),
            Effect.provideService(ActorSystem.ActorSystem, system),
            restore,
            Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
          )
        if (isClosed()) return yield* new RuntimeStopped({ component: release.id })
        const entry: Entry = { release: placement.release, placement, ref, scope: own }
        started.set(release.id, entry)
        return entry
      })
    )

  const launch = Effect.fnUntraced(function*(
    definition: Contract.Definition | undefined,
    source: string | Release,
    options: Component.LayerOptions = {}
  ) {
    if (isClosed()) return yield* new RuntimeStopped({ component: typeof source === "string" ? source : source.id })
    const release = typeof source === "string" ? yield* host.install(source) : source
    return yield* locked(release.id)(host.inTurn(release.id, begin(release, definition, options)))
  })

  return Runtime.of({
    install: host.install,
    start: (contract, source, options) =>
      Effect.suspend(() => {
        const problem = Component.refusal({ contract, source, options })
        if (problem !== undefined) return Effect.fail(problem)
        return Effect.map(launch(contract.definition, source, options), ({ placement, ref, release }) => ({
          release,
          placement,
          ref,
          client: Component.client(contract, ref, () => release.id)
        }))
      }),
    startUntyped: (source, options) =>
      Effect.suspend(() => {
        const problem = Component.refusal({ source, options })
        if (problem !== undefined) return Effect.fail(problem)
        return Effect.map(
          launch(undefined, source, options),
          ({ placement, ref, release }) => ({ release, placement, ref })
        )
      }),
    client: (contract, component) =>
      Effect.suspend(() => {
        const wrong = given.contract(contract, "contract") ?? given.component(component, "component")
        if (wrong !== undefined) return Effect.die(wrong)
        const problem = components.difference(component, contract.definition)
        return problem === undefined
          ? Effect.succeed(components.client(contract, component))
          : Effect.fail(new ClientRefused({ component, ...problem }))
      }),
    call: (component, target, args) =>
      Effect.suspend(() => {
        const found = components.find(component)
        if (found === undefined) return running.unavailable(component, target, running.notRunning)
        const exported = found.exports.get(target)
        return exported === undefined
          ? running.unavailable(component, target, running.noSuchExport)
          : ComponentMessage.invoke(found.ref, component, exported, args)
      }),
    describe: (component, target) => Effect.sync(() => components.find(component)?.exports.get(target)),
    stop: (component) =>
      locked(component)(Effect.uninterruptible(Effect.suspend(() => {
        const wrong = given.component(component, "component")
        if (wrong !== undefined) return Effect.die(wrong)
        const entry = started.get(component)
        return entry === undefined
          ? Effect.succeed(undefined)
          : Effect.andThen(Scope.close(entry.scope, Exit.void), endOf(component))
      }))),
    status: host.status,
    shutdown: ending
  })
})

const isEnded = (status: Status): boolean => status === "Stopped" || status === "Failed"

/**
 * The export a name stands for: `rates.latest` (interface without package and
 * version), `ping` for a function of the world itself, or the interface's whole
 * id, `acme:rates/rates@1.2.0#latest`. Undefined where there is none, or more
 * than one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const resolve = (world: WitType.World, target: string): Contract.Export | undefined =>
  exportsOf(world).get(target)

/**
 * What a runtime is made of, for programs that use its parts.
 *
 * @category layers
 * @since 0.1.0
 */
export type Services =
  | Runtime
  | ComponentDirectory
  | Exchange
  | Messaging.Messaging
  | ComponentHost.ComponentHost
  | ActorSystem.ActorSystem
  | CapabilityEnforcer.CapabilityEnforcer
  | Quotas.Quotas
  | Storage.Storage
  | TrustRegistry.TrustRegistry
  | AuditLog.AuditLog

/**
 * Layer of a runtime on a security kernel that is given.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith: Layer.Layer<
  Runtime | ComponentDirectory | ComponentHost.ComponentHost | ActorSystem.ActorSystem,
  never,
  | AuditLog.AuditLog
  | CapabilityEnforcer.CapabilityEnforcer
  | ComponentEngine
  | ReleaseSource
  | TrustRegistry.TrustRegistry
> = Layer.effect(Runtime, make).pipe(
  Layer.provideMerge(ActorSystem.layer),
  Layer.provide(ComponentHost.layerHooks),
  Layer.provideMerge(ComponentHost.layer)
)

/**
 * What components are held to where a host says nothing else: `Quota.defaults`
 * without those of messages and fuel by the second. Who calls a component is
 * the host's program, and a mailbox is bounded anyway.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaultQuotas: Quotas.Options = {
  component: { ...Quota.defaults, messages: "unlimited", fuel: "unlimited" }
}

/**
 * Layer of messaging, storage in memory and quotas, and of the enforcer with
 * their powers, beside those that are given.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerKernel: Layer.Layer<
  | CapabilityEnforcer.CapabilityEnforcer
  | ComponentDirectory
  | Exchange
  | Messaging.Messaging
  | Quotas.Quotas
  | Storage.Storage,
  never,
  AuditLog.AuditLog | Digest.Digest
> = Layer.provide(Messaging.layerWithEnforcer, Storage.layerPowers).pipe(
  Layer.provideMerge(Layer.orDie(Layer.provide(Storage.layer, StorageStore.layerMemory))),
  Layer.provideMerge(Quotas.layerMemory(defaultQuotas))
)

/**
 * Layer of a runtime that keeps its audit log, its grants, its trust and what
 * components store in memory: for tests, and for programs that need nothing to
 * outlive them.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Services, AuditError, ComponentEngine | ReleaseSource> = layerWith.pipe(
  Layer.provideMerge(layerKernel),
  Layer.provideMerge(Layer.orDie(TrustRegistry.layerMemory())),
  Layer.provideMerge(AuditLog.layerMemory()),
  Layer.provide(Digest.layerWebCrypto)
)
