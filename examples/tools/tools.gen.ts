// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * Failure of `run`.
 */
export class RunError extends Contract.failure("acme:tools/RunError")<{ readonly value: string }> {}

/**
 * The exports of `acme:tools/plugin@1.0.0`.
 */
export class Tools extends Contract.Service<Tools, {
  readonly run: (tool: string, input: string) => Effect.Effect<string, RunError | ComponentError>
}>()("acme:tools/plugin@1.0.0", {
  run: Contract.func("acme:tools/runner@1.0.0", "run", [["tool", { kind: "string" }], ["input", { kind: "string" }]], { kind: "result", ok: { kind: "string" }, err: { kind: "string" } }, RunError)
}) {}
