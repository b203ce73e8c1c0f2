/**
 * Entry of a row's own process: measures the row and sends the result to the
 * parent. Arguments: URL of the module whose `suite` it is, row, rounds.
 */
import * as Measure from "./Measure.ts"
import type { Outcome } from "./RowProcess.ts"
import type * as Suite from "./Suite.ts"

const [, , url = "", name = "", rounds = ""] = process.argv

const measured = async (): Promise<Outcome> => {
  const { suite } = await import(url) as { readonly suite: Suite.Suite }
  const row = suite.rows.find((candidate) => candidate.name === name)
  if (row === undefined) return { _tag: "Failed", message: `${suite.name} has no row ${name}` }
  const result = await Measure.measure(row, {
    rounds: Number(rounds),
    roundNanos: 50e6,
    warmUpNanos: 400e6,
    now: process.hrtime.bigint,
    collect: globalThis.gc ?? (() => {})
  })
  return { _tag: "Measured", result }
}

// A compilation that V8 does in the background does not keep a process alive.
setInterval(() => {}, 0x7fff_ffff)

measured().catch((error: unknown): Outcome => ({
  _tag: "Failed",
  message: error instanceof Error ? error.message : String(error)
})).then((outcome) => process.send?.(outcome, () => process.exit(0)))
