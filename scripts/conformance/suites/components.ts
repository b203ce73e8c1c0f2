/**
 * A folder of components. Each has to load and to be instantiated, with a
 * function that throws behind every import; each export without parameters is
 * then called on an instance of its own, and the engines have to agree on what
 * becomes of it. What a call itself gives does not decide whether a component
 * passes: nobody says what it should be.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { type Component, type Engine, Trapped } from "../engines/contract.ts"
import { failed, passed, type Verdict } from "../verdict.ts"
import { show } from "../wast/value.ts"
import { leftOut, single, worldOf } from "./single.ts"
import type { Suite } from "./suite.ts"

export const suite: Suite = {
  name: "components",
  files: (root) => fs.globSync("**/*.wasm", { cwd: root, exclude: ["**/node_modules"] }).toSorted(),
  run: (engine, root, file, progress) =>
    single(engine, file, progress, () => check(engine, Uint8Array.from(fs.readFileSync(path.join(root, file)))))
}

const check = async (engine: Engine, bytes: Uint8Array<ArrayBuffer>): Promise<Verdict> => {
  const unwanted = leftOut(engine, bytes)
  if (unwanted !== undefined) return unwanted
  const component = await engine.load(bytes)
  const started = outcome(() => {
    component.instantiate("stubs")
    return "instantiated"
  })
  if (started !== "instantiated") {
    return started === "trapped: HostFailure"
      ? passed("called an import when it started")
      : failed(started, `cannot be instantiated: ${started}`)
  }
  const calls = worldOf(bytes).exports.flatMap(({ functions, id }) =>
    functions.filter(({ params }) => params.length === 0).map(({ name, result }) =>
      `${id === undefined ? "" : `${id}#`}${name} ${call(component, id, name, result !== undefined)}`
    )
  )
  return passed(["instantiated", ...calls].join("; "))
}

const call = (component: Component, owner: string | undefined, name: string, returns: boolean): string =>
  outcome(() => {
    const value = component.instantiate("stubs").invoke(owner, name, [])
    return returns ? `returned ${isHandle(value) ? "a resource" : show(value)}` : "returned"
  })

const isHandle = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) &&
  ![Object.prototype, null].includes(Object.getPrototypeOf(value)) && !ArrayBuffer.isView(value)

const outcome = (run: () => string): string => {
  try {
    return run()
  } catch (error) {
    if (error instanceof Trapped) return `trapped: ${error.category}`
    throw error
  }
}
