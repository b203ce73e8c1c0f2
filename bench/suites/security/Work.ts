/**
 * The rules and resources of the rows about checks, the same for every
 * contender.
 */
import type { Work } from "../../harness/Suite.ts"

/** Checks between two looks at the clock. */
export const chunk = 1000

/** So many namespaces are granted, `tenant-7/orders/**` and its like. */
export const rules = [1, 10, 100, 1000] as const

export const patterns = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `tenant-${index}/orders/**`)

const keys = 16

/** Keys below the last of the namespaces that are granted, or beside all of them. */
export const resources = (count: number, isGranted: boolean): ReadonlyArray<string> =>
  Array.from({ length: keys }, (_, key) => `tenant-${count - 1}/${isGranted ? "orders" : "secrets"}/2027/${key}`)

/** A key that nobody has named before. */
export const fresh = (count: number, isGranted: boolean, serial: number): string =>
  `tenant-${count - 1}/${isGranted ? "orders" : "secrets"}/2027/${serial}`

/** Repeats of a few resources: what a program does that reads the same things again. */
export const repeated = (count: number, isGranted: boolean, check: (resource: string) => boolean): Work => {
  const named = resources(count, isGranted)
  let right = 0
  return {
    run: (times) => {
      for (let index = 0; index < times; index++) if (check(named[index % keys]!) === isGranted) right++
    },
    check: (times) => {
      const done = right
      right = 0
      expect(done, times)
    }
  }
}

/** Resources that were never named before; making the text is timed. */
export const neverSeen = (count: number, isGranted: boolean, check: (resource: string) => boolean): Work => {
  let serial = 0
  let right = 0
  return {
    run: (times) => {
      for (let index = 0; index < times; index++) if (check(fresh(count, isGranted, serial++)) === isGranted) right++
    },
    check: (times) => {
      const done = right
      right = 0
      expect(done, times)
    }
  }
}

export const expect = (actual: number, expected: number): void => {
  if (actual !== expected) throw new Error(`${actual} instead of ${expected}`)
}
