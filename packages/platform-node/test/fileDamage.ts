/** What may befall a file while a store has it open. */
import { assert } from "@effect/vitest"
import * as fs from "node:fs"

/** Changes one bit of the byte at a place. */
export const flip = (file: string, at: number): void => {
  const handle = fs.openSync(file, "r+")
  const byte = Buffer.alloc(1)
  fs.readSync(handle, byte, 0, 1, at)
  byte[0] = byte[0]! ^ 0x10
  fs.writeSync(handle, byte, 0, 1, at)
  fs.closeSync(handle)
}

/** Makes the last handle on a file one that cannot be synchronised. */
export const disconnect = (file: string): void => {
  const real = fs.realpathSync(file)
  const handle = fs.readdirSync("/proc/self/fd").map(Number).filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) === real
    } catch {
      return false
    }
  }).toSorted((a, b) => b - a)[0]!
  fs.closeSync(handle)
  assert.strictEqual(fs.openSync("/dev/null", "r"), handle)
}
