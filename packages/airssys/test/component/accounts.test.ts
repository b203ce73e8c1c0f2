import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer, Random } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll } from "vitest"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import { ComponentDirectory } from "../../src/component/ComponentDirectory.ts"
import { ComponentHost } from "../../src/component/ComponentHost.ts"
import { Deliver } from "../../src/component/ComponentMessage.ts"
import * as Delivery from "../../src/component/Delivery.ts"
import { Receipts } from "../../src/component/Receipts.ts"
import { Runtime } from "../../src/Runtime.ts"
import * as Principal from "../../src/security/Principal.ts"
import * as Quota from "../../src/security/Quota.ts"
import * as Quotas from "../../src/security/Quotas.ts"
import { actorGuest, manifest } from "./support/actorGuest.ts"
import { asks, bounced, call, type File, layer, none, start, until } from "./support/actorHost.ts"

const files: Record<string, File> = {}

beforeAll(async () => {
  const artifact = await actorGuest()
  files["/probe"] = { manifest: manifest(asks), artifact }
  files["/patient"] = { manifest: manifest(asks, "fuel = 1_000_000_000_000\ntimeout = \"60 s\""), artifact }
  files["/other"] = { manifest: manifest(asks, undefined, "other"), artifact }
})

const withQuotas = <A, E>(
  options: Quotas.Options,
  test: Effect.Effect<A, E, Layer.Success<ReturnType<typeof layer<Quotas.Quotas, never>>>>
) => Effect.suspend(() => Effect.provide(test, layer(files, Quotas.layerMemory(options))))

const limits = (some: Partial<Quota.Limits>): Quota.Limits => ({ ...Quota.unlimited, ...some })
const rate = (perSecond: number) => ({ perSecond, burst: perSecond })

const quotaOf = <E extends { readonly _tag: string }, R>(call: Effect.Effect<unknown, E, R>) =>
  Effect.map(Effect.flip(call), (error) => {
    const { reason } = error as never as {
      readonly reason: { readonly _tag: string; readonly exceeded?: Quota.QuotaExceeded }
    }
    return reason._tag === "QuotaExceeded" && reason.exceeded !== undefined
      ? [reason.exceeded.subject.kind, reason.exceeded.quota]
      : assert.fail(reason._tag)
  })

const usage = (quota: Quota.Quota, subject: Quota.Subject = { kind: "Component", id: "acme:probe" }) =>
  Effect.flatMap(
    Quotas.Quotas,
    (quotas) => Effect.map(quotas.usage(subject), (all) => all.find((one) => one.quota === quota)!.used)
  )

