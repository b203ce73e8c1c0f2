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

/** Holds the lock of a store until the scope ends, or refuses with `InUse`. */
export const hold = (store: string): Effect.Effect<void, AuditError.AuditError, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.try({
      try: () => open(`${store}.lock`),
      catch: (error) =>
        isBusy(error)
          ? new AuditError.AuditError({ reason: "InUse", detail: `${store} is open in another process` })
          : AuditError.failed("Unwritable", `${store}.lock cannot be locked`)(error)
    }),
    (database) => Effect.sync(() => database.close())
  ))
