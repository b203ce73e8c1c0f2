/**
 * Three plugins, one of them hostile, in one program.
 */
import * as Report from "@airssys/cli/Report"
import * as Walkthrough from "@airssys/cli/Walkthrough"
import * as NodeHost from "@airssys/platform-node/NodeHost"
import { NodeRuntime } from "@effect/platform-node"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Component from "airssys/component/Component"
import * as Grant from "airssys/security/Grant"
import { Effect, References } from "effect"
import { fileURLToPath } from "node:url"
import { Miner } from "./miner.gen.ts"
import { Rates } from "./rates.gen.ts"
import { Totals } from "./totals.gen.ts"

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const log = Grant.make("log", { reason: "Plugins may say what they do." })
const clock = Grant.make("clock", { reason: "Rates have a date." })
const totals = { source: folder("totals"), options: { grants: [log] } }
const rates = { source: folder("rates"), options: { grants: [log, clock] } }
const miner = { source: folder("miner"), options: { grants: [] } }
const intensity = { restarts: 3, within: "10 seconds" } as const

const Plugins = Supervisor.layer({
  strategy: "OneForOne",
  intensity,
  children: [
    Component.child(Totals, totals.source, totals.options),
    Component.child(Rates, rates.source, rates.options),
    Component.child(Miner, miner.source, miner.options)
  ]
})

const calls = Effect.gen(function*() {
  const { sum } = yield* Totals
  const { latest, peekSecret } = yield* Rates
  const { dig, ping, spin } = yield* Miner
  const invoice = sum([{ quantity: 2, cents: 1050 }])
  yield* Report.step(1, "A typed call", Walkthrough.call("totals.sum([{ quantity: 2, cents: 1050 }])", invoice))
  yield* Report.step(2, "rates reads a secret", Walkthrough.call("rates.peekSecret()", peekSecret()))
  yield* Walkthrough.call("rates.latest(\"USD\")", latest("USD"))
  yield* Report.step(
    3,
    "miner never returns",
    Walkthrough.call("miner.spin()", spin(), { component: "totals", call: invoice })
  )
  yield* Report.step(4, "miner crashes", Walkthrough.call("miner.dig()", dig()))
  yield* Walkthrough.call("miner.ping()", ping())
  yield* Report.step(5, "The audit log", Walkthrough.audit)
})

Report.begin("Three plugins, one of them hostile.").pipe(
  Effect.andThen(Walkthrough.install([totals, rates, miner])),
  Effect.flatMap((placements) =>
    Walkthrough.run(Plugins, Effect.andThen(Report.started(placements, intensity), calls))
  ),
  Effect.andThen(Report.end("This was examples/plugins/main.ts. The same from a file: airssys run examples/plugins")),
  Effect.provide([NodeHost.layer({ trust: [totals.source, rates.source] }), Report.layerText]),
  Effect.provideService(References.MinimumLogLevel, "Warn"),
  NodeRuntime.runMain
)
