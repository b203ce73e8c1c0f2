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
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as ComponentEngine from "airssys/component/ComponentEngine"
import * as PolicyFile from "airssys/component/PolicyFile"
import * as ReleaseSource from "airssys/component/ReleaseSource"
import * as TrustConfig from "airssys/component/TrustConfig"
import type { WorkerHost } from "airssys/component/WorkerHost"
import * as Runtime from "airssys/Runtime"
import type { AuditError } from "airssys/security/AuditError"
import * as AuditLog from "airssys/security/AuditLog"
import * as AuditStore from "airssys/security/AuditStore"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as Powers from "airssys/security/Powers"
import * as TrustRegistry from "airssys/security/TrustRegistry"
import * as TrustSource from "airssys/security/TrustSource"
import { layerFile, type TrustStore } from "airssys/security/TrustStore"
import { TrustStoreError } from "airssys/security/TrustStoreError"
import type { ConfigError } from "effect/Config"
import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { ownFolder } from "./internal/ownedPaths.ts"
import * as NodeAuditStore from "./NodeAuditStore.ts"
import * as NodeDigest from "./NodeDigest.ts"
import * as NodeEnginePlatform from "./NodeEnginePlatform.ts"
import * as NodeFileAccess from "./NodeFileAccess.ts"
import * as NodeHttpAccess from "./NodeHttpAccess.ts"
import * as NodeNetworkResolve from "./NodeNetworkResolve.ts"
import * as NodeProcessSpawn from "./NodeProcessSpawn.ts"
import * as NodeTurnScheduler from "./NodeTurnScheduler.ts"
import * as NodeWorkerHost from "./NodeWorkerHost.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What runs components; default `ComponentEngine.layer`. */
  readonly engine?: Layer.Layer<ComponentEngine.ComponentEngine, never, WorkerHost> | undefined
  /**
   * File of the audit log, a SQLite database if its name ends in `.sqlite`.
   * Without it the log is kept in memory and ends with the host.
   */
  readonly audit?: string | undefined
  /** How the audit log is written, kept and attested. */
  readonly auditOptions?: AuditLog.Options | undefined
  /** Folders, digests (`sha256:...`) and other sources that the operator trusts; a folder may be relative. */
  readonly trust?: ReadonlyArray<string | TrustRegistry.Declared> | undefined
  /** File with a `[trust]` table, whose paths are relative to its folder. Trusted besides `trust`. */
  readonly trustFile?: string | undefined
  /**
   * Folder that keeps over restarts what was trusted, revoked and seen while
   * the host ran; it is made, for this user alone. With `audit`, an older state
   * that is put back is found. Without it the host forgets all that.
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
  /**
   * Gives the power to send HTTP requests, for grants of `network.outbound`, and
   * to look up names, for those of `network.resolve`; `{}` for the defaults.
   */
  readonly http?: NodeHttpAccess.Options | undefined
  /** Gives the power to run these programs, for grants of `process.spawn`. */
  readonly programs?: NodeProcessSpawn.Options | undefined
}

/**
 * @category errors
 * @since 0.1.0
 */
export type HostError =
  | AuditError
  | PlatformError
  | PolicyFile.PolicyFileError
  | ConfigError
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
export const layer = (options: Options = {}): Layer.Layer<NodeHost, HostError> => {
  const parts = layerParts(options)
  return Layer.fromBuildMemo((_, scope) => Layer.buildWithMemoMap(parts, Layer.makeMemoMapUnsafe(), scope))
}

const layerParts = (options: Options): Layer.Layer<NodeHost, HostError> =>
  Runtime.layerWith.pipe(
    Layer.provide(NodeTurnScheduler.layer),
    Layer.provideMerge(layerPolicy(options)),
    Layer.provideMerge(Layer.provide(CapabilityEnforcer.layer, layerPowers(options))),
    Layer.provideMerge(layerTrust(options)),
    Layer.provideMerge(AuditLog.layer(options.auditOptions)),
    Layer.provide(layerAuditStore(options)),
    Layer.provideMerge(layerEngine(options)),
    Layer.provideMerge(ReleaseSource.layerFileSystem),
    Layer.provide(NodeEnginePlatform.layer({ cache: options.cache })),
    Layer.provideMerge(NodeDigest.layer),
    Layer.provideMerge(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer))
  )

const layerPolicy = ({ policy }: Options) =>
  Layer.effectDiscard(Effect.gen(function*() {
    if (policy === undefined) return
    const fs = yield* FileSystem.FileSystem
    const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
    const text = yield* fs.readFileString(policy)
    yield* enforcer.govern(yield* Effect.fromResult(PolicyFile.parse(text, { file: policy })), because)
  }))

const layerAuditStore = ({ audit }: Options): Layer.Layer<AuditStore.AuditStore, AuditError> =>
  audit === undefined
    ? AuditStore.layerMemory
    : audit.endsWith(".sqlite")
    ? NodeAuditStore.layerSqlite(audit)
    : NodeAuditStore.layerFile(audit)

