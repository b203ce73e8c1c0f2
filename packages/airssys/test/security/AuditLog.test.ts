import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as AuditError from "airssys/security/AuditError"
import { AuditEvent } from "airssys/security/AuditEvent"
import * as AuditLog from "airssys/security/AuditLog"
import * as AuditStore from "airssys/security/AuditStore"
import * as AuditLogTest from "airssys/testing/AuditLogTest"
import * as AuditStoreTest from "airssys/testing/AuditStoreTest"
import { Effect, Exit, FileSystem, Layer, PlatformError, Ref } from "effect"
import { Digest } from "effect/crypto"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"

const actor = { kind: "Component", id: "acme:rates@1.2.0" } as const
const crashed = (detail: string) => ({ _tag: "Crashed", principal: actor, detail }) as const
const granted = {
  _tag: "Granted",
  principal: actor,
  grant: 1,
  kind: "clock",
  patterns: [],
  reason: "Date the rates."
} as const

AuditLogTest.suite("memory", (options) => AuditLog.layerMemory(options))

AuditLogTest.suite("file", (options) =>
  Layer.unwrap(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    return AuditLog.layerFile({ ...options, path: `${folder}/audit.jsonl` })
  })).pipe(Layer.provide(NodeFileSystem.layer)))

AuditStoreTest.suite(
  "memory",
  Effect.succeed({ layer: Layer.fresh(AuditStore.layerMemory), isDurable: false, isExclusive: false })
)

AuditStoreTest.suite(
  "file",
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = `${yield* fs.makeTempDirectoryScoped()}/audit.jsonl`
    return {
      layer: Layer.fresh(Layer.provide(AuditStore.layerFile({ path }), NodeFileSystem.layer)),
      isDurable: true,
      isExclusive: false
    }
  }).pipe(Effect.provide(NodeFileSystem.layer))
)

describe("AuditEvent", () => {
  it("has no field of a use that is not printed by hand", () => {
    const common = ["_tag", "principal", "kind", "resource", "rule", "onBehalfOf", "release", "correlation", "count"]
    assert.sameMembers(Object.keys(AuditEvent.cases.CapabilityUsed.fields), common)
    assert.sameMembers(Object.keys(AuditEvent.cases.CapabilityDenied.fields), [...common, "reason", "isReported"])
  })
})

type Services = FileSystem.FileSystem | Digest.Digest

type Open = <A, E>(
  effect: Effect.Effect<A, E, AuditLog.AuditLog>
) => Effect.Effect<A, E | AuditError.AuditError, Services>

const inFolder = <A, E>(test: (path: string, open: Open) => Effect.Effect<A, E, Services>) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = `${yield* fs.makeTempDirectoryScoped()}/audit.jsonl`
    return yield* test(path, (effect) => Effect.provide(effect, AuditLog.layerFile({ path }), { local: true }))
  }).pipe(Effect.provide([NodeFileSystem.layer, Digest.layerWebCrypto]))

const append = (detail: string) => AuditLog.AuditLog.use((audit) => audit.append(crashed(detail)))
const entries = AuditLog.AuditLog.use((audit) => audit.entries)

