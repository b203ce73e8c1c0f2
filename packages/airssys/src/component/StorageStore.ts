/**
 * Where storage is kept: entries by owner and key, changed by commits of which
 * each is made whole or not at all, one after another.
 *
 * What comes here has been checked by `Storage`: keys have their form, sizes
 * are within bounds, and bytes that are given stay as they are. A store counts what each owner holds as it changes, so
 * that a start needs no look at all entries, and `verify` compares the count.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Batch, Outcome, Range } from "../security/KeyValue.ts"
import * as storageChange from "./internal/storageChange.ts"
import * as storageMemory from "./internal/storageMemory.ts"

/**
 * The store could not be read or written, is open elsewhere, or holds what was
 * not written to it.
 *
 * @category errors
 * @since 0.1.0
 */
export class StorageStoreError
  extends Schema.TaggedError<StorageStoreError>("airssys/component/StorageStoreError")("StorageStoreError", {
    reason: Schema.Literals(["Unreadable", "Unwritable", "InUse", "Damaged"]),
    detail: Schema.String,
    cause: Schema.optional(Schema.Defect())
  })
{
  override get message(): string {
    return `the store of storage: ${this.detail}`
  }
}

/**
 * What is kept under one key. `tenant` is on whose account it was written.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  readonly revision: number
  readonly tenant: string | undefined
}

/**
 * What one tenant, or none, pays for of an owner's entries.
 *
 * @category models
 * @since 0.1.0
 */
export interface Holding {
  readonly tenant: string | undefined
  readonly keys: number
  readonly bytes: number
}

/**
 * What a commit takes away, by tenant, and what it brings for the tenant that
 * makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly before: ReadonlyArray<Holding>
  readonly after: ReadonlyArray<Holding>
}

/**
 * Room that was set aside for a change. One of the two is called once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Room {
  /** The change was made. */
  readonly commit: () => void
  /** It was not. */
  readonly release: () => void
}

/**
 * Sets room aside for a change, or says why there is none. It is asked when
 * all checks hold and nothing but this change can come next, and does not
 * suspend.
 *
 * @category models
 * @since 0.1.0
 */
export type Admit<E> = (change: Change) => Result.Result<Room, E>

/**
 * The entries of an owner as they are at one moment, whatever is written later.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly keys: number
  readonly bytes: number
  /** The next entries in ascending order of their keys; none at the end. */
  readonly next: Effect.Effect<ReadonlyArray<Entry>, StorageStoreError>
}

/**
 * Entries that are put together out of sight, to become all of an owner's.
 * Nothing is left of them when the scope closes before `publish`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Draft {
  /** Keys that were added before are replaced. Revisions are given by the store. */
  readonly add: (entries: ReadonlyArray<Omit<Entry, "revision">>) => Effect.Effect<void, StorageStoreError>
  /** Takes the place of what the owner has, in one step. */
  readonly publish: <E>(admit: Admit<E>) => Effect.Effect<void, StorageStoreError | E>
}

/**
 * Something that is not as it was written. `key` is undefined where it is
 * about the owner, `owner` where it is about the store.
 *
 * @category models
 * @since 0.1.0
 */
export interface Damage {
  readonly owner: string | undefined
  readonly key: string | undefined
  readonly detail: string
}

/**
 * Service that keeps entries. Owners are texts of at most 300 characters.
 *
 * @category services
 * @since 0.1.0
 */
export class StorageStore extends Context.Service<StorageStore, {
  readonly name: string
  readonly get: (owner: string, key: string) => Effect.Effect<Option.Option<Entry>, StorageStoreError>
  /** Whether a key has a value. */
  readonly exists: (owner: string, key: string) => Effect.Effect<boolean, StorageStoreError>
  /** Ascending by code points. */
  readonly keys: (owner: string, range: Range) => Effect.Effect<ReadonlyArray<string>, StorageStoreError>
  /**
   * Makes a batch if its checks hold and it is admitted. It is durable, as far
   * as the store is, when this succeeds. Interrupted, it is made or not.
   */
  readonly commit: <E>(
    owner: string,
    batch: Batch,
    tenant: string | undefined,
    admit: Admit<E>
  ) => Effect.Effect<Outcome, StorageStoreError | E>
  /** What an owner holds, by tenant. */
  readonly holdings: (owner: string) => Effect.Effect<ReadonlyArray<Holding>, StorageStoreError>
  /** Every owner that was ever written to, in ascending order. */
  readonly owners: Effect.Effect<ReadonlyArray<string>, StorageStoreError>
  readonly snapshot: (owner: string) => Effect.Effect<Snapshot, StorageStoreError, Scope.Scope>
  readonly draft: (owner: string) => Effect.Effect<Draft, StorageStoreError, Scope.Scope>
  /** Reads everything, and names at most 100 damages. */
  readonly verify: Effect.Effect<ReadonlyArray<Damage>, StorageStoreError>
}>()("airssys/component/StorageStore") {}

/**
 * The bytes that an entry counts: its key in UTF-8, its value, and 64 for the
 * rest.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sizeOf: (key: string, valueLength: number) => number = storageChange.sizeOf

/**
 * What the writes of a batch take away and bring, given what is held under a
 * key.
 *
 * @category combinators
 * @since 0.1.0
 */
export const changeOf: (
  batch: Batch,
  tenant: string | undefined,
  held: (key: string) => Holding | undefined
) => Change = storageChange.make

/**
 * Layer that forgets with the process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<StorageStore> = Layer.sync(
  StorageStore,
  () => StorageStore.of(storageMemory.make())
)
