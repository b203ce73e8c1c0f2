/**
 * A disk in memory whose power can be cut: a file system that forgets, tears and
 * reorders what was not synced.
 *
 * What is written is seen at once and is not durable. A sync of a file makes its
 * bytes and length durable, a sync of the folder the names in it. A power cut
 * keeps what is durable and, of what was changed since, any part: of writes, any
 * of the pages they touch, each whole, in its first part or not at all, and
 * pages that are missing between others read as zeros; of changes of length and
 * of names, any, in their order.
 *
 * There is one folder, `/disk`, and what is needed to keep a log in files.
 *
 * @since 0.1.0
 */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PlatformError from "effect/PlatformError"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Bytes that reach the disk together, default 512. */
  readonly pageSize?: number | undefined
  /** Does nothing at a sync: for tests that have to find this out. */
  readonly ignoresSync?: boolean | undefined
  /** Does nothing at a sync of the folder. */
  readonly ignoresFolderSync?: boolean | undefined
}

/**
 * Picks one of `count` possibilities, from 0 on.
 *
 * @category models
 * @since 0.1.0
 */
export type Choose = (count: number) => number

/**
 * @category models
 * @since 0.1.0
 */
export interface CrashDisk {
  readonly layer: Layer.Layer<FileSystem.FileSystem>
  /** How many operations that change or sync something were done. */
  readonly operations: () => number
  /** Lets only this many more such operations happen: all others, and all reads after them, fail. */
  readonly stopAfter: (operations: number) => void
  /** Lets the next write store the first half of its bytes and fail, as a full disk does. */
  readonly failNextWrite: () => void
  /** Lets the next sync fail, after which no later sync makes durable what it was to. */
  readonly failNextSync: () => void
  /** Cuts the power and starts again from what is left. */
  readonly crash: (choose: Choose) => void
}

/** `isLost` says that a sync of it failed: systems forget then that it has to be written. */
type Change =
  | { readonly _tag: "Write"; readonly at: number; readonly bytes: Uint8Array; isLost: boolean }
  | { readonly _tag: "Length"; readonly length: number; isLost: boolean }

interface Inode {
  readonly ino: bigint
  seen: Uint8Array
  durable: Uint8Array
  changes: Array<Change>
}

/** Names that are given or taken together; undefined is taken. */
type Naming = ReadonlyArray<readonly [name: string, inode: Inode | undefined]>

const resized = (bytes: Uint8Array, length: number): Uint8Array => {
  const next = new Uint8Array(length)
  next.set(bytes.subarray(0, length))
  return next
}

const written = (bytes: Uint8Array, at: number, piece: Uint8Array): Uint8Array => {
  const next = resized(bytes, Math.max(bytes.length, at + piece.length))
  next.set(piece, at)
  return next
}

const applied = (bytes: Uint8Array, change: Change): Uint8Array =>
  change._tag === "Write" ? written(bytes, change.at, change.bytes) : resized(bytes, change.length)

/** A write as the pages it touches. */
const pagesOf = (change: Change, pageSize: number): ReadonlyArray<Change> => {
  if (change._tag === "Length") return [change]
  const pages: Array<Change> = []
  for (let at = change.at; at < change.at + change.bytes.length;) {
    const to = Math.min((Math.floor(at / pageSize) + 1) * pageSize, change.at + change.bytes.length)
    pages.push({ ...change, at, bytes: change.bytes.subarray(at - change.at, to - change.at) })
    at = to
  }
  return pages
}

const survived = (inode: Inode, pageSize: number, choose: Choose): Uint8Array => {
  let bytes = inode.durable
  for (const change of inode.changes.flatMap((change) => pagesOf(change, pageSize))) {
    const fate = choose(change._tag === "Write" && change.bytes.length > 1 ? 3 : 2)
    if (fate === 1) bytes = applied(bytes, change)
    if (fate === 2 && change._tag === "Write") {
      bytes = applied(bytes, { ...change, bytes: change.bytes.subarray(0, change.bytes.length >> 1) })
    }
  }
  return bytes
}

