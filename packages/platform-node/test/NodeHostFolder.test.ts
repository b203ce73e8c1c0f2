import { assert, describe, it } from "@effect/vitest"
import { ComponentError } from "airssys/component/ComponentError"
import { Runtime } from "airssys/Runtime"
import * as AuditLog from "airssys/security/AuditLog"
import { TrustRegistry } from "airssys/security/TrustRegistry"
import { ConfigProvider, Duration, Effect, Layer } from "effect"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeHost from "../src/NodeHost.ts"
import * as loadGuest from "./loadGuest.ts"

const temporary = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "airssys-folder-")))),
  (root) => Effect.sync(() => rmSync(root, { recursive: true, force: true }))
)

const tags = AuditLog.AuditLog.use((log) =>
  Effect.map(log.entries, (entries) => entries.map(({ event }) => event._tag))
)

describe("NodeHost with a folder", () => {
  it.live("keeps its audit log, what it trusts and prepared components in it, for this user alone", () =>
    Effect.gen(function*() {
      const root = yield* temporary
      const source = yield* Effect.promise(() => loadGuest.put(root))
      const folder = join(root, "deep/host")
      const host = NodeHost.layer({ folder })
      const digest = `sha256:${"ab".repeat(32)}`
      yield* Effect.gen(function*() {
        const runtime = yield* Runtime
        const { client } = yield* runtime.start(loadGuest.Load, source)
        assert.strictEqual(yield* client.spin(3), 3)
        yield* TrustRegistry.use((trust) => trust.revokeDigest(digest, "for a state"))
      }).pipe(Effect.provide(host))
      assert.strictEqual(statSync(folder).mode & 0o777, 0o700)
      for (const name of ["audit.sqlite", "cache.key", "trust/trust.state"]) {
        assert.isTrue(existsSync(join(folder, name)), name)
      }
      assert.isAbove(readdirSync(join(folder, "cache")).length, 0)
      const kept = yield* Effect.provide(tags, host)
      assert.includeMembers(kept, ["Installed", "TrustRevoked"])
    }))

  it.live("refuses a second host on it, and frees it when the first has closed", () =>
    Effect.gen(function*() {
      const folder = join(yield* temporary, "host")
      const other = NodeHost.layer({ folder, audit: join(folder, "other.sqlite") })
      yield* Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.provide(Effect.void, other))
        assert.instanceOf(error, NodeHost.FolderRefused)
        assert.strictEqual(error.reason, "InUse")
        assert.include(error.message, `another host has ${folder}`)
        assert.isFalse(existsSync(join(folder, "other.sqlite")))
      }).pipe(Effect.provide(NodeHost.layer({ folder })))
      yield* Effect.provide(Effect.void, other)
    }))

  it.live("lets what is given besides win over its places", () =>
    Effect.gen(function*() {
      const root = yield* temporary
      const folder = join(root, "host")
      const audit = join(root, "audit.jsonl")
      const trustStore = join(root, "trusted")
      yield* Effect.provide(
        TrustRegistry.use((trust) => trust.trustPath(root, "for a state")),
        NodeHost.layer({ folder, audit, trustStore })
      )
      assert.isTrue(existsSync(audit))
      assert.isTrue(existsSync(join(trustStore, "trust.state")))
      assert.sameMembers(readdirSync(folder), ["cache", "cache.key", "host.lock"])
    }))

  it.live("gives components no root that holds it or is in it", () =>
    Effect.gen(function*() {
      const root = yield* temporary
      const folder = join(root, "host")
      mkdirSync(join(folder, "inside"), { recursive: true, mode: 0o700 })
      for (const path of [root, folder, join(folder, "inside")]) {
        const error = yield* Effect.flip(
          Effect.provide(Effect.void, NodeHost.layer({ folder, roots: { inbox: path } }))
        )
        assert.strictEqual(error._tag === "RootError" && error.reason, "Reserved", path)
      }
    }))

  it.live("takes no folder that others can change, and no link", () =>
    Effect.gen(function*() {
      const root = yield* temporary
      const open = join(root, "open")
      mkdirSync(open)
      chmodSync(open, 0o755)
      symlinkSync(open, join(root, "link"))
      const refusal = (folder: string) =>
        Effect.map(
          Effect.flip(Effect.provide(Effect.void, NodeHost.layer({ folder }))),
          (error) => error._tag === "FolderRefused" ? error.reason : error._tag
        )
      assert.strictEqual(yield* refusal(open), "Exposed")
      assert.strictEqual(yield* refusal(join(root, "link")), "NotAFolder")
      assert.deepStrictEqual(readdirSync(open), [])
    }))
})

