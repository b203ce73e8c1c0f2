/**
 * A component that counts, over the end of its host.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Grant, Runtime } from "airssys"
import { Console, Effect, FileSystem } from "effect"
import { fileURLToPath } from "node:url"
import { Counter } from "./counter.gen.ts"

const folder = fileURLToPath(new URL("counter", import.meta.url))
const reason = "Counts are its own."
const all = [
  Grant.make("storage.read", ["counts/*"], { reason }),
  Grant.make("storage.write", ["counts/*"], { reason })
]

/** A host that ends when it has counted. */
const host = (kept: string, grants: ReadonlyArray<Grant.Grant>) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    yield* GuestBuild.build(folder)
    const { client } = yield* runtime.start(Counter, folder, { grants })
    for (const [name, by] of [["visits", 1], ["visits", 1], ["sales", 42]] as const) {
      const said = yield* Effect.match(client.add(name, by), { onSuccess: String, onFailure: ({ _tag }) => _tag })
      yield* Console.log(`   ${name.padEnd(8)}${said}`)
    }
  }).pipe(Effect.provide(NodeHost.layer({ folder: kept })))

const program = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const kept = yield* fs.makeTempDirectoryScoped()
  yield* Console.log("A host")
  yield* host(kept, all)
  yield* Console.log("Another one on the same folder")
  yield* host(kept, all)
  yield* Console.log("One that grants nothing")
  yield* host(kept, [])
})

NodeRuntime.runMain(Effect.scoped(program).pipe(Effect.provide(NodeServices.layer)))
