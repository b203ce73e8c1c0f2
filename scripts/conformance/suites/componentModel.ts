/**
 * WebAssembly/component-model: the scripts in the `test` folder of a checkout,
 * or of any folder without one.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { runScript } from "../wast/runScript.ts"
import { read } from "../wast/script.ts"
import { lineOf, SyntaxProblem } from "../wast/tree.ts"
import type { Suite } from "./suite.ts"

export const suite: Suite = {
  name: "component-model",
  files: (root) => fs.globSync("**/*.wast", { cwd: folder(root) }).toSorted(),
  run: async (engine, root, file, progress) => {
    const source = fs.readFileSync(path.join(folder(root), file), "utf8")
    await runScript(engine, file, commandsOf(source), progress)
  }
}

const folder = (root: string): string => {
  const test = path.join(root, "test")
  return fs.existsSync(test) ? test : root
}

const commandsOf = (source: string) => {
  try {
    return read(source)
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    throw new Error(`line ${lineOf(source, error.offset)}: ${error.message}`, { cause: error })
  }
}
