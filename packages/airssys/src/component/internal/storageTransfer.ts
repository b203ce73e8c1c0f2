/** Exports and imports of all that an owner has. */
import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { StorageError } from "../../security/KeyValue.ts"
import * as StorageFile from "../StorageFile.ts"
import { type Admit, sizeOf, type StorageStore, type StorageStoreError } from "../StorageStore.ts"
import * as storageKey from "./storageKey.ts"

type Store = StorageStore["Service"]

/** Entries that wait to be added to a draft together. */
const batchBytes = 1024 * 1024

const damaged = (owner: string): StorageError =>
  storageKey.error("Damaged", owner, "there is less than was counted: verify the store")

export const lines = (
  store: Store,
  owner: string,
  failed: (error: StorageStoreError) => StorageError
): Stream.Stream<string, StorageError, Digest> =>
  Stream.unwrap(Effect.map(Effect.mapError(store.snapshot(owner), failed), ({ bytes, keys, next }) => {
    let left = keys
    const entries = Stream.paginate(undefined, () =>
      Effect.flatMap(Effect.mapError(next, failed), (page) => {
        left -= page.length
        if (left < 0 || page.length === 0 && left > 0) return Effect.fail(damaged(owner))
        return Effect.succeed([page, left === 0 ? Option.none() : Option.some(undefined)] as const)
      }))
    return StorageFile.encode({ owner, keys, bytes }, entries)
  }))

const refused = (problem: string) => new StorageFile.StorageFileError({ line: 1, problem })

export interface Options {
  readonly owner: string
  readonly replace: boolean
  readonly fromAnother: boolean
  /** Whether so many bytes are within the quota in place of what there is. */
  readonly fits: (bytes: number) => Effect.Effect<void, StorageError>
  readonly admit: Admit<StorageError>
}

/** A file is put together as a draft, which is published when its end has been read and is right. */
export const read = <E, R>(
  store: Store,
  bytes: Stream.Stream<Uint8Array, E, R>,
  { admit, fits, fromAnother, owner, replace }: Options,
  failed: (error: StorageStoreError) => StorageError
): Effect.Effect<StorageFile.Header, StorageError | StorageFile.StorageFileError | E, R | Digest> =>
  Effect.scoped(Effect.gen(function*() {
    const occupied = refused(`${owner} holds something already: say that it is to be replaced`)
    const isFree = (holdings: ReadonlyArray<unknown>): boolean => replace || holdings.length === 0
    const draft = yield* Effect.mapError(store.draft(owner), failed)
    let waiting: Array<StorageFile.Line> = []
    let size = 0
    const flush = Effect.suspend(() => {
      const added = waiting
      waiting = []
      size = 0
      return Effect.mapError(draft.add(added), failed)
    })
    const header = yield* StorageFile.decode(bytes, {
      header: (header) =>
        Effect.gen(function*() {
          if (header.owner !== owner && !fromAnother) return yield* refused(`it is a file of ${header.owner}`)
          if (!isFree(yield* Effect.mapError(store.holdings(owner), failed))) return yield* occupied
          yield* fits(header.bytes)
        }),
      entry: (entry) => {
        waiting.push(entry)
        size += sizeOf(entry.key, entry.value.length)
        return size < batchBytes ? Effect.void : flush
      }
    })
    yield* flush
    const admitted: Admit<StorageError | StorageFile.StorageFileError> = (change) =>
      isFree(change.before) ? admit(change) : Result.fail(occupied)
    yield* Effect.mapError(
      draft.publish(admitted),
      (error) => error._tag === "StorageStoreError" ? failed(error) : error
    )
    return header
  }))
