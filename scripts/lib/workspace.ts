/**
 * The packages of the workspace, and a way to run a command.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

export const root = path.resolve(import.meta.dirname, "../..")

export type Exports = Record<string, string | null>

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Exports
  readonly bin?: Record<string, string>
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
}

export interface Package {
  readonly folder: string
  readonly manifest: Manifest
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"))

export const packages: ReadonlyArray<Package> = fs.readdirSync(path.join(root, "packages"))
  .map((name) => path.join(root, "packages", name))
  .filter((folder) => fs.existsSync(path.join(folder, "package.json")))
  .map((folder) => ({ folder, manifest: readManifest(folder) }))

/** Paths of files below `folder`, relative to it, sorted; without `node_modules`, `dist` and dot folders. */
export const filesBelow = (folder: string): ReadonlyArray<string> =>
  fs.existsSync(folder)
    ? fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (entry.isFile()) return [entry.name]
      if (!entry.isDirectory() || entry.name.startsWith(".") || /^(node_modules|dist)$/.test(entry.name)) return []
      return filesBelow(path.join(folder, entry.name)).map((file) => `${entry.name}/${file}`)
    }).sort()
    : []

/** The Markdown of the repository, relative to its root. */
export const markdown: ReadonlyArray<string> = filesBelow(root).filter((file) => file.endsWith(".md"))

/** A public module is `Pascal.ts`, outside `internal/`. Takes a path relative to `src` or `dist`. */
export const isPublicModule = (file: string): boolean =>
  !file.split("/").includes("internal") && /(^|\/)[A-Z][A-Za-z0-9]*\.(ts|js)$/.test(file)

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly output: string
}

const bin = path.join(root, "node_modules", ".bin")

/** Runs a command to its end, the tools of the workspace first on its PATH. `output` is standard output and error in the order they came. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeout?: number } = {}
): Promise<Ran> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env, PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}` },
      timeout: options.timeout ?? 600_000,
      stdio: ["ignore", "pipe", "pipe"]
    })
    let stdout = ""
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk
      output += chunk
    })
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk
    })
    child.on("error", (error) => resolve({ code: 1, stdout, output: `${output}${error.message}\n` }))
    child.on("close", (code, signal) =>
      resolve({ code: code ?? 1, stdout, output: code === null ? `${output}ended by ${signal}\n` : output }))
  })

/** Runs `work` on every item, `limit` at a time, and keeps the order of the results. */
export const inParallel = async <A, B>(
  limit: number,
  items: ReadonlyArray<A>,
  work: (item: A) => Promise<B>
): Promise<Array<B>> => {
  const results: Array<B> = []
  let next = 0
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index]!)
    }
  }))
  return results
}
