/**
 * What a run gave, for people and as one closing line for each engine.
 */
import type { EngineName } from "./engines/contract.ts"
import { type Expectation, find } from "./expectations.ts"
import type { Result } from "./result.ts"

/** Failures that an expectation names are `expected` and not `failed`. */
export interface Totals {
  readonly suite: string
  readonly engine: EngineName
  readonly passed: number
  readonly failed: number
  readonly expected: number
  readonly skipped: number
}

export interface Judged {
  readonly totals: ReadonlyArray<Totals>
  /** Lines of the whole story: failures, what was expected, what was skipped, where engines differ. */
  readonly lines: ReadonlyArray<string>
}

export const judge = (
  suite: string,
  engines: ReadonlyArray<EngineName>,
  results: ReadonlyArray<Result>,
  expectations: ReadonlyArray<Expectation>
): Judged => {
  const expected = new Map(
    results.filter(({ status }) => status === "failed").map((result) => [result, find(expectations, result)])
  )
  const named = (result: Result): boolean => expected.get(result) !== undefined
  const lines: Array<string> = []
  const totals = engines.map((engine): Totals => {
    const of = (status: Result["status"]) => results.filter((one) => one.engine === engine && one.status === status)
    const failures = of("failed")
    const byFeature = of("passed").filter(({ reason }) => reason !== undefined)
    lines.push(...groups(`passed on ${engine}, refused for what it leaves out`, byFeature, ({ reason = "" }) => reason))
    lines.push(...groups(`skipped on ${engine}`, of("skipped"), ({ reason = "" }) => reason))
    lines.push(...groups(`expected of ${engine}`, failures.filter(named), (one) => expected.get(one)!.reason))
    lines.push(...failures.filter((one) => !named(one)).map(failureLine))
    return {
      suite,
      engine,
      passed: of("passed").length,
      failed: failures.filter((one) => !named(one)).length,
      expected: failures.filter(named).length,
      skipped: of("skipped").length
    }
  })
  lines.push(...differences(results))
  const used = new Set(expected.values())
  lines.push(
    ...expectations.filter((one) => engines.some((name) => name === one.engine) && !used.has(one)).map((one) =>
      `unused: line ${one.line} of the expectations names no failure: ${one.engine} | ${one.place} | ${one.text}`
    )
  )
  return { totals, lines }
}

export const totalLine = ({ engine, expected, failed, passed, skipped, suite }: Totals): string =>
  `${suite} on ${engine}: ${passed} passed, ${failed} failed, ${expected} expected failures, ${skipped} skipped`

const failureLine = ({ at, cause, engine, reason, what }: Result): string =>
  `FAILED ${engine} ${at} ${what}: ${reason}${cause === undefined || cause === at ? "" : ` (at ${cause})`}`

/** One line for each file and reason, with the lines of the file. */
const groups = (
  title: string,
  results: ReadonlyArray<Result>,
  reasonOf: (result: Result) => string
): ReadonlyArray<string> => {
  const places = Map.groupBy(results, (one) => `${one.at.replace(/:\d+$/, "")}\n${reasonOf(one)}`)
  return [...places].map(([key, group]) => {
    const [file, reason] = key.split("\n")
    const lines = group.map(({ at }) => /:(\d+)$/.exec(at)?.[1]).filter((line) => line !== undefined)
    return `${title}: ${file}${lines.length === 0 ? "" : `:${lines.join(",")}`}: ${reason}`
  })
}

/** Checks that every engine tried, and that did not end alike. */
const differences = (results: ReadonlyArray<Result>): ReadonlyArray<string> =>
  [...Map.groupBy(results, ({ at, what }) => `${at} ${what}`)].flatMap(([place, group]) => {
    const tried = group.filter(({ status }) => status !== "skipped")
    const seen = new Set(tried.map(comparable(tried)))
    return seen.size < 2
      ? []
      : [`differs: ${place}: ${tried.map(({ engine, seen }) => `${engine} ${seen}`).join(", ")}`]
  })

/** Categories of traps count where each engine gives one. */
const comparable = (tried: ReadonlyArray<Result>) => {
  const isVague = tried.some(({ seen }) => /trapped: (Other|InvalidValue|InvalidCall)/.test(seen))
  return ({ seen }: Result): string => isVague ? seen.replaceAll(/trapped: \w+/g, "trapped") : seen
}
