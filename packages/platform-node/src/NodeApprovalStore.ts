/**
 * Requests for approval in a file of SQLite.
 *
 * Several processes may share the file: a record is replaced in one statement
 * that names the revision it follows, so one of them decides and the others are
 * told. Each write is on disk when it returns. The file is readable and
 * writable by its owner alone.
 *
 * @since 0.1.0
 */
import { Approval } from "airssys/security/Approval"
import { ApprovalStore, ApprovalStoreError, pageSize, type Query } from "airssys/security/ApprovalStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { DatabaseSync } from "node:sqlite"
import * as sqliteFile from "./internal/sqliteFile.ts"

const ApprovalText = Schema.fromJsonString(Schema.toCodecJson(Approval))
const decode = Schema.decodeUnknownResult(ApprovalText)
const encode = Schema.encodeUnknownResult(ApprovalText)

const failed = (reason: ApprovalStoreError["reason"], detail: string) => (cause: unknown): ApprovalStoreError =>
  new ApprovalStoreError({ reason, detail, cause })

/** Requests of the first version said nothing of limits. */
const version = 2

const schema = `
  CREATE TABLE IF NOT EXISTS approvals (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    nonce TEXT NOT NULL UNIQUE,
    component TEXT NOT NULL,
    artifact TEXT NOT NULL,
    state TEXT NOT NULL,
    revision INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS approvals_component ON approvals (component, artifact);
  CREATE INDEX IF NOT EXISTS approvals_artifact ON approvals (artifact, state);
  CREATE INDEX IF NOT EXISTS approvals_state ON approvals (state);
  CREATE INDEX IF NOT EXISTS approvals_unrecorded ON approvals (position) WHERE recorded = 0;
  PRAGMA user_version = ${version};
`

