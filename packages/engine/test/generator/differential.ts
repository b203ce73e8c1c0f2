/**
 * What must be the same of a module with accounts and without: all that it does
 * and, with accounts, the fuel that it takes, whatever the slices are.
 */
import { meter } from "../../src/internal/core/meter.ts"
import { random } from "../support/components.ts"
import { generate } from "./generate.ts"
import type { Run } from "./run.ts"
import { run } from "./run.ts"

/** What a seed comes to: equal for all tiers of the compiler. */
export interface Outcome {
  readonly seed: number
  readonly log: ReadonlyArray<string>
  readonly fuel: ReadonlyArray<number>
}

const metered = (bytes: Uint8Array): ReturnType<typeof meter> => {
  let drawn = 0
  return meter(bytes, { randomName: () => `name ${drawn++}` })
}

export const outcome = (seed: number): Outcome => {
  const generated = generate(seed)
  const { calls, log } = run(generated, metered(generated.bytes))
  return { seed, log, fuel: calls.map(({ fuel }) => fuel) }
}

/** The most fuel that a call may have taken without a check when it is over. */
const overdraft = 50_000

/** What differs for a seed. */
export const differences = (seed: number): ReadonlyArray<string> => {
  const generated = generate(seed)
  const module = metered(generated.bytes)
  const found: Array<string> = []
  const same = (what: string, one: Run, other: Run): void => {
    const at = one.log.findIndex((line, index) => line !== other.log[index])
    const length = one.log.length === other.log.length
    if (at !== -1 || !length) found.push(`${what}: "${one.log[at]}" and "${other.log[at]}"`)
  }
  const full = run(generated, module)
  same("metered", run(generated, undefined), full)
  const sliced = run(generated, module, { slice: 500, refill: true })
  same("in slices", full, sliced)
  if (fuelOf(full) !== fuelOf(sliced)) found.push(`in slices: ${fuelOf(full)} and ${fuelOf(sliced)} fuel`)
  const most = Math.max(0, ...full.calls.map(({ fuel }) => fuel))
  const next = random(seed)
  for (const limit of [most, most - 1, next(Math.max(1, most)), 0]) {
    const problem = limited(full, run(generated, module, { slice: Math.max(0, limit), refill: false }), limit)
    if (problem !== undefined) found.push(`with ${limit} fuel: ${problem}`)
  }
  return found
}

const fuelOf = ({ calls }: Run): string => calls.filter(({ trapped }) => !trapped).map(({ fuel }) => fuel).join()

/** What is wrong with a run that had this much fuel for each call. */
const limited = (full: Run, run: Run, limit: number): string | undefined => {
  const at = run.log.findIndex((line, index) => line !== full.log[index])
  if (at !== -1) return `"${full.log[at]}" and "${run.log[at]}"`
  for (const [index, { fuel, trapped }] of run.calls.entries()) {
    if (!trapped && fuel !== full.calls[index]?.fuel) return `${full.calls[index]?.fuel} and ${fuel} fuel`
    if (!trapped && fuel > limit + overdraft) return `${fuel} were taken`
  }
  const last = full.calls[run.calls.length]
  if (!run.stopped) return last === undefined ? undefined : "ends early"
  return last === undefined || last.trapped || last.fuel > limit ? undefined : "stops early"
}

/** How recursion without bounds ends with this many bytes of stack: overflowed, if V8 had to end it. */
export const recursion = (seed: number, stack: number): "stopped" | "ended" | "overflowed" => {
  const generated = generate(seed)
  const options = { slice: 20_000_000, refill: false, stack, budget: 1_000_000 }
  const { log, stopped } = run(generated, metered(generated.bytes), options)
  return log.some((line) => line.includes("call stack")) ? "overflowed" : stopped ? "stopped" : "ended"
}
