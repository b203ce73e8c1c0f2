// Written by `airssys types`. Do not edit: run it again when the WIT changes.
import type { ComponentError } from "airssys/component/ComponentError"
import * as Contract from "airssys/component/Contract"
import type * as Effect from "effect/Effect"

/**
 * The exports of `evil:miner/plugin@0.0.1`.
 */
export class Miner extends Contract.Service<Miner, {
  readonly ping: () => Effect.Effect<string, ComponentError>
  readonly spin: () => Effect.Effect<void, ComponentError>
  readonly hog: () => Effect.Effect<number, ComponentError>
  readonly dig: () => Effect.Effect<void, ComponentError>
  readonly recurse: () => Effect.Effect<void, ComponentError>
  readonly peek: () => Effect.Effect<boolean, ComponentError>
  readonly nag: () => Effect.Effect<void, ComponentError>
}>()("evil:miner/plugin@0.0.1", {
  ping: Contract.func("evil:miner/miner@0.0.1", "ping", [], { kind: "string" }, undefined),
  spin: Contract.func("evil:miner/miner@0.0.1", "spin", [], undefined, undefined),
  hog: Contract.func("evil:miner/miner@0.0.1", "hog", [], { kind: "u32" }, undefined),
  dig: Contract.func("evil:miner/miner@0.0.1", "dig", [], undefined, undefined),
  recurse: Contract.func("evil:miner/miner@0.0.1", "recurse", [], undefined, undefined),
  peek: Contract.func("evil:miner/miner@0.0.1", "peek", [], { kind: "bool" }, undefined),
  nag: Contract.func("evil:miner/miner@0.0.1", "nag", [], undefined, undefined)
}) {}
