// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * Case `no-such-currency` of `RateError`.
 */
export class NoSuchCurrency extends Contract.failure("acme:rates/NoSuchCurrency")<{ readonly value: string }> {}

/**
 * Case `access-denied` of `RateError`.
 */
export class AccessDenied extends Contract.failure("acme:rates/AccessDenied") {}

/**
 * Case `unavailable` of `RateError`.
 */
export class Unavailable extends Contract.failure("acme:rates/Unavailable") {}

/**
 * Failures of `RateError`.
 */
export type RateError = NoSuchCurrency | AccessDenied | Unavailable

/**
 * The exports of `acme:rates/plugin@1.2.0`.
 */
export class Rates extends Contract.Service<Rates, {
  readonly latest: (currency: string) => Effect.Effect<number, RateError | ComponentError>
  readonly currencies: () => Effect.Effect<ReadonlyArray<string>, ComponentError>
  readonly peekSecret: () => Effect.Effect<string, ComponentError>
  readonly takeSecret: () => Effect.Effect<string, RateError | ComponentError>
}>()("acme:rates/plugin@1.2.0", {
  latest: Contract.func("acme:rates/rates@1.2.0", "latest", [["currency", { kind: "string" }]], { kind: "result", ok: { kind: "f64" }, err: { kind: "variant", name: { owner: "acme:rates/rates@1.2.0", name: "rate-error" }, cases: [{ name: "no-such-currency", type: { kind: "string" } }, { name: "access-denied", type: undefined }, { name: "unavailable", type: undefined }] } }, { "no-such-currency": NoSuchCurrency, "access-denied": AccessDenied, "unavailable": Unavailable }),
  currencies: Contract.func("acme:rates/rates@1.2.0", "currencies", [], { kind: "list", element: { kind: "string" } }, undefined),
  peekSecret: Contract.func("acme:rates/rates@1.2.0", "peek-secret", [], { kind: "string" }, undefined),
  takeSecret: Contract.func("acme:rates/rates@1.2.0", "take-secret", [], { kind: "result", ok: { kind: "string" }, err: { kind: "variant", name: { owner: "acme:rates/rates@1.2.0", name: "rate-error" }, cases: [{ name: "no-such-currency", type: { kind: "string" } }, { name: "access-denied", type: undefined }, { name: "unavailable", type: undefined }] } }, { "no-such-currency": NoSuchCurrency, "access-denied": AccessDenied, "unavailable": Unavailable })
}) {}
