/**
 * Guests to components: TypeScript and JavaScript by way of QuickJS, WebAssembly
 * text by hand.
 *
 * A build is named by the SHA-256 of everything that goes into it and done
 * once; nothing is written unless all of it succeeded.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { BuildError } from "./BuildError.ts"
import * as cache from "./internal/buildCache.ts"
import { bundle } from "./internal/bundle.ts"
import { componentize, toolVersion } from "./internal/componentize.ts"
import { guestEntry, missingExports } from "./internal/guestEntry.ts"
import { placeAt, placeOfOffset, shown } from "./internal/text.ts"
import type { Reply } from "./internal/wasmTools.ts"
import { encode } from "./internal/wasmTools.ts"
import type { WitSource } from "./internal/witSource.ts"
import { fromPath } from "./internal/witSource.ts"
import type { ResolvedWorld } from "./internal/witWorld.ts"
import { check, refused, resolveWorld } from "./internal/witWorld.ts"

/**
 * What to build. Paths are relative to the working directory.
 *
 * @category models
 * @since 0.1.0
 */
export interface BuildOptions {
  /** `.ts`, `.mts`, `.js`, `.mjs` or `.wat`. */
  readonly entry: string
  /** The component; its folder is made if it is missing. */
  readonly out: string
  /** The guest's WIT folder or file. */
  readonly wit: string
  /** A plain name or an id; may be left out where the package has one world. */
  readonly world?: string | undefined
  /** Default `.airssys/cache`. Made readable for its owner alone. */
  readonly cacheDir?: string | undefined
  /** How long a TypeScript guest may take to be evaluated, in milliseconds. Default 30,000. */
  readonly evaluationMillis?: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface BuildResult {
  /** Absolute. */
  readonly out: string
  /** SHA-256 of the component, lower-case hex. */
  readonly digest: string
  /** In bytes. */
  readonly size: number
  /** For example `acme:rates/plugin@1.2.0`. */
  readonly world: string
  /** SHA-256 of all that went in, lower-case hex. */
  readonly key: string
  /** True if the component was built before from the same inputs. */
  readonly cached: boolean
  /** The files read, absolute, without the tools' own. What a watcher watches. */
  readonly inputs: ReadonlyArray<string>
}

const scripts = [".ts", ".mts", ".js", ".mjs"]

/** Counts up when the same inputs give another component. */
const format = "1"

interface Plan {
  readonly inputs: ReadonlyArray<string>
  readonly parts: ReadonlyArray<readonly [string, string | Uint8Array]>
  readonly make: () => Promise<Uint8Array>
}

const unescapeRust = (text: string): string => text.replaceAll(/\\(.)/gu, "$1")

const watError = (file: string, text: string, message: string): BuildError => {
  const at = /line: (\d+), col: (\d+)/u.exec(message)
  const offset = /offset: (\d+)/u.exec(message)
  const kind = /kind: (?:Custom\("(?<custom>(?:[^"\\]|\\.)*)"\)|Lex\((?<lex>\w+))/u.exec(message)?.groups
  const custom = kind?.["custom"] ?? kind?.["lex"]
  return new BuildError({
    reason: "Wat",
    problem: custom === undefined ? message.split("\n")[0]! : unescapeRust(custom),
    place: at !== null
      ? placeAt(file, text, Number(at[1]) + 1, Number(at[2]) + 1)
      : offset !== null
      ? placeOfOffset(file, text, Number(offset[1]))
      : undefined
  })
}

const lastLine = (message: string): string => message.trim().split("\n").at(-1)!.trim().replace(/^\d+: /u, "")

const refusal = (
  source: WitSource,
  file: string,
  text: string,
  reply: Extract<Reply, { readonly _tag: "Refused" }>
): BuildError => {
  if (reply.broken) {
    return new BuildError({ reason: "Tool", problem: `wasm-tools stopped: ${reply.message}` })
  }
  if (reply.step === "Wat") {
    return watError(file, text, reply.message)
  }
  if (reply.step === "Wit") {
    return refused(source, reply.message)
  }
  const problem = lastLine(reply.message)
  return new BuildError({
    reason: problem.includes("failed to find export") ? "MissingExport" : "Wat",
    problem,
    place: { file, line: 1, column: 1, excerpt: text.split("\n")[0]! },
    hint: "A core module exports each function as <interface id>#<function>, with the types of the canonical ABI."
  })
}

