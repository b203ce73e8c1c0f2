/**
 * A shelf of goods that answers those who ask: at once, with a typed error, or
 * when what they wait for has come.
 */
import type { Behaviour } from "airssys"
import { Protocol } from "airssys"
import { Effect, Schema } from "effect"

export class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", {
  item: Schema.String,
  left: Schema.Int
}) {}

const Order = { item: Schema.String, count: Schema.Int }

export const Stock = Protocol.make({
  Deliver: { payload: Order },
  /** Takes from the shelf; the answer is what is left. */
  Take: { payload: Order, reply: Schema.Int, error: OutOfStock },
  /** The same, but waits for a delivery where there is not enough. */
  Await: { payload: Order, reply: Schema.Int }
})

type Message = Protocol.Message<typeof Stock>
type Await = Extract<Message, { readonly _tag: "Await" }>

export const stock: Behaviour.Behaviour<Message> = Effect.sync(() => {
  const shelf = new Map<string, number>()
  const waiting: Array<Await> = []
  const has = (item: string): number => shelf.get(item) ?? 0
  const take = (item: string, count: number): number => {
    const left = has(item) - count
    shelf.set(item, left)
    return left
  }
  return (message, context) => {
    const { count, item } = message
    switch (message._tag) {
      case "Deliver": {
        shelf.set(item, has(item) + count)
        // First come, first served: a large order at the front is not passed by.
        while (waiting[0] !== undefined && has(waiting[0].item) >= waiting[0].count) {
          const next = waiting.shift()!
          context.reply(next, take(next.item, next.count))
        }
        return
      }
      case "Take":
        if (has(item) < count) return context.fail(message, new OutOfStock({ item, left: has(item) }))
        return context.reply(message, take(item, count))
      case "Await":
        if (waiting.length === 0 && has(item) >= count) return context.reply(message, take(item, count))
        waiting.push(message)
    }
  }
})
