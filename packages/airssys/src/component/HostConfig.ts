/**
 * `airssys.toml`: what a host runs and what it grants.
 *
 * It belongs to the operator of one host, as `Component.toml` belongs to the
 * author of a component. Its paths are relative to the folder it lies in.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Place } from "../security/Ask.ts"
import type * as AuditLog from "../security/AuditLog.ts"
import type { Grant } from "../security/Grant.ts"
import type { PublicKey } from "../security/PublicKey.ts"
import type * as Quota from "../security/Quota.ts"
import type { Tier } from "./ComponentEngine.ts"
import { Diagnostic, render } from "./Diagnostic.ts"
import type { HostingOptions } from "./HostingOptions.ts"
import * as decodeToml from "./internal/decodeToml.ts"
import * as hostSchema from "./internal/hostSchema.ts"
import * as hostTables from "./internal/hostTables.ts"
import { limitsOf } from "./internal/quotaSchema.ts"
import type { Options as ReceiptOptions } from "./Receipts.ts"
import * as TrustConfig from "./TrustConfig.ts"

/**
 * A decoded file, defaults included. All paths are as they were written:
 * relative to the folder of the file, or absolute where `folder`, `roots`,
 * `policy`, `audit`, `approvals`, `storage` and `secrets` say so.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostConfig {
  /** Where the host keeps what outlives it. */
  readonly folder: string | undefined
  readonly supervision: Supervision
  /** Folders by the name that `filesystem` patterns use. */
  readonly roots: ReadonlyMap<string, string>
  readonly trust: TrustConfig.TrustConfig
  /** File of policies, `PolicyFile`. */
  readonly policy: string | undefined
  readonly audit: Audit
  readonly approvals: Approvals | undefined
  readonly quotas: Quotas
  readonly storage: Storage
  readonly receipts: Receipts
  readonly components: ReadonlyArray<HostedComponent>
  readonly calls: ReadonlyArray<Call>
}

/**
 * Where the audit log is kept, and how. `options` are those of `AuditLog.layer`
 * but for the checkpoints, which need a key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Audit {
  readonly file: string | undefined
  readonly options: Omit<AuditLog.Options, "checkpoints">
  readonly checkpoints: Checkpoints | undefined
}

/**
 * Checkpoints of the audit log. `key` is a file, `witnesses` are files too; with
 * `console` there is one more.
 *
 * @category models
 * @since 0.1.0
 */
export interface Checkpoints {
  readonly origin: string
  readonly key: string
  readonly witnesses: ReadonlyArray<string>
  readonly console: boolean
  readonly every: Duration.Duration | undefined
  readonly required: boolean
}

/**
 * Whose approval a release needs, as `Approvals.Options` takes it. `key` is a
 * file: the key of the host.
 *
 * @category models
 * @since 0.1.0
 */
export interface Approvals {
  readonly key: string
  readonly operators: ReadonlyArray<PublicKey>
  readonly quorum: number | undefined
  readonly passTrusted: boolean | undefined
}

/**
 * What components and tenants may use, as far as the file says it. `component`
 * and `tenant` are of those without quotas of their own.
 *
 * @category models
 * @since 0.1.0
 */
export interface Quotas {
  readonly component: Limits
  readonly tenant: Limits
  readonly tenants: ReadonlyMap<string, Limits>
}

/**
 * Quotas of which some are said.
 *
 * @category models
 * @since 0.1.0
 */
export type Limits = Partial<Quota.Limits>

/**
 * Where components keep what they store.
 *
 * @category models
 * @since 0.1.0
 */
export interface Storage {
  readonly file: string | undefined
}

/**
 * Whether receipts of messages are kept, where, and how many for how long.
 *
 * @category models
 * @since 0.1.0
 */
export interface Receipts {
  readonly isKept: boolean
  readonly file: string | undefined
  readonly options: ReceiptOptions
}

/**
 * Where the value of a secret is: in a variable of the host's environment, or in
 * a file.
 *
 * @category models
 * @since 0.1.0
 */
export type SecretSource =
  | { readonly _tag: "Environment"; readonly name: string }
  | { readonly _tag: "File"; readonly file: string }

