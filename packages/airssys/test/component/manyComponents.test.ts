import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Latch, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Contract from "../../src/component/Contract.ts"
import { lifecycle } from "../../src/component/internal/coreExports.ts"
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

const storeAfter = (disk: Effect.Effect<void>) =>
  Layer.effect(
    AuditStore,
    Effect.map(AuditStore, (store) => ({
      ...store,
      append: (bytes) => Effect.andThen(disk, store.append(bytes))
    }))
  ).pipe(Layer.provide(Layer.fresh(layerMemory)))

/** What is written is there when the disk is open. */
const storeBehind = (disk: Latch.Latch) => storeAfter(disk.await)

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

  it.effect("each start within their own time, however long all take", () => {
    let isSlow = true
    let isAsleep = false
    const slow = Effect.suspend(() => {
      isAsleep = isSlow
      return isSlow ? Effect.sleep("2 seconds") : Effect.void
    })
    const host = scriptedHost.make({ auditStore: storeAfter(slow) })
    const folder = host.put("one", { world: scriptedHost.world("one", []), code: {} })
    const inTime = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
      const fiber = yield* Effect.forkChild(effect)
      while (fiber.pollUnsafe() === undefined) {
        if (isAsleep) {
          isAsleep = false
          yield* TestClock.adjust("2 seconds")
        } else yield* Effect.promise(() => new Promise((go) => setImmediate(go)))
      }
      return yield* Fiber.join(fiber)
    })
    return Effect.gen(function*() {
      const runtime = yield* Runtime
      const release = yield* inTime(runtime.install(folder))
      const began = yield* Clock.currentTimeMillis
      const exits = yield* inTime(Effect.forEach(
        names,
        (name) => Effect.exit(runtime.startUntyped({ ...release, id: `acme:${name}` })),
        { concurrency: "unbounded" }
      ))
      assert.isAbove((yield* Clock.currentTimeMillis) - began, 30_000)
      assert.deepStrictEqual(exits.filter(Exit.isFailure), [])
    }).pipe(Effect.ensuring(Effect.sync(() => (isSlow = false))), Effect.provide(host.layer), Effect.scoped)
  })

  it.effect("wait for others until they can be built, and keep no restart waiting", () => {
    const disk = Latch.makeUnsafe(true)
    const host = scriptedHost.make({ auditStore: storeBehind(disk) })
    const folder = host.put("one", {
      world: scriptedHost.world("one", [scriptedHost.func("dig")]),
      code: { "one.dig": ({ trap }) => trap("Unreachable") }
    })
    return Effect.gen(function*() {
      const runtime = yield* Runtime
      const log = yield* AuditLog
      const release = yield* runtime.install(folder)
      const start = (name: string) => runtime.startUntyped({ ...release, id: `acme:${name}` })
      yield* start("first")
      yield* disk.close
      const begun = Effect.map(runtime.status, (all) => all.length - 2)
      const starting = yield* Effect.forEach(names, (name) => Effect.forkChild(start(name), { startImmediately: true }))
      while ((yield* begun) < 64) yield* Effect.yieldNow
      yield* Effect.ignore(runtime.call("acme:first", "one.dig", []))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(starting.at(-1)!)
      assert.strictEqual(yield* begun, 64)
      yield* disk.open
      for (const fiber of starting.slice(0, -1)) yield* Fiber.join(fiber)
      assert.strictEqual(yield* begun, names.length - 1)
      const tags = (yield* log.entries).map(({ event }) => event._tag)
      assert.isAbove(tags.lastIndexOf("Started"), tags.indexOf("Restarted"))
      assert.isAbove(tags.indexOf("Restarted"), 0)
    }).pipe(Effect.ensuring(disk.open), Effect.provide(host.layer), Effect.scoped)
  })

  it.effect("hold up no start while their guests begin, which may wait for one", () => {
    const host = scriptedHost.make()
    const gate = Latch.makeUnsafe(false)
    const waiting = host.put("one", {
      world: scriptedHost.world("one", [], { exports: Contract.world(lifecycle).exports }),
      code: { "lifecycle.init": () => Effect.as(gate.await, { tag: "ok" }) }
    })
    const other = host.put("other", { world: scriptedHost.world("other", []), code: {} })
    return Effect.gen(function*() {
      const runtime = yield* Runtime
      const release = yield* runtime.install(waiting)
      const starting = yield* Effect.forkChild(Effect.forEach(
        names.slice(0, 100),
        (name) => runtime.startUntyped({ ...release, id: `acme:${name}` }),
        { concurrency: "unbounded" }
      ))
      while (host.instances.length < 100) yield* Effect.yieldNow
      assert.strictEqual((yield* runtime.startUntyped(other)).ref.status(), "Running")
      yield* gate.open
      yield* Fiber.join(starting)
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
