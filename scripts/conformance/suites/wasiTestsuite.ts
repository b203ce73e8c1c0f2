/**
 * WebAssembly/wasi-testsuite: the built programs of a checkout.
 *
 * Programs of preview 1 are core modules, those of preview 3 are asynchronous.
 * A component of preview 2 has to load; it is run where it imports nothing,
 * because neither engine brings an implementation of the interfaces.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { type Engine, Trapped } from "../engines/contract.ts"
import { failed, passed, skipped, type Verdict } from "../verdict.ts"
import { leftOut, single, worldOf } from "./single.ts"
import type { Suite } from "./suite.ts"

export const suite: Suite = {
  name: "wasi-testsuite",
  files: (root) => fs.globSync("**/*.wasm", { cwd: root, exclude: ["**/node_modules"] }).toSorted(),
  run: (engine, root, file, progress) => single(engine, file, progress, () => check(engine, path.join(root, file)))
}

const check = async (engine: Engine, file: string): Promise<Verdict> => {
  const bytes = Uint8Array.from(fs.readFileSync(file))
  const unwanted = leftOut(engine, bytes)
  if (unwanted !== undefined) return unwanted
  const component = await engine.load(bytes)
  const { exports, imports } = worldOf(bytes)
  const wanted = imports.filter(({ functions }) => functions.length > 0).map(({ id }) => id ?? "the world")
  if (wanted.length > 0) return skipped(`no implementation of its imports: ${wanted.join(", ")}`)
  const run = exports.find(({ id }) => id?.startsWith("wasi:cli/run@") === true)
  if (run === undefined) return failed("loaded", "it exports no wasi:cli/run")
  const instance = component.instantiate("nothing")
  return compare(outcome(() => instance.invoke(run.id, "run", [])), exitCode(file))
}

const outcome = (run: () => unknown): string => {
  try {
    return (run() as { readonly tag: string }).tag
  } catch (error) {
    if (error instanceof Trapped) return `trapped: ${error.category}`
    throw error
  }
}

const compare = (seen: string, code: number): Verdict =>
  (seen === "ok") === (code === 0)
    ? passed(seen)
    : failed(seen, `expected exit code ${code}, got ${seen}`)

/** What the specification beside a program asks for: success where there is none. */
const exitCode = (file: string): number => {
  const specification = file.replace(/\.wasm$/, ".json")
  if (!fs.existsSync(specification)) return 0
  const { exit_code: code = 0 } = JSON.parse(fs.readFileSync(specification, "utf8"))
  return typeof code === "number" ? code : 0
}
