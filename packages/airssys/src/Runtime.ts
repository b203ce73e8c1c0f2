/**
 * Components that are known only at run time: install, start, call, stop.
 *
 * Each component runs under a supervisor of its own, so that one that keeps
 * failing is given up without touching the others.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { ActorRef, Status } from "./actor/ActorRef.ts"
import * as ActorSystem from "./actor/ActorSystem.ts"
import * as Supervisor from "./actor/Supervisor.ts"
import * as Component from "./component/Component.ts"
import type { ComponentDirectory } from "./component/ComponentDirectory.ts"
import type { CallResult, ComponentEngine } from "./component/ComponentEngine.ts"
import { ComponentError } from "./component/ComponentError.ts"
import * as ComponentHost from "./component/ComponentHost.ts"
import * as ComponentMessage from "./component/ComponentMessage.ts"
import * as Contract from "./component/Contract.ts"
import type { Release } from "./component/Release.ts"
import type { ReleaseSource } from "./component/ReleaseSource.ts"
import * as keyedLock from "./internal/keyedLock.ts"
import type { AuditError } from "./security/AuditError.ts"
import * as AuditLog from "./security/AuditLog.ts"
import * as CapabilityEnforcer from "./security/CapabilityEnforcer.ts"
import * as TrustRegistry from "./security/TrustRegistry.ts"

/**
 * A component with this id is running already.
 *
 * @category errors
 * @since 0.1.0
 */
export class AlreadyRunning extends Schema.TaggedError<AlreadyRunning>("airssys/Runtime/AlreadyRunning")(
  "AlreadyRunning",
  { component: Schema.String }
) {
  override get message(): string {
    return `${this.component} is running already, or being restarted: stop it first`
  }
}

/**
 * @category errors
 * @since 0.1.0
 */
export type StartError = ComponentHost.StartError | Supervisor.StartError | AlreadyRunning

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
 * An export as the binary names it, with its types.
 *
 * @category models
 * @since 0.1.0
 */
export interface Export extends Contract.Target {
  readonly type: WitType.Func
}

/**
 * @category models
 * @since 0.1.0
 */
export interface ComponentStatus {
  readonly component: string
  readonly version: string
  readonly digest: string
  readonly status: Status
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
   * Calls an export by its name, `rates.latest`, of a running component by its
   * id, `acme:rates`. Arguments and value are WIT values.
   */
  readonly call: (
    component: string,
    target: string,
    args: ReadonlyArray<unknown>
  ) => Effect.Effect<CallResult, ComponentError>
  /** The types of an export of a running component, by its name; undefined where there is none. */
  readonly describe: (component: string, target: string) => Effect.Effect<Export | undefined>
  /** Stops a component, after a start of it that is under way: waiting messages are worked off first, within a bound. */
  readonly stop: (component: string) => Effect.Effect<void>
  /** The components that were started and not stopped. */
  readonly status: Effect.Effect<ReadonlyArray<ComponentStatus>>
}>()("airssys/Runtime") {}

interface Entry extends Running {
  readonly exports: Exports
  readonly scope: Scope.Closeable
}

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

