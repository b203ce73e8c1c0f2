/** A store of storage over an open database, its writer and a way to open it for reading. */
import {
  type Admit,
  changeOf,
  type Draft,
  type Entry,
  type Room,
  sizeOf,
  type Snapshot,
  StorageStore,
  type StorageStoreError
} from "airssys/component/StorageStore"
import type { Batch, Outcome, Range } from "airssys/security/KeyValue"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { DatabaseSync } from "node:sqlite"
import * as rows from "./storageRows.ts"
import type { Done, Writer } from "./storageWriter.ts"

const statements = (database: DatabaseSync) => ({
  get: database.prepare(`SELECT owner, ${rows.entryColumns} FROM entry WHERE owner = ${rows.id} AND key = ?`),
  exists: database.prepare(`SELECT 1 FROM entry WHERE owner = ${rows.id} AND key = ? AND key > ?`),
  keys: database.prepare(
    `SELECT key FROM entry WHERE owner = ${rows.id} AND key > max(?, ?) AND key < ? ORDER BY key LIMIT ?`
  ),
  owner: database.prepare("SELECT id, revision FROM owner WHERE name = ?"),
  owners: database.prepare("SELECT name FROM owner WHERE name IS NOT NULL ORDER BY name"),
  begin: database.prepare("INSERT INTO owner (name, revision) VALUES (?, ?) RETURNING id"),
  revise: database.prepare("UPDATE owner SET revision = ? WHERE id = ?"),
  name: database.prepare("UPDATE owner SET name = ?, revision = ? WHERE id = ?"),
  nameless: database.prepare("SELECT id FROM owner WHERE name IS NULL LIMIT 1"),
  forget: database.prepare("DELETE FROM owner WHERE id = ?"),
  state: database.prepare(
    "SELECT revision, tenant, checksum, length(value) AS length FROM entry WHERE owner = ? AND key = ?"
  ),
  set: database.prepare("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?)"),
  delete: database.prepare("DELETE FROM entry WHERE owner = ? AND key = ?"),
  sweep: database.prepare(
    "DELETE FROM entry WHERE owner = ?1 AND key IN (SELECT key FROM entry WHERE owner = ?1 LIMIT ?2)"
  ),
  holdings: database.prepare("SELECT tenant, keys, bytes, checksum FROM holding WHERE owner = ? ORDER BY tenant"),
  hold: database.prepare("INSERT OR REPLACE INTO holding VALUES (?, ?, ?, ?, ?)"),
  release: database.prepare("DELETE FROM holding WHERE owner = ? AND tenant = ?"),
  releaseAll: database.prepare("DELETE FROM holding WHERE owner = ?")
})

interface Owner {
  readonly id: number
  /** Of its last change. */
  readonly revision: number
}

const sweptBytes = 1024 * 1024

/** How many entries are deleted at once, by their mean size: freeing large ones takes time. */
const sweepable = (held: ReadonlyArray<rows.Held>): number => {
  const [keys, bytes] = held.reduce(([keys, bytes], one) => [keys + one.keys, bytes + one.bytes], [1, 0])
  return Math.min(Math.max(Math.floor(sweptBytes * keys / Math.max(bytes, 1)), 1), rows.pageRows)
}

/** Comes right behind `/`. */
const afterSlash = "0"
const behindAll = "\u{10ffff}"

interface State {
  readonly revision: number
  readonly held: rows.Held
}

/** What is done within transactions, in one stretch each. */
class Tables {
  readonly #sql: ReturnType<typeof statements>

  constructor(database: DatabaseSync) {
    this.#sql = statements(database)
  }

  get(owner: string, key: string): Option.Option<Entry> {
    const row = this.#sql.get.get(owner, key)
    return row === undefined ? Option.none() : Option.some(rows.intact(rows.stored(Number(row["owner"]), row)))
  }

  exists(owner: string, key: string, after = ""): boolean {
    return this.#sql.exists.get(owner, key, after) !== undefined
  }

  keys(owner: string, { after = "", limit, within }: Range): ReadonlyArray<string> {
    const own = within !== undefined && this.exists(owner, within, after) ? [within] : []
    if (own.length === limit) return own
    const [low, high] = within === undefined ? ["", behindAll] : [`${within}/`, `${within}${afterSlash}`]
    const found = this.#sql.keys.all(owner, after, low, high, limit - own.length)
    return [...own, ...found.map((row) => String(row["key"]))]
  }

  get owners(): ReadonlyArray<string> {
    return this.#sql.owners.all().map((row) => String(row["name"]))
  }

  holdings(owner: string): ReadonlyArray<rows.Held> {
    const found = this.#owner(owner)
    return found === undefined ? [] : this.#held(found.id)
  }

