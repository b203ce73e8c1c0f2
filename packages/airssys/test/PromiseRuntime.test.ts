import type { WitType } from "@airssys/engine/WitType"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { ComponentError } from "../src/component/ComponentError.ts"
import * as Contract from "../src/component/Contract.ts"
import * as Receipts from "../src/component/Receipts.ts"
import * as PromiseRuntime from "../src/PromiseRuntime.ts"
import { ClientRefused, RuntimeStopped } from "../src/RuntimeError.ts"
import * as scriptedHost from "./component/scriptedHost.ts"

const { func, world } = scriptedHost

class NoSuchCurrency extends Contract.failure("acme:rates/NoSuchCurrency")<{ readonly value: string }> {}

const latest: WitType = { kind: "result", ok: { kind: "f64" }, err: { kind: "string" } }
const at = "acme:rates/rates@1.0.0"

class Rates extends Contract.Service<Rates, {
  readonly latest: () => Effect.Effect<number, NoSuchCurrency | ComponentError>
  readonly wait: () => Effect.Effect<string, ComponentError>
  readonly then: () => Effect.Effect<string, ComponentError>
}>()("acme:rates/plugin@1.0.0", {
  latest: Contract.func(at, "latest", [], latest, NoSuchCurrency),
  wait: Contract.func(at, "wait", [], { kind: "string" }, undefined),
  then: Contract.func(at, "then", [], { kind: "string" }, undefined)
}) {}

const guest = (code: scriptedHost.Guest["code"]): scriptedHost.Guest => ({
  world: world("rates", [func("latest", latest), func("wait", { kind: "string" }), func("then", { kind: "string" })]),
  code: { "rates.latest": () => ({ tag: "ok", val: 1.08 }), "rates.then": () => "now", ...code }
})

const opened = async (code: scriptedHost.Guest["code"] = {}) => {
  const scripted = scriptedHost.make()
  return {
    scripted,
    folder: scripted.put("rates", guest(code)),
    host: await PromiseRuntime.make(scripted.layer)
  }
}

const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  return assert.fail("it was not rejected")
}

/** A call that a test holds until it opens the gate. */
const gated = () => {
  const gate = Deferred.makeUnsafe<string>()
  const begun: { resolve?: () => void } = {}
  const isBegun = new Promise<void>((resolve) => {
    begun.resolve = resolve
  })
  const code = { "rates.wait": () => Effect.andThen(Effect.sync(() => begun.resolve?.()), Deferred.await(gate)) }
  return { code, isBegun, open: (value: string) => Effect.runSync(Deferred.succeed(gate, value)) }
}