describe("quotas", () => {
  it.effect("fail the sender of one message too many, and the component goes on", () =>
    withQuotas(
      { component: limits({ messages: rate(2) }) },
      Effect.gen(function*() {
        yield* start("/probe")
        yield* call("count")
        yield* call("count")
        assert.deepStrictEqual(yield* quotaOf(call("count")), ["Component", "messages"])
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* call("count"), 0)
        const host = yield* ComponentHost
        assert.strictEqual((yield* host.statusOf("acme:probe"))?.restarts, 0)
      })
    ))

  it.effect("refuse a message that nobody waits for, and it is a dead letter", () =>
    withQuotas(
      { component: limits({ messages: rate(1) }) },
      Effect.gen(function*() {
        yield* start("/probe")
        const { ref } = (yield* ComponentDirectory).lookup("acme:probe")!
        const message = new Deliver({
          delivery: Delivery.make("d1", Delivery.fromHost),
          topic: undefined,
          wantsReply: false,
          payload: { codec: "json", bytes: new Uint8Array([0]) }
        })
        yield* ref.offer(message)
        assert.strictEqual((yield* Effect.flip(ref.offer(message)))._tag, "MessageRefused")
        const { accounting } = yield* ActorSystem
        assert.strictEqual((yield* accounting).rejected, 1)
      })
    ))

  it.effect("of a tenant hold over all components", () =>
    withQuotas(
      { component: Quota.unlimited, tenant: limits({ messages: rate(2) }) },
      Effect.gen(function*() {
        yield* start("/probe")
        yield* start("/other")
        const forTenant = Effect.provideService(Delivery.Tenant, "shop")
        yield* forTenant(call("count"))
        yield* forTenant(call("count", "acme:other"))
        assert.deepStrictEqual(yield* quotaOf(forTenant(call("count"))), ["Tenant", "messages"])
        assert.strictEqual(yield* call("count"), 0)
        assert.strictEqual(yield* Effect.provideService(call("count"), Delivery.Tenant, "other"), 0)
      })
    ))

  it.effect("of fuel set aside what a message may use, and give back what it did not", () =>
    withQuotas(
      { component: limits({ fuel: rate(1_500_000) }) },
      Effect.gen(function*() {
        yield* start("/probe")
        yield* call("count")
        const spent = yield* usage("fuel")
        assert.isTrue(spent > 0 && spent < 1000)
        yield* call("count")
        assert.strictEqual(yield* usage("fuel"), 2 * spent)
      })
    ))

  it.effect("of fuel give back all where a message does not reach the guest", () =>
    withQuotas(
      { component: limits({ fuel: rate(1_500_000) }) },
      Effect.gen(function*() {
        yield* start("/probe")
        const wrong = (yield* Runtime).call("acme:probe", "probe.count", [1])
        for (let i = 0; i < 3; i++) {
          const { reason } = yield* Effect.flip(wrong)
          assert.strictEqual(reason._tag, "BadArgument")
        }
        assert.strictEqual(yield* usage("fuel"), 0)
        assert.strictEqual(yield* usage("calls"), 0)
        assert.strictEqual(yield* call("count"), 0)
      })
    ))

  it.effect("of fuel take all that a message may use where it traps for want of it", () =>
    withQuotas(
      { component: limits({ fuel: rate(1_500_000) }) },
      Effect.gen(function*() {
        yield* start("/probe")
        yield* bounced(Effect.flip(call("spin")))
        assert.deepStrictEqual(yield* quotaOf(Effect.andThen(Effect.ignore(call("spin")), call("count"))), [
          "Component",
          "fuel"
        ])
        assert.strictEqual(yield* usage("calls"), 0)
      })
    ))

  it.effect("refuse an instance for whose memory there is no room, and give it back at its end", () =>
    withQuotas(
      { component: limits({ memory: 1024 * 1024 }) },
      Effect.gen(function*() {
        const error = yield* Effect.flip(start("/probe", { pool: { size: 2 } }))
        assert.strictEqual(error._tag, "QuotaExceeded")
        assert.strictEqual(yield* usage("memory"), 0)
        yield* start("/probe")
        assert.strictEqual(yield* usage("memory"), 1024 * 1024)
        yield* (yield* Runtime).stop("acme:probe")
        assert.strictEqual(yield* usage("memory"), 0)
      })
    ))

  it.effect("of calls are given back also when a call is cut short by a kill", () =>
    withQuotas(
      { component: limits({ calls: 1 }) },
      Effect.gen(function*() {
        yield* start("/patient")
        yield* call("count")
        assert.strictEqual(yield* usage("calls"), 0)
        const { ref } = (yield* ComponentDirectory).lookup("acme:probe")!
        const spinning = yield* Effect.forkChild(Effect.ignore(call("spin")), { startImmediately: true })
        yield* Effect.yieldNow
        assert.strictEqual(yield* usage("calls"), 1)
        yield* (yield* ActorSystem).kill(ref)
        yield* Fiber.join(spinning)
        assert.strictEqual(yield* usage("calls"), 0)
      })
    ))

  it.effect("that are nearly used up show in the health of a component", () =>
    withQuotas(
      { component: limits({ messages: rate(10) }) },
      Effect.gen(function*() {
        yield* start("/probe")
        for (let i = 0; i < 10; i++) yield* call("count")
        const status = (yield* (yield* ComponentHost).statusOf("acme:probe"))!
        assert.strictEqual(status.health, "Degraded")
        assert.deepStrictEqual(status.because, ["10 of 10 of its messages are used"])
      })
    ))
})

