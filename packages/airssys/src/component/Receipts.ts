/**
 * What each message cost, for those who keep accounts.
 *
 * A host with a sink offers it the receipt of every message that an instance
 * began to handle, also of those that trapped. There is none by default.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Sender } from "./Delivery.ts"
import type { CallReceipt } from "./Receipt.ts"

/**
 * The receipt of one message: what it cost, by which table of costs, whose
 * message it was and which release handled it.
 *
 * @category models
 * @since 0.1.0
 */
export interface MessageReceipt extends CallReceipt {
  /** Of the message. */
  readonly id: string
  readonly correlation: string
  readonly sender: Sender
  readonly tenant: string | undefined
  /** Digest of the release, `sha256:` and 64 hex digits. */
  readonly release: string
  /** When it was handled, in milliseconds since the epoch. */
  readonly at: number
  /** `Failed`: the instance was stopped while it handled the message. */
  readonly outcome: "Handled" | "Failed"
}

/**
 * Takes receipts. It is called in the turn of the component, after the answer:
 * it does not wait, and what it throws is lost with its receipt.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sink {
  readonly offer: (receipt: MessageReceipt) => void
}

/**
 * Where a host puts receipts; it reads this when its layer is built.
 *
 * @category references
 * @since 0.1.0
 */
export const Sink: Context.Reference<Sink | undefined> = Context.Reference<Sink | undefined>(
  "airssys/component/Receipts/Sink",
  { defaultValue: () => undefined }
)

/**
 * The receipts that a sink in memory holds.
 *
 * @category services
 * @since 0.1.0
 */
export class Receipts extends Context.Service<Receipts, {
  /** Oldest first. */
  readonly recent: Effect.Effect<ReadonlyArray<MessageReceipt>>
  /** How many were given up for newer ones. */
  readonly forgotten: Effect.Effect<number>
}>()("airssys/component/Receipts") {}

/**
 * Layer of a sink that keeps the newest receipts in memory, 10,000 by default.
 * Throws a `RangeError` unless the capacity is a whole number from 1.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options: { readonly capacity?: number | undefined } = {}): Layer.Layer<Receipts> => {
  const capacity = options.capacity ?? 10_000
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new RangeError(`The capacity of receipts is a whole number from 1, not ${capacity}`)
  }
  return Layer.effectContext(Effect.sync(() => {
    const ring: Array<MessageReceipt> = []
    let taken = 0
    const offer = (receipt: MessageReceipt): void => {
      ring[taken++ % capacity] = receipt
    }
    const oldest = () => taken <= capacity ? 0 : taken % capacity
    return Context.make(Sink, { offer }).pipe(Context.add(Receipts, {
      recent: Effect.sync(() => [...ring.slice(oldest()), ...ring.slice(0, oldest())]),
      forgotten: Effect.sync(() => Math.max(0, taken - capacity))
    }))
  }))
}
