/**
 * Where an engine keeps what it made of components, from one process to the next.
 *
 * An entry holds generated code and rewritten modules, which are run without
 * being checked again. Whoever implements the interface gives back only what
 * this host has put, under the key it was put under: whoever can write entries
 * that are given back decides what the host runs.
 *
 * @since 0.1.0
 */

/**
 * What became of a look-up or of a write.
 *
 * `refused` is an entry that was not used (the engine or the cache found it to
 * be other than what was put), `failed` an operation that gave no answer. Both
 * cost time alone: the component is prepared as if there were no entry.
 *
 * @category models
 * @since 0.1.0
 */
export interface CacheEvent {
  readonly kind: "hit" | "miss" | "refused" | "failed" | "stored"
  readonly key: string
  readonly detail?: string | undefined
}

/**
 * A cache of prepared components. Keys are 64 lower-case hex digits and depend
 * on the component, the engine and its options, and on `runtime`.
 *
 * @category models
 * @since 0.1.0
 */
export interface EngineCache {
  /** What entries depend on besides the engine, such as the versions of Node and V8. */
  readonly runtime: string
  /**
   * The bytes become the engine's, which does not expect them to change. Rejects
   * with {@link RefusedEntry} for an entry that is not what was put.
   */
  readonly get: (key: string) => Promise<Uint8Array<ArrayBuffer> | undefined>
  readonly put: (key: string, entry: Uint8Array<ArrayBuffer>) => Promise<void>
  /** Told of each event once. */
  readonly report?: ((event: CacheEvent) => void) | undefined
}

/**
 * An entry that is not used. The message says why.
 *
 * @category errors
 * @since 0.1.0
 */
export class RefusedEntry extends Error {
  override readonly name = "RefusedEntry"
}
