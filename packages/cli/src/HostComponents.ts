/**
 * Starts the components of a folder, or none of them: what waits for operators
 * is found out before anything runs.
 *
 * @since 0.1.0
 */
import { ApprovalRequired } from "airssys/component/ApprovalRequired"
import * as ComponentHost from "airssys/component/ComponentHost"
import type { Release } from "airssys/component/Release"
import * as Runtime from "airssys/Runtime"
import type { AuditError } from "airssys/security/AuditError"
import type { Quotas } from "airssys/security/Quotas"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { HostFolder, Plugin } from "./HostFolder.ts"
import * as HostQuotas from "./HostQuotas.ts"
import * as Report from "./Report.ts"

/**
 * Releases of the folder that operators have not approved, each with its
 * request. Nothing was started.
 *
 * @category errors
 * @since 0.1.0
 */
export class ApprovalsMissing extends Schema.TaggedError<ApprovalsMissing>("@airssys/cli/ApprovalsMissing")(
  "ApprovalsMissing",
  { releases: Schema.Array(ApprovalRequired) }
) {
  override get message(): string {
    return this.releases.map(({ message }) => `error: ${message}`).join("\n")
  }
}

interface Installed {
  readonly plugin: Plugin
  readonly release: Release
}

/** Asks for all approvals at once: operators need not come back for each. */
const requireApprovals = Effect.fnUntraced(function*(installed: ReadonlyArray<Installed>) {
  const host = yield* ComponentHost.ComponentHost
  const missing = yield* Effect.forEach(
    installed,
    ({ plugin, release }) =>
      host.requireApproval(release, plugin.options).pipe(
        Effect.as(undefined),
        Effect.catchTag("ApprovalRequired", (required) => Effect.succeed(required))
      )
  )
  const releases = missing.filter((one) => one !== undefined)
  if (releases.length > 0) return yield* new ApprovalsMissing({ releases })
})

const start = Effect.fnUntraced(function*({ quotas, supervision }: HostFolder, installed: ReadonlyArray<Installed>) {
  const runtime = yield* Runtime.Runtime
  const placements: Array<ComponentHost.Placement> = []
  yield* Effect.forEach(
    installed,
    ({ plugin, release }) =>
      HostQuotas.limitComponent(quotas, release.id, plugin.quotas).pipe(
        Effect.andThen(runtime.startUntyped(release, { ...plugin.options, intensity: supervision.intensity })),
        Effect.tap(({ placement }) => Effect.sync(() => placements.push(placement)))
      ),
    { discard: true }
  ).pipe(Effect.ensuring(Effect.suspend(() => Report.started(placements, supervision.intensity))))
})

/**
 * Layer of the components of a folder, which reports those that have started
 * and, when it closes, how each ended.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  host: HostFolder
): Layer.Layer<
  never,
  ApprovalsMissing | Runtime.StartError | AuditError,
  ComponentHost.ComponentHost | Report.Report | Runtime.Runtime | Quotas
> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    const report = yield* Report.Report
    yield* Effect.addFinalizer(() =>
      Effect.flatMap(
        runtime.shutdown,
        Effect.forEach((end) => report.emit({ event: "ended", end }), { discard: true })
      )
    )
    yield* HostQuotas.limitTenants(host.quotas)
    const installed = yield* Effect.forEach(host.plugins, (plugin) =>
      Effect.map(runtime.install(plugin.source), (release): Installed => ({ plugin, release })))
    yield* requireApprovals(installed)
    yield* start(host, installed)
  }))
