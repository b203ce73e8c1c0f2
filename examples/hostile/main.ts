/**
 * Ten attacks on one host, and a neighbour that answers all the while.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime } from "@effect/platform-node"
import { type Component, type ComponentError, Grant, Runtime } from "airssys"
import { AuditLog } from "airssys/security"
import { Console, Effect, References, Schedule } from "effect"
import { fileURLToPath } from "node:url"

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const attacks = [
  ["miner.spin", "computes for ever"],
  ["miner.hog", "takes all memory, in pages"],
  ["miner.dig", "crashes"],
  ["miner.recurse", "calls itself for ever"],
  ["miner.peek", "reads a secret"],
  ["miner.nag", "reads it for ever"],
  ["corpus.bomb", "answers with 4 GB"],
  ["corpus.lie", "answers with broken text"],
  ["corpus.smuggle", "shows memory it has not"],
  ["corpus.flood", "fills the log, in lines"]
] as const

/** Many restarts, and soon: these components do nothing else. */
const hostile: Component.LayerOptions = {
  backoff: { base: "1 millis", factor: 1, cap: "1 millis" },
  intensity: { restarts: 100, within: "10 seconds" },
  grants: [Grant.make("log", { reason: "Its share of the log." })]
}

const end = ({ reason }: ComponentError.ComponentError): string =>
  reason._tag === "Trap"
    ? `stopped: ${reason.category}`
    : reason._tag === "DeadlineExceeded"
    ? `stopped at its limit of ${reason.limitMillis} ms`
    : reason._tag

const start = Effect.fnUntraced(function*(name: string, options?: Component.LayerOptions) {
  yield* GuestBuild.build(folder(name))
  const runtime = yield* Runtime.Runtime
  return (yield* runtime.startUntyped(folder(name), options)).release.id
})

const program = Effect.gen(function*() {
  const runtime = yield* Runtime.Runtime
  const totals = yield* start("../plugins/totals")
  const components = new Map([
    ["miner", yield* start("../plugins/miner", hostile)],
    ["corpus", yield* start("corpus", hostile)]
  ])

  let answers = 0
  const neighbour = Effect.tap(runtime.call(totals, "totals.add", [1, 2]), () => Effect.sync(() => answers++))
  yield* Effect.forkScoped(Effect.forever(neighbour))

  for (const [target, what] of attacks) {
    const component = components.get(target.split(".")[0]!)!
    const outcome = yield* runtime.call(component, target, []).pipe(
      Effect.match({ onSuccess: ({ value }) => `answered ${value}`, onFailure: end })
    )
    yield* Console.log(`${target.padEnd(16)}${what.padEnd(28)}${outcome}`)
    // A fresh instance answers, whatever became of the last one.
    const ping = runtime.call(component, target.replace(/\..*/, ".ping"), [])
    yield* Effect.retry(ping, Schedule.spaced("1 millis"))
  }

  const { entries } = yield* AuditLog.AuditLog
  const events = (yield* entries).map(({ event }) => event._tag)
  const crashes = events.filter((tag) => tag === "Crashed").length
  yield* Console.log(`The audit log has ${crashes} crashes. Meanwhile the neighbour answered ${answers} calls.`)
})

NodeRuntime.runMain(
  Effect.scoped(program).pipe(
    Effect.provide(NodeHost.layer()),
    Effect.provideService(References.MinimumLogLevel, "None")
  )
)
