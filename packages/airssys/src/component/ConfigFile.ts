/**
 * Files in which an operator says what a host does, changed by a program.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import type * as Result from "effect/Result"

/**
 * Replaces the text of a file, whole or not at all: whoever reads it meanwhile,
 * and after a power cut, finds the text before or the text after.
 *
 * @category combinators
 * @since 0.1.0
 */
export const update = <E>(
  file: string,
  change: (text: string) => Result.Result<string, E>
): Effect.Effect<void, E | PlatformError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const real = yield* fs.realPath(file)
    const text = yield* Effect.fromResult(change(yield* fs.readFileString(real)))
    const { mode } = yield* fs.stat(real)
    const part = `${real}.part`
    yield* Effect.scoped(Effect.gen(function*() {
      yield* fs.remove(part, { force: true })
      const handle = yield* fs.open(part, { flag: "wx", mode: mode & 0o777 })
      yield* handle.writeAll(new TextEncoder().encode(text))
      yield* handle.sync
    }))
    yield* fs.rename(part, real)
    yield* Effect.ignore(
      Effect.scoped(Effect.flatMap(fs.open(real.replace(/[^/\\]+$/, ""), { flag: "r" }), (folder) => folder.sync))
    )
  })
