// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * Case `access-denied` of `CounterError`.
 */
export class AccessDenied extends Contract.failure("acme:counter/AccessDenied") {}

/**
 * Case `unavailable` of `CounterError`.
 */
export class Unavailable extends Contract.failure("acme:counter/Unavailable") {}

/**
 * Failures of `CounterError`.
 */
export type CounterError = AccessDenied | Unavailable

/**
 * The exports of `acme:counter/plugin@1.0.0`.
 */
export class Counter extends Contract.Service<Counter, {
  readonly add: (name: string, by: number) => Effect.Effect<number, CounterError | ComponentError>
}>()("acme:counter/plugin@1.0.0", {
  add: Contract.func("acme:counter/counter@1.0.0", "add", [["name", { kind: "string" }], ["by", { kind: "u32" }]], { kind: "result", ok: { kind: "u32" }, err: { kind: "variant", name: { owner: "acme:counter/counter@1.0.0", name: "counter-error" }, cases: [{ name: "access-denied", type: undefined }, { name: "unavailable", type: undefined }] } }, { "access-denied": AccessDenied, "unavailable": Unavailable })
}) {}
