import { buildSync } from "esbuild"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** A script of this folder as one file: a process that is killed hundreds of times has to start fast. */
export const victimBundle = (script: string, folder: string): string => {
  const outfile = join(folder, "victim.mjs")
  buildSync({
    entryPoints: [fileURLToPath(new URL(script, import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile
  })
  return outfile
}
