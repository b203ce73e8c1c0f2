/**
 * Work that can be done in steps, at once or in turns with other work of the thread.
 */

export type Steps<A> = Generator<void, A, void>

export const atOnce = <A>(steps: Steps<A>): A => {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Milliseconds that the thread is held at a time. */
const longest = 4

interface Clock {
  readonly now: () => number
  readonly macrotask: (run: () => void) => void
}

/** The time that some work has held the thread for, over all its parts. */
export class Turn {
  readonly #clock: Clock
  #since: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.now()
  }

  /** Lets others have their turn, where this one has been long. */
  async end(): Promise<void> {
    if (!this.isOver) return
    await new Promise<void>((resume) => this.#clock.macrotask(resume))
    this.#since = this.#clock.now()
  }

  get isOver(): boolean {
    return this.#clock.now() - this.#since >= longest
  }
}

export const inTurns = async <A>(steps: Steps<A>, turn: Turn): Promise<A> => {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (turn.isOver) await turn.end()
  }
}
