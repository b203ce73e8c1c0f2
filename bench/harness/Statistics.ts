/**
 * Median, least and greatest of a row's rounds.
 */

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/**
 * Throws on an empty list and on anything that is not a finite number.
 */
export const summarize = (values: ReadonlyArray<number>): Summary => {
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new Error(`no statistics of [${values.join(", ")}]`)
  }
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number): number => sorted[index] as number
  const half = sorted.length >> 1
  return {
    median: sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2,
    min: at(0),
    max: at(sorted.length - 1)
  }
}

/**
 * Six significant digits: more is noise.
 */
export const round = (value: number): number => Number(value.toPrecision(6))
