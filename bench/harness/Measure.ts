/**
 * Measures one row in this process.
 *
 * Every contender is warmed up and its count fitted so that a round lasts
 * `roundNanos`; then the contenders take turns, one round each, so that drift
 * of the machine hits all of them. The order rotates from turn to turn. The
 * heap is collected before each round where the process exposes `gc`.
 */
import * as Statistics from "./Statistics.ts"
import * as Suite from "./Suite.ts"

export interface Options {
  readonly rounds: number
  /** Least time of one measured round. */
  readonly roundNanos: number
  /** Least time each contender runs before anything is measured. */
  readonly warmUpNanos: number
  readonly now: () => bigint
  readonly collect: () => void
}

export interface Result {
  readonly ours: Statistics.Summary
  readonly against: ReadonlyArray<Statistics.Summary & { readonly name: string }>
}

interface Runner {
  readonly name: string
  readonly work: Suite.Work
  /** Operations of one run, and runs of one round. */
  count: number
  runs: number
  readonly samples: Array<number>
}

const blame = (name: string, error: unknown): Error =>
  new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const timed = async (work: Suite.Work, count: number, now: () => bigint): Promise<number> => {
  const start = now()
  const pending = work.run(count)
  if (pending !== undefined) await pending
  const nanos = Number(now() - start)
  await work.check(count)
  return nanos
}

const upTo = (value: number, batch: number): number => Math.max(batch, Math.ceil(value / batch) * batch)

const fit = (runner: Runner, row: Suite.Row, nanosPerOperation: number, roundNanos: number): void => {
  const wanted = upTo(roundNanos / Math.max(nanosPerOperation, 0.01), row.batch)
  runner.count = row.segment === undefined ? wanted : Math.min(wanted, row.segment)
  runner.runs = Math.ceil(wanted / runner.count)
}

const warmUp = async (runner: Runner, row: Suite.Row, options: Options): Promise<void> => {
  let spent = 0
  let nanos = 0
  let count = row.batch
  while (spent < options.warmUpNanos || nanos < options.roundNanos / 2) {
    nanos = await timed(runner.work, count, options.now)
    spent += nanos
    fit(runner, row, nanos / count, options.roundNanos)
    if (row.segment === count && spent >= options.warmUpNanos) return
    count = Math.min(runner.count, count * 10)
    await macrotask()
  }
}

const turn = async (runner: Runner, options: Options): Promise<number> => {
  await macrotask()
  options.collect()
  let nanos = 0
  for (let run = 0; run < runner.runs; run++) nanos += await timed(runner.work, runner.count, options.now)
  return nanos / (runner.runs * runner.count)
}

const prepare = async (row: Suite.Row): Promise<ReadonlyArray<Runner>> => {
  const runners: Array<Runner> = []
  for (const { name, prepare } of [{ name: Suite.ours, prepare: row.ours }, ...row.against]) {
    try {
      runners.push({ name, work: await prepare(), count: row.batch, runs: 1, samples: [] })
    } catch (error) {
      throw blame(name, error)
    }
  }
  return runners
}

/**
 * Rejects with the contender's name when one of them fails or its check does.
 */
export const measure = async (row: Suite.Row, options: Options): Promise<Result> => {
  const runners = await prepare(row)
  const each = async (order: ReadonlyArray<Runner>, step: (runner: Runner) => Promise<void>): Promise<void> => {
    for (const runner of order) await step(runner).catch((error: unknown) => Promise.reject(blame(runner.name, error)))
  }
  await each(runners, (runner) => warmUp(runner, row, options))
  await each(runners, async (runner) => {
    if (row.rounds === 1) return
    fit(runner, row, await turn(runner, options), options.roundNanos)
  })
  const rounds = Math.min(options.rounds, row.rounds ?? options.rounds)
  for (let round = 0; round < rounds; round++) {
    const first = round % runners.length
    await each([...runners.slice(first), ...runners.slice(0, first)], async (runner) => {
      const nanos = await turn(runner, options)
      runner.samples.push(runner.work.figure?.() ?? Suite.inUnit(row.unit, nanos))
    })
  }
  await each(runners, async (runner) => runner.work.close?.())
  const [our, ...theirs] = runners.map(({ name, samples }) => ({ name, ...Statistics.summarize(samples) }))
  if (our === undefined) throw new Error("a row without contenders")
  return { ours: { median: our.median, min: our.min, max: our.max }, against: theirs }
}
