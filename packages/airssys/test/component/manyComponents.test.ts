import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Latch, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Runtime } from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { AuditStore, layerMemory } from "../../src/security/AuditStore.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import { visits } from "../visits.ts"
import * as scriptedHost from "./scriptedHost.ts"

const count = 300
const names = Array.from({ length: count }, (_, index) => `one-${index}`)

const component = (name: string) => Principal.make({ kind: "Component", id: `acme:${name}` })

/** What is written is there when the disk is open. */
const storeBehind = (disk: Latch.Latch) =>
  Layer.effect(
    AuditStore,
    Effect.map(AuditStore, (store) => ({
      ...store,
      append: (bytes) => Effect.andThen(disk.await, store.append(bytes))
    }))
  ).pipe(Layer.provide(Layer.fresh(layerMemory)))

describe("many components that start and stop at once", () => {
  it.effect("are built in different turns of the thread, at their start and after a crash", () => {
    const host = scriptedHost.make()
    const trapping: scriptedHost.Guest = {
      world: scriptedHost.world("one", [scriptedHost.func("dig")]),
      code: { "one.dig": ({ trap }) => trap("Unreachable") }
    }
    const folders = names.slice(0, 20).map((name) => host.put(name, trapping))
    const all = { concurrency: "unbounded", discard: true } as const
    return Effect.gen(function*() {
      const runtime = yield* Runtime
      let most = 0
      const watched = Effect.gen(function*() {
        for (let before = host.instances.length;; before = host.instances.length) {
          yield* Effect.yieldNow
          most = Math.max(most, host.instances.length - before)
        }
      })
      const watching = yield* Effect.forkChild(watched, { startImmediately: true })
      yield* Effect.forEach(folders, (folder) => runtime.startUntyped(folder, {}), all)
      assert.strictEqual(host.instances.length, 20)
      yield* Effect.forEach(
        names.slice(0, 20),
        (name) => Effect.ignore(runtime.call(`acme:${name}`, "one.dig", [])),
        all
      )
      yield* TestClock.adjust("100 millis")
      while (host.instances.length < 40) yield* Effect.yieldNow
      yield* Fiber.interrupt(watching)
      assert.isAtMost(most, 2)
    }).pipe(Effect.provide(host.layer), Effect.scoped)
  })

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
      const counts = Effect.map(
        log.entries,
        (entries) =>
          ["Granted", "Started", "Stopped", "Dismissed"].map((tag) =>
            entries.filter(({ event }) => event._tag === tag).length
          )
      )
      const expected = [2 * count, 2 * count, count, count]
      // The last ones wait for others to be written.
      for (let look = 0; look < 100 && `${yield* counts}` !== `${expected}`; look++) yield* Effect.yieldNow
      assert.deepStrictEqual(yield* counts, expected)
      const edges = new Map<string, Array<string>>()
      for (const { event } of yield* log.entries) {
        if (event._tag !== "Started" && event._tag !== "Stopped") continue
        edges.set(event.principal.id, [...edges.get(event.principal.id) ?? [], event._tag])
      }
      for (const [id, tags] of edges) assert.deepStrictEqual(tags, ["Started", "Stopped", "Started"], id)
    }).pipe(Effect.provide(host.layer), Effect.scoped)
  })

  it.effect("look at no more of the others where there are more", () => {
    const asks = "[[capability]]\nreason = \"Try.\"\nclock = true"
    const grants = [Grant.make("clock", { reason: "Try." })]
    const each = (count: number) => {
      const host = scriptedHost.make({ auditCapacity: 8 })
      const some = names.slice(0, count)
      const folders = some.map((name) => host.put(name, { world: scriptedHost.world(name, []), code: {} }, asks))
      const all = { concurrency: "unbounded", discard: true } as const
      return Effect.gen(function*() {
        const runtime = yield* Runtime
        const same = Array.from(folders, () => folders[0]!)
        const installed = yield* visits(Effect.forEach(same, runtime.install, all))
        const started = yield* visits(
          Effect.forEach(folders, (folder) => runtime.startUntyped(folder, { grants }), all)
        )
        return { installed: installed / count, started: started / count }
      }).pipe(Effect.provide(host.layer), Effect.scoped)
    }
    return Effect.gen(function*() {
      const few = yield* each(count / 10)
      const many = yield* each(count)
      assert.isAtMost(many.installed, 2 * few.installed + 1)
      assert.isAtMost(many.started, 2 * few.started + 1)
    })
  })

  it.effect("have no authority from their ends on, however many wait for a log that hangs", () => {
    const disk = Latch.makeUnsafe(true)
    const host = scriptedHost.make({ auditStore: storeBehind(disk) })
    const asks = "[[capability]]\nreason = \"Try.\"\nclock = true"
    const clock = Grant.make("clock", { reason: "Try." })
    const some = names.slice(0, 40)
    const folders = some.map((name) => host.put(name, { world: scriptedHost.world(name, []), code: {} }, asks))
    return Effect.gen(function*() {
      const runtime = yield* Runtime
      const enforcer = yield* CapabilityEnforcer
      const able = () => some.filter((name) => enforcer.check(component(name), "clock")._tag === "Allowed").length
      yield* Effect.forEach(folders, (folder) => runtime.startUntyped(folder, { grants: [clock] }), { discard: true })
      assert.strictEqual(able(), some.length)
      yield* disk.close
      const ends = Effect.forEach(some, (name) => runtime.stop(`acme:${name}`), { concurrency: "unbounded" })
      yield* Effect.forkChild(ends, { startImmediately: true })
      yield* Effect.replicateEffect(Effect.yieldNow, 100, { discard: true })
      assert.strictEqual(able(), 0)
    }).pipe(Effect.ensuring(disk.open), Effect.provide(host.layer), Effect.scoped)
  })
})
