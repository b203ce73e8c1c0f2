/**
 * Folders and files that nobody but this user can change, and a key in one.
 */
import { randomBytes, randomUUID } from "node:crypto"
import type { Stats } from "node:fs"
import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"

export interface Fault {
  readonly reason: "NotAFolder" | "Exposed" | "ForeignOwner" | "KeyInvalid" | "KeyInside" | "Unusable"
  readonly detail: string
  readonly cause?: unknown
}

/** A fault as what is thrown between the functions of this folder. */
export class PathFault extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault.detail)
    this.fault = fault
  }
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined

/** Systems without users have no owners to compare. */
const owned = (stats: Stats): boolean => process.getuid === undefined || stats.uid === process.getuid()
const exposed = (stats: Stats, mask: number): boolean => process.getuid !== undefined && (stats.mode & mask) !== 0

/**
 * Makes a folder and those above it that are missing, with mode 0700. The recursive
 * form of Node never ends where the system takes no folder, as below /proc.
 */
export const makeFolders = async (folder: string): Promise<void> => {
  const make = () => fs.mkdir(folder, { mode: 0o700 })
  try {
    await make()
  } catch (error) {
    const parent = path.dirname(folder)
    if (codeOf(error) === "EEXIST") return
    if (codeOf(error) !== "ENOENT" || parent === folder || folder === "") throw error
    await makeFolders(parent)
    await make().catch((again: unknown) => {
      if (codeOf(again) !== "EEXIST") throw again
    })
  }
}

/** Makes the folder if there is none, with mode 0700, and gives its real path. */
export const ownFolder = async (folder: string): Promise<string> => {
  await makeFolders(folder)
  return await folderAsItIs(folder)
}

/** The real path of a folder that is there, and this user's alone. */
export const folderAsItIs = async (folder: string): Promise<string> => {
  const stats = await fs.lstat(folder).catch((cause: unknown) => {
    throw codeOf(cause) === "ENOENT"
      ? new PathFault({ reason: "NotAFolder", detail: `there is no ${folder}`, cause })
      : cause
  })
  if (!stats.isDirectory()) throw new PathFault({ reason: "NotAFolder", detail: `${folder} is not a folder itself` })
  if (!owned(stats)) {
    throw new PathFault({
      reason: "ForeignOwner",
      detail: `${folder} belongs to user ${stats.uid}: give another folder`
    })
  }
  if (exposed(stats, 0o077)) {
    throw new PathFault({ reason: "Exposed", detail: `other users have access to ${folder}: chmod 700` })
  }
  return await fs.realpath(folder)
}

const keySize = 32

export const usableKey = (key: Uint8Array): Uint8Array => {
  if (key.length >= keySize) return key.slice()
  throw new PathFault({ reason: "KeyInvalid", detail: `a key has at least ${keySize} bytes, this one ${key.length}` })
}

/** Reads the key in a file, which is made with a new key if there is none, and is not below `outside`. */
export const keyIn = async (file: string, outside?: string): Promise<Uint8Array> => {
  const parent = path.dirname(path.resolve(file))
  await makeFolders(parent)
  const real = await fs.realpath(parent)
  if (outside !== undefined && (real === outside || real.startsWith(outside + path.sep))) {
    throw new PathFault({
      reason: "KeyInside",
      detail: `${file} is inside of the folder of the cache: keep the key elsewhere`
    })
  }
  try {
    return await readKey(file)
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error
  }
  try {
    await makeKey(file)
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error
  }
  return await readKey(file)
}

/** Reads the key in a file that is there. */
export const readKey = async (file: string): Promise<Uint8Array> =>
  usableKey(await readOwned(file, 4_096, { isNone: "no file of a key", exposed: "make a new key, chmod 600" }))

/** Reads a file that is this user's, and that nobody else can read; `words` say what is wrong with another one. */
export const readOwned = async (file: string, most: number, words: {
  readonly isNone: string
  readonly exposed: string
}): Promise<Uint8Array> => {
  const handle = await openFile(file)
  try {
    const stats = await handle.stat()
    if (!stats.isFile() || stats.size > most) {
      throw new PathFault({ reason: "KeyInvalid", detail: `${file} is ${words.isNone}` })
    }
    if (!owned(stats)) throw new PathFault({ reason: "ForeignOwner", detail: `${file} belongs to user ${stats.uid}` })
    if (exposed(stats, 0o077)) {
      throw new PathFault({
        reason: "Exposed",
        detail: `other users have access to ${file}: ${words.exposed}`
      })
    }
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** Links a finished file into place: of several processes one wins, and no one reads half of a key or over one. */
export const makeKey = async (file: string): Promise<void> => {
  const temporary = `${file}.${randomUUID()}`
  try {
    await fs.writeFile(temporary, randomBytes(keySize), { mode: 0o600, flag: "wx", flush: true })
    await fs.link(temporary, file)
  } finally {
    await fs.rm(temporary, { force: true })
  }
}

/** Opens a file that is no link, without waiting for a writer of a pipe. */
export const openFile = (file: string): Promise<fs.FileHandle> =>
  fs.open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
    (error: unknown) => {
      if (codeOf(error) !== "ELOOP") throw error
      throw new PathFault({ reason: "KeyInvalid", detail: `${file} is a link`, cause: error })
    }
  )
