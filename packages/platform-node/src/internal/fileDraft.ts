import { randomUUID } from "node:crypto"
import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import { FileFault } from "./fileFault.ts"
import { step } from "./fileReading.ts"
import type { Place } from "./fileRoots.ts"
import { codeOf } from "./ownedPaths.ts"
import { asNew, type Folder, nameIn } from "./rootFolder.ts"

export const writeAll = async (
  handle: fs.FileHandle,
  bytes: Uint8Array,
  position: number | null,
  signal: AbortSignal
): Promise<void> => {
  let written = 0
  while (written < bytes.length) {
    signal.throwIfAborted()
    const length = Math.min(step, bytes.length - written)
    written += (await handle.write(bytes, written, length, position === null ? null : position + written)).bytesWritten
  }
}

/** What the name stands for: a file that may be replaced, or nothing. Everything else is refused. */
export const replaceable = async (folder: Folder, name: string): Promise<{ readonly mode: number } | undefined> => {
  const stats = await fs.lstat(nameIn(folder, name)).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined
    throw error
  })
  if (stats === undefined) return undefined
  if (stats.isDirectory()) throw new FileFault("NotAFile", "a folder")
  if (!stats.isFile() || stats.nlink > 1) throw new FileFault("Refused", "a link, or something special")
  return { mode: stats.mode & 0o777 }
}

/**
 * The next content of a file, beside it under a name that no resource can
 * have, until it takes its place.
 */
export class Draft {
  readonly #folder: Folder
  readonly #name: string
  readonly #draft: string
  readonly #handle: fs.FileHandle
  #isPlaced = false
  #size = 0

  private constructor(folder: Folder, name: string, draft: string, handle: fs.FileHandle) {
    this.#folder = folder
    this.#name = name
    this.#draft = draft
    this.#handle = handle
  }

  static async make({ names, root }: Place): Promise<Draft> {
    const name = names.at(-1)
    if (name === undefined) throw new FileFault("NotAFile", "the root itself")
    const folder = await root.openFolder(names.slice(0, -1))
    try {
      const found = await replaceable(folder, name)
      const draft = `.airssys-${randomUUID()}`
      const handle = await root.openIn(folder, draft, constants.O_WRONLY | asNew)
      const made = new Draft(folder, name, draft, handle)
      if (found !== undefined) await handle.chmod(found.mode).catch((cause: unknown) => made.#refuse(cause))
      return made
    } catch (error) {
      await folder.handle.close()
      throw error
    }
  }

  /** Leaves nothing of a draft that could not be made; its folder is closed by who opened it. */
  async #refuse(cause: unknown): Promise<never> {
    await this.#handle.close()
    await fs.unlink(nameIn(this.#folder, this.#draft))
    throw cause
  }

  async write(bytes: Uint8Array, maxBytes: number, signal: AbortSignal): Promise<void> {
    this.#size += bytes.length
    if (this.#size > maxBytes) throw new FileFault("TooLarge", `more than ${maxBytes} bytes`)
    await writeAll(this.#handle, bytes, null, signal)
  }

  /** Durable first, then visible, then its name durable. */
  async place(signal: AbortSignal): Promise<void> {
    await this.#handle.sync()
    await replaceable(this.#folder, this.#name)
    signal.throwIfAborted()
    await fs.rename(nameIn(this.#folder, this.#draft), nameIn(this.#folder, this.#name))
    this.#isPlaced = true
    await this.#folder.handle.sync()
  }

  async close(): Promise<void> {
    try {
      await this.#handle.close()
      if (!this.#isPlaced) await fs.rm(nameIn(this.#folder, this.#draft), { force: true })
    } finally {
      await this.#folder.handle.close()
    }
  }
}
