/**
 * A folder that is given to principals, and what is opened below it.
 *
 * A path is walked one name at a time. On Linux a name is looked up in the
 * folder that is open, by `/proc/self/fd/<descriptor>/<name>`: whatever others
 * do to paths meanwhile, no link is followed and no step leaves the folder it
 * starts in. Where there is no /proc, a path is opened and then compared with
 * what is found there: somebody who can write below the root, and is fast, can
 * have another file opened in between.
 */
import type { BigIntStats } from "node:fs"
import { constants, readFileSync, readlinkSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { FileFault } from "./fileFault.ts"

/** A folder that is open. `base` and a name are the path of what it has under that name. */
export interface Folder {
  readonly handle: fs.FileHandle
  readonly base: string
}

const { O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY } = constants
/** Not followed, not waited for, and no terminal of this process. Systems that lack one have no such files. */
const careful = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)

export const asFolder = O_RDONLY | (O_DIRECTORY ?? 0)

const descriptors = "/proc/self/fd"
/** What Linux writes behind the path of a descriptor whose name was removed. */
const removed = " (deleted)"
/** How often a name may have been given to another file while it was opened. */
const attempts = 8

export class RootFolder {
  readonly name: string
  /** The real path when it was opened, for operators. */
  readonly path: string
  readonly #top: Folder
  /** Whether names are looked up in descriptors, without a residual race. */
  readonly isAnchored: boolean
  readonly #mount: string

  private constructor(fields: {
    readonly name: string
    readonly path: string
    readonly handle: fs.FileHandle
    readonly isAnchored: boolean
    readonly mount: string
  }) {
    this.name = fields.name
    this.path = fields.path
    this.isAnchored = fields.isAnchored
    this.#mount = fields.mount
    this.#top = { handle: fields.handle, base: this.#baseOf(fields.handle, fields.path) }
  }

