/**
 * The capability to read one file, or to list one folder.
 *
 * A resource is `root:/path`; the host maps the name of the root to a folder.
 * Nothing below it is reached through a link, and a file that has a second name
 * is not read, because the other one may be outside.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import type { FileError } from "./FileError.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Stat {
  readonly kind: "File" | "Folder"
  /** Bytes of a file; 0 for a folder. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/**
 * What a folder has under a name. `Other` cannot be opened: a link, a pipe, a
 * device or a socket.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly name: string
  readonly kind: "File" | "Folder" | "Other"
}

/**
 * A file that is open. It is closed with the scope it was opened in, and when
 * the grant goes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader {
  readonly size: Effect.Effect<number, FileError | CapabilityError>
  /** Up to `length` bytes, at most 16 MiB; fewer at the end of the file, none after it. */
  readonly readAt: (position: number, length: number) => Effect.Effect<Uint8Array, FileError | CapabilityError>
}

/**
 * Power to read what was named in `FileRead.on(resource)`.
 *
 * @category services
 * @since 0.1.0
 */
export class FileRead extends Capability.Service<FileRead, {
  readonly resource: string
  readonly stat: Effect.Effect<Stat, FileError | CapabilityError>
  /** The whole file; `TooLarge` beyond `maxBytes`, default 16 MiB. */
  readonly read: (options?: {
    readonly maxBytes?: number | undefined
  }) => Effect.Effect<Uint8Array, FileError | CapabilityError>
  readonly open: Effect.Effect<Reader, FileError | CapabilityError, Scope.Scope>
  /** The file from `position`, read piece by piece (default 64 KiB) as it is asked for. */
  readonly stream: (options?: {
    readonly position?: number | undefined
    readonly pieceBytes?: number | undefined
  }) => Stream.Stream<Uint8Array, FileError | CapabilityError>
  /**
   * The entries of the folder in no order, read as they are asked for. Names
   * that no resource can have are left out, as are those that are refused
   * whatever a manifest says.
   */
  readonly list: Stream.Stream<Entry, FileError | CapabilityError>
}>()("filesystem.read") {}
