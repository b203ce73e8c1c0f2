/**
 * Packs every package, installs the tarballs into an empty folder outside the
 * workspace and uses them there as a stranger would: imports every export,
 * type-checks against the declarations, runs the hello example.
 *
 * Packing happens in a copy of the workspace, so that package.json files in
 * use by other checks do not change under them.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import {
  type Exports,
  filesBelow,
  isPublicModule,
  packages,
  type Ran,
  readManifest,
  root,
  run
} from "./lib/workspace.ts"

const temp = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "airssys-pack-"))
const [workspace, tarballs, app] = ["workspace", "tarballs", "app"].map((name) => path.join(temp, name)) as [
  string,
  string,
  string
]
for (const folder of [workspace, tarballs, app]) fs.mkdirSync(folder)
process.on("exit", () => fs.rmSync(temp, { recursive: true, force: true }))

const problems: Array<string> = []

/** Ends the check when a step that the others need has failed. */
const need = (step: string, { code, output }: Ran) => {
  if (code === 0) return
  console.error(`${step} failed\n${output}`)
  process.exit(1)
}

const copyWorkspace = () => {
  for (const name of fs.readdirSync(root)) {
    const isPaper = /^(package\.json|tsconfig.*\.json|LICENSE.*|README\.md)$/.test(name)
    if (!isPaper && !["scripts", "packages", "wit"].includes(name)) continue
    fs.cpSync(path.join(root, name), path.join(workspace, name), {
      recursive: true,
      filter: (source) => !/^(node_modules|dist)$/.test(path.basename(source))
    })
  }
  const link = (name: string) => {
    const from = path.join(root, "node_modules", name)
    const to = path.join(workspace, "node_modules", name)
    fs.mkdirSync(path.dirname(to), { recursive: true })
    fs.symlinkSync(fs.lstatSync(from).isSymbolicLink() ? fs.readlinkSync(from) : from, to)
  }
  for (const name of fs.readdirSync(path.join(root, "node_modules"))) {
    if (!name.startsWith("@")) link(name)
    else for (const scoped of fs.readdirSync(path.join(root, "node_modules", name))) link(`${name}/${scoped}`)
  }
}

const packAndInstall = async () => {
  copyWorkspace()
  const named = packages.flatMap(({ manifest }) => ["--workspace", manifest.name])
  need("npm pack", await run("npm", ["pack", ...named, "--pack-destination", tarballs], { cwd: workspace }))
  const files = fs.readdirSync(tarballs)
  if (files.length !== packages.length) {
    problems.push(`npm pack made ${files.length} tarballs of ${packages.length} packages`)
  }
  const pinned: Record<string, string> = JSON.parse(
    fs.readFileSync(path.join(root, "package.json"), "utf8")
  ).devDependencies
  const peers = ["effect", "@effect/platform-node", "@effect/vitest", "vitest"]
  fs.writeFileSync(
    path.join(app, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: {
        ...Object.fromEntries(peers.map((name) => [name, pinned[name]])),
        ...Object.fromEntries(packages.map(({ manifest: { name, version } }) => [
          name,
          `file:../tarballs/${name.replace("@", "").replace("/", "-")}-${version}.tgz`
        ]))
      }
    })
  )
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]
  need("npm install of the tarballs", await run("npm", ["install", ...options], { cwd: app }))
}

const installed = (name: string) => path.join(app, "node_modules", name)

interface Specifiers {
  readonly open: ReadonlyArray<string>
  readonly closed: ReadonlyArray<string>
}

/** What a package lets in (JavaScript only) and what it has to keep out. */
const specifiers = (name: string): Specifiers => {
  const exports: Exports & Record<string, unknown> = readManifest(installed(name)).exports
  const modules = filesBelow(path.join(installed(name), "dist")).filter((file) => file.endsWith(".js"))
  const exact = Object.entries(exports).filter(([key, target]) =>
    !key.includes("*") && typeof target === "object" && target !== null
  )
  return {
    open: [
      ...exact.map(([key]) => path.posix.join(name, key)),
      ...modules.filter(isPublicModule).map((file) => `${name}/${file.slice(0, -3)}`)
    ],
    closed: modules.filter((file) => file.split("/").includes("internal")).map((file) => `${name}/${file.slice(0, -3)}`)
  }
}

const program = ({ closed, open }: Specifiers) => `
const problems = []
for (const specifier of ${JSON.stringify(open)}) {
  try {
    await import(specifier)
  } catch (error) {
    problems.push("import of " + specifier + ": " + error)
  }
}
for (const specifier of ${JSON.stringify(closed)}) {
  try {
    import.meta.resolve(specifier)
    problems.push(specifier + " is internal and can be imported")
  } catch {}
}
if (problems.length > 0) {
  console.error(problems.join("\\n"))
  process.exitCode = 1
}
`