const withReceipts = <A, E>(test: Effect.Effect<A, E, Layer.Success<ReturnType<typeof layer<never, never>>>>) =>
  Effect.suspend(() => Effect.provide(test, layer(files, none)))

const kept = Receipts.use(({ query }) => Effect.map(query(), ({ receipts }) => receipts))

/** What is behind the name of the run in the id of a message. */
const numberOf = (id: string): string => id.slice(id.indexOf("-") + 1)

describe("receipts", () => {
  it.effect("say of each message who sent it, on whose account, what handled it and what it cost", () =>
    withReceipts(Effect.gen(function*() {
      const { release } = yield* start("/probe")
      yield* TestClock.adjust("5 seconds")
      yield* call("count").pipe(
        Effect.provideService(Delivery.Tenant, "shop"),
        Effect.provideService(Principal.Correlation, "request-7"),
        Effect.provideService(Principal.CurrentPrincipal, Principal.make({ kind: "Operator", id: "ada" }))
      )
      const [receipt, ...more] = yield* kept
      assert.lengthOf(more, 0)
      const { costTable, fuel, memory, nanos, ...about } = receipt!
      assert.deepStrictEqual(about, {
        id: about.id,
        component: "acme:probe",
        export: "probe.count",
        release: release.digest,
        sender: { _tag: "Operator", id: "ada" },
        tenant: "shop",
        correlation: "request-7",
        at: 5000,
        outcome: "Handled"
      })
      assert.strictEqual(numberOf(about.id), "m1")
      assert.isAbove(fuel!, 0)
      assert.isAbove(costTable!, 0)
      assert.strictEqual(memory, 65_536)
      assert.isTrue(nanos >= 0n)
    })))

  it.effect("say what a message cost that trapped, and have fuel anew for each", () =>
    withReceipts(Effect.gen(function*() {
      yield* start("/probe")
      yield* bounced(Effect.flip(call("spin")))
      yield* call("count")
      yield* call("count")
      const found = yield* kept
      assert.deepStrictEqual(found.map(({ id, outcome }) => [numberOf(id), outcome]), [
        ["m1", "Failed"],
        ["m2", "Handled"],
        ["m3", "Handled"]
      ])
      assert.isAtLeast(found[0]!.fuel!, 1_000_000)
      assert.strictEqual(found[1]!.fuel, found[2]!.fuel)
    })))

  it.effect("of two runs of a host have no id and no correlation in common, but of runs with one seed", () =>
    Effect.gen(function*() {
      const life = (seed: string) =>
        Effect.gen(function*() {
          yield* start("/probe")
          yield* call("count")
          return (yield* kept).map(({ correlation, id }) => `${id} ${correlation}`)
        }).pipe(withReceipts, Random.withSeed(seed))
      const [one, other, again] = yield* Effect.forEach(["one", "other", "one"], life)
      assert.deepStrictEqual([one!.length, new Set([...one!, ...other!]).size], [1, 2])
      assert.deepStrictEqual(again, one)
    }))

  it.effect("are not written for what did not reach the guest", () =>
    withReceipts(Effect.gen(function*() {
      yield* start("/probe")
      yield* Effect.flip((yield* Runtime).call("acme:probe", "probe.count", [1]))
      yield* Effect.flip((yield* Runtime).call("acme:probe", "lifecycle.shutdown", ["stopped"]))
      assert.lengthOf(yield* kept, 0)
    })))
})

