/**
 * The tables of a store of receipts. Receipts have no index: what would be saved
 * in reading is many times lost in writing. A span has the times of what was
 * written together, so that what is looked for by time is found by those.
 */
import type { MessageReceipt } from "airssys/component/Receipt"
import type { Bounds, ReceiptQuery } from "airssys/component/ReceiptQuery"
import type { Found, Retention, Totals } from "airssys/component/ReceiptStore"
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite"

export const format = { applicationId: 0x61697252, version: 1 }

export const schema = `
PRAGMA application_id = ${format.applicationId};
PRAGMA user_version = ${format.version};
CREATE TABLE receipt (
  sequence INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  component TEXT NOT NULL,
  export TEXT NOT NULL,
  id TEXT NOT NULL,
  correlation TEXT NOT NULL,
  sender_kind TEXT NOT NULL,
  sender TEXT,
  tenant TEXT,
  release TEXT NOT NULL,
  outcome TEXT NOT NULL,
  fuel INTEGER,
  cost_table INTEGER,
  memory INTEGER NOT NULL,
  nanos INTEGER NOT NULL
) STRICT;
CREATE TABLE span (
  first INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  earliest INTEGER NOT NULL,
  latest INTEGER NOT NULL
) STRICT;
CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (1, 0, 0);
`

const looked = 10_000
const removedAtOnce = 1024

const wanted = ["component", "tenant", "outcome", "correlation", "sender_kind", "sender"]
  .map((column) => `($${column} IS NULL OR ${column} = $${column})`).join(" AND ")

const select = (order: "ASC" | "DESC") =>
  `SELECT * FROM receipt WHERE sequence BETWEEN $low AND $high
    AND ($since IS NULL OR at >= $since) AND ($until IS NULL OR at <= $until) AND ${wanted}
    ORDER BY sequence ${order} LIMIT $limit`

const statements = (database: DatabaseSync) => ({
  oldest: database.prepare(select("ASC")),
  newest: database.prepare(select("DESC")),
  counter: database.prepare("SELECT last, dropped, (SELECT min(sequence) FROM receipt) AS first FROM counter"),
  count: database.prepare("UPDATE counter SET last = ?, dropped = dropped + ?"),
  add: database.prepare(`INSERT INTO receipt VALUES (${Array(15).fill("?").join(", ")})`),
  addSpan: database.prepare("INSERT INTO span VALUES (?, ?, ?, ?)"),
  since: database.prepare("SELECT first FROM span WHERE latest >= ? ORDER BY first LIMIT 1"),
  until: database.prepare("SELECT last FROM span WHERE earliest <= ? ORDER BY first DESC LIMIT 1"),
  young: database.prepare(
    "SELECT sequence FROM receipt WHERE sequence BETWEEN ? AND ? AND at >= ? ORDER BY sequence LIMIT 1"
  ),
  remove: database.prepare("DELETE FROM receipt WHERE sequence < ?"),
  removeSpans: database.prepare("DELETE FROM span WHERE last < ?")
})

