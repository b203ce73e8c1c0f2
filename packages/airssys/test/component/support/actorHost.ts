/** A runtime in memory over real guests, for tests of component actors. */
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { ActorEvent } from "../../../src/actor/ActorEvent.ts"
import { ActorSystem } from "../../../src/actor/ActorSystem.ts"
import { layer as layerEngine } from "../../../src/component/ComponentEngine.ts"
import { ComponentHost } from "../../../src/component/ComponentHost.ts"
import * as Receipts from "../../../src/component/Receipts.ts"
import * as ReleaseSource from "../../../src/component/ReleaseSource.ts"
import * as Runtime from "../../../src/Runtime.ts"
import * as Approvals from "../../../src/security/Approvals.ts"
import * as ApprovalStore from "../../../src/security/ApprovalStore.ts"
import { AuditLog, layerMemory } from "../../../src/security/AuditLog.ts"
import { layer as layerEnforcer } from "../../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../../src/security/Grant.ts"
import * as TrustRegistry from "../../../src/security/TrustRegistry.ts"

export interface File {
  readonly manifest: string
  readonly artifact: Uint8Array
}

export const crypto = Layer.mergeAll(
  Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto)),
  Digest.layerWebCrypto
)

type Kernel = AuditLog | Digest.Digest | SecureRandom.SecureRandom | Signature.Signature

export const none: Layer.Layer<never> = Layer.empty

/** With services that a host may have, such as quotas. */
export const layer = <S, E>(
  files: Record<string, File>,
  services: Layer.Layer<S, E, Kernel>,
  trust?: TrustRegistry.Options
) =>
  Runtime.layerWith.pipe(
    Layer.provideMerge(services),
    Layer.provideMerge(Receipts.layerMemory()),
    Layer.provideMerge(layerEnforcer),
    Layer.provideMerge(TrustRegistry.layerMemory(trust)),
    Layer.provideMerge(layerMemory()),
    Layer.provideMerge(crypto),
    Layer.provide([layerEngine, ReleaseSource.layerMemory(files)])
  )

export const approvals = (options: Approvals.Options) =>
  Approvals.layer(options).pipe(Layer.provide(ApprovalStore.layerMemory))

export const asks = "[[capability]]\nreason = \"Try.\"\nenvironment = [\"KEY\"]"

export const grants = [Grant.make("environment", ["KEY"], { reason: "Try." })]

/** Starts a component in this thread, with its grant. */
export const start = (source: string, options: Parameters<Runtime.Runtime["Service"]["startUntyped"]>[1] = {}) =>
  Runtime.Runtime.use((runtime) =>
    runtime.startUntyped(source, { tier: "inline", grants, environment: { KEY: "1" }, ...options })
  )

/** The value of a function of `acme:probe`. */
export const call = (name: string, component = "acme:probe") =>
  Runtime.Runtime.use((runtime) => Effect.map(runtime.call(component, `probe.${name}`, []), ({ value }) => value))

/** Waits for an event of an actor, from before an effect is run. */
export const until = <A, E, R>(tag: ActorEvent["_tag"], effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { events } = yield* ActorSystem
    const seen = yield* Effect.forkChild(
      Stream.runHead(Stream.filter(events, (event) => event._tag === tag)),
      { startImmediately: true }
    )
    const result = yield* effect
    yield* Fiber.join(seen)
    return result
  })

/** Runs what crashes a component, and waits until it is back. */
export const bounced = <A, E, R>(crash: Effect.Effect<A, E, R>) =>
  until("Restarted", Effect.tap(crash, () => TestClock.adjust("100 millis")))

/** The steps of all components, as they come: `from to`. */
export const steps = Effect.gen(function*() {
  const host = yield* ComponentHost
  const seen: Array<string> = []
  yield* Effect.forkChild(
    Stream.runForEach(host.lifecycle, ({ edge }) => Effect.sync(() => seen.push(edge.join(" ")))),
    { startImmediately: true }
  )
  return seen
})

export const events = Effect.flatMap(
  AuditLog,
  (log) => Effect.map(log.entries, (entries) => entries.map(({ event }) => event))
)