describe("NodeHost.config", () => {
  const parsed = (env: Record<string, string>) => NodeHost.config.parse(ConfigProvider.fromEnv({ env }))

  it.effect("has the defaults where nothing is set", () =>
    Effect.gen(function*() {
      const { devMode, shutdown, ...rest } = yield* parsed({ AIRSSYS_FOLDER: "", OTHER_FOLDER: "/other" })
      assert.deepStrictEqual(Object.values(rest).filter((_) => _ !== undefined), [])
      assert.deepStrictEqual([devMode, shutdown], [false, Duration.seconds(10)])
    }))

  it.effect("reads each option, and says which one is wrong", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* parsed({
          AIRSSYS_FOLDER: "/srv/host",
          AIRSSYS_AUDIT: "/srv/audit.jsonl",
          AIRSSYS_TRUST: "plugins/rates, plugins/totals",
          AIRSSYS_TRUST_FILE: "trust.toml",
          AIRSSYS_TRUST_STORE: "/srv/trust",
          AIRSSYS_POLICY: "policy.toml",
          AIRSSYS_DEV_MODE: "true",
          AIRSSYS_SHUTDOWN: "3 seconds"
        }),
        {
          folder: "/srv/host",
          audit: "/srv/audit.jsonl",
          trust: ["plugins/rates", "plugins/totals"],
          trustFile: "trust.toml",
          trustStore: "/srv/trust",
          policy: "policy.toml",
          devMode: true,
          shutdown: Duration.seconds(3)
        }
      )
      assert.include(String(yield* Effect.flip(parsed({ AIRSSYS_SHUTDOWN: "soon" }))), "SHUTDOWN")
    }))

  it.live("makes a host, in which options that are given win", () =>
    Effect.gen(function*() {
      const root = yield* temporary
      const configured = (options?: NodeHost.Options) =>
        NodeHost.layerConfig(options).pipe(
          Layer.provide(
            ConfigProvider.layer(ConfigProvider.fromEnv({ env: { AIRSSYS_FOLDER: join(root, "configured") } }))
          )
        )
      yield* Effect.provide(Effect.void, configured())
      assert.isTrue(existsSync(join(root, "configured/audit.sqlite")))
      yield* Effect.provide(Effect.void, configured({ folder: join(root, "given") }))
      assert.isTrue(existsSync(join(root, "given/audit.sqlite")))
    }))
})

describe("NodeHost.runtime", () => {
  it("hosts a component with promises", async () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "airssys-promises-")))
    try {
      const source = await loadGuest.put(root)
      await using host = await NodeHost.runtime({ folder: join(root, "host") })
      const load = await host.start(loadGuest.Load, source)
      assert.strictEqual(await load.check(7), 7)
      const failure = await load.check(11).then(() => assert.fail("it succeeded"), (error: unknown) => error)
      assert.instanceOf(failure, loadGuest.TooLarge)
      assert.strictEqual(failure.value, 11)
      const wrong = await load.check(-1).then(() => assert.fail("it succeeded"), (error: unknown) => error)
      assert.instanceOf(wrong, ComponentError)
      const second = await NodeHost.runtime({ folder: join(root, "host") }).catch((error: unknown) => error)
      assert.instanceOf(second, NodeHost.FolderRefused)
      assert.deepStrictEqual(host.status().map(({ component }) => component), ["acme:load"])
      await host.close()
      await (await NodeHost.runtime({ folder: join(root, "host") })).close()
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })
})
