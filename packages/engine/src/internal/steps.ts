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
const turn = 4

export const inTurns = async <A>(
  steps: Steps<A>,
  clock: { readonly now: () => number; readonly macrotask: (run: () => void) => void }
): Promise<A> => {
  let since = clock.now()
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (clock.now() - since < turn) continue
    await new Promise<void>((resume) => clock.macrotask(resume))
    since = clock.now()
  }
}
