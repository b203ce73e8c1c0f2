import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll } from "vitest"
import type { AskError } from "../../src/actor/ActorError.ts"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import { ComponentDirectory } from "../../src/component/ComponentDirectory.ts"
import { layer as layerEngine } from "../../src/component/ComponentEngine.ts"
import type { ComponentError } from "../../src/component/ComponentError.ts"
import { Callback, Deliver, unanswered } from "../../src/component/ComponentMessage.ts"
import * as Delivery from "../../src/component/Delivery.ts"
import type { GuestError } from "../../src/component/GuestError.ts"
import type { HostingOptions } from "../../src/component/HostingOptions.ts"
import type { Payload } from "../../src/component/Payload.ts"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import { actorGuest, manifest } from "./support/actorGuest.ts"

let artifact = new Uint8Array()

beforeAll(async () => {
  artifact = await actorGuest()
})

const asks = "[[capability]]\nreason = \"Try.\"\nenvironment = [\"KEY\"]"
const fromOther: Delivery.Sender = { _tag: "Component", id: "acme:other" }
const grants = [Grant.make("environment", ["KEY"], { reason: "Try." })]

/** Runs a test with `acme:probe` and `acme:other`, two components of the same bytes. */
const running = <A, E>(
  test: (guest: {
    readonly call: (name: string) => Effect.Effect<unknown, unknown>
    readonly deliver: (
      text: string,
      options?: Partial<Pick<Deliver, "wantsReply"> & { readonly sender: Delivery.Sender; readonly id: string }>
    ) => Effect.Effect<Payload | undefined, AskError | ComponentError | GuestError>
  }) => Effect.Effect<A, E, Runtime.Services | ComponentDirectory>,
  options: HostingOptions = {}
) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    const { ref } = yield* runtime.startUntyped("/probe", {
      tier: "inline",
      grants,
      environment: { KEY: "1" },
      ...options
    })
    return yield* test({
      call: (name) => Effect.map(runtime.call("acme:probe", `probe.${name}`, []), ({ value }) => value),
      deliver: (text, { id = "d1", sender = fromOther, wantsReply = true } = {}) =>
        ref.ask(
          new Deliver({
            delivery: Delivery.make(id, { ...Delivery.fromHost, sender }),
            topic: undefined,
            wantsReply,
            payload: { codec: "json", bytes: new TextEncoder().encode(text) }
          })
        )
    })
  }).pipe(
    Effect.provide(
      Runtime.layer.pipe(
        Layer.provide([
          layerEngine,
          ReleaseSource.layerMemory({
            "/probe": { manifest: manifest(asks), artifact },
            "/other": { manifest: manifest(asks, undefined, "other"), artifact }
          })
        ])
      )
    )
  )

/** Runs what crashes the component, and waits until it is back. */
const bounced = Effect.fnUntraced(function*<A, E, R>(crash: Effect.Effect<A, E, R>) {
  const { events } = yield* ActorSystem
  const restarted = yield* Effect.forkChild(
    Stream.runHead(Stream.filter(events, (event) => event._tag === "Restarted")),
    { startImmediately: true }
  )
  const result = yield* crash
  yield* TestClock.adjust("100 millis")
  yield* Fiber.join(restarted)
  return result
})

const textOf = (payload: Payload | undefined): string | undefined =>
  payload === undefined ? undefined : new TextDecoder().decode(payload.bytes)

