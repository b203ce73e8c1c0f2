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
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { AskError } from "../actor/ActorError.ts"
import type { ActorEvent } from "../actor/ActorEvent.ts"
import { ActorHooks } from "../actor/ActorHooks.ts"
import type { ActorRef } from "../actor/ActorRef.ts"
import type { Behaviour } from "../actor/Behaviour.ts"
import * as Protocol from "../actor/Protocol.ts"
import type { AdmissionError } from "../security/AdmissionError.ts"
import type { InvalidAsk } from "../security/Ask.ts"
import * as AuditEvent from "../security/AuditEvent.ts"
import { AuditLog } from "../security/AuditLog.ts"
import { CapabilityEnforcer } from "../security/CapabilityEnforcer.ts"
import type * as Explanation from "../security/Explanation.ts"
import type { InvalidGrant } from "../security/Grant.ts"
import { type ChangeError, TrustRegistry } from "../security/TrustRegistry.ts"
import type { SignedRelease, Verdict } from "../security/TrustVerdict.ts"
import { type CallResult, ComponentEngine, type Limits, type LoadedComponent, type Tier } from "./ComponentEngine.ts"
import { ComponentError, type InstantiateError, type LoadError } from "./ComponentError.ts"
import * as Contract from "./Contract.ts"
import type { HostingOptions } from "./HostingOptions.ts"
import * as componentLimits from "./internal/componentLimits.ts"
import * as installChecks from "./internal/installChecks.ts"
import * as instances from "./internal/instances.ts"
import * as lifeEvents from "./internal/lifeEvents.ts"
import * as signedRelease from "./internal/signedRelease.ts"
import * as Manifest from "./Manifest.ts"
import * as Receipt from "./Receipt.ts"
import { InstallRefused, principal as principalOf, type Release } from "./Release.ts"
import { type ManifestText, ReleaseSource, type SourceError } from "./ReleaseSource.ts"

/**
 * @category errors
 * @since 0.1.0
 */
export type InstallError =
  | SourceError
  | Manifest.ManifestError
  | LoadError
  | InstallRefused
  | ChangeError

/**
 * @category errors
 * @since 0.1.0
 */
export type PlaceError = InstallRefused | ChangeError

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
export class Invoke extends Call {
  readonly interface: string | undefined
  readonly function: string
  readonly args: ReadonlyArray<unknown>

  constructor(call: Pick<Invoke, "interface" | "function" | "args">) {
    super()
    this.interface = call.interface
    this.function = call.function
    this.args = call.args
  }

  /** Keeps the shape of calls alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: Invoke = new Invoke({ interface: undefined, function: "", args: [] })
}

/**
 * A release as it is judged at this moment, and what it would be run with.
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
   * Reads, checks and judges the component in a folder. While its files and
   * the verdict stay as they are, each call gives the same release.
   */
  readonly install: (source: string) => Effect.Effect<Release, InstallError>
  /**
   * The behaviour of a component's actor, by that actor's name; each run of it
   * is a fresh instance. A component has one actor at a time.
   */
  readonly behaviour: (
    actor: string,
    release: Release,
    definition: Contract.Definition | undefined,
    options: HostingOptions
  ) => Behaviour<Invoke, StartError, Scope.Scope>
  /** Judges a release as a start does, and gives the tier and limits it would get with these options. */
  readonly place: (release: Release, options: HostingOptions) => Effect.Effect<Placement, PlaceError>
  /**
   * The release of an actor, by the actor's name, until that actor ends: what
   * its restarts run, whatever became of the files.
   */
  readonly current: (actor: string) => Release | undefined
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
  readonly explanation: Explanation.Explanation
  readonly entry: number | undefined
}

const actorPrefix = "component/"

/**
 * The name of a component's actor: after the component's id, or after its
 * folder where the id is not known yet.
 *
 * @category combinators
 * @since 0.1.0
 */
export const actorName = (component: string): string => `${actorPrefix}${component}`

/**
 * Calls an export through a component's ref; `component` names it in errors. A
 * component that is being restarted or has ended fails at once instead of
 * waiting.
 *
 * @category combinators
 * @since 0.1.0
 */
export const invoke = (
  ref: ActorRef<Invoke>,
  component: string,
  target: Contract.Target,
  args: ReadonlyArray<unknown>
): Effect.Effect<CallResult, ComponentError> =>
  Effect.withFiber((fiber) => {
    switch (ref.status()) {
      case "Restarting":
        return Effect.fail(unanswered(component, target, "Restarting", "is being restarted"))
      case "Stopping":
      case "Stopped":
      case "Failed":
        return Effect.fail(unanswered(component, target, "Stopped", "is stopped"))
    }
    const collect = fiber.getRef(Receipt.Collector)
    const answer = Effect.mapError(
      ref.ask(new Invoke({ interface: target.interface, function: target.function, args })),
      (error) => error instanceof ComponentError ? error : fromAskError(component, target, error)
    )
    return collect === undefined
      ? answer
      : Effect.map(answer, (result) => {
        collect({ ...result.receipt, component, export: Contract.exportName(target) })
        return result
      })
  })

const unanswered = (
  component: string,
  target: Contract.Target,
  reason: "Busy" | "Poisoned" | "Restarting" | "Stopped",
  detail: string,
  cause?: unknown
): ComponentError =>
  new ComponentError({
    component,
    export: Contract.exportName(target),
    reason: { _tag: reason },
    detail,
    denials: [],
    ...(cause === undefined ? undefined : { cause })
  })