describe("PromiseRuntime", () => {
  it("gives async functions, whose typed errors are thrown as their classes", async () => {
    let answers = 0
    const { folder, host } = await opened({
      "rates.latest": ({ trap }) =>
        ++answers === 1 ? { tag: "ok", val: 1.08 } : answers === 2 ? { tag: "err", val: "XXX" } : trap("Unreachable")
    })
    await using _ = host
    const rates = await host.start(Rates, folder)
    assert.strictEqual(await rates.latest(), 1.08)
    const failure = await rejection(rates.latest())
    assert.instanceOf(failure, NoSuchCurrency)
    assert.strictEqual(failure.value, "XXX")
    const trap = await rejection(rates.latest())
    assert.instanceOf(trap, ComponentError)
    assert.deepStrictEqual(trap.reason, { _tag: "Trap", category: "Unreachable" })
  })

  it("is not mistaken for a promise, whatever a component exports", async () => {
    const { folder, host } = await opened()
    await using _ = host
    const rates = await host.start(Rates, folder)
    assert.strictEqual(await rates.then_(), "now")
    assert.notProperty(rates, "then")
    assert.isTrue(Object.isFrozen(rates))
    assert.isNull(Object.getPrototypeOf(rates))
  })

  it("calls by name, and lists and stops what it started", async () => {
    const { folder, host, scripted } = await opened()
    await using _ = host
    const { release } = await host.startUntyped(folder)
    assert.strictEqual(release.id, "acme:rates")
    assert.deepStrictEqual((await host.call("acme:rates", "rates.latest", [])).value, { tag: "ok", val: 1.08 })
    const states = () => host.status().map(({ component, health, state }) => [component, state, health])
    assert.deepStrictEqual(states(), [["acme:rates", "Running", "Healthy"]])
    const end = await host.stop("acme:rates")
    assert.strictEqual(end?.outcome, "Stopped")
    assert.isUndefined(await host.stop("acme:rates"))
    assert.deepStrictEqual(states(), [["acme:rates", "Stopped", "Unknown"]])
    assert.deepStrictEqual(host.status()[0]?.end, end)
    assert.lengthOf(scripted.disposed, 1)
    const refused = await rejection(host.client(Rates, "acme:rates"))
    assert.instanceOf(refused, ClientRefused)
  })

  it("gives the receipts that the host keeps, in pages, and none where it keeps none", async () => {
    const scripted = scriptedHost.make()
    const folder = scripted.put("rates", guest({}))
    await using host = await PromiseRuntime.make(Layer.provideMerge(scripted.layer, Receipts.layerMemory()))
    const rates = await host.start(Rates, folder)
    for (let call = 0; call < 3; call++) await rates.latest()
    const first = await host.receipts({ component: "acme:rates", limit: 2 })
    assert.deepStrictEqual(first.receipts.map((one) => one.export), ["rates.latest", "rates.latest"])
    const { next, receipts } = await host.receipts({ component: "acme:rates", limit: 2, cursor: first.next })
    assert.strictEqual(receipts.length, 1)
    assert.isUndefined(next)
    assert.deepStrictEqual((await host.receipts({ component: "acme:other" })).receipts, [])
    const { folder: other, host: keepsNone } = await opened()
    await using _ = keepsNone
    await (await keepsNone.start(Rates, other)).latest()
    assert.deepStrictEqual(await keepsNone.receipts(), { receipts: [], next: undefined })
  })

  it("gives up what a signal aborts, with its reason, and does not call after it", async () => {
    const { code, isBegun, open } = gated()
    const { folder, host } = await opened(code)
    await using _ = host
    const rates = await host.start(Rates, folder)
    const controller = new AbortController()
    const bound = await host.client(Rates, "acme:rates", { signal: controller.signal })
    const calls = [bound.wait(), host.call("acme:rates", "rates.wait", [], { signal: controller.signal })]
    await isBegun
    const reason = new Error("the user went away")
    controller.abort(reason)
    for (const call of calls) assert.strictEqual(await rejection(call), reason)
    assert.strictEqual(await rejection(bound.latest()), reason)
    open("late")
    assert.strictEqual(await rates.latest(), 1.08)
  })

  it("closes once, after the calls that wait, and takes none after that", async () => {
    const { code, isBegun, open } = gated()
    const { folder, host, scripted } = await opened(code)
    const rates = await host.start(Rates, folder)
    const running = rates.wait()
    const waiting = Array.from({ length: 50 }, () => rates.latest())
    await isBegun
    const closing = host.close()
    assert.strictEqual(host.close(), closing)
    const late = await rejection(rates.latest())
    assert.instanceOf(late, ComponentError)
    assert.strictEqual(late.reason._tag, "Stopped")
    open("done")
    assert.strictEqual(await running, "done")
    assert.deepStrictEqual(await Promise.all(waiting), Array.from({ length: 50 }, () => 1.08))
    const ends = await closing
    assert.deepStrictEqual(ends.map(({ component, outcome }) => [component, outcome]), [["acme:rates", "Stopped"]])
    assert.lengthOf(scripted.disposed, 1)
    assert.instanceOf(await rejection(host.start(Rates, folder)), RuntimeStopped)
    assert.strictEqual((await rejection(rates.latest()) as ComponentError).reason._tag, "Stopped")
    assert.deepStrictEqual(host.status().map(({ state }) => state), ["Stopped"])
    assert.strictEqual(await host.close(), ends)
  })

  it("rejects with the error of its layer, and leaves nothing of it behind", async () => {
    let released = 0
    const failing = Layer.effectDiscard(Effect.fail("no database" as const)).pipe(
      Layer.provideMerge(
        Layer.effectDiscard(Effect.acquireRelease(Effect.void, () => Effect.sync(() => void released++)))
      ),
      Layer.provideMerge(scriptedHost.make().layer)
    )
    assert.strictEqual(await rejection(PromiseRuntime.make(failing)), "no database")
    assert.strictEqual(released, 1)
  })
})
