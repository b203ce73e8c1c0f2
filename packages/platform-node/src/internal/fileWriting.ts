import { FileRead } from "airssys/security/FileRead"
import type { Appender, Creation, FileWrite, Writer } from "airssys/security/FileWrite"
import type { Lease } from "airssys/security/Powers"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import { Draft, replaceable, writeAll } from "./fileDraft.ts"
import { attempt, fileError, FileFault } from "./fileFault.ts"
import { defaultMaxBytes, requireSizes } from "./fileReading.ts"
import { inParent, type Place, placeOf, type Roots } from "./fileRoots.ts"
import { codeOf } from "./ownedPaths.ts"
import { asNew, type Folder, nameIn } from "./rootFolder.ts"

const { O_APPEND, O_WRONLY } = constants

/** How often a file may appear and disappear between the two ways to open it. */
const attempts = 8

/** Never cuts a file on opening it: it may turn out to be one that is refused. */
const openFile = (place: Place, flags: number, create: Creation): Promise<fs.FileHandle> =>
  inParent(place, (folder, name) => openAs(place, folder, name, flags, create))

const openAs = async (
  { root }: Place,
  folder: Folder,
  name: string,
  flags: number,
  create: Creation
): Promise<fs.FileHandle> => {
  if (create === "Never") return await root.openFile(folder, name, flags)
  if (create === "New") return await root.openFile(folder, name, flags | asNew)
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      return await root.openFile(folder, name, flags | asNew)
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error
    }
    try {
      return await root.openFile(folder, name, flags)
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error
    }
  }
  throw new FileFault("Busy", "it appears and disappears")
}

const remove = (place: Place): Promise<void> =>
  inParent(place, async (folder, name) => {
    const at = nameIn(folder, name)
    const stats = await fs.lstat(at)
    if (stats.isDirectory()) return await fs.rmdir(at)
    if (!stats.isFile()) throw new FileFault("Refused", "a link, or something special")
    await fs.unlink(at)
  })

const move = (from: Place, to: Place, signal: AbortSignal): Promise<void> =>
  inParent(from, (source, sourceName) =>
    inParent(to, async (target, targetName) => {
      if (await replaceable(source, sourceName) === undefined) throw new FileFault("NotFound", "nothing to move")
      await replaceable(target, targetName)
      signal.throwIfAborted()
      await fs.rename(nameIn(source, sourceName), nameIn(target, targetName))
      await target.handle.sync()
      await source.handle.sync()
    }))

const writerOf = (lease: Lease, handle: fs.FileHandle): Writer => {
  const use = <A>(run: (signal: AbortSignal) => Promise<A>) => lease.use(attempt(lease.resource, run))
  return {
    size: use(async () => Number((await handle.stat({ bigint: true })).size)),
    writeAt: (position, bytes) =>
      use(async (signal) => {
        requireSizes(position, position + bytes.length)
        await writeAll(handle, bytes, position, signal)
      }),
    truncate: (size) =>
      use(async () => {
        requireSizes(size)
        await handle.truncate(size)
      }),
    sync: use(() => handle.sync())
  }
}

const appenderOf = (lease: Lease, handle: fs.FileHandle): Appender => ({
  append: (bytes) => lease.use(attempt(lease.resource, (signal) => writeAll(handle, bytes, null, signal))),
  sync: lease.use(attempt(lease.resource, () => handle.sync()))
})

export const writing = (roots: Roots) => (lease: Lease): FileWrite["Service"] => {
  const { resource } = lease
  const at = <A>(run: (place: Place, signal: AbortSignal) => Promise<A>) =>
    attempt(resource, async (signal) => await run(placeOf(roots, resource), signal))
  const open = (flags: number, create: Creation) =>
    lease.open(Effect.acquireRelease(
      at((place) => openFile(place, flags, create)),
      (handle) => Effect.promise(() => handle.close())
    ))
  return {
    resource,
    write: <E, R>(
      content: Uint8Array | Stream.Stream<Uint8Array, E, R>,
      { maxBytes = defaultMaxBytes }: { readonly maxBytes?: number | undefined } = {}
    ) =>
      lease.use(Effect.scoped(Effect.gen(function*() {
        yield* attempt(resource, async () => requireSizes(maxBytes))
        const draft = yield* Effect.acquireRelease(at(Draft.make), (draft) => Effect.promise(() => draft.close()))
        const write = (bytes: Uint8Array) => attempt(resource, (signal) => draft.write(bytes, maxBytes, signal))
        if (content instanceof Uint8Array) yield* write(content)
        else yield* Stream.runForEach(content, write)
        yield* attempt(resource, (signal) => draft.place(signal))
      }))),
    open: ({ create = "Never" } = {}) => Effect.map(open(O_WRONLY, create), (handle) => writerOf(lease, handle)),
    openAppend: ({ create = "Never" } = {}) =>
      Effect.map(open(O_WRONLY | O_APPEND, create), (handle) => appenderOf(lease, handle)),
    makeFolder: lease.use(at((place) => inParent(place, (folder, name) => fs.mkdir(nameIn(folder, name))))),
    remove: lease.use(at(remove)),
    rename: (to) =>
      Effect.gen(function*() {
        const source = yield* FileRead
        if (source.resource !== resource) {
          return yield* fileError(
            resource,
            new FileFault("NotPermitted", `the power to read is for ${source.resource}`)
          )
        }
        yield* source.stat
        yield* lease.use(lease.useOn(to, at((place, signal) => move(place, placeOf(roots, to), signal))))
      })
  }
}
