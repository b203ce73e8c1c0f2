// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * The exports of `acme:primes/plugin@1.0.0`.
 */
export class Primes extends Contract.Service<Primes, {
  readonly count: (below: number) => Effect.Effect<number, ComponentError>
}>()("acme:primes/plugin@1.0.0", {
  count: Contract.func("acme:primes/primes@1.0.0", "count", [["below", { kind: "u32" }]], { kind: "u32" }, undefined)
}) {}
