/** Pages of keys: what is given is filtered, and a cursor names nothing that was not given. */
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import { pageLimit, StorageError } from "../KeyValue.ts"

/** A page as it is asked for and given. */
export interface Options {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

export interface Page {
  readonly keys: ReadonlyArray<string>
  readonly cursor: string | undefined
}

const defaultLimit = 100

/** Keys in a row that a page may leave out. */
const skipLimit = 10_000

const cursorLimit = 4096

const firstSlice = 16

const clamped = (limit: number | undefined): number =>
  limit === undefined || Number.isNaN(limit) ? defaultLimit : Math.min(Math.max(Math.trunc(limit), 1), pageLimit)

const text = new TextDecoder("utf-8", { fatal: true })

const afterOf = (cursor: string, within: string): Result.Result<string, StorageError> => {
  const invalid = () =>
    new StorageError({ reason: "InvalidCursor", key: within, detail: "the cursor is not one that a list gave" })
  if (cursor.length > cursorLimit) return Result.fail(invalid())
  return Result.mapError(
    Result.flatMap(
      Base64Url.decode(cursor),
      (bytes) => Result.try(() => text.decode(bytes))
    ),
    invalid
  )
}

const cursorOf = (key: string): string => Base64Url.encode(key)

export const read = (
  within: string,
  options: Options | undefined,
  keys: (after: string | undefined, limit: number) => Effect.Effect<ReadonlyArray<string>, StorageError>,
  allows: (key: string) => boolean
): Effect.Effect<Page, StorageError> =>
  Effect.gen(function*() {
    const limit = clamped(options?.limit)
    let after = options?.cursor === undefined ? undefined : yield* Effect.fromResult(afterOf(options.cursor, within))
    const found: Array<string> = []
    let skipped = 0
    for (let size = Math.min(limit + 1, pageLimit);; size = Math.min(2 * Math.max(size, firstSlice), pageLimit)) {
      const slice = yield* keys(after, size)
      for (const key of slice) {
        if (!allows(key)) skipped++
        else if (found.length < limit) found.push(key)
        else return { keys: found, cursor: cursorOf(found[limit - 1]!) }
      }
      if (slice.length < size) return { keys: found, cursor: undefined }
      if (skipped >= skipLimit) break
      after = slice.at(-1)
      yield* Effect.yieldNow
    }
    const last = found.at(-1)
    if (last !== undefined) return { keys: found, cursor: cursorOf(last) }
    return yield* new StorageError({
      reason: "TooMany",
      key: within,
      detail: `${skipLimit} keys in a row may not be read: list below a longer key`
    })
  })
