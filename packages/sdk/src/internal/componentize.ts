/** A bundled guest to a component with componentize-qjs. */
import type * as Tool from "componentize-qjs"
import * as fs from "node:fs/promises"
import { findPackageJSON, SourceMap } from "node:module"
import * as os from "node:os"
import * as path from "node:path"
import { BuildError, type Place } from "../BuildError.ts"
import type { Bundle } from "./bundle.ts"
import { missingMarker } from "./guestEntry.ts"
import { placeAt } from "./text.ts"
import { withoutInit } from "./withoutInit.ts"

/** The names that the guest lacks, or its component. */
export type Componentized =
  | { readonly _tag: "Component"; readonly bytes: Uint8Array }
  | { readonly _tag: "Missing"; readonly names: ReadonlyArray<string> }

const load = async (): Promise<typeof Tool> => {
  try {
    return await import("componentize-qjs")
  } catch (cause) {
    throw new BuildError({
      reason: "Tool",
      problem: `componentize-qjs has no native binding for ${process.platform} ${process.arch}`,
      hint: "It is an optional dependency: install without --omit=optional, on Linux, macOS or Windows, x64 or arm64.",
      cause
    })
  }
}

export const toolVersion = async (name: string): Promise<string> => {
  const file = findPackageJSON(name, import.meta.url)
  if (file === undefined) {
    throw new BuildError({ reason: "Tool", problem: `${name} is not installed` })
  }
  const { version }: { readonly version?: unknown } = JSON.parse(await fs.readFile(file, "utf8"))
  return String(version)
}

/** Follows a place in the bundle back to the guest's own file. */
const original = async (entry: string, bundle: Bundle, line: number, column: number): Promise<Place | undefined> => {
  const found = new SourceMap(JSON.parse(bundle.sourceMap)).findEntry(line - 1, column - 1)
  if (!("originalSource" in found)) {
    return undefined
  }
  const file = path.resolve(path.dirname(entry), found.originalSource)
  const text = await fs.readFile(file, "utf8").catch(() => undefined)
  return text === undefined
    ? undefined
    : placeAt(path.relative(process.cwd(), file), text, found.originalLine + 1, found.originalColumn + 1)
}

export const componentize = async (
  options: { readonly entry: string; readonly bundle: Bundle; readonly wit: string; readonly world: string }
): Promise<Componentized> => {
  const tool = await load()
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airssys-wit-"))
  try {
    const witPath = path.join(folder, "world.wit")
    await fs.writeFile(witPath, options.wit)
    const { component } = await tool.componentize({
      witPath,
      world: options.world,
      jsSource: options.bundle.code,
      sync: true,
      stubWasi: true,
      optSize: true
    })
    return { _tag: "Component", bytes: withoutInit(component) }
  } catch (error) {
    if (error instanceof BuildError) {
      throw error
    }
    const message = error instanceof Error ? error.message : String(error)
    const missing = message.indexOf(missingMarker)
    if (missing >= 0) {
      const list = message.slice(missing + missingMarker.length).split("\n")[0]!
      return { _tag: "Missing", names: JSON.parse(list) }
    }
    const at = /componentize-qjs:user\.js:(\d+):(\d+)/u.exec(message)
    const problem = message.replace(/^.*?(?:evaluation|module): /su, "").split("\n")[0]!
    throw new BuildError({
      reason: "Source",
      problem,
      place: at === null ? undefined : await original(options.entry, options.bundle, Number(at[1]), Number(at[2])),
      hint: "A guest is evaluated once while it is built; imports of its world answer only when it runs.",
      cause: error
    })
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}
