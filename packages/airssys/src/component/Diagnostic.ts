/**
 * A problem in a text file, with its place, as a person reads it.
 *
 * The report has the place, the line, carets under exactly what is wrong, what
 * to write instead, the rule behind it, and that nothing happened. What came
 * from the file is escaped.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "../security/SafeText.ts"

/**
 * Schema of `Diagnostic`: `line` and `column` count from 1, `column` and
 * `length` in UTF-16 units of `source`, which is the line. `hint` says what to
 * write instead, `note` the rule, as a sentence.
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

const keptAround = 2048

/**
 * The place of a range of offsets, the end exclusive. A range over several
 * lines ends with its first line, an empty one becomes one character long, and
 * a very long line is cut after it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const place = (
  file: string,
  text: string,
  start: number,
  end: number
): Pick<Diagnostic, "file" | "line" | "column" | "length" | "source"> => {
  const from = start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1
  const next = text.indexOf("\n", start)
  const source = text.slice(from, next === -1 ? text.length : next).replace(/\r$/, "")
  let line = 1
  for (let at = text.indexOf("\n"); at !== -1 && at < from; at = text.indexOf("\n", at + 1)) line++
  const column = start - from + 1
  return {
    file,
    line,
    column,
    length: Math.max(1, Math.min(end, from + source.length) - start),
    source: source.slice(0, column + keptAround)
  }
}

/**
 * The report of problems; `closing` says what did not happen because of them.
 *
 * ```ts
 * import { Diagnostic } from "airssys/component"
 *
 * const problem = {
 *   ...Diagnostic.place("Component.toml", "network.outbond = []", 8, 15),
 *   problem: "unknown key \"outbond\" in network",
 *   hint: "did you mean \"outbound\"?"
 * }
 * const lines = Diagnostic.render([problem], "Nothing was installed.").split("\n")
 * lines[0] // => "error: Component.toml:1:9: unknown key \"outbond\" in network"
 * lines[2] // => "    |         ^^^^^^^ did you mean \"outbound\"?"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (problems: ReadonlyArray<Diagnostic>, closing: string): string =>
  problems.map((problem, index) => one(problem, index === problems.length - 1 ? closing : "")).join("\n\n")

const one = (self: Diagnostic, closing: string): string => {
  const { carets, indent, line } = excerpt(self)
  const gutter = String(self.line)
  const hint = self.hint === undefined ? "" : ` ${SafeText.escape(self.hint)}`
  const note = [self.note, closing].filter((part) => part !== undefined && part !== "").join(" ")
  return [
    `error: ${SafeText.escape(self.file)}:${self.line}:${self.column}: ${SafeText.escape(self.problem)}`,
    `  ${gutter} | ${line}`,
    `  ${" ".repeat(gutter.length)} | ${" ".repeat(indent)}${"^".repeat(carets)}${hint}`,
    ...(note === "" ? [] : [`  ${SafeText.escape(note)}`])
  ].join("\n")
}

const widest = 110
const widestBefore = 40

/** The line, cut around the part at fault, and the columns of the carets. */
const excerpt = (self: Diagnostic): { readonly line: string; readonly indent: number; readonly carets: number } => {
  const start = Math.min(self.column - 1, self.source.length)
  const from = self.source.length > widest ? Math.max(0, start - widestBefore) : 0
  const to = Math.min(self.source.length, from + widest)
  const end = Math.min(to, start + self.length)
  const before = `${from > 0 ? "..." : ""}${shown(self.source.slice(from, start))}`
  const marked = shown(self.source.slice(start, end))
  const after = `${shown(self.source.slice(end, to))}${to < self.source.length ? "..." : ""}`
  return { line: `${before}${marked}${after}`, indent: widthOf(before), carets: Math.max(1, widthOf(marked)) }
}

const shown = (text: string): string => SafeText.escape(text.replaceAll("\t", "  "), Number.MAX_SAFE_INTEGER)

const wideRanges: ReadonlyArray<readonly [first: number, last: number]> = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd]
]

/** Columns of a terminal. */
const widthOf = (text: string): number => {
  let width = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (!/\p{M}/u.test(character)) width += wideRanges.some(([first, last]) => first <= code && code <= last) ? 2 : 1
  }
  return width
}
