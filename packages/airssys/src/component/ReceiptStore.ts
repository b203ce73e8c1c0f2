/**
 * Where receipts are kept, numbered from 1 in the order in which they came. The
 * oldest are taken out first, so that those that are there have no gaps.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as receiptMemory from "./internal/receiptMemory.ts"
import type { MessageReceipt } from "./Receipt.ts"
import type { Bounds, ReceiptQuery } from "./ReceiptQuery.ts"

/**
 * The store could not be read or written, is open elsewhere, or holds what was
 * not written to it.
 *
 * @category errors
 * @since 0.1.0
 */
export class ReceiptStoreError
  extends Schema.TaggedError<ReceiptStoreError>("airssys/component/ReceiptStoreError")("ReceiptStoreError", {
    reason: Schema.Literals(["Unreadable", "Unwritable", "InUse", "Damaged"]),
    detail: Schema.String,
    cause: Schema.optional(Schema.Defect())
  })
{
  override get message(): string {
    return `the store of receipts: ${this.detail}`
  }
}

/**
 * What was found, and the number of the last receipt that was looked at where
 * there are more. A page looks at 10,000 at most.
 *
 * @category models
 * @since 0.1.0
 */
export interface Found {
  readonly receipts: ReadonlyArray<MessageReceipt>
  readonly next: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Totals {
  /** Receipts that are there. */
  readonly kept: number
  /** Receipts that were taken out. */
  readonly removed: number
  /** What was said to have been dropped. */
  readonly dropped: number
}

/**
 * How many receipts a store keeps, and since when, in milliseconds since the
 * epoch.
 *
 * @category models
 * @since 0.1.0
 */
export interface Retention {
  readonly count: number
  readonly since: number
}

/**
 * Service that keeps receipts.
 *
 * @category services
 * @since 0.1.0
 */
export class ReceiptStore extends Context.Service<ReceiptStore, {
  readonly name: string
  /**
   * Adds receipts, and `dropped` to the number of those that were not kept: all
   * of it or nothing, in one stretch. What was added outlives the process, as far
   * as the store does.
   */
  readonly append: (receipts: ReadonlyArray<MessageReceipt>, dropped: number) => Result.Result<void, ReceiptStoreError>
  /**
   * Succeeds when all that was appended before outlives a loss of power as well.
   * Who is interrupted does not wait; what fails meanwhile fails the next.
   */
  readonly sync: Effect.Effect<void, ReceiptStoreError>
  readonly page: (query: ReceiptQuery, bounds: Bounds) => Effect.Effect<Found, ReceiptStoreError>
  /**
   * Takes out the oldest beyond a number, and those before a time up to the first
   * that is not: at most 1,024, in one stretch. Gives whether there may be more.
   */
  readonly retain: (retention: Retention) => Result.Result<boolean, ReceiptStoreError>
  readonly totals: Effect.Effect<Totals, ReceiptStoreError>
}>()("airssys/component/ReceiptStore") {}

/**
 * Layer that forgets with the process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<ReceiptStore> = Layer.sync(
  ReceiptStore,
  () => ReceiptStore.of(receiptMemory.make())
)
