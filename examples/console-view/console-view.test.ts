import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

describe("console-view", () => {
  it("prints what its README says", { timeout: 60_000 }, () => {
    const output = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const shown = readFileSync(file("README.md"), "utf8").split("It prints\n\n")[1]!
    assert.strictEqual(output, shown.replace(/^ {4}/gm, ""))
  })
})