  commit<E>(name: string, batch: Batch, tenant: string | undefined, admit: Admit<E>): Done<Outcome, E> {
    const owner = this.#owner(name)
    for (const { key, revision } of batch.checks) {
      if (this.#state(owner, key)?.revision !== revision) {
        return { result: Result.succeed({ _tag: "Conflict", key }), room: undefined }
      }
    }
    const states = new Map(batch.writes.map(({ key }) => [key, this.#state(owner, key)]))
    const change = changeOf(batch, tenant, (key) => states.get(key)?.held)
    const existed = change.before.reduce((sum, { keys }) => sum + keys, 0)
    return within(admit(change), () => {
      const target = owner ?? this.#begin(name)
      const revision = target.revision + 1
      this.#sql.revise.run(revision, target.id)
      this.#write(target.id, batch.writes.map((write) => ({ ...write, tenant })), revision, states)
      return { _tag: "Committed", revision, existed }
    })
  }

  /** An owner without a name, and the revision that all of its entries will have. */
  beginDraft(name: string): Owner {
    const target = this.#owner(name) ?? this.#begin(name)
    const revision = target.revision + 1
    this.#sql.revise.run(revision, target.id)
    return { id: Number(this.#sql.begin.get(null, revision)?.["id"]), revision }
  }

  addToDraft({ id, revision }: Owner, entries: ReadonlyArray<Omit<Entry, "revision">>): void {
    const last = new Map(entries.map((entry) => [entry.key, entry]))
    const owner = { id, revision }
    this.#write(id, [...last.values()], revision, new Map(entries.map(({ key }) => [key, this.#state(owner, key)])))
  }

  publish<E>(name: string, draft: Owner, admit: Admit<E>): Done<void, E> {
    const target = this.#owner(name) ?? this.#begin(name)
    return within(admit({ before: this.#held(target.id), after: this.#held(draft.id) }), () => {
      this.#sql.name.run(null, target.revision, target.id)
      this.#sql.name.run(name, target.revision, draft.id)
    })
  }

  /** Deletes some entries of an owner without a name, and the owner after the last; whether there are more. */
  sweep(isMine: (id: number) => boolean): boolean {
    const id = this.#sql.nameless.all().map((row) => Number(row["id"])).find((id) => !isMine(id))
    if (id === undefined) return false
    if (this.#sql.sweep.run(id, sweepable(this.#held(id))).changes === 0) {
      this.#sql.releaseAll.run(id)
      this.#sql.forget.run(id)
    }
    return true
  }

  #owner(name: string): Owner | undefined {
    const row = this.#sql.owner.get(name)
    return row === undefined ? undefined : { id: Number(row["id"]), revision: Number(row["revision"]) }
  }

  #begin(name: string): Owner {
    return { id: Number(this.#sql.begin.get(name, 0)?.["id"]), revision: 0 }
  }

  #state(owner: Owner | undefined, key: string): State | undefined {
    const row = owner === undefined ? undefined : this.#sql.state.get(owner.id, key)
    if (row === undefined) return undefined
    const tenant = rows.tenantOf(row["tenant"])
    const bytes = sizeOf(key, Number(row["length"]))
    return { revision: Number(row["revision"]), held: { tenant, keys: 1, bytes, checksum: Number(row["checksum"]) } }
  }

  #held(owner: number): ReadonlyArray<rows.Held> {
    return this.#sql.holdings.all(owner).map(rows.held)
  }

  #write(
    owner: number,
    writes: ReadonlyArray<Write>,
    revision: number,
    states: ReadonlyMap<string, State | undefined>
  ): void {
    const holdings = new Map(this.#held(owner).map((held) => [held.tenant, held]))
    for (const { key, tenant, value } of writes) {
      const former = states.get(key)
      if (former !== undefined) rows.count(holdings, former.held, -1)
      if (value === undefined) {
        this.#sql.delete.run(owner, key)
        continue
      }
      const entry: Entry = { key, value, revision, tenant }
      const checksum = rows.checksum(owner, entry)
      this.#sql.set.run(owner, key, revision, tenant ?? "", checksum, value)
      rows.count(holdings, rows.holdingOf(entry, checksum), 1)
    }
    for (const { bytes, checksum, keys, tenant } of holdings.values()) {
      if (keys === 0) this.#sql.release.run(owner, tenant ?? "")
      else this.#sql.hold.run(owner, tenant ?? "", keys, bytes, checksum)
    }
  }
}

interface Write {
  readonly key: string
  readonly value: Uint8Array | undefined
  readonly tenant: string | undefined
}

/** Writes within room that was set aside, and gives it back where the writing fails. */
const within = <A, E>(room: Result.Result<Room, E>, write: () => A): Done<A, E> => {
  if (Result.isFailure(room)) return { result: Result.fail(room.failure), room: undefined }
  try {
    return { result: Result.succeed(write()), room: room.success }
  } catch (error) {
    room.success.release()
    throw error
  }
}

const noRoom: Room = { commit: () => {}, release: () => {} }

const always = <A>(write: () => A) => (): Done<A, never> => ({ result: Result.succeed(write()), room: noRoom })

/** A database of its own, as it is at this moment. */
const reading = (open: () => DatabaseSync): Effect.Effect<DatabaseSync, StorageStoreError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const database = open()
        database.exec("BEGIN")
        return database
      },
      catch: rows.failed("Unreadable", "it could not be opened for reading")
    }),
    (database) => Effect.sync(() => database.close())
  )