const planWat = async (source: WitSource, world: ResolvedWorld, entry: string): Promise<Plan> => {
  const text = await fs.readFile(entry, "utf8")
  const file = shown(entry)
  return {
    inputs: [entry],
    parts: [["kind", "wat"], ["wasm-tools", await toolVersion("@bytecodealliance/jco-transpile")], ["wat", text]],
    make: async () => {
      const reply = await encode({ wat: text, wit: source.text, world: world.id })
      if (reply._tag === "Refused") {
        throw refusal(source, file, text, reply)
      }
      return reply.bytes
    }
  }
}

const planScript = async (
  source: WitSource,
  world: ResolvedWorld,
  entry: string,
  milliseconds: number
): Promise<Plan> => {
  const guest = guestEntry(source, world, entry)
  const bundled = await bundle(source, world, entry, guest.code)
  const contents = await Promise.all(
    bundled.inputs.map(async (input) => [`input ${path.basename(input)}`, await fs.readFile(input)] as const)
  )
  return {
    inputs: bundled.inputs,
    parts: [
      ["kind", "script"],
      ["esbuild", await toolVersion("esbuild")],
      ["componentize-qjs", await toolVersion("componentize-qjs")],
      ["bundle", bundled.code],
      ...contents
    ],
    make: async () => {
      const made = await componentize({ entry, bundle: bundled, wit: source.text, world: world.id, milliseconds })
      if (made._tag === "Missing") {
        throw missingExports(world, guest, shown(entry), made.names)
      }
      return made.bytes
    }
  }
}

const write = async (out: string, bytes: Uint8Array): Promise<void> => {
  try {
    await fs.mkdir(path.dirname(out), { recursive: true })
    await cache.writeAtomically(out, bytes, 0o644)
  } catch (cause) {
    throw new BuildError({ reason: "Output", problem: `cannot write ${out}`, cause })
  }
}

const run = async (options: BuildOptions): Promise<BuildResult> => {
  const entry = path.resolve(options.entry)
  const out = path.resolve(options.out)
  const folder = path.resolve(options.cacheDir ?? path.join(".airssys", "cache"))
  const extension = path.extname(entry)
  if (extension !== ".wat" && !scripts.includes(extension)) {
    throw new BuildError({
      reason: "Source",
      problem: `${options.entry} is no guest source`,
      hint: `Known are ${[...scripts, ".wat"].join(", ")}. A component from another language needs no build here.`
    })
  }
  try {
    await fs.access(entry)
  } catch (cause) {
    throw new BuildError({ reason: "Source", problem: `there is no file ${options.entry}`, cause })
  }
  const source = await fromPath(options.wit)
  check(source)
  const world = resolveWorld(source, options.world)
  const plan = extension === ".wat"
    ? await planWat(source, world, entry)
    : await planScript(source, world, entry, options.evaluationMillis ?? 30_000)
  const key = cache.keyOf([["format", format], ["wit", source.text], ["world", world.id], ...plan.parts])
  const found = await cache.read(folder, key)
  const bytes = found ?? await plan.make()
  if (found === undefined) {
    try {
      await cache.write(folder, key, bytes)
    } catch (cause) {
      throw new BuildError({ reason: "Output", problem: `cannot write the cache at ${folder}`, cause })
    }
  }
  await write(out, bytes)
  return {
    out,
    digest: cache.sha256(bytes),
    size: bytes.length,
    world: world.id,
    key,
    cached: found !== undefined,
    inputs: [...plan.inputs, ...source.files.map((file) => path.resolve(file.path))]
  }
}

/**
 * Builds a guest and writes its component. Rejects with `BuildError` only.
 *
 * A denial by the host that a TypeScript guest does not catch becomes the
 * error of its export, if that is a string or has a case `access-denied` or
 * `denied`; otherwise it stops the guest.
 *
 * @category constructors
 * @since 0.1.0
 */
export const build = async (options: BuildOptions): Promise<BuildResult> => {
  try {
    return await run(options)
  } catch (error) {
    throw error instanceof BuildError ? error : new BuildError({
      reason: "Tool",
      problem: error instanceof Error ? error.message : String(error),
      cause: error
    })
  }
}
