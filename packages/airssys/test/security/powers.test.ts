import { assert, describe, it } from "@effect/vitest"
import * as Storage from "airssys/component/Storage"
import * as Ask from "airssys/security/Ask"
import * as AuditLog from "airssys/security/AuditLog"
import * as Capability from "airssys/security/Capability"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import { CapabilityError } from "airssys/security/CapabilityError"
import type * as CapabilityKind from "airssys/security/CapabilityKind"
import * as Grant from "airssys/security/Grant"
import * as Log from "airssys/security/Log"
import * as MessagingPublish from "airssys/security/MessagingPublish"
import * as MessagingSend from "airssys/security/MessagingSend"
import * as MessagingSubscribe from "airssys/security/MessagingSubscribe"
import * as Powers from "airssys/security/Powers"
import * as Principal from "airssys/security/Principal"
import * as Quotas from "airssys/security/Quotas"
import * as Random from "airssys/security/Random"
import * as StorageRead from "airssys/security/StorageRead"
import * as StorageWrite from "airssys/security/StorageWrite"
import {
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  PubSub,
  References,
  Result,
  Stream
} from "effect"
import { Digest, SecureRandom } from "effect/crypto"

const rates = Principal.make({ kind: "Component", id: "acme:rates@1.2.0", label: "acme:rates 1.2.0" })

const reason = (error: { readonly _tag: string }): string =>
  error instanceof CapabilityError && error.reason._tag !== "PowerMissing"
    ? `${error.reason._tag}: ${error.reason.explanation.reason}`
    : error._tag

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Option.Option<{ readonly value: Uint8Array }>) =>
  Option.map(value, (_) => new TextDecoder().decode(_.value))

const stores = Storage.layerMemory.pipe(
  Layer.provide(Quotas.layerMemory()),
  Layer.provide(AuditLog.layerMemory()),
  Layer.provide(Digest.layerWebCrypto)
)

const admitted = <A, E>(
  source: Powers.Source,
  kind: CapabilityKind.CapabilityKind,
  patterns: ReadonlyArray<string>,
  test: (
    enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"]
  ) => Effect.Effect<A, E, Principal.CurrentPrincipal>
) =>
  Effect.gen(function*() {
    const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
    yield* enforcer.admit(rates, {
      asks: [Ask.make({ kind, patterns, reason: "x", place: { file: "Component.toml", line: 1 } })],
      grants: [Grant.make(kind, patterns, { reason: "x" })]
    })
    return yield* test(enforcer)
  }).pipe(
    Effect.provideService(Principal.CurrentPrincipal, rates),
    Effect.provide(Layer.provide(CapabilityEnforcer.layerTest, Powers.layer(source)))
  )

describe("Log", () => {
  it.effect("writes in the name of the principal, escaped and at its level", () => {
    const lines: Array<unknown> = []
    const logger = Logger.make((options) => {
      lines.push([options.logLevel, options.message, options.fiber.getRef(References.CurrentLogAnnotations)])
    })
    return admitted(
      Log.source,
      "log",
      [],
      (enforcer) =>
        Log.Log.use((log) => log.write("Warn", "rate\u001b[2J\nDENIED")).pipe(enforcer.require(Log.Log.on()))
    ).pipe(
      Effect.provide(Logger.layer([logger])),
      Effect.andThen(Effect.sync(() =>
        assert.deepStrictEqual(lines, [
          ["Warn", ["rate\\u{1b}[2J\\u{a}DENIED"], { principal: "acme:rates 1.2.0" }]
        ])
      ))
    )
  })
})

const payload = (size: number): MessagingSend.Payload => ({ codec: "cbor", bytes: new Uint8Array(size) })

