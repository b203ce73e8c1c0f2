import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { beforeAll } from "vitest"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import { Tenant } from "../../src/component/Delivery.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import { Storage } from "../../src/component/Storage.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import * as Quota from "../../src/security/Quota.ts"
import { Quotas } from "../../src/security/Quotas.ts"
import { manifest } from "./support/actorGuest.ts"
import { countingGuest, storingGuest } from "./support/storageGuests.ts"

const artifacts = new Map<string, Uint8Array<ArrayBuffer>>()

beforeAll(async () => {
  artifacts.set("/store", await storingGuest())
  artifacts.set("/count", await countingGuest())
})

const probe = "acme:probe"
const principal = Principal.make({ kind: "Component", id: probe })
const asks = "[[capability]]\nreason = \"Try.\"\nstorage.read = [\"**\"]\nstorage.write = [\"**\"]"

const keys = (...patterns: ReadonlyArray<string>) => [
  Grant.make("storage.read", patterns, { reason: "Try." }),
  Grant.make("storage.write", patterns, { reason: "Try." })
]

type Call = (name: string, ...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, ComponentError>

const running = <A, E>(
  folder: string,
  grants: ReadonlyArray<Grant.Grant>,
  test: (call: Call) => Effect.Effect<A, E, Runtime.Services | Storage | Quotas>
) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    yield* runtime.startUntyped(folder, { tier: "inline", grants })
    return yield* test((name, ...args) => Effect.map(runtime.call(probe, `probe.${name}`, args), ({ value }) => value))
  }).pipe(
    Effect.provide(
      Runtime.layer.pipe(Layer.provide([
        layerEngine,
        ReleaseSource.layerMemory({ [folder]: { manifest: manifest(asks), artifact: artifacts.get(folder)! } })
      ]))
    )
  )

const ok = (val: unknown) => ({ tag: "ok", val })
const err = (tag: string, val?: string) => ({ tag: "err", val: val === undefined ? { tag } : { tag, val } })
const bytes = (text: string) => new TextEncoder().encode(text)
const denied = err("access-denied")

const invalid = (answer: unknown): string => {
  const { tag, val } = answer as { readonly tag: string; readonly val: { readonly tag: string; readonly val: string } }
  assert.deepStrictEqual([tag, val.tag], ["err", "invalid-argument"], JSON.stringify(answer))
  return val.val
}

