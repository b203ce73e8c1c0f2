/**
 * What it costs to write down a use or a change of authority so that it is on
 * the disk, and to write the same texts with nothing else.
 */
import * as NodeAuditStore from "@airssys/platform-node/NodeAuditStore"
import * as NodeDigest from "@airssys/platform-node/NodeDigest"
import { Ask, AuditLog, CapabilityEnforcer, Grant, Principal } from "airssys/security"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Work } from "../../harness/Suite.ts"
import { expect } from "./Work.ts"

/** Uses that are made durable together. */
const batch = 1024

export type Store = "file" | "sqlite"

const principal = Principal.make({ kind: "Component", id: "acme:orders", label: "acme:orders 1.0.0" })
const place = { file: "Component.toml", line: 1 }
const reason = "Measured."

const folder = () => fs.mkdtemp(join(tmpdir(), "airssys-bench-"))

const build = async (store: Store) => {
  const path = await folder()
  const scope = Scope.makeUnsafe()
  const audit = AuditLog.layer({ quota: { bytesPerSecond: 2 ** 40, burst: 2 ** 40 } }).pipe(
    Layer.provide(
      store === "file" ? NodeAuditStore.layerFile(join(path, "a")) : NodeAuditStore.layerSqlite(join(path, "a"))
    ),
    Layer.provide(NodeDigest.layer)
  )
  const context = await Effect.runPromise(
    Layer.buildWithScope(Layer.provideMerge(CapabilityEnforcer.layer, audit), scope)
  )
  const run = Effect.runPromiseWith(context)
  const enforcer = await run(CapabilityEnforcer.CapabilityEnforcer)
  await run(enforcer.admit(principal, {
    asks: [Ask.make({ kind: "storage.read", patterns: ["**"], reason, place })],
    grants: [Grant.make("storage.read", ["tenant-7/orders/**"], { reason })]
  }))
  const log = await run(AuditLog.AuditLog)
  const close = async () => {
    await run(Scope.close(scope, Exit.void))
    await fs.rm(path, { recursive: true, force: true })
  }
  return { enforcer, log, run, close }
}

/** Decisions about a thousand resources in turn: of those that are made durable together each is an entry of its own. */
export const use = async (store: Store): Promise<Work> => {
  const { close, enforcer, log, run } = await build(store)
  let serial = 0
  let before = (await run(log.head)).size
  return {
    run: async (count) => {
      for (let done = 0; done < count; done += batch) {
        for (let index = 0; index < batch; index++) {
          enforcer.decideUnsafe(principal, "storage.read", `tenant-7/orders/2027/${serial++ % batch}`)
        }
        await run(log.flush)
      }
    },
    check: async (count) => {
      const { size } = await run(log.head)
      expect(size - before, count)
      before = size
    },
    close
  }
}

export const change = async (store: Store): Promise<Work> => {
  const { close, enforcer, log, run } = await build(store)
  const grant = enforcer.grant(principal, Grant.make("storage.read", ["tenant-8/orders/**"], { reason }))
  let before = (await run(log.head)).size
  return {
    run: async (count) => {
      for (let done = 0; done < count; done++) {
        await run(grant)
      }
    },
    check: async (count) => {
      const { size } = await run(log.head)
      expect(size - before, count)
      before = size
      await run(enforcer.dismiss(principal))
      await run(enforcer.admit(principal, {
        asks: [Ask.make({ kind: "storage.read", patterns: ["**"], reason, place })],
        grants: []
      }))
      before = (await run(log.head)).size
    },
    close
  }
}

/** Lines of JSON as long as ours, appended to a file and synced so many at a time: no hash, no tree, no decision. */
export const bare = async (together: number): Promise<Work> => {
  const path = await folder()
  const file = await fs.open(join(path, "a"), "a")
  let serial = 0
  let checked = 0
  let length = 0
  return {
    run: async (count) => {
      for (let done = 0; done < count; done += together) {
        let lines = ""
        for (let index = 0; index < together; index++) {
          lines += `${
            JSON.stringify({
              sequence: serial,
              time: Date.now(),
              principal: principal.id,
              resource: `tenant-7/orders/2027/${serial++}`,
              rule: { grant: 1, pattern: "tenant-7/orders/**" },
              rest: "x".repeat(160)
            })
          }\n`
        }
        const { bytesWritten } = await file.write(lines)
        await file.datasync()
        length += bytesWritten
      }
    },
    check: async (count) => {
      expect((await file.stat()).size, length)
      const done = serial - checked
      checked = serial
      expect(done, count)
    },
    close: async () => {
      await file.close()
      await fs.rm(path, { recursive: true, force: true })
    }
  }
}
