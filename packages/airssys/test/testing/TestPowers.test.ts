import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Ask from "../../src/security/Ask.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import { FileRead } from "../../src/security/FileRead.ts"
import { FileWrite } from "../../src/security/FileWrite.ts"
import * as Grant from "../../src/security/Grant.ts"
import { HttpAccess, type Request } from "../../src/security/HttpAccess.ts"
import { NetworkResolve } from "../../src/security/NetworkResolve.ts"
import * as Principal from "../../src/security/Principal.ts"
import { ProcessSpawn } from "../../src/security/ProcessSpawn.ts"
import { Random } from "../../src/security/Random.ts"
import { StorageRead } from "../../src/security/StorageRead.ts"
import { StorageWrite } from "../../src/security/StorageWrite.ts"
import * as TestComponents from "../../src/testing/TestComponents.ts"
import * as TestPowers from "../../src/testing/TestPowers.ts"

const rates = Principal.make({ kind: "Component", id: "acme:rates" })
const reason = "A test."
const granted = {
  "filesystem.read": ["inbox:/**"],
  "filesystem.write": ["inbox:/out/*", "inbox:/out"],
  "network.outbound": ["https://api.example.com"],
  "network.resolve": ["api.example.com"],
  "process.spawn": ["git status"],
  "storage.read": ["rates/**"],
  "storage.write": ["rates/**"]
} as const

/** A principal that holds what is listed above, and fakes behind it. */
const making = Effect.fnUntraced(function*(options: TestPowers.Options = {}) {
  const powers = yield* TestPowers.make(options)
  const services = yield* Layer.build(TestComponents.layer({}, { powers: powers.sources }))
  const [enforcer, audit] = yield* Effect.provide(Effect.all([CapabilityEnforcer, AuditLog]), services)
  const kinds = Object.entries(granted) as ReadonlyArray<[keyof typeof granted, ReadonlyArray<string>]>
  const place = { file: "Component.toml", line: 1 }
  yield* enforcer.admit(rates, {
    asks: [
      ...kinds.map(([kind, patterns]) => Ask.make({ kind, patterns, reason, place })),
      Ask.make({ kind: "random", patterns: [], reason, place })
    ],
    grants: [
      ...kinds.map(([kind, patterns]) => Grant.make(kind, patterns, { reason })),
      Grant.make("random", { reason })
    ]
  })
  return { ...powers, audit, enforcer, as: Effect.provideService(Principal.CurrentPrincipal, rates) }
})

const text = (bytes: Uint8Array | undefined) => bytes === undefined ? undefined : new TextDecoder().decode(bytes)
const bytes = (text: string) => new TextEncoder().encode(text)
const reasonOf = (error: { readonly _tag: string; readonly reason?: unknown }) =>
  `${error._tag} ${String(error.reason)}`

const files = { "inbox:/rates.csv": "USD,1.08", "inbox:/old/rates.csv": "USD,1.07", "inbox:/out/empty": "" }

