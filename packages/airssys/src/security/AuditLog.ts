/**
 * The append-only record of who was given what, and what they did with it.
 *
 * `append` returns when the entry is durable: changes of authority use it and
 * take effect afterwards. `recordUnsafe` takes the uses of capabilities without
 * suspending: they wait in a bounded buffer for at most the flush interval, and
 * where the buffer is full or writing fails the use must be denied.
 *
 * Each entry is one line that carries the SHA-256 of the hash before it and of
 * its own text, so a changed, dropped or reordered line is found. Whoever can
 * rewrite the whole file can also rewrite every hash, or cut the end: against
 * that, keep the `head` elsewhere and verify with it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Digest from "effect/crypto/Digest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type { AuditEntry, Checkpoint, Verified } from "./AuditEntry.ts"
import type { AuditError, ChainBroken } from "./AuditError.ts"
import type { AuditEvent } from "./AuditEvent.ts"
import * as chain from "./internal/auditChain.ts"
import * as sink from "./internal/auditSink.ts"
import * as writer from "./internal/auditWriter.ts"

/**
 * Service that records events and proves that nothing was changed since.
 *
 * @category services
 * @since 0.1.0
 */
export class AuditLog extends Context.Service<AuditLog, {
  /**
   * Records an event and returns its sequence when it, and everything before
   * it, is durable. When it fails the caller must not do what the event says.
   */
  readonly append: (event: AuditEvent) => Effect.Effect<number, AuditError>
  /** Records events that hold together, as `append` does, and returns the sequence of the last. */
  readonly appendAll: (events: ReadonlyArray<AuditEvent>) => Effect.Effect<number, AuditError>
  /**
   * Takes an event without waiting and returns the sequence that it will have.
   * Undefined means that it was not taken, and that what it says must not
   * happen: the buffer is full, or half of it is taken by this principal, or
   * writing fails, or the log is closed. A use that repeats one which still
   * waits is counted there and has its sequence.
   */
  readonly recordUnsafe: (event: AuditEvent) => number | undefined
  /** Makes everything taken so far durable. */
  readonly flush: Effect.Effect<void, AuditError>
  /** All entries, oldest first, after a flush. */
  readonly entries: Effect.Effect<ReadonlyArray<AuditEntry>, AuditError>
  /** The last durable entry, after a flush: to be kept elsewhere. */
  readonly head: Effect.Effect<Checkpoint, AuditError>
  /** Reads the log back and checks it up to the head that this process wrote. */
  readonly verify: Effect.Effect<Verified, ChainBroken | AuditError>
  /** The log as text, after a flush: JSON Lines, as `verifyText` takes it. */
  readonly text: Effect.Effect<string, AuditError>
  /** Time of the newest entry, 0 when there is none: time never runs backward past it. */
  readonly latestTimeUnsafe: () => number
}>()("airssys/security/AuditLog") {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Most uses that wait to be written, default 4,096. */
  readonly capacity?: number | undefined
  /** Longest time a use waits to be written, default 20 milliseconds. */
  readonly flushEvery?: Duration.Input | undefined
}

/**
 * Checks a copy of a log without opening it. With a checkpoint, also that the
 * log still has that entry, so that nothing up to it was cut or rewritten.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifyText = (text: string, options?: {
  readonly checkpoint?: Checkpoint | undefined
}): Effect.Effect<Verified, ChainBroken, Digest.Digest> => chain.verify(text, options?.checkpoint)

/**
 * Checks entries that were read from a log, as `verifyText` does.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifyEntries = (entries: ReadonlyArray<AuditEntry>, options?: {
  readonly checkpoint?: Checkpoint | undefined
}): Effect.Effect<Verified, ChainBroken, Digest.Digest> =>
  Effect.suspend(() => chain.verify(chain.print(entries), options?.checkpoint))

/**
 * Layer that keeps the log in memory: for tests, and for hosts that hand the
 * text on themselves.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options?: Options): Layer.Layer<AuditLog, AuditError, Digest.Digest> =>
  Layer.effect(AuditLog, Effect.suspend(() => writer.make(sink.memory(), options)))

/**
 * Layer that keeps the log in a file of JSON Lines, readable and writable by
 * its owner alone. The file is verified when it is opened: an unfinished last
 * line is cut and the cut recorded, and anything else that does not verify
 * fails the layer with reason `Tampered`. One process writes a file at a time:
 * bytes that somebody else added make every further write fail. A link in
 * place of the file is refused, except on Windows.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFile = (
  options: Options & { readonly path: string }
): Layer.Layer<AuditLog, AuditError, Digest.Digest | FileSystem.FileSystem> =>
  Layer.effect(
    AuditLog,
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      return yield* writer.make(yield* sink.file(fs, options.path), options)
    })
  )
