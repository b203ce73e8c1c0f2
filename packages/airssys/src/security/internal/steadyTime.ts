import type * as Clock from "effect/Clock"

/**
 * Time that never runs backward, and not before what was recorded last. While
 * the clock is behind the latest time that was seen, what passes is counted by
 * the monotonic clock, also before anybody noticed: holding the clock back does
 * not keep a grant alive.
 */
export const make = (clock: Clock.Clock, recorded: () => number): () => number => {
  let latest = 0
  let from = { time: clock.currentTimeMillisUnsafe(), nanos: clock.monotonicTimeNanosUnsafe() }
  let isBehind = false
  return () => {
    const newest = recorded()
    if (newest > latest) {
      latest = newest
      isBehind = false
    }
    const time = clock.currentTimeMillisUnsafe()
    if (time >= latest) {
      latest = time
      isBehind = false
      return latest
    }
    const nanos = clock.monotonicTimeNanosUnsafe()
    latest = Math.max(latest, from.time + Number((nanos - from.nanos) / 1_000_000n))
    if (!isBehind) {
      from = { time: latest, nanos }
      isBehind = true
    }
    return latest
  }
}
