/**
 * A process that writes to a store of storage until it is killed:
 * `storageVictim.ts <path> <life>`. It prints `open` when the store is, and then
 * the number of each group once it is acknowledged.
 */
import * as Storage from "airssys/component/Storage"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import { groupOf, layerOf, owner } from "./storageGroups.ts"

const [path = "", life = ""] = process.argv.slice(2)

const say = (line: string): void => void writeSync(1, `${line}\n`)

const program = Effect.gen(function*() {
  const storage = yield* Storage.Storage
  say("open")
  const group = (number: number) => Effect.map(storage.commit(owner, groupOf(life, number)), () => say(String(number)))
  for (let number = 0;; number += 3) {
    yield* Effect.all([group(number), group(number + 1), group(number + 2)], { concurrency: "unbounded" })
  }
})

await Effect.runPromise(Effect.provide(program, layerOf(path)))
