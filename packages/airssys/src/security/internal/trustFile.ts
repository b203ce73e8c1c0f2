import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import type { FileOptions, TrustStore } from "../TrustStore.ts"
import { TrustStoreError } from "../TrustStoreError.ts"

const longest = 64 * 1024 * 1024

/** Where a path ends its folder, on systems with either separator. */
const place = (path: string): { readonly folder: string; readonly base: string } => {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"))
  return { folder: at < 0 ? "." : path.slice(0, Math.max(at, 1)), base: path.slice(at + 1) }
}

const failed = (reason: TrustStoreError["reason"], detail: string) => (cause: unknown): TrustStoreError =>
  new TrustStoreError({ reason, detail, remedy: "Look at the file, its folder and their permissions", cause })

const isMissing = (error: PlatformError): boolean => error.reason._tag === "NotFound"

/**
 * The current text lies at the path, a staged one behind `.next`, and what was
 * replaced behind `.<name>.bak`. A text is written into a file of its own and
 * synced before it gets the name under which it counts; a name is given by one
 * rename, before which the text that it replaces has another name as well.
 */
export const make = (fs: FileSystem.FileSystem, options: FileOptions): TrustStore["Service"] => {
  const { backups: most = 10, path, syncFolder: syncsFolder = true } = options
  const { base, folder } = place(path)
  const next = `${path}.next`
  const backupPath = (name: number) => `${path}.${name}.bak`
  const unreadable = failed("Unreadable", `${path} cannot be read`)
  const unwritable = failed("Unwritable", `${path} cannot be written`)

  /** A file that is no link. */
  const open = (file: string, flag: "r" | "ax") => {
    const mode = { flag, mode: 0o600 } as const
    return Effect.catchIf(
      fs.open(file, { ...mode, noFollow: true }),
      (error) => error.reason._tag === "BadArgument",
      () => fs.open(file, mode)
    )
  }

  /** The kind is looked at first: opening a pipe would wait for a writer. */
  const readFile = (file: string): Effect.Effect<string | undefined, TrustStoreError> =>
    Effect.scoped(Effect.gen(function*() {
      if ((yield* fs.stat(file)).type !== "File") return yield* failed("Unreadable", `${file} is no file`)(undefined)
      const handle = yield* open(file, "r")
      const size = Number((yield* handle.stat).size)
      if (size > longest) return yield* failed("Unreadable", `${file} is too large to be a state of trust`)(undefined)
      const bytes = size === 0 ? Option.none() : yield* handle.readAlloc(size)
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Option.getOrUndefined(bytes) ?? new Uint8Array())
    })).pipe(
      Effect.catchTag(
        "PlatformError",
        (error) => isMissing(error) ? Effect.succeed(undefined) : Effect.fail(unreadable(error))
      )
    )

  const syncFolder = syncsFolder
    ? Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), (handle) => handle.sync))
    : Effect.void

  const backups = Effect.map(
    Effect.mapError(fs.readDirectory(folder), unreadable),
    (names) =>
      names.flatMap((name) => {
        const match = name.startsWith(`${base}.`) ? /^(\d{1,15})\.bak$/.exec(name.slice(base.length + 1)) : null
        return match === null ? [] : [Number(match[1])]
      }).toSorted((a, b) => b - a)
  )

  const keep = Effect.fnUntraced(function*(name: number) {
    yield* fs.remove(backupPath(name), { force: true })
    yield* Effect.catchIf(fs.link(path, backupPath(name)), isMissing, () => Effect.void)
  })

  return {
    read: Effect.all({ current: readFile(path), staged: readFile(next) }),
    stage: (text) =>
      Effect.mapError(
        Effect.scoped(Effect.gen(function*() {
          yield* fs.remove(next, { force: true })
          const handle = yield* open(next, "ax")
          yield* handle.writeAll(new TextEncoder().encode(text))
          yield* handle.sync
          yield* syncFolder
        })),
        unwritable
      ),
    promote: Effect.fnUntraced(function*(keepAs) {
      if ((yield* readFile(next)) === undefined) return
      yield* Effect.mapError(
        Effect.andThen(keep(keepAs), Effect.andThen(fs.rename(next, path), syncFolder)),
        unwritable
      )
      for (const name of (yield* backups).slice(most)) {
        yield* Effect.mapError(fs.remove(backupPath(name), { force: true }), unwritable)
      }
    }),
    backups,
    backup: (name) => readFile(backupPath(name))
  }
}
