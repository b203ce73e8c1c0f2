/**
 * A host on Node: files, threads and the audit log of this machine under the
 * services of airssys.
 *
 * ```ts fragment
 * NodeHost.layer({ trust: ["plugins/rates"] })
 * ```
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type { InvalidArgument } from "airssys/component/Argument"
import * as ComponentEngine from "airssys/component/ComponentEngine"
import type { HostFunction } from "airssys/component/HostFunction"
import * as HostFunctions from "airssys/component/HostFunctions"
import * as Messaging from "airssys/component/Messaging"
import * as PolicyFile from "airssys/component/PolicyFile"
import type * as Receipts from "airssys/component/Receipts"
import type { ReceiptStoreError } from "airssys/component/ReceiptStore"
import * as ReleaseSource from "airssys/component/ReleaseSource"
import * as Storage from "airssys/component/Storage"
import type { StorageStoreError } from "airssys/component/StorageStore"
import type * as TrustConfig from "airssys/component/TrustConfig"
import type { WorkerHost } from "airssys/component/WorkerHost"
import * as PromiseRuntime from "airssys/PromiseRuntime"
import * as Runtime from "airssys/Runtime"
import type { InvalidOptions } from "airssys/security/ApprovalError"
import type * as Approvals from "airssys/security/Approvals"
import type { ApprovalStoreError } from "airssys/security/ApprovalStore"
import type { AuditError } from "airssys/security/AuditError"
import * as AuditLog from "airssys/security/AuditLog"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type { StorageError } from "airssys/security/KeyValue"
import * as Powers from "airssys/security/Powers"
import * as Quotas from "airssys/security/Quotas"
import type * as TrustRegistry from "airssys/security/TrustRegistry"
import * as Config from "effect/Config"
import type { Digest } from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import type { HeldFiles } from "./internal/heldFiles.ts"
import * as hostFolder from "./internal/hostFolder.ts"
import * as hostOptions from "./internal/hostOptions.ts"
import * as hostPowers from "./internal/hostPowers.ts"
import * as hostStores from "./internal/hostStores.ts"
import * as hostTrust from "./internal/hostTrust.ts"
import * as NodeDigest from "./NodeDigest.ts"
import * as NodeEnginePlatform from "./NodeEnginePlatform.ts"
import type * as NodeFileAccess from "./NodeFileAccess.ts"
import type * as NodeHttpAccess from "./NodeHttpAccess.ts"
import type * as NodeProcessSpawn from "./NodeProcessSpawn.ts"
import * as NodeTurnScheduler from "./NodeTurnScheduler.ts"
import * as NodeWorkerHost from "./NodeWorkerHost.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * The folder in which the host keeps what outlives it: its audit log, what it
   * trusts, what components store, receipts, requests for approval, and prepared
   * components with their key. It is made, for this user alone; one host at a
   * time has it. `audit`, `trustStore`, `storage`, `receipts`, `approvalStore`
   * and `cache` name other places. Without a folder, what has no place of its own is forgotten.
   */
  readonly folder?: string | undefined
  /** What runs components; default `ComponentEngine.layer`. */
  readonly engine?: Layer.Layer<ComponentEngine.ComponentEngine, never, WorkerHost> | undefined
  /**
   * File of the audit log, a SQLite database if its name ends in `.sqlite`.
   * Without it, and without `folder`, the log is kept in memory and ends with the host.
   */
  readonly audit?: string | undefined
  /**
   * File in which components keep what they store, a SQLite database. Without
   * it, and without `folder`, it is kept in memory and ends with the host.
   */
  readonly storage?: string | undefined
  /**
   * File in which the receipts of messages are kept, a SQLite database. Without
   * it, and without `folder`, the last of them are kept in memory; with `false`
   * there are none, and a message costs a little less.
   */
  readonly receipts?: string | false | undefined
  /** How receipts are written, and how many are kept for how long. */
  readonly receiptOptions?: Receipts.Options | undefined
  /** Limits of what components and tenants use. Default `Runtime.defaultQuotas`. */
  readonly quotas?: Quotas.Options | undefined
  /**
   * Whose approval a release needs to be started. Without it releases need none,
   * and nobody can ask for one.
   */
  readonly approvals?: Approvals.Options | undefined
  /** File of the requests for approval. Without it, and without `folder`, they are kept in memory. */
  readonly approvalStore?: string | undefined
  /** Functions of the host's own for its guests. */
  readonly functions?: ReadonlyArray<HostFunction> | undefined
  /** Powers of the host's own, for what its functions require; of two for one capability the last counts. */
  readonly powers?: ReadonlyArray<Powers.Source> | undefined
  /** How the audit log is written, kept and attested. */
  readonly auditOptions?: AuditLog.Options | undefined
  /** Folders, digests (`sha256:...`) and other sources that the operator trusts; a folder may be relative. */
  readonly trust?: ReadonlyArray<string | TrustRegistry.Declared> | undefined
  /** File with a `[trust]` table, whose paths are relative to its folder. Trusted besides `trust`. */
  readonly trustFile?: string | undefined
  /**
   * Folder that keeps over restarts what was trusted, revoked and seen while
   * the host ran; it is made, for this user alone. With `audit`, an older state
   * that is put back is found. Without it, and without `folder`, the host forgets all that.
   */
  readonly trustStore?: string | undefined
  /** Keeps components that were prepared on disk, so that later hosts start faster. */
  readonly cache?: NodeEnginePlatform.CacheOptions | undefined
  /** Runs unknown components as if they were trusted; refused unless `NODE_ENV` is development or test. */
  readonly devMode?: boolean | undefined
  /** File of policies in TOML, `PolicyFile`, which stand over all grants from the start. */
  readonly policy?: string | undefined
  /**
   * Folders that grants of `filesystem.read` and `filesystem.write` name,
   * `{ inbox: "/srv/inbox" }`. None may hold what this host keeps or trusts.
   */
  readonly roots?: Readonly<Record<string, string>> | undefined
  /** More files and folders that no root may hold. */
  readonly reserved?: ReadonlyArray<string> | undefined
  /**
   * Gives the power to send HTTP requests, for grants of `network.outbound`, and
   * to look up names, for those of `network.resolve`; `{}` for the defaults.
   */
  readonly http?: NodeHttpAccess.Options | undefined
  /** Gives the power to run these programs, for grants of `process.spawn`. */
  readonly programs?: NodeProcessSpawn.Options | undefined
  /**
   * How long components may work off the calls that wait when the host closes,
   * all together. Default 10 seconds; then they are killed.
   */
  readonly shutdown?: Duration.Input | undefined
}

