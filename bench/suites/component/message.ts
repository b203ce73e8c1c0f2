/**
 * A message to a component that is hosted, and its typed answer, through all
 * that a host puts between the two: the actor, the bound principal, the limits,
 * the receipt. `actor` is the same message to an actor that adds by itself.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { ActorSystem, type Behaviour, Protocol, Runtime } from "airssys"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Totals } from "../../../examples/plugins/totals.gen.ts"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "./Work.ts"

const source = fileURLToPath(new URL("../../../examples/plugins/totals", import.meta.url))

/** Asks for one sum after the other, each in the fiber that had the last. */
const sums = async <E, R>(
  layer: Layer.Layer<R, E>,
  start: Effect.Effect<(a: number, b: number) => Effect.Effect<number, unknown>, unknown, R>
): Promise<SuiteWork> => {
  const scope = Scope.makeUnsafe()
  const context = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  const add = await Effect.runPromise(Effect.provideContext(start, context))
  const run = Effect.fnUntraced(function*(count: number) {
    let sum = 0
    for (let call = 0; call < count; call++) sum = yield* add(sum, 1)
    return sum
  })
  return Work.adding(
    (count) => Effect.runPromise(run(count)),
    () => Effect.runPromise(Scope.close(scope, Exit.void))
  )
}

/** The example, asking for other limits. */
const asking = async (fuel: number): Promise<string> => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airssys-bench-totals-"))
  for (const part of ["src", "wit"]) await fs.cp(path.join(source, part), path.join(folder, part), { recursive: true })
  const manifest = await fs.readFile(path.join(source, "Component.toml"), "utf8")
  const limits = manifest.replace(/^fuel = .*$/m, `fuel = ${fuel}`).replace(/^timeout = .*$/m, "timeout = \"10 s\"")
  await fs.writeFile(path.join(folder, "Component.toml"), limits)
  return folder
}

const component = (fuel: number) => async (): Promise<SuiteWork> => {
  const folder = await asking(fuel)
  const { close, ...work } = await sums(
    NodeHost.layer(),
    Effect.gen(function*() {
      yield* GuestBuild.build(folder)
      const runtime = yield* Runtime.Runtime
      const { client } = yield* runtime.start(Totals, folder, { tier: "inline" })
      return client.add
    })
  )
  return {
    ...work,
    close: async () => {
      await close?.()
      await fs.rm(folder, { recursive: true })
    }
  }
}

/** Little enough to be called at once. */
export const immediate = component(1_000_000)

/** So much that others have to have their turns meanwhile. */
export const yielding = component(1_000_000_000)

class Add extends Protocol.request<number>()("Add")<{ readonly a: number; readonly b: number }> {}

const adder: Behaviour.Behaviour<Add> = Effect.succeed((message, context) =>
  context.reply(message, message.a + message.b)
)

export const actor = (): Promise<SuiteWork> =>
  sums(
    ActorSystem.layer,
    Effect.flatMap(
      ActorSystem.ActorSystem,
      (system) => Effect.map(system.spawn(adder), (ref) => (a: number, b: number) => ref.ask(new Add({ a, b })))
    )
  )