describe("pool", () => {
  it.effect("has several instances behind one ref, each initialised and with memory of its own", () =>
    withReceipts(Effect.gen(function*() {
      const { ref } = yield* start("/probe", { pool: { size: 3, routing: "RoundRobin" } })
      const send = () =>
        ref.ask(
          new Deliver({
            delivery: Delivery.make("d1", Delivery.fromHost),
            topic: undefined,
            wantsReply: false,
            payload: { codec: "json", bytes: new Uint8Array([0]) }
          })
        )
      yield* Effect.repeat(Effect.suspend(send), { times: 3 })
      assert.deepStrictEqual(yield* Effect.replicateEffect(call("count"), 3), [1, 1, 2])
      const status = (yield* (yield* ComponentHost).statusOf("acme:probe"))!
      assert.deepStrictEqual([status.state, status.health], ["Running", "Healthy"])
      assert.deepStrictEqual(status.instances, { running: 3, expected: 3 })
      assert.strictEqual((yield* ComponentDirectory).lookup("acme:probe")?.ref, ref)
    })))

  it.effect("acts as one principal, and shows no message of one instance in another", () =>
    withReceipts(Effect.gen(function*() {
      yield* start("/probe", { pool: { size: 2, routing: "RoundRobin" } })
      const as = (id: string, name: string) =>
        Effect.provideService(call(name), Principal.CurrentPrincipal, Principal.make({ kind: "Component", id }))
      const [one, other] = yield* Effect.all([as("acme:one", "who"), as("acme:other", "who")], { concurrency: 2 })
      assert.deepStrictEqual(one, { tag: "component", val: { namespace: "acme", name: "one" } })
      assert.deepStrictEqual(other, { tag: "component", val: { namespace: "acme", name: "other" } })
      const seen = yield* Effect.replicateEffect(call("current"), 4)
      assert.strictEqual(new Set(seen).size, 4)
      assert.deepStrictEqual(yield* Effect.replicateEffect(call("key"), 2), [{ tag: "ok", val: "1" }, {
        tag: "ok",
        val: "1"
      }])
    })))

  it.effect("gives each message an id of its own, also where instances take turns", () =>
    withReceipts(Effect.gen(function*() {
      yield* start("/patient", { pool: { size: 2, routing: "RoundRobin" } })
      const ids = yield* Effect.all([call("later"), call("later")], { concurrency: 2 })
      assert.deepStrictEqual(ids.map((id) => numberOf(String(id))).toSorted(), ["m1", "m2"])
    })))

  it.effect("goes on while an instance is restarted, and is degraded meanwhile", () =>
    withReceipts(Effect.gen(function*() {
      yield* start("/probe", { pool: { size: 2 } })
      const host = yield* ComponentHost
      yield* Effect.flip(call("dig"))
      const during = (yield* host.statusOf("acme:probe"))!
      assert.deepStrictEqual([during.state, during.health], ["Degraded", "Degraded"])
      assert.include(during.because, "1 of 2 instances run")
      assert.strictEqual(yield* call("count"), 0)
      yield* until("Restarted", TestClock.adjust("100 millis"))
      assert.strictEqual((yield* host.statusOf("acme:probe"))?.state, "Running")
    })))

  it.effect("is taken out when its instances keep failing", () =>
    withReceipts(Effect.gen(function*() {
      yield* start("/probe", { pool: { size: 2, intensity: { restarts: 0, within: "1 second" } } })
      yield* until("GaveUp", Effect.flip(call("dig")))
      const { awaitEnd } = yield* ActorSystem
      const host = yield* ComponentHost
      const found = (yield* ComponentDirectory).lookup("acme:probe")
      if (found !== undefined) yield* awaitEnd(found.ref)
      assert.strictEqual((yield* host.statusOf("acme:probe"))?.state, "Quarantined")
      yield* start("/probe")
      assert.deepStrictEqual((yield* host.statusOf("acme:probe"))?.instances, { running: 1, expected: 1 })
    })))

  it.effect("ends as a whole", () =>
    withReceipts(Effect.gen(function*() {
      yield* start("/probe", { pool: { size: 2 } })
      yield* (yield* Runtime).stop("acme:probe")
      const status = (yield* (yield* ComponentHost).statusOf("acme:probe"))!
      assert.deepStrictEqual([status.state, status.instances.running], ["Stopped", 0])
      assert.deepStrictEqual(status.history.map(({ edge }) => edge.join(" ")), [
        "Installed Starting",
        "Starting Degraded",
        "Degraded Running",
        "Running Degraded",
        "Degraded Stopping",
        "Stopping Stopped"
      ])
    })))
})
