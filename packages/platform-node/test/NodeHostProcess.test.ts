import { assert, describe, it } from "@effect/vitest"
import { Receipts } from "airssys/component/Receipts"
import * as AuditLog from "airssys/security/AuditLog"
import { Effect, Stream } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll } from "vitest"
import * as NodeHost from "../src/NodeHost.ts"
import * as NodeReceipts from "../src/NodeReceipts.ts"
import type { Report, Settings } from "./hostProcess.ts"
import * as loadGuest from "./loadGuest.ts"

const program = fileURLToPath(new URL("./hostProcess.ts", import.meta.url))

const root = realpathSync(mkdtempSync(join(tmpdir(), "airssys-process-")))
let source = ""
beforeAll(async () => {
  source = await loadGuest.put(root)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, "exit")
  child.kill("SIGKILL")
  await exit
}

/** A program that hosts a component and has begun its calls. */
const running = (settings: Omit<Settings, "source">) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [program, JSON.stringify({ ...settings, source })], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      assert.strictEqual((await lines.next()).value, "ready")
      return { child, lines }
    }),
    ({ child }) => Effect.promise(() => ended(child))
  )

/** What the program prints after a signal, and how it ends. */
const endedBy = (signal: NodeJS.Signals, settings: Omit<Settings, "source">) =>
  Effect.gen(function*() {
    const { child, lines } = yield* running(settings)
    return yield* Effect.promise(async () => {
      const exit = once(child, "exit")
      child.kill(signal)
      const report = JSON.parse((await lines.next()).value ?? "") as Report
      const [code] = await exit
      return { report, code }
    })
  })

/** How many receipts a host has left in its folder, and how many of messages in which its component was stopped. */
const receiptsIn = (folder: string) =>
  Receipts.use(({ stream }) =>
    Effect.map(Stream.runCollect(stream()), (all) => ({
      kept: all.length,
      failed: Array.from(all).filter(({ outcome }) => outcome === "Failed").length
    }))
  ).pipe(Effect.provide(NodeReceipts.layerReader(join(folder, "receipts.sqlite"))))

const light = { calls: 200, rounds: 200_000, shutdown: "50 seconds" }
const heavy = { calls: 200, rounds: 400_000_000, shutdown: "200 millis" }

describe("a process that hosts components", { timeout: 120_000 }, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.live(`works off the calls that wait when it gets ${signal}, and ends`, () =>
      Effect.gen(function*() {
        const folder = join(root, signal)
        const { code, report } = yield* endedBy(signal, { ...light, style: "effect", folder })
        assert.deepStrictEqual(report, { answered: 200, stopped: 0, failed: 0, isBalanced: true })
        assert.strictEqual(code, 130)
        assert.deepStrictEqual(yield* receiptsIn(folder), { kept: 200, failed: 0 })
      }))
  }

  it.live("ends at its bound under load, and tells the sender of each call that it could not keep", () =>
    Effect.gen(function*() {
      const { code, report } = yield* endedBy("SIGTERM", { ...heavy, style: "effect", folder: join(root, "heavy") })
      assert.isAbove(report.stopped, 0)
      assert.deepStrictEqual([report.answered + report.stopped, report.failed, report.isBalanced], [200, 0, true])
      assert.strictEqual(code, 130)
    }))

  it.live("ends as well without Effect, when it closes its host on a signal", () =>
    Effect.gen(function*() {
      const folder = join(root, "promises")
      const { code, report } = yield* endedBy("SIGTERM", { ...light, style: "promises", folder })
      assert.strictEqual((yield* receiptsIn(folder)).kept, 200)
      assert.deepStrictEqual(report, { answered: 200, stopped: 0, failed: 0, isBalanced: true })
      assert.strictEqual(code, 0)
    }))

  it.live("keeps another host off its folder until it is killed, and not a moment longer", () =>
    Effect.gen(function*() {
      const folder = join(root, "killed")
      const { child } = yield* running({ ...heavy, style: "effect", folder })
      const open = Effect.provide(AuditLog.AuditLog.use((log) => log.verify), NodeHost.layer({ folder }))
      const error = yield* Effect.flip(open)
      assert.strictEqual(error._tag === "FolderRefused" && error.reason, "InUse")
      yield* Effect.promise(() => ended(child))
      assert.isAbove((yield* open).entries, 0)
    }))
})
