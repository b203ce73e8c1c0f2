/**
 * A problem in a text file, with its place, as a person reads it.
 *
 * The report has the place, the line, a caret under exactly what is wrong, what
 * to write instead, and that nothing happened. What came from the file is
 * escaped.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "../security/SafeText.ts"

/**
 * Schema of `Diagnostic`: `line` and `column` count from 1, `length` is in
 * UTF-16 code units and does not reach beyond the line.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Diagnostic = Schema.Struct({
  file: Schema.String,
  line: Schema.Int,
  column: Schema.Int,
  length: Schema.Int,
  source: Schema.String,
  problem: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  note: Schema.optionalKey(Schema.String)
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Diagnostic extends Schema.Schema.Type<typeof Diagnostic> {}

const widest = 160

/**
 * The report of problems; `closing` says what did not happen because of them.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (problems: ReadonlyArray<Diagnostic>, closing: string): string =>
  problems.map((problem, index) => one(problem, index === problems.length - 1 ? closing : "")).join("\n\n")

const one = (self: Diagnostic, closing: string): string => {
  const start = Math.max(0, Math.min(self.column - 1, self.source.length) - widest / 2)
  const shown = self.source.slice(start, start + widest)
  const before = SafeText.escape(shown.slice(0, self.column - 1 - start))
  const marked = SafeText.escape(shown.slice(self.column - 1 - start, self.column - 1 - start + self.length))
  const after = SafeText.escape(shown.slice(self.column - 1 - start + self.length))
  const gutter = String(self.line)
  const caret = "^".repeat(Math.max(1, marked.length))
  const hint = self.hint === undefined ? "" : ` ${SafeText.escape(self.hint)}`
  const note = [self.note, closing].filter((part) => part !== undefined && part !== "").join(" ")
  return [
    `error: ${SafeText.escape(self.file)}:${self.line}:${self.column}: ${SafeText.escape(self.problem)}`,
    `  ${gutter} | ${before}${marked}${after}`,
    `  ${" ".repeat(gutter.length)} | ${" ".repeat(before.length)}${caret}${hint}`,
    ...(note === "" ? [] : [`  ${SafeText.escape(note)}`])
  ].join("\n")
}
