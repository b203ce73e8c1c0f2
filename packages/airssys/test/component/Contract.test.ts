import type { WitType } from "@airssys/engine/WitType"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ComponentError } from "../../src/component/ComponentError.ts"
import * as Contract from "../../src/component/Contract.ts"

const rateError: WitType = {
  kind: "variant",
  name: { owner: "acme:rates/rates@1.2.0", name: "rate-error" },
  cases: [{ name: "no-such-currency", type: { kind: "string" } }, { name: "unavailable", type: undefined }]
}

class NoSuchCurrency extends Contract.failure("acme:rates/NoSuchCurrency")<{ readonly value: string }> {}
class Unavailable extends Contract.failure("acme:rates/Unavailable") {}
class ParseError extends Contract.failure("acme:rates/ParseError")<{ readonly value: string }> {}

class Rates extends Contract.Service<Rates, {
  readonly latest: (currency: string) => Effect.Effect<number, NoSuchCurrency | Unavailable | ComponentError>
  readonly parse: (text: string) => Effect.Effect<void, ParseError | ComponentError>
  readonly then: () => Effect.Effect<bigint, ComponentError>
}>()("acme:rates/plugin@1.2.0", {
  latest: Contract.func(
    "acme:rates/rates@1.2.0",
    "latest",
    [["currency", { kind: "string" }]],
    { kind: "result", ok: { kind: "f64" }, err: rateError },
    { "no-such-currency": NoSuchCurrency, "unavailable": Unavailable }
  ),
  parse: Contract.func(
    "acme:rates/rates@1.2.0",
    "parse",
    [["text", { kind: "string" }]],
    { kind: "result", ok: undefined, err: { kind: "string" } },
    ParseError
  ),
  then: Contract.func("acme:rates/rates@1.2.0", "then", [], { kind: "u64" }, undefined)
}) {}

const answering = (value: unknown) => Contract.client(Rates, () => Effect.succeed(value))

describe("Contract", () => {
  describe("client", () => {
    it.effect("gives the ok value of a result", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* answering({ tag: "ok", val: 1.08 }).latest("USD"), 1.08)
      }))

    it.effect("turns a case with a payload into its typed failure", () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(
          answering({ tag: "err", val: { tag: "no-such-currency", val: "XXX" } }).latest("XXX")
        )
        assert.instanceOf(failure, NoSuchCurrency)
        assert.strictEqual(failure._tag, "acme:rates/NoSuchCurrency")
        assert.strictEqual(failure.message, `no such currency: "XXX"`)
        assert.strictEqual(String(failure), `acme:rates/NoSuchCurrency: no such currency: "XXX"`)
      }))

    it.effect("turns a case without payload, and an error that is no variant, into typed failures", () =>
      Effect.gen(function*() {
        const unavailable = yield* Effect.flip(answering({ tag: "err", val: { tag: "unavailable" } }).latest("USD"))
        assert.instanceOf(unavailable, Unavailable)
        assert.strictEqual(unavailable.message, "unavailable")
        const parse = yield* Effect.flip(answering({ tag: "err", val: "line 3" }).parse(""))
        assert.instanceOf(parse, ParseError)
      }))

    it.effect("dies when the guest answers a case that its contract does not know", () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(answering({ tag: "err", val: { tag: "constructor" } }).latest("USD"))
        assert.strictEqual(exit._tag, "Failure")
      }))

    it("is a frozen object without a prototype", () => {
      const client = answering(1n)
      assert.isNull(Object.getPrototypeOf(client))
      assert.isTrue(Object.isFrozen(client))
    })

    it.effect("leaves ComponentError as it is", () =>
      Effect.gen(function*() {
        const error = new ComponentError({
          component: "acme:rates",
          export: "rates.latest",
          reason: { _tag: "Poisoned" },
          detail: "gone",
          denials: ["environment STRIPE_KEY"]
        })
        const client = Contract.client(Rates, () => Effect.fail(error))
        assert.strictEqual(yield* Effect.flip(client.latest("USD")), error)
        assert.strictEqual(error.message, "acme:rates rates.latest: gone; denied: environment STRIPE_KEY")
      }))
  })

  it("turns failures back into err values, and only its own", () => {
    const members = Contract.functions(Rates.definition)
    const latest = members.find((entry) => entry.path[0] === "latest")!.contract
    assert.deepStrictEqual(Contract.fromFailure(latest, new NoSuchCurrency({ value: "XXX" })), {
      val: { tag: "no-such-currency", val: "XXX" }
    })
    assert.deepStrictEqual(Contract.fromFailure(latest, new Unavailable()), { val: { tag: "unavailable" } })
    assert.isUndefined(Contract.fromFailure(latest, new ParseError({ value: "x" })))
  })

  it("finds no mismatch with its own world, and names the first difference with another", () => {
    const world = Contract.world(Rates.definition)
    assert.isUndefined(Contract.mismatch(Rates.definition, world))
    const [rates] = world.exports
    const without = { imports: [], exports: [{ ...rates!, functions: rates!.functions.slice(1) }] }
    assert.strictEqual(
      Contract.mismatch(Rates.definition, without),
      "the component does not export acme:rates/rates@1.2.0#latest"
    )
    const other = {
      imports: [],
      exports: [{ ...rates!, functions: rates!.functions.map((func) => ({ ...func, params: [] })) }]
    }
    assert.include(Contract.mismatch(Rates.definition, other), "latest is func() -> result<f64,")
  })
})
