/**
 * The capability to read values of one's own storage.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import { join, type KeyValue, type StorageError } from "./KeyValue.ts"
import * as Powers from "./Powers.ts"

/**
 * Power to read the key that was named in `StorageRead.on(key)` and those below
 * it. Each key is checked: to read below `rates` takes a grant of `rates/**`,
 * which covers `rates` as well.
 *
 * @category services
 * @since 0.1.0
 */
export class StorageRead extends Capability.Service<StorageRead, {
  readonly get: (below?: string) => Effect.Effect<Option.Option<Uint8Array>, CapabilityError | StorageError>
  /** The keys that have a value and may be read, in full and sorted. */
  readonly keys: Effect.Effect<ReadonlyArray<string>, CapabilityError | StorageError>
}>()("storage.read") {}

/**
 * Source over a store of the host. Each principal reads its own part of it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (store: KeyValue): Powers.Source =>
  Powers.source(StorageRead, (lease) => ({
    get: (below) => {
      const key = join(lease.resource, below)
      return lease.useOn(key, Effect.suspend(() => store.get(lease.principal, key)))
    },
    keys: lease.use(Effect.gen(function*() {
      const keys = yield* store.keys(lease.principal, lease.resource)
      const allows = yield* lease.allows
      return keys.filter((key) => allows(key))
    }))
  }))
