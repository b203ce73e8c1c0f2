/**
 * Open files, and whether their names still lead to them. Who removes or replaces
 * a folder takes nothing from the process that has it open: what is written then
 * reaches nobody, and a second process can open the names anew.
 */
import * as fs from "node:fs"
import * as path from "node:path"

const identity = (file: string): string => {
  try {
    const { dev, ino } = fs.statSync(file, { bigint: true })
    return `${dev} ${ino}`
  } catch {
    return "none"
  }
}

export class HeldFiles {
  readonly #files: ReadonlyArray<{ readonly file: string; readonly found: string }>

  /** To be made while the files are open: a system gives the number of an open file to no other. */
  constructor(files: ReadonlyArray<string>) {
    this.#files = files.map((file) => ({ file, found: identity(file) }))
  }

  /** Says what was lost and what would put it right; undefined while all is in its place. Holds the thread for a look at each. */
  get lost(): string | undefined {
    const lost = this.#files.find(({ file, found }) => identity(file) !== found)?.file
    return lost === undefined ? undefined : `${lost} was moved, replaced or deleted while it was open: ` +
      `put ${path.dirname(lost)} back as it was, or start the host again with what is there`
  }
}
