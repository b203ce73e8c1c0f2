import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import type { AuditError } from "airssys/security/AuditError"
import * as AuditLog from "airssys/security/AuditLog"
import type { AuditStore } from "airssys/security/AuditStore"
import * as AuditLogTest from "airssys/testing/AuditLogTest"
import * as AuditStoreTest from "airssys/testing/AuditStoreTest"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as NodeAuditStore from "../src/NodeAuditStore.ts"
import { movable } from "./fileDamage.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "airssys-audit-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
)

const kinds: ReadonlyArray<{
  readonly name: string
  readonly file: string
  readonly layer: (path: string) => Layer.Layer<AuditStore, AuditError>
}> = [
  { name: "file of Node", file: "audit.jsonl", layer: NodeAuditStore.layerFile },
  { name: "SQLite", file: "audit.sqlite", layer: NodeAuditStore.layerSqlite }
]

const crashed = (detail: string) =>
  ({ _tag: "Crashed", principal: { kind: "Component", id: "acme:rates" }, detail }) as const

for (const { file, layer, name } of kinds) {
  AuditStoreTest.suite(
    name,
    Effect.map(folder, (path) => ({
      layer: Layer.fresh(layer(join(path, file))),
      isDurable: true,
      isExclusive: true
    }))
  )

  AuditLogTest.suite(
    name,
    (options) =>
      Layer.unwrap(Effect.map(folder, (path) => Layer.provide(AuditLog.layer(options), layer(join(path, file)))))
  )

  describe(`a log in ${name}`, () => {
    const inPlace = <A, E>(
      test: (
        path: string,
        open: <A, E>(effect: Effect.Effect<A, E, AuditLog.AuditLog>) => Effect.Effect<A, E | AuditError>
      ) => Effect.Effect<A, E>
    ) =>
      Effect.scoped(Effect.flatMap(folder, (root) => {
        const path = join(root, file)
        return test(path, (effect) =>
          Effect.provide(
            effect,
            AuditLog.layer().pipe(Layer.provide([layer(path), NodeCrypto.layerDigest])),
            { local: true }
          ))
      }))

    const append = (detail: string) => AuditLog.AuditLog.use((audit) => audit.append(crashed(detail)))

    it.effect("goes on where it ended", () =>
      inPlace((_, open) =>
        Effect.gen(function*() {
          yield* open(append("one"))
          assert.strictEqual(yield* open(append("two")), 2)
          assert.strictEqual((yield* open(AuditLog.AuditLog.use((audit) => audit.verify))).entries, 2)
        })
      ))

    it.effect("is its owner's alone", () =>
      inPlace((path, open) =>
        Effect.gen(function*() {
          yield* open(append("one"))
          assert.strictEqual(fs.statSync(path).mode & 0o777, 0o600)
        })
      ))

    it.effect("is not followed through a link", () =>
      inPlace((path, open) =>
        Effect.gen(function*() {
          fs.writeFileSync(`${path}.target`, "")
          fs.symlinkSync(`${path}.target`, path)
          assert.strictEqual((yield* Effect.flip(open(append("one")))).reason, "Unreadable")
          assert.strictEqual(fs.statSync(`${path}.target`).size, 0)
        })
      ))

    it.effect("is not opened where there is no folder, or something else", () =>
      inPlace((path, open) =>
        Effect.gen(function*() {
          fs.mkdirSync(path)
          assert.include(["Unreadable", "Unwritable"], (yield* Effect.flip(open(append("one")))).reason)
          fs.rmSync(join(path, ".."), { recursive: true })
          assert.include(["Unreadable", "Unwritable"], (yield* Effect.flip(open(append("one")))).reason)
        })
      ))

    it.effect("is not opened when it is of another kind", () =>
      inPlace((path, open) =>
        Effect.gen(function*() {
          fs.writeFileSync(path, "something else\n".repeat(100))
          assert.include(["Unreadable", "Tampered"], (yield* Effect.flip(open(append("one")))).reason)
          assert.strictEqual(fs.readFileSync(path, "utf8"), "something else\n".repeat(100))
        })
      ))

    it.effect.each(movable(["", file, `${file}.lock`]))(
      "denies uses while '%s' in its folder is lost, and goes on when it is back",
      (name) =>
        inPlace((path, open) => {
          const held = join(path, "..", name)
          return open(Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            yield* audit.append(crashed("before"))
            fs.renameSync(held, `${held}.away`)
            const error = yield* Effect.flip(audit.append(crashed("after")))
            assert.strictEqual(error.reason, "ForeignWriter")
            assert.include(error.message, "was moved, replaced or deleted")
            assert.isUndefined(audit.recordUnsafe(crashed("use")))
            fs.renameSync(`${held}.away`, held)
            yield* audit.append(crashed("back"))
            assert.isDefined(audit.recordUnsafe(crashed("use")))
          }))
        })
    )
  })
}

