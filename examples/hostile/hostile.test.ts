import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

describe("hostile", () => {
  it("stops each attack as its README says, while a neighbour answers", { timeout: 60_000 }, () => {
    const lines = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" }).trimEnd().split("\n")
    const readme = readFileSync(file("README.md"), "utf8")
    const shown = [...readme.matchAll(/^ {4}((?:miner|corpus)\..*)$/gm)].map(([, line]) => line)
    assert.lengthOf(shown, 10)
    assert.deepStrictEqual(lines.slice(0, -1), shown)
    assert.match(lines.at(-1)!, /^The audit log has 7 crashes\. Meanwhile the neighbour answered [1-9]\d+ calls\.$/)
    assert.deepStrictEqual(lines.filter(({ length }) => length > 80), [])
  })
})
