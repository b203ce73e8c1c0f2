import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Layer } from "effect"
import { InvalidArgument } from "../src/component/Argument.ts"
import * as Component from "../src/component/Component.ts"
import { ComponentError } from "../src/component/ComponentError.ts"
import * as Contract from "../src/component/Contract.ts"
import { fromHost } from "../src/component/Delivery.ts"
import { Exchange, layerWith } from "../src/component/Exchange.ts"
import { InvalidQuery } from "../src/component/ReceiptQuery.ts"
import * as Receipts from "../src/component/Receipts.ts"
import { InstallRefused } from "../src/component/Release.ts"
import { SourceError } from "../src/component/ReleaseSource.ts"
import * as PromiseRuntime from "../src/PromiseRuntime.ts"
import * as Runtime from "../src/Runtime.ts"
import { AdmissionError } from "../src/security/AdmissionError.ts"
import { InvalidGrant } from "../src/security/Grant.ts"
import { Undeliverable } from "../src/security/Undeliverable.ts"
import * as scriptedHost from "./component/scriptedHost.ts"
import { wrongValues } from "./wrongValues.ts"

const { func, world } = scriptedHost

class Echo extends Contract.Service<Echo, { readonly ping: () => Effect.Effect<string, ComponentError> }>()(
  "acme:echo/plugin@1.0.0",
  { ping: Contract.func("acme:echo/echo@1.0.0", "ping", [], { kind: "string" }, undefined) }
) {}

const guest: scriptedHost.Guest = {
  world: world("echo", [func("ping", { kind: "string" })]),
  code: { "echo.ping": () => "pong" }
}

const settled = async (action: () => unknown): Promise<{ readonly error?: unknown; readonly value?: unknown }> => {
  let promise: unknown
  try {
    promise = action()
  } catch (error) {
    return assert.fail(`it threw in place of rejecting: ${String(error)}`)
  }
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}

/** An option by its path; each of its wrong values in turn, within options that are right otherwise. */
const at = (path: string, value: unknown): Record<string, unknown> =>
  path.split(".").toReversed().reduce<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>

const options = [
  "restart",
  "backoff",
  "backoff.base",
  "mailbox",
  "shutdown",
  "pool",
  "pool.size",
  "pool.routing",
  "pool.intensity.restarts",
  "intensity",
  "intensity.restarts",
  "intensity.within",
  "limits",
  "limits.memory",
  "limits.fuel",
  "limits.timeout",
  "hooks",
  "hooks.init",
  "hooks.shutdown",
  "hooks.callback",
  "health",
  "health.every",
  "health.timeout",
  "health.failures",
  "grants",
  "environment",
  "environment.KEY",
  "config",
  "config.key",
  "secrets",
  "secrets.key",
  "tier"
]

const emptyObjects = ["an object without a prototype", "a date", "a promise"]
const objects = [...emptyObjects, "an object", "a getter that throws", "what throws when it is shown"]
const endlessTimes = ["Infinity", "1.5", "2^60"]
const texts = ["an empty text", "a text", "a text with a NUL", "a huge text", "__proto__"]

/** Which of the wrong values an option may well be. */
const fitting: Readonly<Record<string, ReadonlyArray<string>>> = {
  "": objects,
  shutdown: endlessTimes,
  "backoff.base": ["1.5", "2^60"],
  "intensity.within": endlessTimes,
  limits: objects,
  "limits.timeout": ["1.5", "2^60"],
  hooks: objects,
  "hooks.init": ["1.5", "2^60"],
  "hooks.shutdown": ["1.5", "2^60"],
  "hooks.callback": ["1.5", "2^60"],
  health: objects,
  "health.every": ["1.5", "2^60"],
  "health.timeout": ["1.5", "2^60"],
  grants: ["an empty array"],
  environment: emptyObjects,
  "environment.KEY": texts,
  config: emptyObjects,
  secrets: emptyObjects
}

