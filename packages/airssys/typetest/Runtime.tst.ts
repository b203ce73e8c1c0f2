import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type { Promised, PromiseRuntime } from "airssys/PromiseRuntime"
import type { Runtime } from "airssys/Runtime"
import type { ClientRefused } from "airssys/RuntimeError"
import * as Effect from "effect/Effect"
import { describe, expect, test } from "tstyche"

class NoSuchCurrency extends Contract.failure("acme:rates/NoSuchCurrency")<{ readonly value: string }> {}

interface Item {
  readonly cents: bigint
  readonly kind: "sale" | "refund"
  readonly note?: string | undefined
}

class Rates extends Contract.Service<Rates, {
  readonly latest: (currency: string) => Effect.Effect<number, NoSuchCurrency | ComponentError>
  readonly sum: (items: ReadonlyArray<Item>) => Effect.Effect<bigint, ComponentError>
}>()("acme:rates/plugin@1.2.0", {}) {}

declare const runtime: Runtime["Service"]
declare const rates: Contract.Shape<typeof Rates>

describe("a client of a runtime", () => {
  test("has the functions of the contract, and is refused with a typed error", () => {
    expect(runtime.client(Rates, "acme:rates")).type.toBe<Effect.Effect<typeof Rates.Service, ClientRefused>>()
    expect(rates.latest("USD")).type.toBe<Effect.Effect<number, NoSuchCurrency | ComponentError>>()
  })

  test("takes no argument of another type", () => {
    expect(rates.latest).type.not.toBeCallableWith(42)
    expect(rates.sum).type.not.toBeCallableWith([{ cents: 1, kind: "sale" }])
    expect(rates.sum).type.not.toBeCallableWith([{ cents: 1n, kind: "gift" }])
    expect(rates.sum).type.not.toBeCallableWith([{ kind: "sale" }])
    expect(rates.sum).type.toBeCallableWith([{ cents: 1n, kind: "sale" }])
  })

  test("takes no other number of arguments", () => {
    expect(rates.latest).type.not.toBeCallableWith()
    expect(rates.latest).type.not.toBeCallableWith("USD", "EUR")
  })

  test("has no function that the contract does not have", () => {
    expect(rates).type.not.toHaveProperty("lates")
    expect(rates).type.not.toHaveProperty("then")
  })

  test("leaves no failure unhandled", () => {
    const caught = rates.latest("USD").pipe(
      Effect.catchTag("acme:rates/NoSuchCurrency", (failure) => Effect.succeed(failure.value.length))
    )
    expect<Effect.Effect<number>>().type.not.toBeAssignableFrom(rates.latest("USD"))
    expect<Effect.Effect<number>>().type.not.toBeAssignableFrom(caught)
    expect(caught).type.toBe<Effect.Effect<number, ComponentError>>()
    expect(Effect.catchTag(caught, "ComponentError", () => Effect.succeed(0))).type.toBe<Effect.Effect<number>>()
  })

  test("is made from a contract, not from any service", () => {
    expect(runtime.client).type.not.toBeCallableWith("acme:rates", "acme:rates")
    expect(runtime.client).type.not.toBeCallableWith(Rates)
  })
})

declare const promises: PromiseRuntime
declare const promised: Promised<{
  readonly then: () => Effect.Effect<string, ComponentError>
  readonly nested: { readonly sum: (items: ReadonlyArray<Item>) => Effect.Effect<bigint, ComponentError> }
}>

describe("a client of promises", () => {
  test("has the functions of the contract as functions that return promises", () => {
    expect(promises.start(Rates, "plugins/rates")).type.toBe<Promise<Promised<typeof Rates.Service>>>()
    expect<Promised<typeof Rates.Service>["latest"]>().type.toBe<(currency: string) => Promise<number>>()
    expect(promised.nested.sum).type.toBe<(items: ReadonlyArray<Item>) => Promise<bigint>>()
  })

  test("takes no wrong call", () => {
    expect<Promised<typeof Rates.Service>["latest"]>().type.not.toBeCallableWith(42)
    expect<Promised<typeof Rates.Service>["latest"]>().type.not.toBeCallableWith()
    expect(promised.nested.sum).type.not.toBeCallableWith([{ cents: 1, kind: "sale" }])
    expect(promised.nested).type.not.toHaveProperty("summ")
  })

  test("has no function that is called then", () => {
    expect(promised).type.not.toHaveProperty("then")
    expect(promised.then_).type.toBe<() => Promise<string>>()
  })
})
