import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Fiber, Layer, Option, Schema, Stream, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll } from "vitest"
import { ActorSystem, Tracing } from "../../src/actor/ActorSystem.ts"
import { ComponentDirectory } from "../../src/component/ComponentDirectory.ts"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import * as Delivery from "../../src/component/Delivery.ts"
import { EnginePlatform } from "../../src/component/EnginePlatform.ts"
import { type DeadLetter, Exchange, type Metrics } from "../../src/component/Exchange.ts"
import type { Payload } from "../../src/component/Payload.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import * as Quota from "../../src/security/Quota.ts"
import * as Quotas from "../../src/security/Quotas.ts"
import { manifest } from "./support/actorGuest.ts"
import { messengerGuest } from "./support/messengerGuest.ts"

/** Each forwards to its peer what it is told to. */
const peers = { a: "b", b: "a", c: "d", d: "a" }

/** `acme:eager` sends to `acme:d` when it starts. */
const eager = messengerGuest("d", true).then((artifact) => ["eager", artifact] as const)

let artifacts: ReadonlyArray<readonly [name: string, artifact: Uint8Array<ArrayBuffer>]> = []

beforeAll(async () => {
  artifacts = await Promise.all(
    [...Object.entries(peers).map(async ([name, peer]) => [name, await messengerGuest(peer)] as const), eager]
  )
})

const asks = `[messages]
accepts = ["json"]
sends = ["json"]
[[capability]]
reason = "Try."
messaging.send = ["acme:*"]
messaging.publish = ["prices.*"]
messaging.subscribe = ["prices.**"]`

const grants = [
  Grant.make("messaging.send", ["acme:*"], { reason: "Try." }),
  Grant.make("messaging.publish", ["prices.*"], { reason: "Try." }),
  Grant.make("messaging.subscribe", ["prices.**"], { reason: "Try." })
]

const layer = Layer.suspend(() =>
  Runtime.layer.pipe(
    Layer.provide([
      layerEngine,
      ReleaseSource.layerMemory(
        Object.fromEntries(
          artifacts.map(([name, artifact]) => [
            `/${name}`,
            { manifest: manifest(asks, "timeout = \"60 s\"", name), artifact }
          ])
        )
      )
    ])
  )
)

interface Answer {
  readonly tag: "ok" | "err"
  readonly val: unknown
}

const json = (text: string): Payload => ({ codec: "json", bytes: new TextEncoder().encode(text) })
const to = (name: string) => ({ namespace: "acme", name })
const component = (name: string) => Principal.make({ kind: "Component", id: `acme:${name}` })

/** `ok`, or the error and what it says. */
const said = ({ tag, val }: Answer): string => {
  if (tag === "ok") return tag
  const error = val as { readonly tag: string; readonly val?: string }
  return error.val === undefined ? error.tag : `${error.tag}: ${error.val}`
}

/** The turns of the process in which guests that wait go on, and instances start. */
const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

const until = Effect.fnUntraced(function*<A, E, R>(get: Effect.Effect<A, E, R>, isThere: (value: A) => boolean) {
  for (let turns = 0; turns < 100_000; turns++) {
    const value = yield* get
    if (isThere(value)) return value
    yield* turn
  }
  return assert.fail(`it is still ${JSON.stringify(yield* get)}`)
})

const turns = Effect.replicateEffect(turn, 20, { discard: true })

const call = (name: string, target: string, ...args: ReadonlyArray<unknown>) =>
  Effect.flatMap(
    Runtime.Runtime,
    (runtime) => Effect.map(runtime.call(`acme:${name}`, `probe.${target}`, args), ({ value }) => value)
  )

const ask = (name: string, target: string, ...args: ReadonlyArray<unknown>) =>
  Effect.map(call(name, target, ...args), (value) => value as Answer)

/** What a component says that may be restarted meanwhile; undefined until it is back. */
const ifRunning = (name: string, target: string) => Effect.map(Effect.option(call(name, target)), Option.getOrUndefined)

const handled = (name: string, count: number) => until(ifRunning(name, "count"), (value) => value === count)

const textOf = ({ val }: Answer): string => new TextDecoder().decode((val as Payload).bytes)

