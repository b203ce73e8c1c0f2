/**
 * A lock that the system gives back when its holder dies, however it dies.
 *
 * Node has no locks of files. SQLite does: a transaction that excludes others
 * holds one on its database, here an empty file beside what is locked, for as
 * long as the process lives.
 */
import * as AuditError from "airssys/security/AuditError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs"
import { DatabaseSync } from "node:sqlite"

const busy = 5

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" && (error.errcode & 0xff) === busy

const isThere = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EEXIST"

/**
 * Makes the file for its owner alone. One that is there is never opened for that:
 * a process that closes a file gives back all of its locks on it.
 */
const claim = (path: string): void => {
  try {
    fs.closeSync(fs.openSync(path, "ax", 0o600))
  } catch (error) {
    if (!isThere(error)) throw error
    const stats = fs.lstatSync(path)
    if (!stats.isFile()) throw new Error(`${path} is no file`, { cause: error })
    if ((stats.mode & 0o077) !== 0 && process.platform !== "win32") fs.chmodSync(path, 0o600)
  }
}

const open = (path: string): DatabaseSync => {
  claim(path)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Holds a lock until the scope ends; `refused` makes the error of one that another holds, or that cannot be made. */
export const holdFile = <E>(
  lock: string,
  refused: (failure: { readonly isHeld: boolean; readonly cause: unknown }) => E
): Effect.Effect<void, E, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.try({ try: () => open(lock), catch: (cause) => refused({ isHeld: isBusy(cause), cause }) }),
    (database) => Effect.sync(() => database.close())
  ))

/** Where the lock of a store is. */
export const place = (store: string): string => `${store}.lock`

/** Holds the lock of a store until the scope ends, or refuses with `InUse`. */
export const hold = (store: string): Effect.Effect<void, AuditError.AuditError, Scope.Scope> =>
  holdFile(place(store), ({ cause, isHeld }) =>
    isHeld
      ? new AuditError.AuditError({ reason: "InUse", detail: `${store} is open in another process` })
      : AuditError.failed("Unwritable", `${place(store)} cannot be locked`)(cause))
