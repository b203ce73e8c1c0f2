import * as NodeApprovalStore from "@airssys/platform-node/NodeApprovalStore"
import { assert, describe, it } from "@effect/vitest"
import { ApprovalStore } from "airssys/security/ApprovalStore"
import * as ApprovalsTest from "airssys/testing/ApprovalsTest"
import * as ApprovalStoreTest from "airssys/testing/ApprovalStoreTest"
import { Context, Effect, Exit, Layer, Queue, Stream } from "effect"
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { approval, signed } from "./approvalSample.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "approvals-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

const fresh = () =>
  Layer.unwrap(Effect.map(folder, (made) => NodeApprovalStore.layer({ path: path.join(made, "approvals.db") })))

ApprovalStoreTest.suite("SQLite", fresh)
ApprovalsTest.suite("SQLite", fresh)

const decider = path.join(import.meta.dirname, "approvalDecider.ts")

describe("NodeApprovalStore", () => {
  it.live("lets one of several processes decide", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "approvals.db")
      const run = (...args: ReadonlyArray<string>) =>
        Effect.promise(() => promisify(execFile)(process.execPath, [decider, file, ...args]))
      yield* run("insert", "50")
      const outputs = yield* Effect.forEach(["Denied", "Expired", "Denied"], (state) => run("decide", "50", state), {
        concurrency: "unbounded"
      })
      const won = outputs.flatMap(({ stdout }) => stdout.split("\n").filter((line) => line !== ""))
      assert.strictEqual(won.length, 50)
      assert.strictEqual(new Set(won).size, 50)
    }), { timeout: 60_000 })

  it.live("says when another process has written", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = path.join(yield* folder, "approvals.db")
      const store = yield* Effect.map(Layer.build(NodeApprovalStore.layer({ path: file })), Context.get(ApprovalStore))
      const heard = yield* Queue.unbounded<void>()
      yield* Effect.forkScoped(Stream.runForEach(store.changes, () => Queue.offer(heard, undefined)))
      yield* Queue.take(heard)
      yield* Effect.promise(() => promisify(execFile)(process.execPath, [decider, file, "insert", "1"]))
      yield* Queue.take(heard)
      assert.strictEqual((yield* store.list({ isRecorded: false })).approvals.length, 1)
    })), { timeout: 30_000 })

  it.effect("takes no more requests than may wait to be decided, and goes on when some are", () =>
    Effect.gen(function*() {
      const layer = NodeApprovalStore.layer({ path: path.join(yield* folder, "approvals.db"), capacity: 2 })
      yield* Effect.provide(
        Effect.gen(function*() {
          const store = yield* ApprovalStore
          assert.isTrue(yield* store.insert(approval(1)))
          assert.isTrue(yield* store.insert(approval(2)))
          assert.isFalse(yield* store.insert(approval(2)), "it is there, and was taken")
          assert.strictEqual((yield* Effect.flip(store.insert(approval(3)))).reason, "Full")
          assert.isUndefined(yield* store.get(approval(3).id))
          yield* store.update({ ...approval(1), revision: 1, state: { _tag: "Denied", denial: signed, reason: "no" } })
          assert.isTrue(yield* store.insert(approval(3)))
        }),
        layer
      )
    }))

  it.effect("keeps its file for its owner, and opens no link", () =>
    Effect.gen(function*() {
      const made = yield* folder
      const file = path.join(made, "approvals.db")
      yield* Effect.scoped(Layer.build(NodeApprovalStore.layer({ path: file })))
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      fs.chmodSync(file, 0o666)
      yield* Effect.scoped(Layer.build(NodeApprovalStore.layer({ path: file })))
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      fs.symlinkSync(file, path.join(made, "link.db"))
      const exit = yield* Effect.exit(
        Effect.scoped(Layer.build(NodeApprovalStore.layer({ path: path.join(made, "link.db") })))
      )
      assert.isTrue(Exit.isFailure(exit))
    }))

  it.effect("refuses a file of another version, and one that is no database", () =>
    Effect.gen(function*() {
      const made = yield* folder
      const versions = [1, 99].map((version) => {
        const file = path.join(made, `${version}.db`)
        const database = new DatabaseSync(file)
        database.exec(`PRAGMA user_version = ${version}`)
        database.close()
        return file
      })
      const other = path.join(made, "other.db")
      fs.writeFileSync(other, "no database at all, but long enough to be read as one".repeat(20))
      for (const file of [...versions, other]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(NodeApprovalStore.layer({ path: file }))))
        assert.strictEqual(error.reason, "Unreadable")
      }
    }))

  it.live.each([
    "body = '{}'",
    "body = replace(body, 'acme:rates', '')",
    "revision = 7",
    "id = id || '0'",
    "component = 'acme:totals'",
    "artifact = 'sha256:' || id",
    "nonce = id",
    "state = 'Approved'"
  ])(
    "takes no record that was changed by hand: %s",
    (change) =>
      Effect.gen(function*() {
        const file = path.join(yield* folder, "approvals.db")
        yield* Effect.promise(() => promisify(execFile)(process.execPath, [decider, file, "insert", "1"]))
        const database = new DatabaseSync(file)
        database.exec(`UPDATE approvals SET ${change}`)
        database.close()
        const read = Effect.flatMap(ApprovalStore, (store) => store.list({}))
        const error = yield* Effect.flip(Effect.provide(read, NodeApprovalStore.layer({ path: file })))
        assert.strictEqual(error.reason, "Malformed")
      })
  )
})
