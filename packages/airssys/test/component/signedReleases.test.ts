import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, type Scope } from "effect"
import { Digest, type Signature } from "effect/crypto"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { ComponentHost } from "../../src/component/ComponentHost.ts"
import { Runtime } from "../../src/Runtime.ts"
import * as CapabilitySet from "../../src/security/CapabilitySet.ts"
import * as ReleaseStatement from "../../src/security/ReleaseStatement.ts"
import * as Statement from "../../src/security/Statement.ts"
import { TrustRegistry } from "../../src/security/TrustRegistry.ts"
import * as TrustSource from "../../src/security/TrustSource.ts"
import { day, keyOf, layerSignature, start } from "../../src/testing/internal/publisherTrustTest.ts"
import { func, world } from "./scriptedHost.ts"
import * as scriptedHost from "./scriptedHost.ts"

const echo: scriptedHost.Guest = {
  world: world("echo", [func("ping", { kind: "string" })]),
  code: { "echo.ping": () => "pong" }
}

const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`

type Host = ReturnType<typeof scriptedHost.make>

/** Signs what lies in a folder with the key of the publisher of `acme`, and puts the signature there. */
const sign = Effect.fnUntraced(function*(
  host: Host,
  folder: string,
  change: Partial<ReleaseStatement.ReleaseStatement> = {}
) {
  const release = yield* (yield* ComponentHost).install(folder)
  const key = yield* keyOf(1)
  const { name, namespace, version } = release.manifest.component
  const value: ReleaseStatement.ReleaseStatement = {
    algorithm: "ed25519",
    artifact: release.digest,
    capabilities: yield* CapabilitySet.digest(release.manifest.asks),
    issued: start,
    key: key.publicKey,
    manifest: sha256(host.files.get(folder)!.manifest),
    name,
    namespace,
    notAfter: start + day,
    version,
    ...change
  }
  const signed = yield* Statement.sign(ReleaseStatement.statement, value, [key])
  host.files.get(folder)!.signature = Statement.print(signed)
})

const withPublisher = <A, E>(
  body: (host: Host) => Effect.Effect<
    A,
    E,
    Runtime | ComponentHost | TrustRegistry | Signature.Signature | Digest.Digest | Scope.Scope
  >
) => {
  const host = scriptedHost.make()
  return Effect.scoped(Effect.gen(function*() {
    yield* TestClock.setTime(start)
    const key = yield* keyOf(1)
    const source = Result.getOrThrow(TrustSource.publisher(key.publicKey, ["acme"]))
    yield* (yield* TrustRegistry).trust(source, { reason: "the Acme company" })
    return yield* body(host)
  })).pipe(Effect.provide([host.layer, layerSignature, Digest.layerWebCrypto]))
}

const levelOf = (folder: string) => ComponentHost.use((host) => Effect.map(host.install(folder), (_) => _.trust.level))

describe("a release with a Component.sig", () => {
  it.effect("is trusted where a publisher signed exactly these files", () =>
    withPublisher((host) =>
      Effect.gen(function*() {
        const folder = host.put("echo", echo, "[[capability]]\nreason = \"Try.\"\nclock = true")
        assert.strictEqual(yield* levelOf(folder), "Unknown")
        yield* sign(host, folder)
        assert.strictEqual(yield* levelOf(folder), "Trusted")
        const release = yield* (yield* ComponentHost).install(folder)
        assert.strictEqual((yield* (yield* ComponentHost).place(release, {})).tier, "inline")
      })
    ))

  it.effect("is not trusted when a character of its manifest or its artifact was changed afterwards", () =>
    withPublisher((host) =>
      Effect.gen(function*() {
        const folder = host.put("echo", echo)
        yield* sign(host, folder)
        const files = host.files.get(folder)!
        const signed = { ...files }
        files.manifest = `${files.manifest} `
        assert.strictEqual(yield* levelOf(folder), "Unknown")
        files.manifest = signed.manifest
        assert.strictEqual(yield* levelOf(folder), "Trusted")
        host.put("echo", echo)
        host.files.get(folder)!.signature = signed.signature!
        assert.strictEqual(yield* levelOf(folder), "Unknown")
      })
    ))

  it.effect("is not trusted when what it asks for is not what was signed, nor by a file that is no statement", () =>
    withPublisher((host) =>
      Effect.gen(function*() {
        const folder = host.put("echo", echo)
        yield* sign(host, folder, { capabilities: sha256("") })
        assert.strictEqual(yield* levelOf(folder), "Unknown")
        yield* (yield* TrustRegistry).trustPath(folder, "ours")
        for (const text of ["", "not a statement", "airssys/release/1\n{}\n", "x".repeat(100_000)]) {
          host.files.get(folder)!.signature = text
          assert.strictEqual(yield* levelOf(folder), "Unknown", text.slice(0, 30))
        }
        delete host.files.get(folder)!.signature
        assert.strictEqual(yield* levelOf(folder), "Trusted")
      })
    ))

  it.effect("starts by the signature that lies there, not by one that lay there before", () =>
    withPublisher((host) =>
      Effect.gen(function*() {
        const { install, place } = yield* ComponentHost
        const folder = host.put("echo", echo)
        yield* sign(host, folder)
        yield* install(folder)
        yield* sign(host, folder, { notAfter: start + 9 * day })
        const release = yield* install(folder)
        yield* TestClock.adjust(2 * day)
        assert.strictEqual((yield* place(release, {})).release.trust.level, "Trusted")
      })
    ))

  it.effect("keeps lower versions from being trusted once it has started, and not before", () =>
    withPublisher((host) =>
      Effect.gen(function*() {
        const runtime = yield* Runtime
        const older = host.put("echo", echo, "", "/plugins/older")
        const newer = host.put("echo", echo, "", "/plugins/newer")
        const files = host.files.get(newer)!
        files.manifest = files.manifest.replace(/version = "[^"]*"/, "version = \"9.0.0\"")
        yield* sign(host, older)
        yield* sign(host, newer)
        assert.deepStrictEqual([yield* levelOf(newer), yield* levelOf(older)], ["Trusted", "Trusted"])
        yield* runtime.startUntyped(newer, {})
        assert.deepStrictEqual([yield* levelOf(newer), yield* levelOf(older)], ["Trusted", "Unknown"])
      })
    ))
})
