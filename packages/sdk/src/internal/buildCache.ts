/**
 * Built components by the hash of everything that went into them.
 *
 * An entry is one file: 32 bytes of SHA-256 over its key and the rest. One that
 * does not match, or that another user owns or can write, is as good as none.
 */
import { createHash, randomUUID } from "node:crypto"
import type { Stats } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** A key over named parts; lengths keep neighbouring parts apart. */
export const keyOf = (parts: ReadonlyArray<readonly [name: string, content: string | Uint8Array]>): string => {
  const hash = createHash("sha256")
  for (const [name, content] of parts) {
    const bytes = typeof content === "string" ? Buffer.from(content) : content
    hash.update(`${Buffer.byteLength(name)}:${name}${bytes.length}:`).update(bytes)
  }
  return hash.digest("hex")
}

/** Writes beside the target and renames, so that a reader sees the old file or the new one. */
export const writeAtomically = async (file: string, bytes: Uint8Array, mode: number): Promise<void> => {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`)
  try {
    const handle = await fs.open(temporary, "wx", mode)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.rename(temporary, file)
  } catch (error) {
    await fs.rm(temporary, { force: true })
    throw error
  }
}

const entryOf = (folder: string, key: string): string => path.join(folder, `${key}.component`)

const sealed = (key: string, bytes: Uint8Array): Uint8Array => createHash("sha256").update(key).update(bytes).digest()

/** Whether nobody else wrote the file, where the platform can tell. */
const isOwn = ({ mode, uid }: Stats): boolean =>
  process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0)

export const read = async (folder: string, key: string): Promise<Uint8Array | undefined> => {
  const handle = await fs.open(entryOf(folder, key)).catch(() => undefined)
  try {
    if (handle === undefined || !isOwn(await handle.stat())) {
      return undefined
    }
    const entry = await handle.readFile()
    const bytes = entry.subarray(32)
    return entry.length >= 32 && entry.subarray(0, 32).equals(sealed(key, bytes)) ? bytes : undefined
  } catch {
    return undefined
  } finally {
    await handle?.close()
  }
}

export const write = async (folder: string, key: string, bytes: Uint8Array): Promise<void> => {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 })
  await fs.chmod(folder, 0o700)
  await writeAtomically(entryOf(folder, key), Buffer.concat([sealed(key, bytes), bytes]), 0o600)
}
