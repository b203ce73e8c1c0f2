import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8")

describe("docs/tutorial/two-components.md", () => {
  it("shows the files of this folder, and parts of the manifests", () => {
    const blocks = [
      ...read("../../docs/tutorial/two-components.md").matchAll(
        /^```\S+.* (file|part)=(\S+).*\n([^]*?)^```$/gm
      )
    ]
    assert.deepStrictEqual(blocks.map(([, kind, name]) => `${kind} ${name}`), [
      "file kitchen/wit/kitchen.wit",
      "part kitchen/Component.toml",
      "file kitchen/src/main.ts",
      "part waiter/Component.toml",
      "file waiter/src/main.ts"
    ])
    for (const [, kind, name, text] of blocks) {
      if (kind === "file") assert.strictEqual(text, read(name!), name)
      else assert.include(read(name!), text!)
    }
  })
})
