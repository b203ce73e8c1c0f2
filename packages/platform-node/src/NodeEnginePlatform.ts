/**
 * What the default engine takes of Node: modules that take long are checked and
 * compiled beside the event loop, and prepared components can be kept on disk.
 *
 * What is on disk runs without being checked again. Each entry carries an HMAC
 * under a key that is kept elsewhere; what others could have written is not
 * used. Whoever has the key, or is this user, can give the host code to run.
 *
 * @since 0.1.0
 */
import type * as Engine from "@airssys/engine/Engine"
import type { CacheEvent } from "@airssys/engine/EngineCache"
import { EnginePlatform } from "airssys/component/EnginePlatform"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { DiskCache } from "./internal/diskCache.ts"
import { nodeCompilers } from "./internal/nodeCompilers.ts"
import { keyIn, ownFolder, PathFault, usableKey } from "./internal/ownedPaths.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface CacheOptions {
  /** Made if there is none; nobody but this user may have access to it. */
  readonly folder: string
  /**
   * The file of the key, outside of the folder, which is made with a new key if
   * there is none; or the key, of at least 32 bytes.
   */
  readonly key: string | Uint8Array
  /** Bytes of all entries together, default 512 MiB. What was used least lately is dropped. */
  readonly maxBytes?: number | undefined
  /** Told of each look-up and write. By default what was refused or failed is logged as a warning. */
  readonly report?: ((event: CacheEvent) => void) | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Keeps prepared components on disk, from one process to the next. */
  readonly cache?: CacheOptions | undefined
}

/**
 * The folder or the key of a cache cannot be used as they are. Nothing in them
 * was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class EngineCacheError
  extends Schema.TaggedError<EngineCacheError>("@airssys/platform-node/NodeEnginePlatform/EngineCacheError")(
    "EngineCacheError",
    {
      reason: Schema.Literals(["NotAFolder", "Exposed", "ForeignOwner", "KeyInvalid", "KeyInside", "Unusable"]),
      detail: Schema.String,
      cause: Schema.optional(Schema.Defect())
    }
  )
{
  override get message(): string {
    return `cache of components: ${this.detail}`
  }
}

const defaultMaxBytes = 512 * 1_024 * 1_024

/**
 * Options for `Engine.make`. When the scope closes, entries that are being
 * written are waited for.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Engine.Options, EngineCacheError, Scope.Scope> =>
  options.cache === undefined
    ? Effect.succeed({ compilers: nodeCompilers })
    : Effect.map(makeCache(options.cache), (cache) => ({ compilers: nodeCompilers, cache }))

const makeCache = (options: CacheOptions): Effect.Effect<DiskCache, EngineCacheError, Scope.Scope> =>
  Effect.gen(function*() {
    const report = options.report ?? (yield* logged)
    const cache = yield* Effect.tryPromise({
      try: async () => {
        const folder = await ownFolder(options.folder)
        const key = typeof options.key === "string" ? await keyIn(options.key, folder) : usableKey(options.key)
        return new DiskCache({ folder, key, runtime, report, maxBytes: options.maxBytes ?? defaultMaxBytes })
      },
      catch: (error) =>
        new EngineCacheError(
          error instanceof PathFault ? error.fault : { reason: "Unusable", detail: String(error), cause: error }
        )
    })
    yield* Effect.addFinalizer(() => Effect.promise(cache.settled))
    return cache
  })

const { arch, platform, versions } = process

const runtime = `node ${versions.node} v8 ${versions.v8} ${platform} ${arch}`

/** Warnings about what should not happen, by the loggers of whoever makes the cache. */
const logged = Effect.map(
  Effect.context<never>(),
  (context) => ({ detail, key, kind }: CacheEvent): void => {
    if (kind !== "refused" && kind !== "failed") return
    Effect.runForkWith(context)(
      Effect.logWarning(`an entry of the cache of components ${kind === "refused" ? "was refused" : "failed"}`).pipe(
        Effect.annotateLogs({ key, detail })
      )
    )
  }
)

/**
 * Layer that gives the default engine this platform.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<never, EngineCacheError> =>
  Layer.effect(EnginePlatform, Effect.map(make(options), (engine) => ({ options: engine })))
