/**
 * The largest gap of this thread's event loop: the longest time between two of
 * its turns.
 */

export interface Gaps {
  /** Stops watching and gives the largest gap so far, in milliseconds. */
  readonly stop: () => number
}

export const watch = (): Gaps => {
  let last = performance.now()
  let largest = 0
  let isOver = false
  const look = (): void => {
    const now = performance.now()
    largest = Math.max(largest, now - last)
    last = now
  }
  const turn = (): void => {
    if (isOver) return
    look()
    setImmediate(turn)
  }
  setImmediate(turn)
  return {
    stop: () => {
      isOver = true
      look()
      return largest
    }
  }
}
