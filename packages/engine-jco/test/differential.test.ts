import type { WitType } from "@airssys/engine/WitType"
import * as NodeWorkerHost from "@airssys/platform-node/NodeWorkerHost"
import { assert, describe, layer } from "@effect/vitest"
import * as ComponentEngine from "airssys/component/ComponentEngine"
import { Context, Effect, Layer } from "effect"
import { passing, Random, Types } from "../../airssys/test/component/support/randomWit.ts"
import * as JcoEngine from "../src/JcoEngine.ts"
import { compare, faultsOfJco, run } from "./support/differential.ts"

class Jco extends Context.Service<Jco, ComponentEngine.ComponentEngine["Service"]>()("test/Jco") {}

const both = Layer.merge(
  ComponentEngine.layer,
  Layer.effect(Jco, ComponentEngine.ComponentEngine).pipe(
    Layer.provide(JcoEngine.layer),
    Layer.provide(NodeWorkerHost.layer)
  )
)

const components = 10

describe("both engines", () => {
  layer(both, { excludeTestServices: true })((it) => {
    for (let seed = 1; seed <= components; seed++) {
      it.effect(`agree about 20 random types and their values, seed ${seed}`, () =>
        Effect.gen(function*() {
          const { calls, differences } = yield* compare(seed, yield* ComponentEngine.ComponentEngine, yield* Jco)
          assert.strictEqual(calls, 160)
          assert.deepStrictEqual(differences, [])
        }), 300_000)
    }

    const flags: WitType = { kind: "flags", name: { owner: undefined, name: "rights" }, labels: ["tag", "write"] }
    const faults: ReadonlyArray<readonly [name: string, type: WitType, value: unknown]> = [
      [faultsOfJco[0]!.name, { kind: "result", ok: flags, err: undefined }, { tag: "err", val: undefined }],
      ["a long text of two-byte characters is a trap", { kind: "string" }, "ж".repeat(300)]
    ]
    for (const [name, type, value] of faults) {
      it.effect(`differ where jco is wrong: ${name}`, () =>
        Effect.gen(function*() {
          const types = new Types(new Random(0))
          if (type !== faults[1]![1]) types.declared.push(flags as typeof types.declared[number])
          const of = { name: "f0", params: [type] }
          const bytes = yield* Effect.promise(() => passing([of], types))
          const calls = [{ of, args: [value] }]
          const [ours] = yield* run(yield* ComponentEngine.ComponentEngine, bytes, calls)
          const [theirs] = yield* run(yield* Jco, bytes, calls)
          assert.deepStrictEqual(ours, { seen: [value], result: value })
          assert.notDeepEqual(theirs, ours)
        }), 60_000)
    }
  })
})
