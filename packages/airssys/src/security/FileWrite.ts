/**
 * The capability to make, change and remove one file or folder.
 *
 * It does not include reading. What a file has is not reached by moving it
 * either: a rename also needs the power to read its source.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import type { FileError } from "./FileError.ts"
import type { FileRead } from "./FileRead.ts"

/**
 * Which file is opened: one that is there, one that is made where there is
 * none, or a new one.
 *
 * @category models
 * @since 0.1.0
 */
export type Creation = "Never" | "IfMissing" | "New"

/**
 * A file that is open for writing anywhere. It is closed with the scope it was
 * opened in, and when the grant goes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Writer {
  readonly size: Effect.Effect<number, FileError | CapabilityError>
  readonly writeAt: (position: number, bytes: Uint8Array) => Effect.Effect<void, FileError | CapabilityError>
  readonly truncate: (size: number) => Effect.Effect<void, FileError | CapabilityError>
  /** Waits until what was written is durable. */
  readonly sync: Effect.Effect<void, FileError | CapabilityError>
}

/**
 * A file that is open for writing at its end, wherever that is by then.
 *
 * @category models
 * @since 0.1.0
 */
export interface Appender {
  readonly append: (bytes: Uint8Array) => Effect.Effect<void, FileError | CapabilityError>
  /** Waits until what was appended is durable. */
  readonly sync: Effect.Effect<void, FileError | CapabilityError>
}

/**
 * Power to write what was named in `FileWrite.on(resource)`.
 *
 * @category services
 * @since 0.1.0
 */
export class FileWrite extends Capability.Service<FileWrite, {
  readonly resource: string
  /**
   * Replaces the file, or makes it, with the whole content: nobody sees a part
   * of it, and it is durable when this succeeds. `TooLarge` beyond `maxBytes`,
   * default 16 MiB; then, and when the stream fails, the file is as before.
   */
  readonly write: <E = never, R = never>(
    content: Uint8Array | Stream.Stream<Uint8Array, E, R>,
    options?: { readonly maxBytes?: number | undefined }
  ) => Effect.Effect<void, E | FileError | CapabilityError, R>
  /** Opens the file without changing it; `create` is `Never` by default. */
  readonly open: (options?: {
    readonly create?: Creation | undefined
  }) => Effect.Effect<Writer, FileError | CapabilityError, Scope.Scope>
  /** Opens the file for writing at its end; `create` is `Never` by default. */
  readonly openAppend: (options?: {
    readonly create?: Creation | undefined
  }) => Effect.Effect<Appender, FileError | CapabilityError, Scope.Scope>
  readonly makeFolder: Effect.Effect<void, FileError | CapabilityError>
  /** Removes a file, or a folder that is empty. */
  readonly remove: Effect.Effect<void, FileError | CapabilityError>
  /**
   * Moves a file to another resource, which the principal has to be allowed to
   * write, and replaces the file there. The power to read has to be for this
   * very resource. Folders are not moved: what they hold would be under names
   * that nobody decided on.
   */
  readonly rename: (to: string) => Effect.Effect<void, FileError | CapabilityError, FileRead>
}>()("filesystem.write") {}