const fromAskError = (component: string, target: Contract.Target, error: AskError): ComponentError => {
  switch (error._tag) {
    case "MailboxFull":
      return unanswered(component, target, "Busy", error.message)
    case "ActorStopped":
      return unanswered(component, target, "Stopped", "was stopped")
    case "ActorCrashed": {
      const failure = Cause.squash(error.cause)
      if (failure instanceof ComponentError) return failure
      return unanswered(
        component,
        target,
        "Poisoned",
        "the host failed in this call, and the instance is gone",
        failure
      )
    }
    default:
      return unanswered(component, target, "Poisoned", error.message)
  }
}

const makeInstaller = Effect.gen(function*() {
  const audit = yield* AuditLog
  const digests = yield* Digest.Digest
  const engine = yield* ComponentEngine
  const source = yield* ReleaseSource
  const trust = yield* TrustRegistry
  const admitting = Semaphore.makeUnsafe(1)
  const installed = new Map<string, Installed>()

  // Reading and compiling may take long, and one component is not to hold up another.
  const install = Effect.fnUntraced(function*(folder: string) {
    const text = yield* source.manifest(folder)
    const manifest = yield* Effect.fromResult(Manifest.parse(text.text, { file: text.file }))
    const component = yield* engine.load(yield* source.artifact(text.folder, manifest.build.output))
    const signature = yield* source.signature(text.folder)
    const signed = signature === undefined
      ? undefined
      : yield* signedRelease.make(digests, signature, text.text, manifest)
    return yield* admitting.withPermit(judge(text, manifest, component, signed, signature))
  })

  const judge = Effect.fnUntraced(function*(
    text: ManifestText,
    manifest: Manifest.Manifest,
    component: LoadedComponent,
    signed: SignedRelease | undefined,
    signature: string | undefined
  ) {
    const known = installed.get(text.folder)
    const digest = `sha256:${component.digest}`
    const isKnown = known?.text === text.text && known.signature === signature && known.release.digest === digest
    if (!isKnown) {
      yield* installChecks.inspect(manifest, component.world)
      yield* audit.append({ _tag: "Installed", component: `${manifest.id} ${manifest.component.version}`, digest })
    }
    const verdict = yield* trust.evaluate({ digest, path: text.path, signed })
    if (isKnown && isSameVerdict(known.release.trust, verdict)) return known.release
    const release: Release = {
      id: manifest.id,
      version: manifest.component.version,
      digest,
      source: text.folder,
      path: text.path,
      manifest,
      component,
      trust: verdict,
      signed
    }
    installed.set(text.folder, { text: text.text, signature, release })
    return release
  })

  const place = Effect.fnUntraced(function*(release: Release, options: HostingOptions, isStarting = false) {
    const { digest, path, signed } = release
    const verdict = yield* trust.evaluate({ digest, path, signed, isStarting })
    const current = isSameVerdict(release.trust, verdict) ? release : { ...release, trust: verdict }
    const limits = yield* Effect.fromResult(componentLimits.effective(current, options.limits))
    const tier = yield* Effect.fromResult(componentLimits.tier(current, limits, options.tier, engine))
    return { release: current, limits, tier, metered: engine.keeps(tier)?.fuel === true }
  })

  return { install, place }
})

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
    const installer = yield* makeInstaller
    const hosted = yield* instances.make
    const dismissals = yield* FiberMap.make<string, void>()
    const dismiss = yield* FiberMap.runtime(dismissals)<never>()
    const appends = yield* FiberSet.make<void>()
    const append = yield* FiberSet.runtime(appends)<never>()
    const lives = new Map<string, Release>()

    const behaviour = (
      actor: string,
      given: Release,
      definition: Contract.Definition | undefined,
      options: HostingOptions
    ): Behaviour<Invoke, StartError, Scope.Scope> =>
      Effect.gen(function*() {
        yield* installChecks.agree(given, definition)
        for (const [other, live] of lives) {
          if (other === actor || live.id !== given.id) continue
          return yield* new InstallRefused({
            component: given.id,
            reason: "AlreadyHosted",
            detail: "is hosted already, by another actor"
          })
        }
        lives.set(actor, given)
        const settings = yield* Effect.fromResult(componentLimits.settings(given, options.config))
        const placement = yield* installer.place(given, options, true)
        const { release } = placement
        const principal = principalOf(release)
        const leaving = yield* FiberMap.get(dismissals, release.id)
        if (Option.isSome(leaving)) yield* Fiber.await(leaving.value)
        yield* enforcer.admit(principal, {
          asks: release.manifest.asks,
          grants: options.grants ?? [],
          release: release.digest
        })
        return yield* hosted.make(principal, placement, settings, options.environment)
      })

    // The buffer for uses may be full; the edges of a life are appended then.
    const record = (event: AuditEvent.AuditEvent): void => {
      if (audit.recordUnsafe(event) !== undefined) return
      append(Effect.asVoid(audit.append(event)).pipe(Effect.ignore({ log: "Error" })))
    }

    const onEvent = (event: ActorEvent): void => {
      const release = lives.get(event.name)
      if (release === undefined) return
      const principal = principalOf(release)
      const audited = lifeEvents.auditEvent(AuditEvent.actor(principal), event, release.digest)
      if (audited !== undefined) record(audited)
      if (event._tag === "Stopped" || event._tag === "Failed") {
        lives.delete(event.name)
        dismiss(principal.id, Effect.ignore(enforcer.dismiss(principal), { log: "Error" }))
      }
    }

    return ComponentHost.of({
      ...installer,
      behaviour,
      current: (actor) => lives.get(actor),
      denials: hosted.denials,
      onEvent
    })
  })
).pipe(Layer.provide([Digest.layerWebCrypto, SecureRandom.layerWebCrypto]))

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

interface Installed {
  readonly text: string
  readonly signature: string | undefined
  readonly release: Release
}

const isSameVerdict = (a: Verdict, b: Verdict): boolean => a.level === b.level && a.because === b.because
