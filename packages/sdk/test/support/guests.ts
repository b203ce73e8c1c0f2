import { build, type BuildOptions, type BuildResult } from "@airssys/sdk/Build"
import { BuildError } from "@airssys/sdk/BuildError"
import { transpileBytes } from "@bytecodealliance/jco-transpile"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { onTestFinished } from "vitest"

/** A folder with these files, gone when the test is. */
export const folderOf = async (files: Record<string, string>): Promise<string> => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airssys-sdk-"))
  onTestFinished(() => fs.rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await fs.writeFile(path.join(folder, name), text)
  }
  return folder
}

/** Builds `entry` of such a folder; WIT, cache and output are in it too. */
export const buildIn = (folder: string, entry: string, options: Partial<BuildOptions> = {}): Promise<BuildResult> =>
  build({
    entry: path.join(folder, entry),
    out: path.join(folder, "out/guest.wasm"),
    wit: path.join(folder, "wit"),
    cacheDir: path.join(folder, "cache"),
    ...options
  })

/** The error that a promise rejects with; fails for any other outcome. */
export const buildErrorOf = async (promise: Promise<unknown>): Promise<BuildError> => {
  const outcome = await promise.then(() => undefined, (error: unknown) => error)
  if (outcome instanceof BuildError) {
    return outcome
  }
  throw new Error(`expected a BuildError, got ${String(outcome)}`)
}

export type Exports = Record<string, Record<string, (...args: ReadonlyArray<unknown>) => unknown>>

/**
 * Runs a component under jco. Imports go by interface id without version. The
 * memories of its core instances are put into `memories`.
 */
export const instantiate = async (
  file: string,
  imports: Record<string, unknown>,
  memories: Array<WebAssembly.Memory> = []
): Promise<Exports> => {
  const { files } = await transpileBytes(await fs.readFile(file), {
    name: "guest",
    instantiation: "async",
    emitTypescriptDeclarations: false,
    wasiShim: false
  })
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airssys-jco-"))
  onTestFinished(() => fs.rm(folder, { recursive: true, force: true }))
  for (const [name, bytes] of Object.entries(files)) {
    await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await fs.writeFile(path.join(folder, name), bytes)
  }
  const module = await import(/* @vite-ignore */ path.join(folder, "guest.js"))
  return module.instantiate(
    async (name: string) => WebAssembly.compile(await fs.readFile(path.join(folder, name))),
    imports,
    async (module: WebAssembly.Module, given: WebAssembly.Imports) => {
      const instance = await WebAssembly.instantiate(module, given)
      memories.push(...Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory))
      return instance
    }
  )
}

/** What a call returned, or the error of its `result`; a trap is rethrown as its message. */
export const outcomeOf = (call: () => unknown): unknown => {
  try {
    return { ok: call() }
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError
      ? { trap: error.message }
      : { err: error instanceof Error && "payload" in error ? error.payload : error }
  }
}

/** A host function that denies, the way jco takes the error of a `result`. */
export const deny = (): never => {
  throw { tag: "access-denied" }
}

export const repository = path.resolve(import.meta.dirname, "../../../..")
