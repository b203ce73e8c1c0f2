import * as Effect from "effect/Effect"
import * as Places from "../security/Places.ts"

/**
 * One place for each key. A key is forgotten with its last user, so that keys
 * that nobody uses take no memory.
 */
export const make = (): (
  key: string
) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> => {
  const locks = new Map<string, { readonly inTurn: Places.Places; users: number }>()
  return (key) => (effect) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const lock = locks.get(key) ?? { inTurn: Places.make(1), users: 0 }
        locks.set(key, lock)
        lock.users++
        return lock
      }),
      (lock) => lock.inTurn(effect),
      (lock) =>
        Effect.sync(() => {
          if (--lock.users === 0) locks.delete(key)
        })
    )
}