/** Has a component trap: it is back after its backoff of 100 ms, and what is sent to it waits. */
const breakDown = Effect.fnUntraced(function*(name = "d") {
  const { status } = yield* Runtime.Runtime
  yield* ask("a", "send", to(name), json("trap"))
  yield* until(
    status,
    (all) => all.some(({ component, state }) => component === `acme:${name}` && state === "Starting")
  )
})

const revoke = (name: string, kind: "messaging.send" | "messaging.subscribe") =>
  CapabilityEnforcer.use((enforcer) => enforcer.revoke(component(name), { kind, reason: "over" }))

const metrics: Effect.Effect<Metrics, never, Exchange> = Exchange.use((exchange) => exchange.metrics)

/** Runs a test with `acme:a` to `acme:d`; when it is over each message has one fate. */
const test = <A, E>(
  body: Effect.Effect<A, E, Runtime.Services | Quotas.Quotas>,
  given: Partial<Record<string, typeof grants>> = {}
) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    for (const name of Object.keys(peers)) {
      yield* runtime.startUntyped(`/${name}`, { tier: "inline", grants: given[name] ?? grants, mailbox: 200 })
    }
    yield* body
    const { delivered, dropped, failed, sent, waiting } = yield* metrics
    assert.strictEqual(sent, delivered + failed + waiting + [...dropped.values()].reduce((a, b) => a + b, 0))
  }).pipe(Effect.provide(layer))