  /**
   * Opens the folder, whose last name may be no link. From then on the root is
   * that folder, whatever becomes of the path; without /proc, whatever the
   * path names.
   */
  static async open(name: string, given: string, options: { readonly useProc: boolean }): Promise<RootFolder> {
    const parent = await fs.realpath(path.dirname(path.resolve(given)))
    const real = path.join(parent, path.basename(path.resolve(given)))
    const handle = await fs.open(real, asFolder | careful)
    try {
      const isAnchored = options.useProc && await isAt(handle, `${descriptors}/${handle.fd}/.`)
      const mount = await mountOf(handle, isAnchored)
      const root = new RootFolder({ name, path: real, handle, isAnchored, mount })
      await root.#vet(handle, real)
      return root
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#top.handle.close()
  }

  /** Whether a name in another case is found as well; false where there is nothing to see it by. */
  async foldsCase(): Promise<boolean> {
    for await (const { name } of await fs.opendir(this.#top.base)) {
      const other = name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase()
      if (other === name) continue
      const [one, two] = await Promise.all([name, other].map((name) => identity(nameIn(this.#top, name))))
      return one !== undefined && one === two
    }
    return false
  }

  /** Opens the folders on the way one after the other, and closes them when `use` is done. */
  async within<A>(names: ReadonlyArray<string>, use: (folder: Folder) => Promise<A>): Promise<A> {
    let folder = this.#top
    try {
      for (const name of names) {
        const handle = await this.openIn(folder, name, asFolder)
        const passed = folder
        folder = { handle, base: this.#baseOf(handle, path.join(passed.base, name)) }
        if (passed !== this.#top) await passed.handle.close()
      }
      return await use(folder)
    } finally {
      if (folder !== this.#top) await folder.handle.close()
    }
  }

  /** Opens a folder, which the caller closes. */
  async openFolder(names: ReadonlyArray<string>): Promise<Folder> {
    const last = names.at(-1)
    const handle = last === undefined
      ? await fs.open(`${this.#top.base}${path.sep}.`, asFolder)
      : await this.within(names.slice(0, -1), (folder) => this.openIn(folder, last, asFolder))
    return { handle, base: this.#baseOf(handle, path.join(this.path, ...names)) }
  }

  /** Opens what a folder has under a name, if that is on the mount of the root. */
  async openIn(folder: Folder, name: string, flags: number, mode?: number): Promise<fs.FileHandle> {
    const at = nameIn(folder, name)
    const handle = await fs.open(at, flags | careful, mode)
    try {
      await this.#vet(handle, at)
      return handle
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /**
   * Opens a file that has this name and no other: another one may be outside.
   * A name that was given to another file meanwhile is looked up again.
   */
  async openFile(folder: Folder, name: string, flags: number): Promise<fs.FileHandle> {
    for (let attempt = 1;; attempt++) {
      const handle = await this.openIn(folder, name, flags)
      try {
        if (await this.#isNamed(handle, folder, name)) return handle
        if (attempt === attempts) throw new FileFault("Busy", `${name} is replaced all the time`)
      } catch (error) {
        await handle.close()
        throw error
      }
      await handle.close()
    }
  }

  /**
   * Refuses what is no file or has a second name; false if its name was taken
   * from it since it was opened.
   *
   * The names are counted before the one by which it was opened is seen to be
   * in place. In this order the one that was counted is that one: the entry of
   * a descriptor whose name was removed stays removed, also if there is such a
   * name again. In the other order, or by the count alone, a second name that
   * is made and removed at the right moments passes for the only one.
   */
  async #isNamed(handle: fs.FileHandle, folder: Folder, name: string): Promise<boolean> {
    const stats = await handle.stat({ bigint: true })
    if (stats.isDirectory()) throw new FileFault("NotAFile", "a folder")
    if (!stats.isFile()) throw new FileFault("Refused", "a pipe, a device or a socket")
    if (stats.nlink > 1n) throw new FileFault("Refused", `a file with ${stats.nlink} names`)
    if (stats.nlink === 0n) return false
    if (!this.isAnchored) return await isAt(handle, nameIn(folder, name))
    if (name.endsWith(removed)) throw new FileFault("Refused", "the name looks like one that was removed")
    return readlinkSync(`${descriptors}/${handle.fd}`) === `${readlinkSync(folder.base)}/${name}`
  }

  async #vet(handle: fs.FileHandle, at: string): Promise<void> {
    if (await mountOf(handle, this.isAnchored) !== this.#mount) {
      throw new FileFault("Refused", `${this.path}: ${at} is on another mount`)
    }
    if (this.isAnchored) return
    if (!await isAt(handle, at) || await fs.realpath(at) !== at) {
      throw new FileFault("Refused", `${at} is a link, has another case, or was replaced`)
    }
  }

  #baseOf(handle: fs.FileHandle, at: string): string {
    return this.isAnchored ? `${descriptors}/${handle.fd}` : at
  }
}

/** The path of a name that stays in its folder. */
export const nameIn = (folder: Folder, name: string): string => {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name) || path.sep === "\\" && /[\\:]/.test(name)) {
    throw new FileFault("Refused", "a name with a separator, or one that leads elsewhere")
  }
  return `${folder.base}${path.sep}${name}`
}

/** Makes a file that was not there. */
export const asNew = O_CREAT | O_EXCL

const idOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`

const identity = (at: string): Promise<string | undefined> => fs.lstat(at, { bigint: true }).then(idOf, () => undefined)

const isAt = async (handle: fs.FileHandle, at: string): Promise<boolean> =>
  idOf(await handle.stat({ bigint: true })) === await identity(at)

/** The mount by its id, which also tells bind mounts of one file system apart; or the device. */
const mountOf = async (handle: fs.FileHandle, hasProc: boolean): Promise<string> => {
  if (!hasProc) return `device ${(await handle.stat({ bigint: true })).dev}`
  const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${handle.fd}`, "latin1"))?.[1]
  if (id === undefined) throw new FileFault("Refused", "no mount is known for this descriptor")
  return `mount ${id}`
}
