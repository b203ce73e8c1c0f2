/**
 * Checks every import of every source file against the arrows between folders.
 *
 * Imports are what the compiler says they are: static, dynamic, `import type`
 * and `import("x").T`. Each one has to resolve into a zone that the importing
 * zone may reach, to a package that its zone and its package.json name, or to
 * a Node builtin where the zone touches the platform. A source file, zone or
 * specifier that this table does not know is an error.
 */
import * as fs from "node:fs"
import { isBuiltin } from "node:module"
import * as path from "node:path"
import { API } from "typescript/unstable/sync"
import { filesBelow, type Package, packages, root } from "./lib/workspace.ts"

interface Zone {
  /** Zones it may import from, besides itself. */
  readonly zones: ReadonlyArray<string>
  /** Packages from outside the workspace. */
  readonly externals: ReadonlyArray<string>
  readonly platform?: true
}

const airssys = ["airssys/actor", "airssys/security", "airssys/component", "airssys"]
const everything = [...airssys, "airssys/testing", "engine", "platform-node", "sdk"]

/** The arrows. `airssys` is the top level of its `src`; a module belongs to the longest zone that holds it. */
const zones = new Map<string, Zone>(Object.entries(
  {
    "engine": { zones: [], externals: [] },
    "airssys/actor": { zones: [], externals: ["effect"] },
    "airssys/security": { zones: [], externals: ["effect"] },
    "airssys/component": {
      zones: ["airssys/actor", "airssys/security", "engine"],
      externals: ["effect", "toml-eslint-parser"]
    },
    "airssys": { zones: [...airssys, "engine"], externals: ["effect"] },
    "airssys/testing": { zones: [...airssys, "engine"], externals: ["effect", "@effect/vitest"] },
    "engine-jco": { zones: airssys, externals: ["effect", "@bytecodealliance/jco-transpile"] },
    "platform-node": {
      zones: [...airssys, "engine"],
      externals: ["effect", "@effect/platform-node"],
      platform: true
    },
    "sdk": {
      zones: [],
      externals: ["@bytecodealliance/jco-transpile", "componentize-qjs", "esbuild"],
      platform: true
    },
    "cli": { zones: everything, externals: ["effect", "@effect/platform-node"], platform: true }
  } satisfies Record<string, Zone>
))

const sourceOf = ({ folder }: Package) => path.join(folder, "src")

const zoneOf = (file: string): string | undefined => {
  const relative = path.relative(path.join(root, "packages"), file).split(path.sep)
  if (relative[1] !== "src") return undefined
  const inFolder = relative.length > 3 ? `${relative[0]}/${relative[2]}` : relative[0]!
  if (zones.has(inFolder)) return inFolder
  const isSubfolder = relative.length > 3 && relative[2] !== "internal" && relative[0] === "airssys"
  return isSubfolder ? undefined : relative[0]
}

/** The file that a specifier names in one of our packages; undefined for other packages. */
const ourFile = (from: string, specifier: string): string | undefined => {
  if (specifier.startsWith(".")) return path.resolve(path.dirname(from), specifier)
  const owner = packages.find(({ manifest }) =>
    specifier === manifest.name || specifier.startsWith(`${manifest.name}/`)
  )
  if (owner === undefined) return undefined
  const subpath = `.${specifier.slice(owner.manifest.name.length)}`
  const exact = owner.manifest.exports[subpath]
  return path.join(owner.folder, exact ?? `src/${subpath.slice(2)}.ts`)
}

const packageName = (specifier: string): string =>
  specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/")

const internalOwner = (file: string): string | undefined => {
  const at = file.lastIndexOf(`${path.sep}internal${path.sep}`)
  return at < 0 ? undefined : file.slice(0, at + 1)
}

/** Why `file` may not import `specifier`; undefined when it may. */
const refusal = (owner: Package, file: string, specifier: string): string | undefined => {
  const zoneName = zoneOf(file)
  const zone = zoneName === undefined ? undefined : zones.get(zoneName)
  if (zone === undefined) return "its folder is in no zone; add it to the table in scripts/arrows.ts"
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith("node:")) return "write it with node:"
    return zone.platform === true ? undefined : `${zoneName} imports no platform module`
  }
  const target = ourFile(file, specifier)
  if (target === undefined) {
    const name = packageName(specifier)
    if (!zone.externals.includes(name)) return `${zoneName} may not depend on ${name}`
    if (specifier === "effect" || specifier === "@effect/platform-node") {
      return `it is a barrel; import the module, ${specifier}/<Module>`
    }
    const declared = { ...owner.manifest.dependencies, ...owner.manifest.peerDependencies }
    return Object.hasOwn(declared, name) ? undefined : `package.json of ${owner.manifest.name} does not name ${name}`
  }
  if (specifier.startsWith(".") && !target.startsWith(sourceOf(owner) + path.sep)) {
    return "a relative path may not leave src; import by package name"
  }
  if (path.basename(target) === "index.ts") return "it is a barrel; import the module itself"
  if (!fs.existsSync(target)) return `there is no ${path.relative(root, target)}`
  const targetZone = zoneOf(target)
  if (targetZone === undefined) return `${path.relative(root, target)} is in no zone`
  if (targetZone !== zoneName && !zone.zones.includes(targetZone)) return `${zoneName} may not depend on ${targetZone}`
  const internal = internalOwner(target)
  if (internal !== undefined && !file.startsWith(internal)) return "internal modules are private to their folder"
  const targetPackage = packages.find((candidate) => target.startsWith(candidate.folder + path.sep))!
  const declared = { ...owner.manifest.dependencies, ...owner.manifest.peerDependencies }
  return targetPackage === owner || Object.hasOwn(declared, targetPackage.manifest.name)
    ? undefined
    : `package.json of ${owner.manifest.name} does not name ${targetPackage.manifest.name}`
}

const api = new API({ cwd: root })
const config = path.join(root, "tsconfig.json")
const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
const problems: Array<string> = []
let files = 0
let imports = 0
for (const owner of packages) {
  const source = sourceOf(owner)
  for (const name of filesBelow(source)) {
    if (!name.endsWith(".ts") || path.basename(name) === "index.ts") continue
    const file = path.join(source, name)
    const sourceFile = project?.program.getSourceFile(file)
    if (sourceFile === undefined) {
      problems.push(`${path.relative(root, file)}: tsconfig.json does not include it`)
      continue
    }
    files++
    for (const node of sourceFile.imports) {
      const specifier = "text" in node && typeof node.text === "string" ? node.text : node.getText(sourceFile)
      imports++
      const reason = refusal(owner, file, specifier)
      if (reason === undefined) continue
      const { line } = sourceFile.getLineAndCharacterOfPosition(node.getStart(sourceFile))
      problems.push(`${path.relative(root, file)}:${line + 1}: import of "${specifier}": ${reason}`)
    }
  }
}
api.close()

for (const problem of problems) console.error(problem)
console.log(`${imports} imports of ${files} files, ${problems.length} against the arrows`)
if (problems.length > 0 || imports === 0) process.exitCode = 1
