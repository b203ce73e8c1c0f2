const mostAttempts = 120

interface Search<A> {
  readonly faults: number
  readonly decisions: number
  /** Runs with these faults and so many decisions; gives the run if it fails in the same way. */
  readonly attempt: (only: ReadonlySet<number> | undefined, decisions: number) => A | undefined
}

/**
 * Looks for a smaller run that fails in the same way: first without faults,
 * then without one part of them after the other, in ever smaller parts; then
 * with fewer decisions. It gives the smallest that it saw within a bounded
 * number of runs, which need not be the smallest there is.
 */
export const shrink = <A>(found: A, search: Search<A>): A => {
  let best = found
  let left = mostAttempts
  let only = new Set(Array.from({ length: search.faults }, (_, index) => index + 1))
  let decisions = search.decisions
  const attempt = (faults: Set<number>, count: number): boolean => {
    if (left-- <= 0) return false
    const smaller = search.attempt(faults, count)
    if (smaller === undefined) return false
    best = smaller
    only = faults
    decisions = count
    return true
  }

  if (only.size > 0 && !attempt(new Set(), decisions)) {
    for (let part = Math.ceil(only.size / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
      for (let from = 0; from < only.size;) {
        const faults = [...only]
        if (!attempt(new Set(faults.toSpliced(from, part)), decisions)) from += part
      }
    }
  }

  let none = 0
  if (attempt(only, 0)) return best
  for (let halvings = 0; none + 1 < decisions && halvings < 32; halvings++) {
    const middle = Math.floor((none + decisions) / 2)
    if (!attempt(only, middle)) none = middle
  }
  return best
}
