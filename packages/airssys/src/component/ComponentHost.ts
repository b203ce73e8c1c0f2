/**
 * What stands between a component's files and a running, supervised instance.
 *
 * Installing reads and checks a component once. Starting admits its principal
 * with what it asks for and what it is granted, makes an instance within its
 * limits, and binds the principal into the instance's imports. Every restart
 * is a fresh instance of the same release.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { AskError } from "../actor/ActorError.ts"
import type { ActorEvent } from "../actor/ActorEvent.ts"
import { ActorHooks } from "../actor/ActorHooks.ts"
import type { ActorRef } from "../actor/ActorRef.ts"
import type { Behaviour, Handler } from "../actor/Behaviour.ts"
import * as Protocol from "../actor/Protocol.ts"
import type { InvalidAsk } from "../security/Ask.ts"
import type { AuditError } from "../security/AuditError.ts"
import * as AuditEvent from "../security/AuditEvent.ts"
import { AuditLog } from "../security/AuditLog.ts"
import { type AdmissionError, CapabilityEnforcer } from "../security/CapabilityEnforcer.ts"
import type { Explanation } from "../security/Explanation.ts"
import type { InvalidGrant } from "../security/Grant.ts"
import * as Principal from "../security/Principal.ts"
import { type InvalidSource, TrustRegistry } from "../security/TrustRegistry.ts"
import { type CallResult, ComponentEngine, type Instance, type Limits, type Tier } from "./ComponentEngine.ts"
import { ComponentError, InstantiateError, type LoadError } from "./ComponentError.ts"
import * as Contract from "./Contract.ts"
import type { HostingOptions } from "./HostingOptions.ts"
import * as HostServices from "./HostServices.ts"
import * as componentLimits from "./internal/componentLimits.ts"
import * as Manifest from "./Manifest.ts"
import * as Receipt from "./Receipt.ts"
import { InstallRefused, principal as principalOf, type Release } from "./Release.ts"
import { ReleaseSource, type SourceError } from "./ReleaseSource.ts"

/**
 * @category errors
 * @since 0.1.0
 */
export type InstallError =
  | SourceError
  | Manifest.ManifestError
  | LoadError
  | InstallRefused
  | InvalidSource
  | AuditError

/**
 * @category errors
 * @since 0.1.0
 */
export type StartError =
  | InstallError
  | InstantiateError
  | ComponentError
  | AdmissionError
  | InvalidAsk
  | InvalidGrant

const Call = Protocol.request<CallResult, ComponentError>()("Call")

/**
 * The one message a component actor takes: a call of an export. `function` and
 * `interface` are the names of the WIT.
 *
 * @category models
 * @since 0.1.0
 */
export class Invoke extends Call<{
  readonly interface: string | undefined
  readonly function: string
  readonly args: ReadonlyArray<unknown>
}> {}

/**
 * A started life of a component, as its behaviour found it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Placement {
  readonly release: Release
  readonly tier: Tier
  readonly limits: Limits
  /** Whether the engine counts fuel in this tier. */
  readonly metered: boolean
}

/**
 * @category services
 * @since 0.1.0
 */