describe("MessagingSend", () => {
  it.effect("delivers to the recipient that was required, from the principal, and not after a revocation", () => {
    const delivered: Array<string> = []
    const source = MessagingSend.source({
      send: ({ payload, recipient, sender }) => {
        delivered.push(`${sender.id} -> ${recipient}: ${payload.bytes.length}`)
        return Effect.succeed("1")
      },
      post: () => Effect.never,
      request: () => Effect.never
    })
    return admitted(source, "messaging.send", ["acme:totals"], (enforcer) =>
      Effect.gen(function*() {
        const messaging = yield* MessagingSend.MessagingSend
        yield* messaging.send(payload(3))
        yield* enforcer.revoke(rates, { reason: "over" })
        assert.strictEqual((yield* Effect.flip(messaging.send(payload(4))))._tag, "CapabilityError")
        assert.deepStrictEqual(delivered, ["acme:rates@1.2.0 -> acme:totals: 3"])
      }).pipe(enforcer.require(MessagingSend.MessagingSend.on("acme:totals"))))
  })

  it.effect("ends requests whose grant has gone", () => {
    const ended: Array<string> = []
    const source = MessagingSend.source({
      send: () => Effect.never,
      post: () => Effect.acquireRelease(Effect.succeed("1"), () => Effect.sync(() => void ended.push("1"))),
      request: () => Effect.never
    })
    return admitted(source, "messaging.send", ["acme:totals"], (enforcer) =>
      Effect.scoped(Effect.gen(function*() {
        const messaging = yield* MessagingSend.MessagingSend
        assert.strictEqual(yield* messaging.post(payload(1), 1), "1")
        const waiting = yield* Effect.forkChild(Effect.flip(messaging.request(payload(3), 1)), {
          startImmediately: true
        })
        yield* Effect.yieldNow
        assert.deepStrictEqual(ended, [])
        yield* enforcer.revoke(rates, { reason: "over" })
        yield* Effect.yieldNow
        assert.deepStrictEqual(ended, ["1"])
        assert.strictEqual((yield* Fiber.join(waiting))._tag, "CapabilityError")
      })).pipe(enforcer.require(MessagingSend.MessagingSend.on("acme:totals"))))
  })
})

describe("what is used without a fiber", () => {
  /** Requests that end when the test says so, and tell when they are stopped. */
  const requests = () => {
    const ends: Array<(exit: Exit.Exit<MessagingSend.Payload>) => void> = []
    const seen: Array<string> = []
    const source = MessagingSend.source({
      send: () => Effect.never,
      post: () => Effect.never,
      request: () => Effect.never,
      requestUnsafe: ({ onBehalfOf, recipient }, _, __, end) => {
        seen.push([recipient, ...onBehalfOf.map(({ id }) => id)].join(" for "))
        ends.push(end)
        return () => {
          seen.push("stopped")
          end(Exit.interrupt())
        }
      }
    })
    const exits: Array<string> = []
    const begin = (power: MessagingSend.MessagingSend["Service"], context = Context.empty()) =>
      power.requestUnsafe!(payload(1), 1, context, (exit) => {
        exits.push(Exit.isSuccess(exit) ? "ok" : Exit.hasInterrupts(exit) ? "interrupted" : reason(errorOf(exit)))
      })
    return { source, begin, ends, seen, exits }
  }

  const errorOf = <E>(exit: Exit.Exit<unknown, E>) => Option.getOrThrow(Exit.findErrorOption(exit))

  const powerOf = (enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"], recipient = "acme:totals") =>
    enforcer.powerUnsafe(MessagingSend.MessagingSend.on(recipient), rates)

  const recorded = Effect.map(
    Effect.orDie(AuditLog.AuditLog.use((log) => log.entries)),
    (entries) =>
      entries.flatMap(({ event }) =>
        event._tag === "CapabilityUsed" || event._tag === "CapabilityDenied" ? [event._tag] : []
      )
  )

  it.effect("ends as it says, or by who stops it, or with its grant", () => {
    const { begin, ends, exits, seen, source } = requests()
    return admitted(source, "messaging.send", ["acme:totals"], (enforcer) =>
      Effect.gen(function*() {
        const power = Result.getOrThrow(powerOf(enforcer)!)
        begin(power)
        ends[0]!(Exit.succeed(payload(2)))
        begin(power)()
        begin(power)
        yield* enforcer.revoke(rates, { reason: "over" })
        begin(power)
        assert.deepStrictEqual(exits, ["ok", "interrupted", "Revoked: Revoked", "Denied: Revoked"])
        assert.deepStrictEqual(seen, ["acme:totals", "acme:totals", "stopped", "acme:totals", "stopped"])
        assert.deepStrictEqual(reason(Option.getOrThrow(Result.getFailure(powerOf(enforcer)!))), "Denied: Revoked")
      }))
  })

  it.effect("is denied to who acts for somebody who has not got it", () => {
    const { begin, exits, seen, source } = requests()
    return admitted(source, "messaging.send", ["acme:totals"], (enforcer) =>
      Effect.sync(() => {
        const ada = Principal.make({ kind: "Operator", id: "ada" })
        const power = Result.getOrThrow(powerOf(enforcer)!)
        begin(power, Context.make(Principal.ActingFor, [ada]))
        assert.deepStrictEqual([exits, seen], [["Denied: NotAdmitted"], []])
        assert.isTrue(
          Result.isFailure(enforcer.powerUnsafe(MessagingSend.MessagingSend.on("acme:totals"), rates, [ada])!)
        )
      }))
  })

  it.effect("has no power without a source, and none of another resource", () =>
    admitted(Log.source, "messaging.send", ["acme:totals"], (enforcer) =>
      Effect.sync(() => {
        const missing = Option.getOrThrow(Result.getFailure(powerOf(enforcer)!))
        const other = Option.getOrThrow(Result.getFailure(powerOf(enforcer, "acme:other")!))
        assert.deepStrictEqual([missing.reason._tag, reason(other)], ["PowerMissing", "Denied: NotAsked"])
      })))

  it.effect("is not decided at once where the log has to have it first", () => {
    const { begin, exits, seen, source } = requests()
    return Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      const grant = (audit?: "before-use") =>
        enforcer.grant(rates, Grant.make("messaging.send", ["acme:totals"], { reason: "x", audit }))
      const asks = [
        Ask.make({
          kind: "messaging.send",
          patterns: ["acme:totals"],
          reason: "x",
          place: { file: "Component.toml", line: 1 }
        })
      ]
      yield* enforcer.admit(rates, { asks, grants: [] })
      yield* grant()
      const power = Result.getOrThrow(powerOf(enforcer)!)
      yield* grant("before-use")
      assert.isUndefined(powerOf(enforcer))
      begin(power)
      assert.deepStrictEqual([exits, seen], [["Denied: AuditUnavailable"], []])
      assert.deepStrictEqual(yield* recorded, ["CapabilityUsed", "CapabilityDenied"])
    }).pipe(Effect.provide(Layer.provide(CapabilityEnforcer.layerTest, Powers.layer(source))))
  })
})

