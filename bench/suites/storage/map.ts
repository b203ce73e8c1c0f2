/** The floor: a map in memory, which forgets. */
import type { Work } from "../../harness/Suite.ts"
import { expect, fresh, keyOf, shuffled } from "./Work.ts"

const filled = (keys: number) =>
  new Map(Array.from({ length: keys }, (_, number) => [keyOf(number), fresh(number)] as const))

export const get = async (keys: number): Promise<Work> => {
  const values = filled(keys)
  const next = shuffled(keys)
  let found = 0
  return {
    run: (count) => {
      for (let done = 0; done < count; done++) if (values.get(keyOf(next())) !== undefined) found++
    },
    check: (count) => {
      expect(found, count)
      found = 0
    }
  }
}

export const set = async (keys: number): Promise<Work> => {
  const values = filled(keys)
  const next = shuffled(keys)
  let made = 0
  return {
    run: (count) => {
      for (let done = 0; done < count; done++) values.set(keyOf(next()), fresh(made++))
    },
    check: (count) => {
      expect(made, count)
      made = 0
      expect(values.size, keys)
    }
  }
}
