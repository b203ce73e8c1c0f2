/**
 * Values by key, each principal's for itself: what a host has to bring so that
 * the powers of storage can be given out. The service `Storage` is one.
 *
 * Keys are segments between slashes, as in the patterns of storage. Who may
 * read or write which key is not decided here; see `StorageRead` and
 * `StorageWrite`.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Principal } from "./Principal.ts"
import * as SafeText from "./SafeText.ts"

/**
 * The store did not do it. Nothing was changed, except that after `Unavailable`
 * a change may be found made.
 *
 * @category errors
 * @since 0.1.0
 */
export class StorageError extends Schema.TaggedError<StorageError>("airssys/security/KeyValue/StorageError")(
  "StorageError",
  {
    reason: Schema.Literals([
      "InvalidKey",
      "InvalidCursor",
      "InvalidBatch",
      "TooLarge",
      "TooMany",
      "QuotaExceeded",
      "Damaged",
      "Unavailable"
    ]),
    key: Schema.String,
    detail: Schema.String,
    cause: Schema.optional(Schema.Defect())
  }
) {
  override get message(): string {
    return `storage ${SafeText.escape(this.key, 256)}: ${this.detail}`
  }
}

/**
 * A value as it is kept. Its `revision` is the number of the change that wrote
 * it, counted for each owner: a later change has a greater one, and none comes
 * twice, also where a key was removed in between.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly value: Uint8Array
  readonly revision: number
}

/**
 * What a key has to be for a batch to be made: of this revision, or without a
 * value if that is undefined.
 *
 * @category models
 * @since 0.1.0
 */
export interface Check {
  readonly key: string
  readonly revision: number | undefined
}

/**
 * A value to be written; undefined removes the key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Write {
  readonly key: string
  readonly value: Uint8Array | undefined
}

/**
 * Writes that are made together, if every check holds, or not at all. No key
 * is written twice.
 *
 * @category models
 * @since 0.1.0
 */
export interface Batch {
  readonly checks: ReadonlyArray<Check>
  readonly writes: ReadonlyArray<Write>
}

/**
 * What became of a batch. `existed` counts the keys of the writes that had a
 * value; a conflict names the first check that did not hold.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome =
  | { readonly _tag: "Committed"; readonly revision: number; readonly existed: number }
  | { readonly _tag: "Conflict"; readonly key: string }

/**
 * A part of what there is below a key: at most so many keys, after one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Range {
  /** The key itself and those below it; all keys if it is undefined. */
  readonly within: string | undefined
  readonly after: string | undefined
  /** From 1 to `pageLimit`. */
  readonly limit: number
}

/**
 * What an owner holds. `bytes` counts keys, values and something for each
 * entry; `limit` is undefined where there is none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Usage {
  readonly keys: number
  readonly bytes: number
  readonly limit: number | undefined
}

/**
 * A store. Bytes that go in or out are the caller's to change.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeyValue {
  readonly get: (owner: Principal, key: string) => Effect.Effect<Option.Option<Entry>, StorageError>
  readonly exists: (owner: Principal, key: string) => Effect.Effect<boolean, StorageError>
  /** Keys that have a value, ascending by their code points. */
  readonly keys: (owner: Principal, range: Range) => Effect.Effect<ReadonlyArray<string>, StorageError>
  readonly commit: (owner: Principal, batch: Batch) => Effect.Effect<Outcome, StorageError>
  readonly usage: (owner: Principal) => Effect.Effect<Usage, StorageError>
}

/**
 * The most keys that are read at once.
 *
 * @category models
 * @since 0.1.0
 */
export const pageLimit = 1_000

/**
 * The most checks and writes of a batch together.
 *
 * @category models
 * @since 0.1.0
 */
export const batchLimit = 256

/**
 * The key that `below` names below another, or below none if that is empty; the
 * other itself if it names none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const join = (key: string, below: string | undefined): string =>
  below === undefined ? key : key === "" ? below : `${key}/${below}`
