/**
 * A process that loads components with a cache on disk: `cacheUser.ts <folder> <key file> <component>...`.
 * Prints what happened, and what the components' `f` gives.
 */
import * as Engine from "@airssys/engine/Engine"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as NodeEnginePlatform from "../src/NodeEnginePlatform.ts"

const [folder = "", key = "", ...files] = process.argv.slice(2)
const events: Array<string> = []
const report = ({ kind }: { readonly kind: string }) => {
  events.push(kind)
}

const values = await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
  const engine = Engine.make(yield* NodeEnginePlatform.make({ cache: { folder, key, report } }))
  return yield* Effect.promise(() =>
    Promise.all(files.map(async (file) => {
      const component = await engine.load(readFileSync(file))
      return engine.instantiate(component).func(undefined, "f").callSync([])
    }))
  )
})))
process.stdout.write(JSON.stringify({ values, events }))
