/**
 * What an instance's thread and its parent tell each other. The parent decodes
 * everything it receives.
 */
import { TrapCategory } from "airssys/component/ComponentError"
import * as Schema from "effect/Schema"
import type { Plan } from "./guest.ts"

const Bytes = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 48 }))
const Detail = Schema.String.check(Schema.isMaxLength(2_000))

/**
 * From the thread: `Up` once, then `Ready` or `Stopped` for `Init`, then
 * `Returned` or `Stopped` for each `Call`.
 */
export const FromInstance = Schema.Union([
  Schema.TaggedStruct("Up", {}),
  Schema.TaggedStruct("Ready", { memory: Bytes }),
  Schema.TaggedStruct("Returned", { value: Schema.Unknown, memory: Bytes }),
  Schema.TaggedStruct("Stopped", { category: TrapCategory, detail: Detail })
])

/**
 * A guest's call of one of its imports, by its index in the plan.
 */
export const ImportCall = Schema.Struct({
  index: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 })),
  args: Schema.Array(Schema.Unknown).check(Schema.isMaxLength(1_000))
})

/**
 * From the disposable thread that transpiles.
 */
export const FromTranspiler = Schema.Union([
  Schema.TaggedStruct("Transpiled", {
    source: Schema.String,
    modules: Schema.Array(Schema.Struct({ name: Schema.String, bytes: Schema.instanceOf(Uint8Array) }))
  }),
  Schema.TaggedStruct("Failed", { detail: Detail })
])

/**
 * To the thread. `index` is the export's index in the plan.
 */
export type ToInstance =
  | { readonly _tag: "Init"; readonly plan: Plan }
  | { readonly _tag: "Call"; readonly index: number; readonly args: ReadonlyArray<unknown> }

/**
 * Answer to an `ImportCall`. A call that fails has no answer: its thread is terminated.
 */
export interface ImportAnswer {
  readonly value: unknown
}
