/**
 * The capability to read values of one's own storage.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as keyPage from "./internal/keyPage.ts"
import { type Entry, join, type KeyValue, type StorageError, type Usage } from "./KeyValue.ts"
import * as Powers from "./Powers.ts"

/**
 * Where a list goes on, and how many keys it gives: 1 to 1,000, 100 if it is
 * left out; what is beyond is brought into that range.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListOptions extends keyPage.Options {}

/**
 * Keys in ascending order of their code points. `cursor` gives the next ones
 * and is undefined on the last page. It stays good while others write: no key
 * that is there all the time is left out or given twice.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page extends keyPage.Page {}

/**
 * Power to read the key that was named in `StorageRead.on(key)` and those below
 * it, or of any key in `StorageRead.on("")`. Each key is checked: to read below
 * `rates` takes a grant of `rates/**`, which covers `rates` as well, and to list
 * from the root one of `**`.
 *
 * @category services
 * @since 0.1.0
 */
export class StorageRead extends Capability.Service<StorageRead, {
  readonly get: (below?: string) => Effect.Effect<Option.Option<Entry>, CapabilityError | StorageError>
  readonly exists: (below?: string) => Effect.Effect<boolean, CapabilityError | StorageError>
  /**
   * A page of the keys that have a value and may be read, in full. Fails with
   * `TooMany` where more than 10,000 in a row may not.
   */
  readonly list: (options?: ListOptions) => Effect.Effect<Page, CapabilityError | StorageError>
  /** How much the principal stores, under all of its keys. */
  readonly usage: Effect.Effect<Usage, CapabilityError | StorageError>
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
    exists: (below) => {
      const key = join(lease.resource, below)
      return lease.useOn(key, Effect.suspend(() => store.exists(lease.principal, key)))
    },
    list: (options) =>
      lease.use(Effect.flatMap(lease.allows, (allows) =>
        keyPage.read(
          lease.resource,
          options,
          (after, limit) =>
            store.keys(lease.principal, { within: lease.resource === "" ? undefined : lease.resource, after, limit }),
          allows
        ))),
    usage: lease.use(Effect.suspend(() => store.usage(lease.principal)))
  }))
