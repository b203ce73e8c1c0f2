import type { Func } from "@airssys/engine/WitType"
import { assert, describe, it } from "@effect/vitest"
import { ComponentEngine } from "airssys/component/ComponentEngine"
import { ComponentHost } from "airssys/component/ComponentHost"
import { Runtime } from "airssys/Runtime"
import * as AuditLog from "airssys/security/AuditLog"
import { CapabilityEnforcer } from "airssys/security/CapabilityEnforcer"
import * as Environment from "airssys/security/Environment"
import { FileRead } from "airssys/security/FileRead"
import * as Grant from "airssys/security/Grant"
import { HttpAccess } from "airssys/security/HttpAccess"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import { TrustRegistry } from "airssys/security/TrustRegistry"
import { ConfigProvider, Effect, Layer, Option } from "effect"
import { createHash } from "node:crypto"
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import * as NodeHost from "../src/NodeHost.ts"

const environment = "airssys:core/environment@0.1.0"

const interfaceOf = (id: string | undefined, name: string) => ({
  id,
  functions: [{ name, params: [], result: undefined, async: false }],
  types: [],
  resources: []
})

/** `environment.get`, as its WIT says. */
const get: Func = {
  name: "get",
  params: [{ name: "name", type: { kind: "string" } }],
  result: {
    kind: "result",
    ok: { kind: "option", some: { kind: "string" } },
    err: {
      kind: "variant",
      name: undefined,
      cases: [
        { name: "access-denied", type: undefined },
        { name: "invalid-argument", type: { kind: "string" } },
        { name: "not-found", type: undefined },
        { name: "timed-out", type: undefined },
        { name: "exhausted", type: undefined },
        { name: "unavailable", type: undefined },
        { name: "failed", type: { kind: "string" } }
      ]
    }
  },
  async: false
}

/** Runs every artifact as one guest: `read` gives what the host says about KEY. */
const engine = Layer.succeed(ComponentEngine, {
  name: "scripted",
  keeps: () => ({ timeout: true, fuel: true }),
  load: (bytes) =>
    Effect.succeed({
      digest: createHash("sha256").update(bytes).digest("hex"),
      world: {
        imports: [{ ...interfaceOf(environment, "get"), functions: [get] }],
        exports: [interfaceOf(undefined, "read")]
      }
    }),
  instantiate: (component, { imports, tier }) => {
    const get = imports.get(environment)?.get("get")
    return Effect.succeed({
      component,
      tier,
      isPoisoned: () => false,
      read: () => get?._tag === "Sync" ? get.call(["KEY"]) : undefined
    })
  },
  call: (instance) =>
    Effect.sync(() => ({
      value: (instance as unknown as { readonly read: () => unknown }).read(),
      receipt: { fuel: 1, costTable: 1, memory: 0, nanos: 0n }
    })),
  callUnsafe: () => undefined,
  dispose: () => Effect.void
})

const manifest = (name: string) =>
  `schema = 1
[component]
namespace = "acme"
name = "${name}"
version = "1.0.0"
world = "acme:${name}/plugin@1.0.0"
[build]
command = "none"
output = "out.wasm"
[limits]
memory = "1 MiB"
timeout = "1 s"
[[capability]]
reason = "Try."
environment = ["KEY"]
`

const folders = Effect.acquireRelease(
  Effect.sync(() => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "airssys-host-")))
    const put = (name: string, bytes = name): string => {
      mkdirSync(join(root, name), { recursive: true })
      writeFileSync(join(root, name, "Component.toml"), manifest(name))
      writeFileSync(join(root, name, "out.wasm"), bytes)
      return join(root, name)
    }
    return { root, put, audit: join(root, "audit.jsonl") }
  }),
  ({ root }) => Effect.sync(() => rmSync(root, { recursive: true, force: true }))
)

const hosted = <A, E>(
  options: Omit<NodeHost.Options, "engine">,
  body: Effect.Effect<A, E, NodeHost.NodeHost>,
  nodeEnv = "production"
) =>
  Effect.provide(
    body,
    NodeHost.layer({ engine, ...options }).pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NODE_ENV: nodeEnv })))
    )
  )

const levelOf = (folder: string) =>
  Effect.map(Effect.flatMap(Runtime, (runtime) => runtime.install(folder)), (release) => release.trust.level)

