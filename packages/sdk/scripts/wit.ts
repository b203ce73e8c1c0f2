/** Puts the repository's WIT packages into the published package, and takes them out again. */
import * as fs from "node:fs/promises"
import { fileURLToPath } from "node:url"

const from = fileURLToPath(new URL("../../../wit", import.meta.url))
const to = fileURLToPath(new URL("../wit", import.meta.url))

await fs.rm(to, { recursive: true, force: true })
if (process.argv[2] === "before") {
  for (const entry of await fs.readdir(from, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== "test") {
      await fs.cp(`${from}/${entry.name}`, `${to}/${entry.name}`, { recursive: true })
    }
  }
}
