/**
 * What a benchmark is: suites of rows, and for each row the contenders that do
 * the same work.
 *
 * Names of suites, rows and contenders are stable ids in kebab case: they are
 * what results are compared by over time.
 */

/**
 * One contender's side of a row, ready to run.
 */
export interface Work {
  /** Does the operation `count` times. Everything inside is timed; all of it is done when this returns or resolves. */
  readonly run: (count: number) => void | Promise<void>
  /**
   * Throws unless the `run(count)` before it did its work, and takes down what
   * it left behind. Never timed.
   */
  readonly check: (count: number) => void | Promise<void>
  /**
   * What the run before it found, in the row's unit, where the row is not about
   * the time that it took.
   */
  readonly figure?: (() => number) | undefined
  /** Gives back what `prepare` took. Never timed. */
  readonly close?: (() => void | Promise<void>) | undefined
}

export interface Contender {
  readonly name: string
  /** Loads and sets up everything the work needs, in the row's own process. Never timed. */
  readonly prepare: () => Promise<Work>
}

/**
 * What figures are in. Of one operation, unless the work gives them itself, as
 * it has to where more is better (`MB/s`).
 */
export type Unit = "ns" | "us" | "ms" | "MB/s" | "B"

/**
 * Nanoseconds that an operation took, in a unit. Throws for one that is no time.
 */
export const inUnit = (unit: Unit, nanos: number): number => {
  switch (unit) {
    case "ns":
      return nanos
    case "us":
      return nanos / 1e3
    case "ms":
      return nanos / 1e6
    case "MB/s":
    case "B":
      throw new Error(`a time is not in ${unit}`)
  }
}

export interface Row {
  readonly name: string
  readonly unit: Unit
  /** `count` is always a multiple of this. */
  readonly batch: number
  /**
   * The largest `count` of one `run`, for work that leaves something behind; a
   * round is then as many runs as it takes, each checked and taken down
   * outside the timed part.
   */
  readonly segment?: number | undefined
  /** At most so many rounds are measured, for work that takes seconds. */
  readonly rounds?: number | undefined
  readonly ours: Contender["prepare"]
  readonly against: ReadonlyArray<Contender>
}

export interface Suite {
  readonly name: string
  readonly rows: ReadonlyArray<Row>
}

/**
 * The name under which our side of a row is printed.
 */
export const ours = "ours"

const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

const problem = (what: string, names: ReadonlyArray<string>): string | undefined => {
  const odd = names.find((name) => !kebab.test(name))
  if (odd !== undefined) return `${what} "${odd}" is not kebab case`
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : `${what} "${twice}" exists twice`
}

/**
 * A suite whose ids are kebab case and unique; throws otherwise.
 */
export const make = (suite: Suite): Suite => {
  const problems = [
    problem("suite", [suite.name]),
    problem("row", suite.rows.map((row) => row.name)),
    ...suite.rows.map((row) => problem(`${row.name}: contender`, [ours, ...row.against.map(({ name }) => name)])),
    ...suite.rows.map((row) =>
      row.segment !== undefined && row.segment % row.batch !== 0
        ? `${row.name}: segment ${row.segment} is no multiple of batch ${row.batch}`
        : undefined
    )
  ]
  const first = problems.find((text) => text !== undefined)
  if (first !== undefined) throw new Error(first)
  return suite
}
