/**
 * Results as JSON lines and as a table.
 */
import type { Result } from "./Measure.ts"
import * as Statistics from "./Statistics.ts"
import * as Suite from "./Suite.ts"

export interface Line {
  readonly suite: string
  readonly name: string
  readonly unit: string
  readonly median: number
  readonly min: number
  readonly max: number
  /** By contender; `ratio` is ours / theirs, so below 1 means ours takes less. */
  readonly against: Readonly<Record<string, { readonly median: number; readonly ratio: number }>>
}

export const line = (suite: string, row: Suite.Row, { against, ours }: Result): Line => ({
  suite,
  name: row.name,
  unit: row.unit,
  median: Statistics.round(ours.median),
  min: Statistics.round(ours.min),
  max: Statistics.round(ours.max),
  against: Object.fromEntries(
    against.map(({ median, name }) => [
      name,
      { median: Statistics.round(median), ratio: Statistics.round(ours.median / median) }
    ])
  )
})

const cells = (first: string, second: string, unit: string, figures: ReadonlyArray<string>): string =>
  `${first.padEnd(26)}${second.padEnd(14)}${unit.padEnd(4)}${figures.map((figure) => figure.padStart(12)).join("")}`
    .trimEnd()

const shown = (ratio: number): string => ratio < 100 ? ratio.toPrecision(3) : ratio.toFixed(0)

const figure = (value: number): string => value.toFixed(value < 100 ? 2 : value < 10_000 ? 1 : 0)

export const tableHead = (rounds: number, machine: string): string =>
  [
    `Figures of one operation, ${rounds} rounds in turns; ratio = ours / theirs.`,
    machine,
    "",
    cells("row", "contender", "unit", ["median", "min", "max", "ratio"])
  ].join("\n")

export const tableRow = (row: Suite.Row, { against, ours }: Result): string =>
  [
    cells(row.name, Suite.ours, row.unit, [figure(ours.median), figure(ours.min), figure(ours.max)]),
    ...against.map(({ max, median, min, name }) =>
      cells("", name, row.unit, [figure(median), figure(min), figure(max), shown(ours.median / median)])
    )
  ].join("\n")
