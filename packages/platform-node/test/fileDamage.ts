/** What may befall a file while a store has it open. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import builtin from "node:fs"
import { syncBuiltinESMExports } from "node:module"

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

/** Until the scope ends no disk answers what asks it to synchronise, but when it is told to. */
export const silence = Effect.acquireRelease(
  Effect.sync(() => {
    const real = builtin.fdatasync
    const asked: Array<(then?: () => void) => void> = []
    builtin.fdatasync = Object.assign(
      (file: number, answered: fs.NoParamCallback) =>
        void asked.push((then) =>
          real(file, (error) => {
            answered(error)
            then?.()
          })
        ),
      real
    )
    syncBuiltinESMExports()
    const answer = (): void => {
      for (const go of asked.splice(0)) go()
    }
    return { asked, answer, real }
  }),
  ({ answer, real }) =>
    Effect.sync(() => {
      builtin.fdatasync = real
      syncBuiltinESMExports()
      answer()
    })
)

/** How many handles this process has on a file. */
export const handles = (file: string): number =>
  fs.readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) === file
    } catch {
      return false
    }
  }).length

/** What a system lets one move or remove while it is open: of files, Windows nothing. */
export const movable = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  process.platform === "win32" ? [] : names
