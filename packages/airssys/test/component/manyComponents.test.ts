import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Runtime } from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as scriptedHost from "./scriptedHost.ts"

const count = 300
const names = Array.from({ length: count }, (_, index) => `one-${index}`)

describe("many components that start and stop at once", () => {
  it.effect("are all let in, and all their ends are recorded, by a log that holds less", () => {
    const host = scriptedHost.make({ auditCapacity: 8 })
    const asks = "[[capability]]\nreason = \"Try.\"\nclock = true"
    const clock = Grant.make("clock", { reason: "Try." })
    const folders = names.map((name) => host.put(name, { world: scriptedHost.world(name, []), code: {} }, asks))
    const all = { concurrency: "unbounded", discard: true } as const
    return Effect.gen(function*() {
      const runtime = yield* Runtime
      const log = yield* AuditLog
      yield* Effect.forEach(folders, (folder) => runtime.startUntyped(folder, { grants: [clock] }), all)
      assert.strictEqual((yield* runtime.status).length, count)
      yield* Effect.forEach(names, (name) => runtime.stop(`acme:${name}`), all)
      yield* Effect.forEach(folders, (folder) => runtime.startUntyped(folder, { grants: [clock] }), all)
      const tags = (yield* log.entries).map(({ event }) => event._tag)
      const of = (tag: string) => tags.filter((one) => one === tag).length
      assert.deepStrictEqual(
        [of("Granted"), of("Started"), of("Stopped"), of("Dismissed")],
        [2 * count, 2 * count, count, count]
      )
    }).pipe(Effect.provide(host.layer), Effect.scoped)
  })
})
