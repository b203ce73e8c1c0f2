// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * Case `unknown-code` of `CodeError`.
 */
export class UnknownCode extends Contract.failure("acme:discount/UnknownCode")<{ readonly value: string }> {}

/**
 * Case `ended` of `CodeError`.
 */
export class Ended extends Contract.failure("acme:discount/Ended")<{ readonly value: string }> {}

/**
 * Failures of `CodeError`.
 */
export type CodeError = UnknownCode | Ended

/**
 * The exports of `acme:discount/plugin@1.0.0`.
 */
export class Discount extends Contract.Service<Discount, {
  readonly percent: (code: string) => Effect.Effect<number, CodeError | ComponentError>
}>()("acme:discount/plugin@1.0.0", {
  percent: Contract.func("acme:discount/discount@1.0.0", "percent", [["code", { kind: "string" }]], { kind: "result", ok: { kind: "u32" }, err: { kind: "variant", name: { owner: "acme:discount/discount@1.0.0", name: "code-error" }, cases: [{ name: "unknown-code", type: { kind: "string" } }, { name: "ended", type: { kind: "string" } }] } }, { "unknown-code": UnknownCode, "ended": Ended })
}) {}
