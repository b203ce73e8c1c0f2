import type { Handler } from "../Behaviour.ts"
import type { Cell } from "./cell.ts"
import type { Delivery, From, Refusal } from "./target.ts"

export type Send = (message: unknown, from: From, delivery?: Delivery) => Refusal | undefined

/**
 * Puts a function around what one cell is sent, but for what the system itself
 * has to tell. The cell gets a property of its own for that: its class, and
 * with it the loop of all other cells, stays as it is.
 */
export const overlaySend = (
  cell: Cell,
  around: (send: Send, message: unknown, from: From, delivery: Delivery | undefined) => Refusal | undefined
): void => {
  const { send } = cell
  const plain: Send = (message, from, delivery) => send.call(cell, message, from, delivery)
  cell.send = (message, from, delivery) =>
    delivery?.isForced === true ? plain(message, from, delivery) : around(plain, message, from, delivery)
}

/** The same around each handler the cell gets, in this life and in later ones, until it is taken back. */
export const overlayHandler = (
  cell: Cell,
  around: (handler: Handler<unknown>) => Handler<unknown>
): () => void => {
  const below = Object.getOwnPropertyDescriptor(cell, "handler")!
  let own = below.value as Handler<unknown> | undefined
  const read = below.get ?? (() => own)
  const write = below.set ?? ((handler) => {
    own = handler
  })
  let wrapped: { readonly handler: Handler<unknown>; readonly by: Handler<unknown> } | undefined
  Object.defineProperty(cell, "handler", {
    configurable: true,
    enumerable: true,
    get: () => {
      const handler = read() as Handler<unknown> | undefined
      if (handler === undefined) return undefined
      if (wrapped?.handler !== handler) wrapped = { handler, by: around(handler) }
      return wrapped.by
    },
    set: write
  })
  return () => {
    const now = below.get === undefined ? { ...below, value: own } : below
    Object.defineProperty(cell, "handler", { ...now, configurable: true })
  }
}
