/**
 * What a host trusts, from its options, its file and what it keeps of before.
 */
import * as TrustConfig from "airssys/component/TrustConfig"
import type * as AuditLog from "airssys/security/AuditLog"
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
import * as NodeSignature from "../NodeSignature.ts"
import { ownFolder } from "./ownedPaths.ts"

export interface Options {
  readonly trust?: ReadonlyArray<string | TrustRegistry.Declared> | undefined
  readonly trustFile?: string | undefined
  readonly trustStore?: string | undefined
  readonly devMode?: boolean | undefined
}

export const because = "given to this host"

export const isDigest = (source: string): boolean => source.startsWith("sha256:")

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

/** An empty text is no path, above all not that of the current folder. */
const ofOptions = (trust: NonNullable<Options["trust"]>) =>
  Effect.forEach(trust, (source) => {
    if (typeof source !== "string") return Effect.succeed(source)
    const found = source.trim() === ""
      ? Effect.fromResult(TrustSource.path(source))
      : isDigest(source)
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

export const layer = (
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
        Layer.provide([layerStore(options.trustStore), NodeSignature.layer])
      )
  }))
