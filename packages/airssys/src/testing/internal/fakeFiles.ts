import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CapabilityError } from "../../security/CapabilityError.ts"
import { FileError, type Reason } from "../../security/FileError.ts"
import { type Entry, FileRead, type Reader, type Stat } from "../../security/FileRead.ts"
import { type Creation, FileWrite, type Writer } from "../../security/FileWrite.ts"
import * as Powers from "../../security/Powers.ts"
import type { Desk } from "./desk.ts"
import { joined } from "./joined.ts"

/** A file; a handle goes on with the one that it opened, whatever the name stands for by then. */
interface File {
  bytes: Uint8Array
  modified: number
}

const largest = 16 * 1_024 * 1_024
const defaultPiece = 64 * 1_024

const fail = (resource: string, reason: Reason): never => {
  throw new FileError({ resource, reason })
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** `inbox:/a` of `inbox:/a/b`, `inbox:/` of `inbox:/a`. */
const parentOf = (resource: string): string => {
  const at = resource.lastIndexOf("/")
  return at === resource.indexOf("/") ? resource.slice(0, at + 1) : resource.slice(0, at)
}

const isRoot = (resource: string): boolean => resource.endsWith(":/")

/** Files and folders of a test, by their resources. */
export class FakeFiles {
  readonly #files = new Map<string, File>()
  readonly #folders = new Set<string>()

  constructor(given: Readonly<Record<string, string | Uint8Array>>) {
    for (const [resource, content] of Object.entries(given)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice()
      this.#files.set(resource, { bytes, modified: 0 })
      for (let folder = parentOf(resource);; folder = parentOf(folder)) {
        this.#folders.add(folder)
        if (isRoot(folder)) break
      }
    }
  }

  content(resource: string): Uint8Array | undefined {
    return this.#files.get(resource)?.bytes.slice()
  }

  sources<K extends string>(desk: Desk<K>): ReadonlyArray<Powers.Source> {
    return [
      Powers.source(FileRead, (lease) => this.#reading(desk, lease)),
      Powers.source(FileWrite, (lease) => this.#writing(desk, lease))
    ]
  }

  #reading<K extends string>(desk: Desk<K>, lease: Powers.Lease): FileRead["Service"] {
    const { resource } = lease
    const open = Effect.map(
      lease.open(desk.step(lease, "open", () => handle(resource, attempt(() => this.#file(resource))))),
      (use): Reader => ({
        size: lease.use(use(({ bytes }) => bytes.length)),
        readAt: (position, length) => lease.use(use(({ bytes }) => piece(resource, bytes, position, length)))
      })
    )
    return {
      resource,
      stat: desk.use(lease, "stat", () => attempt(() => this.#stat(resource))),
      read: ({ maxBytes = largest } = {}) =>
        desk.use(lease, "read", () =>
          attempt(() => {
            const { bytes } = this.#file(resource)
            return bytes.length > maxBytes ? fail(resource, "TooLarge") : bytes.slice()
          })),
      open,
      stream: ({ pieceBytes = defaultPiece, position = 0 } = {}) =>
        Powers.stream(
          lease,
          Stream.unwrap(desk.step(lease, "stream", () =>
            attempt(() => {
              const { bytes } = this.#file(resource)
              const count = Math.max(0, Math.ceil((bytes.length - position) / Math.max(1, pieceBytes)))
              return Stream.fromIterable(
                Array.from(
                  { length: count },
                  (_, index) => piece(resource, bytes, position + index * pieceBytes, pieceBytes)
                )
              )
            })))
        ),
      list: Powers.stream(
        lease,
        Stream.unwrap(desk.step(lease, "list", () => attempt(() => Stream.fromIterable(this.#entries(resource)))))
      )
    }
  }

  #writing<K extends string>(desk: Desk<K>, lease: Powers.Lease): FileWrite["Service"] {
    const { resource } = lease
    const open = (operation: string, create: Creation) =>
      lease.open(
        desk.step(lease, operation, () => handle(resource, timed((now) => this.#opened(resource, create, now))))
      )
    const step = <A>(operation: string, work: (now: number) => A) => desk.use(lease, operation, () => timed(work))
    return {
      resource,
      write: <E, R>(
        content: Uint8Array | Stream.Stream<Uint8Array, E, R>,
        { maxBytes = largest }: { readonly maxBytes?: number | undefined } = {}
      ) =>
        desk.use(lease, "write", () =>
          Effect.flatMap(
            content instanceof Uint8Array ? Effect.succeed([content]) : Stream.runCollect(content),
            (pieces) =>
              timed((modified) => {
                const bytes = joined(pieces)
                if (bytes.length > maxBytes) return fail(resource, "TooLarge")
                this.#place(resource, { bytes, modified })
              })
          )),
      open: ({ create = "Never" } = {}) => Effect.map(open("open", create), (use) => writerOf(lease, use)),
      openAppend: ({ create = "Never" } = {}) =>
        Effect.map(open("openAppend", create), (use) => ({
          append: (bytes) => lease.use(use((file) => put(resource, file, file.bytes.length, bytes))),
          sync: lease.use(use(() => undefined))
        })),
      makeFolder: step("makeFolder", () => {
        this.#parent(resource)
        if (this.#files.has(resource) || this.#folders.has(resource)) return fail(resource, "AlreadyExists")
        this.#folders.add(resource)
      }),
      remove: step("remove", () => this.#remove(resource)),
      rename: (to) =>
        Effect.gen({ self: this }, function*() {
          const source = yield* FileRead
          if (source.resource !== resource) return yield* new FileError({ resource, reason: "NotPermitted" })
          yield* source.stat
          yield* lease.use(desk.use(lease, "rename", () =>
            timed(() => {
              const file = this.#file(resource)
              this.#place(to, file)
              if (to !== resource) this.#files.delete(resource)
            }), to))
        })
    }
  }

  #opened(resource: string, create: Creation, modified: number): File {
    const isThere = this.#files.has(resource)
    if (isThere && create === "New") return fail(resource, "AlreadyExists")
    if (!isThere && create !== "Never") this.#place(resource, { bytes: new Uint8Array(), modified })
    return this.#file(resource)
  }

  #parent(resource: string): void {
    const parent = parentOf(resource)
    if (isRoot(resource) || this.#files.has(parent)) return fail(resource, "NotAFolder")
    if (!this.#folders.has(parent)) return fail(resource, isRoot(parent) ? "NoSuchRoot" : "NotFound")
  }

  #file(resource: string): File {
    const file = this.#files.get(resource)
    if (file !== undefined) return file
    if (this.#folders.has(resource)) return fail(resource, "NotAFile")
    this.#parent(resource)
    return fail(resource, "NotFound")
  }

  #stat(resource: string): Stat {
    if (this.#folders.has(resource)) return { kind: "Folder", size: 0, modified: 0 }
    const { bytes, modified } = this.#file(resource)
    return { kind: "File", size: bytes.length, modified }
  }

  #place(resource: string, file: File): void {
    this.#parent(resource)
    if (this.#folders.has(resource)) return fail(resource, "NotAFile")
    this.#files.set(resource, file)
  }

  #entries(resource: string): ReadonlyArray<Entry> {
    if (this.#files.has(resource)) return fail(resource, "NotAFolder")
    if (!this.#folders.has(resource)) return fail(resource, "NotFound")
    const below = (names: Iterable<string>, kind: Entry["kind"]) =>
      [...names].filter((name) => !isRoot(name) && parentOf(name) === resource)
        .map((name): Entry => ({ name: name.slice(name.lastIndexOf("/") + 1), kind }))
    return [...below(this.#files.keys(), "File"), ...below(this.#folders, "Folder")]
  }

  #remove(resource: string): void {
    if (!this.#folders.has(resource)) {
      this.#file(resource)
      this.#files.delete(resource)
    } else if (isRoot(resource)) fail(resource, "NotPermitted")
    else if (this.#entries(resource).length > 0) fail(resource, "NotEmpty")
    else this.#folders.delete(resource)
  }
}

const attempt = <A>(work: () => A): Effect.Effect<A, FileError> =>
  Effect.try({
    try: work,
    catch: (error) => {
      if (error instanceof FileError) return error
      throw error
    }
  })

const timed = <A>(work: (now: number) => A): Effect.Effect<A, FileError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => attempt(() => work(now)))

type Use = <A>(work: (file: File) => A) => Effect.Effect<A, FileError>

/** Gives what a file is used through until the scope closes. */
const handle = (resource: string, file: Effect.Effect<File, FileError>): Effect.Effect<Use, FileError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(Effect.map(file, (file) => ({ file, isOpen: true })), (handle) =>
      Effect.sync(() => {
        handle.isOpen = false
      })),
    (handle): Use => (work) => attempt(() => handle.isOpen ? work(handle.file) : fail(resource, "Closed"))
  )

const writerOf = (lease: Powers.Lease, use: Use): Writer => {
  const run = <A>(work: (file: File) => A): Effect.Effect<A, FileError | CapabilityError> => lease.use(use(work))
  return {
    size: run(({ bytes }) => bytes.length),
    writeAt: (position, bytes) => run((file) => put(lease.resource, file, position, bytes)),
    truncate: (size) =>
      run((file) => {
        if (!isSize(size)) return fail(lease.resource, "InvalidRange")
        const bytes = new Uint8Array(size)
        bytes.set(file.bytes.subarray(0, size))
        file.bytes = bytes
      }),
    sync: run(() => undefined)
  }
}

const piece = (resource: string, bytes: Uint8Array, position: number, length: number): Uint8Array =>
  isSize(position) && isSize(length) && length <= largest
    ? bytes.slice(position, position + length)
    : fail(resource, "InvalidRange")

const put = (resource: string, file: File, position: number, bytes: Uint8Array): void => {
  if (!isSize(position) || position + bytes.length > largest) return fail(resource, "InvalidRange")
  const whole = new Uint8Array(Math.max(file.bytes.length, position + bytes.length))
  whole.set(file.bytes)
  whole.set(bytes, position)
  file.bytes = whole
}