const options = { grants: [Grant.make("environment", ["KEY"], { reason: "Try." })], environment: { KEY: "sk_live" } }

const readOnce = (folder: string) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime
    const { release } = yield* runtime.startUntyped(folder, options)
    const { value } = yield* runtime.call(release.id, "read", [])
    yield* runtime.stop(release.id)
    return value
  })

describe("NodeHost", () => {
  it.live("keeps an audit log that goes on over hosts and verifies, without the secrets that were read", () =>
    Effect.gen(function*() {
      const { audit, put } = yield* folders
      const folder = put("echo")
      const first = yield* hosted({ audit }, Effect.andThen(readOnce(folder), AuditLog.AuditLog.use((log) => log.head)))
      assert.deepStrictEqual(yield* hosted({ audit }, readOnce(folder)), { tag: "ok", val: "sk_live" })
      const text = readFileSync(audit, "utf8")
      assert.notInclude(text, "sk_live")
      yield* hosted(
        { audit },
        Effect.gen(function*() {
          const log = yield* AuditLog.AuditLog
          const { entries } = yield* AuditLog.verifyText(text, { checkpoint: first })
          assert.isAbove(entries, 2 * 5)
          assert.isAtLeast((yield* log.verify).entries, entries)
          const uses = (yield* log.entries).filter(({ event }) => event._tag === "CapabilityUsed")
          assert.lengthOf(uses, 2)
        })
      )
    }))

  it.live("does not start on an audit log that was changed, and leaves it as it is", () =>
    Effect.gen(function*() {
      const { audit, put } = yield* folders
      yield* hosted({ audit }, readOnce(put("echo")))
      const changed = readFileSync(audit, "utf8").replace("acme:echo", "acme:each")
      writeFileSync(audit, changed)
      const error = yield* Effect.flip(hosted({ audit }, Effect.void))
      assert.strictEqual(error._tag === "AuditError" ? error.reason : error._tag, "Tampered")
      assert.strictEqual(readFileSync(audit, "utf8"), changed)
    }))

  it.live("does not start beside a host that has its audit log open", () =>
    Effect.gen(function*() {
      const { audit, put } = yield* folders
      const folder = put("echo")
      yield* hosted(
        { audit },
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* readOnce(folder), { tag: "ok", val: "sk_live" })
          yield* AuditLog.AuditLog.use((log) => log.flush)
          const error = yield* Effect.flip(hosted({ audit }, readOnce(folder)))
          assert.strictEqual(error._tag === "AuditError" ? error.reason : error._tag, "InUse")
          assert.deepStrictEqual(yield* readOnce(folder), { tag: "ok", val: "sk_live" })
        })
      )
      yield* hosted({ audit }, AuditLog.AuditLog.use((log) => log.verify))
    }))

  it.live("holds components to a file of policies, and does not start without it", () =>
    Effect.gen(function*() {
      const { put, root } = yield* folders
      const policy = join(root, "policy.toml")
      const deny = (principal: string) =>
        `schema = 1\nunmatched = "grants"\n[[entry]]\neffect = "deny"\nprincipal = "${principal}"\nreason = "No."\neverything = true\n`
      const folder = put("echo")
      writeFileSync(policy, deny("acme:other"))
      assert.deepStrictEqual(yield* hosted({ policy }, readOnce(folder)), { tag: "ok", val: "sk_live" })
      writeFileSync(policy, deny("acme:*"))
      assert.deepStrictEqual(yield* hosted({ policy }, readOnce(folder)), { tag: "err", val: { tag: "access-denied" } })
      writeFileSync(policy, deny("acme:*").replace("effect", "efect"))
      assert.strictEqual((yield* Effect.flip(hosted({ policy }, Effect.void)))._tag, "PolicyFileError")
      rmSync(policy)
      assert.strictEqual((yield* Effect.flip(hosted({ policy }, Effect.void)))._tag, "PlatformError")
    }))

  it.live("trusts what lies below a folder, by whatever way it is named, and nothing that is linked into it", () =>
    Effect.gen(function*() {
      const { put, root } = yield* folders
      const inside = put("echo")
      const trusted = join(root, "trusted")
      mkdirSync(trusted)
      symlinkSync(inside, join(trusted, "linked"))
      symlinkSync(root, join(root, "way"))
      assert.strictEqual(yield* hosted({ trust: [inside] }, levelOf(inside)), "Trusted")
      assert.strictEqual(yield* hosted({ trust: [relative(process.cwd(), inside)] }, levelOf(inside)), "Trusted")
      assert.strictEqual(yield* hosted({ trust: [join(root, "way", "echo")] }, levelOf(inside)), "Trusted")
      assert.strictEqual(yield* hosted({ trust: [inside] }, levelOf(join(trusted, "linked"))), "Trusted")
      assert.strictEqual(yield* hosted({ trust: [trusted] }, levelOf(join(trusted, "linked"))), "Unknown")
      assert.strictEqual(yield* hosted({ trust: [join(root, "ech")] }, levelOf(inside)), "Unknown")
      assert.strictEqual(yield* hosted({}, levelOf(inside)), "Unknown")
    }))

  it.live("trusts what its file of trust declares, and reports what is wrong with that file", () =>
    Effect.gen(function*() {
      const { put, root } = yield* folders
      const [echo, other] = [put("echo"), put("other")]
      const trustFile = join(root, "trust.toml")
      writeFileSync(trustFile, "schema = 1\n[trust]\npaths = [\"echo\"]\n")
      yield* hosted(
        { trustFile },
        Effect.gen(function*() {
          assert.deepStrictEqual([yield* levelOf(echo), yield* levelOf(other)], ["Trusted", "Unknown"])
        })
      )
      writeFileSync(trustFile, "schema = 1\n[trust]\npath = [\"echo\"]\n")
      const error = yield* Effect.flip(hosted({ trustFile }, Effect.void))
      assert.strictEqual(error._tag, "TrustConfigError")
      assert.include(String(error), "trust.toml:3:")
      rmSync(trustFile)
      assert.strictEqual((yield* Effect.flip(hosted({ trustFile }, Effect.void)))._tag, "TrustStoreError")
    }))

  it.live("keeps revocations in its store, whatever is declared, and finds an older state put back", () =>
    Effect.gen(function*() {
      const { audit, put, root } = yield* folders
      const folder = put("echo", "good")
      const digest = `sha256:${createHash("sha256").update("good").digest("hex")}`
      const trustStore = join(root, "kept")
      const state = join(trustStore, "trust.state")
      const options = { audit, trustStore, trust: [digest] }
      const registry = TrustRegistry
      yield* hosted(
        options,
        Effect.gen(function*() {
          assert.strictEqual(yield* levelOf(folder), "Trusted")
          yield* (yield* registry).trustPath(join(root, "x"), "for a state")
        })
      )
      const older = readFileSync(state)
      yield* hosted(options, Effect.flatMap(registry, (_) => _.revokeDigest(digest, "bad")))
      assert.strictEqual(yield* hosted(options, levelOf(folder)), "Unknown")
      assert.strictEqual(statSync(trustStore).mode & 0o777, 0o700)
      writeFileSync(state, older)
      const error = yield* Effect.flip(hosted(options, Effect.void))
      assert.strictEqual(error._tag === "TrustStoreError" && error.reason, "RolledBack")
      chmodSync(trustStore, 0o755)
      assert.strictEqual((yield* Effect.flip(hosted(options, Effect.void)))._tag, "TrustStoreError")
    }))

  it.live("trusts a digest wherever it lies, and not what takes its place", () =>
    Effect.gen(function*() {
      const { put } = yield* folders
      const folder = put("echo", "good")
      const digest = `sha256:${createHash("sha256").update("good").digest("hex")}`
      yield* hosted(
        { trust: [digest] },
        Effect.gen(function*() {
          assert.strictEqual(yield* levelOf(folder), "Trusted")
          put("echo", "evil")
          assert.strictEqual(yield* levelOf(folder), "Unknown")
        })
      )
      for (const source of ["sha256:abc", "", " "]) {
        const error = yield* Effect.flip(hosted({ trust: [source] }, Effect.void))
        assert.strictEqual(error._tag, "InvalidSource")
      }
    }))

  for (const nodeEnv of ["production", "", "Development", "staging"]) {
    it.live(`refuses DevMode where NODE_ENV is "${nodeEnv}"`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(hosted({ devMode: true }, Effect.void, nodeEnv))
        assert.strictEqual(error._tag, "DevModeRefused")
      }))
  }

  it.live("runs the unknown as DevMode in development, and says so in the audit log", () =>
    Effect.gen(function*() {
      const { put } = yield* folders
      const folder = put("echo")
      yield* hosted(
        { devMode: true },
        Effect.gen(function*() {
          const host = yield* ComponentHost
          const { release, tier } = yield* host.place(yield* host.install(folder), {})
          assert.strictEqual(release.trust.level, "DevMode")
          assert.strictEqual(tier, "inline")
          const entries = yield* AuditLog.AuditLog.use((log) => log.entries)
          const decided = entries.map(({ event }) => event).find((event) => event._tag === "TrustDecided")
          assert.strictEqual(decided?.level, "DevMode")
        }),
        "development"
      )
    }))

  it.live("gives programs the powers to read and write below its roots, beside powers of their own", () =>
    Effect.gen(function*() {
      const { root } = yield* folders
      mkdirSync(join(root, "inbox"))
      writeFileSync(join(root, "inbox/a"), "text")
      const program = Principal.make({ kind: "Host", id: "program" })
      const text = yield* Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer
        yield* enforcer.admit(program, {
          asks: [],
          grants: [
            Grant.make("filesystem.read", ["inbox:/**"], { reason: "Try." }),
            Grant.make("environment", ["KEY"], { reason: "Try." })
          ]
        })
        const file = yield* FileRead.use((file) => file.read()).pipe(enforcer.require(FileRead.on("inbox:/a")))
        const value = yield* Environment.Environment.use(({ get }) => get).pipe(
          enforcer.require(Environment.Environment.on("KEY"))
        )
        return [new TextDecoder().decode(file), Option.getOrThrow(value)]
      }).pipe(
        Effect.provideService(Principal.CurrentPrincipal, program),
        Effect.provide(
          NodeHost.layer({ engine, roots: { inbox: join(root, "inbox") } }).pipe(
            Layer.provide(Powers.layer(Environment.source({ KEY: "value" })))
          )
        )
      )
      assert.deepStrictEqual(text, ["text", "value"])
    }))

  it.live("gives programs the power to send requests where that is asked for, and not otherwise", () =>
    Effect.gen(function*() {
      const program = Principal.make({ kind: "Host", id: "program" })
      const asking = (options: Omit<NodeHost.Options, "engine">) =>
        hosted(
          options,
          Effect.gen(function*() {
            const enforcer = yield* CapabilityEnforcer
            const grants = [Grant.make("network.outbound", ["http://none.test"], { reason: "Try." })]
            yield* enforcer.admit(program, { asks: [], grants })
            return yield* Effect.flip(
              Effect.scoped(HttpAccess.use((http) => http.request())).pipe(
                enforcer.require(HttpAccess.on("http://none.test"))
              )
            )
          }).pipe(Effect.provideService(Principal.CurrentPrincipal, program))
        )
      const given = yield* asking({ http: { resolve: () => Promise.resolve([]) } })
      assert.strictEqual(given._tag === "HttpError" ? given.reason : given._tag, "NotFound")
      const missing = yield* asking({})
      assert.strictEqual(missing._tag === "CapabilityError" ? missing.reason._tag : missing._tag, "PowerMissing")
    }))

  it.live("gives no root that holds its audit log, its cache or what it trusts", () =>
    Effect.gen(function*() {
      const { audit, put, root } = yield* folders
      const plugin = put("echo")
      const reasonOf = (options: Omit<NodeHost.Options, "engine">) =>
        Effect.map(
          Effect.flip(hosted(options, Effect.void)),
          (error) => error._tag === "RootError" ? error.reason : error._tag
        )
      const roots = { all: root }
      assert.strictEqual(yield* reasonOf({ roots, audit }), "Reserved")
      assert.strictEqual(yield* reasonOf({ roots, trust: [plugin] }), "Reserved")
      const cache = { folder: join(root, "cache"), key: join(root, "key") }
      assert.strictEqual(yield* reasonOf({ roots, cache }), "Reserved")
      assert.strictEqual(yield* reasonOf({ roots: { key: cache.key }, cache }), "Unusable")
      assert.strictEqual(yield* hosted({ roots }, Effect.succeed("held")), "held")
    }))
})
