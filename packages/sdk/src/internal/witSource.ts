/**
 * The WIT that a guest is built against: its own folder, the packages in
 * `deps/`, and the `airssys:*` packages that come with this one.
 *
 * Everything is joined to one text, because the tools read text reliably and
 * folders only where their file system shim happens to work.
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { BuildError } from "../BuildError.ts"
import { shown } from "./text.ts"
import type { At, Package, ParsedFile, WitFile } from "./witSyntax.ts"
import { fail, parse } from "./witSyntax.ts"

export interface WitSource {
  /** The package of the guest first, then those it refers to. */
  readonly packages: ReadonlyArray<Package>
  readonly files: ReadonlyArray<WitFile>
  readonly text: string
}

const maximumBytes = 4 * 1024 * 1024

/** `packages/sdk/wit` when published, the repository's `wit/` inside it. */
const shippedFolders = ["../../wit", "../../../../wit"].map((relative) =>
  fileURLToPath(new URL(relative, import.meta.url))
)

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")

const readFile = async (file: string): Promise<WitFile> => {
  const bytes = await fs.readFile(file)
  if (bytes.length > maximumBytes) {
    throw new BuildError({ reason: "Wit", problem: `${file} is larger than ${maximumBytes} bytes` })
  }
  return { path: shown(file), text: bytes.toString("utf8").replace(/^\uFEFF/u, "") }
}

const readFolder = async (folder: string): Promise<ReadonlyArray<WitFile>> => {
  const names = (await fs.readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".wit"))
    .map((entry) => entry.name)
    .sort()
  return Promise.all(names.map((name) => readFile(path.join(folder, name))))
}

const nameOf = (pkg: { readonly id: string; readonly version: string | undefined }): string =>
  pkg.version === undefined ? pkg.id : `${pkg.id}@${pkg.version}`

interface Unit {
  readonly name: string
  readonly pkg: Package
  readonly files: ReadonlyArray<ParsedFile>
  readonly nested: ReadonlyArray<Package>
}

/** The files of one folder are one package; one of them at least says which. */
const join = (files: ReadonlyArray<WitFile>, where: string): Unit => {
  const parsed = files.map(parse)
  const headed = parsed.filter((file) => file.header !== undefined)
  const header = headed[0]?.header
  if (header === undefined) {
    throw new BuildError({
      reason: "Wit",
      problem: files.length === 0 ? `no .wit file in ${where}` : `no file in ${where} names its package`,
      hint: "Write, for example: package acme:rates@1.2.0;"
    })
  }
  for (const file of headed) {
    if (nameOf(file.header!) !== nameOf(header)) {
      fail(file.header!.at, `package ${nameOf(file.header!)} in the folder of package ${nameOf(header)}`)
    }
  }
  const pkg: Package = {
    id: header.id,
    version: header.version,
    at: header.at,
    interfaces: parsed.flatMap((file) => file.body.interfaces),
    worlds: parsed.flatMap((file) => file.body.worlds),
    aliases: new Map(parsed.flatMap((file) => [...file.body.aliases]))
  }
  const seen = new Map<string, At>()
  for (const item of [...pkg.interfaces, ...pkg.worlds]) {
    if (seen.has(item.name)) {
      fail(item.at, `"${item.name}" is defined twice in package ${nameOf(pkg)}`)
    }
    seen.set(item.name, item.at)
  }
  return { name: nameOf(pkg), pkg, files: parsed, nested: parsed.flatMap((file) => file.nested) }
}

/** The text of a file from after its header, so that a package can be put around it. */
const bodyOf = (file: ParsedFile): string =>
  file.header === undefined ? file.file.text : file.file.text.slice(file.header.end)

const references = (pkg: Package): ReadonlyArray<{ readonly name: string; readonly at: At }> => {
  const uses = [
    ...pkg.interfaces.flatMap((found) => found.uses),
    ...pkg.worlds.flatMap((world) => [
      ...world.uses,
      ...world.items.flatMap((item) => item.item.kind === "interface" ? item.item.interface.uses : [])
    ])
  ].map((use) => use.path)
  const paths = [
    ...uses,
    ...pkg.aliases.values(),
    ...pkg.worlds.flatMap((world) => [
      ...world.includes.map((include) => include.path),
      ...world.items.flatMap((item) => item.item.kind === "path" ? [item.item.path] : [])
    ])
  ]
  return paths.flatMap((found) =>
    found.pkg === undefined ? [] : [{ name: nameOf({ id: found.pkg, version: found.version }), at: found.at }]
  )
}

