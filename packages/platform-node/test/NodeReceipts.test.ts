import * as NodeHost from "@airssys/platform-node/NodeHost"
import * as NodeReceipts from "@airssys/platform-node/NodeReceipts"
import { assert, describe, it } from "@effect/vitest"
import type { MessageReceipt } from "airssys/component/Receipt"
import { Receipts, Sink } from "airssys/component/Receipts"
import { ReceiptStore, type ReceiptStoreError } from "airssys/component/ReceiptStore"
import * as ReceiptsTest from "airssys/testing/ReceiptsTest"
import { Effect, Exit, Fiber, Result, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { disconnect, flip, handles, movable, silence } from "./fileDamage.ts"
import { receiptOf } from "./receiptSamples.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "receipts-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

ReceiptsTest.suite(
  "SQLite",
  Effect.map(folder, (made) => ({ layer: NodeReceipts.layerStore(path.join(made, "receipts.db")), isDurable: true }))
)

const open = <A, E>(file: string, use: (store: ReceiptStore["Service"]) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.provide(Effect.scoped(Effect.flatMap(ReceiptStore, use)), NodeReceipts.layerStore(file), { local: true })

const append = (store: ReceiptStore["Service"], receipts: ReadonlyArray<MessageReceipt>, dropped = 0) =>
  Effect.suspend(() => Effect.fromResult(store.append(receipts, dropped)))

const reading = <A, E>(file: string, use: Effect.Effect<A, E, Receipts>) =>
  Effect.provide(use, NodeReceipts.layerReader(file), { local: true })

const refusal = (file: string) => Effect.flip(open(file, () => Effect.void)) as Effect.Effect<ReceiptStoreError>

/** Of the table that others read. */
const rowOf = (number: number) => {
  const { correlation, costTable, nanos, sender, tenant, ...receipt } = receiptOf("a", number)
  return {
    sequence: number,
    ...receipt,
    correlation,
    sender_kind: sender._tag,
    sender: sender._tag === "Host" ? null : sender.id,
    tenant: tenant ?? null,
    fuel: receipt.fuel ?? null,
    cost_table: costTable ?? null,
    nanos: Number(nanos)
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const samples = (from: number, to: number) => range(from, to).map((number) => receiptOf("a", number))

const everything = Receipts.use(({ stream }) =>
  Effect.map(Stream.runCollect(stream({ limit: 1000 })), (all): ReadonlyArray<MessageReceipt> => Array.from(all))
)

const all = { after: undefined, limit: 1000 }

const withSql = (file: string, sql: string): string => {
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
  return file
}

describe("NodeReceipts", () => {
  it.effect("keeps its files for their owner, and opens no link", () =>
    Effect.scoped(Effect.gen(function*() {
      const made = yield* folder
      const file = path.join(made, "receipts.db")
      yield* open(file, (store) =>
        Effect.gen(function*() {
          yield* append(store, samples(1, 3))
          for (const suffix of ["", "-wal"]) assert.strictEqual(fs.statSync(file + suffix).mode & 0o777, 0o600, suffix)
        }))
      fs.symlinkSync(file, path.join(made, "link.db"))
      assert.strictEqual((yield* refusal(path.join(made, "link.db")))._tag, "ReceiptStoreError")
    })))

  it.effect("refuses a file of another program, of a later version, and one that is no database", () =>
    Effect.scoped(Effect.gen(function*() {
      const made = yield* folder
      const file = path.join(made, "receipts.db")
      yield* open(file, () => Effect.void)
      withSql(file, "PRAGMA user_version = 3")
      assert.include(String((yield* refusal(file)).cause), "version 3")
      const other = withSql(path.join(made, "other.db"), "CREATE TABLE a (b)")
      assert.include(String((yield* refusal(other)).cause), "another program")
      const none = path.join(made, "none.db")
      fs.writeFileSync(none, "x".repeat(5000))
      assert.strictEqual((yield* refusal(none)).reason, "Damaged")
      assert.strictEqual(fs.readFileSync(none, "utf8"), "x".repeat(5000))
    })))

  it.effect("is open once at a time", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      yield* open(file, () => Effect.map(refusal(file), ({ reason }) => assert.strictEqual(reason, "InUse")))
      yield* open(file, () => Effect.void)
    })))

  it.effect("keeps whatever a program puts into a receipt, as far as a number goes", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      const strange = { ...receiptOf("a", 1), at: 1.5, fuel: Infinity, memory: Number.NaN, nanos: 2n ** 70n }
      const most = Number.MAX_SAFE_INTEGER
      const late = { ...receiptOf("a", 2), at: most }
      const early = { ...receiptOf("\ud800\"\u{0}", 3), at: -Infinity }
      const found = yield* open(
        file,
        (store) => Effect.andThen(append(store, [strange, late, early]), store.page({}, all))
      )
      assert.deepStrictEqual(found.receipts, [
        { ...strange, at: 1, fuel: most, memory: 0, nanos: BigInt(most) },
        late,
        { ...early, at: -most }
      ])
    })))

  it.effect("keeps apart what has all but one thing in common", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      const one: MessageReceipt = { ...receiptOf("a", 1), sender: { _tag: "Operator", id: "ada" }, tenant: "shop" }
      const others: ReadonlyArray<Partial<MessageReceipt>> = [
        { component: "acme:other" },
        { export: "rates.earliest" },
        { sender: { _tag: "Operator", id: "bob" } },
        { sender: { _tag: "Component", id: "ada" } },
        { sender: { _tag: "Host" } },
        { tenant: "bank" },
        { tenant: undefined },
        { release: `sha256:${"cd".repeat(32)}` },
        { outcome: "Failed" },
        { costTable: 2 },
        { costTable: undefined }
      ]
      const receipts = others.flatMap((other): ReadonlyArray<MessageReceipt> => [one, { ...one, ...other }])
      const found = yield* open(file, (store) => Effect.andThen(append(store, receipts), store.page({}, all)))
      assert.deepStrictEqual(found.receipts, receipts)
    })))

  it.effect("is one table to those who read the file as a database", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      yield* open(file, (store) =>
        Effect.gen(function*() {
          yield* append(store, samples(1, 60))
          yield* append(store, samples(61, 90))
          assert.isFalse(Result.getOrThrow(store.retain({ count: 50, since: -Infinity })))
        }))
      const database = new DatabaseSync(file, { readOnly: true })
      database.exec("PRAGMA trusted_schema = OFF")
      const rows = database.prepare("SELECT * FROM receipt ORDER BY sequence").all()
      const sums = database.prepare("SELECT tenant, sum(fuel) AS fuel FROM receipt GROUP BY tenant").all()
      database.close()
      assert.deepStrictEqual(rows.map((row) => ({ ...row })), range(41, 90).map(rowOf))
      const total = range(41, 90).reduce((sum, number) => sum + (receiptOf("a", number).fuel ?? 0), 0)
      assert.strictEqual(sums.reduce((sum, { fuel }) => sum + Number(fuel), 0), total)
      assert.lengthOf(sums, 12)
    })))

  it.effect("looks at no more than 1,024 batches for one page", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      const ids = (order: "Oldest" | "Newest") =>
        Effect.map(
          Receipts.use(({ stream }) => Stream.runCollect(stream({ order, limit: 1000, component: "acme:c1" }))),
          (found) => Array.from(found, ({ at }) => at)
        )
      yield* open(file, (store) =>
        Effect.gen(function*() {
          for (let from = 1; from < 2200; from += 2) yield* append(store, samples(from, from + 1))
          const page = yield* store.page({ component: "acme:none" }, all)
          assert.deepStrictEqual(page, { receipts: [], next: 2048 })
          const last = yield* store.page({ component: "acme:none", order: "Newest" }, all)
          assert.deepStrictEqual(last, { receipts: [], next: 153 })
        }))
      const expected = range(1, 2200).filter((number) => number % 7 === 1)
      assert.deepStrictEqual(yield* reading(file, ids("Oldest")), expected)
      assert.deepStrictEqual(yield* reading(file, ids("Newest")), expected.toReversed())
    })))

  it.effect("finds a time without looking at all that is before it", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      yield* open(file, (store) =>
        Effect.gen(function*() {
          for (let from = 0; from < 25_000; from += 1000) yield* append(store, samples(from, from + 999))
          const ids = ({ receipts }: { readonly receipts: ReadonlyArray<MessageReceipt> }) =>
            receipts.map(({ id }) => id)
          assert.deepStrictEqual(ids(yield* store.page({ since: 24_999 }, all)), ["a-m24999"])
          assert.deepStrictEqual(ids(yield* store.page({ until: 0, order: "Newest" }, all)), ["a-m0"])
          assert.deepStrictEqual(ids(yield* store.page({ since: 12_001, until: 12_001 }, all)), ["a-m12001"])
        }))
    })))

  it.effect("has a whole beginning of what was written, wherever its log is torn", () =>
    Effect.scoped(Effect.gen(function*() {
      const made = yield* folder
      const [live, left] = [path.join(made, "live.db"), path.join(made, "left.db")]
      const batches = range(0, 19).map((batch) => samples(batch * 20, batch * 20 + 19))
      yield* open(live, (store) =>
        Effect.gen(function*() {
          for (const batch of batches) yield* append(store, batch)
          for (const suffix of ["", "-wal"]) fs.copyFileSync(live + suffix, left + suffix)
        }))
      const size = fs.statSync(`${left}-wal`).size
      const seen = new Set<number>()
      for (let cut = 0; cut < 60; cut++) {
        const tried = path.join(made, `try${cut}.db`)
        for (const suffix of ["", "-wal"]) fs.copyFileSync(left + suffix, tried + suffix)
        const at = Math.floor(cut * size / 60)
        if (cut % 2 === 0) fs.truncateSync(`${tried}-wal`, at)
        else flip(`${tried}-wal`, at)
        const opened = yield* Effect.exit(open(tried, (store) =>
          Effect.gen(function*() {
            const { receipts } = yield* store.page({}, all)
            assert.deepStrictEqual(receipts, batches.slice(0, receipts.length / 20).flat())
            assert.deepStrictEqual(yield* store.totals, { kept: receipts.length, removed: 0, dropped: 0 })
            seen.add(receipts.length)
            yield* append(store, samples(900, 901))
            assert.lengthOf((yield* store.page({}, all)).receipts, receipts.length + 2)
          })))
        if (Exit.isFailure(opened)) assert.include(String(opened.cause), "ReceiptStoreError")
      }
      assert.isAbove(seen.size, 10)
    })))

  it.effect("says that it is damaged instead of what is not so", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      yield* open(file, (store) => append(store, samples(0, 999)))
      const handle = fs.openSync(file, "r+")
      fs.writeSync(handle, Buffer.alloc(4096, 0xff), 0, 4096, Math.floor(fs.statSync(file).size / 8192) * 4096)
      fs.closeSync(handle)
      const error = yield* Effect.flip(open(file, (store) => store.page({}, all)))
      assert.strictEqual(error.reason, "Damaged")
    })))

  it.effect("takes nothing for a receipt that is none", () =>
    Effect.scoped(Effect.gen(function*() {
      const made = yield* folder
      const changes = [
        "receipts = '[]'",
        "receipts = 'x' || receipts",
        "receipts = replace(receipts, ',0,', ',2,')",
        "receipts = replace(receipts, '65536', '\"65536\"')",
        "accounts = replace(accounts, 'Handled', 'Hindered')",
        "accounts = replace(accounts, 'Host', 'Root')",
        "last = last + 1"
      ]
      for (const [index, change] of changes.entries()) {
        const file = path.join(made, `${index}.db`)
        yield* open(file, (store) => append(store, [receiptOf("a", 2), receiptOf("a", 3)]))
        withSql(file, `UPDATE batch SET ${change}; UPDATE counter SET last = 3`)
        const error = yield* Effect.flip(open(file, (store) => store.page({}, all)))
        assert.strictEqual(error.reason, "Damaged", change)
      }
    })))

  it.live("takes nothing for kept that the disk did not take", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      yield* Effect.gen(function*() {
        const sink = (yield* Sink)!
        const { flush, metrics, query } = yield* Receipts
        sink.offer(receiptOf("a", 1))
        yield* flush
        disconnect(`${file}-wal`)
        for (const one of samples(2, 14)) sink.offer(one)
        assert.strictEqual((yield* Effect.flip(flush)).reason, "Unwritable")
        for (const one of samples(15, 26)) sink.offer(one)
        assert.strictEqual((yield* Effect.flip(flush)).reason, "Unwritable")
        assert.lengthOf((yield* query()).receipts, 14)
        assert.deepStrictEqual(yield* metrics, { kept: 14, waiting: 10, dropped: 2, removed: 0 })
      }).pipe(Effect.provide(NodeReceipts.layer(file, { buffer: 10, within: "1 hour" })))
    })))

  it.effect("closes where its disk does not answer, and its files when it does", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = fs.realpathSync(yield* folder) + "/receipts.db"
      const disk = yield* silence
      const closing = yield* Effect.flatMap(Sink, (sink) => Effect.sync(() => sink!.offer(receiptOf("a", 1)))).pipe(
        Effect.provide(NodeReceipts.layer(file, { closing: "1 second" })),
        Effect.forkChild({ startImmediately: true })
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.lengthOf(disk.asked, 1)
      assert.strictEqual(handles(file), 1)
      assert.strictEqual((yield* reading(file, Receipts.use((receipts) => receipts.metrics))).kept, 1)
      disk.answer()
      while (handles(file) > 0) yield* Effect.promise(() => new Promise((go) => setImmediate(go)))
    })))

  it.effect("has brought its log into the file when it is closed, also where a write was under way", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = fs.realpathSync(yield* folder) + "/receipts.db"
      const disk = yield* silence
      const asked = (count: number) =>
        Effect.promise(async () => {
          while (disk.asked.length < count) await new Promise((go) => setImmediate(go))
        })
      const closing = yield* Effect.gen(function*() {
        const [sink, { flush }] = yield* Effect.all([Sink, Receipts])
        sink!.offer(receiptOf("a", 1))
        const writing = yield* Effect.forkChild(flush, { startImmediately: true })
        yield* asked(1)
        yield* Fiber.interrupt(writing)
      }).pipe(
        Effect.provide(NodeReceipts.layer(file, { within: "1 hour" })),
        Effect.forkChild({ startImmediately: true })
      )
      yield* asked(2)
      yield* Effect.promise(() => new Promise<void>((go) => disk.asked.pop()!(() => go())))
      assert.isUndefined(closing.pollUnsafe())
      while (closing.pollUnsafe() === undefined) {
        disk.answer()
        yield* Effect.promise(() => new Promise((go) => setImmediate(go)))
      }
      yield* Fiber.join(closing)
      assert.deepStrictEqual(fs.readdirSync(path.dirname(file)).toSorted(), ["receipts.db", "receipts.db.lock"])
      assert.strictEqual(handles(file), 0)
    })))

  it.effect("closes where its disk does not answer and nothing waits to be written", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = fs.realpathSync(yield* folder) + "/receipts.db"
      const disk = yield* silence
      const closing = yield* Effect.forkChild(open(file, () => Effect.void), { startImmediately: true })
      while (disk.asked.length === 0) yield* Effect.promise(() => new Promise((go) => setImmediate(go)))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(closing)
      assert.strictEqual(handles(file), 1)
      disk.answer()
      while (handles(file) > 0) yield* Effect.promise(() => new Promise((go) => setImmediate(go)))
    })))

  it.effect("closes with its host within the time of that", () =>
    Effect.scoped(Effect.gen(function*() {
      const receipts = path.join(yield* folder, "receipts.db")
      const disk = yield* silence
      const closing = yield* Effect.flatMap(Sink, (sink) => Effect.sync(() => sink!.offer(receiptOf("a", 1)))).pipe(
        Effect.provide(NodeHost.layer({ receipts, shutdown: "500 millis", receiptOptions: { closing: "1 hour" } })),
        Effect.forkChild({ startImmediately: true })
      )
      while (disk.asked.length === 0) yield* Effect.promise(() => new Promise((go) => setImmediate(go)))
      yield* TestClock.adjust("499 millis")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
    })))

  it.effect("knows of a disk that failed when nobody waited for it", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      const disk = yield* silence
      yield* open(file, (store) =>
        Effect.gen(function*() {
          yield* append(store, samples(1, 2))
          yield* Fiber.interrupt(yield* Effect.forkChild(store.sync, { startImmediately: true }))
          disconnect(`${file}-wal`)
          disk.answer()
          const failed = Effect.map(Effect.exit(append(store, samples(3, 3))), Exit.isFailure)
          while (!(yield* failed)) yield* Effect.promise(() => new Promise((go) => setImmediate(go)))
          assert.strictEqual((yield* Effect.flip(store.sync)).reason, "Unwritable")
        }))
    })))

  it.effect.each(movable(["receipts.db", "receipts.db-wal", "receipts.db.lock"]))(
    "takes nothing while %s is lost, and goes on when it is back",
    (name) =>
      Effect.scoped(Effect.gen(function*() {
        const root = yield* folder
        const held = path.join(root, name)
        yield* open(path.join(root, "receipts.db"), (store) =>
          Effect.gen(function*() {
            yield* append(store, samples(1, 2))
            fs.renameSync(held, `${held}.away`)
            const refused = yield* Effect.flip(append(store, samples(3, 3)))
            assert.include(
              refused.message,
              `${held} was moved, replaced or deleted while it was open: put ${root} back`
            )
            fs.renameSync(`${held}.away`, held)
            yield* append(store, samples(3, 3))
            assert.strictEqual((yield* store.totals).kept, 3)
          }))
      }))
  )

  it.effect("can be read by others while it is written, and after", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "receipts.db")
      const ids = Effect.map(reading(file, everything), (found) => found.map(({ id }) => id))
      yield* open(file, (store) =>
        Effect.gen(function*() {
          yield* append(store, samples(1, 2), 5)
          assert.deepStrictEqual(yield* ids, ["a-m1", "a-m2"])
          yield* append(store, samples(3, 3))
          assert.deepStrictEqual(yield* ids, ["a-m1", "a-m2", "a-m3"])
        }))
      assert.deepStrictEqual(yield* ids, ["a-m1", "a-m2", "a-m3"])
      const metrics = yield* reading(file, Receipts.use((receipts) => receipts.metrics))
      assert.deepStrictEqual(metrics, { kept: 3, waiting: 0, dropped: 5, removed: 0 })
      const missing = yield* Effect.flip(reading(path.join(file, "..", "missing.db"), everything))
      assert.strictEqual(missing._tag, "ReceiptStoreError")
      assert.isFalse(fs.existsSync(path.join(file, "..", "missing.db")))
    })))
})
