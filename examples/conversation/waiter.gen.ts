// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * Case `refused` of `OrderError`.
 */
export class Refused extends Contract.failure("acme:waiter/Refused")<{ readonly value: string }> {}

/**
 * Failures of `OrderError`.
 */
export type OrderError = Refused

/**
 * The exports of `acme:waiter/plugin@1.0.0`.
 */
export class Waiter extends Contract.Service<Waiter, {
  readonly order: (dish: string) => Effect.Effect<string, OrderError | ComponentError>
  readonly orderDrink: (drink: string) => Effect.Effect<string, OrderError | ComponentError>
}>()("acme:waiter/plugin@1.0.0", {
  order: Contract.func("acme:waiter/waiter@1.0.0", "order", [["dish", { kind: "string" }]], { kind: "result", ok: { kind: "string" }, err: { kind: "variant", name: { owner: "acme:waiter/waiter@1.0.0", name: "order-error" }, cases: [{ name: "refused", type: { kind: "string" } }] } }, { "refused": Refused }),
  orderDrink: Contract.func("acme:waiter/waiter@1.0.0", "order-drink", [["drink", { kind: "string" }]], { kind: "result", ok: { kind: "string" }, err: { kind: "variant", name: { owner: "acme:waiter/waiter@1.0.0", name: "order-error" }, cases: [{ name: "refused", type: { kind: "string" } }] } }, { "refused": Refused })
}) {}
