import { linkSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs"
import { join } from "node:path"
import { workerData } from "node:worker_threads"

/**
 * Exchanges what is in a root for ways out of it and back, as fast as it can,
 * until the shared flag is set.
 */
const { base, flag } = workerData as { readonly base: string; readonly flag: Int32Array }
const inbox = join(base, "inbox")
const outside = join(base, "outside")

const swap = (path: string, trap: (path: string) => void): void => {
  const aside = join(base, "aside")
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  try {
    trap(path)
    for (let spin = 0; spin < 2_000; spin++) Atomics.load(flag, 0)
    rmSync(path, { force: true })
  } catch {
    rmSync(path, { recursive: true, force: true })
  }
  renameSync(aside, path)
}

const link = (target: string) => (path: string) => symlinkSync(target, path)

/** A second name for what is outside, made and removed while others open it, count its names and look again. */
const flicker = (path: string): void => {
  for (let round = 0; round < 200; round++) {
    linkSync(join(outside, "data"), path)
    for (let spin = 0; spin < 50 * (round % 7); spin++) Atomics.load(flag, 0)
    unlinkSync(path)
  }
}

const pause = (): void => {
  for (let spin = 0; spin < 20_000; spin++) Atomics.load(flag, 0)
}

while (Atomics.load(flag, 0) === 0) {
  swap(join(inbox, "d"), link(outside))
  swap(join(inbox, "d/data"), link(join(outside, "data")))
  pause()
  swap(join(inbox, "d/e"), link("../../outside/e"))
  swap(join(inbox, "d/data"), flicker)
  pause()
  swap(join(inbox, "d/e/data"), (path) => {
    renameSync(join(inbox, "pipe"), path)
    renameSync(path, join(inbox, "pipe"))
  })
  swap(join(inbox, "d/e"), link("../.."))
  swap(inbox, link(outside))
  pause()
  Atomics.add(flag, 1, 1)
}
