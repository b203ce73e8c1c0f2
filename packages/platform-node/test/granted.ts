import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type * as CapabilityKind from "airssys/security/CapabilityKind"
import * as Grant from "airssys/security/Grant"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import { Effect, Layer } from "effect"
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const billing = Principal.make({ kind: "Host", id: "billing" })

export type Granted = ReadonlyArray<
  readonly [kind: CapabilityKind.CapabilityKind, ...patterns: ReadonlyArray<string>]
>

/** Runs as a program of the host that was granted patterns, with these sources of powers. */
export const granted = <A, E>(
  sources: ReadonlyArray<Powers.Source>,
  grants: Granted,
  test: (
    enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"]
  ) => Effect.Effect<A, E, Principal.CurrentPrincipal>
) =>
  Effect.gen(function*() {
    const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
    yield* enforcer.admit(billing, {
      asks: [],
      grants: grants.map(([kind, ...patterns]) => Grant.make(kind, patterns, { reason: "test" }))
    })
    return yield* test(enforcer)
  }).pipe(
    Effect.provideService(Principal.CurrentPrincipal, billing),
    Effect.provide(Layer.provide(CapabilityEnforcer.layerTest, Powers.layer(...sources)))
  )

/** A folder that is removed with the scope. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "airssys-")))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** How many descriptors this process has, all of them or those of paths that begin so. */
export const descriptors = (prefix = ""): number =>
  readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(prefix)
    } catch {
      return false
    }
  }).length

/** Waits, in real time, for what others do in theirs. */
export const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.promise(async () => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
  })
