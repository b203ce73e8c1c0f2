// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * The exports of `acme:greeter/plugin@1.0.0`.
 */
export class Greeter extends Contract.Service<Greeter, {
  readonly greet: (name: string) => Effect.Effect<string, ComponentError>
}>()("acme:greeter/plugin@1.0.0", {
  greet: Contract.func("acme:greeter/greeter@1.0.0", "greet", [["name", { kind: "string" }]], { kind: "string" }, undefined)
}) {}
