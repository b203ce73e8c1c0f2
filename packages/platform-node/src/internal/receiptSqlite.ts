/**
 * The tables of a store of receipts. What was written together is a row of
 * `batch`, with the times by which it is found; `receipt` shows it one by one to
 * those who read the file as a database. What is taken out of the middle of a
 * batch is there no more for anybody, and goes with the rest of it.
 */
import type { MessageReceipt } from "airssys/component/Receipt"
import { type Bounds, matches, type ReceiptQuery } from "airssys/component/ReceiptQuery"
import type { Found, Retention, Totals } from "airssys/component/ReceiptStore"
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import * as receiptRows from "./receiptRows.ts"

export const format = { applicationId: 0x61697252, version: 2 }

export const schema = `
PRAGMA application_id = ${format.applicationId};
PRAGMA user_version = ${format.version};
CREATE TABLE batch (
  last INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  earliest INTEGER NOT NULL,
  latest INTEGER NOT NULL,
  base INTEGER NOT NULL,
  accounts TEXT NOT NULL,
  receipts TEXT NOT NULL
) STRICT;
CREATE INDEX times ON batch (latest, earliest, first);
CREATE TABLE counter (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  dropped INTEGER NOT NULL
) STRICT;
INSERT INTO counter VALUES (1, 1, 0, 0);
CREATE VIEW receipt AS
SELECT
  one.first + one.position AS sequence,
  one.base + (rest ->> 0) AS at,
  account ->> 0 AS component,
  account ->> 1 AS export,
  rest ->> 2 AS id,
  rest ->> 3 AS correlation,
  account ->> 2 AS sender_kind,
  account ->> 3 AS sender,
  account ->> 4 AS tenant,
  account ->> 5 AS release,
  account ->> 6 AS outcome,
  rest ->> 4 AS fuel,
  account ->> 7 AS cost_table,
  rest ->> 5 AS memory,
  rest ->> 6 AS nanos
FROM (
  SELECT first, base, key AS position, value AS rest, accounts -> (value ->> 1) AS account
  FROM batch, json_each(batch.receipts)
) AS one
WHERE sequence >= (SELECT first FROM counter);
`

const looked = 10_000
const removedAtOnce = 1024
/** No fewer than are removed at once: a batch has a receipt at least. */
const batchesAtOnce = 1024

const select = (order: "ASC" | "DESC") =>
  `SELECT * FROM batch WHERE last >= ? AND first <= ? ORDER BY last ${order} LIMIT ${batchesAtOnce}`

const statements = (database: DatabaseSync) => ({
  oldest: database.prepare(select("ASC")),
  newest: database.prepare(select("DESC")),
  counter: database.prepare("SELECT first, last, dropped FROM counter"),
  count: database.prepare("UPDATE counter SET last = ?, dropped = dropped + ?"),
  add: database.prepare("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)"),
  since: database.prepare("SELECT min(first) AS first FROM batch WHERE latest >= ?"),
  until: database.prepare("SELECT max(last) AS last FROM batch INDEXED BY times WHERE earliest <= ?"),
  begin: database.prepare("UPDATE counter SET first = ?"),
  remove: database.prepare("DELETE FROM batch WHERE last < ?")
})

type Row = Record<string, SQLOutputValue>

const batchOf = (row: Row): receiptRows.Batch => ({
  first: Number(row["first"]),
  last: Number(row["last"]),
  earliest: Number(row["earliest"]),
  latest: Number(row["latest"]),
  base: Number(row["base"]),
  accounts: String(row["accounts"]),
  receipts: String(row["receipts"])
})

/** Steps that hold the thread for as long as they take; those that write do so within a transaction. */
export class Receipts {
  readonly #sql: ReturnType<typeof statements>

  constructor(database: DatabaseSync) {
    this.#sql = statements(database)
  }

  get totals(): Totals {
    const { dropped, first, last } = this.#range()
    return { kept: last - first + 1, removed: first - 1, dropped }
  }

  /** Gives about how many bytes were written. */
  append(receipts: ReadonlyArray<MessageReceipt>, dropped: number): number {
    const { last } = this.#range()
    this.#sql.count.run(last + receipts.length, dropped)
    if (receipts.length === 0) return 0
    const { accounts, base, earliest, first, latest, ...of } = receiptRows.encode(receipts, last + 1)
    this.#sql.add.run(of.last, first, earliest, latest, base, accounts, of.receipts)
    return accounts.length + of.receipts.length
  }

  page(query: ReceiptQuery, { after, limit }: Bounds): Found {
    const isNewest = query.order === "Newest"
    const { high, low } = this.#within(query)
    const begin = isNewest ? Math.min(high, (after ?? Infinity) - 1) : Math.max(low, (after ?? 0) + 1)
    const end = isNewest ? Math.max(low, begin - looked + 1) : Math.min(high, begin + looked - 1)
    const [from, to] = isNewest ? [end, begin] : [begin, end]
    if (from > to) return { receipts: [], next: undefined }
    const receipts: Array<MessageReceipt> = []
    const found = (seen: number): Found => ({ receipts, next: seen === (isNewest ? low : high) ? undefined : seen })
    let batches = 0
    for (const row of (isNewest ? this.#sql.newest : this.#sql.oldest).iterate(from, to)) {
      const batch = batchOf(row)
      const numbered = receiptRows.decode(batch).map((receipt, index) => ({ number: batch.first + index, receipt }))
      for (const { number, receipt } of isNewest ? numbered.toReversed() : numbered) {
        if (number < from || number > to || !matches(query, receipt)) continue
        if (receipts.push(receipt) === limit) return found(number)
      }
      if (++batches === batchesAtOnce) return found(isNewest ? Math.max(batch.first, from) : Math.min(batch.last, to))
    }
    return found(end)
  }

  retain({ count, since }: Retention): boolean {
    const { first, last } = this.#range()
    const most = Math.min(first + removedAtOnce, last + 1)
    const before = Math.min(Math.max(this.#young(since, first, most), last - count + 1), most)
    if (before <= first) return false
    this.#sql.begin.run(before)
    this.#sql.remove.run(before)
    return before - first === removedAtOnce
  }

  /** The number of the first that is not before a time; `most` where none below it is. */
  #young(since: number, first: number, most: number): number {
    if (since === -Infinity) return first
    for (const row of this.#sql.oldest.iterate(first, most - 1)) {
      const batch = batchOf(row)
      if (batch.latest < since) continue
      const young = receiptRows.decode(batch).findIndex(({ at }, index) => batch.first + index >= first && at >= since)
      if (young !== -1) return batch.first + young
    }
    return most
  }

  /** The numbers of those that are there: none where `first` is behind `last`. */
  #range() {
    const row = this.#sql.counter.get()
    return { first: Number(row?.["first"]), last: Number(row?.["last"]), dropped: Number(row?.["dropped"]) }
  }

  /** Between which numbers those of a time can be. */
  #within({ since, until }: ReceiptQuery): { readonly low: number; readonly high: number } {
    const { first, last } = this.#range()
    const low = since === undefined ? first : this.#sql.since.get(since)?.["first"]
    const high = until === undefined ? last : this.#sql.until.get(until)?.["last"]
    return low === null || low === undefined || high === null || high === undefined
      ? { low: 1, high: 0 }
      : { low: Math.max(first, Number(low)), high: Math.min(last, Number(high)) }
  }
}
