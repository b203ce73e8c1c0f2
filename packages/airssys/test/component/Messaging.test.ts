import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll } from "vitest"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import type { Handler } from "../../src/actor/Behaviour.ts"
import * as Codec from "../../src/component/Codec.ts"
import { ComponentDirectory } from "../../src/component/ComponentDirectory.ts"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import type { ComponentMessage } from "../../src/component/ComponentMessage.ts"
import type { Origin } from "../../src/component/Delivery.ts"
import { Exchange, layerWith } from "../../src/component/Exchange.ts"
import { Messaging } from "../../src/component/Messaging.ts"
import type { Payload } from "../../src/component/Payload.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import * as Quota from "../../src/security/Quota.ts"
import * as Quotas from "../../src/security/Quotas.ts"
import type { Undeliverable } from "../../src/security/Undeliverable.ts"
import { actorGuest, manifest } from "./support/actorGuest.ts"

let artifact = new Uint8Array()
let withoutCallbacks = new Uint8Array()

beforeAll(async () => {
  artifact = await actorGuest()
  withoutCallbacks = await actorGuest({}, ["message-handler"])
})

const both = "[messages]\naccepts = [\"json\"]\nsends = [\"json\"]\n"

const folders: Readonly<Record<string, string>> = {
  probe: both,
  other: both,
  third: both,
  binary: "[messages]\naccepts = [\"cbor\"]\nsends = [\"cbor\", \"json\"]\n",
  picky: `${both}from = ["acme:other"]\n`,
  mute: "[messages]\naccepts = [\"json\"]\n",
  silent: "",
  deaf: both
}

const layer = Layer.suspend(() =>
  Runtime.layer.pipe(
    Layer.provide([
      layerEngine,
      ReleaseSource.layerMemory(
        Object.fromEntries(
          Object.entries(folders).map(([name, more]) => [
            `/${name}`,
            { manifest: manifest(more, undefined, name), artifact: name === "deaf" ? withoutCallbacks : artifact }
          ])
        )
      )
    ])
  )
)

const start = (...names: ReadonlyArray<string>) =>
  Effect.forEach(
    names,
    (name) =>
      Effect.flatMap(Runtime.Runtime, (runtime) => runtime.startUntyped(`/${name}`, { tier: "inline", mailbox: 4 }))
  )

const text = (value: string, codec: Payload["codec"] = "json"): Payload => ({
  codec,
  bytes: new TextEncoder().encode(value)
})

const from = (id: string): Origin => ({
  sender: { _tag: "Component", id: `acme:${id}` },
  tenant: undefined,
  correlation: undefined,
  onBehalfOf: []
})

const host: Origin = { ...from("host"), sender: { _tag: "Host" } }
const settled = Effect.replicateEffect(Effect.yieldNow, 40, { discard: true })
const reason = ({ reason }: Undeliverable) => reason
const textOf = ({ bytes }: Payload) => new TextDecoder().decode(bytes)
const count = (name: string) =>
  Effect.flatMap(
    Runtime.Runtime,
    (runtime) => Effect.map(runtime.call(`acme:${name}`, "probe.count", []), ({ value }) => value)
  )

const isAccounted = Effect.flatMap(
  Exchange,
  ({ metrics }) =>
    Effect.map(metrics, ({ delivered, dropped, failed, sent, waiting }) => {
      assert.isAtLeast(waiting, 0)
      assert.strictEqual(sent, delivered + failed + waiting + [...dropped.values()].reduce((a, b) => a + b, 0))
    })
)

const test = <A, E>(body: Effect.Effect<A, E, Runtime.Services | Quotas.Quotas>) =>
  Effect.provide(Effect.andThen(body, isAccounted), layer)

