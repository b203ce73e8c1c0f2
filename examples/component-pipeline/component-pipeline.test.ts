import * as ContractFile from "@airssys/cli/ContractFile"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

describe("component-pipeline", { timeout: 60_000 }, () => {
  it("prints what its README says", () => {
    const printed = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const [, shown] = readFileSync(file("README.md"), "utf8").split("It prints\n\n")
    assert.strictEqual(printed, shown!.replaceAll(/^ {4}/gm, ""))
  })

  it.effect("has the guest types of its WIT", () =>
    Effect.gen(function*() {
      for (const name of ["clean", "average"]) {
        const guest = yield* ContractFile.generateGuest(file(`${name}/wit`))
        assert.strictEqual(guest.text, readFileSync(file(`${name}/src/wit.gen.d.ts`), "utf8"))
      }
    }))
})
