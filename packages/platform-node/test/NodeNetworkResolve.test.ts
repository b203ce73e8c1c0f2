import * as NodeNetworkResolve from "@airssys/platform-node/NodeNetworkResolve"
import { assert, describe, it } from "@effect/vitest"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as Grant from "airssys/security/Grant"
import { NetworkResolve } from "airssys/security/NetworkResolve"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import { Effect, Fiber, Layer } from "effect"

const billing = Principal.make({ kind: "Host", id: "billing" })

const names = new Map<string, ReadonlyArray<string>>([
  ["api.example.com", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]],
  ["mixed.example.com", ["10.0.0.1", "93.184.215.14", "::1", "169.254.169.254", "::ffff:10.0.0.1", "nonsense"]],
  ["inside.example.com", ["192.168.0.7"]],
  ["many.example.com", Array.from({ length: 100 }, (_, index) => `93.184.215.${index}`)]
])

const look = (host: string, resolve?: NodeNetworkResolve.Options["resolve"]) =>
  Effect.gen(function*() {
    const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
    yield* enforcer.admit(billing, {
      asks: [],
      grants: [Grant.make("network.resolve", ["*.example.com"], { reason: "Look." })]
    })
    const looking = NetworkResolve.use((power) => power.addresses).pipe(
      enforcer.require(NetworkResolve.on(host)),
      Effect.provideService(Principal.CurrentPrincipal, billing)
    )
    return { looking, enforcer }
  }).pipe(
    Effect.flatMap(({ enforcer, looking }) =>
      resolve === undefined ? looking : Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(looking, { startImmediately: true })
        yield* enforcer.revoke(billing, { reason: "Over." })
        return yield* Fiber.join(fiber)
      })
    ),
    Effect.provide(
      Layer.provide(
        CapabilityEnforcer.layerTest,
        Powers.layer(NodeNetworkResolve.source({
          resolve: resolve ?? ((name) =>
            names.has(name) ? Promise.resolve(names.get(name)!) : Promise.reject(new Error(`no ${name} at 10.0.0.53`)))
        }))
      )
    )
  )

describe("NodeNetworkResolve", () => {
  it.effect("gives the addresses of a name that is granted, the public ones, and not too many", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* look("api.example.com"), names.get("api.example.com"))
      assert.deepStrictEqual(yield* look("mixed.example.com"), ["93.184.215.14"])
      assert.strictEqual((yield* look("many.example.com")).length, 16)
    }))

  it.effect("tells a name that is inside, and one that nobody knows, not apart", () =>
    Effect.gen(function*() {
      const inside = yield* Effect.flip(look("inside.example.com"))
      const unknown = yield* Effect.flip(look("unknown.example.com"))
      assert.strictEqual(inside.message, "inside.example.com: no address is known for this host")
      assert.strictEqual(unknown.message, "unknown.example.com: no address is known for this host")
    }))

  it.effect("looks up nothing that is not granted", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(look("example.org"))
      assert.strictEqual(error._tag, "CapabilityError")
    }))

  it.effect("ends a look-up that is revoked", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(look("api.example.com", () => new Promise(() => {})))
      assert.strictEqual(error._tag === "CapabilityError" && error.reason._tag, "Revoked")
    }))
})