describe("arguments of a runtime that no compiler saw", () => {
  it("name the option that a start refuses, and what to give", async () => {
    const scripted = scriptedHost.make()
    const folder = scripted.put("echo", guest)
    await using host = await PromiseRuntime.make(scripted.layer)
    for (const path of ["", ...options]) {
      for (const [name, value] of wrongValues()) {
        if (fitting[path]?.includes(name) === true) continue
        const given = path === "" ? value : at(path, value)
        const begins = [
          () => host.startUntyped(folder, given as never),
          () => host.start(Echo, folder, given as never)
        ]
        for (const begin of begins) {
          const { error } = await settled(begin)
          const isTyped = error instanceof InvalidArgument || error instanceof InstallRefused ||
            error instanceof InvalidGrant || error instanceof AdmissionError
          assert.isTrue(isTyped, `${path} of ${name}: ${String(error)}`)
          if (error instanceof InvalidArgument) {
            assert.include(error.message, path.split(".")[0]!)
            assert.match(error.message, /^options[^ ]* is .+: give ./)
            assert.isBelow(error.message.length, 400)
          }
        }
      }
    }
    assert.strictEqual(await (await host.start(Echo, folder)).ping(), "pong")
  })

  it("name an option that is misspelt, and the one that may be meant", async () => {
    const scripted = scriptedHost.make()
    const folder = scripted.put("echo", guest)
    await using host = await PromiseRuntime.make(scripted.layer)
    const misspelt = {
      resart: "restart",
      Mailbox: "mailbox",
      grant: "grants",
      "backoff.bsae": "backoff.base",
      "pool.sise": "pool.size",
      "intensity.witin": "intensity.within",
      "limits.memroy": "limits.memory",
      "hooks.shutdwon": "hooks.shutdown",
      "health.failure": "health.failures"
    }
    for (const [path, meant] of Object.entries(misspelt)) {
      const given = at(path, 1) as never
      for (const begin of [() => host.startUntyped(folder, given), () => host.start(Echo, folder, given)]) {
        const { error } = await settled(begin)
        assert.instanceOf(error, InvalidArgument)
        assert.strictEqual(error.message, `options.${path} is no option: give options.${meant}`)
      }
    }
    const { error } = await settled(() => host.call("acme:echo", "echo.ping", [], { sginal: 1 } as never))
    assert.strictEqual((error as Error).message, "options.sginal is no option: give options.signal")
    const more = { resart: undefined, colour: "red", __proto__x: 1, pool: { size: 1, colour: "red" } }
    assert.strictEqual(await (await host.start(Echo, folder, more as never)).ping(), "pong")
  })

  it("reject with typed errors, whichever method they are given to", async () => {
    const scripted = scriptedHost.make()
    const folder = scripted.put("echo", guest)
    await using host = await PromiseRuntime.make(Layer.provideMerge(scripted.layer, Receipts.layerMemory()))
    await host.start(Echo, folder)
    const typed = [InvalidArgument, ComponentError, InvalidQuery, SourceError]
    for (const [name, value] of [["undefined", undefined], ...wrongValues()] as const) {
      const given = value as never
      const isText = typeof value === "string"
      const rejected = async (what: string, action: () => unknown) => {
        const { error } = await settled(action)
        assert.isTrue(typed.some((one) => error instanceof one), `${what} of ${name}: ${String(error)}`)
      }
      await rejected("start", () => host.start(given, folder))
      await rejected("client", () => host.client(given, "acme:echo"))
      await rejected("call", () => host.call(given, "echo.ping", []))
      await rejected("target", () => host.call("acme:echo", given, []))
      if (value !== undefined) {
        await rejected("signal", () => host.call("acme:echo", "echo.ping", [], at("signal", value)))
      }
      await rejected("source", () => host.startUntyped(given))
      if (!isText) {
        await rejected("component", () => host.client(Echo, given))
        await rejected("stop", () => host.stop(given))
      }
      for (const field of ["limit", "cursor", "order", "outcome", "sender", "sender._tag"]) {
        if (value !== undefined || field === "sender._tag") {
          await rejected(`receipts by ${field}`, () => host.receipts(at(field, value)))
        }
      }
      if (typeof value !== "number" && value !== undefined) {
        await rejected("receipts since", () => host.receipts(at("since", value)))
      }
      if (typeof value !== "object" && value !== undefined || value === null) {
        await rejected("receipts", () => host.receipts(given))
      }
    }
    assert.strictEqual((await host.call("acme:echo", "echo.ping", [])).value, "pong")
  })

  it.effect("fail the layer of a component, and are thrown by the child of a supervisor", () =>
    Effect.gen(function*() {
      const scripted = scriptedHost.make()
      const folder = scripted.put("echo", guest)
      const wrong = [
        { restart: "permanent" },
        { mailbox: Number.NaN },
        { backoff: { base: Number.NaN, factor: 2, cap: 1 } },
        { shutdown: Number.NaN },
        { shutdown: { second: 5 } },
        { shutdown: { seconds: Number.NaN } },
        { pool: { size: 0 } },
        { pool: { size: 2, routing: "Random" } }
      ] as ReadonlyArray<object>
      for (const options of wrong) {
        assert.throws(() => Component.child(Echo, folder, options), InvalidArgument)
        const failure = yield* Effect.flip(
          Effect.scoped(Effect.provide(Layer.build(Component.layer(Echo, folder, options)), scripted.layer))
        )
        assert.instanceOf(failure, InvalidArgument)
      }
      assert.throws(() => Component.child(undefined as never, folder), InvalidArgument)
    }))

  it.effect("are failures of a start, and no failure of what no TypeScript program can give", () =>
    Effect.gen(function*() {
      const scripted = scriptedHost.make()
      const folder = scripted.put("echo", guest)
      const runtime = Context.get(yield* Layer.build(scripted.layer), Runtime.Runtime)
      const failure = yield* Effect.flip(runtime.startUntyped(folder, { mailbox: Number.NaN }))
      assert.strictEqual(failure.message, "options.mailbox is NaN: give a whole number from 1 to 1073741824")
      assert.instanceOf(yield* Effect.flip(runtime.install("")), InvalidArgument)
      const stop = yield* Effect.exit(runtime.stop(undefined as never))
      assert.isTrue(Exit.isFailure(stop) && Cause.squash(stop.cause) instanceof InvalidArgument)
    }).pipe(Effect.scoped))
})

