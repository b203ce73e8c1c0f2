import type { Handler } from "../Behaviour.ts"
import type { Steering } from "../TurnScheduler.ts"
import type { Cell } from "./cell.ts"

/**
 * Puts a cell under a steering: what it is sent, but for what the system
 * tells it and what it sends itself later, and what it handles go through it. The cell gets
 * properties of its own for that, so that its class, and with it the loop of
 * all other cells, stays as it is.
 */
export const steer = (cell: Cell, steering: Steering): void => {
  const { send } = cell
  cell.send = (...args) =>
    args[2]?.isForced === true || args[2]?.ticket !== undefined
      ? send.apply(cell, args)
      : steering.send(cell, args[0], () => send.apply(cell, args))
  let handler: Handler<unknown> | undefined
  Object.defineProperty(cell, "handler", {
    configurable: true,
    get: () => handler,
    set: (given: Handler<unknown> | undefined) => {
      handler = given === undefined
        ? undefined
        : (message, context) => steering.handle(cell, message, () => given(message, context))
    }
  })
}
