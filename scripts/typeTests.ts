/**
 * Runs tstyche on the TypeScript of `scripts/typetest`. Left to itself it would
 * download one, because TypeScript 7 has no JavaScript API.
 */
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { root } from "./lib/workspace.ts"

const typescript = createRequire(path.join(root, "scripts/typetest/package.json")).resolve("typescript")
const { status } = spawnSync("tstyche", process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, TSTYCHE_TYPESCRIPT_MODULE: pathToFileURL(typescript).href }
})
process.exitCode = status ?? 1
