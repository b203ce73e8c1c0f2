/**
 * Makes the package in the current folder publishable (`before`) and undoes
 * that (`after`): npm runs them as `prepack` and `postpack`.
 *
 * `before` builds `dist`, points `exports` and `bin` at it and copies the
 * licenses. The original package.json lies beside it until `after`; one that
 * an interrupted run left behind is restored first.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { filesBelow, readManifest, root, run } from "./lib/workspace.ts"

const folder = process.cwd()
const manifestFile = path.join(folder, "package.json")
const backup = path.join(folder, "package.json.orig")
const licenses = ["LICENSE-MIT", "LICENSE-APACHE"]

const restore = () => {
  if (fs.existsSync(backup)) fs.renameSync(backup, manifestFile)
  for (const license of licenses) fs.rmSync(path.join(folder, license), { force: true })
}

const built = (target: string) => {
  const output = (extension: string) => target.replace(/^\.\/src\//, "./dist/").replace(/\.ts$/, extension)
  return { types: output(".d.ts"), default: output(".js") }
}

const before = async () => {
  fs.rmSync(path.join(folder, "dist"), { recursive: true, force: true })
  const build = await run("tsc", ["-b", path.join(folder, "tsconfig.build.json")])
  if (build.code !== 0) {
    process.stderr.write(build.output)
    process.exit(1)
  }
  fs.rmSync(path.join(folder, "dist/.tsbuildinfo"))
  const source = path.join(folder, "src")
  for (const asset of filesBelow(source).filter((file) => !file.endsWith(".ts"))) {
    fs.cpSync(path.join(source, asset), path.join(folder, "dist", asset))
  }
  for (const license of licenses) fs.copyFileSync(path.join(root, license), path.join(folder, license))
  const { scripts: _, ...manifest } = { scripts: undefined, ...readManifest(folder) }
  const published = {
    ...manifest,
    exports: Object.fromEntries(
      Object.entries(manifest.exports).map(([subpath, target]) => [
        subpath,
        target?.startsWith("./src/") === true ? built(target) : target
      ])
    ),
    ...(manifest.bin === undefined ? {} : {
      bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, target]) => [name, built(target).default]))
    })
  }
  fs.renameSync(manifestFile, backup)
  fs.writeFileSync(manifestFile, `${JSON.stringify(published, null, 2)}\n`)
}

restore()
const mode = process.argv[2]
if (mode === "before") await before()
else if (mode !== "after") {
  console.error("usage: node scripts/pack.ts before|after, in the folder of a package")
  process.exitCode = 1
}