/**
 * The folder of a host cannot be used. Nothing in it was changed.
 *
 * - `InUse`: another host has it, in this process or another one.
 * - `NotAFolder`, `Exposed`, `ForeignOwner`: it is something else, a link, open
 *   to other users, or another user's.
 * - `Unusable`: it cannot be made, read or locked.
 *
 * @category errors
 * @since 0.1.0
 */
export class FolderRefused extends Schema.TaggedError<FolderRefused>("@airssys/platform-node/NodeHost/FolderRefused")(
  "FolderRefused",
  {
    folder: Schema.String,
    reason: Schema.Literals(["InUse", "NotAFolder", "Exposed", "ForeignOwner", "Unusable"]),
    detail: Schema.String,
    cause: Schema.optionalKey(Schema.Defect())
  }
) {
  override get message(): string {
    return `${this.detail}. Nothing was started.`
  }
}

/**
 * @category errors
 * @since 0.1.0
 */
export type HostError =
  | ApprovalStoreError
  | AuditError
  | FolderRefused
  | InvalidArgument
  | InvalidOptions
  | ReceiptStoreError
  | StorageError
  | StorageStoreError
  | PlatformError
  | PolicyFile.PolicyFileError
  | Config.ConfigError
  | TrustRegistry.DevModeRefused
  | TrustRegistry.ChangeError
  | TrustConfig.TrustConfigError
  | NodeEnginePlatform.EngineCacheError
  | NodeFileAccess.RootError

/**
 * What a host provides: the runtime and all of its parts, and the file system.
 *
 * @category layers
 * @since 0.1.0
 */
export type NodeHost =
  | Runtime.Services
  | Receipts.Receipts
  | ComponentEngine.ComponentEngine
  | ReleaseSource.ReleaseSource
  | Digest
  | FileSystem.FileSystem
  | Path.Path

