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
import type { ActorEvent } from "../actor/ActorEvent.ts"
import { ActorHooks } from "../actor/ActorHooks.ts"
import type { ActorRef } from "../actor/ActorRef.ts"
import * as Behaviour from "../actor/Behaviour.ts"
import type { AdmissionError } from "../security/AdmissionError.ts"
import type { InvalidAsk } from "../security/Ask.ts"
import * as AuditEvent from "../security/AuditEvent.ts"
import { AuditLog } from "../security/AuditLog.ts"
import { CapabilityEnforcer } from "../security/CapabilityEnforcer.ts"
import type * as Explanation from "../security/Explanation.ts"
import type { InvalidGrant } from "../security/Grant.ts"
import type { ChangeError, TrustRegistry } from "../security/TrustRegistry.ts"
import * as ComponentDirectory from "./ComponentDirectory.ts"
import type { ComponentEngine, Limits, Tier } from "./ComponentEngine.ts"
import type { ComponentError, InstantiateError, LoadError } from "./ComponentError.ts"
import type { ComponentMessage } from "./ComponentMessage.ts"
import type * as Contract from "./Contract.ts"
import type { HostingOptions } from "./HostingOptions.ts"
import * as componentLimits from "./internal/componentLimits.ts"
import * as installChecks from "./internal/installChecks.ts"
import * as installing from "./internal/installing.ts"
import * as instances from "./internal/instances.ts"
import * as lifeEvents from "./internal/lifeEvents.ts"
import type * as Manifest from "./Manifest.ts"
import { InstallRefused, principal as principalOf, type Release } from "./Release.ts"
import type { ReleaseSource, SourceError } from "./ReleaseSource.ts"

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
  ) => Behaviour.Behaviour<ComponentMessage, StartError, Scope.Scope>
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
 * Layer of a host over an engine, a source of files and the security kernel.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  ComponentHost | ComponentDirectory.ComponentDirectory,
  never,
  AuditLog | CapabilityEnforcer | ComponentEngine | ReleaseSource | TrustRegistry
> = Layer.effect(
  ComponentHost,
  Effect.gen(function*() {
    const audit = yield* AuditLog
    const directory = yield* ComponentDirectory.ComponentDirectory
    const enforcer = yield* CapabilityEnforcer
    const installer = yield* installing.make
    const hosted = yield* instances.make
    const dismissals = yield* FiberMap.make<string, void>()
    const dismiss = yield* FiberMap.runtime(dismissals)<never>()
    const appends = yield* FiberSet.make<void>()
    const append = yield* FiberSet.runtime(appends)<never>()
    const lives = new Map<string, ComponentDirectory.Entry>()

    const begin = Effect.fnUntraced(function*(
      { name, self }: { readonly name: string; readonly self: ActorRef<ComponentMessage> },
      given: Release,
      definition: Contract.Definition | undefined,
      options: HostingOptions
    ) {
      yield* installChecks.agree(given, definition)
      for (const [other, { release }] of lives) {
        if (other === name || release.id !== given.id) continue
        return yield* new InstallRefused({
          component: given.id,
          reason: "AlreadyHosted",
          detail: "is hosted already, by another actor"
        })
      }
      const life: ComponentDirectory.Entry = { id: given.id, ref: self, release: given }
      lives.set(name, life)
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
      const handler = yield* hosted.make(principal, placement, settings, options.environment)
      directory.enter(life)
      return handler
    })

    // The buffer for uses may be full; the edges of a life are appended then.
    const record = (event: AuditEvent.AuditEvent): void => {
      if (audit.recordUnsafe(event) !== undefined) return
      append(Effect.asVoid(audit.append(event)).pipe(Effect.ignore({ log: "Error" })))
    }

    const onEvent = (event: ActorEvent): void => {
      const life = lives.get(event.name)
      if (life === undefined) return
      const { release } = life
      const principal = principalOf(release)
      const audited = lifeEvents.auditEvent(AuditEvent.actor(principal), event, release.digest)
      if (audited !== undefined) record(audited)
      if (event._tag === "Stopped" || event._tag === "Failed") {
        lives.delete(event.name)
        directory.leave(life)
        dismiss(principal.id, Effect.ignore(enforcer.dismiss(principal), { log: "Error" }))
      }
    }

    return ComponentHost.of({
      ...installer,
      behaviour: (name, release, definition, options) =>
        Behaviour.setup(({ self }) => begin({ name, self }, release, definition, options)),
      current: (actor) => lives.get(actor)?.release,
      denials: hosted.denials,
      onEvent
    })
  })
).pipe(
  Layer.provideMerge(ComponentDirectory.layer),
  Layer.provide([Digest.layerWebCrypto, SecureRandom.layerWebCrypto])
)

/**
 * Layer that makes an actor system record the lives of components, after the
 * hooks that are there have learnt of it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHooks: Layer.Layer<never, never, ComponentHost> = Layer.effect(
  ActorHooks,
  Effect.map(Effect.all([ComponentHost, ActorHooks]), ([host, hooks]) => ({
    ...hooks,
    onEvent: (event: ActorEvent) => {
      hooks.onEvent(event)
      host.onEvent(event)
    }
  }))
)
