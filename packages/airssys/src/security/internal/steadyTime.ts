import type * as Clock from "effect/Clock"

/**
 * Time that never runs backward, and not before what was recorded last. While
 * the clock is behind the latest time that was seen, for however long, what
 * passes meanwhile is counted by the monotonic clock: holding the clock back
 * does not keep a grant alive.
 */
export const make = (clock: Clock.Clock, recorded: () => number): () => number => {
  let latest = 0
  let behind: { readonly time: number; readonly nanos: bigint } | undefined
  return () => {
    const newest = recorded()
    if (newest > latest) {
      latest = newest
      behind = undefined
    }
    const time = clock.currentTimeMillisUnsafe()
    if (time >= latest) {
      latest = time
      behind = undefined
      return latest
    }
    const nanos = clock.monotonicTimeNanosUnsafe()
    behind ??= { time: latest, nanos }
    latest = Math.max(latest, behind.time + Number((nanos - behind.nanos) / 1_000_000n))
    return latest
  }
}
