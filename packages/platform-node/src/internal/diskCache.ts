/**
 * Entries of an engine's cache as files, each with an HMAC over its key and its
 * bytes in front.
 *
 * The HMAC is compared before a byte of the entry is looked at. A file is put
 * in place whole, so that several processes can share a folder; what was asked
 * for least lately is dropped when the folder is full.
 */
import { type CacheEvent, type EngineCache, RefusedEntry } from "@airssys/engine/EngineCache"
import { createHmac, randomUUID } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { codeOf, openFile, PathFault } from "./ownedPaths.ts"

const macSize = 32
/** Bytes that are hashed at a time: under a millisecond. */
const step = 512 * 1_024
const ending = ".plan"
const unfinished = ".part"
/** Milliseconds after which a file that nobody has finished is dropped. */
const abandoned = 60 * 60 * 1_000

export class DiskCache implements EngineCache {
  readonly runtime: string
  readonly report: ((event: CacheEvent) => void) | undefined
  readonly #folder: string
  readonly #key: Uint8Array
  readonly #maxBytes: number
  readonly #verifying: Promise<CryptoKey>
  #writes: Promise<unknown> = Promise.resolve()

  constructor(fields: {
    readonly folder: string
    readonly key: Uint8Array
    readonly maxBytes: number
    readonly runtime: string
    readonly report: ((event: CacheEvent) => void) | undefined
  }) {
    this.#folder = fields.folder
    this.#key = fields.key
    this.#maxBytes = fields.maxBytes
    const algorithm = { name: "HMAC", hash: "SHA-256" }
    this.#verifying = crypto.subtle.importKey("raw", Uint8Array.from(fields.key), algorithm, false, ["verify"])
    this.runtime = fields.runtime
    this.report = fields.report
  }

  readonly get = async (key: string): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const file = this.#file(key)
    let handle
    try {
      handle = await openFile(file)
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined
      throw error instanceof PathFault ? new RefusedEntry("it is a link") : error
    }
    const context = this.#context(key)
    const { mac, message } = await readOf(handle, context, this.#maxBytes).catch(async (error) => {
      await handle.close()
      throw error
    })
    const [isSound] = await Promise.all([
      crypto.subtle.verify("HMAC", await this.#verifying, mac, message),
      leave(handle)
    ])
    if (!isSound) throw new RefusedEntry("it was not written with this key, or changed since")
    return message.subarray(context.length)
  }

  /** Writes of one process follow each other, and with them the counting of bytes. */
  readonly put = (key: string, entry: Uint8Array<ArrayBuffer>): Promise<void> => {
    const written = this.#writes.then(() => this.#write(key, entry))
    this.#writes = written.catch(() => undefined)
    return written
  }

  /** Resolves when everything that was put is written or has failed. */
  readonly settled = async (): Promise<void> => {
    await this.#writes
  }

  #file(key: string): string {
    if (!/^[0-9a-f]{64}$/.test(key)) throw new TypeError("a key of another form")
    return path.join(this.#folder, key + ending)
  }

  /** What is in front of an entry when its HMAC is made. */
  #context(key: string): Uint8Array {
    return new TextEncoder().encode(`airssys engine cache 1\n${key}\n`)
  }

  async #write(key: string, entry: Uint8Array<ArrayBuffer>): Promise<void> {
    const file = this.#file(key)
    if (entry.length + macSize > this.#maxBytes) throw new RangeError("an entry larger than the cache may be")
    const temporary = path.join(this.#folder, `${randomUUID()}${unfinished}`)
    try {
      const handle = await fs.open(temporary, "wx", 0o600)
      try {
        const mac = createHmac("sha256", this.#key).update(this.#context(key))
        for (let at = 0; at < entry.length; at += step) {
          const part = entry.subarray(at, at + step)
          mac.update(part)
          await writeAll(handle, part, macSize + at)
        }
        await writeAll(handle, mac.digest(), 0)
      } finally {
        await handle.close()
      }
      await fs.rename(temporary, file)
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
    await this.#evict(file)
  }

  /** Drops the oldest files until the others fit. What another process drops meanwhile is gone too. */
  async #evict(kept: string): Promise<void> {
    const files: Array<{ readonly file: string; readonly size: number; readonly used: number }> = []
    for (const name of await fs.readdir(this.#folder)) {
      const file = path.join(this.#folder, name)
      const stats = await fs.lstat(file).catch(() => undefined)
      if (stats === undefined) continue
      if (name.endsWith(ending)) files.push({ file, size: stats.size, used: stats.mtimeMs })
      else if (name.endsWith(unfinished) && Date.now() - stats.mtimeMs > abandoned) await fs.rm(file, { force: true })
    }
    let total = files.reduce((sum, { size }) => sum + size, 0)
    for (const { file, size } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.#maxBytes) return
      if (file === kept) continue
      await fs.rm(file, { force: true })
      total -= size
    }
  }
}

/**
 * Reads a file at once: its HMAC, and what that is of, which is the entry behind
 * its context. The event loop turns as seldom as can be, since each turn may be
 * another's.
 */
const readOf = async (
  handle: fs.FileHandle,
  context: Uint8Array,
  maxBytes: number
): Promise<{ readonly mac: Uint8Array<ArrayBuffer>; readonly message: Uint8Array<ArrayBuffer> }> => {
  const stats = await handle.stat()
  const { size } = stats
  if (!stats.isFile() || size < macSize || size > maxBytes) {
    throw new RefusedEntry("it is no file of a possible size")
  }
  // The HMAC is read to where the end of the context goes.
  const start = context.length - macSize
  const message = new Uint8Array(start + size)
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(message, start + at, size - at, at)
    if (bytesRead === 0) throw new RefusedEntry("it is cut off")
    at += bytesRead
  }
  const mac = message.slice(start, context.length)
  message.set(context)
  return { mac, message }
}

/** Closes a file that was asked for. */
const leave = async (handle: fs.FileHandle): Promise<void> => {
  await handle.utimes(new Date(), new Date()).catch(() => undefined)
  await handle.close()
}

const writeAll = async (handle: fs.FileHandle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at)
    at += bytesWritten
  }
}