describe("a stream of topics", () => {
  it.effect("holds 1,024 messages and 16 MiB for a program that is slow, and loses the oldest", () =>
    test(Effect.gen(function*() {
      const exchange = yield* Exchange
      const heard = Effect.fnUntraced(function*(messages: number, bytes: number) {
        const topics: Array<string> = []
        const gate = yield* Deferred.make<void>()
        const listening = yield* exchange.messages("prices.*").pipe(
          Stream.runForEach(({ topic }) => Effect.andThen(Effect.sync(() => topics.push(topic)), Deferred.await(gate))),
          Effect.forkChild({ startImmediately: true })
        )
        yield* settled
        const payload: Payload = { codec: "cbor", bytes: new Uint8Array(bytes) }
        for (let index = 0; index < messages; index++) {
          yield* exchange.publish(`prices.${index}`, payload, host)
          if (index === 0) yield* settled
        }
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.replicateEffect(Effect.yieldNow, 10_000, { discard: true })
        yield* Fiber.interrupt(listening)
        return [topics.length, topics[0], topics[1], topics.at(-1)]
      })
      const mebibyte = 1024 * 1024
      assert.deepStrictEqual(yield* heard(41, mebibyte), [17, "prices.0", "prices.25", "prices.40"])
      assert.deepStrictEqual(yield* heard(1_100, 1), [1_025, "prices.0", "prices.76", "prices.1099"])
    })))
})

