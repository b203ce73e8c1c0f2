import * as NodeStorage from "@airssys/platform-node/NodeStorage"
import { assert, describe, it, vi } from "@effect/vitest"
import { type Damage, StorageStore, type StorageStoreError } from "airssys/component/StorageStore"
import * as StorageStoreTest from "airssys/testing/StorageStoreTest"
import { Deferred, Effect, Exit, Fiber, Logger, Option, Result, type Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Worker } from "node:worker_threads"
import { disconnect, flip, handles, movable, silence } from "./fileDamage.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "storage-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

StorageStoreTest.suite(
  "SQLite",
  Effect.map(folder, (made) => ({ layer: NodeStorage.layerStore(path.join(made, "storage.db")), isDurable: true }))
)

type Store = StorageStore["Service"]

const bytes = (text: string) => new TextEncoder().encode(text)

const open = <A, E>(file: string, use: (store: Store) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.provide(Effect.scoped(Effect.flatMap(StorageStore, use)), NodeStorage.layerStore(file), { local: true })

const set = (store: Store, key: string, value: string) =>
  store.commit(
    "o",
    { checks: [], writes: [{ key, value: bytes(value) }] },
    undefined,
    () => Result.succeed({ commit: () => {}, release: () => {} })
  )

const get = (store: Store, key: string) =>
  Effect.map(store.get("o", key), Option.map(({ value }) => new TextDecoder().decode(value)))

const filled = (file: string, count: number, value: (index: number) => string) =>
  open(file, (store) =>
    Effect.gen(function*() {
      for (let index = 0; index < count; index++) yield* set(store, `k/${index}`, value(index))
    }))

const refusal = (file: string) => Effect.flip(open(file, () => Effect.void)) as Effect.Effect<StorageStoreError>

const suffixes = ["", "-wal", ".mark"] as const

/** The files as they are at this moment, as a loss of power would leave what is synchronised. */
const copied = (from: string, to: string): void => {
  for (const suffix of suffixes) fs.copyFileSync(from + suffix, to + suffix)
}

/** A store that was cut off after so many acknowledged writes, and a way to try it with other files. */
const cutOff = Effect.fnUntraced(function*(writes: number) {
  const made = yield* folder
  const [live, left] = [path.join(made, "live.db"), path.join(made, "left.db")]
  yield* open(live, (store) =>
    Effect.gen(function*() {
      for (let index = 0; index < writes; index++) yield* set(store, `k/${index}`, `${index}`.repeat(100))
      copied(live, left)
    }))
  let tries = 0
  return (change: (files: string) => void) => {
    const tried = path.join(made, `try${tries++}.db`)
    copied(left, tried)
    change(tried)
    return tried
  }
})

const complete = (file: string, writes: number) =>
  open(file, (store) =>
    Effect.gen(function*() {
      for (let index = 0; index < writes; index++) {
        assert.deepStrictEqual(yield* get(store, `k/${index}`), Option.some(`${index}`.repeat(100)))
      }
      return yield* store.verify
    }))

/** Puts the entry of a key back as it is at this moment, with its checksum. */
const formerRow = (file: string): string => {
  const database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare("SELECT hex(value) AS value, revision, checksum FROM entry WHERE key = 'k/9'").get()
  database.close()
  return `UPDATE entry SET value = x'${row?.["value"]}', revision = ${row?.["revision"]}, checksum = ${
    row?.["checksum"]
  } WHERE key = 'k/9'`
}

const truncate = (file: string, length: number) => fs.truncateSync(file, Math.max(0, length))

describe("NodeStorage", () => {
  it.effect("keeps its files for their owner, and opens no link", () =>
    Effect.scoped(Effect.gen(function*() {
      const made = yield* folder
      const file = path.join(made, "storage.db")
      yield* open(file, (store) =>
        Effect.gen(function*() {
          yield* set(store, "a", "1")
          for (const suffix of suffixes) assert.strictEqual(fs.statSync(file + suffix).mode & 0o777, 0o600, suffix)
        }))
      fs.symlinkSync(file, path.join(made, "link.db"))
      assert.strictEqual((yield* refusal(path.join(made, "link.db")))._tag, "StorageStoreError")
    })))

  it.effect("refuses a file of another program, of a later version, and one that is no database", () =>
    Effect.scoped(Effect.gen(function*() {
      const made = yield* folder
      const withSql = (name: string, sql: string) => {
        const file = path.join(made, name)
        const database = new DatabaseSync(file)
        database.exec(sql)
        database.close()
        return file
      }
      const why = (file: string) => Effect.map(refusal(file), ({ cause }) => String(cause))
      assert.include(yield* why(withSql("other.db", "CREATE TABLE entry (id INTEGER)")), "is of another program")
      const own = path.join(made, "own.db")
      yield* open(own, (store) => set(store, "a", "1"))
      assert.include(yield* why(withSql("own.db", "PRAGMA user_version = 2")), "is of version 2")
      const text = path.join(made, "text.db")
      fs.writeFileSync(text, "no database ".repeat(1_000))
      assert.strictEqual((yield* refusal(text)).reason, "Damaged")
      assert.include(fs.readFileSync(text, "utf8"), "no database")
    })))

  it.effect("opens a log that was cut off, with all that was acknowledged", () =>
    Effect.scoped(Effect.gen(function*() {
      const tryWith = yield* cutOff(30)
      assert.deepStrictEqual(yield* complete(tryWith(() => {}), 30), [])
      const torn = tryWith((file) => fs.appendFileSync(`${file}-wal`, Buffer.alloc(3_000, 7)))
      assert.deepStrictEqual(yield* complete(torn, 30), [])
    })))

  it.effect(
    "loses nothing silently that a cut or a flipped byte of the log takes away",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const tryWith = yield* cutOff(30)
        const length = fs.statSync(`${tryWith(() => {})}-wal`).size
        const changes: ReadonlyArray<(file: string) => void> = [
          (file) => fs.rmSync(`${file}-wal`),
          ...Array.from(
            { length: 12 },
            (_, index) => (file: string) => truncate(`${file}-wal`, length - 1 - Math.floor(index * length / 12))
          ),
          ...Array.from(
            { length: 24 },
            (_, index) => (file: string) => flip(`${file}-wal`, 5 + Math.floor(index * (length - 10) / 24))
          )
        ]
        let refused = 0
        for (const change of changes) {
          const file = tryWith(change)
          const opened = yield* Effect.result(open(file, () => Effect.void))
          if (Result.isSuccess(opened)) {
            assert.deepStrictEqual(yield* complete(file, 30), [])
            continue
          }
          refused++
          assert.strictEqual(opened.failure.reason, "Damaged")
          assert.strictEqual((yield* refusal(file)).reason, "Damaged", "also when it is opened again")
        }
        assert.isAbove(refused, 30)
      })),
    { timeout: 60_000 }
  )

  it.effect("refuses an older copy until its mark is taken away", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "storage.db")
      yield* open(file, (store) => set(store, "a", "1"))
      fs.copyFileSync(file, `${file}.copy`)
      yield* open(file, (store) => set(store, "a", "2"))
      fs.copyFileSync(`${file}.copy`, file)
      assert.include((yield* refusal(file)).message, `remove ${file}.mark`)
      fs.rmSync(`${file}.mark`)
      yield* open(file, (store) =>
        Effect.map(get(store, "a"), (value) => assert.deepStrictEqual(value, Option.some("1"))))
    })))

  it.effect("gives no value that is not as it was written, and finds it", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "storage.db")
      yield* filled(file, 50, (index) => `value ${index};`.repeat(10))
      const former = formerRow(file)
      yield* open(file, (store) => set(store, "k/9", "VALUE 9;".repeat(10)))
      const changed = (sql: string) =>
        Effect.gen(function*() {
          const other = `${file}.${sql.length}`
          fs.copyFileSync(file, other)
          const database = new DatabaseSync(other)
          database.exec(sql)
          database.close()
          return yield* open(other, (store) => Effect.all([store.verify, Effect.result(store.get("o", "k/7"))]))
        })
      const details = (damages: ReadonlyArray<Damage>) => damages.map(({ detail, key }) => `${key} ${detail}`)
      const [none] = yield* changed("SELECT 1")
      assert.deepStrictEqual(none, [])
      for (
        const sql of [
          "UPDATE entry SET value = x'00' WHERE key = 'k/7'",
          "UPDATE entry SET revision = 1000 WHERE key = 'k/7'",
          "UPDATE entry SET tenant = 'globex' WHERE key = 'k/7'"
        ]
      ) {
        const [damages, read] = yield* changed(sql)
        assert.include(details(damages), "k/7 the value is not as it was written")
        assert.isTrue(Result.isFailure(read) && read.failure.reason === "Damaged")
      }
      for (
        const sql of [
          "DELETE FROM entry WHERE key = 'k/7'",
          "DELETE FROM holding",
          "UPDATE holding SET bytes = bytes + 1",
          former
        ]
      ) {
        const [damages] = yield* changed(sql)
        assert.lengthOf(damages, 1)
        assert.match(damages[0]!.detail, /^there are \d+ keys/)
      }
    })))

  it.effect(
    "gives no other value where a byte of the file is flipped, and lacks none that verify does not miss",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const file = path.join(yield* folder, "storage.db")
        const value = (index: number) => `${index}`.repeat(100)
        yield* filled(file, 200, value)
        const length = fs.statSync(file).size
        const seen = { refused: 0, damaged: 0, found: 0, untouched: 0 }
        for (let index = 0; index < 60; index++) {
          const other = `${file}.flipped`
          fs.copyFileSync(file, other)
          for (const suffix of ["-wal", "-shm", ".mark"]) fs.rmSync(other + suffix, { force: true })
          flip(other, Math.floor(length * (index + 0.37) / 60))
          const opened = yield* Effect.result(open(other, (store) =>
            Effect.gen(function*() {
              let missing = 0
              for (let index = 0; index < 200; index++) {
                const read = yield* Effect.result(get(store, `k/${index}`))
                if (Result.isFailure(read)) seen.damaged++
                else if (Option.isSome(read.success)) assert.strictEqual(read.success.value, value(index))
                else missing++
              }
              const damages = yield* store.verify
              if (missing > 0) assert.isAbove(damages.length, 0)
              if (damages.length > 0) seen.found++
              else seen.untouched++
            })))
          if (Result.isFailure(opened)) seen.refused++
        }
        assert.isAbove(seen.found + seen.refused, 30, JSON.stringify(seen))
      })),
    { timeout: 120_000 }
  )

  it.effect("sweeps what an import left behind, also one that was cut off", () =>
    Effect.scoped(Effect.gen(function*() {
      const made = yield* folder
      const [file, left] = [path.join(made, "storage.db"), path.join(made, "left.db")]
      const entries = Array.from({ length: 600 }, (_, index) => ({
        key: `k/${index}`,
        value: bytes("x"),
        tenant: undefined
      }))
      yield* open(file, (store) =>
        Effect.gen(function*() {
          yield* set(store, "mine", "1")
          const draft = yield* store.draft("o")
          yield* draft.add(entries)
          copied(file, left)
        }))
      const rows = (name: string) => {
        const database = new DatabaseSync(name)
        const count = Number(database.prepare("SELECT count(*) AS count FROM entry").get()?.["count"])
        database.close()
        return count
      }
      for (const name of [file, left]) {
        yield* open(name, (store) =>
          Effect.gen(function*() {
            for (let turn = 0; turn < 20; turn++) yield* set(store, "mine", `${turn}`)
            assert.deepStrictEqual(yield* store.owners, ["o"])
          }))
        assert.strictEqual(rows(name), 1)
      }
    })))

  it.live("brings its log into the file on another thread, and begins it anew", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "storage.db")
      const mebibyte = 1024 * 1024
      const value = "v".repeat(mebibyte)
      const logged = yield* open(file, (store) =>
        Effect.gen(function*() {
          let most = 0
          for (let index = 0; index < 48; index++) {
            yield* set(store, `k/${index}`, value)
            most = Math.max(most, fs.statSync(`${file}-wal`).size)
          }
          return most
        }))
      assert.isAtMost(logged, 28 * mebibyte)
      assert.isAtLeast(fs.statSync(file).size, 48 * mebibyte)
      yield* open(file, (store) =>
        Effect.map(get(store, "k/47"), (last) => assert.deepStrictEqual(last, Option.some(value))))
      yield* open(file, (store) =>
        Effect.map(store.verify, (damages) => assert.deepStrictEqual(damages, [])))
    }))

  it.live("goes on where the thread for its log ends by itself, and says so once", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "storage.db")
      const said: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])
      const value = "v".repeat(1024 * 1024)
      const told = vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function(this: Worker) {
        this.emit("error", new Error("unable to open database file"))
        void this.terminate()
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => told.mockRestore()))
      yield* open(file, (store) =>
        Effect.gen(function*() {
          yield* set(store, "k/0", value)
          for (let index = 1; said.length === 0; index++) yield* set(store, `k/${index % 16}`, value)
          for (let index = 0; index < 16; index++) yield* set(store, `k/${index}`, value)
          assert.lengthOf(said, 1)
          assert.include(said[0], "no thread brings the log")
          assert.include(said[0], "unable to open database file")
          assert.isAtMost(fs.statSync(`${file}-wal`).size, 20 * 1024 * 1024)
          assert.deepStrictEqual(yield* get(store, "k/7"), Option.some(value))
        })).pipe(Effect.provide(logger))
    }))

  it.effect("closes where the thread for its log does not answer, and says so", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "storage.db")
      const said: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])
      const written = yield* Deferred.make<void>()
      const told = vi.spyOn(Worker.prototype, "postMessage").mockImplementation(() => {})
      yield* Effect.addFinalizer(() => Effect.sync(() => told.mockRestore()))
      const closing = yield* open(file, (store) =>
        Effect.gen(function*() {
          for (let index = 0; index < 6; index++) yield* set(store, `k/${index}`, "v".repeat(1024 * 1024))
          yield* Deferred.succeed(written, undefined)
        })).pipe(Effect.provide(logger), Effect.forkChild({ startImmediately: true }))
      yield* Deferred.await(written)
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
      assert.strictEqual(told.mock.calls.length, 1)
      assert.lengthOf(said, 1)
      assert.include(said[0], "took longer than 2 seconds")
      yield* open(file, (store) => Effect.map(store.verify, (damages) => assert.deepStrictEqual(damages, [])))
    }))

  it.effect.each(["a write is under way", "nothing is written"])(
    "closes where its disk does not answer and %s, says so, and closes its files when it does",
    (what) =>
      Effect.scoped(Effect.gen(function*() {
        const file = path.join(fs.realpathSync(yield* folder), "storage.db")
        const turn = Effect.promise(() => new Promise((go) => setImmediate(go)))
        const said: Array<string> = []
        const logger = Logger.layer([Logger.make(({ message }) => void said.push(String(message)))])
        const disk = yield* silence
        const written = Effect.fnUntraced(function*(store: Store) {
          if (what === "nothing is written") return
          const writing = yield* Effect.forkChild(set(store, "a", "1"), { startImmediately: true })
          while (disk.asked.length === 0) yield* turn
          yield* Fiber.interrupt(writing)
        })
        const closing = yield* open(file, written).pipe(
          Effect.provide(logger),
          Effect.forkChild({ startImmediately: true })
        )
        while (disk.asked.length === 0) yield* turn
        yield* TestClock.adjust("2999 millis")
        assert.isUndefined(closing.pollUnsafe())
        yield* TestClock.adjust("1 millis")
        yield* Fiber.join(closing)
        assert.lengthOf(said, 1)
        assert.include(said[0], `${file} stays open until its disk answers`)
        assert.strictEqual((yield* refusal(file)).reason, "InUse")
        while (handles(file) > 0) {
          disk.answer()
          yield* turn
        }
        assert.deepStrictEqual(fs.readdirSync(path.dirname(file)).toSorted(), [
          "storage.db",
          "storage.db.lock",
          "storage.db.mark"
        ])
      }))
  )

  it.effect("gives room back where a write fails, with all that was written with it, and goes on", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "storage.db")
      yield* open(file, (store) => set(store, "a", "1"))
      const database = new DatabaseSync(file)
      database.exec(
        "CREATE TRIGGER no BEFORE INSERT ON entry WHEN NEW.key = 'boom' BEGIN SELECT RAISE(ABORT, 'no'); END"
      )
      database.close()
      yield* open(file, (store) =>
        Effect.gen(function*() {
          let room = 0
          const admit = () => {
            room++
            return Result.succeed({ commit: () => {}, release: () => void room-- })
          }
          const write = (key: string) =>
            Effect.result(store.commit("o", { checks: [], writes: [{ key, value: bytes("x") }] }, undefined, admit))
          const results = yield* Effect.forEach(["b", "boom", "c"], write, { concurrency: "unbounded" })
          assert.deepStrictEqual(results.map((result) => Result.isFailure(result) && result.failure.reason), [
            "Unwritable",
            "Unwritable",
            "Unwritable"
          ])
          assert.strictEqual(room, 0)
          assert.isTrue(Result.isSuccess(yield* write("d")))
          assert.strictEqual(room, 1)
          assert.deepStrictEqual(yield* store.keys("o", { within: undefined, after: undefined, limit: 9 }), ["a", "d"])
          assert.deepStrictEqual(yield* store.verify, [])
        }))
    })))

  it.effect.skipIf(process.platform !== "linux")(
    "takes no writes after the disk failed, until it is opened again, and still reads",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const file = path.join(yield* folder, "storage.db")
        yield* open(file, (store) =>
          Effect.gen(function*() {
            yield* set(store, "a", "1")
            disconnect(`${file}-wal`)
            const first = yield* Effect.flip(set(store, "a", "2"))
            const second = yield* Effect.flip(set(store, "b", "2"))
            assert.include(first.message, "the disk did not take it")
            assert.include(second.message, "open the store again")
            assert.isTrue(Option.isSome(yield* get(store, "a")))
          }))
        yield* open(file, (store) => set(store, "b", "3"))
      }))
  )

  it.effect.each(movable(["storage.db", "storage.db-wal", "storage.db.lock"]))(
    "takes no writes while %s is lost, and goes on when it is back",
    (name) =>
      Effect.scoped(Effect.gen(function*() {
        const root = yield* folder
        const held = path.join(root, name)
        yield* open(path.join(root, "storage.db"), (store) =>
          Effect.gen(function*() {
            yield* set(store, "a", "1")
            fs.renameSync(held, `${held}.away`)
            fs.writeFileSync(held, "")
            const refused = yield* Effect.flip(set(store, "a", "2"))
            assert.include(
              refused.message,
              `${held} was moved, replaced or deleted while it was open: put ${root} back`
            )
            assert.deepStrictEqual(yield* get(store, "a"), Option.some("1"))
            fs.renameSync(`${held}.away`, held)
            yield* set(store, "a", "3")
          }))
      }))
  )

  it.effect("does what waits when it is closed, or says that it did not", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "storage.db")
      const fibers = yield* open(file, (store) =>
        Effect.forEach(
          Array.from({ length: 300 }, (_, index) => `k/${index}`),
          (key) => Effect.forkDetach(set(store, key, "1"), { startImmediately: true })
        ))
      const exits = yield* Effect.forEach(fibers, (fiber) => Fiber.await(fiber))
      const kept = yield* open(file, (store) => store.keys("o", { within: undefined, after: undefined, limit: 1_000 }))
      assert.strictEqual(kept.length, exits.filter(Exit.isSuccess).length)
      for (const [index, exit] of exits.entries()) {
        assert.strictEqual(kept.includes(`k/${index}`), Exit.isSuccess(exit))
      }
    })))
})
