import { mkdtempSync, realpathSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../..", import.meta.url))

/** A folder outside of the repository in which programs find its packages. */
export const tempFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "airssys-cli-")))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction")
  return folder
}
