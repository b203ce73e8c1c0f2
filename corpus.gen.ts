// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * The exports of `evil:corpus/plugin@0.0.1`.
 */
export class Corpus extends Contract.Service<Corpus, {
  readonly ping: () => Effect.Effect<string, ComponentError>
  readonly bomb: () => Effect.Effect<Uint8Array, ComponentError>
  readonly lie: () => Effect.Effect<string, ComponentError>
  readonly smuggle: () => Effect.Effect<void, ComponentError>
  readonly flood: () => Effect.Effect<number, ComponentError>
}>()("evil:corpus/plugin@0.0.1", {
  ping: Contract.func("evil:corpus/corpus@0.0.1", "ping", [], { kind: "string" }, undefined),
  bomb: Contract.func("evil:corpus/corpus@0.0.1", "bomb", [], { kind: "list", element: { kind: "u8" } }, undefined),
  lie: Contract.func("evil:corpus/corpus@0.0.1", "lie", [], { kind: "string" }, undefined),
  smuggle: Contract.func("evil:corpus/corpus@0.0.1", "smuggle", [], undefined, undefined),
  flood: Contract.func("evil:corpus/corpus@0.0.1", "flood", [], { kind: "u32" }, undefined)
}) {}