describe("MessagingPublish", () => {
  it.effect("publishes to the topic that was required, from the principal", () => {
    const published: Array<string> = []
    const source = MessagingPublish.source(({ payload, sender, topic }) => {
      published.push(`${sender.id} -> ${topic}: ${payload.bytes.length}`)
      return Effect.void
    })
    return admitted(source, "messaging.publish", ["rates.*"], (enforcer) =>
      Effect.gen(function*() {
        const publish = MessagingPublish.MessagingPublish.use((_) => _.publish(payload(3)))
        yield* enforcer.require(MessagingPublish.MessagingPublish.on("rates.eur"))(publish)
        const other = enforcer.require(MessagingPublish.MessagingPublish.on("invoices.paid"))(publish)
        assert.strictEqual(reason(yield* Effect.flip(other)), "Denied: NotAsked")
        assert.deepStrictEqual(published, ["acme:rates@1.2.0 -> rates.eur: 3"])
      }))
  })
})

describe("MessagingSubscribe", () => {
  it.effect("hears the topics that were required until a revocation, which ends the subscription of the host", () =>
    Effect.gen(function*() {
      const bus = yield* PubSub.unbounded<MessagingSubscribe.Message>()
      const ended = yield* Deferred.make<void>()
      const asked: Array<string> = []
      const source = MessagingSubscribe.source({
        messages: ({ subscriber, topics }) => {
          asked.push(`${subscriber.id}: ${topics}`)
          return Stream.ensuring(Stream.fromPubSub(bus), Deferred.succeed(ended, undefined))
        },
        attach: () => Effect.void
      })
      yield* admitted(source, "messaging.subscribe", ["rates.**"], (enforcer) =>
        Effect.gen(function*() {
          const heard: Array<string> = []
          const hear = MessagingSubscribe.MessagingSubscribe.use(({ messages }) =>
            Stream.runForEach(messages, ({ topic }) => Effect.sync(() => heard.push(topic)))
          )
          const fiber = yield* Effect.forkChild(
            Effect.flip(enforcer.require(MessagingSubscribe.MessagingSubscribe.on("rates.*"))(hear)),
            { startImmediately: true }
          )
          yield* Effect.yieldNow
          yield* PubSub.publish(bus, { topic: "rates.eur", sender: undefined, payload: payload(1) })
          yield* Effect.yieldNow
          yield* Effect.yieldNow
          yield* enforcer.revoke(rates, { reason: "over" })
          yield* PubSub.publish(bus, { topic: "rates.usd", sender: undefined, payload: payload(1) })
          assert.strictEqual(reason(yield* Fiber.join(fiber)), "Revoked: Revoked")
          yield* Deferred.await(ended)
          assert.deepStrictEqual(heard, ["rates.eur"])
          assert.deepStrictEqual(asked, ["acme:rates@1.2.0: rates.*"])
        }))
    }))
})

