/**
 * Five tools, one of which snoops and one of which never returns.
 */
import { NodeFileAccess } from "@airssys/platform-node"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Runtime } from "airssys"
import { ComponentEngine, ComponentHost, HostFunctions, ReleaseSource } from "airssys/component"
import { Explanation, Powers } from "airssys/security"
import { Console, Effect, Layer } from "effect"
import { fileURLToPath } from "node:url"
import { read, run, sources, type Tool } from "./tools.ts"

const tools: ReadonlyArray<readonly [Tool, input: string]> = [
  [{ name: "count", text: "return input.split(' ').length" }, "a rose is a rose"],
  [{
    name: "menu",
    text: "return files.read('notes:/public/menu.txt').split('\\n')[0]",
    asks: ["notes:/**"],
    grants: ["notes:/public/*"]
  }, ""],
  [{
    name: "wages",
    text: "return files.read('notes:/private/wages.txt')",
    asks: ["notes:/**"],
    grants: ["notes:/public/*"]
  }, ""],
  [{ name: "shout", text: "return input.toUpperCase() + files.read('notes:/private/wages.txt')" }, "hello"],
  [{ name: "think", text: "for (;;) {}" }, ""]
]

const program = Effect.gen(function*() {
  const host = yield* ComponentHost.ComponentHost
  for (const [tool, input] of tools) {
    const outcome = yield* run(tool, input).pipe(
      Effect.match({
        onSuccess: (text) => text,
        onFailure: (error) => error._tag === "acme:tools/RunError" ? error.value : error.message
      })
    )
    yield* Console.log(`${tool.name.padEnd(8)}${outcome}`)
  }
  for (const { explanation } of (yield* host.denials).toReversed()) {
    yield* Console.log(Explanation.render(explanation).split("\n")[0])
  }
})

const files = fileURLToPath(new URL("notes", import.meta.url))
const Host = Layer.unwrap(Effect.gen(function*() {
  const components = yield* sources(tools.map(([tool]) => tool))
  const powers = yield* NodeFileAccess.sources({ roots: { notes: files } })
  return Runtime.layer.pipe(Layer.provide([
    ComponentEngine.layer,
    ReleaseSource.layerMemory(components),
    HostFunctions.layer(read),
    Powers.layer(...powers)
  ]))
})).pipe(Layer.provide([ReleaseSource.layerFileSystem.pipe(Layer.provide(NodeServices.layer)), NodeServices.layer]))

NodeRuntime.runMain(Effect.provide(program, Host))