/**
 * Layer of a host. Everything that was started in it is stopped with it. Two
 * hosts of one program share nothing, whatever their options: keep the layer
 * in a constant to use one host in several places.
 *
 * @category layers
 * @since 0.1.0
 */
export function layer(
  options: Options & { readonly approvals: Approvals.Options }
): Layer.Layer<NodeHost | Approvals.Approvals, HostError>
export function layer(options?: Options): Layer.Layer<NodeHost, HostError>
export function layer(options: Options = {}): Layer.Layer<NodeHost, HostError> {
  const parts = Layer.suspend(() => {
    const problem = hostOptions.check(options, "options")
    if (problem !== undefined) return Layer.effectContext(Effect.fail(problem))
    return options.folder === undefined ? layerParts(options) : Layer.unwrap(inFolder(options.folder, options))
  })
  return Layer.fromBuildMemo((_, scope) => Layer.buildWithMemoMap(parts, Layer.makeMemoMapUnsafe(), scope))
}

/**
 * A host for programs that do not use Effect, with promises.
 *
 * ```ts fragment
 * await using host = await NodeHost.runtime({ folder: ".airssys" })
 * const rates = await host.start(Rates, "plugins/rates")
 * await rates.latest("USD")
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const runtime = (options?: Options): Promise<PromiseRuntime.PromiseRuntime> =>
  PromiseRuntime.make(layer(options))

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> => Config.withDefault(config, undefined)

/**
 * Options from the configuration of the program: by default its environment.
 * What is not set has the default of `Options`.
 *
 * | Name | Option |
 * | --- | --- |
 * | `AIRSSYS_FOLDER` | `folder` |
 * | `AIRSSYS_AUDIT` | `audit` |
 * | `AIRSSYS_STORAGE` | `storage` |
 * | `AIRSSYS_RECEIPTS` | `receipts` |
 * | `AIRSSYS_APPROVAL_STORE` | `approvalStore` |
 * | `AIRSSYS_TRUST` | `trust`, with commas between |
 * | `AIRSSYS_TRUST_FILE` | `trustFile` |
 * | `AIRSSYS_TRUST_STORE` | `trustStore` |
 * | `AIRSSYS_POLICY` | `policy` |
 * | `AIRSSYS_DEV_MODE` | `devMode`, `false` by default |
 * | `AIRSSYS_SHUTDOWN` | `shutdown`, `10 seconds` by default |
 *
 * @category constructors
 * @since 0.1.0
 */
export const config: Config.Config<Options> = Config.nested(
  Config.all({
    folder: optional(Config.NonEmptyString("FOLDER")),
    audit: optional(Config.NonEmptyString("AUDIT")),
    storage: optional(Config.NonEmptyString("STORAGE")),
    receipts: optional(Config.NonEmptyString("RECEIPTS")),
    approvalStore: optional(Config.NonEmptyString("APPROVAL_STORE")),
    trust: optional(Config.map(Config.Array(Schema.String, "TRUST"), (sources) => sources.map((_) => _.trim()))),
    trustFile: optional(Config.NonEmptyString("TRUST_FILE")),
    trustStore: optional(Config.NonEmptyString("TRUST_STORE")),
    policy: optional(Config.NonEmptyString("POLICY")),
    devMode: Config.withDefault(Config.Boolean("DEV_MODE"), false),
    shutdown: Config.withDefault(Config.Duration("SHUTDOWN"), Duration.seconds(10))
  }),
  "AIRSSYS"
)

/**
 * Layer of a host whose options are those of `config`; options that are given
 * here win.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options: Options = {}): Layer.Layer<NodeHost, HostError> =>
  Layer.unwrap(Effect.map(config, (configured) => layer({ ...configured, ...options })))

/** The host is built within the lock of its folder: that is the last thing it gives up. */
const inFolder = (folder: string, options: Options) =>
  Effect.map(
    Effect.mapError(hostFolder.open(folder), (fault) => new FolderRefused({ folder, ...fault })),
    ({ approvals, audit, cache, cacheKey, lock, receipts, storage, trust }) =>
      layerParts({
        ...options,
        audit: options.audit ?? audit,
        trustStore: options.trustStore ?? trust,
        storage: options.storage ?? storage,
        receipts: options.receipts ?? receipts,
        approvalStore: options.approvalStore ?? approvals,
        cache: options.cache ?? { folder: cache, key: cacheKey }
      }, lock)
  )