describe("delivery", () => {
  it.effect("tells a guest the truth about who calls it", () =>
    running(({ call }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* call("who"), { tag: "host" })
        const as = (kind: Principal.Kind, id: string) =>
          Effect.provideService(call("who"), Principal.CurrentPrincipal, Principal.make({ kind, id }))
        assert.deepStrictEqual(yield* as("Operator", "ada"), { tag: "operator" })
        assert.deepStrictEqual(yield* as("Host", "cron"), { tag: "host" })
        const twice = Effect.provideService(
          Effect.all([call("who"), call("who")]),
          Principal.CurrentPrincipal,
          Principal.make({ kind: "Operator", id: "ada" })
        )
        assert.deepStrictEqual(yield* twice, [{ tag: "operator" }, { tag: "operator" }])
        assert.deepStrictEqual(yield* as("Component", "acme:other"), {
          tag: "component",
          val: { namespace: "acme", name: "other" }
        })
        assert.deepStrictEqual(yield* call("who"), { tag: "host" })
      })
    ))

  it.effect("gives a message to the handler of a guest, and its answer to the sender", () =>
    running(({ deliver }) =>
      Effect.gen(function*() {
        assert.strictEqual(textOf(yield* deliver("echo")), "echo")
        assert.isUndefined(yield* deliver("nothing"))
        assert.isUndefined(yield* deliver("echo", { wantsReply: false }))
      })
    ))

  it.effect("gives the error of a guest to the sender, and the instance goes on", () =>
    running(({ call, deliver }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(deliver("refuse"))
        if (error._tag !== "GuestError") return assert.fail(error._tag)
        assert.deepStrictEqual(error.error, { tag: "failed", val: "no" })
        assert.strictEqual(error.message, "acme:probe message-handler.handle-message: failed \"no\"")
        assert.strictEqual(yield* call("count"), 1)
      })
    ))

  it.effect("fails the sender of a message that traps, and the next one has a fresh instance", () =>
    running(({ call, deliver }) =>
      Effect.gen(function*() {
        yield* deliver("nothing")
        const error = yield* bounced(Effect.flip(deliver("trap")))
        if (error._tag !== "ActorCrashed") return assert.fail(error._tag)
        const reason = unanswered("acme:probe", { interface: undefined, function: "handle-message" }, error, {}).reason
        assert.deepStrictEqual(reason, { _tag: "Trap", category: "Unreachable" })
        assert.strictEqual(yield* call("count"), 0)
      })
    ))

  it.effect("gives replies to the handler of callbacks", () =>
    running(({ call }) =>
      Effect.gen(function*() {
        const { lookup } = yield* ComponentDirectory
        const answer = (reply: Callback["reply"]) =>
          lookup("acme:probe")!.ref.ask(
            new Callback({ delivery: Delivery.make("c1", Delivery.fromHost), id: "r1", reply })
          )
        yield* answer(Result.fail({ tag: "timed-out" }))
        yield* answer(Result.succeed({ codec: "json", bytes: new TextEncoder().encode("nothing") }))
        assert.strictEqual(yield* call("count"), 2)
        const refused = yield* Effect.flip(
          answer(Result.succeed({ codec: "json", bytes: new TextEncoder().encode("refuse") }))
        )
        assert.strictEqual(refused._tag, "GuestError")
      })
    ))

  it.effect("shows no message to the instance of another one", () =>
    running(({ call }) =>
      Effect.gen(function*() {
        const runtime = yield* Runtime.Runtime
        yield* runtime.startUntyped("/other", { tier: "inline" })
        const other = Effect.map(runtime.call("acme:other", "probe.current", []), ({ value }) => value)
        assert.match(String(yield* call("current")), /^[0-9a-f]{16}-m1$/)
        assert.match(String(yield* call("current")), /^[0-9a-f]{16}-m2$/)
        assert.match(String(yield* other), /^[0-9a-f]{16}-m1$/)
      })
    ))

  it.effect("lets a guest do only what those may for whom it is called", () =>
    running(({ call }) =>
      Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer
        const ada = Principal.make({ kind: "Operator", id: "ada" })
        assert.deepStrictEqual(yield* call("key"), { tag: "ok", val: "1" })
        const forAda = Principal.onBehalfOf(ada)(call("key"))
        const denied = { tag: "err", val: { tag: "access-denied" } }
        assert.deepStrictEqual(yield* forAda, denied)
        yield* enforcer.admit(ada, { asks: [], grants })
        assert.deepStrictEqual(yield* forAda, { tag: "ok", val: "1" })
        assert.deepStrictEqual(yield* call("key"), { tag: "ok", val: "1" })
      })
    ))

  it.effect("records a use with the request that a message is a part of, else with the id of the message", () =>
    running(({ call }) =>
      Effect.gen(function*() {
        const ofRequest = Effect.provideService(call("key"), Principal.Correlation, "request-7")
        yield* ofRequest
        yield* TestClock.adjust("1 minute")
        yield* call("key")
        const uses = (yield* (yield* AuditLog).entries).flatMap(({ event }) =>
          event._tag === "CapabilityUsed" ? [event.correlation] : []
        )
        assert.strictEqual(uses[0], "request-7")
        assert.match(uses[1]!, /^acme:probe\/[0-9a-f]{16}-m2$/)
      })
    ))
})

describe("ComponentDirectory", () => {
  it.effect("has what runs, in the order of ids, over restarts and until it is stopped", () =>
    running(({ call }) =>
      Effect.gen(function*() {
        const runtime = yield* Runtime.Runtime
        const { list, lookup } = yield* ComponentDirectory
        const ids = Effect.map(list, (entries) => entries.map(({ id }) => id))
        yield* runtime.startUntyped("/other", { tier: "inline" })
        assert.deepStrictEqual(yield* ids, ["acme:other", "acme:probe"])
        const { ref } = lookup("acme:probe")!
        yield* bounced(Effect.flip(call("dig")))
        assert.strictEqual(lookup("acme:probe")?.ref, ref)
        yield* runtime.stop("acme:probe")
        assert.deepStrictEqual(yield* ids, ["acme:other"])
      })
    ))
})
