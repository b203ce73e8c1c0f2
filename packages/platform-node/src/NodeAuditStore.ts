/**
 * Audit logs on the disks of this machine.
 *
 * Both stores are readable and writable by their owner alone, and locked beside
 * themselves (`.lock`): a second process is refused with reason `InUse`, and the
 * lock goes with the process that held it. Where their files are moved, replaced
 * or deleted meanwhile, appends fail with `ForeignWriter`.
 *
 * @since 0.1.0
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import type { AuditError } from "airssys/security/AuditError"
import * as AuditStore from "airssys/security/AuditStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import * as sqlite from "./internal/auditSqlite.ts"
import * as heldAudit from "./internal/heldAudit.ts"
import { HeldFiles } from "./internal/heldFiles.ts"
import * as storeLock from "./internal/storeLock.ts"

/**
 * Layer that keeps a log in files of JSON Lines: `path`, and for later segments
 * `path` with `.` and the number of their first entry behind it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFile = (path: string): Layer.Layer<AuditStore.AuditStore, AuditError> =>
  Layer.effect(
    AuditStore.AuditStore,
    Effect.map(AuditStore.AuditStore, (store) => heldAudit.make(store, new HeldFiles([storeLock.place(path)])))
  ).pipe(
    Layer.provide(AuditStore.layerFile({ path, lock: storeLock.hold(path), syncFolder: process.platform !== "win32" })),
    Layer.provide(NodeFileSystem.layer)
  )

/**
 * Layer that keeps a log in a SQLite database, one row for each batch. Its view
 * `entry` has a row for each entry: `sequence`, `time`, `tag`, `principal`,
 * `kind`, `resource` and the whole `event` as JSON. Others may read it while it
 * is written. An append holds the thread until it is on the disk, a millisecond
 * or so: files do not.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSqlite = (path: string): Layer.Layer<AuditStore.AuditStore, AuditError> =>
  Layer.effect(
    AuditStore.AuditStore,
    Effect.map(
      Effect.andThen(storeLock.hold(path), sqlite.make(path)),
      (store) => heldAudit.make(store, new HeldFiles([storeLock.place(path), path, `${path}-wal`]))
    )
  )

/**
 * The bytes of a log in a SQLite database as they are at one moment, as
 * `AuditLog.verifyStream` and `AuditLog.entriesOfStream` take them. A host may be
 * writing to it: no lock is taken. Fails with `AuditError`, reason `Unreadable`,
 * where there is no such log.
 *
 * @category combinators
 * @since 0.1.0
 */
export const readSqlite = (path: string): Stream.Stream<Uint8Array, AuditError> => sqlite.bytes(path)