export class ComponentHost extends Context.Service<ComponentHost, {
  /**
   * Reads, checks and judges the component in a folder, once: later calls for
   * the same folder give the same release.
   */
  readonly install: (source: string) => Effect.Effect<Release, InstallError>
  /** The behaviour of a component's actor; each run of it is a fresh instance. */
  readonly behaviour: (
    release: Release,
    definition: Contract.Definition | undefined,
    options: HostingOptions
  ) => Behaviour<Invoke, StartError, Scope.Scope>
  /** Tier and limits that a release would get with these options. */
  readonly place: (release: Release, options: HostingOptions) => Effect.Effect<Placement, InstallRefused>
  /** The last denials, newest first, with the audit entries that hold them; at most 64. */
  readonly denials: Effect.Effect<ReadonlyArray<Denial>>
  /** To be provided to the actor system: records the lives of components. */
  readonly onEvent: (event: ActorEvent) => void
}>()("airssys/component/ComponentHost") {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Denial {
  readonly explanation: Explanation
  readonly entry: number | undefined
}

const actorPrefix = "component/"

/**
 * The name of a component's actor.
 *
 * @category combinators
 * @since 0.1.0
 */
export const actorName = (release: { readonly id: string }): string => `${actorPrefix}${release.id}`

/**
 * Calls an export through a component's ref. A component that is being
 * restarted or has ended fails at once instead of waiting.
 *
 * @category combinators
 * @since 0.1.0
 */
export const invoke = (
  ref: ActorRef<Invoke>,
  target: { readonly interface: string | undefined; readonly function: string },
  args: ReadonlyArray<unknown>
): Effect.Effect<CallResult, ComponentError> =>
  Effect.withFiber((fiber) => {
    const component = ref.name.slice(actorPrefix.length)
    const place = { component, export: Contract.exportName(target), denials: [] }
    switch (ref.status()) {
      case "Restarting":
        return Effect.fail(
          new ComponentError({ ...place, reason: { _tag: "Restarting" }, detail: "is being restarted" })
        )
      case "Stopping":
      case "Stopped":
      case "Failed":
        return Effect.fail(new ComponentError({ ...place, reason: { _tag: "Stopped" }, detail: "is stopped" }))
    }
    const collect = fiber.getRef(Receipt.Collector)
    const answer = Effect.mapError(
      ref.ask(new Invoke({ interface: target.interface, function: target.function, args })),
      (error) => error instanceof ComponentError ? error : fromAskError(place, error)
    )
    return collect === undefined
      ? answer
      : Effect.map(answer, (result) => {
        collect({ ...result.receipt, component, export: place.export })
        return result
      })
  })

const fromAskError = (
  place: { readonly component: string; readonly export: string; readonly denials: ReadonlyArray<string> },
  error: AskError
): ComponentError => {
  switch (error._tag) {
    case "MailboxFull":
      return new ComponentError({ ...place, reason: { _tag: "Busy" }, detail: error.message })
    case "ActorStopped":
      return new ComponentError({ ...place, reason: { _tag: "Stopped" }, detail: "was stopped" })
    default:
      return new ComponentError({ ...place, reason: { _tag: "Poisoned" }, detail: error.message })
  }
}

const lifecycle = `airssys:core/lifecycle@${HostServices.version}`
const exportsLifecycle = (release: Release): boolean =>
  release.component.world.exports.some((item) => item.id === lifecycle)

/**
 * Layer of a host over an engine, a source of files and the security kernel.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  ComponentHost,
  never,
  AuditLog | CapabilityEnforcer | ComponentEngine | ReleaseSource | TrustRegistry
> = Layer.effect(
  ComponentHost,
  Effect.gen(function*() {
    const audit = yield* AuditLog
    const enforcer = yield* CapabilityEnforcer
    const engine = yield* ComponentEngine
    const source = yield* ReleaseSource
    const trust = yield* TrustRegistry
    const makeImports = yield* HostServices.make
    const dismissals = yield* FiberMap.make<string, void>()
    const dismiss = yield* FiberMap.runtime(dismissals)<never>()
    const installing = Semaphore.makeUnsafe(1)
    const releases = new Map<string, Release>()
    const denials: Array<Denial> = []
    let messages = 0

    const install = Effect.fnUntraced(function*(folder: string) {
      const text = yield* source.manifest(folder)
      const known = releases.get(text.folder)
      if (known !== undefined) return known
      const manifest = yield* Effect.fromResult(Manifest.parse(text.text, { file: text.file }))
      const bytes = yield* source.artifact(text.folder, manifest.build.output)
      const component = yield* engine.load(bytes)
      const unserved = component.world.imports
        .filter((item) => item.functions.length > 0 && !HostServices.serves(item.id))
        .map((item) => item.id ?? "functions of the world itself")
      if (unserved.length > 0) {
        return yield* new InstallRefused({
          component: manifest.id,
          reason: "UnknownImports",
          detail: `imports ${unserved.join(", ")}, which this host does not serve`
        })
      }
      const foreign = worldMismatch(manifest, component.world)
      if (foreign !== undefined) {
        return yield* new InstallRefused({ component: manifest.id, reason: "WorldMismatch", detail: foreign })
      }
      const digest = `sha256:${component.digest}`
      yield* audit.append({ _tag: "Installed", component: `${manifest.id} ${manifest.component.version}`, digest })
      const verdict = yield* trust.evaluate({ digest, path: text.folder })
      const release: Release = {
        id: manifest.id,
        version: manifest.component.version,
        digest,
        source: text.folder,
        manifest,
        component,
        trust: verdict
      }
      releases.set(text.folder, release)
      return release
    }, installing.withPermit)

    const place = (release: Release, options: HostingOptions): Effect.Effect<Placement, InstallRefused> =>
      Effect.map(componentLimits.effective(release, options.limits), (limits): Placement => {
        const tier = options.tier === undefined || options.tier === "auto"
          ? componentLimits.tier(release, limits, engine)
          : options.tier
        return { release, limits, tier, metered: engine.keeps(tier)?.fuel === true }
      })

    const behaviour = (
      release: Release,
      definition: Contract.Definition | undefined,
      options: HostingOptions
    ): Behaviour<Invoke, StartError, Scope.Scope> =>
      Effect.gen(function*() {
        const difference = definition === undefined
          ? undefined
          : Contract.mismatch(definition, release.component.world)
        if (difference !== undefined) {
          return yield* new InstallRefused({ component: release.id, reason: "ContractMismatch", detail: difference })
        }
        if (definition !== undefined && Contract.packageId(definition) !== release.id) {
          return yield* new InstallRefused({
            component: release.id,
            reason: "ContractMismatch",
            detail: `the contract is for ${Contract.packageId(definition)}`
          })
        }
        const { limits, tier } = yield* place(release, options)
        const principal = principalOf(release)
        const leaving = yield* FiberMap.get(dismissals, release.id)
        if (Option.isSome(leaving)) yield* Fiber.await(leaving.value)
        yield* enforcer.admit(principal, { asks: release.manifest.asks, grants: options.grants ?? [] })

        let message: string | undefined
        let denied: Array<string> = []
        const imports = makeImports({
          principal,
          namespace: release.manifest.component.namespace,
          name: release.manifest.component.name,
          version: release.version,
          environment: new Map(Object.entries(options.environment ?? {})),
          message: () => message,
          denied: (explanation, entry) => {
            if (denied.length < 16) denied.push(`${explanation.kind} ${explanation.resource}`.trim())
            denials.unshift({ explanation, entry })
            if (denials.length > 64) denials.pop()
          }
        })
        const instance = yield* engine.instantiate(release.component, { imports, limits, tier })
        if (exportsLifecycle(release)) yield* runLifecycle(engine, instance, release, options, limits)

        const handler: Handler<Invoke> = (request, context) => {
          message = `m${++messages}`
          denied = []
          return Effect.matchCauseEffect(engine.call(instance, request, request.args), {
            onSuccess: (result) => {
              message = undefined
              context.reply(request, result)
              return Effect.void
            },
            onFailure: (cause) => {
              message = undefined
              const failure = Cause.findErrorOption(cause)
              if (Option.isNone(failure)) return Effect.failCause(cause)
              const error = new ComponentError({
                component: release.id,
                export: Contract.exportName(request),
                reason: failure.value.reason,
                detail: failure.value.detail,
                denials: denied
              })
              context.fail(request, error)
              return instance.isPoisoned() ? Effect.fail(error) : Effect.void
            }
          })
        }
        return handler
      })

    const principalOfActor = (name: string): Principal.Principal =>
      Principal.make({ kind: "Component", id: name.slice(actorPrefix.length) })

    const onEvent = (event: ActorEvent): void => {
      if (!event.name.startsWith(actorPrefix)) return
      const principal = principalOfActor(event.name)
      const audited = auditEvent(AuditEvent.actor(principal), event)
      if (audited !== undefined) audit.recordUnsafe(audited)
      if (event._tag === "Stopped" || event._tag === "Failed") {
        dismiss(principal.id, Effect.ignore(enforcer.dismiss(principal), { log: "Error" }))
      }
    }

    return ComponentHost.of({
      install,
      behaviour,
      place,
      denials: Effect.sync(() => denials.slice()),
      onEvent
    })
  })
)

/**
 * Layer that makes an actor system record the lives of components.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHooks: Layer.Layer<never, never, ComponentHost> = Layer.effect(
  ActorHooks,
  Effect.map(ComponentHost, (host) => ({ onEvent: host.onEvent }))
)

const detailLimit = 1024

const auditEvent = (principal: AuditEvent.Actor, event: ActorEvent): AuditEvent.AuditEvent | undefined => {
  switch (event._tag) {
    case "Started":
      return { _tag: "Started", principal }
    case "Restarted":
      return { _tag: "Restarted", principal, attempt: event.attempt }
    case "Crashed":
    case "Failed": {
      const error = Cause.squash(event.cause)
      const detail = error instanceof Error ? error.message : String(error)
      return { _tag: "Crashed", principal, detail: detail.slice(0, detailLimit) }
    }
    case "Stopped":
      return event.reason === "Killed"
        ? { _tag: "Killed", principal, detail: event.reason }
        : { _tag: "Stopped", principal, detail: event.reason }
    default:
      return undefined
  }
}

const worldMismatch = (
  manifest: Manifest.Manifest,
  world: { readonly exports: ReadonlyArray<{ readonly id: string | undefined }> }
): string | undefined => {
  const declared = manifest.component.world
  const prefix = declared.slice(0, declared.indexOf("/") + 1)
  const at = declared.indexOf("@")
  const version = at === -1 ? "" : declared.slice(at)
  for (const { id } of world.exports) {
    if (id === undefined || !id.startsWith(prefix)) continue
    const found = id.includes("@") ? id.slice(id.indexOf("@")) : ""
    if (found !== version) return `its manifest says ${declared}, the artifact exports ${id}`
  }
  return undefined
}

const runLifecycle = Effect.fnUntraced(function*(
  engine: ComponentEngine["Service"],
  instance: Instance,
  release: Release,
  options: HostingOptions,
  limits: Limits
) {
  const configuration = {
    settings: componentLimits.settings(release.manifest, options.config ?? {}),
    limits: {
      memory: BigInt(limits.memory),
      fuel: limits.fuel === undefined ? undefined : BigInt(limits.fuel),
      timeout: limits.timeout === undefined ? undefined : Math.ceil(Duration.toMillis(limits.timeout))
    }
  }
  const { value } = yield* engine.call(instance, { interface: lifecycle, function: "init" }, [configuration])
  const result = value as { readonly tag: string; readonly val?: unknown }
  if (result.tag === "err") {
    return yield* new InstantiateError({
      reason: "StartFailed",
      detail: `${release.id}: init failed: ${JSON.stringify(result.val).slice(0, detailLimit)}`
    })
  }
  yield* Effect.addFinalizer(() =>
    instance.isPoisoned()
      ? Effect.void
      : Effect.ignore(engine.call(instance, { interface: lifecycle, function: "shutdown" }, ["stopped"]))
  )
})
