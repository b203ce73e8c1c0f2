import * as ContractFile from "@airssys/cli/ContractFile"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { HostFunctions, ReleaseSource } from "airssys/component"
import { TestComponents, TestEngine, TestHost, TestPowers } from "airssys/testing"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Tools } from "./tools.gen.ts"
import { read, run, sources, type Tool } from "./tools.ts"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const menu: Tool = { name: "menu", text: "return files.read(input)", asks: ["notes:/**"], grants: ["notes:/**"] }

const built = sources([menu]).pipe(Effect.provide(
  Layer.provideMerge(ReleaseSource.layerFileSystem, NodeServices.layer)
))

describe("tools", { timeout: 60_000 }, () => {
  it("prints what its README says", () => {
    const printed = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const [, shown] = readFileSync(file("README.md"), "utf8").split("It prints\n\n")
    assert.strictEqual(printed, shown!.split("\n\n")[0]!.replaceAll(/^ {4}/gm, "") + "\n")
  })

  it.effect("gives a tool the text of a file, or tells it that access is denied", () =>
    Effect.gen(function*() {
      const { artifact } = (yield* built)["/tools/menu"]!
      const { client } = yield* TestHost.make(Tools, {
        artifact,
        script: [
          TestHost.call("acme:tools/files#read", ["notes:/a"], { tag: "ok", val: "soup" }),
          TestHost.call("acme:tools/files#read", ["notes:/b"], { tag: "err", val: { tag: "access-denied" } })
        ]
      })
      assert.strictEqual(yield* client.run("return files.read(input).length", "notes:/a"), "4")
      const denied = yield* Effect.flip(client.run("return files.read(input)", "notes:/b"))
      assert.strictEqual(denied._tag === "acme:tools/RunError" ? denied.value : denied.message, "access denied")
    }).pipe(Effect.provide(TestEngine.layer)))

  it.effect("stops a tool whose file takes longer than its limit", () =>
    Effect.gen(function*() {
      const powers = yield* TestPowers.make({ files: { "notes:/menu.txt": "soup" } })
      const Host = TestComponents.layer(yield* built, { powers: powers.sources }).pipe(
        Layer.provide(HostFunctions.layer(read))
      )
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* run(menu, "notes:/menu.txt"), "soup")
        yield* powers.next("filesystem.read", { after: "1 second" })
        const late = yield* Effect.forkChild(Effect.flip(run(menu, "notes:/menu.txt")), { startImmediately: true })
        while ((yield* powers.asked).length < 2) yield* Effect.yieldNow
        yield* TestClock.adjust("250 millis")
        assert.include((yield* Fiber.join(late)).message, "runner.run")
      }).pipe(Effect.provide(Host))
    }))

  it.effect("has the contract and the guest types of its WIT", () =>
    Effect.gen(function*() {
      const contract = yield* ContractFile.generate(file("runner/wit"))
      assert.strictEqual(contract.text, readFileSync(file("tools.gen.ts"), "utf8"))
      const guest = yield* ContractFile.generateGuest(file("runner/wit"))
      assert.strictEqual(guest.text, readFileSync(file("runner/src/wit.gen.d.ts"), "utf8"))
    }))
})
