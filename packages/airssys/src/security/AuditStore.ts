/**
 * Where an audit log is kept: bytes in segments, to which one process appends.
 *
 * A store knows nothing of entries, hashes or proofs: the log that is built on
 * it writes whole batches and checks what it reads. What a store owes is that an
 * append which succeeded is still there after the power was cut, and that
 * nobody else writes.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { AuditError } from "./AuditError.ts"
import * as auditFile from "./internal/auditFile.ts"
import * as auditMemory from "./internal/auditMemory.ts"

/**
 * A piece of a log. `id` is the sequence of its first entry, `length` its size
 * in bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Segment {
  readonly id: number
  readonly length: number
}

/**
 * Service that keeps the bytes of one log. It is owned by the process that
 * holds it: a second one is refused with reason `InUse`, where the store can
 * tell, and its writes with `ForeignWriter` at the latest.
 *
 * @category services
 * @since 0.1.0
 */
export class AuditStore extends Context.Service<AuditStore, {
  /** What an operator knows it by. */
  readonly name: string
  /** All segments, oldest first. The last is the one that is written. */
  readonly segments: Effect.Effect<ReadonlyArray<Segment>, AuditError>
  /** At most `most` bytes of a segment from an offset on; none at its end. */
  readonly read: (segment: number, from: number, most: number) => Effect.Effect<Uint8Array, AuditError>
  /**
   * Adds bytes to the last segment and returns when they are durable. After a
   * failure some of them may be there; the next append starts again where the
   * last successful one ended. The bytes belong to the caller again afterwards.
   */
  readonly append: (bytes: Uint8Array) => Effect.Effect<void, AuditError>
  /** Begins a segment with its first bytes and returns when both are durable. After a failure it does not exist. */
  readonly begin: (segment: number, bytes: Uint8Array) => Effect.Effect<void, AuditError>
  /** Shortens the last segment to `length` bytes, durably. */
  readonly cut: (length: number) => Effect.Effect<void, AuditError>
  /** Removes a segment, durably. */
  readonly remove: (segment: number) => Effect.Effect<void, AuditError>
}>()("airssys/security/AuditStore") {}

/**
 * @category models
 * @since 0.1.0
 */
export interface FileOptions {
  /** File of the first segment; later ones have `.` and their id behind it. The folder has to exist. */
  readonly path: string
  /** Taken before anything is read, and held while the store is: what keeps another process out. */
  readonly lock?: Effect.Effect<void, AuditError, Scope.Scope> | undefined
  /** Whether names of files are made durable by a sync of their folder, default true. Windows has no such thing. */
  readonly syncFolder?: boolean | undefined
}

/**
 * Layer that keeps a log in memory.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<AuditStore> = Layer.effect(AuditStore, Effect.sync(() => auditMemory.make()))

/**
 * Layer that keeps a log in files that their owner alone can read and write. A
 * link in place of a file is refused, except on Windows. Without a `lock`, a
 * second process is not refused: the first that finds bytes that it did not
 * write fails.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFile = (options: FileOptions): Layer.Layer<AuditStore, AuditError, FileSystem.FileSystem> =>
  Layer.effect(AuditStore, Effect.flatMap(FileSystem.FileSystem, (fs) => auditFile.make(fs, options)))
