/**
 * What every implementation of `TrustRegistry` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as AuditLog from "../security/AuditLog.ts"
import * as TrustRegistry from "../security/TrustRegistry.ts"

const digest = `sha256:${"a".repeat(64)}`
const other = `sha256:${"b".repeat(64)}`

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
    ) => Effect.Effect<A, E2, TrustRegistry.TrustRegistry | AuditLog.AuditLog>,
    options: TrustRegistry.Options & { readonly env?: Record<string, string> } = {}
  ) =>
    Effect.flatMap(TrustRegistry.TrustRegistry, test).pipe(
      Effect.provide(
        layer({ devMode: options.devMode }).pipe(
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
          assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), [
            { _tag: "TrustGiven", digest, reason: "reviewed" },
            { _tag: "TrustDecided", digest, level: "Trusted", because: "this digest is trusted: reviewed" },
            { _tag: "TrustRevoked", digest, reason: "over" }
          ])
        })
      ))

    describe("DevMode", () => {
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
