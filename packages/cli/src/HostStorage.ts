/**
 * What components of a folder with an `airssys.toml` store, while its host does
 * not run.
 *
 * @since 0.1.0
 */
import * as NodeDigest from "@airssys/platform-node/NodeDigest"
import * as NodeHostFolder from "@airssys/platform-node/NodeHostFolder"
import * as NodeStorage from "@airssys/platform-node/NodeStorage"
import * as Manifest from "airssys/component/Manifest"
import * as ReleaseSource from "airssys/component/ReleaseSource"
import * as Storage from "airssys/component/Storage"
import { StorageStore } from "airssys/component/StorageStore"
import * as AuditLog from "airssys/security/AuditLog"
import * as Quotas from "airssys/security/Quotas"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as HostFolder from "./HostFolder.ts"
import * as HostQuotas from "./HostQuotas.ts"

/**
 * The storage of a folder was left as it is, and why.
 *
 * @category errors
 * @since 0.1.0
 */
export class StorageRefused extends Schema.TaggedError<StorageRefused>("@airssys/cli/StorageRefused")(
  "StorageRefused",
  { detail: Schema.String }
) {
  override get message(): string {
    return `error: ${this.detail}. Nothing was changed.`
  }
}

/**
 * What a store holds of one owner, `component/acme:rates`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Holding {
  readonly owner: string
  readonly keys: number
  readonly bytes: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface HostStorage {
  readonly file: string
  readonly storage: Storage.Storage["Service"]
  readonly holdings: ReadonlyArray<Holding>
}

const refuse = (detail: string) => new StorageRefused({ detail })

/** The id of a component whose manifest can be read: only its own quotas hang on it. */
const idOf = Effect.fnUntraced(function*(source: string) {
  const files = yield* ReleaseSource.ReleaseSource
  const { file, text } = yield* files.manifest(source)
  return (yield* Effect.fromResult(Manifest.parse(text, { file }))).id
})

/** The quotas that the host would hold imports to. */
const limit = Effect.fnUntraced(function*({ plugins, quotas }: HostFolder.HostFolder) {
  yield* HostQuotas.limitTenants(quotas)
  for (const plugin of plugins) {
    const id = yield* Effect.option(idOf(plugin.source))
    if (Option.isSome(id)) yield* HostQuotas.limitComponent(quotas, id.value, plugin.quotas)
  }
})

/** The file, held as the host holds it: by the lock of its folder, if it has one. */
const held = Effect.fnUntraced(function*({ options }: HostFolder.HostFolder, isMade: boolean) {
  const { folder, storage } = options
  if (folder === undefined) {
    return storage ?? (yield* refuse("its airssys.toml has neither folder nor storage.file, so nothing is kept"))
  }
  const places = yield* Effect.mapError(
    isMade ? NodeHostFolder.open(folder) : NodeHostFolder.take(folder),
    ({ detail, reason }) => refuse(reason === "InUse" ? `a host has ${folder}: stop it first` : detail)
  )
  return storage ?? places.storage
})

/**
 * Opens the storage of a folder until the scope ends; `isMade` makes what is not
 * there.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function*(folder: string, isMade: boolean) {
  const fs = yield* FileSystem.FileSystem
  const host = yield* HostFolder.read(folder, "Nothing was changed.")
  const file = yield* held(host, isMade)
  if (!isMade && !(yield* Effect.orElseSucceed(fs.exists(file), () => false))) {
    return yield* refuse(`there is no ${file}: nothing was stored yet`)
  }
  const layer = Layer.provideMerge(Storage.layer, NodeStorage.layerStore(file)).pipe(
    Layer.provideMerge(Quotas.layerMemory({ component: host.quotas.component, tenant: host.quotas.tenant })),
    Layer.provide(AuditLog.layerMemory()),
    Layer.provide(NodeDigest.layer)
  )
  const services = yield* Effect.mapError(
    Layer.build(layer),
    (error) =>
      error._tag === "StorageStoreError" && error.reason === "InUse"
        ? refuse(`another process has ${file}: stop it first`)
        : error
  )
  yield* limit(host).pipe(Effect.provide(ReleaseSource.layerFileSystem), Effect.provideContext(services))
  const store = Context.get(services, StorageStore)
  const holdings = yield* Effect.forEach(
    yield* store.owners,
    (owner) =>
      Effect.map(store.holdings(owner), (parts): Holding => ({
        owner,
        keys: parts.reduce((sum, { keys }) => sum + keys, 0),
        bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0)
      }))
  )
  return {
    file,
    storage: Context.get(services, Storage.Storage),
    holdings: holdings.filter(({ keys }) => keys > 0)
  } satisfies HostStorage
})
