/**
 * What a runtime has to keep with real components on a real engine.
 *
 * The suite wants three components of the examples: `totals`, `rates`, which
 * reads a secret, and `miner`, which attacks its host. The clock is the real one; nothing sleeps.
 * Where a time limit counts, a test sets its own: those of the manifests are to be
 * long, so that a machine that is busy reaches none of them.
 *
 * @since 0.1.0
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { ActorSystem } from "../actor/ActorSystem.ts"
import type { LayerOptions } from "../component/Component.ts"
import { ComponentHost } from "../component/ComponentHost.ts"
import { isLive } from "../component/ComponentLifecycle.ts"
import * as Receipt from "../component/Receipt.ts"
import { Runtime } from "../Runtime.ts"
import { AuditLog } from "../security/AuditLog.ts"
import { CapabilityEnforcer } from "../security/CapabilityEnforcer.ts"
import * as Grant from "../security/Grant.ts"
import * as Principal from "../security/Principal.ts"

/**
 * Where the suite's components are, for the `install` of the runtime.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sources {
  readonly totals: string
  readonly rates: string
  readonly miner: string
}

const quick: LayerOptions = { backoff: { base: "1 millis", factor: 1, cap: "1 millis" } }
const limited: LayerOptions = { ...quick, limits: { timeout: "250 millis" } }
const lines = [{ quantity: 2, cents: 1050 }]

/**
 * Registers the tests. The layer is built once for all of them.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(
  name: string,
  layer: Layer.Layer<Runtime | ActorSystem | ComponentHost | AuditLog | CapabilityEnforcer, E>,
  sources: Sources
): void => {
  const started = <A, E2, R>(
    source: keyof Sources,
    test: (runtime: Runtime["Service"]) => Effect.Effect<A, E2, R>,
    options: LayerOptions = quick
  ) =>
    Effect.gen(function*() {
      const runtime = yield* Runtime
      const { release } = yield* runtime.startUntyped(sources[source], options)
      return yield* Effect.ensuring(test(runtime), runtime.stop(release.id))
    })

  const restarted = Effect.gen(function*() {
    const system = yield* ActorSystem
    return yield* Effect.forkChild(
      Stream.runHead(Stream.filter(system.events, (event) => event._tag === "Restarted")),
      { startImmediately: true }
    )
  })

  const eventsOf = Effect.gen(function*() {
    const audit = yield* AuditLog
    return (yield* audit.entries).map((entry) => entry.event)
  })

  describe(`Runtime (${name})`, () => {
    withLayer(layer, { excludeTestServices: true })((it) => {
      it.effect("installs a folder once, trusts nobody by itself and records both", () =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          const first = yield* runtime.install(sources.totals)
          const second = yield* runtime.install(sources.totals)
          assert.strictEqual(first, second)
          assert.strictEqual(first.id, "acme:totals")
          assert.match(first.digest, /^sha256:[0-9a-f]{64}$/)
          assert.strictEqual(first.trust.level, "Unknown")
          const tags = (yield* eventsOf).map((event) => event._tag)
          assert.includeMembers(tags, ["Installed", "TrustDecided"])
        }))

      it.effect("fails to install what is not there, and names the file", () =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          const error = yield* Effect.flip(runtime.install(`${sources.totals}-that-is-not-there`))
          assert.strictEqual(error._tag, "SourceError")
          assert.include(error.message, "that-is-not-there")
        }))

      it.effect("answers a call with the value of the export and a receipt", () =>
        started("totals", (runtime) =>
          Effect.gen(function*() {
            const { receipt, value } = yield* runtime.call("acme:totals", "totals.sum", [lines])
            assert.deepStrictEqual(value, { tag: "ok", val: 2100 })
            assert.isAbove(receipt.memory, 0)
            assert.isTrue(receipt.nanos > 0n)
          })))

      it.effect("gives the typed error of an export as its value", () =>
        started("totals", (runtime) =>
          Effect.gen(function*() {
            const many = [{ quantity: 4_294_967_295, cents: 4_294_967_295 }]
            const { value } = yield* runtime.call("acme:totals", "totals.sum", [many])
            assert.deepStrictEqual(value, { tag: "err", val: "overflow" })
          })))

      it.effect("refuses wrong arguments and unknown exports without harm to the instance", () =>
        started("totals", (runtime) =>
          Effect.gen(function*() {
            const wrong = yield* Effect.flip(runtime.call("acme:totals", "totals.add", [1, "2"]))
            assert.strictEqual(wrong.reason._tag, "BadArgument")
            const unknown = yield* Effect.flip(runtime.call("acme:totals", "totals.constructor", []))
            assert.strictEqual(unknown.reason._tag, "NoSuchExport")
            assert.strictEqual((yield* runtime.call("acme:totals", "totals.add", [1, 2])).value, 3)
          })))

      it.effect("does not start a component twice, and starts it again after a stop", () =>
        started("totals", (runtime) =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(runtime.startUntyped(sources.totals, quick))
            assert.strictEqual(error._tag, "AlreadyRunning")
            yield* runtime.stop("acme:totals")
            const gone = yield* Effect.flip(runtime.call("acme:totals", "totals.add", [1, 2]))
            assert.strictEqual(gone.reason._tag, "Stopped")
            yield* runtime.startUntyped(sources.totals, {
              ...quick,
              grants: [Grant.make("log", { reason: "Another grant than before." })]
            })
            assert.strictEqual((yield* runtime.call("acme:totals", "totals.add", [1, 2])).value, 3)
          })))

      it.effect("stops an endless loop at its limit while a neighbour answers", () =>
        started("totals", () =>
          started("miner", (runtime) =>
            Effect.gen(function*() {
              const spinning = yield* Effect.forkChild(Effect.flip(runtime.call("evil:miner", "miner.spin", [])), {
                startImmediately: true
              })
              let calls = 0
              while (spinning.pollUnsafe() === undefined) {
                yield* runtime.call("acme:totals", "totals.add", [1, 2])
                calls++
              }
              const error = yield* Fiber.join(spinning)
              assert.deepStrictEqual(error.reason, { _tag: "DeadlineExceeded", limitMillis: 250 })
              assert.isAbove(calls, 0)
            }), limited)))

      it.effect("gives the sender of a crash a typed error and starts a fresh instance", () =>
        started("miner", (runtime) =>
          Effect.gen(function*() {
            const restart = yield* restarted
            const error = yield* Effect.flip(runtime.call("evil:miner", "miner.dig", []))
            assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "Unreachable" })
            assert.strictEqual(error.component, "evil:miner")
            assert.strictEqual(error.export, "miner.dig")
            yield* Fiber.join(restart)
            assert.strictEqual((yield* runtime.call("evil:miner", "miner.ping", [])).value, "pong")
            const tags = (yield* eventsOf).map((event) => event._tag)
            assert.includeMembers(tags, ["Crashed", "Restarted"])
          })))

      it.effect("fails a call at once that comes right after a crash, while the component restarts", () =>
        started("miner", (runtime) =>
          Effect.gen(function*() {
            yield* Effect.flip(runtime.call("evil:miner", "miner.dig", []))
            const error = yield* Effect.flip(runtime.call("evil:miner", "miner.ping", []))
            assert.strictEqual(error.reason._tag, "Restarting")
          }), { backoff: { base: "1 minute", factor: 1, cap: "1 minute" } }))

      it.effect("ends a recursion without end as a stack overflow", () =>
        started("miner", (runtime) =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(runtime.call("evil:miner", "miner.recurse", []))
            assert.deepStrictEqual(error.reason, { _tag: "Trap", category: "StackOverflow" })
          })))

      it.effect("lets a component grow to its limit and no further", () =>
        started("miner", (runtime) =>
          Effect.gen(function*() {
            const { receipt, value } = yield* runtime.call("evil:miner", "miner.hog", [])
            assert.isAtMost(value as number, 256)
            assert.isAtMost(receipt.memory, 16 * 1024 * 1024)
          })))

      it.effect("gives up on a component that keeps crashing, and on nobody else", () =>
        started("totals", () =>
          started(
            "miner",
            (runtime) =>
              Effect.gen(function*() {
                const restart = yield* restarted
                yield* Effect.flip(runtime.call("evil:miner", "miner.dig", []))
                yield* Fiber.join(restart)
                yield* Effect.flip(runtime.call("evil:miner", "miner.dig", []))
                const error = yield* Effect.flip(runtime.call("evil:miner", "miner.ping", []))
                assert.strictEqual(error.reason._tag, "Stopped")
                assert.strictEqual((yield* runtime.call("acme:totals", "totals.add", [1, 2])).value, 3)
              }),
            { ...quick, intensity: { restarts: 1, within: "1 minute" } }
          )))

      it.effect("denies what a manifest does not ask for, as a value, and explains it to the operator", () =>
        started("miner", (runtime) =>
          Effect.gen(function*() {
            const host = yield* ComponentHost
            const { value } = yield* runtime.call("evil:miner", "miner.peek", [])
            assert.isTrue(value)
            const [denial] = yield* host.denials
            assert.strictEqual(denial?.explanation.reason, "NotAsked")
            assert.strictEqual(denial?.explanation.resource, "STRIPE_KEY")
            const entry = (yield* (yield* AuditLog).entries).find((item) => item.sequence === denial?.entry)
            assert.strictEqual(entry?.event._tag, "CapabilityDenied")
          }), {
          ...quick,
          environment: { STRIPE_KEY: "sk_live" },
          grants: [Grant.make("environment", ["STRIPE_KEY"], { reason: "Beyond what it asks for." })]
        }))

      it.effect("names what was denied when a guest is stopped, and keeps a flood of denials out of the log", () =>
        started("miner", (runtime) =>
          Effect.gen(function*() {
            const denials = Effect.map(eventsOf, (events) =>
              events.filter((event) => event._tag === "CapabilityDenied").length)
            const before = yield* denials
            const error = yield* Effect.flip(runtime.call("evil:miner", "miner.nag", []))
            assert.include(["DeadlineExceeded", "Trap"], error.reason._tag)
            assert.deepStrictEqual(error.denials, ["environment STRIPE_KEY"])
            assert.isBelow((yield* denials) - before, 50)
          }), limited))

      it.effect("leaves a component running that was denied something, and its export's error is the answer", () =>
        started(
          "rates",
          (runtime) =>
            Effect.gen(function*() {
              const refused = yield* runtime.call("acme:rates", "rates.take-secret", [])
              assert.deepStrictEqual(refused.value, { tag: "err", val: { tag: "access-denied" } })
              const { value } = yield* runtime.call("acme:rates", "rates.latest", ["USD"])
              assert.deepStrictEqual(value, { tag: "ok", val: 1.08 })
              const crashes = (yield* eventsOf).filter((event) =>
                event._tag === "Crashed" && event.principal.id === "acme:rates"
              )
              assert.deepStrictEqual(crashes, [])
            }),
          { ...quick, grants: [Grant.make("clock", { reason: "Test." }), Grant.make("log", { reason: "Test." })] }
        ))

      it.effect("takes a grant away from a running component at its next use", () =>
        started(
          "rates",
          (runtime) =>
            Effect.gen(function*() {
              const enforcer = yield* CapabilityEnforcer
              const principal = Principal.make({ kind: "Component", id: "acme:rates" })
              yield* enforcer.revoke(principal, { kind: "clock", reason: "Test." })
              const { value } = yield* runtime.call("acme:rates", "rates.latest", ["USD"])
              assert.deepStrictEqual(value, { tag: "err", val: { tag: "access-denied" } })
            }),
          { ...quick, grants: [Grant.make("clock", { reason: "Soon over." })] }
        ))

      it.effect("answers on when the caller of a running call is interrupted", () =>
        started("miner", (runtime) =>
          Effect.gen(function*() {
            const restart = yield* restarted
            const spinning = yield* Effect.forkChild(runtime.call("evil:miner", "miner.spin", []), {
              startImmediately: true
            })
            yield* Effect.yieldNow
            yield* Fiber.interrupt(spinning)
            yield* Fiber.join(restart)
            assert.strictEqual((yield* runtime.call("evil:miner", "miner.ping", [])).value, "pong")
          }), { ...quick, limits: { timeout: "2 seconds" } }))

      it.effect("stops while a call runs, within the bound of that call", () =>
        started("miner", (runtime) =>
          Effect.gen(function*() {
            const spinning = yield* Effect.forkChild(Effect.flip(runtime.call("evil:miner", "miner.spin", [])), {
              startImmediately: true
            })
            yield* Effect.yieldNow
            const end = yield* runtime.stop("evil:miner")
            const error = yield* Fiber.join(spinning)
            assert.include(["DeadlineExceeded", "Stopped"], error.reason._tag)
            assert.strictEqual(end?.component, "evil:miner")
            assert.isFalse((yield* runtime.status).some(({ state }) => isLive(state)))
          }), limited))

      it.effect("keeps the receipts of concurrent callers apart", () =>
        started("totals", (runtime) =>
          Effect.gen(function*() {
            const add = runtime.call("acme:totals", "totals.add", [1, 2])
            const counts = yield* Effect.forEach(
              [1, 2, 3],
              (times) => Effect.map(Receipt.collect(Effect.replicateEffect(add, times)), ([, all]) => all.length),
              { concurrency: 3 }
            )
            assert.deepStrictEqual(counts, [1, 2, 3])
          })))

      it.effect("refuses limits above what the manifest asks for", () =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          const error = yield* Effect.flip(runtime.startUntyped(sources.totals, { limits: { memory: "1 GiB" } }))
          assert.strictEqual(error._tag, "InstallRefused")
          assert.include(error.message, "its manifest asks for")
        }))

      for (const tier of ["inline", "worker"] as const) {
        it.effect(`stops an endless loop in the ${tier} tier, or does not start it there`, () =>
          Effect.gen(function*() {
            const spinning = started(
              "miner",
              (runtime) =>
                Effect.map(Effect.flip(runtime.call("evil:miner", "miner.spin", [])), ({ reason }) => reason._tag),
              { ...limited, tier }
            )
            const end = yield* Effect.result(spinning)
            const reason = Result.isSuccess(end) ? end.success : "reason" in end.failure ? end.failure.reason : ""
            assert.include(["DeadlineExceeded", "LimitUnsupported", "TierRefused"] as ReadonlyArray<unknown>, reason)
          }))
      }

      it.effect("counts the same fuel for the same message, where it says that it counts", () =>
        started("totals", (runtime) =>
          Effect.gen(function*() {
            const host = yield* ComponentHost
            const { metered } = yield* host.place(yield* runtime.install(sources.totals), {})
            yield* runtime.call("acme:totals", "totals.sum", [lines])
            const first = (yield* runtime.call("acme:totals", "totals.sum", [lines])).receipt
            const second = (yield* runtime.call("acme:totals", "totals.sum", [lines])).receipt
            assert.strictEqual(first.fuel, second.fuel)
            assert.strictEqual(first.fuel !== undefined && first.fuel > 0, metered)
            assert.strictEqual(first.costTable !== undefined, metered)
          })))

      it.effect("accounts for every message, and for every life in a log that verifies", () =>
        Effect.gen(function*() {
          const runtime = yield* Runtime
          const system = yield* ActorSystem
          assert.isFalse((yield* runtime.status).some(({ state }) => isLive(state)))
          const { accepted, discarded, failed, handled, offered, rejected, running, waiting } = yield* system.accounting
          assert.strictEqual(offered, accepted + rejected)
          assert.strictEqual(accepted, handled + failed + discarded + running + waiting)
          assert.strictEqual(running + waiting, 0)
          const audit = yield* AuditLog
          const { entries } = yield* audit.verify
          assert.isAbove(entries, 10)
        }))
    })
  })
}
