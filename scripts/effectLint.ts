/**
 * Runs the Effect lints and makes sure that they looked at the source.
 *
 * `effect-tsgo` passes without a word when its plugin is not configured, so
 * the number of files it checked is compared with the number there is.
 */
import * as path from "node:path"
import { filesBelow, packages, root, run } from "./lib/workspace.ts"

const sources =
  packages.flatMap(({ folder }) => filesBelow(path.join(folder, "src")).filter((file) => file.endsWith(".ts"))).length

const { code, output } = await run("effect-tsgo", [
  "diagnostics",
  "--project",
  path.join(root, "tsconfig.json"),
  "--format",
  "text",
  "--strict"
])
const checked = Number(/Checked (\d+) files/.exec(output)?.[1] ?? 0)
const lines = output.split("\n").filter((line) => line !== "" && !line.includes(": message effect("))
for (const line of lines) console.log(line)
if (code !== 0) {
  process.exitCode = 1
} else if (checked === 0 || checked < sources) {
  console.error(`effect-tsgo checked ${checked} files, packages/*/src alone has ${sources}`)
  process.exitCode = 1
}
