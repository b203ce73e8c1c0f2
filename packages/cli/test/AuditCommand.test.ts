import * as NodeAuditStore from "@airssys/platform-node/NodeAuditStore"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as AuditCheckpoint from "airssys/security/AuditCheckpoint"
import * as AuditLog from "airssys/security/AuditLog"
import * as AuditWitness from "airssys/security/AuditWitness"
import * as SigningKey from "airssys/security/SigningKey"
import { Effect, Layer, Redacted } from "effect"
import { Digest, SecureRandom, Signature } from "effect/crypto"
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

const airssys = (...args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    new Promise<{ readonly code: number; readonly out: string }>((resolve) => {
      execFile(process.execPath, [bin, ...args], { encoding: "utf8" }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: out + err }))
    })
  )

/** A log of three segments, its witness, its key, and a way to change it. */
const place = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "airssys-verify-"))),
    (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
  )
  const [log, witness] = [join(folder, "audit.ndjson"), join(folder, "witness.ndjson")]
  const key = yield* SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(3)))
  const signer = yield* AuditCheckpoint.signer({ key, origin: "example.com/audit", name: "host-1" })
  yield* Effect.gen(function*() {
    const audit = yield* AuditLog.AuditLog
    for (const detail of ["one", "two", "three", "four"]) {
      yield* audit.append({ _tag: "Crashed", principal: { kind: "Component", id: "acme:rates" }, detail })
    }
  }).pipe(
    Effect.provide(
      AuditLog.layerFile({
        path: log,
        rotate: { bytes: 700 },
        checkpoints: { signer, witnesses: [yield* AuditWitness.makeFile(witness, signer)] }
      })
    )
  )
  const against = [
    "--checkpoint",
    witness,
    "--key",
    yield* AuditCheckpoint.verifierText(signer),
    "--origin",
    signer.origin
  ]
  return {
    log,
    witness,
    verify: airssys("audit", "verify", log),
    verifyAgainst: airssys("audit", "verify", log, ...against)
  }
}).pipe(
  Effect.provide([
    NodeFileSystem.layer,
    Digest.layerWebCrypto,
    Layer.provide(Signature.layerWebCrypto, SecureRandom.layerWebCrypto)
  ])
)

describe("airssys audit verify", () => {
  it.live("follows all segments, and says what a checkpoint vouches for", () =>
    Effect.scoped(Effect.gen(function*() {
      const { verify, verifyAgainst } = yield* place
      const plain = yield* verify
      assert.strictEqual(plain.code, 0, plain.out)
      assert.include(plain.out, "entries 1 to 4 verify")
      assert.include(plain.out, "no checkpoint")
      const checked = yield* verifyAgainst
      assert.strictEqual(checked.code, 0, checked.out)
      assert.include(checked.out, "a checkpoint of 4 entries fits")
    })), { timeout: 60_000 })

  it.live(
    "names the entry that was changed, and notices a cut end with a checkpoint alone",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { log, verify, verifyAgainst } = yield* place
        const segments = fs.readdirSync(join(log, "..")).filter((name) => /^audit\.ndjson\.\d+$/.test(name)).sort()
        assert.isAbove(segments.length, 0)
        for (const name of segments.slice(1)) fs.rmSync(join(log, "..", name))
        fs.rmSync(join(log, "..", segments[0] ?? ""))
        const cut = yield* verify
        assert.strictEqual(cut.code, 0, cut.out)
        const noticed = yield* verifyAgainst
        assert.strictEqual(noticed.code, 1)
        assert.include(noticed.out, "the log ends before entry 4")
        fs.writeFileSync(log, fs.readFileSync(log, "utf8").replace("two", "too"))
        const changed = yield* verify
        assert.strictEqual(changed.code, 1)
        assert.include(changed.out, "audit log fails at entry 2")
      })),
    { timeout: 60_000 }
  )

  it.live(
    "takes no checkpoint without its key, and no file that is not there",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { log, witness } = yield* place
        assert.include((yield* airssys("audit", "verify", log, "--checkpoint", witness)).out, "go together")
        assert.include((yield* airssys("audit", "verify", `${log}.none`)).out, "there is no")
        const wrong = yield* airssys(
          "audit",
          "verify",
          log,
          "--checkpoint",
          witness,
          "--key",
          "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        )
        assert.strictEqual(wrong.code, 1)
        assert.include(wrong.out, "checkpoint: it is of example.com/audit and not of PeterNeumann")
      })),
    { timeout: 60_000 }
  )
})

/** A log in a database, in which four components crashed one after the other, and what its host does while it is open. */
const inDatabase = <A, E, R>(use: (log: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "airssys-database-"))),
      (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
    )
    const log = join(folder, "audit.sqlite")
    yield* Effect.gen(function*() {
      const audit = yield* AuditLog.AuditLog
      for (const name of ["one", "two", "three", "two"]) {
        yield* audit.append({ _tag: "Crashed", principal: { kind: "Component", id: `acme:${name}` }, detail: name })
      }
      yield* use(log)
    }).pipe(
      Effect.provide(Layer.provide(AuditLog.layer({ rotate: { bytes: 700 } }), [
        NodeAuditStore.layerSqlite(log),
        Digest.layerWebCrypto
      ]))
    )
    return log
  })

describe("airssys audit of a database", () => {
  it.live(
    "verifies and lists it while its host writes",
    () =>
      Effect.scoped(inDatabase((log) =>
        Effect.gen(function*() {
          assert.include((yield* airssys("audit", "verify", log)).out, "entries 1 to 4 verify")
          const all = yield* airssys("audit", "list", log)
          assert.strictEqual(all.code, 0, all.out)
          assert.match(all.out, /^1 {2}\S+Z {2}Crashed {2}acme:one {2}one\n2 /)
          const one = yield* airssys("audit", "list", log, "--principal", "acme:two", "--last", "1", "--json")
          assert.include(JSON.parse(one.out), { sequence: 4, _tag: "Crashed", detail: "two" })
          assert.strictEqual((yield* airssys("audit", "list", log, "--tag", "Started")).out, "")
        })
      )),
    60_000
  )

  it.live("names the entry that was changed, and lists those before it", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* inDatabase(() => Effect.void)
      const database = new DatabaseSync(log)
      database.exec("UPDATE piece SET bytes = CAST(replace(CAST(bytes AS TEXT), 'three', 'eerht') AS BLOB)")
      database.close()
      const verified = yield* airssys("audit", "verify", log)
      assert.strictEqual(verified.code, 1)
      assert.include(verified.out, "fails at entry 3")
      const listed = yield* airssys("audit", "list", log)
      assert.strictEqual(listed.code, 1)
      assert.include(listed.out, "acme:two")
      assert.include(listed.out, "fails at entry 3")
    })), 60_000)

  it.live("refuses a database of something else", () =>
    Effect.scoped(Effect.gen(function*() {
      const log = yield* inDatabase(() => Effect.void)
      const database = new DatabaseSync(log)
      database.exec("PRAGMA foreign_keys = OFF; DROP VIEW entry; DROP TABLE piece")
      database.close()
      const { code, out } = yield* airssys("audit", "verify", log)
      assert.strictEqual(code, 1)
      assert.include(out, "cannot be read as an audit log")
    })), 60_000)
})