describe("messages between guests", () => {
  it.effect("are sent with an id, and requests come back with the reply", () =>
    test(Effect.gen(function*() {
      const sent = yield* ask("a", "send", to("b"), json("nothing"))
      assert.match(String(sent.val), /^[0-9a-f]{16}-x[0-9]+$/)
      yield* handled("b", 1)
      assert.strictEqual(yield* call("b", "last"), "nothing")
      assert.strictEqual(textOf(yield* ask("a", "request", to("b"), json("echo"), 1000)), "echo")
      assert.strictEqual(said(yield* ask("a", "request", to("b"), json("refuse"), 1000)), "failed: no")
      assert.strictEqual(
        said(yield* ask("a", "request", to("b"), json("nothing"), 1000)),
        "failed: it replied nothing"
      )
    })))

  it.effect("are sent by a guest that starts, and what it asked for waits until it has", () =>
    test(Effect.gen(function*() {
      const { startUntyped, status, stop } = yield* Runtime.Runtime
      const start = startUntyped("/eager", { tier: "inline", grants })
      yield* start
      yield* until(call("eager", "callbacks"), (count) => count === 1)
      assert.strictEqual(yield* call("eager", "last"), "echo")
      assert.strictEqual(yield* call("d", "count"), 3)
      assert.strictEqual(said(yield* ask("a", "publish", "prices.eur", json("nothing"))), "ok")
      yield* handled("eager", 1)
      yield* Effect.flip(call("eager", "die"))
      yield* TestClock.adjust("1 second")
      yield* until(status, (all) => all.every(({ state }) => state !== "Starting"))
      yield* until(ifRunning("eager", "callbacks"), (count) => count === 1)
      yield* stop("acme:eager")
      yield* stop("acme:d")
      const refused = yield* Effect.flip(start)
      assert.include(String(refused), "init failed: not-found")
      assert.deepStrictEqual([(yield* metrics).subscriptions, (yield* metrics).waiting], [0, 0])
    })))

  it.effect("reach a guest that starts when it has started, and only if it asked for them", () =>
    test(Effect.gen(function*() {
      const { startUntyped } = yield* Runtime.Runtime
      yield* breakDown()
      const starting = yield* Effect.forkChild(startUntyped("/eager", { tier: "inline", grants }))
      yield* until(metrics, ({ subscriptions }) => subscriptions === 1)
      assert.strictEqual(said(yield* ask("a", "send", to("eager"), json("nothing"))), "not-found")
      assert.strictEqual(said(yield* ask("a", "publish", "prices.eur", json("heard"))), "ok")
      yield* turns
      yield* TestClock.adjust("100 millis")
      yield* Fiber.join(starting)
      yield* handled("eager", 1)
    })))

  it.effect("bring no more of an error than its sender can bear", () =>
    test(Effect.gen(function*() {
      for (let times = 0; times < 3; times++) {
        const { tag, val } = yield* ask("a", "request", to("b"), json("long"), 1000)
        assert.strictEqual(tag, "err")
        assert.strictEqual((val as { readonly val: string }).val, "l".repeat(4096))
      }
    })))

  it.effect("fail their sender with why they were not taken", () =>
    test(Effect.gen(function*() {
      assert.strictEqual(said(yield* ask("a", "send", to("nobody"), json("x"))), "not-found")
      assert.strictEqual(
        said(yield* ask("a", "send", to("b"), { ...json("x"), codec: "cbor" })),
        "invalid-argument: payload for acme:b: the manifest of acme:a does not say that it sends cbor"
      )
      for (const name of ["", "B", "b:c", "../b", "__proto__", "x".repeat(1000)]) {
        assert.match(said(yield* ask("a", "send", to(name), json("x"))), /^invalid-argument: to: /, name)
      }
      assert.match(said(yield* ask("a", "publish", "prices.*", json("x"))), /^invalid-argument: topic: /)
      assert.match(said(yield* ask("a", "subscribe", "prices..eur")), /^invalid-argument: pattern: /)
      assert.strictEqual(yield* call("b", "count"), 0)
    })))

  it.effect("are denied without the capability, of the sender and of the subscriber", () =>
    test(
      Effect.gen(function*() {
        assert.strictEqual(said(yield* ask("a", "send", to("b"), json("x"))), "access-denied")
        assert.strictEqual(said(yield* ask("a", "request", to("b"), json("x"), 10)), "access-denied")
        assert.strictEqual(said(yield* ask("a", "start", to("b"), json("x"), 10)), "access-denied")
        assert.strictEqual(said(yield* ask("a", "publish", "prices.eur", json("x"))), "access-denied")
        assert.strictEqual(said(yield* ask("a", "subscribe", "prices.*")), "access-denied")
        assert.strictEqual(said(yield* ask("b", "publish", "orders", json("x"))), "access-denied")
        assert.strictEqual(said(yield* ask("b", "subscribe", "**")), "access-denied")
        assert.strictEqual((yield* metrics).sent, 0)
      }),
      { a: [] }
    ))

  it.effect("are refused where the recipient waits for the sender, and nobody is hurt", () =>
    test(Effect.gen(function*() {
      assert.strictEqual(said(yield* ask("a", "request", to("b"), json("fe"), 1000)), "unavailable")
      assert.strictEqual(said(yield* ask("a", "request", to("a"), json("e"), 1000)), "unavailable")
      assert.strictEqual(textOf(yield* ask("c", "request", to("a"), json("fe"), 1000)), "e")
      assert.strictEqual(said(yield* ask("c", "request", to("a"), json("ffe"), 1000)), "unavailable")
      assert.deepStrictEqual([yield* call("a", "count"), yield* call("b", "count")], [2, 3])
      assert.strictEqual(textOf(yield* ask("b", "request", to("c"), json("echo"), 1000)), "echo")
    })))

  it.effect("leave nothing behind where they cannot be read, or are refused", () =>
    test(Effect.gen(function*() {
      const { post, request } = yield* Exchange
      const from = { ...Delivery.fromHost, sender: { _tag: "Component", id: "acme:a" } } as const
      const never = "no time" as never
      assert.strictEqual((yield* Effect.exit(request("acme:b", json("e"), never, from)))._tag, "Failure")
      for (let index = 0; index < 256; index++) {
        yield* Effect.exit(Effect.scoped(post("acme:b", json("e"), never, from)))
        yield* Effect.exit(Effect.scoped(post("acme:nobody", json("e"), "1 second", from)))
      }
      assert.strictEqual(textOf(yield* ask("b", "request", to("a"), json("echo"), 1000)), "echo")
      assert.strictEqual(said(yield* ask("a", "start", to("b"), json("echo"), 1000)), "ok")
    })))

  it.effect("time out, and a reply that comes later is counted and given to nobody", () =>
    test(Effect.gen(function*() {
      yield* breakDown()
      const request = yield* Effect.forkChild(ask("a", "request", to("c"), json("fe"), 50))
      yield* turns
      yield* TestClock.adjust("50 millis")
      assert.strictEqual(said(yield* Fiber.join(request)), "timed-out")
      yield* TestClock.adjust("1 second")
      yield* until(metrics, ({ lateReplies }) => lateReplies === 1)
      assert.strictEqual(textOf(yield* ask("a", "request", to("c"), json("echo"), 1000)), "echo")
    })))

  it.effect("wait for a recipient that is restarted, and fail where it traps or is stopped in handling them", () =>
    test(Effect.gen(function*() {
      const trapped = said(yield* ask("a", "request", to("d"), json("trap"), 1000))
      assert.strictEqual(trapped, "failed: it failed in handling the message")
      const [waits, stopped] = [
        yield* Effect.forkChild(ask("b", "request", to("d"), json("echo"), 1000)),
        yield* Effect.forkChild(ask("a", "request", to("c"), json("fe"), 1000))
      ]
      yield* turns
      const { stop } = yield* Runtime.Runtime
      const stopping = yield* Effect.forkChild(stop("acme:c"))
      yield* turns
      yield* TestClock.adjust("60 millis")
      yield* turns
      yield* TestClock.adjust("60 millis")
      assert.strictEqual(textOf(yield* Fiber.join(waits)), "echo")
      assert.strictEqual((yield* Fiber.join(stopped)).tag, "ok")
      yield* Fiber.join(stopping)
      assert.strictEqual(said(yield* ask("a", "request", to("c"), json("e"), 1000)), "not-found")
    })))

  it.effect("fail one in so many where the recipient gives back no memory, and the others are answered", () =>
    test(Effect.gen(function*() {
      const { request } = yield* Exchange
      const text = "e".repeat(60_000)
      const answers: Array<string> = []
      for (let index = 0; index < 40; index++) {
        const asked = yield* Effect.forkChild(Effect.exit(request("acme:b", json(text), "1 minute", Delivery.fromHost)))
        yield* turns
        yield* TestClock.adjust("10 seconds")
        const exit = yield* Fiber.join(asked)
        const failure = Option.getOrUndefined(Exit.findErrorOption(exit))
        answers.push(failure?.message ?? "answered")
      }
      const failed = answers.flatMap((answer, index) => answer === "answered" ? [] : [index])
      assert.deepStrictEqual(failed, [17, 35])
      assert.strictEqual(answers[17], "message to acme:b: it failed in handling the message")
      assert.strictEqual(yield* call("b", "count"), 4)
    })))

  it.effect("fail their sender where the engine has as many calls as it may, and nobody is restarted", () =>
    test(Effect.gen(function*() {
      for (let times = 0; times < 2; times++) {
        assert.strictEqual(said(yield* ask("a", "request", to("b"), json("echo"), 1000)), "exhausted")
      }
      const { status } = yield* Runtime.Runtime
      assert.deepStrictEqual((yield* status).map(({ restarts }) => restarts), [0, 0, 0, 0])
      assert.strictEqual(yield* call("b", "count"), 0)
      assert.deepStrictEqual([...(yield* metrics).dropped], [["Busy", 2]])
    })).pipe(Effect.provideService(EnginePlatform, { options: { calls: 1 } })))

  it.effect("fail their sender where a quota of the recipient is used up, which it can try again", () =>
    test(Effect.gen(function*() {
      const quotas = yield* Quotas.Quotas
      const b = { kind: "Component", id: "acme:b" } as const
      const request = Effect.map(ask("a", "request", to("b"), json("echo"), 1000), said)
      yield* quotas.setLimits(b, { ...Quota.unlimited, calls: 0 }, "Try.")
      assert.strictEqual(yield* request, "exhausted")
      yield* quotas.setLimits(b, Quota.unlimited, "Try.")
      assert.strictEqual(yield* request, "ok")
      assert.deepStrictEqual([...(yield* metrics).dropped], [["Busy", 1]])
    })))

  it.effect("come back to the callback handler of who does not wait, once", () =>
    test(Effect.gen(function*() {
      const { val } = yield* ask("a", "start", to("b"), json("echo"), 1000)
      assert.match(String(yield* call("a", "pending-id", val)), /^[0-9a-f]{16}-x[0-9]+$/)
      yield* until(call("a", "callbacks"), (count) => count === 1)
      assert.strictEqual(yield* call("a", "last"), "echo")
      yield* call("a", "drop-pending", val)
      yield* breakDown()
      yield* ask("a", "start", to("c"), json("fe"), 50)
      yield* turns
      yield* TestClock.adjust("50 millis")
      yield* until(call("a", "callbacks"), (count) => count === 2)
      assert.strictEqual(yield* call("a", "last"), "")
    })))

  it.effect("are cancelled by dropping them, by the end of the instance and by a revocation", () =>
    test(Effect.gen(function*() {
      yield* breakDown()
      const { val } = yield* ask("a", "start", to("c"), json("fe"), 60_000)
      yield* call("a", "drop-pending", val)
      yield* ask("b", "start", to("d"), json("echo"), 60_000)
      yield* Effect.flip(call("b", "die"))
      yield* ask("a", "start", to("d"), json("echo"), 60_000)
      yield* revoke("a", "messaging.send")
      yield* turns
      yield* TestClock.adjust("1 second")
      yield* until(metrics, ({ lateReplies }) => lateReplies === 3)
      yield* until(ifRunning("a", "callbacks"), (count) => count === 0)
      yield* until(ifRunning("b", "callbacks"), (count) => count === 0)
    })))
  it.effect("are no longer waited for when the grant goes or the instance is killed", () =>
    test(Effect.gen(function*() {
      yield* breakDown()
      const ofA = yield* Effect.forkChild(ask("a", "request", to("d"), json("echo"), 60_000))
      const ofB = yield* Effect.forkChild(Effect.flip(call("b", "request", to("d"), json("echo"), 60_000)))
      yield* turns
      yield* revoke("a", "messaging.send")
      assert.strictEqual(said(yield* Fiber.join(ofA)), "access-denied")
      const { lookup } = yield* ComponentDirectory
      yield* ActorSystem.use((system) => system.kill(lookup("acme:b")!.ref))
      assert.strictEqual((yield* Fiber.join(ofB))._tag, "ComponentError")
      assert.deepStrictEqual([(yield* metrics).waiting, (yield* metrics).lateReplies], [2, 0])
      yield* TestClock.adjust("1 second")
      yield* until(metrics, ({ lateReplies, waiting }) => lateReplies === 2 && waiting === 0)
    })))

  it.effect("are sent when the log has them, where the grant says so", () =>
    test(
      Effect.gen(function*() {
        assert.strictEqual(textOf(yield* ask("a", "request", to("b"), json("echo"), 1000)), "echo")
        const audit = yield* AuditLog
        const uses = yield* audit.entriesOf(new Set(["CapabilityUsed"]))
        assert.isNotEmpty(uses)
        assert.strictEqual(yield* call("b", "count"), 1)
      }),
      { a: [Grant.make("messaging.send", ["acme:*"], { reason: "Try.", audit: "before-use" })] }
    ))

  it.effect("reach who subscribed, until the subscription is dropped, the instance ends or the grant goes", () =>
    test(Effect.gen(function*() {
      const { val } = yield* ask("a", "subscribe", "prices.*")
      yield* ask("b", "subscribe", "prices.**")
      yield* ask("c", "subscribe", "prices.eur")
      assert.strictEqual(said(yield* ask("d", "publish", "prices.eur", json("nothing"))), "ok")
      yield* handled("a", 1)
      yield* handled("b", 1)
      yield* handled("c", 1)
      const left = (count: number) => until(metrics, ({ subscriptions }) => subscriptions === count)
      yield* call("a", "drop-subscription", val)
      yield* left(2)
      yield* Effect.flip(call("b", "die"))
      yield* left(1)
      yield* revoke("c", "messaging.subscribe")
      yield* left(0)
      yield* ask("d", "publish", "prices.eur", json("nothing"))
      assert.strictEqual((yield* metrics).unheard, 1)
    })))

  it.effect("are held back at their sender where a mailbox has enough of it, and others get through", () =>
    test(Effect.gen(function*() {
      yield* breakDown()
      const answers: Array<string> = []
      for (let index = 0; index < 110; index++) answers.push(said(yield* ask("a", "send", to("d"), json("nothing"))))
      assert.deepStrictEqual([answers.indexOf("exhausted"), answers.lastIndexOf("ok")], [100, 99])
      assert.strictEqual(said(yield* ask("b", "send", to("d"), json("nothing"))), "ok")
      yield* TestClock.adjust("1 second")
      yield* handled("d", 101)
      assert.strictEqual(said(yield* ask("a", "send", to("d"), json("nothing"))), "ok")
    })))

  it.effect("find a place for each reply that was asked for, however many others are waiting", () =>
    test(Effect.gen(function*() {
      const { send } = yield* Exchange
      yield* breakDown("d")
      yield* TestClock.adjust("50 millis")
      yield* breakDown("b")
      yield* ask("a", "start", to("c"), json("fe"), 10_000)
      const busy = yield* Effect.forkChild(ask("a", "request", to("b"), json("echo"), 10_000))
      yield* turns
      const flood = Effect.flip(Effect.forever(send("acme:a", json("nothing"), Delivery.fromHost)))
      assert.strictEqual((yield* flood).reason, "Busy")
      yield* TestClock.adjust("50 millis")
      yield* handled("d", 1)
      yield* turns
      assert.isUndefined(busy.pollUnsafe())
      yield* TestClock.adjust("50 millis")
      assert.strictEqual(textOf(yield* Fiber.join(busy)), "echo")
      yield* until(ifRunning("a", "callbacks"), (count) => count === 1)
      assert.deepStrictEqual([...(yield* metrics).dropped], [["Busy", 1]])
    })))

  it.effect("are refused where 256 requests of the sender have no reply that it has handled", () =>
    test(Effect.gen(function*() {
      for (const name of ["b", "c", "d"]) yield* breakDown(name)
      const answers: Array<string> = []
      for (let index = 0; index < 260; index++) {
        const name = ["b", "c", "d"][index % 3]!
        answers.push(said(yield* ask("a", "start", to(name), json("echo"), 10_000)))
      }
      assert.deepStrictEqual([answers.indexOf("exhausted"), answers.lastIndexOf("ok")], [256, 255])
      yield* TestClock.adjust("1 second")
      yield* until(ifRunning("a", "callbacks"), (count) => count === 256)
      assert.strictEqual(said(yield* ask("a", "start", to("b"), json("echo"), 10_000)), "ok")
    })))

  it.effect("are held to the quotas of their sender and of the tenant on whose account it sends", () =>
    test(Effect.gen(function*() {
      const quotas = yield* Quotas.Quotas
      const limit = (kind: "Component" | "Tenant", id: string, limits: Partial<Quota.Limits>) =>
        quotas.setLimits({ kind, id }, { ...Quota.unlimited, ...limits }, "Try.")
      const send = (text: string) => Effect.map(ask("a", "send", to("b"), json(text)), said)
      const forTenant = Effect.provideService(Delivery.Tenant, "globex")
      yield* limit("Component", "acme:a", { network: { perSecond: 10, burst: 20 } })
      yield* limit("Tenant", "globex", { messages: { perSecond: 2, burst: 3 } })
      assert.strictEqual(yield* send("nothing that is too long"), "exhausted")
      assert.deepStrictEqual([yield* forTenant(send("n")), yield* forTenant(send("n"))], ["ok", "exhausted"])
      assert.strictEqual(yield* send("n".repeat(19)), "ok")
      assert.strictEqual(yield* send("n"), "exhausted")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* send("n"), yield* forTenant(send("n"))], ["ok", "ok"])
      assert.strictEqual((yield* metrics).dropped.get("RateLimited"), 3)
    })))

  it.effect("carry the request that they are a part of, and the tenant who pays, from hop to hop", () =>
    test(Effect.gen(function*() {
      const audit = yield* AuditLog
      const quotas = yield* Quotas.Quotas
      const request = ask("a", "request", to("c"), json("fe"), 1000).pipe(
        Effect.provideService(Principal.Correlation, "order-7"),
        Effect.provideService(Delivery.Tenant, "globex")
      )
      assert.strictEqual(textOf(yield* request), "e")
      const uses = (yield* audit.entriesOf(new Set(["CapabilityUsed"]))).flatMap(({ event }) =>
        event._tag === "CapabilityUsed" ? [`${event.principal.id} > ${event.resource}: ${event.correlation}`] : []
      )
      assert.deepStrictEqual([...new Set(uses)], ["acme:a > acme:c: order-7", "acme:c > acme:d: order-7"])
      const limits = { ...Quota.unlimited, messages: { perSecond: 1, burst: 2 } }
      yield* quotas.setLimits({ kind: "Tenant", id: "globex" }, limits, "Try.")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(said(yield* request), "exhausted")
      assert.deepStrictEqual([yield* call("c", "count"), yield* call("d", "count")], [2, 1])
    })))

  it.effect("of two senders are told apart by what they are a part of", () =>
    test(Effect.gen(function*() {
      const audit = yield* AuditLog
      yield* ask("a", "send", to("d"), json("nothing"))
      yield* ask("b", "send", to("d"), json("nothing"))
      const correlations = (yield* audit.entriesOf(new Set(["CapabilityUsed"]))).flatMap(({ event }) =>
        event._tag === "CapabilityUsed" ? [event.correlation] : []
      )
      assert.deepStrictEqual([correlations.length, new Set(correlations).size], [2, 2])
    })))

  it.effect("are handled for those on whose behalf they were sent, who may not do more than they hold", () =>
    test(Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer
      const ada = Principal.make({ kind: "Operator", id: "ada" })
      const forAda = Principal.onBehalfOf(ada)
      const request = forAda(ask("a", "request", to("c"), json("fe"), 1000))
      assert.strictEqual(said(yield* request), "access-denied")
      yield* enforcer.admit(ada, { asks: [], grants: [Grant.make("messaging.send", ["acme:c"], { reason: "Try." })] })
      assert.strictEqual(textOf(yield* forAda(ask("a", "request", to("c"), json("echo"), 1000))), "echo")
      assert.deepStrictEqual([said(yield* request), yield* call("d", "count")], ["access-denied", 0])
    })))
})

