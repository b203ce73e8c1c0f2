/**
 * The capability to write values of one's own storage. Writing tells whether a
 * key had a value and whether it changed since a revision, and nothing else
 * about it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import { type Batch, batchLimit, join, type KeyValue, type Outcome, StorageError } from "./KeyValue.ts"
import * as Powers from "./Powers.ts"

/**
 * Power to write the key that was named in `StorageWrite.on(key)` and those
 * below it. Each key is checked.
 *
 * @category services
 * @since 0.1.0
 */
export class StorageWrite extends Capability.Service<StorageWrite, {
  /** Gives the revision of the new value. */
  readonly set: (value: Uint8Array, below?: string) => Effect.Effect<number, CapabilityError | StorageError>
  /** Whether there was a value. */
  readonly remove: (below?: string) => Effect.Effect<boolean, CapabilityError | StorageError>
  /**
   * Writes several keys, given in full, together or not at all. Each of them,
   * and each that is checked, has to be granted.
   */
  readonly commit: (batch: Batch) => Effect.Effect<Outcome, CapabilityError | StorageError>
}>()("storage.write") {}

/**
 * Source over a store of the host. Each principal writes its own part of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (store: KeyValue): Powers.Source =>
  Powers.source(StorageWrite, (lease) => {
    const write = (key: string, value: Uint8Array | undefined) =>
      lease.useOn(
        key,
        Effect.flatMap(
          Effect.suspend(() => store.commit(lease.principal, { checks: [], writes: [{ key, value }] })),
          (outcome) => outcome._tag === "Committed" ? Effect.succeed(outcome) : Effect.die(unchecked)
        )
      )
    /** What went while the uses of the other keys were recorded is asked about again. */
    const committed = (
      keys: ReadonlySet<string>,
      batch: Batch
    ): Effect.Effect<Outcome, CapabilityError | StorageError> =>
      Effect.flatMap(lease.allows, (allows) => {
        const gone = [...keys].find((key) => !allows(key))
        return gone === undefined
          ? store.commit(lease.principal, batch)
          : Effect.andThen(lease.useOn(gone, Effect.void), committed(keys, batch))
      })
    return {
      set: (value, below) => Effect.map(write(join(lease.resource, below), value), ({ revision }) => revision),
      remove: (below) => Effect.map(write(join(lease.resource, below), undefined), ({ existed }) => existed === 1),
      commit: (batch) =>
        Effect.gen(function*() {
          if (batch.checks.length + batch.writes.length > batchLimit) return yield* tooLong(lease.resource)
          const keys = new Set([...batch.checks, ...batch.writes].map(({ key }) => key))
          for (const key of keys) yield* lease.useOn(key, Effect.void)
          return yield* lease.use(committed(keys, batch))
        })
    }
  })

const tooLong = (key: string): StorageError =>
  new StorageError({ reason: "InvalidBatch", key, detail: `a batch has at most ${batchLimit} checks and writes` })

const unchecked = new Error("a write without checks was in conflict")
