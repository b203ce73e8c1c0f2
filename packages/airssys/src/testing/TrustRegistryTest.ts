/**
 * What every implementation of `TrustRegistry` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as ConfigProvider from "effect/ConfigProvider"
import type { Signature } from "effect/crypto/Signature"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as AuditLog from "../security/AuditLog.ts"
import * as TrustRegistry from "../security/TrustRegistry.ts"
import * as TrustSource from "../security/TrustSource.ts"
import { layerSignature, publisherTrust, type Run } from "./internal/publisherTrustTest.ts"

const digest = `sha256:${"a".repeat(64)}`
const other = `sha256:${"b".repeat(64)}`

const git = (url: string, at: { readonly ref?: string; readonly commit?: string }) =>
  Result.getOrThrow(TrustSource.git(url, at))

const placeTests = <E0>(run: Run<E0>): void => {
  const [commit, later] = ["1", "2"].map((digit) => digit.repeat(40)) as [string, string]
  const ref = "refs/tags/v1.2.0"

  it.effect("trusts a repository at a commit, at a ref, or at a commit of a ref, and nowhere else", () =>
    run((registry) =>
      Effect.gen(function*() {
        const level = (url: string, commit: string, ref?: string) =>
          Effect.map(registry.evaluate({ digest, git: { url, commit, ref } }), (_) => _.level)
        yield* registry.trust(git("https://acme.example/one.git", { commit }), { reason: "reviewed" })
        yield* registry.trust(git("git@acme.example:two", { ref }), { reason: "their releases" })
        yield* registry.trust(git("https://acme.example/three", { ref, commit }), { reason: "both" })
        assert.strictEqual(yield* level("HTTPS://acme.example:443/one", commit), "Trusted")
        assert.strictEqual(yield* level("https://acme.example/one", commit, ref), "Trusted")
        assert.strictEqual(yield* level("https://acme.example/one", later), "Unknown")
        assert.strictEqual(yield* level("https://acme.example.evil/one", commit), "Unknown")
        assert.strictEqual(yield* level("https://acme.example/One", commit), "Unknown")
        assert.strictEqual(yield* level("ssh://git@acme.example/two", later, ref), "Trusted")
        assert.strictEqual(yield* level("ssh://git@acme.example/two", later), "Unknown")
        assert.strictEqual(yield* level("ssh://git@acme.example/two", later, "refs/heads/v1.2.0"), "Unknown")
        assert.strictEqual(yield* level("https://acme.example/three", commit, ref), "Trusted")
        assert.strictEqual(yield* level("https://acme.example/three", commit), "Unknown")
        assert.strictEqual(yield* level("https://acme.example/three", later, ref), "Unknown")
        yield* registry.revoke(git("https://acme.example/one", { commit }), "over")
        assert.strictEqual(yield* level("https://acme.example/one", commit), "Unknown")
      })
    ))

  it.effect("refuses a repository without commit or ref, by a short one, or at no address", () =>
    run((registry) =>
      Effect.gen(function*() {
        for (
          const [url, at] of [
            ["https://acme.example/one", {}],
            ["https://acme.example/one", { commit: "1111111" }],
            ["https://acme.example/one", { commit: commit.toUpperCase().replace(/1/, "A") }],
            ["https://acme.example/one", { ref: "v1.2.0" }],
            ["https://acme.example/one", { ref: "refs/heads/a..b" }],
            ["https://acme.example/one", { ref: "refs/heads/--upload-pack=x" }],
            ["https://ada:x@acme.example/one", { commit }]
          ] as const
        ) {
          assert.isTrue(Result.isFailure(TrustSource.git(url, at)), JSON.stringify([url, at]))
        }
        const forged = { _tag: "Git", url: "https://ACME.example/one", commit } as unknown as TrustSource.TrustSource
        assert.strictEqual((yield* Effect.flip(registry.trust(forged, { reason: "x" })))._tag, "InvalidSource")
        const bare = { _tag: "Git", url: "https://acme.example/one" } as TrustSource.TrustSource
        assert.strictEqual((yield* Effect.flip(registry.trust(bare, { reason: "x" })))._tag, "InvalidSource")
        const error = yield* Effect.flip(registry.evaluate({ digest, git: { url: "file:///srv", commit } }))
        assert.strictEqual(error._tag, "InvalidSource")
      })
    ))

  it.effect("trusts one digest below a path and no other there", () =>
    run((registry) =>
      Effect.gen(function*() {
        const source = Result.getOrThrow(TrustSource.path("/srv/plugins", { digest }))
        yield* registry.trust(source, { reason: "pinned" })
        const level = (digest: string, path: string) => Effect.map(registry.evaluate({ digest, path }), (_) => _.level)
        assert.strictEqual(yield* level(digest, "/srv/plugins/rates"), "Trusted")
        assert.strictEqual(yield* level(other, "/srv/plugins/rates"), "Unknown")
        assert.strictEqual(yield* level(digest, "/srv/other"), "Unknown")
        yield* registry.revoke(source, "over")
        assert.strictEqual(yield* level(digest, "/srv/plugins/rates"), "Unknown")
      })
    ))

  it.effect("trusts a place until the end of its last day", () =>
    run((registry) =>
      Effect.gen(function*() {
        const source = Result.getOrThrow(TrustSource.path("/srv/plugins"))
        yield* registry.trust(source, { reason: "for a test", expires: "1970-01-01" })
        const level = Effect.map(registry.evaluate({ digest, path: "/srv/plugins/rates" }), (_) => _.level)
        yield* TestClock.setTime(86_399_999)
        assert.strictEqual(yield* level, "Trusted")
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* level, "Unknown")
        yield* TestClock.setTime(0)
        assert.strictEqual(yield* level, "Unknown")
      })
    ))
}

/**
 * Registers the tests. Each call of `layer` gives a registry of its own, empty
 * and with the options that it is given, and its audit log.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(
  name: string,
  layer: (options: TrustRegistry.Options) => Layer.Layer<TrustRegistry.TrustRegistry | AuditLog.AuditLog, E>
): void => {
  const run = <A, E2>(
    test: (
      registry: TrustRegistry.TrustRegistry["Service"]
    ) => Effect.Effect<A, E2, TrustRegistry.TrustRegistry | AuditLog.AuditLog | Signature>,
    options: TrustRegistry.Options & { readonly env?: Record<string, string> | undefined } = {}
  ) =>
    Effect.flatMap(TrustRegistry.TrustRegistry, test).pipe(
      Effect.provide(
        layer({ devMode: options.devMode, devModeFor: options.devModeFor }).pipe(
          Layer.merge(layerSignature),
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: options.env ?? {} })))
        )
      )
    )

  describe(`TrustRegistry (${name})`, () => {
    it.effect("trusts nothing that nobody named", () =>
      run((registry) =>
        Effect.gen(function*() {
          const verdict = yield* registry.evaluate({ digest, path: "/srv/plugins/rates.wasm" })
          assert.strictEqual(verdict.level, "Unknown")
        })
      ))

    it.effect("trusts exactly the bytes of a digest", () =>
      run((registry) =>
        Effect.gen(function*() {
          yield* registry.trustDigest(digest, "reviewed by Ada")
          assert.deepStrictEqual(yield* registry.evaluate({ digest }), {
            level: "Trusted",
            because: "this digest is trusted: reviewed by Ada"
          })
          assert.strictEqual((yield* registry.evaluate({ digest: other })).level, "Unknown")
        })
      ))

    it.effect("trusts a folder and what is below it, and no folder whose name begins alike", () =>
      run((registry) =>
        Effect.gen(function*() {
          yield* registry.trustPath("/srv//plugins/./", "our own build")
          const levelOf = (path: string) => Effect.map(registry.evaluate({ digest, path }), (_) => _.level)
          assert.strictEqual(yield* levelOf("/srv/plugins"), "Trusted")
          assert.strictEqual(yield* levelOf("/srv/plugins/a/rates.wasm"), "Trusted")
          assert.strictEqual(yield* levelOf("/srv/plugins-evil/rates.wasm"), "Unknown")
          assert.strictEqual(yield* levelOf("/srv/rates.wasm"), "Unknown")
          assert.strictEqual(yield* levelOf("/srv/plugins/__proto__"), "Trusted")
          assert.strictEqual(yield* levelOf("/__proto__"), "Unknown")
        })
      ))

    it.effect("refuses a path that is relative or that climbs", () =>
      run((registry) =>
        Effect.gen(function*() {
          yield* registry.trustPath("/srv/plugins", "our own build")
          for (
            const path of [
              "/srv/plugins/../../etc/evil.wasm",
              "srv/plugins/a",
              "",
              "/srv/plugins/a\0b",
              "./x",
              "/",
              "//./"
            ]
          ) {
            assert.strictEqual((yield* Effect.flip(registry.evaluate({ digest, path })))._tag, "InvalidSource", path)
            assert.strictEqual((yield* Effect.flip(registry.trustPath(path, "x")))._tag, "InvalidSource", path)
          }
        })
      ))

    it.effect("refuses what is no digest", () =>
      run((registry) =>
        Effect.gen(function*() {
          for (const text of ["", "a".repeat(64), `sha256:${"A".repeat(64)}`, `${digest}\n`, "__proto__"]) {
            assert.strictEqual((yield* Effect.flip(registry.evaluate({ digest: text })))._tag, "InvalidSource", text)
            assert.strictEqual((yield* Effect.flip(registry.trustDigest(text, "x")))._tag, "InvalidSource", text)
          }
        })
      ))

    it.effect("lets a revoked digest run nowhere as trusted", () =>
      run((registry) =>
        Effect.gen(function*() {
          yield* registry.trustDigest(digest, "reviewed")
          yield* registry.trustPath("/srv/plugins", "our own build")
          yield* registry.revokeDigest(digest, "CVE-2027-1")
          assert.deepStrictEqual(yield* registry.evaluate({ digest, path: "/srv/plugins/rates.wasm" }), {
            level: "Unknown",
            because: "this digest was revoked: CVE-2027-1"
          })
          assert.strictEqual(
            (yield* registry.evaluate({ digest: other, path: "/srv/plugins/rates.wasm" })).level,
            "Trusted"
          )
        })
      ))

    it.effect("forgets a path that is revoked", () =>
      run((registry) =>
        Effect.gen(function*() {
          yield* registry.trustPath("/srv/plugins", "our own build")
          yield* registry.revokePath("/srv/plugins/", "moved")
          assert.strictEqual((yield* registry.evaluate({ digest, path: "/srv/plugins/a" })).level, "Unknown")
        })
      ))

    it.effect("records each change and each verdict", () =>
      run((registry) =>
        Effect.gen(function*() {
          yield* registry.trustDigest(digest, "reviewed")
          yield* registry.evaluate({ digest })
          yield* registry.revokeDigest(digest, "over")
          const audit = yield* AuditLog.AuditLog
          const events = (yield* audit.entries).map((_) => _.event).filter((_) => _._tag !== "TrustStored")
          assert.deepStrictEqual(events, [
            { _tag: "TrustGiven", digest, reason: "reviewed" },
            { _tag: "TrustDecided", digest, level: "Trusted", because: "this digest is trusted: reviewed" },
            { _tag: "TrustRevoked", digest, reason: "over" }
          ])
        })
      ))

    describe("places", () => {
      placeTests(run)
    })

    publisherTrust(run)

    describe("DevMode", () => {
      it.effect("ends by itself, and never lasts longer than a day", () =>
        Effect.gen(function*() {
          const levels = (devModeFor: Duration.Input | undefined, ...hours: ReadonlyArray<number>) =>
            run((registry) =>
              Effect.forEach(hours, (hour) =>
                Effect.andThen(
                  TestClock.adjust(`${hour} hours`),
                  Effect.map(registry.evaluate({ digest }), (_) => _.level)
                )), { devMode: true, devModeFor, env: { NODE_ENV: "test" } })
          assert.deepStrictEqual(yield* levels(undefined, 7, 1), ["DevMode", "Unknown"])
          assert.deepStrictEqual(yield* levels("30 days", 23, 1), ["DevMode", "Unknown"])
        }))

      it.effect("ends in time, as trust in a place does, although the clock is set back", () => {
        let millis = Date.UTC(2027, 0, 1)
        let nanos = 0n
        const levels = (registry: TrustRegistry.TrustRegistry["Service"]) =>
          Effect.forEach([digest, other], (digest) => Effect.map(registry.evaluate({ digest }), (_) => _.level))
        return run((registry) =>
          Effect.gen(function*() {
            const source = Result.getOrThrow(TrustSource.digest(other))
            yield* registry.trust(source, { reason: "until tonight", expires: "2027-01-01" })
            assert.deepStrictEqual(yield* levels(registry), ["DevMode", "Trusted"])
            millis = 0
            nanos += 8n * 3_600_000_000_000n
            assert.deepStrictEqual(yield* levels(registry), ["Unknown", "Trusted"])
            nanos += 16n * 3_600_000_000_000n
            assert.deepStrictEqual(yield* levels(registry), ["Unknown", "Unknown"])
          }), { devMode: true, env: { NODE_ENV: "test" } }).pipe(
            Effect.updateService(Clock.Clock, (clock) => ({
              ...clock,
              currentTimeMillisUnsafe: () => millis,
              monotonicTimeNanosUnsafe: () => nanos
            }))
          )
      })

      it.effect("is off unless it was asked for, whatever NODE_ENV is", () =>
        run(
          (registry) => Effect.map(registry.evaluate({ digest }), (_) => assert.strictEqual(_.level, "Unknown")),
          { env: { NODE_ENV: "development" } }
        ))

      it.effect.each(["development", "test"])(
        "is given where NODE_ENV is %s, and warns",
        (env) =>
          Effect.gen(function*() {
            const lines: Array<string> = []
            const logger = Logger.make((options) => {
              lines.push(`${options.logLevel} ${String(options.message)}`)
            })
            const level = yield* run((registry) => Effect.map(registry.evaluate({ digest }), (_) => _.level), {
              devMode: true,
              env: { NODE_ENV: env }
            }).pipe(Effect.provide(Logger.layer([logger])))
            assert.strictEqual(level, "DevMode")
            assert.strictEqual(lines.filter((_) => _.startsWith("Warn DevMode is on")).length, 1)
          })
      )

      it.effect.each(["production", "Development", ""])(
        "is refused where NODE_ENV is \"%s\"",
        (env) =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(
              run((registry) => registry.evaluate({ digest }), { devMode: true, env: { NODE_ENV: env } })
            )
            assert.instanceOf(error, TrustRegistry.DevModeRefused)
          })
      )

      it.effect("is refused where NODE_ENV is not set", () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(run((registry) => registry.evaluate({ digest }), { devMode: true }))
          assert.instanceOf(error, TrustRegistry.DevModeRefused)
        }))

      it.effect("does not give a revoked digest anything", () =>
        run((registry) =>
          Effect.gen(function*() {
            yield* registry.revokeDigest(digest, "over")
            assert.strictEqual((yield* registry.evaluate({ digest })).level, "Unknown")
          }), { devMode: true, env: { NODE_ENV: "test" } }))
    })
  })
}
