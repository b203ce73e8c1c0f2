/**
 * A folder with an `airssys.toml`, hosted as it says.
 *
 * @since 0.1.0
 */
import * as NodeHost from "@airssys/platform-node/NodeHost"
import * as NodeSigningKey from "@airssys/platform-node/NodeSigningKey"
import type { ComponentError } from "airssys/component/ComponentError"
import * as ComponentHost from "airssys/component/ComponentHost"
import * as Delivery from "airssys/component/Delivery"
import * as HostConfig from "airssys/component/HostConfig"
import * as TrustConfig from "airssys/component/TrustConfig"
import * as WitJson from "airssys/component/WitJson"
import * as Runtime from "airssys/Runtime"
import type { WitnessError } from "airssys/security/AuditWitness"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as HostAudit from "./HostAudit.ts"
import * as HostComponents from "./HostComponents.ts"
import * as HostQuotas from "./HostQuotas.ts"
import * as HostSecrets from "./HostSecrets.ts"
import * as Report from "./Report.ts"
import * as Walkthrough from "./Walkthrough.ts"

/**
 * A component, with what its host has to find or to limit before it starts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plugin extends Walkthrough.Plugin {
  /** Its source as the file has it. */
  readonly name: string
  readonly quotas: HostConfig.Limits
  readonly sources: HostConfig.HostedComponent["secrets"]
}

/**
 * What `airssys.toml` of a folder says, with absolute paths.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostFolder {
  readonly plugins: ReadonlyArray<Plugin>
  readonly supervision: HostConfig.Supervision
  readonly calls: ReadonlyArray<HostConfig.Call>
  readonly audit: HostConfig.Audit
  readonly approvals: HostConfig.Approvals | undefined
  readonly quotas: HostQuotas.HostQuotas
  /** Without the options of the audit log and of approvals, whose keys may have to be made. */
  readonly options: NodeHost.Options
}

/**
 * The folder cannot be hosted. `outcome` is what did not happen for it.
 *
 * @category errors
 * @since 0.1.0
 */
export class HostFolderError extends Schema.TaggedError<HostFolderError>("@airssys/cli/HostFolderError")(
  "HostFolderError",
  { detail: Schema.String, outcome: Schema.String }
) {
  override get message(): string {
    return `error: ${this.detail}. ${this.outcome}`
  }
}

const sizeLimit = 256 * 1024

/**
 * Reads and decodes `airssys.toml` of a folder. `outcome` is what an error says
 * has not happened.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = Effect.fnUntraced(function*(
  folder: string,
  outcome = "Nothing was started."
): Effect.fn.Return<HostFolder, HostConfig.HostConfigError | HostFolderError, FileSystem.FileSystem | Path.Path> {
  const refuse = (detail: string) => new HostFolderError({ detail, outcome })
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const root = path.resolve(folder)
  const file = path.join(root, "airssys.toml")
  const info = yield* Effect.mapError(
    fs.stat(file),
    () => refuse(`there is no ${file}; a host is a folder with this file`)
  )
  if (info.type !== "File" || info.size > sizeLimit) {
    return yield* refuse(`${file} is no file of at most ${sizeLimit / 1024} KiB`)
  }
  const text = yield* Effect.mapError(
    fs.readFileString(file),
    () => refuse(`${file} cannot be read`)
  )
  const config = yield* Effect.mapError(
    Effect.fromResult(HostConfig.parse(text, { file: path.relative("", file) || file })),
    ({ problems }) => new HostConfig.HostConfigError({ problems, outcome })
  )
  if (config.components.length === 0) {
    return yield* refuse(`${file} has no [[component]], so there is nothing to host`)
  }
  const inFolder = (item: string) => path.resolve(root, item)
  const quotas = HostQuotas.make(config.quotas)
  const audit = auditIn(config.audit, inFolder)
  const approvals = config.approvals && { ...config.approvals, key: inFolder(config.approvals.key) }
  return {
    plugins: config.components.map((component) => ({
      options: { ...component.options, backoff: config.supervision.backoff },
      source: inFolder(component.source),
      name: component.source,
      quotas: component.quotas,
      sources: secretsIn(component.secrets, inFolder)
    })),
    supervision: config.supervision,
    calls: config.calls,
    audit,
    approvals,
    quotas,
    options: {
      folder: config.folder === undefined ? undefined : inFolder(config.folder),
      trust: yield* Effect.mapError(
        TrustConfig.declared(
          config.trust,
          (item) => Effect.orElseSucceed(fs.realPath(inFolder(item)), () => inFolder(item))
        ),
        (error) => refuse(error.message)
      ),
      devMode: config.trust.devMode,
      audit: audit.file,
      storage: config.storage.file === undefined ? undefined : inFolder(config.storage.file),
      receipts: !config.receipts.isKept
        ? false
        : config.receipts.file === undefined
        ? undefined
        : inFolder(config.receipts.file),
      receiptOptions: config.receipts.options,
      quotas: { component: quotas.component, tenant: quotas.tenant },
      policy: config.policy === undefined ? undefined : inFolder(config.policy),
      roots: config.roots.size === 0
        ? undefined
        : Object.fromEntries([...config.roots].map(([name, folder]) => [name, inFolder(folder)])),
      reserved: [
        file,
        ...audit.checkpoints === undefined ? [] : [audit.checkpoints.key, ...audit.checkpoints.witnesses],
        ...approvals === undefined ? [] : [approvals.key],
        ...config.components.flatMap(({ secrets }) =>
          [...secretsIn(secrets, inFolder).values()].flatMap((source) => source._tag === "File" ? [source.file] : [])
        )
      ]
    }
  }
})

const auditIn = (audit: HostConfig.Audit, inFolder: (item: string) => string): HostConfig.Audit => ({
  ...audit,
  file: audit.file === undefined ? undefined : inFolder(audit.file),
  checkpoints: audit.checkpoints && {
    ...audit.checkpoints,
    key: inFolder(audit.checkpoints.key),
    witnesses: audit.checkpoints.witnesses.map(inFolder)
  }
})

const secretsIn = (
  secrets: HostConfig.HostedComponent["secrets"],
  inFolder: (item: string) => string
): HostConfig.HostedComponent["secrets"] =>
  new Map(
    [...secrets].map((
      [key, source]
    ) => [key, source._tag === "File" ? { ...source, file: inFolder(source.file) } : source])
  )

/**
 * The host with the values of its secrets.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withSecrets = (host: HostFolder): Effect.Effect<HostFolder, HostSecrets.SecretMissing> =>
  Effect.map(
    Effect.forEach(host.plugins, (plugin) =>
      Effect.map(
        HostSecrets.values(plugin.name, plugin.sources),
        (secrets): Plugin => ({ ...plugin, options: { ...plugin.options, secrets } })
      )),
    (plugins): HostFolder => ({ ...host, plugins })
  )

/**
 * Layer of the host of a folder. Makes its keys, of checkpoints and of
 * approvals, if it names some that are not there.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (host: HostFolder): Layer.Layer<
  NodeHost.NodeHost,
  NodeHost.HostError | NodeSigningKey.KeyFileRefused | WitnessError,
  FileSystem.FileSystem
> =>
  Layer.unwrap(Effect.gen(function*() {
    const auditOptions = yield* HostAudit.options(host.audit)
    const approvals = host.approvals && {
      hostKey: yield* NodeSigningKey.fromFile(host.approvals.key),
      operators: host.approvals.operators,
      quorum: host.approvals.quorum,
      passTrusted: host.approvals.passTrusted
    }
    return NodeHost.layer({ ...host.options, auditOptions, approvals })
  }))

const begin = (host: HostFolder) =>
  Effect.andThen(
    Report.begin(`${host.plugins.length} ${host.plugins.length === 1 ? "component" : "components"}.`),
    Walkthrough.install(host.plugins)
  )

/** What becomes of the components, from when everything runs. */
const lives = Effect.gen(function*() {
  const { lifecycle } = yield* ComponentHost.ComponentHost
  const report = yield* Report.Report
  const reporting = yield* Effect.forkChild(
    Stream.runForEach(
      lifecycle,
      ({ because, component, edge: [, state] }) => report.emit({ event: "life", component, state, because })
    ),
    { startImmediately: true }
  )
  yield* Report.ready
  yield* Fiber.join(reporting)
  return yield* Effect.never
})

