import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import * as AuditLog from "airssys/security/AuditLog"
import { Effect, Layer } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { layerOf } from "../scripts/auditGroups.ts"
import { kill } from "../scripts/auditLives.ts"

const victim = fileURLToPath(new URL("../scripts/auditVictim.ts", import.meta.url))

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "airssys-crash-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const running = (kind: string, path: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, [victim, kind, path, "0"], { stdio: ["ignore", "pipe", "inherit"] })
      await once(child.stdout, "data")
      return child
    }),
    (child) => Effect.promise(() => ended(child))
  )

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, "exit")
  child.kill("SIGKILL")
  await exit
}

describe("a process that writes an audit log", () => {
  for (const [kind, kills] of [["file", 13], ["sqlite", 12]] as const) {
    it.live(
      `is killed ${kills} times: what it acknowledged is in the ${kind}, nothing half is, and it verifies`,
      () =>
        Effect.gen(function*() {
          const report = yield* Effect.promise(() => kill(kind, kills, kills))
          assert.deepStrictEqual(report.problems, [])
          assert.strictEqual(report.kills, kills)
          assert.isAbove(report.acknowledged, 0)
        }),
      { timeout: 180_000 }
    )

    it.live(`keeps another one out of its ${kind} until it is killed`, () =>
      Effect.scoped(Effect.gen(function*() {
        const path = join(yield* folder, "audit")
        const open = Effect.provide(
          AuditLog.AuditLog.use((audit) => audit.verify),
          AuditLog.layer().pipe(Layer.provide([layerOf(kind, path), NodeCrypto.layerDigest])),
          { local: true }
        )
        const child = yield* running(kind, path)
        const error = yield* Effect.flip(open)
        assert.include(error.message, "is open in another process")
        yield* Effect.promise(() => ended(child))
        yield* open
      })), { timeout: 60_000 })
  }
})