const snapshot = (database: DatabaseSync, owner: string): Snapshot => {
  const next = rows.pageStatement(database)
  const found = database.prepare("SELECT id FROM owner WHERE name = ?").get(owner)
  const id = Number(found?.["id"] ?? -1)
  const held = database.prepare("SELECT tenant, keys, bytes, checksum FROM holding WHERE owner = ?").all(id)
    .map(rows.held)
  let after = ""
  return {
    keys: held.reduce((sum, { keys }) => sum + keys, 0),
    bytes: held.reduce((sum, { bytes }) => sum + bytes, 0),
    next: read(() => {
      const entries = rows.page(next, id, after).map(rows.intact)
      after = entries.at(-1)?.key ?? after
      return entries
    })
  }
}

const read = <A>(use: () => A): Effect.Effect<A, StorageStoreError> =>
  Effect.try({ try: use, catch: rows.failed("Unreadable", "it could not be read") })

const bytesOf = (writes: ReadonlyArray<{ readonly value: Uint8Array | undefined }>): number =>
  writes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)

/** What a draft needs: its entries are nobody's until it is published, and swept after its scope. */
const draft = (
  tables: Tables,
  writer: Writer,
  drafts: Drafts,
  owner: string
): Effect.Effect<Draft, StorageStoreError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      writer.submit(() => {
        const made = tables.beginDraft(owner)
        drafts.open.add(made.id)
        return { result: Result.succeed(made), room: noRoom }
      }),
      ({ id }) =>
        Effect.sync(() => {
          drafts.open.delete(id)
          Queue.offerUnsafe(drafts.ended, undefined)
        })
    ),
    (made) => ({
      add: (entries) => writer.submit(always(() => tables.addToDraft(made, entries)), bytesOf(entries)),
      publish: (admit) => writer.submit(() => tables.publish(owner, made, admit))
    })
  )

/** Takes away what is nobody's, a little at a time, when the store is opened and when a draft is over. */
const sweeping = (tables: Tables, writer: Writer, drafts: Drafts): Effect.Effect<never> => {
  const some = writer.submit((): Done<boolean, never> => {
    const isMore = tables.sweep((id) => drafts.open.has(id))
    return { result: Result.succeed(isMore), room: isMore ? noRoom : undefined }
  })
  return Effect.flatMap(Queue.take(drafts.ended), () => Effect.repeat(some, { while: (isMore) => isMore })).pipe(
    Effect.ignore({ log: "Error" }),
    Effect.forever
  )
}

interface Drafts {
  readonly open: Set<number>
  readonly ended: Queue.Queue<void>
}

export const make = (
  name: string,
  database: DatabaseSync,
  writer: Writer,
  open: () => DatabaseSync,
  verify: (database: DatabaseSync) => StorageStore["Service"]["verify"]
): Effect.Effect<StorageStore["Service"], never, Scope.Scope> =>
  Effect.gen(function*() {
    const tables = new Tables(database)
    const drafts: Drafts = { open: new Set(), ended: yield* Queue.sliding<void>(1) }
    Queue.offerUnsafe(drafts.ended, undefined)
    yield* Effect.forkScoped(sweeping(tables, writer, drafts))
    return StorageStore.of({
      name,
      get: (owner, key) => read(() => tables.get(owner, key)),
      exists: (owner, key) => read(() => tables.exists(owner, key)),
      keys: (owner, range) => read(() => tables.keys(owner, range)),
      commit: (owner, batch, tenant, admit) =>
        writer.submit(() => tables.commit(owner, batch, tenant, admit), bytesOf(batch.writes)),
      holdings: (owner) =>
        read(() => tables.holdings(owner).map(({ bytes, keys, tenant }) => ({ tenant, keys, bytes }))),
      owners: read(() => tables.owners),
      snapshot: (owner) => Effect.flatMap(reading(open), (database) => read(() => snapshot(database, owner))),
      draft: (owner) => draft(tables, writer, drafts, owner),
      verify: Effect.scoped(Effect.flatMap(reading(open), verify))
    })
  })