/**
 * Hosts the components until the program is interrupted, and reports what
 * becomes of them.
 *
 * @category combinators
 * @since 0.1.0
 */
export const serve = (host: HostFolder) =>
  Effect.andThen(begin(host), Walkthrough.run(HostComponents.layer(host), lives))

/**
 * Hosts the components for the calls that the file lists, verifies the audit
 * log and stops.
 *
 * @category combinators
 * @since 0.1.0
 */
export const perform = (host: HostFolder) =>
  Effect.andThen(
    begin(host),
    Walkthrough.run(
      HostComponents.layer(host),
      Effect.gen(function*() {
        for (const [index, call] of host.calls.entries()) {
          const { meanwhile } = call
          const others = meanwhile === undefined
            ? undefined
            : { component: meanwhile.component, call: (yield* prepare(meanwhile)).effect }
          const prepared = yield* prepare(call)
          const { label } = prepared
          const effect = Effect.provideService(prepared.effect, Delivery.Tenant, call.tenant)
          yield* Report.step(index + 1, call.title, Walkthrough.call(label, effect, others))
        }
        yield* Report.step(host.calls.length + 1, "The audit log", Walkthrough.audit)
      })
    )
  )

/**
 * The guest answered with the error of its export.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExportFailed extends Schema.TaggedError<ExportFailed>("@airssys/cli/ExportFailed")("ExportFailed", {
  value: Schema.Unknown
}) {
  override get message(): string {
    return Report.show(this.value)
  }
}

/**
 * A call of the file that does not fit the component it names; those before it
 * were made.
 *
 * @category errors
 * @since 0.1.0
 */
export class CallRefused extends Schema.TaggedError<CallRefused>("@airssys/cli/CallRefused")("CallRefused", {
  component: Schema.String,
  export: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `error: ${this.component} ${this.export}: ${this.detail}. The call was not made.`
  }
}

interface Prepared {
  readonly label: string
  readonly effect: Effect.Effect<unknown, ComponentError | ExportFailed>
}

const prepare = Effect.fnUntraced(function*(
  target: HostConfig.Target
): Effect.fn.Return<Prepared, CallRefused, Runtime.Runtime> {
  const runtime = yield* Runtime.Runtime
  const found = yield* runtime.describe(target.component, target.export)
  const refused = (detail: string) => new CallRefused({ component: target.component, export: target.export, detail })
  if (found === undefined) return yield* refused("the component is not running, or has no such export")
  const args = yield* Effect.mapError(
    Effect.fromResult(WitJson.decodeArguments(found.type, target.args)),
    ({ message }) => refused(message)
  )
  const isResult = found.type.result?.kind === "result"
  return {
    label: `${target.export}(${args.map(Report.show).join(", ")})`,
    effect: Effect.flatMap(runtime.call(target.component, target.export, args), ({ value }) => {
      if (!isResult) return Effect.succeed(value)
      const result = value as { readonly tag: "ok" | "err"; readonly val?: unknown }
      return result.tag === "ok" ? Effect.succeed(result.val) : Effect.fail(new ExportFailed({ value: result.val }))
    })
  }
})