const layerParts = (options: Options, folder?: HeldFiles): Layer.Layer<NodeHost, HostError> =>
  Runtime.layerWith.pipe(
    Layer.provide(NodeTurnScheduler.layer),
    Layer.provide(layerBound(options)),
    Layer.provideMerge(layerPolicy(options)),
    Layer.provide(layerFunctions(options)),
    Layer.provideMerge(hostStores.layerReceipts(options.receipts, receiptOptions(options))),
    Layer.provideMerge(Layer.provide(Messaging.layerWithEnforcer, layerPowers(options))),
    Layer.provideMerge(hostStores.layerStorage(options.storage)),
    Layer.provideMerge(Quotas.layerMemory(options.quotas ?? Runtime.defaultQuotas)),
    Layer.provideMerge(layerApprovals(options)),
    Layer.provideMerge(hostTrust.layer(options)),
    Layer.provideMerge(AuditLog.layer(options.auditOptions)),
    Layer.provide(hostStores.layerAudit(options.audit, folder)),
    Layer.provideMerge(layerEngine(options)),
    Layer.provideMerge(ReleaseSource.layerFileSystem),
    Layer.provide(NodeEnginePlatform.layer({ cache: options.cache })),
    Layer.provideMerge(NodeDigest.layer),
    Layer.provideMerge(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer))
  )

/** The last receipts take no longer than the last calls may. */
const receiptOptions = ({ receiptOptions, shutdown }: Options): Receipts.Options | undefined => {
  if (shutdown === undefined) return receiptOptions
  const closing = Duration.fromInputUnsafe(receiptOptions?.closing ?? "2 seconds")
  return { ...receiptOptions, closing: Duration.min(Duration.fromInputUnsafe(shutdown), closing) }
}

const layerBound = ({ shutdown }: Options): Layer.Layer<never> =>
  shutdown === undefined
    ? Layer.empty
    : Layer.succeed(Runtime.ShutdownBound, Duration.fromInputUnsafe(shutdown))

/** In the context of the host where there are any, so that it is typed by the options of `layer`. */
const layerApprovals = ({ approvals, approvalStore }: Options) =>
  approvals === undefined ? Layer.empty : hostStores.layerApprovals(approvals, approvalStore)

/** The powers of these options, and those that were provided to the host: they come first. */
const layerPowers = (options: Options) =>
  Layer.provide(
    Powers.layerBeside(Effect.suspend(() => hostPowers.sources(options, reserved(options)))),
    Storage.layerPowers
  )

const layerFunctions = ({ functions }: Options): Layer.Layer<never, InvalidArgument> =>
  functions === undefined ? Layer.empty : HostFunctions.layer(...functions)

const layerPolicy = ({ policy }: Options) =>
  Layer.effectDiscard(Effect.gen(function*() {
    if (policy === undefined) return
    const fs = yield* FileSystem.FileSystem
    const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
    const text = yield* fs.readFileString(policy)
    yield* enforcer.govern(yield* Effect.fromResult(PolicyFile.parse(text, { file: policy })), hostTrust.because)
  }))

/** Threads for components change settings of the whole process: they are for an engine that wants them. */
const layerEngine = ({ engine }: Options): Layer.Layer<ComponentEngine.ComponentEngine> =>
  engine === undefined ? ComponentEngine.layer : Layer.provide(engine, NodeWorkerHost.layer)

const isNamed = (path: string | false | undefined): path is string => typeof path === "string"

/** What a component could change to be more than it is, or to hide what it did. */
const reserved = (options: Options): ReadonlyArray<string> => {
  const { approvalStore, audit, cache, folder, policy, receipts, storage, trust = [], trustFile, trustStore } = options
  return [
    ...[approvalStore, audit, folder, policy, receipts, storage, trustFile, trustStore].filter(isNamed),
    ...options.reserved ?? [],
    ...cache === undefined ? [] : [cache.folder],
    ...typeof cache?.key === "string" ? [cache.key] : [],
    ...trust.flatMap((source) =>
      typeof source !== "string"
        ? source.source._tag === "Path" ? [source.source.path] : []
        : hostTrust.isDigest(source)
        ? []
        : [source]
    )
  ]
}
