// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** Who gets an answer: a fiber that waits, or what stands for one. */
export interface Waiter {
  evaluate(answer: Effect.Effect<unknown, unknown>): void
}

/** What every fiber of Effect 4.1 is, beyond its interface. */
interface Suspendable extends Waiter {
  yieldWith(left: () => void): Effect.Effect<never>
}

/** The fiber as a waiter: to be given one answer, and only while it is suspended. */
export const waiterOf = (fiber: Fiber.Fiber<unknown, unknown>): Waiter => fiber as unknown as Suspendable

/**
 * What `Effect.withFiber` returns to suspend its fiber. `left` is called, once,
 * before the fiber goes on: because it got its answer, or because it was interrupted.
 *
 * `Effect.callback` puts a frame on the fiber's stack to learn the latter, and
 * three more steps of the loop on the way back; nobody can come between here.
 */
export const suspend = (fiber: Fiber.Fiber<unknown, unknown>, left: () => void): Effect.Effect<never> =>
  (fiber as unknown as Suspendable).yieldWith(left)
