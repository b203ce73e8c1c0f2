/**
 * Ends the command with a remedy when the running Node is older than `engines`.
 *
 * Plain JavaScript, because an old Node cannot load the TypeScript it guards.
 */
import { readFileSync } from "node:fs"

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
const wanted = /^>=(\d+)\.(\d+)$/.exec(manifest.engines.node)
if (wanted === null) {
  throw new Error(`package.json: engines.node is "${manifest.engines.node}", expected ">=major.minor"`)
}
const [major, minor] = process.versions.node.split(".").map(Number)
const isOld = major < Number(wanted[1]) || (major === Number(wanted[1]) && minor < Number(wanted[2]))

if (isOld) {
  const pinned = manifest.devDependencies.node
  process.stderr.write(
    `error: this is Node ${process.versions.node} (${process.execPath}); Node ${wanted[1]}.${
      wanted[2]
    } or newer is needed\n` +
      `  "npm ci" puts Node ${pinned} into node_modules, and npm scripts then run on it. It is not there because\n` +
      "  the install script of the package \"node\" did not run: leave out --ignore-scripts, and keep\n" +
      `  "allowScripts": { "node": true } in package.json (npm 12 runs no install script without it).\n` +
      "  Then: npm ci, and start through npm (npm test, npm start). Nothing was run.\n"
  )
  process.exit(1)
}
