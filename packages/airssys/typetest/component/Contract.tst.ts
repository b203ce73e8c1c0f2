import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import * as Effect from "effect/Effect"
import { describe, expect, test } from "tstyche"

class NoSuchCurrency extends Contract.failure("acme:rates/NoSuchCurrency")<{ readonly value: string }> {}

class Rates extends Contract.Service<Rates, {
  readonly latest: (currency: string) => Effect.Effect<number, NoSuchCurrency | ComponentError>
}>()("acme:rates/plugin@1.2.0", {
  latest: Contract.func("acme:rates/rates@1.2.0", "latest", [["currency", { kind: "string" }]], {
    kind: "result",
    ok: { kind: "f64" },
    err: undefined
  }, NoSuchCurrency)
}) {}

declare const rates: typeof Rates.Service

describe("Contract", () => {
  test("a call has the types of the WIT and needs the contract", () => {
    expect(Rates.use((service) => service.latest("USD"))).type.toBe<
      Effect.Effect<number, NoSuchCurrency | ComponentError, Rates>
    >()
  })

  test("a wrong call does not compile", () => {
    expect(rates.latest).type.not.toBeCallableWith(42)
    expect(rates.latest).type.not.toBeCallableWith()
    expect(rates).type.not.toHaveProperty("lates")
  })

  test("a failure needs its payload", () => {
    expect(NoSuchCurrency).type.not.toBeConstructableWith()
    expect(NoSuchCurrency).type.toBeConstructableWith({ value: "XXX" })
  })

  test("an effect that needs a contract does not run without it", () => {
    expect(Effect.runPromise).type.not.toBeCallableWith(Rates.use((service) => service.latest("USD")))
  })

  test("a script leaves out ComponentError", () => {
    expect<Contract.Script<typeof Rates.Service>["latest"]>().type.toBe<
      (currency: string) => Effect.Effect<number, NoSuchCurrency>
    >()
  })
})