describe("arguments of an exchange that no compiler saw", () => {
  const made = Effect.gen(function*() {
    const scripted = scriptedHost.make()
    return Context.get(yield* Layer.build(scripted.layer), Exchange)
  })

  it.effect("fail what they are given to, and are counted as dropped", () =>
    Effect.gen(function*() {
      const exchange = yield* made
      const payload = { codec: "json", bytes: new Uint8Array(2) } as const
      let refused = 0
      for (const [name, value] of [["undefined", undefined], ...wrongValues()] as const) {
        const given = value as never
        const fits = (what: string) =>
          what.endsWith("to")
            ? typeof value === "string"
            : what.endsWith("time")
            ? typeof value === "number" || typeof value === "bigint"
            : false
        const fails = (what: string, effect: Effect.Effect<unknown, Undeliverable>) =>
          Effect.map(Effect.exit(effect), (exit) => {
            const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
            assert.instanceOf(error, Undeliverable, `${what} of ${name}`)
            const isMeant = fits(what) && !Number.isNaN(value)
            assert.strictEqual(
              (error as Undeliverable).reason,
              isMeant ? "NotFound" : "Malformed",
              `${what} of ${name}`
            )
            refused++
          })
        yield* fails("send to", exchange.send(given, payload, fromHost))
        yield* fails("send", exchange.send("acme:echo", given, fromHost))
        yield* fails("bytes", exchange.send("acme:echo", { codec: "json", bytes: given }, fromHost))
        yield* fails("codec", exchange.send("acme:echo", { codec: given, bytes: payload.bytes }, fromHost))
        yield* fails("from", exchange.send("acme:echo", payload, given))
        yield* fails("sender", exchange.send("acme:echo", payload, { ...fromHost, sender: given }))
        yield* fails("request to", exchange.request(given, payload, "1 second", fromHost))
        yield* fails("request", exchange.request("acme:echo", given, "1 second", fromHost))
        yield* fails("request time", exchange.request("acme:echo", payload, given, fromHost))
        yield* fails("post", Effect.scoped(exchange.post("acme:echo", given, "1 second", fromHost)))
        yield* fails("post time", Effect.scoped(exchange.post("acme:echo", payload, given, fromHost)))
        if (name !== "a text" && name !== "__proto__") {
          yield* fails("publish to", exchange.publish(given, payload, fromHost))
        }
        yield* fails("publish", exchange.publish("a.b", given, fromHost))
      }
      const { dropped, sent, waiting } = yield* exchange.metrics
      assert.strictEqual(sent, [...dropped.values()].reduce((a, b) => a + b, 0))
      assert.strictEqual(sent, refused)
      assert.strictEqual(waiting, 0)
    }).pipe(Effect.scoped))

  it.effect("fail the layer, by their name", () =>
    Effect.gen(function*() {
      const scripted = scriptedHost.make()
      const build = (options: unknown) =>
        Effect.exit(Effect.scoped(Effect.provide(Layer.build(layerWith(options as never)), scripted.layer)))
      for (const option of ["maxBytes", "maxWaiting", "maxRequests", "maxSubscriptions", "maxWait"]) {
        for (const [name, value] of wrongValues()) {
          if (option === "maxWait" && ["Infinity", "1.5", "2^60"].includes(name)) continue
          const exit = yield* build({ [option]: value })
          const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
          assert.instanceOf(error, InvalidArgument, `${option} of ${name}`)
          assert.include((error as InvalidArgument).message, `options.${option} is `)
        }
        const context = yield* build({ [option]: 5 })
        assert.isTrue(Exit.isSuccess(context) && Context.getOrUndefined(context.value, Exchange) !== undefined)
      }
      const nothing = yield* build(null)
      assert.isTrue(Exit.isFailure(nothing) && Cause.squash(nothing.cause) instanceof InvalidArgument)
    }))
})
