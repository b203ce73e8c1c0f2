import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { AuditError, failed } from "../AuditError.ts"
import type { AuditStore, FileOptions } from "../AuditStore.ts"

/** Where a path ends its folder, on systems with either separator. */
const place = (path: string): { readonly folder: string; readonly base: string } => {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"))
  return { folder: at < 0 ? "." : at === 0 ? path.slice(0, 1) : path.slice(0, at), base: path.slice(at + 1) }
}

const suffix = /^\.([1-9]\d{0,15})$/

/** The ids of the segments among the names of a folder, oldest first. */
const idsOf = (names: ReadonlyArray<string>, base: string): ReadonlyArray<number> =>
  names.flatMap((name) => {
    if (name === base) return [1]
    const match = name.startsWith(base) ? suffix.exec(name.slice(base.length)) : null
    const id = match === null ? 1 : Number(match[1])
    return id > 1 ? [id] : []
  }).sort((a, b) => a - b)

/**
 * The file that is written. `length` counts the bytes known to be whole and
 * durable; a file that is shorter or longer belongs to somebody else, or holds
 * the rest of a failed write, which is cut before the next one.
 */
interface Current {
  readonly id: number
  readonly handle: FileSystem.File
  readonly scope: Scope.Closeable
  length: number
  isDirty: boolean
}

const identity = (info: FileSystem.File.Info): string => `${info.dev} ${Option.getOrElse(info.ino, () => 0n)}`

/** Opens, syncs and removes files by name, and their folder. */
class Files {
  readonly path: string
  readonly unwritable: (cause: unknown) => AuditError
  readonly unreadable: (cause: unknown) => AuditError
  private readonly fs: FileSystem.FileSystem
  private readonly syncsFolder: boolean

  constructor(fs: FileSystem.FileSystem, options: FileOptions) {
    this.fs = fs
    this.path = options.path
    this.syncsFolder = options.syncFolder ?? true
    this.unwritable = failed("Unwritable", `${options.path} cannot be written`)
    this.unreadable = failed("Unreadable", `${options.path} cannot be read`)
  }

  pathOf(id: number): string {
    return id === 1 ? this.path : `${this.path}.${id}`
  }

  get ids(): Effect.Effect<ReadonlyArray<number>, AuditError> {
    const { base, folder } = place(this.path)
    return Effect.mapBoth(this.fs.readDirectory(folder), {
      onFailure: this.unreadable,
      onSuccess: (names) => idsOf(names, base)
    })
  }

  /** A file that is no link, readable and writable by its owner. */
  open(id: number, flag: "a+" | "ax+" | "r"): Effect.Effect<FileSystem.File, AuditError, Scope.Scope> {
    const options = { flag, mode: 0o600 } as const
    return this.fs.open(this.pathOf(id), { ...options, noFollow: true }).pipe(
      Effect.catchIf(
        (error) => error.reason._tag === "BadArgument" && error.reason.module === "FileSystem",
        () => this.fs.open(this.pathOf(id), options)
      ),
      Effect.mapError(flag === "ax+" ? this.unwritable : this.unreadable)
    )
  }

  sizeOf(id: number): Effect.Effect<number, AuditError> {
    return Effect.mapBoth(this.fs.stat(this.pathOf(id)), {
      onFailure: this.unreadable,
      onSuccess: (info) => Number(info.size)
    })
  }

  remove(id: number): Effect.Effect<void, AuditError> {
    return Effect.andThen(
      Effect.mapError(this.fs.remove(this.pathOf(id), { force: true }), this.unwritable),
      this.syncFolder
    )
  }

  get syncFolder(): Effect.Effect<void, AuditError> {
    return this.syncsFolder
      ? Effect.mapError(
        Effect.scoped(Effect.flatMap(this.fs.open(place(this.path).folder, { flag: "r" }), (folder) => folder.sync)),
        this.unwritable
      )
      : Effect.void
  }

  /** The size of an open file; undefined where its path leads to it no more. */
  sizeInPlace(current: Current): Effect.Effect<number | undefined, AuditError> {
    return Effect.map(this.fs.stat(this.pathOf(current.id)), identity).pipe(
      Effect.catchIf((error) => error.reason._tag === "NotFound", () => Effect.succeed("")),
      Effect.zipWith(current.handle.stat, (byName, open) => byName === identity(open) ? Number(open.size) : undefined),
      Effect.mapError(this.unwritable)
    )
  }
}

