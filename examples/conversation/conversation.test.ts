import * as ContractFile from "@airssys/cli/ContractFile"
import * as GuestBuild from "@airssys/cli/GuestBuild"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ReleaseSource } from "airssys/component"
import { TestEngine, TestHost } from "airssys/testing"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { toJson } from "./json.ts"
import { Waiter } from "./waiter.gen.ts"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const built = Effect.map(GuestBuild.build(file("waiter")), () => readFileSync(file("waiter/dist/waiter.wasm"))).pipe(
  Effect.provide(Layer.provideMerge(ReleaseSource.layerFileSystem, NodeServices.layer))
)

const kitchen = { namespace: "acme", name: "kitchen" }
const payload = (value: unknown) => ({ codec: "json", bytes: toJson(value) })
const request = (dish: string, answer: TestHost.Answer) =>
  TestHost.call("airssys:core/messaging#request", [kitchen, payload(dish), 1_000], answer)

describe("conversation", { timeout: 60_000 }, () => {
  it("prints what its README says", () => {
    const printed = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const [, shown] = readFileSync(file("README.md"), "utf8").split("It prints\n\n")
    assert.strictEqual(printed, shown!.replaceAll(/^ {4}/gm, ""))
  })

  it.effect("passes orders on, waits for the kitchen, and says what it says", () =>
    Effect.gen(function*() {
      const { client } = yield* TestHost.make(Waiter, {
        artifact: yield* built,
        script: [
          request("soup", Effect.delay(Effect.succeed({ tag: "ok", val: payload("here you are") }), "900 millis")),
          request("crêpe", { tag: "err", val: { tag: "timed-out" } })
        ]
      })
      const soup = yield* Effect.forkChild(client.order("soup"), { startImmediately: true })
      yield* TestClock.adjust("900 millis")
      assert.strictEqual(yield* Fiber.join(soup), "here you are")
      const late = yield* Effect.flip(client.order("crêpe"))
      assert.strictEqual("value" in late ? late.value : late._tag, "timed-out")
    }).pipe(Effect.provide(TestEngine.layer)))

  it.effect("has the contract and the guest types of its WIT", () =>
    Effect.gen(function*() {
      const contract = yield* ContractFile.generate(file("waiter/wit"))
      assert.strictEqual(contract.text, readFileSync(file("waiter.gen.ts"), "utf8"))
      for (const name of ["waiter", "kitchen"]) {
        const guest = yield* ContractFile.generateGuest(file(`${name}/wit`))
        assert.strictEqual(guest.text, readFileSync(file(`${name}/src/wit.gen.d.ts`), "utf8"))
      }
    }))
})
