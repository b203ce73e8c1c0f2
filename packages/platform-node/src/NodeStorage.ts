/**
 * Storage in a file of SQLite.
 *
 * A write is on the disk when it succeeds; writes that are made at once share
 * one synchronisation. What is read may be part of a write that is not answered
 * yet. One process has the file at a time. Beside it are `.lock`, and `.mark`,
 * which tells when the file has lost something: keep the two together.
 *
 * @since 0.1.0
 */
import * as Storage from "airssys/component/Storage"
import { StorageStore, StorageStoreError } from "airssys/component/StorageStore"
import type { StorageError } from "airssys/security/KeyValue"
import type { Quotas } from "airssys/security/Quotas"
import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { DatabaseSync } from "node:sqlite"
import * as checkpointing from "./internal/checkpoints.ts"
import { HeldFiles } from "./internal/heldFiles.ts"
import * as sqliteFile from "./internal/sqliteFile.ts"
import * as storageMark from "./internal/storageMark.ts"
import * as storageRows from "./internal/storageRows.ts"
import * as storageSqlite from "./internal/storageSqlite.ts"
import { verify } from "./internal/storageVerify.ts"
import * as storageWriter from "./internal/storageWriter.ts"
import * as storeLock from "./internal/storeLock.ts"

/** Longer than the thread for its log is waited for. */
const patience = "3 seconds"

const settings = `
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA cache_size = -32768;
`

const open = (file: string, mark: storageMark.Mark): DatabaseSync =>
  sqliteFile.openLogged(file, {
    settings,
    format: storageRows.format,
    schema: storageRows.schema,
    begin: (database) => {
      refuseLoss(file, database, mark)
      database.exec("UPDATE counter SET commits = commits + 1")
    }
  })

const acquire = <A>(file: string, make: () => A, close: (made: A) => void) =>
  Effect.acquireRelease(
    Effect.try({
      try: make,
      catch: storageRows.failed("Unreadable", `${file} cannot be opened as a store of storage`)
    }),
    (made) => Effect.sync(() => close(made))
  )

/** Nothing else would tell what a file lacks. */
const refuseLoss = (file: string, database: DatabaseSync, mark: storageMark.Mark): void => {
  const commits = Number(database.prepare("SELECT commits FROM counter").get()?.["commits"])
  if (commits >= mark.found) return
  throw new StorageStoreError({
    reason: "Damaged",
    detail: `${file} has lost writes that were on the disk, or is an older copy: ` +
      `if an older state is meant, remove ${file}.mark`
  })
}

/**
 * A scope that is closed with the one around it, which waits no longer than this for
 * a disk that does not answer: what is in it is closed when the disk does.
 */
const closedWithin = (file: string): Effect.Effect<Scope.Closeable, never, Scope.Scope> =>
  Effect.acquireRelease(Scope.make(), (inner, exit) =>
    Effect.gen(function*() {
      const closing = yield* Effect.forkDetach(Scope.close(inner, exit), { startImmediately: true })
      const closed = yield* Effect.timeoutOption(Fiber.await(closing), patience)
      if (Option.isSome(closed)) return
      yield* Effect.logWarning(`${file} stays open until its disk answers: that took longer than ${patience}`)
    }))

/** To close a database holds the thread for its disk: that is asked first, without holding it. */
const asked = (log: number): Effect.Effect<void> => Effect.ignore(sqliteFile.syncFile(log))

const make = (file: string): Effect.Effect<StorageStore["Service"], StorageStoreError, Scope.Scope> =>
  Effect.flatMap(closedWithin(file), (inner) => Scope.provide(openIn(file), inner))

const openIn = (file: string): Effect.Effect<StorageStore["Service"], StorageStoreError, Scope.Scope> =>
  Effect.gen(function*() {
    yield* Effect.mapError(
      storeLock.hold(file),
      ({ detail, reason }) => new StorageStoreError({ reason: reason === "InUse" ? reason : "Unwritable", detail })
    )
    const mark = yield* acquire(file, () => storageMark.open(`${file}.mark`), (mark) => mark.close())
    const database = yield* acquire(file, () => open(file, mark), (database) => database.close())
    const log = yield* acquire(file, () => fs.openSync(`${file}-wal`, "r+"), fs.closeSync)
    yield* Effect.addFinalizer(() => asked(log))
    const checkpoints = yield* checkpointing.make(file, database)
    const held = new HeldFiles([storeLock.place(file), file, `${file}-wal`])
    const writer = yield* storageWriter.make({ database, log, mark, held }, checkpoints)
    const reader = () => {
      const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
      database.exec(settings)
      return database
    }
    return yield* storageSqlite.make(file, database, writer, reader, verify)
  })

/**
 * Layer of a store in a file, which is made where there is none. A link in
 * place of the file is refused, except on Windows; so is a file of another
 * program, of a later version, and one that has lost what was acknowledged.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore = (file: string): Layer.Layer<StorageStore, StorageStoreError> =>
  Layer.effect(StorageStore, make(file))

/**
 * Layer of storage in a file.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  file: string
): Layer.Layer<Storage.Storage, StorageError | StorageStoreError, Digest | Quotas> =>
  Layer.provide(Storage.layer, layerStore(file))
