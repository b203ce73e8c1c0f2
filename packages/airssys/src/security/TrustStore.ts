/**
 * Where the state of trust is kept over restarts: one text, the one that is
 * about to replace it, and those that it replaced.
 *
 * A store knows nothing of what a text says. What it owes is that `stage` and
 * `promote` are durable when they return, and that whenever the power is cut
 * there is a whole text to be read, the old one or the new one. A text that was
 * staged counts only if the audit log says so: see `TrustRegistry.layer`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as trustFile from "./internal/trustFile.ts"
import type { TrustStoreError } from "./TrustStoreError.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Texts {
  readonly current: string | undefined
  readonly staged: string | undefined
}

/**
 * @category services
 * @since 0.1.0
 */
export class TrustStore extends Context.Service<TrustStore, {
  /** What there is; a text that was damaged as it is. */
  readonly read: Effect.Effect<Texts, TrustStoreError>
  /** Keeps a text beside the current one, in place of one that was staged before. */
  readonly stage: (text: string) => Effect.Effect<void, TrustStoreError>
  /**
   * Puts the staged text in place of the current one, which becomes the backup
   * `keepAs`. Does nothing if no text is staged.
   */
  readonly promote: (keepAs: number) => Effect.Effect<void, TrustStoreError>
  /** The names of the backups, newest first. */
  readonly backups: Effect.Effect<ReadonlyArray<number>, TrustStoreError>
  /** The text of a backup; undefined if there is none. */
  readonly backup: (name: number) => Effect.Effect<string | undefined, TrustStoreError>
}>()("airssys/security/TrustStore") {}

/**
 * A store in memory: for tests, and for hosts that keep no trust.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory = (options?: {
  /** Most backups, default 10. */
  readonly backups?: number | undefined
}): TrustStore["Service"] => {
  const most = options?.backups ?? 10
  const kept = new Map<number, string>()
  let current: string | undefined
  let staged: string | undefined
  return {
    read: Effect.sync(() => ({ current, staged })),
    stage: (text) => Effect.sync(() => void (staged = text)),
    promote: (keepAs) =>
      Effect.sync(() => {
        if (staged === undefined) return
        if (current !== undefined) kept.set(keepAs, current)
        for (const name of [...kept.keys()].toSorted((a, b) => b - a).slice(most)) kept.delete(name)
        current = staged
        staged = undefined
      }),
    backups: Effect.sync(() => [...kept.keys()].toSorted((a, b) => b - a)),
    backup: (name) => Effect.sync(() => kept.get(name))
  }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface FileOptions {
  /** File of the current text; others get names that begin with it. The folder has to exist. */
  readonly path: string
  /** Most backups, default 10. */
  readonly backups?: number | undefined
  /** Whether names of files are made durable by a sync of their folder, default true. Windows has no such thing. */
  readonly syncFolder?: boolean | undefined
}

/**
 * Layer that keeps the texts in files, readable and writable by their owner
 * alone. A link in place of a file is refused, except on Windows. One process
 * writes them at a time: the lock of the audit log sees to that.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFile = (options: FileOptions): Layer.Layer<TrustStore, never, FileSystem.FileSystem> =>
  Layer.effect(TrustStore, Effect.map(FileSystem.FileSystem, (fs) => trustFile.make(fs, options)))

/**
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<TrustStore> = Layer.effect(TrustStore, Effect.sync(() => makeMemory()))
