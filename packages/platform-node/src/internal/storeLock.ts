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
import { DatabaseSync } from "node:sqlite"

const busy = 5

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number" && (error.errcode & 0xff) === busy

const open = (path: string): DatabaseSync => {
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

/** Holds the lock of a store until the scope ends, or refuses with `InUse`. */
export const hold = (store: string): Effect.Effect<void, AuditError.AuditError, Scope.Scope> =>
  holdFile(`${store}.lock`, ({ cause, isHeld }) =>
    isHeld
      ? new AuditError.AuditError({ reason: "InUse", detail: `${store} is open in another process` })
      : AuditError.failed("Unwritable", `${store}.lock cannot be locked`)(cause))
