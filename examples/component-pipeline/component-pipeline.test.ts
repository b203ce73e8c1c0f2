import * as ContractFile from "@airssys/cli/ContractFile"
import * as GuestBuild from "@airssys/cli/GuestBuild"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Grant, Runtime } from "airssys"
import { Codec, Messaging, ReleaseSource } from "airssys/component"
import { SimulatedComponents, Simulation, type TestComponents } from "airssys/testing"
import { Effect, Fiber, Layer, Schema, Stream } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const line = Codec.schema("json", Schema.String)
const degrees = Codec.schema("json", Schema.Finite)
const reason = "A test."

const built = Effect.forEach(
  ["clean", "average"],
  (name) =>
    Effect.map(GuestBuild.build(file(name)), () =>
      [`/${name}`, {
        manifest: readFileSync(file(`${name}/Component.toml`), "utf8"),
        artifact: readFileSync(file(`${name}/dist/${name}.wasm`))
      }] as const)
).pipe(
  Effect.map((entries) => Object.fromEntries<TestComponents.Files>(entries)),
  Effect.provide(Layer.provideMerge(ReleaseSource.layerFileSystem, NodeServices.layer))
)

/** The last averages that both stages make of some readings. */
const averages = (readings: ReadonlyArray<string>, count: number) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    const messaging = yield* Messaging.Messaging
    for (const [name, from, to] of [["clean", "raw", "readings.clean"], ["average", "clean", "averages.*"]] as const) {
      yield* runtime.startUntyped(`/${name}`, {
        limits: { fuel: 2_000_000 },
        grants: [
          Grant.make("messaging.subscribe", [`readings.${from}`], { reason }),
          Grant.make("messaging.publish", [to], { reason })
        ]
      })
    }
    const heard = yield* Effect.forkChild(
      Stream.runCollect(Stream.take(messaging.messages("averages.*", degrees), count))
    )
    yield* Effect.sleep("1 second")
    for (const reading of readings) yield* messaging.publish("readings.raw", reading, line)
    return new Map((yield* Fiber.join(heard)).map(({ topic, value }) => [topic, value]))
  })

describe("component-pipeline", { timeout: 60_000 }, () => {
  it("prints what its README says", () => {
    const printed = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const [, shown] = readFileSync(file("README.md"), "utf8").split("It prints\n\n")
    assert.strictEqual(printed, shown!.replaceAll(/^ {4}/gm, ""))
  })

  it.effect("comes to the same averages, whatever goes first", () =>
    Effect.gen(function*() {
      const components = yield* SimulatedComponents.make(yield* built)
      const program = Effect.gen(function*() {
        const found = yield* averages(["roof: 1", "noise", "roof: 3", "cellar: 7", "roof: 8"], 4)
        assert.deepStrictEqual(found, new Map([["averages.roof", 4], ["averages.cellar", 7]]))
      })
      const explored = yield* Simulation.explore({ seeds: 20 }, Effect.provide(program, components))
      assert.strictEqual(explored.seeds, 20)
    }))

  it.effect("has the guest types of its WIT", () =>
    Effect.gen(function*() {
      for (const name of ["clean", "average"]) {
        const guest = yield* ContractFile.generateGuest(file(`${name}/wit`))
        assert.strictEqual(guest.text, readFileSync(file(`${name}/src/wit.gen.d.ts`), "utf8"))
      }
    }))
})
