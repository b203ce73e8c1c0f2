import { assert, describe, it } from "@effect/vitest"
import { AuditError } from "airssys/security/AuditError"
import type { AuditEvent } from "airssys/security/AuditEvent"
import * as AuditLog from "airssys/security/AuditLog"
import * as TrustRegistry from "airssys/security/TrustRegistry"
import * as TrustStore from "airssys/security/TrustStore"
import * as TrustRegistryTest from "airssys/testing/TrustRegistryTest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { Digest, SecureRandom, Signature } from "effect/crypto"

TrustRegistryTest.suite("memory", (options) =>
  TrustRegistry.layerMemory(options).pipe(
    Layer.provideMerge(AuditLog.layerMemory()),
    Layer.provide(Digest.layerWebCrypto)
  ))

TrustRegistryTest.suite("over a store", (options) =>
  TrustRegistry.layer(options).pipe(
    Layer.provide([TrustStore.layerMemory, Signature.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))]),
    Layer.provideMerge(AuditLog.layerMemory()),
    Layer.provide(Digest.layerWebCrypto)
  ))

const digest = `sha256:${"a".repeat(64)}`

describe("TrustRegistry over an audit log that fails", () => {
  it.effect("trusts nothing that could not be recorded, and revokes even so", () => {
    let isBroken = true
    const append = () =>
      Effect.suspend(() =>
        isBroken ? Effect.fail(new AuditError({ reason: "Unwritable", detail: "disk full" })) : Effect.succeed(1)
      )
    const appendAll = append
    return Effect.gen(function*() {
      const registry = yield* TrustRegistry.TrustRegistry
      yield* Effect.flip(registry.trustDigest(digest, "reviewed"))
      isBroken = false
      assert.strictEqual((yield* registry.evaluate({ digest })).level, "Unknown")
      yield* registry.trustDigest(digest, "reviewed")
      isBroken = true
      yield* Effect.flip(registry.revokeDigest(digest, "over"))
      isBroken = false
      assert.strictEqual((yield* registry.evaluate({ digest })).level, "Unknown")
    }).pipe(
      Effect.provide(
        TrustRegistry.layerMemory().pipe(
          Layer.provide(
            Layer.mock(AuditLog.AuditLog)({ append, appendAll, recordUnsafe: () => 1, latestTimeUnsafe: () => 0 })
          )
        )
      )
    )
  })

  it.effect("takes trust away for good while another change waits for the disk", () =>
    Effect.gen(function*() {
      const disk = yield* Deferred.make<number>()
      const append = (event: AuditEvent) => event._tag === "TrustGiven" ? Deferred.await(disk) : Effect.succeed(1)
      const appendAll = (events: ReadonlyArray<AuditEvent>) => append(events[0]!)
      yield* Effect.gen(function*() {
        const registry = yield* TrustRegistry.TrustRegistry
        const trusting = yield* Effect.forkChild(registry.trustDigest(digest, "reviewed"), { startImmediately: true })
        const revoking = yield* Effect.forkChild(registry.revokeDigest(digest, "over"), { startImmediately: true })
        assert.include((yield* registry.evaluate({ digest })).because, "revoked")
        yield* Deferred.succeed(disk, 1)
        yield* Fiber.joinAll([trusting, revoking])
        assert.include((yield* registry.evaluate({ digest })).because, "revoked")
      }).pipe(
        Effect.provide(
          TrustRegistry.layerMemory().pipe(
            Layer.provide(
              Layer.mock(AuditLog.AuditLog)({ append, appendAll, recordUnsafe: () => 1, latestTimeUnsafe: () => 0 })
            )
          )
        )
      )
    }))
})
