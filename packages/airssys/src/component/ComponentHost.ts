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
import * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { ActorEvent } from "../actor/ActorEvent.ts"
import { ActorHooks, type Offer } from "../actor/ActorHooks.ts"
import type { ActorRef } from "../actor/ActorRef.ts"
import type { ActorSystem } from "../actor/ActorSystem.ts"
import type { Behaviour } from "../actor/Behaviour.ts"
import type { AdmissionError } from "../security/AdmissionError.ts"
import type { InvalidAsk } from "../security/Ask.ts"
import type { AuditLog } from "../security/AuditLog.ts"
import type { CapabilityEnforcer } from "../security/CapabilityEnforcer.ts"
import type * as Explanation from "../security/Explanation.ts"
import type { InvalidGrant } from "../security/Grant.ts"
import type { QuotaExceeded } from "../security/Quota.ts"
import type { ChangeError, TrustRegistry } from "../security/TrustRegistry.ts"
import type { ApprovalRequired, ApprovalUnknown } from "./ApprovalRequired.ts"
import type { InvalidArgument } from "./Argument.ts"
import * as ComponentDirectory from "./ComponentDirectory.ts"
import type { ComponentEngine, Limits, Tier } from "./ComponentEngine.ts"
import type { ComponentError, InstantiateError, LoadError } from "./ComponentError.ts"
import type { LifecycleEvent } from "./ComponentLifecycle.ts"
import type { ComponentMessage } from "./ComponentMessage.ts"
import type { ComponentStatus } from "./ComponentStatus.ts"
import type * as Contract from "./Contract.ts"
import type { HostingOptions } from "./HostingOptions.ts"
import * as hosting from "./internal/hosting.ts"
import type * as Manifest from "./Manifest.ts"
import type { InstallRefused, Release } from "./Release.ts"
import type { ReleaseSource, SourceError } from "./ReleaseSource.ts"

/**
 * @category errors
 * @since 0.1.0
 */
export type InstallError =
  | InvalidArgument
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
  | ApprovalRequired
  | ApprovalUnknown
  | QuotaExceeded
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
 * The actors of a component: their number, and the name of the only one, or of
 * the pool that they are in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Group {
  readonly name: string
  readonly actors: number
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
   * The behaviour of the actors of a component; each run of it is a fresh
   * instance. A component has one actor at a time, or those of one group.
   */
  readonly behaviour: (
    group: Group,
    release: Release,
    definition: Contract.Definition | undefined,
    options: HostingOptions
  ) => Behaviour<ComponentMessage, StartError, ActorSystem | Scope.Scope>
  /** Says of a group by which ref it is known; without it, by that of the actor that has its name. */
  readonly represent: (group: string, ref: ActorRef<ComponentMessage>) => void
  /** Judges a release as a start does, and gives the tier and limits it would get with these options. */
  readonly place: (release: Release, options: HostingOptions) => Effect.Effect<Placement, PlaceError>
  /**
   * Fails where a start with these options would, because operators have not approved the release:
   * the request for it is made. Nothing runs.
   */
  readonly requireApproval: (
    release: Release,
    options: HostingOptions
  ) => Effect.Effect<void, PlaceError | ApprovalRequired | ApprovalUnknown>
  /**
   * Runs a start of a component, one at a time, when it is its turn: at most 64 are
   * under way until their guests begin. Restarts wait for no turn.
   */
  readonly inTurn: <A, E, R>(component: string, start: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /**
   * The release of a group, until its actors have ended: what their restarts
   * run, whatever became of the files.
   */
  readonly current: (group: string) => Release | undefined
  /** Every component that was installed here since the host began, in the order of their ids. */
  readonly status: Effect.Effect<ReadonlyArray<ComponentStatus>>
  /** The status of one; undefined where it was never installed. */
  readonly statusOf: (component: string) => Effect.Effect<ComponentStatus | undefined>
  /** Has components know, when they are stopped from now on, that the host ends. */
  readonly exit: () => void
  /** Ends what components do in their `shutdown`, and has no other one called: the host waits no longer. */
  readonly cut: () => void
  /** The steps of all components, from when this is run. Who reads slowly misses the oldest of more than 1,024. */
  readonly lifecycle: Stream.Stream<LifecycleEvent>
  /** The last denials, newest first, with the audit entries that hold them; at most 64. */
  readonly denials: Effect.Effect<ReadonlyArray<Denial>>
  /** To be provided to the actor system: records the lives of components. */
  readonly onEvent: (event: ActorEvent) => void
  /** As `onEvent`: refuses messages for which a quota has no room. Undefined where no quotas are kept. */
  readonly onOffer: ((offer: Offer) => string | undefined) | undefined
  /** As `onEvent`: a component that is killed is not told of its end. */
  readonly beforeKill: (ref: ActorRef<never>) => void
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
> = Layer.effect(ComponentHost, hosting.make).pipe(
  Layer.provideMerge(ComponentDirectory.layer),
  Layer.provide(Signature.layerWebCrypto),
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
  Effect.map(Effect.all([ComponentHost, ActorHooks]), ([host, hooks]): ActorHooks => ({
    onEvent: (event) => {
      hooks.onEvent(event)
      host.onEvent(event)
    },
    onOffer: host.onOffer === undefined ? hooks.onOffer : (offer) => hooks.onOffer?.(offer) ?? host.onOffer?.(offer),
    beforeKill: (ref, reason) => {
      hooks.beforeKill?.(ref, reason)
      host.beforeKill(ref)
    }
  }))
)