describe("Exchange", () => {
  it.effect("brings a request to a component, and its reply back", () =>
    test(Effect.gen(function*() {
      yield* start("probe", "other")
      const exchange = yield* Exchange
      assert.strictEqual(textOf(yield* exchange.request("acme:probe", text("echo"), "1 second", from("other"))), "echo")
      assert.strictEqual(
        reason(yield* Effect.flip(exchange.request("acme:probe", text("nothing"), "1 second", host))),
        "NoReply"
      )
      const refused = yield* Effect.flip(exchange.request("acme:probe", text("refuse"), "1 second", host))
      assert.strictEqual(refused.reason, "Answered")
      assert.deepStrictEqual(refused.answer, { tag: "failed", val: "no" })
      const { delivered, failed, waiting } = yield* exchange.metrics
      assert.deepStrictEqual([delivered, failed, waiting], [2, 1, 0])
    })))

  it.effect("gives an id for a message that was taken, and a reason for one that was not", () =>
    test(Effect.gen(function*() {
      yield* start("probe", "other", "binary", "picky", "mute", "silent")
      const exchange = yield* Exchange
      const fails = (to: string, payload: Payload, origin: Origin) =>
        Effect.map(Effect.flip(exchange.send(`acme:${to}`, payload, origin)), reason)
      assert.notStrictEqual(
        yield* exchange.send("acme:probe", text("nothing"), from("other")),
        yield* exchange.send("acme:probe", text("nothing"), from("other"))
      )
      assert.strictEqual(yield* fails("nobody", text("x"), host), "NotFound")
      assert.strictEqual(yield* fails("binary", text("x"), host), "CodecNotAccepted")
      assert.strictEqual(yield* fails("silent", text("x"), host), "CodecNotAccepted")
      assert.strictEqual(yield* fails("probe", text("x", "cbor"), from("other")), "CodecNotDeclared")
      assert.strictEqual(yield* fails("probe", text("x"), from("mute")), "CodecNotDeclared")
      assert.strictEqual(yield* fails("probe", text("x"), from("third")), "Stopped")
      assert.strictEqual(yield* fails("picky", text("x"), from("probe")), "Refused")
      yield* exchange.send("acme:picky", text("nothing"), from("other"))
      yield* exchange.send("acme:picky", text("nothing"), host)
      const large = { codec: "json", bytes: new Uint8Array(1_048_577) } as const
      assert.strictEqual(yield* fails("probe", large, host), "TooLarge")
      yield* settled
      assert.strictEqual(yield* count("probe"), 2)
    })))

  it.effect("records that a recipient refused a sender", () =>
    test(Effect.gen(function*() {
      yield* start("picky", "probe")
      const exchange = yield* Exchange
      yield* Effect.flip(exchange.send("acme:picky", text("x"), { ...from("probe"), correlation: "order-7" }))
      const entries = yield* (yield* AuditLog).entriesOf(new Set(["CapabilityDenied"]))
      assert.deepStrictEqual(entries.map(({ event }) => event), [{
        _tag: "CapabilityDenied",
        principal: { kind: "Component", id: "acme:probe" },
        kind: "messaging.send",
        resource: "acme:picky",
        reason: "RecipientRefused",
        correlation: "order-7"
      }])
    })))

  it.effect("holds back who floods a component, while others get through", () =>
    test(Effect.gen(function*() {
      const runtime = yield* Runtime.Runtime
      yield* runtime.startUntyped("/probe", { tier: "inline" })
      yield* start("other", "third")
      const exchange = yield* Exchange
      const flood = yield* Effect.forEach(
        Array.from({ length: 150 }),
        () => Effect.result(exchange.send("acme:probe", text("nothing"), from("other")))
      )
      assert.strictEqual(flood.filter(({ _tag }) => _tag === "Success").length, 100)
      assert.strictEqual(
        textOf(yield* exchange.request("acme:probe", text("echo"), "1 second", from("third"))),
        "echo"
      )
      assert.strictEqual(yield* count("probe"), 101)
      assert.strictEqual((yield* exchange.metrics).dropped.get("Busy"), 50)
    })))

  it.effect("tells a sender that a mailbox is full", () =>
    test(Effect.gen(function*() {
      yield* start("probe")
      const exchange = yield* Exchange
      const sends = yield* Effect.forEach(
        Array.from({ length: 6 }),
        () => Effect.result(exchange.send("acme:probe", text("nothing"), host))
      )
      assert.deepStrictEqual(
        sends.map((result) => result._tag === "Success" ? "taken" : result.failure.reason),
        ["taken", "taken", "taken", "taken", "Busy", "Busy"]
      )
    })))

  it.effect("gives no reply to a request that was cancelled, and counts it as late", () =>
    test(Effect.gen(function*() {
      yield* start("probe", "other")
      const exchange = yield* Exchange
      const waiting = yield* Effect.forkChild(
        exchange.request("acme:probe", text("echo"), "1 second", from("other")),
        { startImmediately: true }
      )
      yield* Fiber.interrupt(waiting)
      yield* settled
      assert.strictEqual(yield* count("probe"), 1)
      const { lateReplies, waiting: left } = yield* exchange.metrics
      assert.deepStrictEqual([lateReplies, left], [1, 0])
    })))

  it.effect("does not handle a message whose time was over when its turn came", () =>
    test(Effect.gen(function*() {
      yield* start("probe")
      const exchange = yield* Exchange
      const late = exchange.request("acme:probe", text("echo"), -1, host)
      assert.strictEqual(reason(yield* Effect.flip(late)), "TimedOut")
      yield* settled
      assert.strictEqual(yield* count("probe"), 0)
      const { dropped, lateReplies } = yield* exchange.metrics
      assert.deepStrictEqual([dropped.get("TimedOut"), lateReplies], [1, 0])
    })))

  it.effect("takes a pool for one component, of whose instances any handles a message", () =>
    test(Effect.gen(function*() {
      const runtime = yield* Runtime.Runtime
      yield* runtime.startUntyped("/probe", { tier: "inline", pool: { size: 2 } })
      const exchange = yield* Exchange
      for (let index = 0; index < 4; index++) {
        const reply = yield* exchange.request("acme:probe", text(`echo ${index}`), "1 second", host)
        assert.strictEqual(textOf(reply), `echo ${index}`)
      }
      yield* Effect.scoped(Effect.gen(function*() {
        yield* exchange.attach("prices", "acme:probe")
        yield* exchange.publish("prices", text("nothing"), host)
        yield* settled
      }))
      assert.strictEqual((yield* exchange.metrics).delivered, 5)
    })))

  it.effect("waits for no reply longer than 5 minutes, whatever a sender asks for", () =>
    test(Effect.gen(function*() {
      yield* start("probe")
      const exchange = yield* Exchange
      const { enter, lookup } = yield* ComponentDirectory
      const ref = yield* (yield* ActorSystem).spawn(Effect.succeed<Handler<ComponentMessage>>(() => undefined))
      enter({ ...lookup("acme:probe")!, id: "acme:never", ref })
      const requests = yield* Effect.forEach([2 ** 32 - 1, 2 ** 53, Number.POSITIVE_INFINITY], (timeout) =>
        Effect.forkChild(Effect.flip(exchange.request("acme:never", text("x"), timeout, host)), {
          startImmediately: true
        }))
      yield* TestClock.adjust("299 seconds")
      assert.strictEqual((yield* exchange.metrics).waiting, 3)
      yield* TestClock.adjust("1 second")
      for (const request of requests) {
        assert.strictEqual(reason(yield* Fiber.join(request)), "TimedOut")
      }
    })))

  it.effect("tells who waits when it ends, and drops what is on its way with a reason", () =>
    test(Effect.gen(function*() {
      yield* start("probe")
      const { enter, lookup } = yield* ComponentDirectory
      const ref = yield* (yield* ActorSystem).spawn(Effect.succeed<Handler<ComponentMessage>>(() => undefined))
      enter({ ...lookup("acme:probe")!, id: "acme:never", ref })
      const scope = yield* Scope.make()
      const exchange = Context.get(yield* Layer.buildWithScope(layerWith({}), scope), Exchange)
      const waiting = yield* Effect.forkChild(
        Effect.flip(exchange.request("acme:never", text("x"), "1 second", from("probe"))),
        { startImmediately: true }
      )
      yield* exchange.send("acme:never", text("x"), host)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(waiting)).reason, "Stopped")
      const { dropped, sent, waiting: left } = yield* exchange.metrics
      assert.deepStrictEqual([sent, dropped.get("Stopped"), left], [2, 2, 0])
    })))

  it.effect("takes nothing any more when it has ended, and says so to whoever sends, publishes and listens", () =>
    test(Effect.gen(function*() {
      yield* start("probe", "other")
      const scope = yield* Scope.make()
      const exchange = Context.get(yield* Layer.buildWithScope(layerWith({}), scope), Exchange)
      const heard: Array<string> = []
      const listening = yield* exchange.messages("prices.*").pipe(
        Stream.runForEach(({ topic }) => Effect.sync(() => heard.push(topic))),
        Effect.forkChild({ startImmediately: true })
      )
      const letters = yield* Effect.forkChild(Stream.runCollect(exchange.deadLetters), { startImmediately: true })
      yield* Effect.scoped(exchange.attach("prices.*", "acme:probe"))
      yield* exchange.publish("prices.eur", text("x"), host)
      yield* Effect.flip(exchange.send("acme:nobody", text("x"), host))
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(listening)
      assert.deepStrictEqual(heard, ["prices.eur"])
      assert.deepStrictEqual((yield* Fiber.join(letters)).map((letter) => letter.to), ["acme:nobody"])
      assert.deepStrictEqual(yield* Stream.runCollect(exchange.deadLetters), [])
      const counts = [yield* count("probe"), yield* count("other")]
      const asked = [
        exchange.send("acme:other", text("x"), from("probe")),
        exchange.request("acme:other", text("echo"), "1 second", from("probe")),
        Effect.scoped(exchange.post("acme:other", text("echo"), "1 second", from("probe"))),
        exchange.publish("prices.eur", text("x"), host),
        Effect.scoped(exchange.attach("prices.*", "acme:other")),
        Stream.runDrain(exchange.messages("prices.*"))
      ]
      const refused = yield* Effect.forEach(asked, (one: Effect.Effect<unknown, Undeliverable>) => Effect.flip(one))
      assert.deepStrictEqual(new Set(refused.map(reason)), new Set(["Stopped"]))
      yield* settled
      assert.deepStrictEqual([yield* count("probe"), yield* count("other")], counts)
      const { dropped, sent, waiting } = yield* exchange.metrics
      assert.deepStrictEqual([sent, dropped.get("Stopped"), waiting], [6, 4, 0])
    })))

  it.effect("fails the sender of a message in which the recipient traps, and keeps those that wait", () =>
    test(Effect.gen(function*() {
      yield* start("probe")
      const exchange = yield* Exchange
      const request = (said: string) =>
        Effect.forkChild(exchange.request("acme:probe", text(said), "1 minute", host), { startImmediately: true })
      const trap = yield* request("trap")
      const waiting = yield* request("echo")
      assert.strictEqual(reason(yield* Effect.flip(Fiber.join(trap))), "Failed")
      yield* settled
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(textOf(yield* Fiber.join(waiting)), "echo")
    })))

  it.effect("gives no reply of a codec that the asker does not take, or to one that handles none", () =>
    test(Effect.gen(function*() {
      yield* start("probe", "binary", "deaf")
      const exchange = yield* Exchange
      const refused = yield* Effect.flip(exchange.request("acme:probe", text("echo"), "1 second", from("binary")))
      assert.strictEqual(
        refused.message,
        "message to acme:probe: its reply is json, which acme:binary does not say that it takes"
      )
      yield* Effect.scoped(Effect.gen(function*() {
        yield* exchange.post("acme:probe", text("echo"), "1 second", from("deaf"))
        yield* settled
      }))
      const { delivered, dropped } = yield* exchange.metrics
      assert.deepStrictEqual([delivered, [...dropped]], [2, [["NotFound", 1]]])
    })))

  it.effect("takes nothing from the quota of messages for one that has too many bytes", () =>
    test(Effect.gen(function*() {
      const quotas = yield* Quotas.Quotas
      yield* start("probe", "other")
      const exchange = yield* Exchange
      const limits = {
        ...Quota.unlimited,
        messages: { perSecond: 1, burst: 1 },
        network: { perSecond: 1, burst: 8 }
      }
      yield* quotas.setLimits({ kind: "Component", id: "acme:other" }, limits, "Try.")
      const send = (said: string) => exchange.send("acme:probe", text(said), from("other"))
      assert.strictEqual(reason(yield* Effect.flip(send("nothing is too long"))), "RateLimited")
      yield* send("nothing")
      assert.strictEqual(reason(yield* Effect.flip(send("n"))), "RateLimited")
    })))

  it.effect("drops what waits for a component that is stopped for good, with a reason", () =>
    test(Effect.gen(function*() {
      const runtime = yield* Runtime.Runtime
      yield* start("probe", "other")
      const exchange = yield* Exchange
      const letters = yield* Effect.forkChild(Stream.runCollect(Stream.take(exchange.deadLetters, 1)), {
        startImmediately: true
      })
      yield* runtime.stop("acme:probe")
      yield* Effect.flip(exchange.send("acme:probe", text("echo"), from("other")))
      assert.deepStrictEqual(yield* Fiber.join(letters), [
        { from: { _tag: "Component", id: "acme:other" }, to: "acme:probe", topic: undefined, reason: "NotFound" }
      ])
    })))

  it.effect("brings what is published to whoever listens, and to nobody else", () =>
    test(Effect.gen(function*() {
      yield* start("probe", "other", "third", "binary")
      const exchange = yield* Exchange
      yield* Effect.scoped(Effect.gen(function*() {
        yield* exchange.attach("prices.*", "acme:probe")
        yield* exchange.attach("prices.**", "acme:other")
        yield* exchange.attach("**", "acme:binary")
        assert.strictEqual((yield* exchange.metrics).subscriptions, 3)
        yield* exchange.publish("prices.eur", text("nothing"), from("third"))
        yield* exchange.publish("prices.eur.spot", text("nothing"), from("third"))
        yield* exchange.publish("orders", text("nothing"), from("third"))
        yield* settled
        assert.deepStrictEqual([yield* count("probe"), yield* count("other"), yield* count("third")], [1, 2, 0])
      }))
      yield* exchange.publish("prices.eur", text("nothing"), from("third"))
      const { dropped, published, subscriptions, unheard } = yield* exchange.metrics
      assert.deepStrictEqual([published, unheard, subscriptions], [4, 1, 0])
      assert.strictEqual(dropped.get("CodecNotAccepted"), 3)
    })))

  it.effect("bounds the subscriptions of a component, and takes nothing that is no topic or pattern", () =>
    test(Effect.gen(function*() {
      yield* start("probe")
      const exchange = yield* Exchange
      yield* Effect.scoped(Effect.gen(function*() {
        for (let index = 0; index < 256; index++) yield* exchange.attach(`a.${index}`, "acme:probe")
        assert.strictEqual(reason(yield* Effect.flip(exchange.attach("a", "acme:probe"))), "TooMany")
      }))
      assert.strictEqual(reason(yield* Effect.flip(Effect.scoped(exchange.attach("a..b", "acme:probe")))), "NotFound")
      assert.strictEqual(reason(yield* Effect.flip(exchange.publish("a.*", text("x"), host))), "NotFound")
    })))
})

