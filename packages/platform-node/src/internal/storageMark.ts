/**
 * The number of the last commit that was said to be durable, beside the file of
 * the store. It is written without being synchronised, after what it counts was:
 * it never says more than is on the disk, and a file that says less has lost
 * something.
 *
 * Two places are written in turn, so that a torn one leaves the other.
 */
import * as fs from "node:fs"
import { crc32 } from "node:zlib"

const place = 512
const length = 12

const encoded = (commits: number): Buffer => {
  const bytes = Buffer.alloc(length)
  bytes.writeBigUInt64LE(BigInt(commits))
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 8)), 8)
  return bytes
}

const decoded = (bytes: Buffer): number =>
  bytes.readUInt32LE(8) === crc32(bytes.subarray(0, 8)) ? Number(bytes.readBigUInt64LE()) : 0

export interface Mark {
  /** What it said when it was opened; 0 where it said nothing. */
  readonly found: number
  readonly write: (commits: number) => void
  readonly close: () => void
}

export const open = (path: string): Mark => {
  const { O_CREAT, O_NOFOLLOW, O_RDWR } = fs.constants
  const file = fs.openSync(path, O_RDWR | O_CREAT | (O_NOFOLLOW ?? 0), 0o600)
  const read = (at: number): number => {
    const bytes = Buffer.alloc(length)
    return fs.readSync(file, bytes, 0, length, at) === length ? decoded(bytes) : 0
  }
  return {
    found: Math.max(read(0), read(place)),
    write: (commits) => void fs.writeSync(file, encoded(commits), 0, length, (commits % 2) * place),
    close: () => fs.closeSync(file)
  }
}