describe("airssys:core/storage", () => {
  it.effect("keeps values for a guest, and for host programs that act as it", () =>
    running("/store", keys("a/**"), (call) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("get", "a/b"), ok(undefined))
        assert.deepStrictEqual(yield* call("set", "a/b", bytes("1")), ok(1n))
        assert.deepStrictEqual(yield* call("get", "a/b"), ok({ value: bytes("1"), revision: 1n }))
        assert.deepStrictEqual(yield* call("exists", "a/b"), ok(true))
        const storage = yield* Storage
        const entry = Option.getOrThrow(yield* storage.get(principal, "a/b"))
        assert.deepStrictEqual(entry.value, bytes("1"))
        yield* storage.set(principal, "a/c", bytes("2"))
        assert.deepStrictEqual(yield* call("get", "a/c"), ok({ value: bytes("2"), revision: 2n }))
        assert.deepStrictEqual(
          yield* call("usage", "a"),
          ok({ keys: 2n, bytes: 136n, limit: BigInt(Quota.defaults.storage) })
        )
        assert.deepStrictEqual(yield* call("delete", "a/b"), ok(true))
        assert.deepStrictEqual(yield* call("delete", "a/b"), ok(false))
      })))

  it.effect("changes a key only as it was expected, and several together or none", () =>
    running("/store", keys("a/**"), (call) =>
      Effect.gen(function*() {
        const conflict = (key: string) => ok({ tag: "conflict", val: key })
        const committed = (revision: bigint) => ok({ tag: "committed", val: revision })
        assert.deepStrictEqual(yield* call("compare-and-set", "a", 1n, bytes("1")), conflict("a"))
        assert.deepStrictEqual(yield* call("compare-and-set", "a", undefined, bytes("1")), committed(1n))
        for (const revision of [undefined, 0n, 2n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 64n - 1n]) {
          assert.deepStrictEqual(yield* call("compare-and-set", "a", revision, bytes("2")), conflict("a"))
        }
        assert.deepStrictEqual(yield* call("compare-and-set", "a", 1n, undefined), committed(2n))
        const changes = [{ key: "a/x", value: bytes("x") }, { key: "a/y", value: bytes("y") }]
        const commit = (revision: bigint | undefined) => call("commit", [{ key: "a/y", revision }], changes)
        assert.deepStrictEqual(yield* commit(1n), conflict("a/y"))
        assert.deepStrictEqual(yield* call("exists", "a/x"), ok(false))
        assert.deepStrictEqual(yield* commit(undefined), committed(3n))
        assert.deepStrictEqual(yield* call("get", "a/y"), ok({ value: bytes("y"), revision: 3n }))
      })))

  it.effect("denies by value each key that is not granted, also among others, and audits it", () =>
    running("/store", keys("a/*"), (call) =>
      Effect.gen(function*() {
        const change = (key: string) => ({ key, value: bytes("x") })
        for (
          const [name, ...args] of [
            ["get", "b"],
            ["exists", "b"],
            ["usage", "b"],
            ["list-keys", "a", undefined, 10],
            ["set", "b", bytes("x")],
            ["delete", "b"],
            ["compare-and-set", "b", undefined, bytes("x")],
            ["commit", [], [change("b")]],
            ["commit", [], [change("a/x"), change("b")]],
            ["commit", [{ key: "b", revision: undefined }], [change("a/x")]]
          ] as const
        ) assert.deepStrictEqual(yield* call(name, ...args), denied, name)
        assert.deepStrictEqual(yield* call("exists", "a/x"), ok(false))
        const entries = yield* AuditLog.use((log) => log.entries)
        const denials = entries.flatMap(({ event }) =>
          event._tag === "CapabilityDenied" ? [`${event.kind} ${event.resource}`] : []
        )
        assert.deepStrictEqual([...new Set(denials)], ["storage.read b", "storage.read a", "storage.write b"])
      })))

  it.effect("lists from the root, and tells what is used in all, to who may read all", () =>
    running("/store", keys("**"), (call) =>
      Effect.gen(function*() {
        for (const key of ["b", "a", "a/b", "z/y/x"]) yield* call("set", key, bytes("1"))
        assert.deepStrictEqual(
          yield* call("list-keys", "", undefined, 10),
          ok({ keys: ["a", "a/b", "b", "z/y/x"], cursor: undefined })
        )
        const first = yield* call("list-keys", "", undefined, 3)
        const { cursor } = (first as { readonly val: { readonly cursor: string } }).val
        assert.deepStrictEqual(yield* call("list-keys", "", cursor, 3), ok({ keys: ["z/y/x"], cursor: undefined }))
        assert.deepStrictEqual(
          yield* call("usage", ""),
          ok({ keys: 4n, bytes: 270n, limit: BigInt(Quota.defaults.storage) })
        )
        assert.include(invalid(yield* call("get", "")), "not empty")
      })))

  it.effect("lists nothing from the root, and tells no usage, to who may read parts", () =>
    running("/store", keys("a/**", "*", "*/**/x"), (call) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("list-keys", "", undefined, 10), denied)
        assert.deepStrictEqual(yield* call("usage", ""), denied)
      })))

  it.effect("takes no argument for what it is not, before it decides anything", () =>
    running("/store", keys("a/**"), (call) =>
      Effect.gen(function*() {
        for (
          const key of ["", "/", "a//b", "a/../b", "a\0", "../b", "a/*", "k".repeat(513), "\u202e", "a".repeat(60_000)]
        ) {
          invalid(yield* call("get", key))
          invalid(yield* call("exists", key))
          if (key !== "") invalid(yield* call("usage", key))
          if (key !== "") invalid(yield* call("list-keys", key, undefined, 1))
          invalid(yield* call("set", key, bytes("x")))
          invalid(yield* call("delete", key))
          invalid(yield* call("compare-and-set", key, undefined, undefined))
          invalid(yield* call("commit", [{ key, revision: undefined }], [{ key: "a", value: undefined }]))
          invalid(yield* call("commit", [], [{ key, value: undefined }]))
        }
        invalid(yield* call("commit", [], []))
        invalid(yield* call("commit", [], [{ key: "a", value: undefined }, { key: "a", value: undefined }]))
        const many = Array.from({ length: 257 }, (_, index) => ({ key: `a/${index}`, value: undefined }))
        assert.include(invalid(yield* call("commit", [], many)), "256")
        invalid(yield* call("list-keys", "a", "*", 1))
        invalid(yield* call("list-keys", "a", "A".repeat(5_000), 1))
        const entries = yield* AuditLog.use((log) => log.entries)
        assert.isFalse(entries.some(({ event }) => event._tag === "CapabilityDenied"))
        for (const key of ["a/__proto__", "a/constructor", "a/toString"]) {
          assert.deepStrictEqual(yield* call("get", key), ok(undefined))
        }
      })))

  it.effect("gives no more than fits", () =>
    running("/store", keys("a/**"), (call) =>
      Effect.gen(function*() {
        yield* Quotas.use((quotas) =>
          quotas.setLimits({ kind: "Component", id: probe }, { ...Quota.unlimited, storage: 200 }, "small")
        )
        assert.deepStrictEqual(yield* call("set", "a/b", new Uint8Array(134)), err("exhausted"))
        assert.deepStrictEqual(yield* call("set", "a/b", new Uint8Array(133)), ok(1n))
        assert.deepStrictEqual(yield* call("set", "a/c", new Uint8Array(0)), err("exhausted"))
        assert.deepStrictEqual(yield* call("delete", "a/b"), ok(true))
        assert.deepStrictEqual(yield* call("set", "a/c", new Uint8Array(0)), ok(3n))
      })))

  it.effect("charges the tenant of the message", () =>
    running("/store", keys("a/**"), (call) =>
      Effect.gen(function*() {
        const used = Quotas.use((quotas) => quotas.usage({ kind: "Tenant", id: "globex" })).pipe(
          Effect.map((all) => all.find(({ quota }) => quota === "storage")?.used)
        )
        yield* Effect.provideService(call("set", "a/b", new Uint8Array(33)), Tenant, "globex")
        assert.strictEqual(yield* used, 100)
        yield* call("delete", "a/b")
        assert.strictEqual(yield* used, 0)
      })))

  it.effect("lists in pages of any size that is asked for, and no more than it gives", () =>
    running("/store", keys("a/**"), (call) =>
      Effect.gen(function*() {
        const storage = yield* Storage
        for (let at = 0; at < 1_200; at += 200) {
          yield* storage.commit(principal, {
            checks: [],
            writes: Array.from({ length: 200 }, (_, index) => ({ key: `a/${10_000 + at + index}`, value: bytes("") }))
          })
        }
        const page = (limit: number, cursor?: string) =>
          Effect.map(
            call("list-keys", "a", cursor, limit),
            (answer) =>
              (answer as { readonly val: { readonly keys: ReadonlyArray<string>; readonly cursor?: string } }).val
          )
        const sizes = yield* Effect.forEach([0, 1, 999, 2 ** 31, 2 ** 32 - 1], (limit) =>
          Effect.map(page(limit), ({ keys }) => keys.length))
        assert.deepStrictEqual(sizes, [1, 1, 999, 1_000, 1_000])
        const first = yield* page(1_000)
        const second = yield* page(1_000, first.cursor)
        assert.strictEqual(new Set([...first.keys, ...second.keys]).size, 1_200)
        assert.isUndefined(second.cursor)
      })))

  it.effect("ends in the middle of a list when the grant is revoked", () =>
    running("/store", keys("a/**"), (call) =>
      Effect.gen(function*() {
        for (const key of ["a/1", "a/2", "a/3"]) yield* call("set", key, bytes(""))
        const answer = yield* call("list-keys", "a", undefined, 2)
        const { val } = answer as { readonly val: { readonly keys: ReadonlyArray<string>; readonly cursor: string } }
        assert.deepStrictEqual(val.keys, ["a/1", "a/2"])
        yield* CapabilityEnforcer.use((enforcer) =>
          enforcer.revoke(principal, { kind: "storage.read", reason: "Enough." })
        )
        assert.deepStrictEqual(yield* call("list-keys", "a", val.cursor, 2), denied)
        assert.deepStrictEqual(yield* call("get", "a/1"), denied)
        assert.deepStrictEqual(yield* call("set", "a/4", bytes("")), ok(4n))
      })))

  it.effect("lets a guest count, over its restarts", () =>
    running("/count", keys("counters/visits"), (call) =>
      Effect.gen(function*() {
        for (let count = 1n; count <= 3n; count++) assert.deepStrictEqual(yield* call("increase"), ok(count))
        const runtime = yield* Runtime.Runtime
        yield* runtime.stop(probe)
        yield* runtime.startUntyped("/count", { tier: "inline", grants: keys("counters/visits") })
        assert.deepStrictEqual(yield* call("increase"), ok(4n))
        yield* CapabilityEnforcer.use((enforcer) => enforcer.revoke(principal, { reason: "Enough." }))
        assert.deepStrictEqual(yield* call("increase"), denied)
      })))
})