describe("Random", () => {
  it.effect("draws bytes of the host's generator", () =>
    admitted(
      Random.source(SecureRandom.make((size) => new Uint8Array(size).fill(7))),
      "random",
      [],
      (enforcer) => enforcer.require(Random.Random.on())(Random.Random.use((random) => random.bytes(3)))
    ).pipe(Effect.map((drawn) => assert.deepStrictEqual([...drawn], [7, 7, 7]))))

  it.effect("makes no more than the host can bear, and no number that is none", () =>
    admitted(
      Random.source(SecureRandom.make((size) => new Uint8Array(size))),
      "random",
      [],
      (enforcer) =>
        Effect.gen(function*() {
          const random = yield* enforcer.require(Random.Random.on())(Random.Random)
          for (const size of [-1, 0.5, Number.NaN, 65_537, 2 ** 63]) {
            assert.isTrue((yield* Effect.exit(random.bytes(size)))._tag === "Failure", String(size))
          }
          assert.strictEqual((yield* random.bytes(65_536)).length, 65_536)
        })
    ))
})

describe("StorageRead and StorageWrite", () => {
  const stored = <A, E>(
    test: (
      enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"],
      store: Storage.Storage["Service"]
    ) => Effect.Effect<A, E, Principal.CurrentPrincipal | AuditLog.AuditLog>
  ) =>
    Effect.gen(function*() {
      const store = yield* Storage.Storage
      yield* Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
        const place = { file: "Component.toml", line: 1 }
        yield* enforcer.admit(rates, {
          asks: [
            Ask.make({ kind: "storage.read", patterns: ["rates/**"], reason: "x", place }),
            Ask.make({ kind: "storage.write", patterns: ["rates/*"], reason: "x", place })
          ],
          grants: [
            Grant.make("storage.read", ["rates/**"], { reason: "x" }),
            Grant.make("storage.write", ["rates/*"], { reason: "x" })
          ]
        })
        return yield* test(enforcer, store)
      }).pipe(
        Effect.provideService(Principal.CurrentPrincipal, rates),
        Effect.provide(
          Layer.provide(
            CapabilityEnforcer.layerTest,
            Powers.layer(StorageRead.source(store), StorageWrite.source(store))
          )
        )
      )
    }).pipe(Effect.provide(stores))

  const read = (below?: string) => StorageRead.StorageRead.use((storage) => storage.get(below))

  it.effect("are recorded with each key of a batch", () =>
    stored((enforcer) =>
      Effect.gen(function*() {
        const writing = yield* enforcer.require(StorageWrite.StorageWrite.on("rates/eur"))(StorageWrite.StorageWrite)
        yield* writing.commit({
          checks: [{ key: "rates/usd", revision: undefined }],
          writes: [{ key: "rates/chf", value: bytes("0.9") }]
        })
        const { entries } = yield* AuditLog.AuditLog
        const used = (yield* entries).flatMap(({ event }) => event._tag === "CapabilityUsed" ? [event.resource] : [])
        assert.deepStrictEqual(used, ["rates/eur", "rates/usd", "rates/chf"])
      })
    ))

  it.effect("read and write below the key that was required, as far as the grants go", () =>
    stored((enforcer) =>
      Effect.gen(function*() {
        const write = StorageWrite.StorageWrite.use((storage) =>
          Effect.gen(function*() {
            yield* storage.set(bytes("1.0"))
            assert.strictEqual(reason(yield* Effect.flip(storage.set(bytes("x"), "deeper"))), "Denied: NotAsked")
            assert.strictEqual(reason(yield* Effect.flip(storage.set(bytes("x"), "../usd"))), "Denied: NotAsked")
          })
        )
        yield* enforcer.require(StorageWrite.StorageWrite.on("rates/eur"))(write)
        const value = yield* enforcer.require(StorageRead.StorageRead.on("rates"))(read("eur"))
        assert.deepStrictEqual(text(value), Option.some("1.0"))
        const outside = yield* Effect.flip(enforcer.require(StorageRead.StorageRead.on("secrets"))(read()))
        assert.strictEqual(reason(outside), "Denied: NotAsked")
      })
    ))

  it.effect("keep principals apart, and values from the bytes that were given", () =>
    stored((enforcer, store) =>
      Effect.gen(function*() {
        const other = Principal.make({ kind: "Component", id: "acme:totals@1.0.0" })
        yield* store.set(other, "rates/eur", bytes("theirs"))
        const value = bytes("1.0")
        yield* store.set(rates, "rates/eur", value)
        value.fill(0)
        const own = yield* enforcer.require(StorageRead.StorageRead.on("rates/eur"))(read())
        assert.deepStrictEqual(text(own), Option.some("1.0"))
      })
    ))

  it.effect("list only what may be read", () =>
    stored((enforcer, store) =>
      Effect.gen(function*() {
        for (const key of ["rates/usd", "rates/eur", "rates/eur/old", "ratesx", "secrets/a"]) {
          yield* store.set(rates, key, bytes("x"))
        }
        const list = enforcer.require(StorageRead.StorageRead.on("rates"))(
          StorageRead.StorageRead.use((_) => Effect.map(_.list(), ({ keys }) => keys))
        )
        assert.deepStrictEqual(yield* list, ["rates/eur", "rates/eur/old", "rates/usd"])
        yield* enforcer.revoke(rates, { kind: "storage.read", reason: "over" })
        yield* enforcer.grant(rates, Grant.make("storage.read", ["rates", "rates/*"], { reason: "x" }))
        assert.deepStrictEqual(yield* list, ["rates/eur", "rates/usd"])
      })
    ))
})