describe("TestPowers", () => {
  it.effect("gives a fake to nobody who was not granted it", () =>
    Effect.gen(function*() {
      const { as, asked, audit, enforcer } = yield* making({
        files: { "secrets:/key": "sk_live" },
        routes: { "GET https://evil.example.com/": { body: "leaked" } }
      })
      const file = yield* Effect.flip(as(
        enforcer.require(FileRead.on("secrets:/key"))(
          FileRead.use((power) => power.read())
        )
      ))
      assert.strictEqual(file._tag, "CapabilityError")
      const http = yield* Effect.flip(as(Effect.scoped(
        enforcer.require(HttpAccess.on("https://evil.example.com"))(HttpAccess.use((power) => power.request()))
      )))
      assert.strictEqual(http._tag, "CapabilityError")
      assert.deepStrictEqual(yield* asked, [])
      const denied = (yield* audit.entries).flatMap(({ event }) =>
        event._tag === "CapabilityDenied" ? [event.resource] : []
      )
      assert.deepStrictEqual(denied, ["secrets:/key", "https://evil.example.com"])
    }))

  it.effect("stops in the middle of a use when the grant goes", () =>
    Effect.gen(function*() {
      const { always, as, enforcer } = yield* making({ files })
      yield* always("filesystem.read", { after: "1 hour" })
      const reading = yield* Effect.forkChild(
        Effect.flip(as(enforcer.require(FileRead.on("inbox:/rates.csv"))(FileRead.use((power) => power.read())))),
        { startImmediately: true }
      )
      yield* enforcer.revoke(rates, { kind: "filesystem.read", reason })
      const error = yield* Fiber.join(reading)
      assert.strictEqual(error._tag === "CapabilityError" ? error.reason._tag : error._tag, "Revoked")
    }))

  it.effect("fails and delays the uses that the test names, one after the other", () =>
    Effect.gen(function*() {
      const { as, enforcer, next } = yield* making({ files })
      const read = as(enforcer.require(FileRead.on("inbox:/rates.csv"))(FileRead.use((power) => power.read())))
      yield* next("filesystem.read", { fail: "Busy" }, { after: "3 seconds" }, { after: "1 second", fail: "NotFound" })
      assert.strictEqual(reasonOf(yield* Effect.flip(read)), "FileError Busy")
      const slow = yield* Effect.forkChild(read, { startImmediately: true })
      yield* TestClock.adjust("2999 millis")
      assert.isUndefined(slow.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(text(yield* Fiber.join(slow)), "USD,1.08")
      const failing = yield* Effect.forkChild(Effect.flip(read), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(reasonOf(yield* Fiber.join(failing)), "FileError NotFound")
      assert.strictEqual(text(yield* read), "USD,1.08")
    }))

  it.effect("writes down each use, with who asked for what", () =>
    Effect.gen(function*() {
      const { as, asked, enforcer } = yield* making({ files, addresses: { "api.example.com": ["192.0.2.7"] } })
      yield* as(enforcer.require(FileRead.on("inbox:/rates.csv"))(FileRead.use((power) => power.stat)))
      yield* as(enforcer.require(NetworkResolve.on("api.example.com"))(NetworkResolve.use((power) => power.addresses)))
      assert.deepStrictEqual(yield* asked, [
        { kind: "filesystem.read", principal: "acme:rates", resource: "inbox:/rates.csv", operation: "stat" },
        { kind: "network.resolve", principal: "acme:rates", resource: "api.example.com", operation: "addresses" }
      ])
    }))

  it.effect("reads files and folders in memory", () =>
    Effect.gen(function*() {
      const { as, enforcer } = yield* making({ files })
      const on = <A, E>(resource: string, use: (power: FileRead["Service"]) => Effect.Effect<A, E, Scope.Scope>) =>
        as(Effect.scoped(enforcer.require(FileRead.on(resource))(FileRead.use(use))))
      const entries = yield* on("inbox:/", (power) => Stream.runCollect(power.list))
      assert.deepStrictEqual(entries.toSorted((a, b) => a.name.localeCompare(b.name)), [
        { name: "old", kind: "Folder" },
        { name: "out", kind: "Folder" },
        { name: "rates.csv", kind: "File" }
      ])
      assert.deepStrictEqual(yield* on("inbox:/old", (power) => power.stat), { kind: "Folder", size: 0, modified: 0 })
      const pieces = yield* on("inbox:/rates.csv", (power) =>
        Stream.runCollect(power.stream({ position: 1, pieceBytes: 3 })))
      assert.deepStrictEqual(pieces.map(text), ["SD,", "1.0", "8"])
      const part = yield* on("inbox:/rates.csv", (power) =>
        Effect.flatMap(power.open, (reader) => reader.readAt(4, 100)))
      assert.strictEqual(text(part), "1.08")
      for (
        const [resource, expected] of [
          ["inbox:/none", "NotFound"],
          ["inbox:/old", "NotAFile"],
          ["inbox:/rates.csv/below", "NotAFolder"]
        ] as const
      ) {
        assert.strictEqual(reasonOf(yield* Effect.flip(on(resource, (power) => power.read()))), `FileError ${expected}`)
      }
      const large = yield* Effect.flip(on("inbox:/rates.csv", (power) => power.read({ maxBytes: 7 })))
      assert.strictEqual(reasonOf(large), "FileError TooLarge")
    }))

  it.effect("closes a file with its scope", () =>
    Effect.gen(function*() {
      const { as, enforcer } = yield* making({ files })
      const scope = yield* Scope.make()
      const reader = yield* as(
        enforcer.require(FileRead.on("inbox:/rates.csv"))(FileRead.use((power) => power.open))
      ).pipe(Scope.provide(scope))
      assert.strictEqual(yield* reader.size, 8)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(reasonOf(yield* Effect.flip(reader.size)), "FileError Closed")
    }))

  it.effect("writes, moves and removes files in memory", () =>
    Effect.gen(function*() {
      const { as, enforcer, file } = yield* making({ files })
      const on = <A, E>(resource: string, use: (power: FileWrite["Service"]) => Effect.Effect<A, E, Scope.Scope>) =>
        as(Effect.scoped(enforcer.require(FileWrite.on(resource))(FileWrite.use(use))))
      yield* on("inbox:/out/a", (power) => power.write(Stream.make(bytes("on"), bytes("e"))))
      yield* on("inbox:/out/a", (power) =>
        Effect.flatMap(power.openAppend(), (appender) => appender.append(bytes(" two"))))
      yield* on("inbox:/out/a", (power) =>
        Effect.flatMap(power.open(), (writer) => writer.writeAt(0, bytes("O"))))
      assert.strictEqual(text(yield* file("inbox:/out/a")), "One two")
      const exists = yield* Effect.flip(on("inbox:/out/a", (power) => power.open({ create: "New" })))
      assert.strictEqual(reasonOf(exists), "FileError AlreadyExists")
      const full = yield* Effect.flip(on("inbox:/out", (power) => power.remove))
      assert.strictEqual(reasonOf(full), "FileError NotEmpty")
      const moved = as(
        enforcer.require(FileRead.on("inbox:/out/a"))(
          enforcer.require(FileWrite.on("inbox:/out/a"))(FileWrite.use((power) => power.rename("inbox:/out/b")))
        )
      )
      yield* moved
      assert.isUndefined(yield* file("inbox:/out/a"))
      assert.strictEqual(text(yield* file("inbox:/out/b")), "One two")
      yield* on("inbox:/out/b", (power) => power.remove)
      assert.isUndefined(yield* file("inbox:/out/b"))
    }))

  it.effect("answers requests by its routes, follows a redirect to granted hosts alone, and times out", () =>
    Effect.gen(function*() {
      const { as, asked, enforcer, next } = yield* making({
        routes: {
          "GET https://api.example.com/v1": { headers: [["Content-Type", "text/csv"]], body: "USD,1.08" },
          "POST https://api.example.com/v1": ({ body, path }) => ({ status: 201, body: `${path} ${text(body)}` }),
          "GET https://api.example.com/old": { status: 302, headers: [["location", "/v1"]] },
          "GET https://api.example.com/away": { status: 302, headers: [["location", "https://evil.example.com/"]] }
        }
      })
      const send = (request: Request) =>
        as(
          Effect.scoped(
            enforcer.require(HttpAccess.on("https://api.example.com"))(HttpAccess.use((power) =>
              Effect.gen(function*() {
                const { bytes, headers, status } = yield* power.request(request)
                return { status, headers, body: text(yield* bytes) }
              })
            ))
          )
        )
      assert.deepStrictEqual(yield* send({ path: "/v1?base=EUR" }), {
        status: 200,
        headers: [["content-type", "text/csv"]],
        body: "USD,1.08"
      })
      const posted = yield* send({ method: "POST", path: "/v1?x=1", body: bytes("hello") })
      assert.deepStrictEqual([posted.status, posted.body], [201, "/v1?x=1 hello"])
      assert.strictEqual((yield* send({ path: "/none" })).status, 404)
      assert.strictEqual((yield* send({ path: "/old" })).status, 302)
      assert.strictEqual((yield* send({ path: "/old", redirects: 1 })).body, "USD,1.08")
      assert.strictEqual((yield* Effect.flip(send({ path: "/away", redirects: 1 })))._tag, "CapabilityError")
      assert.strictEqual(
        (yield* asked).filter(({ resource }) => resource !== "https://api.example.com").length,
        0
      )
      yield* next("network.outbound", { after: "31 seconds" }, { fail: "Unreachable" })
      const late = yield* Effect.forkChild(Effect.flip(send({ path: "/v1" })), { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(reasonOf(yield* Fiber.join(late)), "HttpError Timeout")
      assert.strictEqual(reasonOf(yield* Effect.flip(send({ path: "/v1" }))), "HttpError Unreachable")
    }))

  it.effect("keeps values in memory, each principal's for itself", () =>
    Effect.gen(function*() {
      const { as, enforcer, next } = yield* making()
      const set = as(
        enforcer.require(StorageWrite.on("rates/usd"))(
          StorageWrite.use((power) => power.set(bytes("1.08")))
        )
      )
      const get = as(enforcer.require(StorageRead.on("rates/usd"))(StorageRead.use((power) => power.get())))
      yield* set
      assert.strictEqual(text(Option.getOrThrow(yield* get).value), "1.08")
      yield* next("storage.read", { fail: "Damaged" })
      assert.strictEqual(reasonOf(yield* Effect.flip(get)), "StorageError Damaged")
    }))

  it.effect("runs programs by its table, and draws the random bytes of its seed", () =>
    Effect.gen(function*() {
      const { as, enforcer } = yield* making({ programs: { "git status": { stdout: bytes("clean"), exitCode: 0 } } })
      const run = as(enforcer.require(ProcessSpawn.on("git status"))(ProcessSpawn.use((power) => power.run())))
      assert.strictEqual(text((yield* run).stdout), "clean")
      const draw = (seed: number) =>
        Effect.gen(function*() {
          const { as, enforcer } = yield* making({ seed })
          return yield* as(enforcer.require(Random.on())(Random.use((power) => power.bytes(8))))
        })
      const first = yield* draw(1)
      assert.deepStrictEqual(yield* draw(1), first)
      assert.notDeepEqual(yield* draw(2), first)
    }))
})
