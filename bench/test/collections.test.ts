import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"

const program = fileURLToPath(import.meta.resolve("./fixtures/collecting.ts"))

/** What full collections took of the code that a row's work runs, by name. */
const forgotten = async (suite: string, row: string): Promise<ReadonlyArray<string>> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", "--no-warnings", program, suite, row],
    { maxBuffer: 64 * 2 ** 20 }
  )
  assert.match(stdout, /^measured$/m)
  return stdout.split("\n").flatMap((line) =>
    line.includes("embedded weak objects cleared") ? [/SharedFunctionInfo ?([^>]*)>/.exec(line)?.[1] ?? line] : []
  )
}

describe("a full collection while nothing is on its way", () => {
  for (
    const [suite, row] of [
      ["actor", "ping-pong"],
      ["actor", "ask"],
      ["runtime", "reply"],
      ["runtime", "reply-yieldable"],
      ["runtime", "delivered"],
      ["security", "check-hit-100"],
      ["security", "check-miss-100"]
    ] as const
  ) {
    it(`leaves the compiled code of ${row}`, async () => {
      assert.deepStrictEqual(await forgotten(suite, row), [])
    }, 60_000)
  }
})
