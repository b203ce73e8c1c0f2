/** What a database of SQLite needs of its file besides what SQLite does. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"

const { O_CREAT, O_NOFOLLOW, O_RDWR } = fs.constants

/** Makes the file for its owner alone, or takes it as it is; a link is refused. */
export const claim = (file: string): void => {
  const made = fs.openSync(file, O_RDWR | O_CREAT | (O_NOFOLLOW ?? 0), 0o600)
  try {
    fs.fchmodSync(made, 0o600)
  } finally {
    fs.closeSync(made)
  }
}

export const syncFolder = (folder: string): void => {
  if (process.platform === "win32") return
  const opened = fs.openSync(folder, "r")
  try {
    fs.fsyncSync(opened)
  } finally {
    fs.closeSync(opened)
  }
}

/** Waits for the disk without holding the thread. */
export const syncFile = (file: number): Effect.Effect<void, NodeJS.ErrnoException> =>
  Effect.callback((resume) => {
    fs.fdatasync(file, (error) => resume(error === null ? Effect.void : Effect.fail(error)))
  })

export interface Format {
  readonly applicationId: number
  readonly version: number
}

/** Whether the database is empty. Throws for one of another program or a later version. */
export const isNew = (database: DatabaseSync, { applicationId, version }: Format): boolean => {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
  const [id, found] = [pragma("application_id"), pragma("user_version")]
  if (id === 0 && found === 0 && database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined) {
    return true
  }
  if (id !== applicationId) throw new Error("the file is of another program")
  if (found !== version) throw new Error(`the file is of version ${found}, and this program knows ${version}`)
  return false
}

/**
 * Opens a database that writes to its log without waiting for the disk: whoever
 * needs that calls `syncFile` on `file-wal`. The log is made by what `begin`
 * writes, and on the disk with its name in the folder before anything else is.
 */
export const openLogged = (
  file: string,
  { begin, format, schema, settings }: {
    /** Pragmas of each connection. */
    readonly settings: string
    readonly format: Format
    readonly schema: string
    readonly begin: (database: DatabaseSync) => void
  }
): DatabaseSync => {
  claim(file)
  const database = new DatabaseSync(file, { timeout: 10_000 })
  try {
    database.exec(settings)
    const isEmpty = isNew(database, format)
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA synchronous = FULL;
      PRAGMA checkpoint_fullfsync = ON;
    `)
    if (isEmpty) database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`)
    begin(database)
    database.exec("PRAGMA synchronous = NORMAL")
    syncFolder(path.dirname(path.resolve(file)))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Commits what is written, or nothing of it where something throws, which this throws again. */
export const inTransaction = <A>(database: DatabaseSync, use: () => A): A => {
  database.exec("BEGIN IMMEDIATE")
  try {
    const made = use()
    database.exec("COMMIT")
    return made
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK")
    throw error
  }
}

const corrupt = 11
const notADatabase = 26

export const isCorrupt = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" &&
  [corrupt, notADatabase].includes(error.errcode & 0xff)
