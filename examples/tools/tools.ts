/**
 * Tools that somebody, or something, wrote: each runs in a component of its own
 * and holds what it was granted.
 */
import { GuestBuild } from "@airssys/cli"
import { Grant, Runtime } from "airssys"
import { HostFunction, Wit } from "airssys/component"
import { FileRead } from "airssys/security/FileRead"
import { Effect, FileSystem } from "effect"
import { fileURLToPath } from "node:url"
import { Tools } from "./tools.gen.ts"

export interface Tool {
  readonly name: string
  /** The body of a function of `input` and `files`. */
  readonly text: string
  /** The files that it asks for, and those that it is granted. */
  readonly asks?: ReadonlyArray<string>
  readonly grants?: ReadonlyArray<string>
}

const reason = "The tool works on notes."

const manifest = ({ asks = [], name }: Tool): string =>
  `schema = 1
[component]
namespace = "tool"
name = "${name}"
version = "1.0.0"
world = "acme:tools/plugin@1.0.0"
[build]
command = "airssys build src/main.ts"
output = "runner.wasm"
[limits]
memory = "32 MiB"
fuel = 20_000_000
timeout = "250 ms"
${asks.length === 0 ? "" : `[[capability]]\nreason = "${reason}"\nfilesystem.read = ${JSON.stringify(asks)}\n`}`

/** Builds the runner once, and gives it to each tool under a manifest of its own. */
export const sources = (tools: ReadonlyArray<Tool>) =>
  Effect.gen(function*() {
    const folder = fileURLToPath(new URL("runner", import.meta.url))
    yield* GuestBuild.build(folder)
    const fs = yield* FileSystem.FileSystem
    const artifact = yield* fs.readFile(`${folder}/dist/runner.wasm`)
    return Object.fromEntries(tools.map((tool) => [`/tools/${tool.name}`, { manifest: manifest(tool), artifact }]))
  })

const error = Wit.variant({ "access-denied": undefined, "failed": Wit.string })

/** What tools may import: it has the power to read the file that was asked for, or does not run. */
export const read = HostFunction.make({
  wit: "acme:tools/files@1.0.0#read",
  params: { path: Wit.string },
  result: Wit.result(Wit.string, error)
}, {
  requires: [FileRead.on(({ path }) => path)],
  fuel: 10_000,
  handler: () =>
    FileRead.use((file) => file.read({ maxBytes: 65_536 })).pipe(
      Effect.map((bytes) => new TextDecoder().decode(bytes)),
      Effect.catchTag("FileError", ({ message }) => Effect.fail({ tag: "failed" as const, val: message }))
    )
})

/** Starts a tool, runs it and stops it. */
export const run = Effect.fnUntraced(function*(tool: Tool, input: string) {
  const runtime = yield* Runtime.Runtime
  const granted = tool.grants ?? []
  const grants = granted.length === 0 ? [] : [Grant.make("filesystem.read", granted, { reason })]
  const { client, release } = yield* runtime.start(Tools, `/tools/${tool.name}`, { grants })
  return yield* Effect.ensuring(client.run(tool.text, input), runtime.stop(release.id))
})
