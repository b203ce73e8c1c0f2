// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

export type Line = { readonly quantity: number; readonly cents: number }

/**
 * Case `overflow` of `SumError`.
 */
export class Overflow extends Contract.failure("acme:totals/Overflow") {}

/**
 * Failures of `SumError`.
 */
export type SumError = Overflow

/**
 * The exports of `acme:totals/plugin@1.0.0`.
 */
export class Totals extends Contract.Service<Totals, {
  readonly sum: (lines: ReadonlyArray<Line>) => Effect.Effect<number, SumError | ComponentError>
  readonly add: (a: number, b: number) => Effect.Effect<number, ComponentError>
  readonly echo: (text: string) => Effect.Effect<string, ComponentError>
  readonly echoLine: (line: Line) => Effect.Effect<Line, ComponentError>
}>()("acme:totals/plugin@1.0.0", {
  sum: Contract.func("acme:totals/totals@1.0.0", "sum", [["lines", { kind: "list", element: { kind: "record", name: { owner: "acme:totals/totals@1.0.0", name: "line" }, fields: [{ name: "quantity", type: { kind: "u32" } }, { name: "cents", type: { kind: "u32" } }] } }]], { kind: "result", ok: { kind: "u32" }, err: { kind: "enum", name: { owner: "acme:totals/totals@1.0.0", name: "sum-error" }, cases: ["overflow"] } }, { "overflow": Overflow }),
  add: Contract.func("acme:totals/totals@1.0.0", "add", [["a", { kind: "u32" }], ["b", { kind: "u32" }]], { kind: "u32" }, undefined),
  echo: Contract.func("acme:totals/totals@1.0.0", "echo", [["text", { kind: "string" }]], { kind: "string" }, undefined),
  echoLine: Contract.func("acme:totals/totals@1.0.0", "echo-line", [["line", { kind: "record", name: { owner: "acme:totals/totals@1.0.0", name: "line" }, fields: [{ name: "quantity", type: { kind: "u32" } }, { name: "cents", type: { kind: "u32" } }] }]], { kind: "record", name: { owner: "acme:totals/totals@1.0.0", name: "line" }, fields: [{ name: "quantity", type: { kind: "u32" } }, { name: "cents", type: { kind: "u32" } }] }, undefined)
}) {}
