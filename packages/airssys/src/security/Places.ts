/**
 * A number of places, and a line before them.
 *
 * Where the room of an audit log is what is scarce, many would rather wait than
 * be refused. Unlike a semaphore, whose release looks at all that wait, a place
 * that is left costs the same however many there are.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as MutableList from "effect/MutableList"

/**
 * Runs an effect when there is a place for it; interrupted before, it is not
 * begun.
 *
 * @category models
 * @since 0.1.0
 */
export type Places = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * The same, for what leaves its place before it ends. Who entered leaves once;
 * who is interrupted while it waits has not entered.
 *
 * @category models
 * @since 0.1.0
 */
export interface Line {
  readonly enter: Effect.Effect<void>
  readonly leave: Effect.Effect<void>
}

interface Waiting {
  /** None where it does not wait any longer. */
  enter: (() => void) | undefined
}

/** A place is free while others wait only until those move up. */
class Ordered implements Line {
  #free: number
  #isMoving = false
  readonly #waiting = MutableList.make<Waiting>()

  constructor(count: number) {
    this.#free = count
  }

  readonly enter: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#free === 0 || this.#waiting.length > 0) return this.#wait
    this.#free--
    return Effect.void
  })

  readonly #wait: Effect.Effect<void> = Effect.callback((resume) => {
    const waiting: Waiting = { enter: () => resume(Effect.void) }
    MutableList.append(this.#waiting, waiting)
    return Effect.sync(() => {
      waiting.enter = undefined
    })
  })

  /** Who is next runs in a turn of its own. */
  readonly leave: Effect.Effect<void> = Effect.withFiber(({ currentDispatcher }) => {
    this.#free++
    if (this.#waiting.length > 0 && !this.#isMoving) {
      this.#isMoving = true
      currentDispatcher.scheduleTask(() => this.#move(), 0)
    }
    return Effect.void
  })

  #move(): void {
    this.#isMoving = false
    while (this.#free > 0 && this.#waiting.length > 0) {
      const next = MutableList.take(this.#waiting)
      if (next === MutableList.Empty || next.enter === undefined) continue
      this.#free--
      next.enter()
    }
  }
}

/**
 * Makes so many places, from 1, in the order in which they are asked for.
 *
 * @category constructors
 * @since 0.1.0
 */
export const line = (count: number): Line => new Ordered(count)

/**
 * Makes so many places, from 1. Effects are begun in the order in which they
 * came.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (count: number): Places => {
  const { enter, leave } = line(count)
  return (effect) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(enter), () => Effect.ensuring(restore(effect), leave))
    )
}
