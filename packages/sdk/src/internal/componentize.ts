/** A bundled guest to a component with componentize-qjs. */
import { fork } from "node:child_process"
import * as fs from "node:fs/promises"
import { findPackageJSON, SourceMap } from "node:module"
import * as os from "node:os"
import * as path from "node:path"
import { BuildError, type Place } from "../BuildError.ts"
import type { Bundle } from "./bundle.ts"
import { missingMarker } from "./guestEntry.ts"
import { placeAt, shown } from "./text.ts"
import { withoutInit } from "./withoutInit.ts"

/** The names that the guest lacks, or its component. */
export type Componentized =
  | { readonly _tag: "Component"; readonly bytes: Uint8Array }
  | { readonly _tag: "Missing"; readonly names: ReadonlyArray<string> }

export interface Job {
  readonly witPath: string
  readonly world: string
  readonly jsSource: string
}

export type JobReply =
  | { readonly _tag: "Done"; readonly bytes: Uint8Array }
  | { readonly _tag: "Failed" | "NoBinding"; readonly message: string }

const runJob = (job: Job, milliseconds: number, file: string): Promise<JobReply> =>
  new Promise((resolve, reject) => {
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
    const child = fork(new URL(`./componentizeChild.${extension}`, import.meta.url), {
      serialization: "advanced",
      stdio: "ignore",
      execArgv: [],
      // Windows starts no process without it; nothing else of the environment is a build input.
      env: process.env["SystemRoot"] === undefined ? {} : { SystemRoot: process.env["SystemRoot"] }
    })
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill("SIGKILL")
    }, milliseconds)
    child.once("message", (reply: JobReply) => resolve(reply))
    child.once("error", reject)
    child.once("exit", (code, signal) => {
      clearTimeout(timer)
      reject(
        late
          ? new BuildError({
            reason: "Source",
            problem: `${shown(file)} is still being evaluated after ${milliseconds} ms`,
            hint: "It is evaluated once while it is built: look for a loop outside of functions."
          })
          : new BuildError({ reason: "Tool", problem: `componentize-qjs stopped with ${signal ?? code}` })
      )
    })
    child.send(job)
  })

export const toolVersion = async (name: string): Promise<string> => {
  const file = findPackageJSON(name, import.meta.url)
  if (file === undefined) {
    throw new BuildError({ reason: "Tool", problem: `${name} is not installed` })
  }
  const { version }: { readonly version?: unknown } = JSON.parse(await fs.readFile(file, "utf8"))
  return String(version)
}

/** Follows a place in the bundle back to the guest's own file. */
const original = async (entry: string, bundle: Bundle, line: number, column: number): Promise<Place | undefined> => {
  const found = new SourceMap(JSON.parse(bundle.sourceMap)).findEntry(line - 1, column - 1)
  if (!("originalSource" in found)) {
    return undefined
  }
  const file = path.resolve(path.dirname(entry), found.originalSource)
  const text = await fs.readFile(file, "utf8").catch(() => undefined)
  return text === undefined
    ? undefined
    : placeAt(shown(file), text, found.originalLine + 1, found.originalColumn + 1)
}

const failure = async (entry: string, bundle: Bundle, message: string): Promise<Componentized> => {
  const missing = message.indexOf(missingMarker)
  if (missing >= 0) {
    const list = message.slice(missing + missingMarker.length).split("\n")[0]!
    return { _tag: "Missing", names: JSON.parse(list) }
  }
  if (message.includes("wasm backtrace")) {
    throw new BuildError({
      reason: "Source",
      problem: `${shown(entry)} stops while it is evaluated`,
      hint: "It is evaluated once while it is built: it must not call imports of its world outside of functions.",
      cause: message
    })
  }
  const at = /componentize-qjs:user\.js:(\d+):(\d+)/u.exec(message)
  throw new BuildError({
    reason: "Source",
    problem: message.replace(/^.*?(?:evaluation|module): /su, "").split("\n")[0]!,
    place: at === null ? undefined : await original(entry, bundle, Number(at[1]), Number(at[2])),
    hint: "A guest is evaluated once while it is built.",
    cause: message
  })
}

export const componentize = async (options: {
  readonly entry: string
  readonly bundle: Bundle
  readonly wit: string
  readonly world: string
  readonly milliseconds: number
}): Promise<Componentized> => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airssys-wit-"))
  try {
    const witPath = path.join(folder, "world.wit")
    await fs.writeFile(witPath, options.wit)
    const job: Job = { witPath, world: options.world, jsSource: options.bundle.code }
    const reply = await runJob(job, options.milliseconds, options.entry)
    switch (reply._tag) {
      case "Done":
        return { _tag: "Component", bytes: withoutInit(reply.bytes) }
      case "Failed":
        return await failure(options.entry, options.bundle, reply.message)
      case "NoBinding":
        throw new BuildError({
          reason: "Tool",
          problem: `componentize-qjs has no native binding for ${process.platform} ${process.arch}`,
          hint:
            "It is an optional dependency: install without --omit=optional, on Linux, macOS or Windows, x64 or arm64.",
          cause: reply.message
        })
    }
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}