const Step = Schema.Struct({
  by: Schema.Literals(["a", "b", "c", "d"]),
  to: Schema.Literals(["a", "b", "c", "d", "nobody"]),
  how: Schema.Literals(["send", "start", "request", "publish", "subscribe", "die", "wait"]),
  text: Schema.Literals(["echo", "nothing", "refuse", "trap", "fe"])
})

/** A little time, in which an instance that starts has its turns. */
const passes = Effect.gen(function*() {
  const { status } = yield* Runtime.Runtime
  yield* TestClock.adjust("100 millis")
  for (let turns = 0; turns < 300; turns++) {
    if ((yield* status).every(({ state }) => state !== "Starting")) return
    yield* turn
  }
})

describe("a trace", () => {
  it.effect("goes with a message from one component to the next", () => {
    const seen: Array<string> = []
    const tracer = Tracer.make({
      span: (options) => {
        const { name, parent } = options
        seen.push(Option.isSome(parent) && parent.value._tag === "Span" ? `${parent.value.name} > ${name}` : name)
        return new Tracer.NativeSpan(options)
      }
    })
    return test(Effect.gen(function*() {
      yield* Effect.withSpan(ask("a", "request", to("c"), json("fe"), 1000), "order")
      yield* Effect.withSpan(ask("a", "start", to("b"), json("echo"), 1000), "later")
      yield* until(call("a", "callbacks"), (count) => count === 1)
      const heard = seen.filter((line) => line.includes(" > component/"))
      assert.deepStrictEqual(heard.map((line) => line.replaceAll("component/acme:", "")), [
        "order > a Invoke",
        "a Invoke > c Deliver",
        "c Deliver > d Deliver",
        "later > a Invoke",
        "a Invoke > b Deliver",
        "a Invoke > a Callback"
      ])
    })).pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.provideService(Tracing, true))
  })
})

