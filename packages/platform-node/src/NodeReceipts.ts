/**
 * Receipts in a file of SQLite.
 *
 * The thread does not wait for the disk: what was written outlives the process at
 * once, and a loss of power a moment later. One process writes to the file, beside
 * which `.lock` is; others may read it meanwhile, with `layerReader` or as a
 * database: `receipt` has a row for each.
 *
 * @since 0.1.0
 */
import * as Receipts from "airssys/component/Receipts"
import { ReceiptStore, ReceiptStoreError } from "airssys/component/ReceiptStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { DatabaseSync } from "node:sqlite"
import * as checkpointing from "./internal/checkpoints.ts"
import { HeldFiles } from "./internal/heldFiles.ts"
import * as receiptSqlite from "./internal/receiptSqlite.ts"
import * as sqliteFile from "./internal/sqliteFile.ts"
import * as storeLock from "./internal/storeLock.ts"

const settings = `
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
`

const failed = (reason: ReceiptStoreError["reason"], detail: string) => (cause: unknown): ReceiptStoreError =>
  cause instanceof ReceiptStoreError
    ? cause
    : new ReceiptStoreError({ reason: sqliteFile.isCorrupt(cause) ? "Damaged" : reason, detail, cause })

const open = (file: string): DatabaseSync =>
  sqliteFile.openLogged(file, {
    settings,
    format: receiptSqlite.format,
    schema: receiptSqlite.schema,
    begin: (database) => database.exec("UPDATE counter SET dropped = dropped")
  })

const openReader = (file: string): DatabaseSync => {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    database.exec(settings)
    if (sqliteFile.isNew(database, receiptSqlite.format)) throw new Error("nothing was kept in it")
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** For so long a disk is waited for at the end of which nobody waits for an answer. */
const patience = "2 seconds"

const acquire = <A>(file: string, make: () => A, close: (made: A) => Effect.Effect<void>) =>
  Effect.acquireRelease(
    Effect.try({ try: make, catch: failed("Unreadable", `${file} cannot be opened as a store of receipts`) }),
    close
  )

const read = <A>(use: () => A): Effect.Effect<A, ReceiptStoreError> =>
  Effect.try({ try: use, catch: failed("Unreadable", "it could not be read") })

/** What a store writes, and whether the disk has it. */
class Disk {
  readonly #database: DatabaseSync
  readonly #log: number
  readonly #held: HeldFiles
  /** After a failure of the disk nothing is written any more: nobody knows what is on it then. */
  #broken: ReceiptStoreError | undefined
  #syncing = 0
  readonly #waiting: Array<() => void> = []
  #isClosed = false

  constructor(database: DatabaseSync, log: number, held: HeldFiles) {
    this.#database = database
    this.#log = log
    this.#held = held
  }

  change<A>(use: () => A): Result.Result<A, ReceiptStoreError> {
    const refused = this.#broken ?? this.#lost
    return refused === undefined
      ? Result.try({
        try: () => sqliteFile.inTransaction(this.#database, use),
        catch: failed("Unwritable", "it could not be written")
      })
      : Result.fail(refused)
  }

  get #lost(): ReceiptStoreError | undefined {
    const detail = this.#held.lost
    return detail === undefined ? undefined : new ReceiptStoreError({ reason: "Unwritable", detail })
  }

  /** Ends when the disk has answered all that it was asked. Who does not wait for that is told by the next. */
  readonly sync: Effect.Effect<void, ReceiptStoreError> = Effect.callback((resume) => {
    if (this.#broken !== undefined) return resume(Effect.fail(this.#broken))
    this.#syncing++
    this.#waiting.push(() => resume(this.#broken === undefined ? Effect.void : Effect.fail(this.#broken)))
    fs.fdatasync(this.#log, (cause) => {
      this.#syncing--
      if (cause !== null) {
        this.#broken = failed("Unwritable", "an earlier write may not be on the disk: open the store again")(cause)
      }
      if (this.#syncing > 0) return
      this.#end()
      for (const answer of this.#waiting.splice(0)) answer()
    })
  })

  /** To close a file holds the thread for its disk: one that does not answer a sync is not asked, until it does. */
  readonly close: Effect.Effect<void> = Effect.suspend(() =>
    this.#syncing > 0 ? Effect.void : Effect.timeoutOption(Effect.ignore(this.sync), patience)
  ).pipe(Effect.andThen(Effect.sync(() => {
    this.#isClosed = true
    this.#end()
  })))

  #end(): void {
    if (!this.#isClosed || this.#syncing > 0) return
    fs.closeSync(this.#log)
    this.#database.close()
  }
}

const openDisk = (file: string): { readonly database: DatabaseSync; readonly disk: Disk } => {
  const database = open(file)
  try {
    const log = `${file}-wal`
    const held = new HeldFiles([storeLock.place(file), file, log])
    return { database, disk: new Disk(database, fs.openSync(log, "r+"), held) }
  } catch (error) {
    database.close()
    throw error
  }
}

const make = (file: string): Effect.Effect<ReceiptStore["Service"], ReceiptStoreError, Scope.Scope> =>
  Effect.gen(function*() {
    yield* Effect.mapError(
      storeLock.hold(file),
      ({ detail, reason }) => new ReceiptStoreError({ reason: reason === "InUse" ? reason : "Unwritable", detail })
    )
    const { database, disk } = yield* acquire(file, () => openDisk(file), ({ disk }) => disk.close)
    const checkpoints = yield* checkpointing.make(file, database)
    const receipts = new receiptSqlite.Receipts(database)
    let batches = 0
    let bytes = 0
    const written = Effect.suspend(() => {
      const told = checkpoints.wrote(batches, bytes)
      batches = bytes = 0
      return told
    })
    return ReceiptStore.of({
      name: file,
      append: (batch, dropped) =>
        Result.map(disk.change(() => receipts.append(batch, dropped)), (size) => {
          batches++
          bytes += size
        }),
      sync: Effect.andThen(disk.sync, written),
      page: (query, bounds) => read(() => receipts.page(query, bounds)),
      retain: (retention) => disk.change(() => receipts.retain(retention)),
      totals: read(() => receipts.totals)
    })
  })

/**
 * Layer of a store in a file, which is made where there is none. A link in
 * place of the file is refused, except on Windows; so is a file of another
 * program or of a later version.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore = (file: string): Layer.Layer<ReceiptStore, ReceiptStoreError> =>
  Layer.effect(ReceiptStore, make(file))

/**
 * Layer that keeps receipts in a file.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  file: string,
  options?: Receipts.Options
): Layer.Layer<Receipts.Receipts, ReceiptStoreError> => Layer.provide(Receipts.layer(options), layerStore(file))

const makeReader = (file: string): Effect.Effect<ReceiptStore["Service"], ReceiptStoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const database = yield* acquire(file, () => openReader(file), (database) => Effect.sync(() => database.close()))
    const receipts = new receiptSqlite.Receipts(database)
    const refused = Result.fail(new ReceiptStoreError({ reason: "Unwritable", detail: `${file} is only read here` }))
    return ReceiptStore.of({
      name: file,
      append: () => refused,
      sync: Effect.void,
      page: (query, bounds) => read(() => receipts.page(query, bounds)),
      retain: () => refused,
      totals: read(() => receipts.totals)
    })
  })

/**
 * Layer of the receipts in a file to which a host may be writing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerReader = (file: string): Layer.Layer<Receipts.Receipts, ReceiptStoreError> =>
  Layer.provide(Receipts.layerReader, Layer.effect(ReceiptStore, makeReader(file)))