describe("a log in a file of Node", () => {
  const meddled = (meddle: (path: string) => void) =>
    Effect.scoped(Effect.gen(function*() {
      const path = join(yield* folder, "audit.jsonl")
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* audit.append(crashed("before"))
        meddle(path)
        const error = yield* Effect.flip(audit.append(crashed("after")))
        assert.strictEqual(error.reason, "ForeignWriter")
        assert.isUndefined(audit.recordUnsafe(crashed("use")))
        assert.strictEqual((yield* Effect.flip(audit.flush)).reason, "ForeignWriter")
      }).pipe(
        Effect.provide(AuditLog.layer().pipe(Layer.provide([NodeAuditStore.layerFile(path), NodeCrypto.layerDigest])))
      )
    }))

  it.effect("fails when its file is deleted, and denies uses", () => meddled((path) => fs.rmSync(path)))

  it.effect("fails when its file is moved away, also if a copy takes its place", () =>
    Effect.andThen(
      meddled((path) => fs.renameSync(path, `${path}.old`)),
      meddled((path) => {
        fs.renameSync(path, `${path}.old`)
        fs.copyFileSync(`${path}.old`, path)
      })
    ))

  it.effect("fails when its file is shortened, and when it grows", () =>
    Effect.andThen(
      meddled((path) => fs.truncateSync(path, 10)),
      meddled((path) => fs.appendFileSync(path, "\n"))
    ))

  it.effect("goes on in the old segment while it cannot begin a new one, and then begins it", () =>
    Effect.scoped(Effect.gen(function*() {
      const path = join(yield* folder, "audit.jsonl")
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        fs.mkdirSync(`${path}.2`)
        yield* audit.append(crashed("one"))
        fs.rmdirSync(`${path}.2`)
        yield* audit.append(crashed("two"))
        yield* audit.append(crashed("three"))
        assert.strictEqual((yield* audit.verify).entries, 3)
        assert.deepStrictEqual(fs.readdirSync(join(path, "..")).filter((name) => /\.[34]$/.test(name)), [
          "audit.jsonl.3",
          "audit.jsonl.4"
        ])
      }).pipe(
        Effect.provide(
          AuditLog.layer({ rotate: { bytes: 1 } }).pipe(
            Layer.provide([NodeAuditStore.layerFile(path), NodeCrypto.layerDigest])
          )
        )
      )
    })))
})

describe("a log in SQLite", () => {
  it.effect("is queried by others while it is written", () =>
    Effect.scoped(Effect.gen(function*() {
      const path = join(yield* folder, "audit.sqlite")
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* audit.append(crashed("one\n\"two\" ; \u0000"))
        yield* audit.append(crashed("three"))
        const reader = new DatabaseSync(path, { readOnly: true })
        const rows = reader.prepare("SELECT sequence, tag, principal, event ->> '$.detail' AS detail FROM entry").all()
        reader.close()
        assert.deepStrictEqual(rows.map((row) => ({ ...row })), [
          { sequence: 1, tag: "Crashed", principal: "acme:rates", detail: "one\n\"two\" ; \u0000" },
          { sequence: 2, tag: "Crashed", principal: "acme:rates", detail: "three" }
        ])
        yield* audit.append(crashed("four"))
      }).pipe(
        Effect.provide(
          AuditLog.layer().pipe(Layer.provide([NodeAuditStore.layerSqlite(path), NodeCrypto.layerDigest]))
        )
      )
    })))
})
