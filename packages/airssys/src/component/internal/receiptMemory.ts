import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { MessageReceipt } from "../Receipt.ts"
import { type Bounds, matches, type ReceiptQuery } from "../ReceiptQuery.ts"
import type { Found, ReceiptStore, Retention } from "../ReceiptStore.ts"

const looked = 10_000
const removedAtOnce = 1024

class Kept {
  readonly #receipts: Array<MessageReceipt> = []
  /** The number of the oldest. */
  #first = 1
  #dropped = 0

  get totals() {
    return { kept: this.#receipts.length, removed: this.#first - 1, dropped: this.#dropped }
  }

  append(receipts: ReadonlyArray<MessageReceipt>, dropped: number): void {
    for (const receipt of receipts) this.#receipts.push(receipt)
    this.#dropped += dropped
  }

  page(query: ReceiptQuery, { after, limit }: Bounds): Found {
    const step = query.order === "Newest" ? -1 : 1
    const [begin, end] = step === 1 ? [0, this.#receipts.length] : [this.#receipts.length - 1, -1]
    const from = after === undefined ? begin : after - this.#first + step
    let index = step === 1 ? Math.max(from, begin) : Math.min(from, begin)
    const receipts: Array<MessageReceipt> = []
    for (let seen = 0; (end - index) * step > 0; index += step) {
      if (receipts.length === limit || seen++ === looked) return { receipts, next: this.#first + index - step }
      const receipt = this.#receipts[index]!
      if (matches(query, receipt)) receipts.push(receipt)
    }
    return { receipts, next: undefined }
  }

  retain({ count, since }: Retention): boolean {
    const young = this.#receipts.findIndex(({ at }) => at >= since)
    const old = young === -1 ? this.#receipts.length : young
    const tooMany = this.#receipts.length - count
    const removed = Math.min(Math.max(old, tooMany, 0), removedAtOnce)
    this.#receipts.splice(0, removed)
    this.#first += removed
    return removed === removedAtOnce
  }
}

export const make = (): ReceiptStore["Service"] => {
  const kept = new Kept()
  return {
    name: "memory",
    append: (receipts, dropped) => Result.succeed(kept.append(receipts, dropped)),
    sync: Effect.void,
    page: (query, bounds) => Effect.sync(() => kept.page(query, bounds)),
    retain: (retention) => Result.succeed(kept.retain(retention)),
    totals: Effect.sync(() => kept.totals)
  }
}
