/**
 * Compares both engines on random components:
 * `node packages/engine-jco/scripts/differential.ts [first seed] [components]`.
 */
import * as NodeWorkerHost from "@airssys/platform-node/NodeWorkerHost"
import * as ComponentEngine from "airssys/component/ComponentEngine"
import { Effect, Layer } from "effect"
import { inspect } from "node:util"
import * as JcoEngine from "../src/JcoEngine.ts"
import { compare } from "../test/support/differential.ts"

const print = (line: string): boolean => process.stdout.write(`${line}\n`)

const [first = 1, components = 100] = process.argv.slice(2).map(Number)
const engineOf = <E>(layer: Layer.Layer<ComponentEngine.ComponentEngine, E>) =>
  Effect.flatMap(Layer.build(layer), (context) => Effect.provide(ComponentEngine.ComponentEngine, context))

const program = Effect.gen(function*() {
  const ours = yield* engineOf(ComponentEngine.layer)
  const theirs = yield* engineOf(JcoEngine.layer.pipe(Layer.provide(NodeWorkerHost.layer)))
  let calls = 0
  let found = 0
  let refused = 0
  for (let seed = first; seed < first + components; seed++) {
    const exit = yield* Effect.result(compare(seed, ours, theirs))
    if (exit._tag === "Failure") {
      // jco's engine carries no three nested options.
      if (exit.failure.message.includes("not supported by this engine")) refused++
      else found++
      print(`seed ${seed}: ${exit.failure.message}`)
      continue
    }
    calls += exit.success.calls
    for (const difference of exit.success.differences) {
      found++
      print(inspect(difference, { depth: 8, maxStringLength: 60, breakLength: 160 }))
    }
  }
  print(`${components} components from seed ${first}, ${calls} calls, ${refused} refused by jco, ${found} differences`)
  if (found > 0) process.exitCode = 1
})

await Effect.runPromise(Effect.scoped(program))
