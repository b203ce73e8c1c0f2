import * as ContractFile from "@airssys/cli/ContractFile"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const read = (name: string) => readFileSync(file(name), "utf8")
const run = (...args: ReadonlyArray<string>) =>
  execFileSync(process.execPath, args, { cwd: file("."), encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
const outcome = (...args: ReadonlyArray<string>) => {
  const { stderr, stdout } = spawnSync(process.execPath, args, { cwd: file("."), encoding: "utf8" })
  return stdout + stderr
}

describe("docs/tutorial/first-plugin.md", () => {
  it("shows the files of this folder", () => {
    const blocks = read("../../docs/tutorial/first-plugin.md").matchAll(/^```\S+.* file=(\S+).*\n([^]*?)^```$/gm)
    const shown = new Map([...blocks].map(([, name, text]) => [name!, text!]))
    assert.deepStrictEqual([...shown.keys()].sort(), [
      "discount/Component.toml",
      "discount/src/main.ts",
      "discount/wit/discount.wit",
      "main.ts",
      "price.test.ts",
      "price.ts"
    ])
    for (const [name, text] of shown) assert.strictEqual(text, read(name), name)
  })

  it("prints what it says", { timeout: 60_000 }, () => {
    run(file("../../packages/cli/src/bin.ts"), "build", "--folder", "discount")
    const output = run("main.ts")
    assert.match(output, /a code was used[^]*code="?SPRING/)
    assert.match(output, /^1800\n2000\n/m)
  })

  it("fails as it says without the grant", { timeout: 60_000 }, () => {
    const [, said] = /^```text\n(.*)\n```$/m.exec(read("../../docs/tutorial/first-plugin.md"))!
    const program = read("main.ts").replace(/, \{\n {2}grants:[^]*?\n\}\)/, ")")
    assert.notInclude(program, "grants:")
    run(file("../../packages/cli/src/bin.ts"), "build", "--folder", "discount")
    const failed = outcome("--input-type=module-typescript", "--eval", program)
    assert.include(failed, said!)
  })

  it.effect("has the contract and the guest types of its WIT", () =>
    Effect.gen(function*() {
      const contract = yield* ContractFile.generate(file("discount/wit"))
      assert.strictEqual(contract.text, read("discount.gen.ts"))
      const guest = yield* ContractFile.generateGuest(file("discount/wit"))
      assert.strictEqual(guest.text, read("discount/src/wit.gen.d.ts"))
    }))
})
