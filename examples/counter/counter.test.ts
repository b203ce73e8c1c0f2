import * as ContractFile from "@airssys/cli/ContractFile"
import * as GuestBuild from "@airssys/cli/GuestBuild"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Grant, Runtime } from "airssys"
import { ReleaseSource } from "airssys/component"
import { TestComponents, TestPowers } from "airssys/testing"
import { Effect, Layer } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Counter } from "./counter.gen.ts"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const reason = "A test."
const grants = [
  Grant.make("storage.read", ["counts/*"], { reason }),
  Grant.make("storage.write", ["counts/*"], { reason })
]

const built = Effect.gen(function*() {
  yield* GuestBuild.build(file("counter"))
  const artifact = readFileSync(file("counter/dist/counter.wasm"))
  return { manifest: readFileSync(file("counter/Component.toml"), "utf8"), artifact }
}).pipe(Effect.provide(Layer.provideMerge(ReleaseSource.layerFileSystem, NodeServices.layer)))

describe("counter", { timeout: 60_000 }, () => {
  it("prints what its README says", () => {
    const printed = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const [, shown] = readFileSync(file("README.md"), "utf8").split("It prints\n\n")
    assert.strictEqual(printed, shown!.replaceAll(/^ {4}/gm, ""))
  })

  it.effect("counts on after a stop, and says when its store fails", () =>
    Effect.gen(function*() {
      const powers = yield* TestPowers.make()
      const Host = TestComponents.layer({ "/counter": yield* built }, { powers: powers.sources })
      yield* Effect.gen(function*() {
        const runtime = yield* Runtime.Runtime
        const first = yield* runtime.start(Counter, "/counter", { grants })
        const sums = yield* Effect.all([1, 2, 3].map((by) => first.client.add("visits", by)), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(sums, [1, 3, 6])
        yield* runtime.stop("acme:counter")
        const { client } = yield* runtime.start(Counter, "/counter", { grants })
        assert.strictEqual(yield* client.add("visits", 4), 10)
        yield* powers.next("storage.write", { fail: "QuotaExceeded" })
        const failed = yield* Effect.flip(client.add("visits", 5))
        assert.strictEqual(failed._tag, "acme:counter/Unavailable")
        assert.strictEqual(yield* client.add("visits", 6), 16)
      }).pipe(Effect.provide(Host))
    }))

  it.effect("has the contract and the guest types of its WIT", () =>
    Effect.gen(function*() {
      const contract = yield* ContractFile.generate(file("counter/wit"))
      assert.strictEqual(contract.text, readFileSync(file("counter.gen.ts"), "utf8"))
      const guest = yield* ContractFile.generateGuest(file("counter/wit"))
      assert.strictEqual(guest.text, readFileSync(file("counter/src/wit.gen.d.ts"), "utf8"))
    }))
})
