/**
 * What each message cost, for those who keep accounts.
 *
 * A host with a sink offers it the receipt of every message that an instance
 * began to handle, also of those that trapped. `layer` keeps them in a store, in
 * batches after the messages: a process that is killed loses those of its last
 * 50 milliseconds, and what a store does not take in time is counted.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as receiptWriter from "./internal/receiptWriter.ts"
import type { ReceiptWriter } from "./internal/receiptWriter.ts"
import type { MessageReceipt } from "./Receipt.ts"
import * as ReceiptQuery from "./ReceiptQuery.ts"
import { layerMemory as layerStoreMemory, ReceiptStore, type ReceiptStoreError } from "./ReceiptStore.ts"

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
 * Where all receipts went: what was offered to a store since it was begun is
 * the sum, but for what was lost with a process that was killed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Metrics {
  /** In the store. */
  readonly kept: number
  /** Offered, and not in the store yet. */
  readonly waiting: number
  /** Found no room in the buffer, because the store did not take what waits. */
  readonly dropped: number
  /** Taken out of the store, for their age or their number. */
  readonly removed: number
}

/**
 * The receipts that a host keeps.
 *
 * @category services
 * @since 0.1.0
 */
export class Receipts extends Context.Service<Receipts, {
  /** A page of them, also of those that wait to be written. */
  readonly query: (
    query?: ReceiptQuery.ReceiptQuery
  ) => Effect.Effect<ReceiptQuery.Page, ReceiptQuery.InvalidQuery | ReceiptStoreError>
  /** All pages of a query, one after the other. */
  readonly stream: (
    query?: ReceiptQuery.ReceiptQuery
  ) => Stream.Stream<MessageReceipt, ReceiptQuery.InvalidQuery | ReceiptStoreError>
  /** Writes what waits: when it succeeds, all that was offered before is as durable as the store. */
  readonly flush: Effect.Effect<void, ReceiptStoreError>
  readonly metrics: Effect.Effect<Metrics, ReceiptStoreError>
}>()("airssys/component/Receipts") {}

/**
 * How receipts are kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The longest that a receipt waits for others before it is written. Default 50 milliseconds. */
  readonly within?: Duration.Input | undefined
  /**
   * How many may wait, from 1; default 8,192. For more the oldest are written at
   * once. Where the store takes none, the new ones are dropped, and counted.
   */
  readonly buffer?: number | undefined
  /** How many are kept, from 1; the oldest make way. Default 1,000,000; 10,000 in memory. */
  readonly count?: number | undefined
  /** How long they are kept. Default: as long as there is room. */
  readonly age?: Duration.Input | undefined
  /** How long closing waits for the store to take the rest. Default 2 seconds. */
  readonly closing?: Duration.Input | undefined
}

const whole = (what: string, given: number): number => {
  if (Number.isSafeInteger(given) && given >= 1) return given
  throw new RangeError(`The ${what} of receipts is a whole number from 1, not ${given}`)
}

const time = (what: string, given: Duration.Input, isOne = Duration.isPositive): Duration.Duration => {
  const parsed = Duration.fromInput(given)
  if (Option.isSome(parsed) && isOne(parsed.value)) return parsed.value
  throw new RangeError(`The ${what} of receipts is a time such as "1 hour"`)
}

const settings = (
  { age = Duration.infinity, buffer = 8192, closing = "2 seconds", count = 1_000_000, within = "50 millis" }: Options
): receiptWriter.Settings => ({
  within: time("delay", within),
  buffer: whole("buffer", buffer),
  count: whole("count", count),
  ageMillis: Duration.toMillis(time("age", age)),
  closing: time("time for closing", closing, (given) => !Duration.isNegative(given))
})

/** What is asked of a store, and before it of the writer that writes to it. */
const asking = (
  store: ReceiptStore["Service"],
  writer: Pick<ReceiptWriter, "write" | "flush" | "waiting" | "dropped">
) => {
  const query = (query: ReceiptQuery.ReceiptQuery = {}) =>
    Effect.gen(function*() {
      const bounds = yield* Effect.fromResult(ReceiptQuery.bounds(query))
      yield* Effect.ignore(writer.write)
      const { next, receipts } = yield* store.page(query, bounds)
      return { receipts, next: next === undefined ? undefined : String(next) }
    })
  return Receipts.of({
    query,
    stream: (asked = {}) =>
      Stream.paginate(asked.cursor, (cursor) =>
        Effect.map(
          query({ ...asked, cursor }),
          ({ next, receipts }) => [receipts, next === undefined ? Option.none() : Option.some(next)] as const
        )),
    flush: writer.flush,
    metrics: Effect.map(store.totals, ({ dropped, kept, removed }) => ({
      kept,
      removed,
      dropped: dropped + writer.dropped,
      waiting: writer.waiting
    }))
  })
}

const make = (options: Options) => {
  const checked = settings(options)
  return Effect.gen(function*() {
    const store = yield* ReceiptStore
    const writer = yield* receiptWriter.make(store, checked)
    const sink: Sink = { offer: (receipt) => writer.offer(receipt) }
    return Context.make(Sink, sink).pipe(Context.add(Receipts, asking(store, writer)))
  })
}

/**
 * Layer of a sink that keeps receipts in a store, and writes the rest when it
 * closes. Throws a `RangeError` for options that are none.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<Receipts, never, ReceiptStore> =>
  Layer.effectContext(make(options))

/**
 * Layer of a sink that keeps the newest receipts in memory.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options: Options = {}): Layer.Layer<Receipts> =>
  Layer.provide(layer({ count: 10_000, ...options }), layerStoreMemory)

/**
 * Layer of the receipts in a store to which somebody else writes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerReader: Layer.Layer<Receipts, never, ReceiptStore> = Layer.effect(
  Receipts,
  Effect.map(ReceiptStore, (store) => asking(store, { write: Effect.void, flush: Effect.void, waiting: 0, dropped: 0 }))
)
