import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Scope from "effect/Scope"
import { AuditError } from "../AuditError.ts"

/**
 * Where lines are kept. `write` either makes all of its text durable or fails,
 * and then a later `write` starts again where the last successful one ended.
 */
export interface AuditSink {
  readonly name: string
  readonly read: Effect.Effect<string, AuditError>
  readonly write: (text: string) => Effect.Effect<void, AuditError>
  /** Drops what follows the last line end and returns how many bytes that were. */
  readonly cutTail: Effect.Effect<number, AuditError>
}

export const memory = (): AuditSink => {
  let text = ""
  return {
    name: "memory",
    read: Effect.sync(() => text),
    write: (lines) => Effect.sync(() => void (text += lines)),
    cutTail: Effect.succeed(0)
  }
}

const encoder = new TextEncoder()
const lineEnd = 0x0a

const failed = (reason: AuditError["reason"], detail: string) => (cause: unknown): AuditError =>
  new AuditError({ reason, detail, cause })

/**
 * `length` counts the bytes known to be whole lines of this log. A file that is
 * shorter or longer than that belongs to somebody else, or holds the rest of a
 * failed write, which is cut before the next one.
 */
export const file = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  path: string
): Effect.fn.Return<AuditSink, AuditError, Scope.Scope> {
  const options = { flag: "a+", mode: 0o600 } as const
  const handle = yield* fs.open(path, { ...options, noFollow: true }).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "BadArgument" && error.reason.module === "FileSystem",
      () => fs.open(path, options)
    ),
    Effect.mapError(failed("Unreadable", `${path} cannot be opened`))
  )
  const unreadable = failed("Unreadable", `${path} cannot be read`)
  const unwritable = failed("Unwritable", `${path} cannot be written`)
  const size = Effect.map(Effect.mapError(handle.stat, unreadable), (info) => Number(info.size))
  const readBytes = Effect.mapError(fs.readFile(path), unreadable)
  const truncate = (to: number) => Effect.mapError(handle.truncate(to), unwritable)

  let length = yield* size
  let isDirty = false

  return {
    name: path,
    read: Effect.flatMap(readBytes, (bytes) =>
      Effect.try({
        try: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
        catch: failed("Tampered", `${path} is not UTF-8`)
      })),
    write: Effect.fnUntraced(function*(lines) {
      const found = yield* size
      if (found !== length) {
        if (!isDirty || found < length) {
          return yield* new AuditError({
            reason: "ForeignWriter",
            detail: `${path} has ${found} bytes and not ${length}: another process writes it`
          })
        }
        yield* truncate(length)
      }
      const bytes = encoder.encode(lines)
      isDirty = true
      yield* Effect.mapError(handle.writeAll(bytes), unwritable)
      yield* Effect.mapError(handle.sync, unwritable)
      length += bytes.length
      isDirty = false
    }),
    cutTail: Effect.gen(function*() {
      const bytes = yield* readBytes
      const end = bytes.lastIndexOf(lineEnd) + 1
      if (end === bytes.length) return 0
      yield* truncate(end)
      length = end
      return bytes.length - end
    })
  }
})