const dependencies = async (folder: string): Promise<ReadonlyArray<Unit>> => {
  const deps = path.join(folder, "deps")
  const entries = await fs.readdir(deps, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) {
      return []
    }
    throw error
  })
  const units: Array<Unit> = []
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const full = path.join(deps, entry.name)
    if (entry.isFile() && entry.name.endsWith(".wit")) {
      units.push(join([await readFile(full)], full))
    } else if (!entry.isFile() && (await fs.stat(full)).isDirectory()) {
      units.push(join(await readFolder(full), full))
    }
  }
  return units
}

const shipped = async (id: string): Promise<Unit | undefined> => {
  const name = /^airssys:([a-z0-9-]+)$/u.exec(id)?.[1]
  if (name === undefined) {
    return undefined
  }
  for (const folder of shippedFolders) {
    const files = await readFolder(path.join(folder, name)).catch((error: unknown) => {
      if (isMissing(error)) {
        return []
      }
      throw error
    })
    if (files.length > 0) {
      return join(files, folder)
    }
  }
  return undefined
}

/** Completes a package with those it refers to, found in `deps/` or shipped. */
const complete = async (root: Unit, found: ReadonlyArray<Unit>): Promise<WitSource> => {
  const known = new Map<string, Unit>()
  const inline = new Set([root.name, ...root.nested.map(nameOf)])
  const available = new Map(found.map((unit) => [unit.name, unit]))
  const queue: Array<Package> = [root.pkg, ...root.nested]
  for (let pkg = queue.pop(); pkg !== undefined; pkg = queue.pop()) {
    for (const { name, at } of references(pkg)) {
      if (inline.has(name) || known.has(name)) {
        continue
      }
      const id = name.split("@")[0]!
      const local = available.get(name)
      const unit = local ?? await shipped(id)
      if (unit === undefined || unit.name !== name) {
        const others = [...available.values(), ...unit === undefined ? [] : [unit]].filter((other) =>
          other.pkg.id === id
        )
        return fail(
          at,
          `package ${name} not found`,
          others.length === 0
            ? `Put its .wit files into deps/${id.replace(":", "-")}/ beside this file.`
            : `There is ${others.map((other) => other.name).join(", ")}.`
        )
      }
      known.set(name, unit)
      queue.push(unit.pkg, ...unit.nested)
    }
  }
  const units = [...known.values()].sort((a, b) => a.name < b.name ? -1 : 1)
  const text = [
    `package ${root.name};`,
    ...root.files.map(bodyOf),
    ...units.map((unit) => `package ${unit.name} {\n${unit.files.map(bodyOf).join("\n")}\n}`)
  ].join("\n")
  return {
    packages: [root.pkg, ...root.nested, ...units.flatMap((unit) => [unit.pkg, ...unit.nested])],
    files: [root, ...units].flatMap((unit) => unit.files.map((file) => file.file)),
    text
  }
}

/** Reads a WIT file or folder. A file's dependencies are in `deps/` beside it. */
export const fromPath = async (witPath: string): Promise<WitSource> => {
  try {
    const full = path.resolve(witPath)
    const isFolder = (await fs.stat(full)).isDirectory()
    const files = isFolder ? await readFolder(full) : [await readFile(full)]
    return await complete(join(files, witPath), await dependencies(isFolder ? full : path.dirname(full)))
  } catch (error) {
    if (error instanceof BuildError) {
      throw error
    }
    throw new BuildError({
      reason: "Wit",
      problem: isMissing(error) ? `there is no WIT at ${witPath}` : `cannot read the WIT at ${witPath}`,
      hint: isMissing(error) ? "A guest keeps its interfaces in wit/." : undefined,
      cause: error
    })
  }
}

/** Takes WIT as text; it may hold further packages as `package … { }` blocks. */
export const fromText = (text: string, name = "source.wit"): Promise<WitSource> =>
  complete(join([{ path: name, text }], name), [])
