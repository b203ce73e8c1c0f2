import type { CapabilityError } from "airssys/security/CapabilityError"
import type { FileError } from "airssys/security/FileError"
import type { Entry, FileRead, Reader, Stat } from "airssys/security/FileRead"
import * as Pattern from "airssys/security/Pattern"
import type { Lease } from "airssys/security/Powers"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { BigIntStats, Dir, Dirent } from "node:fs"
import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import { attempt, FileFault } from "./fileFault.ts"
import { inParent, type Place, placeOf, type Roots } from "./fileRoots.ts"
import { asFolder } from "./rootFolder.ts"

export const defaultMaxBytes = 16 * 1_024 * 1_024
export const largestPiece = 16 * 1_024 * 1_024
const defaultPiece = 64 * 1_024
/** What one call of the system reads or writes: an interruption waits for no more. */
export const step = 1_024 * 1_024

export const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

export const requireSizes = (...values: ReadonlyArray<number>): void => {
  if (!values.every(isSize)) throw new FileFault("InvalidRange", "not a whole number from 0")
}

const openFile = (place: Place): Promise<fs.FileHandle> =>
  inParent(place, (folder, name) => place.root.openFile(folder, name, constants.O_RDONLY))

const statOf = ({ names, root }: Place): Promise<Stat> => {
  const look = (handle: fs.FileHandle) => handle.stat({ bigint: true }).then(toStat)
  return names.length === 0
    ? root.within([], ({ handle }) => look(handle))
    : inParent({ names, root }, async (folder, name) => {
      const handle = await root.openFile(folder, name, constants.O_RDONLY).catch((error: unknown) => {
        if (!(error instanceof FileFault) || error.reason !== "NotAFile") throw error
        return root.openIn(folder, name, asFolder)
      })
      return await look(handle).finally(() => handle.close())
    })
}

const toStat = (stats: BigIntStats): Stat => ({
  kind: stats.isDirectory() ? "Folder" : "File",
  size: stats.isDirectory() ? 0 : Number(stats.size),
  modified: Number(stats.mtimeMs)
})

const readAt = async (handle: fs.FileHandle, position: number, length: number): Promise<Uint8Array> => {
  requireSizes(position, length)
  if (length > largestPiece) throw new FileFault("InvalidRange", "the piece is too long")
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, Math.min(step, length - filled), position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

const readWhole = async (handle: fs.FileHandle, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> => {
  requireSizes(maxBytes)
  const { size } = await handle.stat({ bigint: true })
  const tooLarge = () => new FileFault("TooLarge", `more than ${maxBytes} bytes`)
  if (size > BigInt(maxBytes)) throw tooLarge()
  let bytes = new Uint8Array(Number(size) + 1)
  let filled = 0
  for (;;) {
    const { bytesRead } = await handle.read(bytes, filled, Math.min(step, bytes.length - filled), filled)
    if (bytesRead === 0) return bytes.subarray(0, filled)
    filled += bytesRead
    if (filled > maxBytes) throw tooLarge()
    if (filled === bytes.length) {
      const larger = new Uint8Array(Math.min(maxBytes + 1, 2 * filled))
      larger.set(bytes)
      bytes = larger
    }
    signal.throwIfAborted()
  }
}

const readerOf = (lease: Lease, handle: fs.FileHandle): Reader => {
  const use = <A>(run: () => Promise<A>) => lease.use(attempt(lease.resource, run))
  return {
    size: use(async () => Number((await handle.stat({ bigint: true })).size)),
    readAt: (position, length) => use(() => readAt(handle, position, length))
  }
}

const kindOf = (entry: Dirent): Entry["kind"] => entry.isFile() ? "File" : entry.isDirectory() ? "Folder" : "Other"

/** Names that could not be asked for: hidden characters, broken UTF-8, key files, wildcards. */
const isSpeakable = (name: string): boolean =>
  !name.includes("*") && !name.includes("\ufffd") && Result.isSuccess(Pattern.parse("filesystem.read", `a:/a/${name}`))

/** The next entries; none at the end. */
const readSome = async (dir: Dir): Promise<ReadonlyArray<Dirent>> => {
  const entries: Array<Dirent> = []
  while (entries.length < 32) {
    const entry = await dir.read()
    if (entry === null) break
    entries.push(entry)
  }
  return entries
}

const listOf = (
  roots: Roots,
  lease: Lease
): Stream.Stream<Entry, FileError | CapabilityError> => {
  const { resource } = lease
  const open: Effect.Effect<Dir, FileError, Scope.Scope> = Effect.map(
    Effect.acquireRelease(
      attempt(resource, async () => {
        const { names, root } = placeOf(roots, resource)
        // The folder stays open beside its listing, which looks up kinds by its path.
        const folder = await root.openFolder(names)
        return await fs.opendir(folder.base).then((dir) => ({ dir, folder }), async (error: unknown) => {
          await folder.handle.close()
          throw error
        })
      }),
      ({ dir, folder }) => Effect.promise(() => dir.close().finally(() => folder.handle.close()))
    ),
    ({ dir }) => dir
  )
  const next = (dir: Dir) =>
    Effect.map(lease.use(attempt(resource, () => readSome(dir))), (entries) =>
      [
        entries.filter(({ name }) => isSpeakable(name)).map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
        entries.length === 0 ? Option.none<Dir>() : Option.some(dir)
      ] as const)
  return Stream.unwrap(Effect.map(lease.open(open), (dir) => Stream.paginate(dir, next)))
}

export const reading = (roots: Roots) => (lease: Lease): FileRead["Service"] => {
  const { resource } = lease
  const at = <A>(run: (place: Place, signal: AbortSignal) => Promise<A>) =>
    attempt(resource, async (signal) => await run(placeOf(roots, resource), signal))
  const open = Effect.map(
    lease.open(Effect.acquireRelease(at(openFile), (handle) => Effect.promise(() => handle.close()))),
    (handle) => readerOf(lease, handle)
  )
  return {
    resource,
    stat: lease.use(at(statOf)),
    read: ({ maxBytes = defaultMaxBytes } = {}) =>
      lease.use(at(async (place, signal) => {
        const handle = await openFile(place)
        return await readWhole(handle, maxBytes, signal).finally(() => handle.close())
      })),
    open,
    stream: ({ pieceBytes = defaultPiece, position = 0 } = {}) =>
      Stream.unwrap(
        Effect.map(open, ({ readAt }) =>
          Stream.paginate(position, (from) =>
            Effect.map(readAt(from, Math.max(1, pieceBytes)), (piece) =>
              [
                piece.length === 0 ? [] : [piece],
                piece.length === 0 ? Option.none<number>() : Option.some(from + piece.length)
              ] as const)))
      ),
    list: listOf(roots, lease)
  }
}