/** What fits a column, whatever a program has put into a receipt. */
const whole = (given: number | bigint | undefined): number | null =>
  given === undefined || Number.isNaN(given)
    ? null
    : Math.trunc(Math.min(Math.max(Number(given), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))

type Row = Record<string, SQLOutputValue>

const optional = (value: SQLOutputValue | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value)

const senderOf = (kind: SQLOutputValue | undefined, id: SQLOutputValue | undefined): MessageReceipt["sender"] =>
  kind === "Operator" || kind === "Component" ? { _tag: kind, id: String(id) } : { _tag: "Host" }

const receiptOf = (row: Row): MessageReceipt => ({
  component: String(row["component"]),
  export: String(row["export"]),
  id: String(row["id"]),
  correlation: String(row["correlation"]),
  sender: senderOf(row["sender_kind"], row["sender"]),
  tenant: row["tenant"] === null ? undefined : String(row["tenant"]),
  release: String(row["release"]),
  at: Number(row["at"]),
  outcome: row["outcome"] === "Failed" ? "Failed" : "Handled",
  fuel: optional(row["fuel"]),
  costTable: optional(row["cost_table"]),
  memory: Number(row["memory"]),
  nanos: BigInt(Number(row["nanos"]))
})

const idOf = (sender: MessageReceipt["sender"]): string | null => sender._tag === "Host" ? null : sender.id

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

  append(receipts: ReadonlyArray<MessageReceipt>, dropped: number): void {
    const { last } = this.#range()
    let sequence = last
    let [earliest, latest] = [Infinity, -Infinity]
    for (const { at, sender, ...of } of receipts) {
      const time = whole(at) ?? 0
      this.#sql.add.run(
        ++sequence,
        time,
        of.component,
        of.export,
        of.id,
        of.correlation,
        sender._tag,
        idOf(sender),
        of.tenant ?? null,
        of.release,
        of.outcome,
        whole(of.fuel),
        whole(of.costTable),
        whole(of.memory) ?? 0,
        whole(of.nanos) ?? 0
      )
      earliest = Math.min(earliest, time)
      latest = Math.max(latest, time)
    }
    if (receipts.length > 0) this.#sql.addSpan.run(last + 1, sequence, earliest, latest)
    this.#sql.count.run(sequence, dropped)
  }

  page(query: ReceiptQuery, { after, limit }: Bounds): Found {
    const isNewest = query.order === "Newest"
    const { high, low } = this.#within(query)
    const begin = isNewest ? Math.min(high, (after ?? Infinity) - 1) : Math.max(low, (after ?? 0) + 1)
    const end = isNewest ? Math.max(low, begin - looked + 1) : Math.min(high, begin + looked - 1)
    const [from, to] = isNewest ? [end, begin] : [begin, end]
    if (from > to) return { receipts: [], next: undefined }
    const rows = (isNewest ? this.#sql.newest : this.#sql.oldest).all({
      ...parameters(query),
      $low: from,
      $high: to,
      $limit: limit
    })
    const stopped = rows.length === limit ? Number(rows.at(-1)?.["sequence"]) : end
    return { receipts: rows.map(receiptOf), next: stopped === (isNewest ? low : high) ? undefined : stopped }
  }

  retain({ count, since }: Retention): boolean {
    const { first, last } = this.#range()
    const most = Math.min(first + removedAtOnce, last + 1)
    const young = this.#sql.young.get(first, most - 1, whole(since))?.["sequence"]
    const before = Math.min(Math.max(young === undefined ? most : Number(young), last - count + 1), most)
    if (before <= first) return false
    this.#sql.remove.run(before)
    this.#sql.removeSpans.run(before)
    return before - first === removedAtOnce
  }

  /** The numbers of those that are there: none where `first` is behind `last`. */
  #range() {
    const row = this.#sql.counter.get()
    const last = Number(row?.["last"])
    return { first: optional(row?.["first"]) ?? last + 1, last, dropped: Number(row?.["dropped"]) }
  }

  /** Between which numbers those of a time can be. */
  #within({ since, until }: ReceiptQuery): { readonly low: number; readonly high: number } {
    const { first, last } = this.#range()
    const none = { low: 1, high: 0 }
    const low = since === undefined ? first : this.#sql.since.get(since)?.["first"]
    const high = until === undefined ? last : this.#sql.until.get(until)?.["last"]
    return low === undefined || high === undefined
      ? none
      : { low: Math.max(first, Number(low)), high: Math.min(last, Number(high)) }
  }
}

const parameters = ({ component, correlation, outcome, sender, since, tenant, until }: ReceiptQuery): Record<
  string,
  SQLInputValue
> => ({
  $since: since ?? null,
  $until: until ?? null,
  $component: component ?? null,
  $tenant: tenant ?? null,
  $outcome: outcome ?? null,
  $correlation: correlation ?? null,
  $sender_kind: sender?._tag ?? null,
  $sender: sender === undefined ? null : idOf(sender)
})
