import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Latch, Layer } from "effect"
import { Runtime } from "../../src/Runtime.ts"
import { AuditStore, layerMemory } from "../../src/security/AuditStore.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as scriptedHost from "./scriptedHost.ts"

const clock = Grant.make("clock", { reason: "Try." })
const random = Grant.make("random", { reason: "Try." })

/** A store that keeps what it is given while it is open, and what it was given each time. */
const holding = Effect.gen(function*() {
  const store = yield* Effect.provide(AuditStore, Layer.fresh(layerMemory))
  const open = yield* Latch.make(true)
  const asked = yield* Latch.make(false)
  const writes: Array<string> = []
  const layer = Layer.succeed(AuditStore, {
    ...store,
    append: (bytes) =>
      Effect.gen(function*() {
        writes.push(new TextDecoder().decode(bytes))
        yield* asked.open
        yield* open.await
        yield* store.append(bytes)
      })
  })
  return { open, asked, writes, layer }
})

const tagsOf = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/"event":\{"_tag":"(\w+)"/g)].map(([, tag]) => tag!)

describe("what is recorded of a start", () => {
  it.effect.each([2, 1, 0])(
    "is durable in one write before anything of it runs, with %s grants",
    (count) =>
      Effect.gen(function*() {
        const { asked, layer, open, writes } = yield* holding
        const host = scriptedHost.make({ auditStore: layer })
        const asks = "[[capability]]\nreason = \"Try.\"\nclock = true\nrandom = true"
        const folder = host.put("one", { world: scriptedHost.world("one", []), code: {} }, asks)
        yield* Effect.gen(function*() {
          const runtime = yield* Runtime
          const release = yield* runtime.install(folder)
          writes.length = 0
          yield* asked.close
          yield* open.close
          const starting = yield* Effect.forkChild(
            runtime.startUntyped(release, { grants: [clock, random].slice(0, count) }),
            { startImmediately: true }
          )
          yield* asked.await
          yield* Effect.yieldNow
          assert.strictEqual(host.instances.length, 0)
          yield* open.open
          yield* Fiber.join(starting)
          assert.strictEqual(host.instances.length, 1)
          assert.deepStrictEqual(writes.map(tagsOf), [["TrustDecided", "Granted", "Granted"].slice(0, count + 1)])
        }).pipe(Effect.provide(host.layer), Effect.scoped)
      })
  )
})
