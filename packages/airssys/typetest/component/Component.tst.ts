import type { SpawnError } from "airssys/actor/ActorError"
import type { ActorSystem } from "airssys/actor/ActorSystem"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Component from "airssys/component/Component"
import type { ComponentError } from "airssys/component/ComponentError"
import type { ComponentHost, StartError } from "airssys/component/ComponentHost"
import * as Contract from "airssys/component/Contract"
import * as Grant from "airssys/security/Grant"
import * as TestRuntime from "airssys/testing/TestRuntime"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { describe, expect, test } from "tstyche"

class NoSuchCurrency extends Contract.failure("acme:rates/NoSuchCurrency")<{ readonly value: string }> {}
class Unrelated extends Contract.failure("acme:other/Unrelated") {}

class Rates extends Contract.Service<Rates, {
  readonly latest: (currency: string) => Effect.Effect<number, NoSuchCurrency | ComponentError>
  readonly currencies: () => Effect.Effect<ReadonlyArray<string>, ComponentError>
}>()("acme:rates/plugin@1.2.0", {}) {}

class Totals extends Contract.Service<Totals, {
  readonly add: (a: number, b: number) => Effect.Effect<number, ComponentError>
}>()("acme:totals/plugin@1.0.0", {}) {}

const Plugins = Supervisor.layer({
  strategy: "OneForOne",
  intensity: { restarts: 3, within: "10 seconds" },
  children: [
    Component.child(Rates, "plugins/rates", {
      limits: { memory: "32 MiB", fuel: 5_000_000, timeout: "250 millis" },
      grants: [
        Grant.make("network.outbound", ["https://api.ecb.europa.eu"], { reason: "Daily rates", expires: "2027-03-31" })
      ],
      restart: "Permanent",
      backoff: { base: "100 millis", factor: 2, cap: "10 seconds" }
    })
  ]
})

export const convert = Effect.fnUntraced(function*(cents: number, currency: string) {
  const rates = yield* Rates
  return Math.round(cents * (yield* rates.latest(currency)))
}, Effect.catchTag("ComponentError", (e) => Effect.as(Effect.logWarning(e.message), 0)))

describe("Component", () => {
  test("a layer provides exactly its contract and needs a host and an actor system", () => {
    expect(Component.layer(Rates, "plugins/rates")).type.toBe<
      Layer.Layer<Rates, StartError | Supervisor.StartError, ActorSystem | ComponentHost>
    >()
  })

  test("a supervised child is written as in the guide", () => {
    expect(Plugins).type.toBe<Layer.Layer<Rates, StartError | Supervisor.StartError, ActorSystem | ComponentHost>>()
    expect<Supervisor.StartError>().type.toBeAssignableFrom<SpawnError>()
  })

  test("a supervisor of two components provides both, and neither more", () => {
    expect(Supervisor.layer({
      strategy: "OneForOne",
      intensity: { restarts: 3, within: "10 seconds" },
      children: [Component.child(Rates, "plugins/rates"), Component.child(Totals, "plugins/totals")]
    })).type.toBe<Layer.Layer<Rates | Totals, StartError | Supervisor.StartError, ActorSystem | ComponentHost>>()
  })

  test("a caught ComponentError leaves the typed failures of the guest", () => {
    expect(convert(100, "USD")).type.toBe<Effect.Effect<number, NoSuchCurrency, Rates>>()
  })

  test("a program does not run with the wrong component", () => {
    expect(Effect.runPromise).type.not.toBeCallableWith(
      Effect.provide(convert(1, "USD"), TestRuntime.layer(Totals, { add: (a, b) => Effect.succeed(a + b) }))
    )
  })

  test("options that do not exist or have other types do not compile", () => {
    expect(Component.child).type.not.toBeCallableWith(Rates, "plugins/rates", { restart: "Always" })
    expect(Component.child).type.not.toBeCallableWith(Rates, "plugins/rates", { restart: "permanent" })
    expect(Component.child).type.not.toBeCallableWith(Rates, "plugins/rates", { pool: { size: 2, routing: "Random" } })
    expect(Component.child).type.not.toBeCallableWith(Rates, "plugins/rates", { limit: {} })
    expect(Component.child).type.not.toBeCallableWith(Rates, "plugins/rates", { limits: { memory: "32 XB" } })
  })
})

const latest = (_code: string) => Effect.succeed(1.08)
const currencies = () => Effect.succeed(["USD"])

describe("TestRuntime", () => {
  test("a script provides the contract and needs nothing", () => {
    expect(TestRuntime.layer(Rates, { latest, currencies })).type.toBe<Layer.Layer<Rates>>()
    expect(TestRuntime.layer(Rates, {
      currencies,
      latest: (code) => Effect.fail(new NoSuchCurrency({ value: code }))
    })).type.toBe<Layer.Layer<Rates>>()
  })

  test("a missing function, a wrong value, an undeclared failure and a need do not compile", () => {
    expect(TestRuntime.layer).type.not.toBeCallableWith(Rates, { latest })
    expect(TestRuntime.layer).type.not.toBeCallableWith(Rates, { currencies, latest: () => Effect.succeed("1.08") })
    expect(TestRuntime.layer).type.not.toBeCallableWith(Rates, {
      currencies,
      latest: () => Effect.fail(new Unrelated())
    })
    expect(TestRuntime.layer).type.not.toBeCallableWith(Rates, { currencies, latest: Effect.succeed<number> })
    expect(TestRuntime.layer).type.not.toBeCallableWith(Rates, {
      currencies,
      latest: () => Effect.flatMap(Totals, (totals) => totals.add(1, 2))
    })
  })
})
