/** What a database of SQLite needs of its file besides what SQLite does. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import type { DatabaseSync } from "node:sqlite"

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

/** Whether the database is empty. Throws for one of another program or a later version. */
export const isNew = (
  database: DatabaseSync,
  { applicationId, version }: { readonly applicationId: number; readonly version: number }
): boolean => {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
  const [id, found] = [pragma("application_id"), pragma("user_version")]
  if (id === 0 && found === 0 && database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined) {
    return true
  }
  if (id !== applicationId) throw new Error("the file is of another program")
  if (found !== version) throw new Error(`the file is of version ${found}, and this program knows ${version}`)
  return false
}

const corrupt = 11
const notADatabase = 26

export const isCorrupt = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" &&
  [corrupt, notADatabase].includes(error.errcode & 0xff)
