/**
 * An audit store in a SQLite database. A segment is a row, and so is each piece
 * that was appended to it, at its offset. Write-ahead logging with full
 * synchronisation: a commit is on the disk when it returns.
 */
import * as AuditError from "airssys/security/AuditError"
import type { AuditStore } from "airssys/security/AuditStore"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { DatabaseSync } from "node:sqlite"
import * as sqliteFile from "./sqliteFile.ts"

const schema = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA trusted_schema = OFF;
CREATE TABLE IF NOT EXISTS segment (id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS piece (
  segment INTEGER NOT NULL REFERENCES segment (id) ON DELETE CASCADE,
  start INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (segment, start)
) STRICT, WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS entry AS
SELECT
  line.value ->> '$.entry.sequence' AS sequence,
  line.value ->> '$.entry.time' AS time,
  line.value ->> '$.entry.event._tag' AS tag,
  line.value ->> '$.entry.event.principal.id' AS principal,
  line.value ->> '$.entry.event.kind' AS kind,
  line.value ->> '$.entry.event.resource' AS resource,
  line.value -> '$.entry.event' AS event
FROM piece, json_each('[' || replace(rtrim(CAST(piece.bytes AS TEXT), char(10)), char(10), ',') || ']') AS line
WHERE line.value ->> '$.entry.sequence' IS NOT NULL;
`

const lengths =
  "SELECT id, coalesce((SELECT max(start + length(bytes)) FROM piece WHERE segment = id), 0) AS length FROM segment"

const open = (path: string): DatabaseSync => {
  sqliteFile.claim(path)
  const database = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true })
  try {
    database.exec(schema)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

const statements = (database: DatabaseSync) => ({
  segments: database.prepare(`${lengths} ORDER BY id`),
  last: database.prepare(`${lengths} ORDER BY id DESC LIMIT 1`),
  has: database.prepare("SELECT 1 FROM segment WHERE id = ?"),
  read: database.prepare("SELECT start, bytes FROM piece WHERE segment = ? AND start <= ? ORDER BY start DESC LIMIT 1"),
  begin: database.prepare("INSERT INTO segment (id) VALUES (?)"),
  append: database.prepare("INSERT INTO piece (segment, start, bytes) VALUES (?, ?, ?)"),
  cutAfter: database.prepare("DELETE FROM piece WHERE segment = ? AND start >= ?"),
  shorten: database.prepare(
    "UPDATE piece SET bytes = substr(bytes, 1, ? - start) WHERE segment = ? AND start + length(bytes) > ?"
  ),
  remove: database.prepare("DELETE FROM segment WHERE id = ?")
})

interface Row {
  readonly id: number
  readonly length: number
}

const rowOf = (row: Record<string, unknown> | undefined): Row | undefined =>
  row === undefined ? undefined : { id: Number(row["id"]), length: Number(row["length"]) }

class Pieces {
  readonly database: DatabaseSync
  private readonly sql: ReturnType<typeof statements>

  constructor(database: DatabaseSync) {
    this.database = database
    this.sql = statements(database)
  }

  get segments(): ReadonlyArray<Row> {
    return this.sql.segments.all().flatMap((row) => rowOf(row) ?? [])
  }

  private get last(): Row {
    const last = rowOf(this.sql.last.get())
    if (last === undefined) throw new Error("no segment was begun")
    return last
  }

  read(segment: number, from: number, most: number): Uint8Array {
    const row = this.sql.read.get(segment, from)
    const bytes = row?.["bytes"]
    if (!(bytes instanceof Uint8Array)) {
      if (this.sql.has.get(segment) === undefined) throw new Error(`there is no segment ${segment}`)
      return new Uint8Array(0)
    }
    const at = from - Number(row?.["start"])
    return bytes.slice(at, at + most)
  }

  append(bytes: Uint8Array): void {
    const { id, length } = this.last
    this.sql.append.run(id, length, bytes)
  }

  begin(segment: number, bytes: Uint8Array): void {
    sqliteFile.inTransaction(this.database, () => {
      this.sql.begin.run(segment)
      this.sql.append.run(segment, 0, bytes)
    })
  }

  cut(length: number): void {
    sqliteFile.inTransaction(this.database, () => {
      const { id } = this.last
      this.sql.cutAfter.run(id, length)
      this.sql.shorten.run(length, id, length)
    })
  }

  remove(segment: number): void {
    this.sql.remove.run(segment)
  }
}

export const make = (
  path: string
): Effect.Effect<AuditStore["Service"], AuditError.AuditError, Scope.Scope> =>
  Effect.gen(function*() {
    const unreadable = AuditError.failed("Unreadable", `${path} cannot be read`)
    const unwritable = AuditError.failed("Unwritable", `${path} cannot be written`)
    const pieces = yield* Effect.acquireRelease(
      Effect.try({
        try: () => new Pieces(open(path)),
        catch: AuditError.failed("Unreadable", `${path} cannot be opened`)
      }),
      ({ database }) => Effect.sync(() => database.close())
    )
    const reading = <A>(use: () => A) => Effect.try({ try: use, catch: unreadable })
    const writing = (use: () => void) => Effect.try({ try: use, catch: unwritable })
    return {
      name: path,
      segments: reading(() => pieces.segments),
      read: (segment, from, most) => reading(() => pieces.read(segment, from, most)),
      append: (bytes) => writing(() => pieces.append(bytes)),
      begin: (segment, bytes) => writing(() => pieces.begin(segment, bytes)),
      cut: (length) => writing(() => pieces.cut(length)),
      remove: (segment) => writing(() => pieces.remove(segment))
    }
  })

const openReader = (path: string): DatabaseSync => {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  try {
    database.exec("PRAGMA trusted_schema = OFF")
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** All bytes as they were when the first was read, oldest first. What is no bytes becomes a line that fits nowhere. */
export const bytes = (path: string): Stream.Stream<Uint8Array, AuditError.AuditError> =>
  Stream.unwrap(Effect.gen(function*() {
    const reading = <A>(use: () => A) =>
      Effect.try({ try: use, catch: AuditError.failed("Unreadable", `${path} cannot be read as an audit log`) })
    const database = yield* Effect.acquireRelease(
      reading(() => openReader(path)),
      (opened) => Effect.sync(() => opened.close())
    )
    const rows = yield* reading(() => database.prepare("SELECT bytes FROM piece ORDER BY segment, start").iterate())
    return Stream.unfold(undefined, () =>
      Effect.map(reading(() => rows.next()), (row) => {
        if (row.done === true) return undefined
        const bytes = row.value["bytes"]
        return [bytes instanceof Uint8Array ? bytes : new TextEncoder().encode(`${bytes}\n`), undefined] as const
      }))
  }))