describe("AuditLog.layerFile", () => {
  it.effect("goes on with the chain of a file when it is opened again", () =>
    inFolder((_, open) =>
      Effect.gen(function*() {
        yield* open(append("before"))
        assert.strictEqual(yield* open(append("after")), 2)
        assert.strictEqual((yield* open(AuditLog.AuditLog.use((audit) => audit.verify))).entries, 2)
      })
    ))

  it.effect("writes what waits when it is closed", () =>
    inFolder((_, open) =>
      Effect.gen(function*() {
        yield* open(AuditLog.AuditLog.useSync((audit) => audit.recordUnsafe(crashed("last words"))))
        assert.deepStrictEqual((yield* open(entries)).map((_) => _.event), [crashed("last words")])
      })
    ))

  it.effect("does not go back before the time of the last entry in the file", () =>
    inFolder((_, open) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(9000)
        yield* open(append("late"))
        yield* TestClock.setTime(1000)
        yield* open(append("early"))
        assert.deepStrictEqual((yield* open(entries)).map((_) => _.time), [9000, 9000])
      })
    ))

  it.effect("keeps its file from other users", () =>
    inFolder((path, open) =>
      Effect.gen(function*() {
        yield* open(append("one"))
        const info = yield* FileSystem.FileSystem.use((fs) => fs.stat(path))
        assert.strictEqual(info.mode & 0o777, 0o600)
      })
    ))

  it.effect("cuts an unfinished line and records that it did", () =>
    inFolder((path, open) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        yield* open(append("whole"))
        yield* fs.writeFileString(path, "{\"hash\":\"12\u00e9", { flag: "a" })
        assert.deepStrictEqual((yield* open(entries)).map((_) => _.event), [
          crashed("whole"),
          { _tag: "TailCut", bytes: 13 }
        ])
        assert.strictEqual(yield* open(append("after")), 3)
      })
    ))

  it.effect("does not open a file that was changed, names the entry, and leaves the file alone", () =>
    inFolder((path, open) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        yield* open(Effect.andThen(append("secret was read"), append("two")))
        const altered = (yield* fs.readFileString(path)).replace("secret was read", "nothing was read")
        yield* fs.writeFileString(path, altered)
        const error = yield* Effect.flip(open(append("three")))
        assert.strictEqual(error.reason, "Tampered")
        assert.include(error.message, "fails at entry 1")
        assert.strictEqual(yield* fs.readFileString(path), altered)
      })
    ))

  it.effect("does not open a file whose last batch was changed, which no crash does", () =>
    inFolder((path, open) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        yield* open(Effect.andThen(append("one"), append("two")))
        const whole = yield* fs.readFileString(path)
        for (const [what, by] of [["two", "owt"], ["\"size\":2", "\"size\":3"], ["Crashed", "Dropped"]] as const) {
          const at = whole.lastIndexOf(what)
          yield* fs.writeFileString(path, whole.slice(0, at) + by + whole.slice(at + what.length))
          assert.strictEqual((yield* Effect.flip(open(append("three")))).reason, "Tampered")
        }
      })
    ))

  it.effect("does not follow a link to another file", () =>
    inFolder((path, open) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${path}.target`, "")
        yield* fs.symlink(`${path}.target`, path)
        assert.strictEqual((yield* Effect.flip(open(append("one")))).reason, "Unreadable")
        assert.strictEqual(yield* fs.readFileString(`${path}.target`), "")
      })
    ))

  it.effect("stops writing when somebody else wrote to the file", () =>
    inFolder((path, open) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const reason = yield* open(Effect.gen(function*() {
          yield* append("mine")
          yield* fs.writeFileString(path, "theirs\n", { flag: "a" })
          const audit = yield* AuditLog.AuditLog
          const error = yield* Effect.flip(audit.append(crashed("mine again")))
          assert.strictEqual(audit.recordUnsafe(crashed("use")), undefined)
          return error.reason
        }))
        assert.strictEqual(reason, "ForeignWriter")
      })
    ))
})

/** A file system whose writes and syncs fail while `broken` is true; a failing write leaves half of its bytes. */
const faulty = (broken: Ref.Ref<boolean>) =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (fs) => ({
      ...fs,
      open: (path: string, options?: Parameters<typeof fs.open>[1]) =>
        Effect.map(fs.open(path, options), (file): FileSystem.File => ({
          [FileSystem.FileTypeId]: FileSystem.FileTypeId,
          stat: file.stat,
          seek: (offset, from) => file.seek(offset, from),
          sync: file.sync,
          read: (buffer, options) => file.read(buffer, options),
          readAlloc: (size, options) => file.readAlloc(size, options),
          truncate: (length) => file.truncate(length),
          write: (buffer) => file.write(buffer),
          writeAll: (buffer) =>
            Effect.flatMap(Ref.get(broken), (isBroken) =>
              isBroken
                ? Effect.andThen(
                  file.writeAll(buffer.subarray(0, buffer.length / 2)),
                  Effect.fail(PlatformError.systemError({ module: "FileSystem", method: "writeAll", _tag: "Unknown" }))
                )
                : file.writeAll(buffer))
        }))
    }))
  ).pipe(Layer.provide(NodeFileSystem.layer))

describe("AuditLog on a failing disk", () => {
  it.effect("fails the change, denies uses, and withdraws the change when the disk is back", () =>
    Effect.gen(function*() {
      const broken = yield* Ref.make(false)
      const path = yield* FileSystem.FileSystem.use((fs) =>
        Effect.map(fs.makeTempDirectoryScoped(), (folder) => `${folder}/audit.jsonl`)
      ).pipe(Effect.provide(NodeFileSystem.layer))
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* audit.append(crashed("before"))
        yield* Ref.set(broken, true)
        assert.strictEqual((yield* Effect.flip(audit.appendAll([granted, granted]))).reason, "Unwritable")
        assert.strictEqual(audit.recordUnsafe(crashed("use")), undefined)
        yield* Ref.set(broken, false)
        yield* audit.flush
        assert.strictEqual(audit.recordUnsafe(crashed("use")), 4)
        assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), [
          crashed("before"),
          { _tag: "Withdrawn", event: "Granted" },
          { _tag: "Withdrawn", event: "Granted" },
          crashed("use")
        ])
        assert.strictEqual((yield* audit.verify).entries, 4)
      }).pipe(
        Effect.provide(
          AuditLog.layerFile({ path }).pipe(Layer.provide([faulty(broken), Digest.layerWebCrypto]))
        )
      )
    }))
})

/** A store in memory whose append fails once, after so many that do not. */
const failingOnce = (after: number) =>
  Layer.effect(
    AuditStore.AuditStore,
    Effect.map(AuditStore.AuditStore, (store) => {
      let appends = 0
      return {
        ...store,
        append: (bytes) =>
          appends++ === after
            ? Effect.fail(new AuditError.AuditError({ reason: "Unwritable", detail: "no space left on device" }))
            : store.append(bytes)
      }
    })
  ).pipe(Layer.provide(Layer.fresh(AuditStore.layerMemory)))

describe("AuditLog.appendAll", () => {
  it.effect.each([0, 1])(
    "claims all of its events or none, however many they are: %s",
    (after) =>
      Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        const events = Array.from({ length: 3000 }, (_, index) => crashed(`${index}`))
        const isDone = Exit.isSuccess(yield* Effect.exit(audit.appendAll(events)))
        yield* Effect.ignore(audit.flush)
        const claimed = (yield* audit.entries).filter(({ event }) => event._tag === "Crashed")
        assert.strictEqual(isDone, after > 0)
        assert.strictEqual(claimed.length, isDone ? events.length : 0)
      }).pipe(
        Effect.provide(AuditLog.layer().pipe(Layer.provide([failingOnce(after), Digest.layerWebCrypto])))
      )
  )
})

describe("AuditLog.recordUnsafe", () => {
  it.effect("is written whole, with its counts, after a write that failed", () =>
    Effect.gen(function*() {
      const audit = yield* AuditLog.AuditLog
      const used = (resource: string): AuditEvent => ({
        _tag: "CapabilityUsed",
        principal: actor,
        kind: "environment",
        resource,
        rule: { grant: 1, pattern: "\u00e9*" }
      })
      for (const resource of ["A", "B", "A", "C\n", "A", "C\n"]) audit.recordUnsafe(used(resource))
      assert.strictEqual((yield* Effect.flip(audit.flush)).reason, "Unwritable")
      yield* audit.append(crashed("after"))
      assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), [
        { ...used("A"), count: 3 },
        used("B"),
        { ...used("C\n"), count: 2 },
        crashed("after")
      ])
      assert.deepStrictEqual((yield* audit.text).match(/"count":\d+/g), ["\"count\":3", "\"count\":2"])
    }).pipe(
      Effect.provide(AuditLog.layer().pipe(Layer.provide([failingOnce(0), Digest.layerWebCrypto])))
    ))

  it.effect("is written by the log itself within the flush interval", () =>
    Effect.gen(function*() {
      const hashed = yield* Ref.make(0)
      const digest = Layer.succeed(Digest.Digest, {
        digest: () => Effect.die("unused"),
        digestHex: (_, data) =>
          Effect.as(Ref.update(hashed, (n) => n + 1), createHash("sha256").update(data).digest("hex"))
      })
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        audit.recordUnsafe(crashed("one"))
        audit.recordUnsafe(crashed("two"))
        yield* TestClock.adjust("19 millis")
        assert.strictEqual(yield* Ref.get(hashed), 0)
        yield* TestClock.adjust("1 millis")
        assert.isAbove(yield* Ref.get(hashed), 0)
      }).pipe(Effect.provide(AuditLog.layerMemory().pipe(Layer.provide(digest))))
    }))
})
