/**
 * Values by key, each principal's for itself: what a host has to bring so that
 * the powers of storage can be given out.
 *
 * Keys are segments between slashes, as in the patterns of storage. Who may
 * read or write which key is not decided here; see `StorageRead` and
 * `StorageWrite`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Principal } from "./Principal.ts"

/**
 * The store could not do it. Nothing was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class StorageError extends Schema.TaggedError<StorageError>("airssys/security/KeyValue/StorageError")(
  "StorageError",
  { key: Schema.String, detail: Schema.String }
) {
  override get message(): string {
    return `storage ${this.key}: ${this.detail}`
  }
}

/**
 * A store. Bytes that go in or out are the caller's to change.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeyValue {
  readonly get: (owner: Principal, key: string) => Effect.Effect<Option.Option<Uint8Array>, StorageError>
  readonly set: (owner: Principal, key: string, value: Uint8Array) => Effect.Effect<void, StorageError>
  /** Whether there was a value. */
  readonly remove: (owner: Principal, key: string) => Effect.Effect<boolean, StorageError>
  /** The key itself, if it has a value, and those below it, sorted. */
  readonly keys: (owner: Principal, below: string) => Effect.Effect<ReadonlyArray<string>, StorageError>
}

/**
 * Makes an empty store in memory. It has no limit of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const memory: Effect.Effect<KeyValue> = Effect.sync(() => {
  const owners = new Map<string, Map<string, Uint8Array>>()
  const valuesOf = (owner: Principal): Map<string, Uint8Array> => {
    const name = `${owner.kind}\n${owner.id}`
    const found = owners.get(name)
    if (found !== undefined) return found
    const made = new Map<string, Uint8Array>()
    owners.set(name, made)
    return made
  }
  return {
    get: (owner, key) =>
      Effect.sync(() => Option.map(Option.fromUndefinedOr(valuesOf(owner).get(key)), (value) => value.slice())),
    set: (owner, key, value) =>
      Effect.sync(() => {
        valuesOf(owner).set(key, value.slice())
      }),
    remove: (owner, key) => Effect.sync(() => valuesOf(owner).delete(key)),
    keys: (owner, below) =>
      Effect.sync(() =>
        [...valuesOf(owner).keys()].filter((key) => key === below || key.startsWith(`${below}/`)).sort()
      )
  }
})

/**
 * The key that `below` names below another, the other itself if it names none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const join = (key: string, below: string | undefined): string => below === undefined ? key : `${key}/${below}`
