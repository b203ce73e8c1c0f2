import * as ContractFile from "@airssys/cli/ContractFile"
import * as GuestBuild from "@airssys/cli/GuestBuild"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Runtime } from "airssys"
import { ReleaseSource } from "airssys/component"
import { SimulatedComponents, Simulation } from "airssys/testing"
import { Effect, Layer } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Primes } from "./primes.gen.ts"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const built = Effect.map(GuestBuild.build(file("primes")), () => ({
  manifest: readFileSync(file("primes/Component.toml"), "utf8"),
  artifact: readFileSync(file("primes/dist/primes.wasm"))
})).pipe(Effect.provide(Layer.provideMerge(ReleaseSource.layerFileSystem, NodeServices.layer)))

/** Jobs at once, each asked again until there is an answer. */
const program = Effect.gen(function*() {
  const runtime = yield* Runtime.Runtime
  const intensity = { restarts: 1_000, within: "1 second" } as const
  const { client } = yield* runtime.start(Primes, "/primes", {
    limits: { fuel: 2_000_000 },
    pool: { size: 3, intensity },
    intensity
  })
  const count = (below: number): Effect.Effect<number> =>
    client.count(below).pipe(Effect.catch(() => Effect.andThen(Effect.sleep("1 second"), count(below))))
  const counts = yield* Effect.forEach([10, 100, 10, 1_000, 100], count, { concurrency: "unbounded" })
  if (counts.join() !== "4,25,4,168,25") return yield* Effect.die(`it counted ${counts.join()}`)
})

describe("component-pool", { timeout: 60_000 }, () => {
  it("prints what its README says", () => {
    const printed = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const [, shown] = readFileSync(file("README.md"), "utf8").split("It prints\n\n")
    assert.strictEqual(printed, shown!.replaceAll(/^ {4}/gm, ""))
  })

  it.effect("answers right whatever the order, and whichever instance traps or is slow", () =>
    Effect.gen(function*() {
      const components = yield* SimulatedComponents.make({ "/primes": yield* built }, {
        faults: { trap: 0.2, slow: 0.2, longestDelay: "20 seconds" }
      })
      const explored = yield* Simulation.explore({ seeds: 50 }, Effect.provide(program, components))
      assert.isAbove(explored.faults, 50)
    }))

  it.effect("has the contract of its WIT", () =>
    Effect.gen(function*() {
      const contract = yield* ContractFile.generate(file("primes/wit"))
      assert.strictEqual(contract.text, readFileSync(file("primes.gen.ts"), "utf8"))
    }))
})
