import * as Effect from "effect/Effect"
import * as Places from "../../security/Places.ts"

/** Enough to fill both lines for the audit log, which a start joins one after the other. */
const startsAtOnce = 64

/**
 * The line of starts, by the id of their component. Those that were begun are
 * built before others are begun, so that each takes its own time and not that
 * of all. A start leaves its place when its guest begins: what a guest waits for
 * may be another start.
 */
export class StartLine {
  readonly #line = Places.line(startsAtOnce)
  readonly #begun = new Set<string>()

  /** Of one start of a component at a time. One that is interrupted before its turn is not begun. */
  inTurn<A, E, R>(component: string, start: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(this.#line.enter), () => {
        this.#begun.add(component)
        return Effect.ensuring(restore(start), this.leave(component))
      })
    )
  }

  /** Nothing for one that has left, or that never was in the line: a restart waits for no place. */
  leave(component: string): Effect.Effect<void> {
    return Effect.suspend(() => this.#begun.delete(component) ? this.#line.leave : Effect.void)
  }
}
