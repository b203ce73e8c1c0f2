/**
 * The capability to write values of one's own storage.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import { join, type KeyValue, type StorageError } from "./KeyValue.ts"
import * as Powers from "./Powers.ts"

/**
 * Power to write the key that was named in `StorageWrite.on(key)` and those
 * below it. Each key is checked.
 *
 * @category services
 * @since 0.1.0
 */
export class StorageWrite extends Capability.Service<StorageWrite, {
  readonly set: (value: Uint8Array, below?: string) => Effect.Effect<void, CapabilityError | StorageError>
  /** Whether there was a value. */
  readonly remove: (below?: string) => Effect.Effect<boolean, CapabilityError | StorageError>
}>()("storage.write") {}

/**
 * Source over a store of the host. Each principal writes its own part of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (store: KeyValue): Powers.Source =>
  Powers.source(StorageWrite, (lease) => ({
    set: (value, below) => {
      const key = join(lease.resource, below)
      return lease.useOn(key, Effect.suspend(() => store.set(lease.principal, key, value)))
    },
    remove: (below) => {
      const key = join(lease.resource, below)
      return lease.useOn(key, Effect.suspend(() => store.remove(lease.principal, key)))
    }
  }))
