/**
 * Failures that are known, with a reason for each.
 *
 * One a line: `engine | place | part of what went wrong | reason`. The place is
 * a glob over files, with `:line` where only one check is meant; a check that
 * could not be tried because of another is named by either place. `*` stands
 * for anything, also as the third part. Lines that begin with `#` say nothing.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Result } from "./result.ts"

export interface Expectation {
  readonly engine: string
  readonly place: string
  readonly text: string
  readonly reason: string
  readonly line: number
}

/** Throws for a line that is no expectation. */
export const parse = (source: string): ReadonlyArray<Expectation> =>
  source.split("\n").flatMap((written, at) => {
    if (written.trim() === "" || written.startsWith("#")) return []
    const [engine, place, text, reason, ...more] = written.split("|").map((part) => part.trim())
    const isWhole = engine !== undefined && /^(airssys|jco)$/.test(engine) && place && text && reason &&
      more.length === 0
    if (!isWhole) {
      throw new Error(`line ${at + 1}: expected "airssys or jco | place | part of what went wrong | reason"`)
    }
    return [{ engine, place, text, reason, line: at + 1 }]
  })

export const read = (file: string): ReadonlyArray<Expectation> => {
  try {
    return parse(fs.readFileSync(file, "utf8"))
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** The expectation that names a failure, if one does. */
export const find = (expectations: ReadonlyArray<Expectation>, result: Result): Expectation | undefined =>
  expectations.find((expectation) =>
    expectation.engine === result.engine &&
    (expectation.text === "*" || result.reason?.includes(expectation.text) === true) &&
    [result.at, result.cause].some((place) => place !== undefined && isAt(expectation.place, place))
  )

const isAt = (glob: string, place: string): boolean =>
  path.matchesGlob(/:\d+$/.test(glob) ? place : place.replace(/:\d+$/, ""), glob)