const failure = (_tag: PlatformError.SystemErrorTag, method: string, path: string): PlatformError.PlatformError =>
  PlatformError.systemError({ _tag, module: "FileSystem", method, pathOrDescriptor: path })

const folder = "/disk"

class Disk {
  private names = new Map<string, Inode>()
  private durableNames = new Map<string, Inode>()
  private namings: Array<Naming> = []
  private inodes = 0n
  private left = Number.POSITIVE_INFINITY
  private faults = { write: false, sync: false }
  private readonly options: Options
  operations = 0

  constructor(options: Options) {
    this.options = options
  }

  stopAfter(operations: number): void {
    this.left = operations
  }

  fail(what: "write" | "sync"): void {
    this.faults[what] = true
  }

  crash(choose: Choose): void {
    for (const naming of this.namings) {
      if (choose(2) === 0) continue
      for (const [name, inode] of naming) {
        if (inode === undefined) this.durableNames.delete(name)
        else this.durableNames.set(name, inode)
      }
    }
    const pageSize = this.options.pageSize ?? 512
    for (const inode of new Set(this.durableNames.values())) {
      inode.durable = survived(inode, pageSize, choose)
      inode.seen = inode.durable
      inode.changes = []
    }
    this.names = new Map(this.durableNames)
    this.namings = []
    this.left = Number.POSITIVE_INFINITY
    this.faults = { write: false, sync: false }
  }

  private reading<A>(method: string, path: string, use: () => A): Effect.Effect<A, PlatformError.PlatformError> {
    return Effect.suspend(() => this.left > 0 ? Effect.sync(use) : Effect.fail(failure("Unknown", method, path)))
  }

  private changing<A>(method: string, path: string, use: () => A): Effect.Effect<A, PlatformError.PlatformError> {
    return Effect.suspend(() => {
      if (this.left <= 0) return Effect.fail(failure("Unknown", method, path))
      this.left--
      this.operations++
      return Effect.sync(use)
    })
  }

  private find(method: string, path: string): Effect.Effect<Inode, PlatformError.PlatformError> {
    return Effect.flatMap(
      this.reading(method, path, () => this.names.get(path)),
      (inode) => inode === undefined ? Effect.fail(failure("NotFound", method, path)) : Effect.succeed(inode)
    )
  }

  private create(path: string): Effect.Effect<Inode, PlatformError.PlatformError> {
    return this.changing("open", path, () => {
      const inode: Inode = { ino: ++this.inodes, seen: new Uint8Array(0), durable: new Uint8Array(0), changes: [] }
      this.names.set(path, inode)
      this.namings.push([[path, inode]])
      return inode
    })
  }

  private change(inode: Inode, change: Change): void {
    inode.seen = applied(inode.seen, change)
    inode.changes.push(change)
  }

  private write(inode: Inode, path: string, bytes: Uint8Array): Effect.Effect<void, PlatformError.PlatformError> {
    return Effect.flatten(this.changing("writeAll", path, () => {
      const isFailing = this.faults.write
      this.faults.write = false
      const part = isFailing ? bytes.slice(0, bytes.length >> 1) : bytes.slice()
      this.change(inode, { _tag: "Write", at: inode.seen.length, bytes: part, isLost: false })
      return isFailing ? Effect.fail(failure("Unknown", "writeAll", path)) : Effect.void
    }))
  }

  private sync(path: string, inode: Inode, use: () => void): Effect.Effect<void, PlatformError.PlatformError> {
    return Effect.flatten(this.changing("sync", path, () => {
      if (this.faults.sync) {
        this.faults.sync = false
        for (const change of inode.changes) change.isLost = true
        return Effect.fail(failure("Unknown", "sync", path))
      }
      if (this.options.ignoresSync !== true) use()
      return Effect.void
    }))
  }