describe("MessagingSubscribe.attach", () => {
  it.effect("ends with its scope, and with its grant", () => {
    const attached: Array<string> = []
    const source = MessagingSubscribe.source({
      messages: () => Stream.never,
      attach: ({ topics }) =>
        Effect.acquireRelease(
          Effect.sync(() => void attached.push(topics)),
          () => Effect.sync(() => void attached.splice(attached.indexOf(topics), 1))
        )
    })
    return admitted(source, "messaging.subscribe", ["rates.**"], (enforcer) =>
      Effect.gen(function*() {
        const { attach } = yield* MessagingSubscribe.MessagingSubscribe
        yield* Effect.scoped(Effect.andThen(attach, Effect.sync(() => assert.deepStrictEqual(attached, ["rates.*"]))))
        assert.deepStrictEqual(attached, [])
        yield* Effect.scoped(Effect.gen(function*() {
          yield* attach
          yield* enforcer.revoke(rates, { reason: "over" })
          yield* Effect.yieldNow
          assert.deepStrictEqual(attached, [])
        }))
      }).pipe(enforcer.require(MessagingSubscribe.MessagingSubscribe.on("rates.*"))))
  })
})

describe("a power that is kept", () => {
  it.effect("is over with its grant, whatever its operations are", () =>
    Effect.gen(function*() {
      const store = yield* Storage.Storage
      const published: Array<string> = []
      const kinds = ["random", "messaging.publish", "storage.read", "storage.write"] as const
      const patterns = (kind: typeof kinds[number]) =>
        kind === "random" ? [] : kind.startsWith("m") ? ["a"] : ["a", "a/b"]
      yield* Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
        const place = { file: "Component.toml", line: 1 }
        yield* enforcer.admit(rates, {
          asks: kinds.map((kind) => Ask.make({ kind, patterns: patterns(kind), reason: "x", place })),
          grants: kinds.map((kind) => Grant.make(kind, patterns(kind), { reason: "x" }))
        })
        const random = yield* enforcer.require(Random.Random.on())(Random.Random)
        const topic = yield* enforcer.require(MessagingPublish.MessagingPublish.on("a"))(
          MessagingPublish.MessagingPublish
        )
        const reading = yield* enforcer.require(StorageRead.StorageRead.on("a"))(StorageRead.StorageRead)
        const writing = yield* enforcer.require(StorageWrite.StorageWrite.on("a"))(StorageWrite.StorageWrite)
        const operations: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
          random.bytes(1),
          topic.publish(payload(1)),
          writing.set(bytes("x"), "b"),
          reading.get("b"),
          reading.exists("b"),
          reading.list(),
          writing.commit({ checks: [], writes: [{ key: "a/b", value: bytes("x") }] }),
          writing.remove("b")
        ]
        const beyond: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
          reading.get("c"),
          reading.exists("c"),
          writing.set(bytes("x"), "c"),
          writing.remove("c"),
          writing.commit({
            checks: [],
            writes: [{ key: "a/b", value: undefined }, { key: "c", value: bytes("x") }]
          }),
          writing.commit({ checks: [{ key: "c", revision: 1 }], writes: [{ key: "a/b", value: undefined }] })
        ]
        for (const operation of operations) yield* operation
        for (const operation of beyond) assert.strictEqual(reason(yield* Effect.flip(operation)), "Denied: NotAsked")
        yield* enforcer.revoke(rates, { reason: "over" })
        for (const operation of operations) {
          assert.strictEqual(reason(yield* Effect.flip(operation)), "Denied: Revoked")
        }
        assert.lengthOf(published, 1)
      }).pipe(
        Effect.provideService(Principal.CurrentPrincipal, rates),
        Effect.provide(Layer.provide(
          CapabilityEnforcer.layerTest,
          Powers.layer(
            Random.source(SecureRandom.make((size) => new Uint8Array(size))),
            MessagingPublish.source(({ topic }) => Effect.sync(() => void published.push(topic))),
            StorageRead.source(store),
            StorageWrite.source(store)
          )
        ))
      )
    }).pipe(Effect.provide(stores)))
})

