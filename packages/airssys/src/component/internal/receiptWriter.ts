import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { MessageReceipt } from "../Receipt.ts"
import { type ReceiptStore, ReceiptStoreError } from "../ReceiptStore.ts"

const batchSize = 1024
const retryDelay = "1 second"
const tidyEvery = "10 seconds"

export interface Settings {
  /** How many may wait. */
  readonly buffer: number
  readonly within: Duration.Duration
  /** How many are kept, and how long. */
  readonly count: number
  readonly ageMillis: number
  /** How long the last write may take. */
  readonly closing: Duration.Duration
}

/**
 * What waits to be kept, oldest first. A batch leaves it in the stretch in which
 * the store takes it: it is written once, whoever writes.
 */
export class ReceiptWriter {
  readonly #store: ReceiptStore["Service"]
  readonly #settings: Settings
  readonly #now: () => number
  readonly #waiting: Array<MessageReceipt> = []
  readonly #some = Latch.makeUnsafe(false)
  readonly #many = Latch.makeUnsafe(false)
  readonly #syncing = Semaphore.makeUnsafe(1)
  #dropped = 0
  /** Batches, and how many of them are durable. */
  #written = 0
  #synced = 0
  #isFailing = false
  #isClosed = false

  constructor(store: ReceiptStore["Service"], settings: Settings, now: () => number) {
    this.#store = store
    this.#settings = settings
    this.#now = now
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Those that the store does not count yet. */
  get dropped(): number {
    return this.#dropped
  }

  /** Who finds no room makes some, as long as the store takes what it is given: then nobody else has had a turn. */
  offer(receipt: MessageReceipt): void {
    const isFull = this.#waiting.length >= this.#settings.buffer
    if (this.#isClosed || (isFull && (this.#isFailing || Result.isFailure(this.#write())))) {
      this.#dropped++
      return
    }
    const waiting = this.#waiting.push(receipt)
    if (waiting === 1) this.#some.openUnsafe()
    if (waiting === batchSize) this.#many.openUnsafe()
  }

  /** Writes all that waits, batch by batch. */
  readonly write: Effect.Effect<void, ReceiptStoreError> = Effect.suspend(() =>
    this.#waiting.length === 0 && this.#dropped === 0 ? Effect.void : this.#batches(this.#waiting.length)
  )

  /** The same, and waits until it is durable. */
  readonly flush: Effect.Effect<void, ReceiptStoreError> = Effect.andThen(
    this.write,
    Effect.suspend(() => this.#sync())
  ).pipe(this.#syncing.withPermit)

  #sync(): Effect.Effect<void, ReceiptStoreError> {
    const written = this.#written
    return written === this.#synced ? Effect.void : Effect.map(this.#store.sync, () => {
      this.#synced = written
    })
  }

  #batches(left: number): Effect.Effect<void, ReceiptStoreError> {
    return Effect.suspend(() => {
      const more = left - batchSize
      const written = Effect.fromResult(this.#write())
      return more > 0 ? Effect.andThen(written, Effect.andThen(Effect.yieldNow, this.#batches(more))) : written
    })
  }

  #write(): Result.Result<void, ReceiptStoreError> {
    const batch = this.#waiting.slice(0, batchSize)
    const dropped = this.#dropped
    const taken = this.#store.append(batch, dropped)
    this.#isFailing = Result.isFailure(taken)
    if (this.#isFailing) return taken
    this.#written++
    this.#waiting.splice(0, batch.length)
    this.#dropped -= dropped
    if (this.#waiting.length === 0) this.#some.closeUnsafe()
    if (this.#waiting.length < batchSize) this.#many.closeUnsafe()
    return Result.map(this.tidy(), () => {})
  }

  /** Takes out some of what is too old or too much; whether there may be more. */
  tidy(): Result.Result<boolean, ReceiptStoreError> {
    const { ageMillis, count } = this.#settings
    return this.#store.retain({ count, since: this.#now() - ageMillis })
  }

  /** Waits until something is there, and then a while for more. */
  readonly gather: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(this.#some.await, Effect.timeoutOption(this.#many.await, this.#settings.within))
  )

  /** Writes the rest; a disk that does not answer in time keeps nobody from closing. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const { closing } = this.#settings
    this.#isClosed = true
    return Effect.timeoutOrElse(this.flush, {
      duration: closing,
      orElse: () =>
        Effect.fail(
          new ReceiptStoreError({
            reason: "Unwritable",
            detail: `the disk took longer than ${Duration.format(closing)}`
          })
        )
    })
  }).pipe(Effect.catchCause((cause) => Effect.logError(this.#loss, cause)))

  get #loss(): string {
    const waiting = this.#waiting.length
    return waiting === 0
      ? "receipts were written, and may be lost with a loss of power"
      : `${waiting} receipts may be lost with the end of this host`
  }
}

/** Says once that the store fails, and that it does no more. */
const watched = (writer: ReceiptWriter) => {
  let isFailing = false
  return Effect.matchCauseEffect(writer.flush, {
    onSuccess: () => {
      if (!isFailing) return Effect.void
      isFailing = false
      return Effect.logInfo("receipts are written again")
    },
    onFailure: (cause) => {
      const tell = isFailing ? Effect.void : Effect.logError("receipts cannot be written, and wait", cause)
      isFailing = true
      return Effect.andThen(tell, Effect.sleep(retryDelay))
    }
  })
}

const tidied = (writer: ReceiptWriter): Effect.Effect<void> =>
  Effect.suspend(() => Effect.fromResult(writer.tidy())).pipe(
    Effect.repeat({ while: (isMore) => Effect.as(Effect.yieldNow, isMore) }),
    Effect.ignore({ log: "Error" })
  )

/** A writer that writes until its scope closes, and then the rest. */
export const make = (
  store: ReceiptStore["Service"],
  settings: Settings
): Effect.Effect<ReceiptWriter, never, Scope.Scope> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const writer = new ReceiptWriter(store, settings, () => clock.currentTimeMillisUnsafe())
    yield* Effect.addFinalizer(() => writer.close)
    yield* tidied(writer)
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(writer.gather, watched(writer))))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(tidyEvery), tidied(writer))))
    return writer
  })