describe("Messaging", () => {
  const Text = Codec.schema("json", Schema.String)
  const sender = Principal.make({ kind: "Operator", id: "ada" })

  it.effect("carries values of a schema, for the host itself without grants", () =>
    test(Effect.gen(function*() {
      const messaging = yield* Messaging
      yield* start("probe")
      const bytes = Codec.bytes("json")
      const said = new TextEncoder().encode("echo")
      const reply = yield* messaging.request("acme:probe", said, { sends: bytes, receives: bytes, timeout: "1 second" })
      assert.deepStrictEqual(reply, said)
      const failed = yield* Effect.flip(
        messaging.request("acme:probe", said, { sends: bytes, receives: Text, timeout: "1 second" })
      )
      assert.strictEqual(failed._tag, "CodecError")
    })))

  it.effect("lets a principal send, publish and listen as it is granted, until it is not", () =>
    test(Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer
      const messaging = yield* Messaging
      yield* start("probe")
      const send = Effect.provideService(messaging.send("acme:probe", "x", Text), Principal.CurrentPrincipal, sender)
      assert.strictEqual((yield* Effect.flip(send))._tag, "CapabilityError")
      yield* enforcer.admit(sender, {
        asks: [],
        grants: [
          Grant.make("messaging.send", ["acme:*"], { reason: "x" }),
          Grant.make("messaging.publish", ["prices.*"], { reason: "x" }),
          Grant.make("messaging.subscribe", ["prices.**"], { reason: "x" })
        ]
      })
      yield* send
      const heard: Array<unknown> = []
      const listening = yield* messaging.messages("prices.*", Text).pipe(
        Stream.runForEach((message) => Effect.sync(() => void heard.push(message))),
        Effect.flip,
        Effect.provideService(Principal.CurrentPrincipal, sender),
        Effect.forkChild({ startImmediately: true })
      )
      yield* settled
      const publish = (topic: string, value: unknown) =>
        messaging.publish(topic, value, Codec.schema("json", Schema.Json as Schema.Codec<unknown>)).pipe(
          Effect.provideService(Principal.CurrentPrincipal, sender)
        )
      yield* publish("prices.eur", "1.08")
      yield* publish("prices.eur", { hostile: true })
      yield* publish("prices.usd", "0.92")
      assert.strictEqual((yield* Effect.flip(publish("orders.paid", "x")))._tag, "CapabilityError")
      yield* settled
      yield* enforcer.revoke(sender, { kind: "messaging.subscribe", reason: "over" })
      assert.strictEqual((yield* Fiber.join(listening))._tag, "CapabilityError")
      assert.deepStrictEqual(heard, [
        { topic: "prices.eur", sender: "ada", value: "1.08" },
        { topic: "prices.usd", sender: "ada", value: "0.92" }
      ])
      assert.strictEqual((yield* (yield* Exchange).metrics).subscriptions, 0)
    })))
})
