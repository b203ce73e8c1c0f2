/**
 * Runs the scripts of `wast` as the conformance command runs those of others.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import * as airssys from "../../../scripts/conformance/engines/airssys.ts"
import type { Result } from "../../../scripts/conformance/result.ts"
import { runScript } from "../../../scripts/conformance/wast/runScript.ts"
import { read } from "../../../scripts/conformance/wast/script.ts"

const folder = path.join(import.meta.dirname, "wast")

const resultsOf = async (file: string): Promise<ReadonlyArray<Result>> => {
  const results: Array<Result> = []
  const commands = read(fs.readFileSync(path.join(folder, file), "utf8"))
  await runScript(await airssys.make(), file, commands, {
    from: 0,
    lost: new Map(),
    begin: async () => {},
    end: async (_, result) => void results.push(result)
  })
  expect(results).toHaveLength(commands.length)
  return results
}

describe("the scripts of this package", () => {
  it.each(fs.readdirSync(folder).sort())("%s holds on the engine", async (file) => {
    const fine = new Set(["passed", ...(file === "refused.wast" ? ["skipped"] : [])])
    const results = await resultsOf(file)
    expect(results.filter(({ status }) => !fine.has(status))).toEqual([])
  })

  it("an asynchronous component is refused by the name of what it uses", async () => {
    const skipped = (await resultsOf("refused.wast")).filter(({ status }) => status === "skipped")
    expect(skipped.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^asynchronous: async/),
      expect.stringMatching(/^asynchronous: async/),
      expect.stringMatching(/^asynchronous: stream/),
      expect.stringMatching(/^asynchronous: future/),
      expect.stringMatching(/^asynchronous: task\.return/)
    ])
  })
})
