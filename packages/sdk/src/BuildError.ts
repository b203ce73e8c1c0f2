/**
 * What a guest build fails with: the problem, its place and what to do.
 *
 * Text from sources is escaped, so that `message` may go to a terminal.
 *
 * @since 0.1.0
 */
import { escape } from "./internal/text.ts"

/**
 * Which part of a build failed: `Source` the guest's own TypeScript or
 * JavaScript, `Wat` its text format, `Wit` an interface definition,
 * `MissingExport` a guest that lacks what its world declares, `Tool` a tool
 * that is missing or broken, `Output` a file that cannot be read or written.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = "Source" | "Wat" | "Wit" | "MissingExport" | "Tool" | "Output"

/**
 * A place in a file. Lines and columns count from 1.
 *
 * @category models
 * @since 0.1.0
 */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The text of the line. */
  readonly excerpt: string
}

/**
 * @category errors
 * @since 0.1.0
 */
export interface BuildErrorOptions {
  readonly reason: Reason
  /** What is wrong, in one line. */
  readonly problem: string
  readonly place?: Place | undefined
  /** What to do about it. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

const render = (options: BuildErrorOptions): string => {
  const problem = escape(options.problem)
  const hint = options.hint === undefined ? "" : `\n  ${escape(options.hint)}`
  if (options.place === undefined) {
    return `${problem}${hint}`
  }
  const { file, line, column, excerpt } = options.place
  const number = String(line)
  const start = Math.max(0, column - 60)
  const shown = escape(excerpt.slice(start, start + 100))
  const before = escape(excerpt.slice(start, column - 1))
  return `${escape(file)}:${line}:${column}: ${problem}\n  ${number} | ${shown}\n  ${" ".repeat(number.length)} | ${
    " ".repeat(before.length)
  }^${hint}`
}

/**
 * A guest that cannot be built. Nothing was written.
 *
 * @category errors
 * @since 0.1.0
 */
export class BuildError extends Error {
  readonly _tag = "BuildError"
  override readonly name = "BuildError"
  readonly reason: Reason
  readonly problem: string
  readonly place: Place | undefined
  readonly hint: string | undefined

  constructor(options: BuildErrorOptions) {
    super(render(options), options.cause === undefined ? undefined : { cause: options.cause })
    this.reason = options.reason
    this.problem = options.problem
    this.place = options.place
    this.hint = options.hint
  }
}

/**
 * @category guards
 * @since 0.1.0
 */
export const isBuildError = (u: unknown): u is BuildError => u instanceof BuildError