const open = (path: string): DatabaseSync => {
  sqliteFile.claim(path)
  const database = new DatabaseSync(path, { timeout: 10_000 })
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;")
    const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"])
    if (found !== 0 && found !== version) {
      throw new Error(`the file is of version ${found}, and this program knows ${version}: move it away`)
    }
    database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`)
    return database
  } catch (cause) {
    database.close()
    throw cause
  }
}

interface Row {
  readonly position: number
  readonly id: string
  readonly nonce: string
  readonly component: string
  readonly artifact: string
  readonly state: string
  readonly revision: number
  readonly recorded: number
  readonly body: string
}

const isFiledAs = ({ asked, id, revision, state }: Approval, row: Row): boolean =>
  id === row.id && revision === row.revision && state._tag === row.state && asked.nonce === row.nonce &&
  asked.component === row.component && asked.artifact === row.artifact

/** A record says the same as the columns that it was found by, or it is none. */
const approvalOf = (row: Row): Result.Result<Approval, ApprovalStoreError> => {
  const decoded = decode(row.body)
  return Result.isSuccess(decoded) && isFiledAs(decoded.success, row)
    ? Result.succeed({ ...decoded.success, isRecorded: row.recorded === 1 })
    : Result.fail(failed("Malformed", `the record of ${row.id} is none`)(undefined))
}

const columns = "position, id, nonce, component, artifact, state, revision, recorded, body"

const undecided = "state IN ('Pending', 'Reviewing')"

const make = (database: DatabaseSync, capacity: number): ApprovalStore["Service"] => {
  const insert = database.prepare(
    `INSERT INTO approvals (id, nonce, component, artifact, state, revision, recorded, body)
     SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM approvals WHERE ${undecided}) < ${capacity}
     ON CONFLICT DO NOTHING`
  )
  const isThere = database.prepare("SELECT 1 FROM approvals WHERE id = ? OR nonce = ?")
  const update = database.prepare(
    "UPDATE approvals SET state = ?, revision = ?, recorded = ?, body = ? WHERE id = ? AND revision = ?"
  )
  const recorded = database.prepare("UPDATE approvals SET recorded = 1 WHERE id = ? AND revision = ?")
  const get = database.prepare(`SELECT ${columns} FROM approvals WHERE id = ?`)

  const write = (run: () => { readonly changes: number | bigint }): Effect.Effect<boolean, ApprovalStoreError> =>
    Effect.try({ try: () => Number(run().changes) === 1, catch: failed("Unwritable", "it could not be written") })

  const textOf = (approval: Approval): Effect.Effect<string, ApprovalStoreError> =>
    Effect.mapError(
      Effect.suspend(() => Effect.fromResult(encode(approval))),
      failed("Malformed", "the record is none")
    )

  const select = ({ after, artifact, component, isRecorded, states }: Query, most: number): ReadonlyArray<Row> => {
    const conditions: ReadonlyArray<readonly [string, ReadonlyArray<string | number>]> = [
      ["position > ?", [Number(after ?? 0)]],
      ...(component === undefined ? [] : [["component = ?", [component]] as const]),
      ...(artifact === undefined ? [] : [["artifact = ?", [artifact]] as const]),
      ...(isRecorded === undefined ? [] : [[`recorded = ${isRecorded ? 1 : 0}`, []] as const]),
      ...(states === undefined ? [] : [[`state IN (${states.map(() => "?").join(", ")})`, states] as const])
    ]
    const where = conditions.map(([text]) => text).join(" AND ")
    return database.prepare(`SELECT ${columns} FROM approvals WHERE ${where} ORDER BY position LIMIT ?`)
      .all(...conditions.flatMap(([, values]) => values), most + 1) as unknown as ReadonlyArray<Row>
  }

  const read = <A>(run: () => A): Effect.Effect<A, ApprovalStoreError> =>
    Effect.try({ try: run, catch: failed("Unreadable", "it could not be read") })

  return ApprovalStore.of({
    insert: (approval) =>
      Effect.gen(function*() {
        const text = yield* textOf(approval)
        const { asked, id, isRecorded, revision, state } = approval
        const { artifact, component, nonce } = asked
        const row = [id, nonce, component, artifact, state._tag, revision, isRecorded ? 1 : 0, text]
        if (yield* write(() => insert.run(...row))) return true
        return (yield* read(() => isThere.get(id, nonce))) === undefined
          ? yield* failed("Full", `${capacity} requests wait to be decided: decide, or let them expire`)(undefined)
          : false
      }),
    update: (approval) =>
      Effect.flatMap(textOf(approval), (text) =>
        write(() => {
          const { id, isRecorded, revision, state } = approval
          return update.run(state._tag, revision, isRecorded ? 1 : 0, text, id, revision - 1)
        })),
    recorded: (id, revision) => write(() => recorded.run(id, revision)),
    get: (id) =>
      Effect.flatMap(
        read(() => get.get(id) as Row | undefined),
        (row) => row === undefined ? Effect.undefined : Effect.fromResult(approvalOf(row))
      ),
    list: (query) =>
      Effect.gen(function*() {
        const most = pageSize(query)
        const rows = yield* read(() => select(query, most))
        const shown = rows.slice(0, most)
        const approvals = yield* Effect.forEach(shown, (row) => Effect.fromResult(approvalOf(row)))
        const last = shown.at(-1)
        return {
          approvals,
          ...(rows.length > most && last !== undefined ? { next: String(last.position) } : undefined)
        }
      }),
    changes: changes(database)
  })
}

const lookEvery = 500

/** SQLite counts the commits of other connections. Where it cannot say, whoever looks finds out why. */
const watch = (database: DatabaseSync, changed: () => void): () => void => {
  const version = database.prepare("PRAGMA data_version")
  let last: unknown
  const look = () => {
    const found = Result.try(() => version.get()?.["data_version"])
    if (Result.isSuccess(found) && found.success === last) return
    last = Result.getOrUndefined(found)
    changed()
  }
  look()
  const timer = setInterval(look, lookEvery).unref()
  return () => clearInterval(timer)
}

const changes = (database: DatabaseSync): Stream.Stream<void> =>
  Stream.callback<void>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() => watch(database, () => void Queue.offerUnsafe(queue, undefined))),
      (stop) => Effect.sync(stop)
    ), { bufferSize: 1, strategy: "sliding" })

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly path: string
  /** The most requests that wait to be decided, default 100,000; another one is refused. */
  readonly capacity?: number | undefined
}

const capacityOf = ({ capacity = 100_000 }: Options): Effect.Effect<number, ApprovalStoreError> =>
  Number.isSafeInteger(capacity) && capacity > 0
    ? Effect.succeed(capacity)
    : Effect.fail(failed("Unreadable", `its capacity is ${capacity}, and no whole number above 0`)(undefined))

/**
 * Layer over a file, which is made where there is none. A link in place of the
 * file is refused, except on Windows.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<ApprovalStore, ApprovalStoreError> =>
  Layer.effect(
    ApprovalStore,
    Effect.flatMap(capacityOf(options), (capacity) =>
      Effect.map(
        Effect.acquireRelease(
          Effect.try({
            try: () => open(options.path),
            catch: failed("Unreadable", `${options.path} cannot be opened as a store of approvals`)
          }),
          (database) => Effect.sync(() => database.close())
        ),
        (database) => make(database, capacity)
      ))
  )
