import * as ContractFile from "@airssys/cli/ContractFile"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const greeting = "Hello, world. I hold no capability.\n"

describe("hello", () => {
  it("greets under plain node and under tsx", { timeout: 60_000 }, () => {
    assert.strictEqual(execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" }), greeting)
    const tsx = fileURLToPath(import.meta.resolve("tsx/cli"))
    assert.strictEqual(execFileSync(process.execPath, [tsx, file("main.ts")], { encoding: "utf8" }), greeting)
  })

  it.effect("has the contract and the guest types of its WIT", () =>
    Effect.gen(function*() {
      const contract = yield* ContractFile.generate(file("greeter/wit"))
      assert.strictEqual(contract.text, readFileSync(file("greeter.gen.ts"), "utf8"))
      const guest = yield* ContractFile.generateGuest(file("greeter/wit"))
      assert.strictEqual(guest.text, readFileSync(file("greeter/src/wit.gen.d.ts"), "utf8"))
    }))
})