const make = Effect.gen(function*() {
  const host = yield* ComponentHost.ComponentHost
  const system = yield* ActorSystem.ActorSystem
  const scope = yield* Effect.scope
  const locked = keyedLock.make()
  const running = new Map<string, Entry>()

  const close = (entry: Entry): Effect.Effect<void> =>
    Effect.suspend(() => {
      running.delete(entry.release.id)
      return Scope.close(entry.scope, Exit.void)
    })

  const begin = (
    release: Release,
    definition: Contract.Definition | undefined,
    options: Component.LayerOptions
  ): Effect.Effect<Entry, StartError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const former = running.get(release.id)
        if (former !== undefined && !isEnded(former.ref.status())) {
          return yield* new AlreadyRunning({ component: release.id })
        }
        if (former !== undefined) yield* close(former)
        const placement = yield* restore(host.place(release, options))
        const own = yield* Scope.fork(scope)
        const { ref } = yield* supervised(release, definition, options).pipe(
          Effect.provideService(Scope.Scope, own),
          Effect.provideService(ComponentHost.ComponentHost, host),
          Effect.provideService(ActorSystem.ActorSystem, system),
          restore,
          Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
        )
        const entry: Entry = {
          release: placement.release,
          placement,
          ref,
          exports: exportsOf(placement.release.component.world),
          scope: own
        }
        running.set(release.id, entry)
        return entry
      })
    )

  const launch = Effect.fnUntraced(function*(
    definition: Contract.Definition | undefined,
    source: string | Release,
    options: Component.LayerOptions = {}
  ) {
    const release = typeof source === "string" ? yield* host.install(source) : source
    return yield* locked(release.id)(begin(release, definition, options))
  })

  return Runtime.of({
    install: host.install,
    start: (contract, source, options) =>
      Effect.map(launch(contract.definition, source, options), ({ placement, ref, release }) => ({
        release,
        placement,
        ref,
        client: Component.client(contract, ref, () => release.id)
      })),
    startUntyped: (source, options) =>
      Effect.map(launch(undefined, source, options), ({ placement, ref, release }) => ({ release, placement, ref })),
    call: (component, target, args) =>
      Effect.suspend(() => {
        const entry = running.get(component)
        if (entry === undefined) return unavailable(component, target, "Stopped", "is not running")
        const found = entry.exports.get(target)
        return found === undefined
          ? unavailable(component, target, "NoSuchExport", "has no such export, or several of this name")
          : ComponentMessage.invoke(entry.ref, component, found, args)
      }),
    describe: (component, target) => Effect.sync(() => running.get(component)?.exports.get(target)),
    stop: (component) =>
      locked(component)(Effect.uninterruptible(Effect.suspend(() => {
        const entry = running.get(component)
        return entry === undefined ? Effect.void : close(entry)
      }))),
    status: Effect.sync(() =>
      [...running.values()].map(({ ref, release }) => ({
        component: release.id,
        version: release.version,
        digest: release.digest,
        status: ref.status()
      }))
    )
  })
})

const isEnded = (status: Status): boolean => status === "Stopped" || status === "Failed"

const unavailable = (component: string, target: string, reason: "Stopped" | "NoSuchExport", detail: string) =>
  Effect.fail(new ComponentError({ component, export: target, reason: { _tag: reason }, detail, denials: [] }))

/**
 * The export a name stands for: `rates.latest` (interface without package and
 * version), `ping` for a function of the world itself, or the interface's whole
 * id, `acme:rates/rates@1.2.0#latest`. Undefined where there is none, or more
 * than one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const resolve = (world: WitType.World, target: string): Export | undefined => exportsOf(world).get(target)

/** Exports by their names; undefined for a name that several have. */
type Exports = ReadonlyMap<string, Export | undefined>

const exportsOf = (world: WitType.World): Exports => {
  const exports = new Map<string, Export | undefined>()
  const add = (name: string, item: Export) => exports.set(name, exports.has(name) ? undefined : item)
  for (const { functions, id } of world.exports) {
    for (const type of functions) {
      const item: Export = { interface: id, function: type.name, type }
      add(Contract.exportName(item), item)
      if (id !== undefined) add(`${id}#${type.name}`, item)
    }
  }
  return exports
}

/**
 * What a runtime is made of, for programs that use its parts.
 *
 * @category layers
 * @since 0.1.0
 */
export type Services =
  | Runtime
  | ComponentDirectory
  | ComponentHost.ComponentHost
  | ActorSystem.ActorSystem
  | CapabilityEnforcer.CapabilityEnforcer
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
 * Layer of a runtime that keeps its audit log, its grants and its trust in
 * memory: for tests, and for programs that need nothing to outlive them.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Services, AuditError, ComponentEngine | ReleaseSource> = layerWith.pipe(
  Layer.provideMerge(CapabilityEnforcer.layer),
  Layer.provideMerge(Layer.orDie(TrustRegistry.layerMemory())),
  Layer.provideMerge(AuditLog.layerMemory()),
  Layer.provide(Digest.layerWebCrypto)
)