describe("the fates of messages", () => {
  it.effect.prop(
    "are one for each message that was sent, whatever guests do",
    { steps: Arbitrary.array(Arbitrary.schema(Step), { minLength: 5, maxLength: 40 }) },
    ({ steps }) =>
      test(Effect.gen(function*() {
        const exchange = yield* Exchange
        const letters: Array<DeadLetter> = []
        yield* Effect.forkChild(
          Stream.runForEach(exchange.deadLetters, (letter) => Effect.sync(() => void letters.push(letter))),
          { startImmediately: true }
        )
        for (const step of steps) {
          const message = [to(step.to), json(step.text)] as const
          const doing: Effect.Effect<unknown, unknown, Runtime.Runtime> = step.how === "send"
            ? call(step.by, "send", ...message)
            : step.how === "publish"
            ? call(step.by, "publish", "prices.eur", json(step.text))
            : step.how === "subscribe"
            ? call(step.by, "subscribe", "prices.*")
            : step.how === "die"
            ? call(step.by, "die")
            : step.how === "wait"
            ? TestClock.adjust("200 millis")
            : call(step.by, step.how, ...message, 200)
          yield* Effect.forkChild(Effect.ignore(doing), { startImmediately: true })
          yield* turn
        }
        yield* until(
          Effect.andThen(passes, metrics),
          ({ dropped, waiting }) =>
            waiting === 0 && letters.length === [...dropped.values()].reduce((sum, count) => sum + count, 0)
        )
      })),
    { arbitrary: { runs: 20 } }
  )
})