/**
 * How components are restarted, as `Supervisor.layer` and
 * `Component.ChildOptions` take it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Supervision {
  readonly strategy: "OneForOne"
  readonly intensity: { readonly restarts: number; readonly within: Duration.Duration }
  readonly backoff: {
    readonly base: Duration.Duration
    readonly factor: number
    readonly cap: Duration.Duration
  }
}

/**
 * A component that the host runs; `place` is its `[[component]]` block. Values of
 * `secrets` are not in `options`: they have to be fetched.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostedComponent {
  readonly source: string
  readonly place: Place
  readonly options: Options
  readonly quotas: Limits
  readonly secrets: ReadonlyMap<string, SecretSource>
}

/**
 * What `HostingOptions` leaves open, decided. Memory is in bytes; records have
 * no prototype.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends HostingOptions {
  readonly limits: {
    readonly memory: number | undefined
    readonly fuel: number | undefined
    readonly timeout: Duration.Duration | undefined
  }
  readonly grants: ReadonlyArray<Grant>
  readonly environment: Readonly<Record<string, string>>
  readonly config: Readonly<Record<string, string | number | boolean>>
  readonly tier: Tier | "auto"
}

/**
 * An export of a component, `rates.latest` of `acme:rates`, and its arguments
 * as TOML values: dates are text, integers beyond 2^53 are bigint, tables have
 * no prototype.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  readonly component: string
  readonly export: string
  readonly args: ReadonlyArray<unknown>
}

/**
 * A call that `airssys run` makes after the start. `meanwhile` is called again
 * and again until the call has ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call extends Target {
  readonly title: string
  /** On whose account. */
  readonly tenant: string | undefined
  readonly meanwhile: Target | undefined
}

/**
 * A host's file that was not taken; `message` is the report of all its
 * problems, at most 20. `outcome` is what did not happen for it, where that is
 * something else than a start.
 *
 * @category errors
 * @since 0.1.0
 */
export class HostConfigError extends Schema.TaggedError<HostConfigError>("airssys/component/HostConfigError")(
  "HostConfigError",
  { problems: Schema.Array(Diagnostic), outcome: Schema.optionalKey(Schema.String) }
) {
  override get message(): string {
    return render(this.problems, this.outcome ?? "Nothing was started.")
  }
}

/**
 * Decodes the text of a host's file. `file` is shown in reports; the texts of
 * `environment`, `config` and `secrets` are not, unless the file is no TOML at all.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string, options: { readonly file: string }): Result.Result<HostConfig, HostConfigError> => {
  const decoded = decodeToml.decode(hostSchema.HostFile, text, options.file, hostSchema.isSecret)
  if (Result.isFailure(decoded)) return Result.fail(new HostConfigError({ problems: decoded.failure }))
  const { lineOf, value } = decoded.success
  return Result.succeed({
    folder: value.folder,
    supervision: hostTables.supervisionOf(value.supervision),
    roots: new Map(Object.entries(value.roots ?? {})),
    trust: TrustConfig.fromTable(value.trust),
    policy: value.policy,
    audit: hostTables.auditOf(value.audit),
    approvals: hostTables.approvalsOf(value.approvals),
    quotas: hostTables.quotasOf(value.quotas),
    storage: { file: value.storage?.file },
    receipts: hostTables.receiptsOf(value.receipts),
    components: (value.component ?? []).map((component, index) => ({
      source: hostSchema.normalPath(component.source),
      place: { file: options.file, line: lineOf(["component", index]) },
      options: hostTables.optionsOf(component),
      quotas: component.quotas === undefined ? {} : limitsOf(component.quotas),
      secrets: hostTables.secretsOf(component.secrets)
    })),
    calls: (value.call ?? []).map((call) => ({
      title: call.title,
      tenant: call.tenant,
      ...hostTables.targetOf(call),
      meanwhile: call.meanwhile === undefined ? undefined : hostTables.targetOf(call.meanwhile)
    }))
  })
}

/**
 * The JSON Schema of a host's file, for editors.
 *
 * @category schemas
 * @since 0.1.0
 */
export const jsonSchema = (): object => decodeToml.jsonSchema(hostSchema.HostFile, "airssys.toml")