/** Cuts what a failed write left behind; fails where bytes are somebody else's. */
const settle = Effect.fnUntraced(function*(files: Files, current: Current) {
  const found = yield* files.sizeInPlace(current)
  if (found === undefined) {
    return yield* new AuditError({
      reason: "ForeignWriter",
      detail: `${files.pathOf(current.id)} was moved, replaced or deleted`
    })
  }
  if (found === current.length) return
  if (!current.isDirty || found < current.length) {
    return yield* new AuditError({
      reason: "ForeignWriter",
      detail: `${files.pathOf(current.id)} has ${found} bytes and not ${current.length}: another process writes it`
    })
  }
  yield* Effect.mapError(current.handle.truncate(current.length), files.unwritable)
})

const write = Effect.fnUntraced(function*(files: Files, current: Current, bytes: Uint8Array) {
  yield* settle(files, current)
  current.isDirty = true
  yield* Effect.mapError(Effect.andThen(current.handle.writeAll(bytes), current.handle.sync), files.unwritable)
  current.length += bytes.length
  current.isDirty = false
})

const read = (files: Files, id: number, from: number, most: number): Effect.Effect<Uint8Array, AuditError> =>
  Effect.scoped(Effect.flatMap(files.open(id, "r"), (handle) =>
    Effect.map(
      Effect.mapError(handle.readAlloc(most, { position: BigInt(from) }), files.unreadable),
      Option.getOrElse(() => new Uint8Array(0))
    )))

/**
 * What is read at opening may be in memory of the system alone, left by a
 * process that was killed before its sync: it is synced before anybody builds
 * on it. A segment that could not be begun is removed before the next append:
 * it would else pass for the last one.
 */
export const make = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  options: FileOptions
): Effect.fn.Return<AuditStore["Service"], AuditError, Scope.Scope> {
  if (options.lock !== undefined) yield* options.lock
  const outer = yield* Scope.Scope
  const files = new Files(fs, options)
  let unfinished: number | undefined

  const openCurrent = Effect.fnUntraced(function*(id: number, flag: "a+" | "ax+") {
    const scope = yield* Scope.fork(outer)
    return yield* Effect.gen(function*() {
      const handle = yield* Scope.provide(files.open(id, flag), scope)
      if (flag === "ax+") unfinished = id
      yield* Effect.mapError(handle.sync, files.unwritable)
      const length = flag === "ax+" ? 0 : Number((yield* Effect.mapError(handle.stat, files.unreadable)).size)
      return { id, handle, scope, length, isDirty: false } satisfies Current
    }).pipe(Effect.tapError(() => Scope.close(scope, Exit.void)))
  })

  const newest = (yield* files.ids).at(-1)
  let current: Current | undefined = newest === undefined ? undefined : yield* openCurrent(newest, "a+")
  yield* files.syncFolder

  const inCurrent = <A>(use: (current: Current) => Effect.Effect<A, AuditError>): Effect.Effect<A, AuditError> =>
    Effect.suspend(() =>
      current === undefined
        ? Effect.fail(new AuditError({ reason: "Unwritable", detail: `${files.path} was not begun` }))
        : use(current)
    )

  const dropUnfinished = Effect.suspend(() =>
    unfinished === undefined ? Effect.void : Effect.tap(files.remove(unfinished), () =>
      Effect.sync(() => {
        unfinished = undefined
      }))
  )

  const begin = Effect.fnUntraced(function*(id: number, bytes: Uint8Array) {
    yield* dropUnfinished
    const next = yield* openCurrent(id, "ax+")
    yield* Effect.andThen(write(files, next, bytes), files.syncFolder).pipe(
      Effect.tapError(() => Scope.close(next.scope, Exit.void))
    )
    unfinished = undefined
    if (current !== undefined) yield* Scope.close(current.scope, Exit.void)
    current = next
  }, Effect.uninterruptible)

  const remove = Effect.fnUntraced(function*(id: number) {
    yield* files.remove(id)
    if (current?.id !== id) return
    yield* Scope.close(current.scope, Exit.void)
    const before = (yield* files.ids).at(-1)
    current = before === undefined ? undefined : yield* openCurrent(before, "a+")
  }, Effect.uninterruptible)

  return {
    name: options.path,
    segments: Effect.flatMap(
      files.ids,
      Effect.forEach((id) =>
        Effect.map(id === current?.id ? Effect.succeed(current.length) : files.sizeOf(id), (length) => ({ id, length }))
      )
    ),
    read: (segment, from, most) => read(files, segment, from, most),
    append: (bytes) =>
      Effect.uninterruptible(Effect.andThen(dropUnfinished, inCurrent((current) => write(files, current, bytes)))),
    begin,
    cut: (length) =>
      inCurrent((current) =>
        Effect.andThen(current.handle.truncate(length), current.handle.sync).pipe(
          Effect.mapBoth({
            onFailure: files.unwritable,
            onSuccess: () => {
              current.length = length
            }
          })
        )
      ),
    remove
  }
})
