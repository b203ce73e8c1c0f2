/**
 * Checks that every relative link in Markdown leads to a file or folder.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { markdown, root } from "./lib/workspace.ts"

let links = 0
const broken: Array<string> = []
for (const file of markdown) {
  const lines = fs.readFileSync(path.join(root, file), "utf8").split("\n")
  for (const [at, line] of lines.entries()) {
    for (const [, target] of line.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      links++
      const leadsTo = path.join(root, path.dirname(file), target!)
      if (!fs.existsSync(leadsTo)) broken.push(`${file}:${at + 1}: there is no ${path.relative(root, leadsTo)}`)
    }
  }
}
for (const problem of broken) console.error(problem)
console.log(`${links} links in ${markdown.length} files, ${broken.length} broken`)
if (broken.length > 0 || links === 0) process.exitCode = 1