const importEverything = async (names: Specifiers) => {
  fs.writeFileSync(path.join(app, "imports.mjs"), program(names))
  const { code, output } = await run(process.execPath, ["imports.mjs"], { cwd: app, timeout: 120_000 })
  if (code !== 0) problems.push(output.trim())
  if (names.open.length < packages.length) problems.push(`only ${names.open.length} exports were found to import`)
}

/** Errors inside other packages are theirs (effect has some without the DOM library). */
const typeCheck = async (names: Specifiers) => {
  fs.writeFileSync(
    path.join(app, "types.ts"),
    names.open.map((specifier, index) => `import * as _${index} from "${specifier}"\n`).join("")
      + `export const all = [${names.open.map((_, index) => `_${index}`).join(", ")}]\n`
  )
  fs.writeFileSync(
    path.join(app, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ES2024",
        lib: ["ES2024", "ESNext.Disposable", "ESNext.Iterator", "ESNext.Collection"],
        module: "NodeNext",
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: false,
        typeRoots: [path.join(root, "node_modules/@types")],
        types: ["node"]
      },
      files: ["types.ts"]
    })
  )
  const { output } = await run("tsc", ["-p", "tsconfig.json", "--pretty", "false"], { cwd: app })
  const ours = output.split("\n").filter((line) =>
    /error TS/.test(line) && !/^(\.\.\/)*[^(]*node_modules\/(?!airssys\/|@airssys\/)/.test(line)
  )
  problems.push(...ours)
}

const findLeaks = (name: string) => {
  for (
    const file of filesBelow(installed(name)).concat(
      filesBelow(path.join(installed(name), "dist")).map((file) => `dist/${file}`)
    )
  ) {
    const where = `${name}/${file}`
    if (/(^|\/)(test|typetest|fixtures?)\/|\.(test|tst)\.|\.tsbuildinfo$/.test(file)) {
      problems.push(`${where} is published`)
    }
    if (!/\.(js|ts|json|map|md)$/.test(file)) continue
    const text = fs.readFileSync(path.join(installed(name), file), "utf8")
    for (const machine of [root, temp, os.homedir()]) {
      if (machine.length > 1 && text.includes(`${machine}/`)) {
        problems.push(`${where} names the path ${machine} of this machine`)
      }
    }
    const source = file.endsWith(".js")
      ? /(?:from\s*|import\s*|import\s*\(\s*|new URL\(\s*|resolve\(\s*)["'](\.[^"']*\.ts)["']/.exec(text)
      : null
    if (source !== null) problems.push(`${where} refers to ${source[1]}, which is not published as JavaScript`)
  }
  for (const [subpath, target] of Object.entries(readManifest(installed(name)).exports)) {
    const published = typeof target === "string" ? path.join(installed(name), target.replace("*", "")) : installed(name)
    if (!fs.existsSync(published)) problems.push(`${name} exports ${subpath}, and ${target} is not in the package`)
  }
  for (const paper of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    if (!fs.existsSync(path.join(installed(name), paper))) problems.push(`${name} has no ${paper}`)
  }
}

/** The same program from source under node, from source under tsx, and as published JavaScript. */
const runHello = async () => {
  const hello = path.join(root, "examples/hello")
  if (!fs.existsSync(path.join(hello, "main.ts"))) {
    problems.push("there is no examples/hello/main.ts to run")
    return
  }
  fs.cpSync(hello, path.join(app, "hello"), { recursive: true })
  const ways = [
    ["node, from source", process.execPath, path.join(hello, "main.ts"), root],
    ["tsx, from source", "tsx", path.join(hello, "main.ts"), root],
    ["node, as published", process.execPath, "hello/main.ts", app]
  ] as const
  for (const [way, command, file, cwd] of ways) {
    const { code, output, stdout } = await run(command, [file], { cwd, timeout: 120_000 })
    if (code !== 0) problems.push(`examples/hello under ${way}: exit code ${code}\n${output}`)
    else if (stdout.trim() === "") problems.push(`examples/hello under ${way} printed nothing`)
  }
}

await packAndInstall()
const each = packages.map(({ manifest }) => specifiers(manifest.name))
const all: Specifiers = { open: each.flatMap(({ open }) => open), closed: each.flatMap(({ closed }) => closed) }
await importEverything(all)
await typeCheck(all)
for (const { manifest } of packages) findLeaks(manifest.name)
await runHello()

for (const problem of problems) console.error(problem)
console.log(`${packages.length} packages, ${all.open.length} exports imported, ${problems.length} problems`)
if (problems.length > 0) process.exitCode = 1