/** Threads for components change settings of the whole process: they are for an engine that wants them. */
const layerEngine = ({ engine }: Options): Layer.Layer<ComponentEngine.ComponentEngine> =>
  engine === undefined ? ComponentEngine.layer : Layer.provide(engine, NodeWorkerHost.layer)

/** The powers of these options, and those that were provided to the host: they come first. */
const layerPowers = (options: Options): Layer.Layer<never, NodeFileAccess.RootError> =>
  Layer.effect(
    Powers.Powers,
    Effect.gen(function*() {
      const given = yield* Powers.Powers
      const files = options.roots === undefined
        ? []
        : yield* NodeFileAccess.sources({ roots: options.roots, reserved: reserved(options) })
      const programs = options.programs === undefined
        ? []
        : [yield* Effect.provide(NodeProcessSpawn.source(options.programs), NodeProcessSpawn.layerSpawner)]
      const own = [
        ...files,
        ...programs,
        ...options.http === undefined ? [] : [
          NodeHttpAccess.source(options.http),
          NodeNetworkResolve.source({ resolve: options.http.resolve })
        ]
      ]
      return new Map([...own.map((source) => [source.key, source] as const), ...given])
    })
  )

/** What a component could change to be more than it is, or to hide what it did. */
const reserved = ({ audit, cache, trust = [], trustFile, trustStore }: Options): ReadonlyArray<string> => [
  ...[trustFile, trustStore].filter((_) => _ !== undefined),
  ...audit === undefined ? [] : [audit],
  ...cache === undefined ? [] : [cache.folder],
  ...typeof cache?.key === "string" ? [cache.key] : [],
  ...trust.flatMap((source) =>
    typeof source !== "string"
      ? source.source._tag === "Path" ? [source.source.path] : []
      : isDigest(source)
      ? []
      : [source]
  )
]

const because = "given to this host"

const isDigest = (source: string): boolean => source.startsWith("sha256:")

const unusable = (detail: string) => (cause: unknown) =>
  new TrustStoreError({ reason: "Unreadable", detail, remedy: "Look at the file and its permissions", cause })

/** A path that is there, free of links; any other as it is. */
const absolute = (base: string) => (relative: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const resolved = (yield* Path.Path).resolve(base, relative)
    return yield* Effect.orElseSucceed(fs.realPath(resolved), () => resolved)
  })

const fileLimit = 256 * 1024

const inFile = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const unreadable = unusable(`${file} cannot be read as a file of trust`)
  const info = yield* Effect.mapError(fs.stat(file), unreadable)
  if (info.type !== "File" || info.size > fileLimit) return yield* unreadable("it is no file of at most 256 KiB")
  const text = yield* Effect.mapError(fs.readFileString(file), unreadable)
  const config = yield* Effect.fromResult(TrustConfig.parse(text, { file }))
  const declared = yield* TrustConfig.declared(config, absolute(path.dirname(path.resolve(file))))
  return { declared, devMode: config.devMode }
})

const ofOptions = (trust: NonNullable<Options["trust"]>) =>
  Effect.forEach(trust, (source) => {
    if (typeof source !== "string") return Effect.succeed(source)
    const found = isDigest(source)
      ? Effect.fromResult(TrustSource.digest(source))
      : Effect.flatMap(absolute(".")(source), (path) => Effect.fromResult(TrustSource.path(path)))
    return Effect.map(found, (source): TrustRegistry.Declared => ({ source, reason: because }))
  })

const layerStore = (folder: string): Layer.Layer<TrustStore, TrustStoreError, FileSystem.FileSystem | Path.Path> =>
  Layer.unwrap(Effect.gen(function*() {
    const path = yield* Path.Path
    const owned = yield* Effect.tryPromise({
      try: () => ownFolder(folder),
      catch: unusable(`${folder} is no folder that this user alone can change`)
    })
    return layerFile({ path: path.join(owned, "trust.state"), syncFolder: process.platform !== "win32" })
  }))

const layerTrust = (
  options: Options
): Layer.Layer<
  TrustRegistry.TrustRegistry,
  ConfigError | TrustRegistry.DevModeRefused | TrustRegistry.ChangeError | TrustConfig.TrustConfigError,
  AuditLog.AuditLog | Digest | FileSystem.FileSystem | Path.Path
> =>
  Layer.unwrap(Effect.gen(function*() {
    const file = options.trustFile === undefined ? undefined : yield* inFile(options.trustFile)
    const registry: TrustRegistry.Options = {
      devMode: options.devMode === true || file?.devMode === true,
      declared: [...yield* ofOptions(options.trust ?? []), ...file?.declared ?? []]
    }
    return options.trustStore === undefined
      ? TrustRegistry.layerMemory(registry)
      : TrustRegistry.layer(registry).pipe(
        Layer.provide([layerStore(options.trustStore), NodeCrypto.layerSignature])
      )
  }))
