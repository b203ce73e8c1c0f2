// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * Case `access-denied` of `NewsError`.
 */
export class AccessDenied extends Contract.failure("acme:news/AccessDenied") {}

/**
 * Case `unavailable` of `NewsError`.
 */
export class Unavailable extends Contract.failure("acme:news/Unavailable")<{ readonly value: string }> {}

/**
 * Failures of `NewsError`.
 */
export type NewsError = AccessDenied | Unavailable

/**
 * The exports of `acme:news/plugin@1.0.0`.
 */
export class News extends Contract.Service<News, {
  readonly headlines: (url: string, most: number) => Effect.Effect<ReadonlyArray<string>, NewsError | ComponentError>
}>()("acme:news/plugin@1.0.0", {
  headlines: Contract.func("acme:news/news@1.0.0", "headlines", [["url", { kind: "string" }], ["most", { kind: "u32" }]], { kind: "result", ok: { kind: "list", element: { kind: "string" } }, err: { kind: "variant", name: { owner: "acme:news/news@1.0.0", name: "news-error" }, cases: [{ name: "access-denied", type: undefined }, { name: "unavailable", type: { kind: "string" } }] } }, { "access-denied": AccessDenied, "unavailable": Unavailable })
}) {}
