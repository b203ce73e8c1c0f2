import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { ComponentError } from "airssys/component/ComponentError"
import * as Delivery from "airssys/component/Delivery"
import * as HostFunction from "airssys/component/HostFunction"
import { Receipts } from "airssys/component/Receipts"
import { InstallRefused } from "airssys/component/Release"
import { Storage } from "airssys/component/Storage"
import * as Wit from "airssys/component/Wit"
import { Runtime } from "airssys/Runtime"
import { Approvals } from "airssys/security/Approvals"
import * as AuditLog from "airssys/security/AuditLog"
import * as Capability from "airssys/security/Capability"
import { CapabilityEnforcer } from "airssys/security/CapabilityEnforcer"
import type { CapabilityError } from "airssys/security/CapabilityError"
import * as Grant from "airssys/security/Grant"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import * as Quota from "airssys/security/Quota"
import * as SigningKey from "airssys/security/SigningKey"
import { TrustRegistry } from "airssys/security/TrustRegistry"
import { ConfigProvider, Duration, Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, sep } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import * as NodeHost from "../src/NodeHost.ts"
import { movable } from "./fileDamage.ts"
import * as loadGuest from "./loadGuest.ts"

const umaskUser = fileURLToPath(new URL("umaskUser.ts", import.meta.url))

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

  it.live.each(["022", "000"])(
    "makes nothing that another user can read or change, under the umask %s",
    (umask) =>
      Effect.gen(function*() {
        const root = yield* temporary
        const made = new Set(readdirSync(root))
        const child = spawn(process.execPath, [umaskUser, umask, root], { stdio: ["pipe", "pipe", "inherit"] })
        yield* Effect.addFinalizer(() => Effect.sync(() => child.kill()))
        yield* Effect.promise(() => once(child.stdout, "data"))
        const modes = () =>
          readdirSync(root, { recursive: true, encoding: "utf8" })
            .filter((name) => !made.has(name) && name.split(sep)[0] !== "load")
            .map((name) => {
              const stats = statSync(join(root, name))
              return `${name} ${(stats.mode & 0o777).toString(8)} ${stats.isDirectory() ? "700" : "600"}`
            })
        const exposed = () => modes().filter((line) => line.split(" ")[1] !== line.split(" ")[2])
        assert.isAbove(modes().length, 30, modes().join("\n"))
        assert.deepStrictEqual(exposed(), [])
        chmodSync(join(root, "host/host.lock"), 0o644)
        child.stdin.end("x")
        yield* Effect.promise(() => once(child, "exit"))
        yield* Effect.scoped(Layer.build(NodeHost.layer({ folder: join(root, "host") })))
        assert.deepStrictEqual(exposed(), [])
      }),
    60_000
  )

  it.live("lets go of no lock because somebody else asks for it", () =>
    Effect.gen(function*() {
      const folder = join(yield* temporary, "host")
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Layer.build(NodeHost.layer({ folder }))
        const refused = yield* Effect.flip(Effect.scoped(Layer.build(NodeHost.layer({ folder }))))
        assert.strictEqual(refused._tag, "FolderRefused")
        const child = spawn(process.execPath, [umaskUser, "022", dirname(folder)], {
          stdio: ["ignore", "ignore", "pipe"]
        })
        const said = yield* Effect.promise(() => text(child.stderr))
        assert.include(said, "another host has")
      }))
    }), 60_000)

  it.live("keeps in it what components store, and who approved what", () =>
    Effect.gen(function*() {
      const folder = join(yield* temporary, "host")
      const hostKey = yield* Effect.provide(SigningKey.generate, NodeCrypto.layerSignature)
      const operator = yield* Effect.provide(SigningKey.generate, NodeCrypto.layerSignature)
      const host = NodeHost.layer({ folder, approvals: { hostKey, operators: [operator.publicKey] } })
      const owner = Principal.make({ kind: "Component", id: "acme:load" })
      yield* Effect.gen(function*() {
        yield* Storage.use((storage) => storage.set(owner, "a", Uint8Array.of(7)))
        assert.strictEqual((yield* Approvals).host, hostKey.publicKey)
        const source = yield* Effect.promise(() => loadGuest.put(folder))
        appendFileSync(join(source, "Component.toml"), "[[capability]]\nreason = \"Say it.\"\nlog = true\n")
        const refused = yield* Effect.flip(Runtime.use((runtime) => runtime.startUntyped(source)))
        assert.strictEqual(refused._tag, "ApprovalRequired")
      }).pipe(Effect.provide(host))
      for (const name of ["storage.sqlite", "approvals.sqlite"]) {
        assert.strictEqual(statSync(join(folder, name)).mode & 0o777, 0o600, name)
      }
      const kept = yield* Effect.provide(Storage.use((storage) => storage.usage(owner)), host)
      assert.strictEqual(kept.keys, 1)
      assert.strictEqual(kept.limit, 100 * 1024 * 1024)
    }))

  it.live("keeps in it the receipts of all of its lives, which have no id in common", () =>
    Effect.gen(function*() {
      const root = yield* temporary
      const source = yield* Effect.promise(() => loadGuest.put(root))
      const folder = join(root, "host")
      const life = Effect.gen(function*() {
        const runtime = yield* Runtime
        const { client } = yield* runtime.start(loadGuest.Load, source)
        yield* client.spin(1)
        yield* Effect.provideService(client.spin(2), Delivery.Tenant, "shop")
        return yield* Effect.map(runtime.install(source), ({ digest }) => digest)
      }).pipe(Effect.provide(NodeHost.layer({ folder })))
      const digest = yield* Effect.andThen(life, life)
      assert.strictEqual(statSync(join(folder, "receipts.sqlite")).mode & 0o777, 0o600)
      yield* Effect.gen(function*() {
        const { query } = yield* Receipts
        const { receipts } = yield* query({ component: "acme:load" })
        assert.deepStrictEqual(
          receipts.map(({ export: name, release, tenant }) => [name, release, tenant]),
          [undefined, "shop", undefined, "shop"].map((tenant) => ["load.spin", digest, tenant])
        )
        assert.strictEqual(new Set(receipts.map(({ id }) => id)).size, 4)
        assert.strictEqual(new Set(receipts.map(({ correlation }) => correlation)).size, 4)
        assert.lengthOf((yield* query({ tenant: "shop", since: receipts[1]!.at })).receipts, 2)
      }).pipe(Effect.provide(NodeHost.layer({ folder })))
    }))

  it.live("keeps no receipts where they are not wanted, and the last in memory without it", () =>
    Effect.gen(function*() {
      const root = yield* temporary
      const source = yield* Effect.promise(() => loadGuest.put(root))
      const folder = join(root, "host")
      const kept = (options: NodeHost.Options) =>
        Effect.gen(function*() {
          const { client } = yield* Runtime.use((runtime) => runtime.start(loadGuest.Load, source))
          yield* client.spin(1)
          yield* client.spin(2)
          return (yield* Receipts.use(({ query }) => query())).receipts.length
        }).pipe(Effect.provide(NodeHost.layer(options)))
      assert.strictEqual(yield* kept({ folder, receipts: false }), 0)
      assert.isFalse(existsSync(join(folder, "receipts.sqlite")))
      assert.strictEqual(yield* kept({}), 2)
      assert.strictEqual(yield* kept({ folder, receiptOptions: { count: 1 } }), 1)
    }))

  it.live("holds components to the quotas that it is given", () =>
    Effect.gen(function*() {
      const owner = Principal.make({ kind: "Component", id: "acme:load" })
      const quotas = { component: { ...Quota.defaults, storage: 100 } }
      const error = yield* Effect.flip(
        Effect.provide(
          Storage.use((storage) => storage.set(owner, "a", new Uint8Array(100))),
          NodeHost.layer({ quotas })
        )
      )
      assert.strictEqual(error._tag, "StorageError")
      assert.strictEqual(error._tag === "StorageError" && error.reason, "QuotaExceeded")
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

  it.live.each(movable(["audit.sqlite", "elsewhere.sqlite"]))(
    "gives no authority and uses none while its folder is lost, with its log in %s",
    (log) =>
      Effect.gen(function*() {
        const root = yield* temporary
        const folder = join(root, "host")
        const audit = join(log === "audit.sqlite" ? folder : root, log)
        const someone = Principal.make({ kind: "Host", id: "billing" })
        const grant = Grant.make("environment", ["KEY"], { reason: "x" })
        const set = Storage.use((storage) => storage.set(someone, "a", Uint8Array.of(7)))
        yield* Effect.gen(function*() {
          const enforcer = yield* CapabilityEnforcer
          const use = Effect.sync(() => enforcer.decideUnsafe(someone, "environment", "KEY"))
          yield* enforcer.admit(someone, { asks: [], grants: [grant] })
          yield* set
          renameSync(folder, `${folder}.away`)
          const refused = yield* Effect.flip(enforcer.grant(someone, grant))
          assert.include(refused.message, `put ${folder} back as it was`)
          assert.include((yield* Effect.flip(set)).message, `put ${folder} back as it was`)
          yield* Effect.scoped(Layer.build(NodeHost.layer({ folder })))
          yield* Effect.flip(enforcer.grant(someone, grant))
          const denied = yield* use
          assert.strictEqual(
            denied.decision._tag === "Denied" && denied.decision.explanation.reason,
            "AuditUnavailable"
          )
          rmSync(folder, { recursive: true })
          renameSync(`${folder}.away`, folder)
          yield* enforcer.grant(someone, grant)
          yield* set
          assert.strictEqual((yield* use).decision._tag, "Allowed")
        }).pipe(Effect.provide(NodeHost.layer({ folder, audit })))
      })
  )

  it.live("lets what is given besides win over its places", () =>
    Effect.gen(function*() {
      const root = yield* temporary
      const folder = join(root, "host")
      const audit = join(root, "audit.jsonl")
      const trustStore = join(root, "trusted")
      yield* Effect.provide(
        TrustRegistry.use((trust) => trust.trustPath(root, "for a state")),
        NodeHost.layer({ folder, audit, trustStore, storage: join(root, "storage"), receipts: join(root, "receipts") })
      )
      assert.isTrue(existsSync(audit))
      assert.isTrue(existsSync(join(root, "storage")))
      assert.isTrue(existsSync(join(root, "receipts")))
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
      writeFileSync(join(open, "file"), "")
      const refusal = (folder: string) =>
        Effect.map(
          Effect.flip(Effect.provide(Effect.void, NodeHost.layer({ folder }))),
          (error) => error._tag === "FolderRefused" ? error.reason : error._tag
        )
      assert.strictEqual(yield* refusal(open), "Exposed")
      assert.strictEqual(yield* refusal(join(root, "link")), "NotAFolder")
      assert.strictEqual(yield* refusal(join(open, "file", "inside")), "Unusable")
      assert.strictEqual(yield* refusal(""), "InvalidArgument")
      if (existsSync("/proc/self")) assert.strictEqual(yield* refusal("/proc/of-a-host"), "Unusable")
      assert.deepStrictEqual(readdirSync(open), ["file"])
    }))
})

describe("NodeHost.config", () => {
  it.effect("trusts no current folder where a comma has nothing behind it", () =>
    Effect.gen(function*() {
      const env = { AIRSSYS_TRUST: "/srv/plugins," }
      const Host = Layer.provide(NodeHost.layerConfig(), ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      const error = yield* Effect.flip(Effect.provide(Effect.void, Host))
      assert.strictEqual(error._tag, "InvalidSource")
    }))

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
          AIRSSYS_STORAGE: "/srv/storage",
          AIRSSYS_RECEIPTS: "/srv/receipts",
          AIRSSYS_APPROVAL_STORE: "/srv/approvals",
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
          storage: "/srv/storage",
          receipts: "/srv/receipts",
          approvalStore: "/srv/approvals",
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
  it("gives guests the functions of its program", async () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "airssys-functions-")))
    try {
      const source = await loadGuest.putAsking(root)
      const price = HostFunction.sync({ wit: "acme:asking/shop@1.0.0#price", params: {}, result: Wit.u32 }, {
        requires: Capability.none("prices are for everybody"),
        fuel: 10,
        handler: () => () => 108
      })
      await using host = await NodeHost.runtime({ functions: [price] })
      await host.startUntyped(source)
      assert.strictEqual((await host.call("acme:asking", "asking.ask", [])).value, 108)
      await using other = await NodeHost.runtime()
      const refused = await other.startUntyped(source).then(() => assert.fail("it started"), (error: unknown) => error)
      assert.instanceOf(refused, InstallRefused)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })

  it("gives them the powers of its program, where they are granted", async () => {
    class Prices extends Capability.Service<Prices, {
      readonly latest: Effect.Effect<number, CapabilityError>
    }>()("custom.prices") {}
    const root = realpathSync(mkdtempSync(join(tmpdir(), "airssys-powers-")))
    try {
      const source = await loadGuest.putAsking(root)
      appendFileSync(join(source, "Component.toml"), "\n[[capability]]\nreason = \"x\"\ncustom.prices = [\"shop\"]\n")
      const price = HostFunction.make({ wit: "acme:asking/shop@1.0.0#price", params: {}, result: Wit.u32 }, {
        requires: [Prices.on("shop")],
        fuel: 10,
        deadline: "1 second",
        handler: () => Effect.orDie(Prices.use(({ latest }) => latest))
      })
      const powers = [Powers.source(Prices, (lease) => ({ latest: lease.use(Effect.succeed(108)) }))]
      await using host = await NodeHost.runtime({ functions: [price], powers })
      await host.startUntyped(source, { grants: [Grant.make("custom.prices", ["shop"], { reason: "x" })] })
      assert.strictEqual((await host.call("acme:asking", "asking.ask", [])).value, 108)
      await host.stop("acme:asking")
      await host.startUntyped(source)
      const error = await host.call("acme:asking", "asking.ask", []).catch((error: unknown) => error)
      assert.instanceOf(error, ComponentError)
      assert.include(error.message, "denied: custom.prices")
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })

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
