/**
 * The largest gap of this thread's event loop: the longest time between two of
 * its turns.
 *
 * Where Linux says how long the thread was ready to run and did not get a
 * processor, that is not counted: a busy machine would show nothing else.
 */
import { closeSync, openSync, readSync } from "node:fs"

export interface Gaps {
  /** Stops watching and gives the largest gap so far, in milliseconds. */
  readonly stop: () => number
}

interface Delays {
  /** Milliseconds that the thread has waited for a processor since it began. */
  readonly read: () => number
  readonly close: () => void
}

const delays = (): Delays => {
  try {
    const file = openSync("/proc/thread-self/schedstat", "r")
    const buffer = Buffer.alloc(96)
    return {
      read: () => Number(buffer.toString("latin1", 0, readSync(file, buffer, 0, buffer.length, 0)).split(" ")[1]) / 1e6,
      close: () => closeSync(file)
    }
  } catch {
    return { read: () => 0, close: () => {} }
  }
}

/** A clock in milliseconds that stands while this thread waits for a processor. */
export const clock = (): { readonly now: () => number; readonly close: () => void } => {
  const waits = delays()
  return { now: () => performance.now() - waits.read(), close: waits.close }
}

export const watch = (): Gaps => {
  const { close, now: busy } = clock()
  let last = busy()
  let largest = 0
  let isOver = false
  const look = (): void => {
    const now = busy()
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
      close()
      return largest
    }
  }
}
