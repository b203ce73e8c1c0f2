import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/** How many handlers of one component may go on after the calls that they were part of. */
export const mostOverdue = 16

/**
 * What the calls of one component share over its instances and their restarts:
 * what its host is told of once, and the handlers that cannot be interrupted
 * and go on after their calls.
 */
export class ComponentCalls {
  readonly #log: (text: string) => void
  readonly #left: (functions: ReadonlyArray<string>) => void
  readonly #told = new Set<string>()
  /** The functions of the handlers that go on after their calls. */
  readonly #overdue: Array<string> = []

  constructor(log: (text: string) => void, left: (functions: ReadonlyArray<string>) => void) {
    this.#log = log
    this.#left = left
  }

  /** A guest is not to fill the log of its host: the same is said once. */
  tell(text: string): void {
    if (this.#told.size < this.#told.add(text).size) this.#log(text)
  }

  /** Functions whose handlers go on after their calls, where these are too many. */
  get overdue(): ReadonlyArray<string> | undefined {
    return this.#overdue.length < mostOverdue ? undefined : [...new Set(this.#overdue)].toSorted()
  }

  /** Ends at the deadline, or when it is interrupted, also where the handler of this function does not. */
  within<A, E, R, A2, E2>(
    name: string,
    handler: Effect.Effect<A, E, R>,
    deadline: Parameters<typeof Effect.timeoutOrElse>[1]["duration"],
    late: Effect.Effect<A2, E2>
  ): Effect.Effect<A | A2, E | E2, R> {
    return Effect.flatMap(Effect.forkDetach(handler, { startImmediately: true }), (fiber) => {
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return exit
      return Fiber.join(fiber).pipe(
        Effect.timeoutOrElse({ duration: deadline, orElse: () => late }),
        Effect.onExit(() => Effect.sync(() => this.#leave(name, fiber)))
      )
    })
  }

  #leave(name: string, fiber: Fiber.Fiber<unknown, unknown>): void {
    fiber.interruptUnsafe()
    if (fiber.pollUnsafe() !== undefined) return
    this.#overdue.push(name)
    this.#left(this.#overdue.slice())
    fiber.addObserver(() => {
      this.#overdue.splice(this.#overdue.indexOf(name), 1)
      this.#left(this.#overdue.slice())
    })
  }
}
