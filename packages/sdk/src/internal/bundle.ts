/** A guest's modules as one, with the imports of its world left open. */
import { build, type BuildFailure, type Message, type Plugin } from "esbuild"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { BuildError } from "../BuildError.ts"
import { shown } from "./text.ts"
import type { WitSource } from "./witSource.ts"
import { packageName, type ResolvedWorld } from "./witWorld.ts"

export interface Bundle {
  readonly code: string
  readonly sourceMap: string
  /** The files read, absolute. */
  readonly inputs: ReadonlyArray<string>
}

/** What guests find among their globals. What a guest does not name is not in its bundle. */
const globals = fileURLToPath(
  new URL(`./guestEncoding.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url)
)

const interfaceId = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*(@.+)?$/u

const imports = (source: WitSource, world: ResolvedWorld): Plugin => ({
  name: "airssys-imports",
  setup: (setup) => {
    setup.onResolve({ filter: /^/ }, ({ path: id, kind }) => {
      if (kind === "entry-point" || id === globals) {
        return undefined
      }
      if (world.imports.has(id)) {
        return { path: id, external: true }
      }
      if (id.startsWith("node:")) {
        return {
          errors: [{
            text: `"${id}" is not there in a component`,
            notes: [{ text: "Import an interface of your world instead." }]
          }]
        }
      }
      if (!interfaceId.test(id)) {
        return undefined
      }
      const known = source.packages.some((pkg) =>
        pkg.interfaces.some((found) =>
          `${packageName(pkg)}` === id.replace(/\/[^@]*/u, "") && id.includes(`/${found.name}`)
        )
      )
      const text = `world ${world.id} does not import "${id}"`
      const note = known
        ? `Add to the world: import ${id};`
        : `It imports ${[...world.imports.keys()].join(", ") || "nothing"}. For types write: import type.`
      return { errors: [{ text, notes: [{ text: note }] }] }
    })
  }
})

const failure = (folder: string, { location, notes, pluginName, text }: Message, cause: unknown): BuildError =>
  new BuildError({
    reason: "Source",
    problem: text,
    place: location === null ? undefined : {
      file: shown(path.resolve(folder, location.file)),
      line: location.line,
      column: location.column + 1,
      excerpt: location.lineText
    },
    // esbuild's own notes tell how to configure esbuild.
    hint: pluginName === "" ? undefined : notes[0]?.text,
    cause
  })

const isFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && "errors" in error && Array.isArray(error.errors)

export const bundle = async (
  source: WitSource,
  world: ResolvedWorld,
  entry: string,
  wrapper: string
): Promise<Bundle> => {
  const folder = path.dirname(entry)
  try {
    const result = await build({
      stdin: { contents: wrapper, resolveDir: folder, sourcefile: "airssys-entry.js", loader: "js" },
      absWorkingDir: folder,
      bundle: true,
      write: false,
      metafile: true,
      outfile: "guest.js",
      inject: [globals],
      sourcemap: "external",
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2023",
      charset: "utf8",
      legalComments: "none",
      logLevel: "silent",
      plugins: [imports(source, world)]
    })
    const text = (extension: string): string =>
      result.outputFiles.find((file) => file.path.endsWith(extension))?.text ?? ""
    return {
      code: text(".js"),
      sourceMap: text(".js.map"),
      inputs: Object.keys(result.metafile.inputs)
        .filter((input) => input !== "airssys-entry.js")
        .map((input) => path.resolve(folder, input))
        .filter((input) => input !== globals)
        .sort()
    }
  } catch (error) {
    const first = isFailure(error) ? error.errors[0] : undefined
    if (first === undefined) {
      throw new BuildError({
        reason: "Tool",
        problem: `esbuild did not run: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
        hint: "If its binary is missing: npm rebuild esbuild.",
        cause: error
      })
    }
    throw failure(folder, first, error)
  }
}