  private info(inode: Inode): FileSystem.File.Info {
    return {
      type: "File",
      mtime: Option.none(),
      atime: Option.none(),
      birthtime: Option.none(),
      dev: 1n,
      ino: Option.some(inode.ino),
      mode: 0o600,
      nlink: Option.none(),
      uid: Option.none(),
      gid: Option.none(),
      rdev: Option.none(),
      size: ByteSize.bytes(inode.seen.length),
      blksize: Option.none(),
      blocks: Option.none()
    }
  }

  private handle(inode: Inode, path: string): FileSystem.File {
    const unused = Effect.die(new Error("a file of CrashDisk is appended to, read, cut and synced"))
    return {
      [FileSystem.FileTypeId]: FileSystem.FileTypeId,
      stat: this.reading("stat", path, () => this.info(inode)),
      seek: () => unused,
      read: () => unused,
      write: () => unused,
      sync: this.sync(path, inode, () => {
        inode.durable = inode.changes.filter((change) => !change.isLost).reduce(applied, inode.durable)
        inode.changes = []
      }),
      readAlloc: (size, options) =>
        this.reading("readAlloc", path, () => {
          const from = Number(options?.position ?? 0n)
          const bytes = inode.seen.slice(from, from + size)
          return bytes.length === 0 ? Option.none() : Option.some(bytes)
        }),
      truncate: (length = 0) =>
        this.changing("truncate", path, () => this.change(inode, { _tag: "Length", length, isLost: false })),
      writeAll: (bytes) => this.write(inode, path, bytes)
    }
  }

  private get folderHandle(): FileSystem.File {
    const unnamed: Inode = { ino: 0n, seen: new Uint8Array(0), durable: new Uint8Array(0), changes: [] }
    return {
      ...this.handle(unnamed, folder),
      sync: this.sync(folder, unnamed, () => {
        if (this.options.ignoresFolderSync === true) return
        this.durableNames = new Map(this.names)
        this.namings = []
      })
    }
  }

  private open(path: string, flag: FileSystem.OpenFlag): Effect.Effect<FileSystem.File, PlatformError.PlatformError> {
    if (path === folder) return this.reading("open", path, () => this.folderHandle)
    const isNew = !this.names.has(path)
    if (!isNew && flag.includes("x")) return Effect.fail(failure("AlreadyExists", "open", path))
    return Effect.map(
      isNew && flag.startsWith("a") ? this.create(path) : this.find("open", path),
      (inode) => this.handle(inode, path)
    )
  }

  /** Gives a file another name, and takes one away, at once. */
  private name(method: string, from: string, to: string, taken?: string) {
    return Effect.flatMap(this.find(method, from), (inode) =>
      this.changing(method, from, () => {
        if (taken !== undefined) this.names.delete(taken)
        this.names.set(to, inode)
        this.namings.push([
          ...(taken === undefined ? [] : [[taken, undefined] as const]),
          [to, inode]
        ])
      }))
  }

  get fileSystem(): FileSystem.FileSystem {
    return FileSystem.makeNoop({
      open: (path, options) => Effect.suspend(() => this.open(path, options?.flag ?? "r")),
      stat: (path) => Effect.map(this.find("stat", path), (inode) => this.info(inode)),
      readDirectory: () =>
        this.reading(
          "readDirectory",
          folder,
          () => [...this.names.keys()].map((path) => path.slice(folder.length + 1))
        ),
      remove: (path) =>
        this.changing("remove", path, () => {
          if (this.names.delete(path)) this.namings.push([[path, undefined]])
        }),
      link: (from, to) => this.name("link", from, to),
      rename: (from, to) => this.name("rename", from, to, from)
    })
  }
}

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): CrashDisk => {
  const disk = new Disk(options)
  return {
    layer: Layer.sync(FileSystem.FileSystem, () => disk.fileSystem),
    operations: () => disk.operations,
    stopAfter: (operations) => disk.stopAfter(operations),
    failNextWrite: () => disk.fail("write"),
    failNextSync: () => disk.fail("sync"),
    crash: (choose) => disk.crash(choose)
  }
}
