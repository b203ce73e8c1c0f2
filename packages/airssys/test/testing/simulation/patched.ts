/**
 * Copies of the production sources, for runs in processes of their own.
 */
import * as childProcess from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { promisify } from "node:util"
import type { Edit } from "./planted.ts"

const execFile = promisify(childProcess.execFile)
const here = import.meta.dirname
const airssys = path.resolve(here, "../../..")
const installed = path.resolve(airssys, "../../node_modules")

const apply = (source: string, { file, find, replace }: Edit): string => {
  const places = source.split(find).length - 1
  if (places !== 1) throw new Error(`The patch of ${file} is stale: its text occurs ${places} times:\n${find}`)
  return source.replace(find, () => replace)
}

/** Runs `main.ts` on the sources as they are; gives what it prints. */
export const runMain = async (args: ReadonlyArray<string>, main = path.join(here, "main.ts")): Promise<string> =>
  (await execFile(process.execPath, [main, ...args], { maxBuffer: 2 ** 26 })).stdout

/** Runs `main.ts` on a copy of the sources with these edits. */
export const runPatched = async (edits: ReadonlyArray<Edit>, args: ReadonlyArray<string>): Promise<string> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "airssys-simulation-"))
  try {
    const copy = path.join(folder, "airssys")
    for (const part of ["src/actor", "src/testing/Simulation.ts", "src/testing/internal", "package.json"]) {
      fs.cpSync(path.join(airssys, part), path.join(copy, part), { recursive: true })
    }
    fs.cpSync(here, path.join(folder, "test"), { recursive: true })
    const modules = path.join(folder, "node_modules")
    fs.mkdirSync(modules)
    fs.symlinkSync(copy, path.join(modules, "airssys"))
    fs.symlinkSync(path.join(installed, "effect"), path.join(modules, "effect"))
    fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ type: "module" }))
    for (const edit of edits) {
      const file = path.join(copy, "src", edit.file)
      fs.writeFileSync(file, apply(fs.readFileSync(file, "utf8"), edit))
    }
    return await runMain(args, path.join(folder, "test", "main.ts"))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}
