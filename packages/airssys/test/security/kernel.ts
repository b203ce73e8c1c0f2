import * as Ask from "airssys/security/Ask"
import * as AuditLog from "airssys/security/AuditLog"
import * as Capability from "airssys/security/Capability"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type * as CapabilityKind from "airssys/security/CapabilityKind"
import type { Decision } from "airssys/security/Decision"
import * as Grant from "airssys/security/Grant"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import { Effect, Layer } from "effect"

/** A power that is the lease itself, so that a test can do with it what sources do. */
export class Files extends Capability.Service<Files, Powers.Lease>()("filesystem.read") {}

export type Enforcer = CapabilityEnforcer.CapabilityEnforcer["Service"]

export const layer = Layer.provide(
  CapabilityEnforcer.layerTest,
  Powers.layer(Powers.source(Files, (lease) => lease))
)

export const run = <A, E>(
  test: (
    enforcer: Enforcer,
    audit: AuditLog.AuditLog["Service"]
  ) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    return yield* test(yield* CapabilityEnforcer.CapabilityEnforcer, yield* AuditLog.AuditLog)
  }).pipe(Effect.provide(layer, { local: true }))

export const host = (id: string) => Principal.make({ kind: "Host", id })
export const component = (id: string) => Principal.make({ kind: "Component", id, label: `${id} 1.0.0` })

export const ask = (kind: CapabilityKind.CapabilityKind, patterns: ReadonlyArray<string>, expires?: string): Ask.Ask =>
  Ask.make({ kind, patterns, reason: "Read it.", place: { file: "Component.toml", line: 7 }, expires })

export const read = (patterns: ReadonlyArray<string>, expires?: string): Grant.Grant =>
  Grant.make("filesystem.read", patterns, { reason: "Needed.", expires })

export const outcome = (decision: Decision): string =>
  decision._tag === "Allowed" ? "Allowed" : decision.explanation.reason

export const day = 86_400_000