describe("a custom kind", () => {
  class Printer extends Capability.Service<Printer, {
    readonly print: Effect.Effect<string, CapabilityError>
  }>()("custom.printer") {}
  class Status extends Capability.Service<Status, {
    readonly isReady: Effect.Effect<boolean, CapabilityError>
  }>()("custom.printer", "status") {}
  const printer = Powers.source(Printer, (lease) => ({ print: lease.use(Effect.succeed(`on ${lease.resource}`)) }))

  it.effect("is granted, required and revoked like any other", () =>
    admitted(printer, "custom.printer", ["floor/*"], (enforcer) =>
      Effect.gen(function*() {
        const print = Printer.use((_) => _.print)
        assert.strictEqual(yield* enforcer.require(Printer.on("floor/2"))(print), "on floor/2")
        const denied = yield* Effect.flip(enforcer.require(Printer.on("roof/1"))(print))
        assert.strictEqual(reason(denied), "Denied: NotAsked")
        assert.strictEqual(enforcer.check(rates, "custom.scanner", "floor/2")._tag, "Denied")
        yield* enforcer.revoke(rates, { kind: "custom.printer", reason: "over" })
        const revoked = yield* Effect.flip(enforcer.require(Printer.on("floor/2"))(print))
        assert.strictEqual(reason(revoked), "Denied: Revoked")
      })))

  it.effect("has as many powers as there are names, each with a source of its own", () =>
    admitted(printer, "custom.printer", ["floor/*"], (enforcer) =>
      Effect.gen(function*() {
        const isReady = enforcer.require(Status.on("floor/2"))(Status.use((_) => _.isReady))
        const error = yield* Effect.flip(isReady)
        assert.strictEqual(error.reason._tag, "PowerMissing")
      })))

  it.each(["custom.", "custom.Printer", "custom.a.b", "custom.__proto__", `custom.${"a".repeat(65)}`])(
    "is not %s",
    (kind) => {
      assert.throws(() => Capability.Service<Printer, { readonly print: string }>()(kind as "custom.a"))
    }
  )
})
