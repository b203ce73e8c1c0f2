import * as Result from "effect/Result"
import { any, fail, literal, one, open, type Parse, pieces, type Problem, type Token } from "./patternShape.ts"

const variableNote = "A wildcard would also cover what the host adds later."
const recipientNote = "A recipient is namespace:name; * stands for either of them."
const topicNote = "* is one label of a topic, ** any number."

/** A variable of the environment, in full. */
export const parseVariable: Parse = (text) => {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text)) return Result.succeed(open("", [literal(text)]))
  const star = text.indexOf("*")
  return star === -1
    ? fail(
      "not the name of a variable",
      "use 1 to 128 of A to Z, a to z, 0 to 9 and \"_\", no digit first",
      { offset: 0, length: text.length },
      variableNote
    )
    : fail("a variable is named in full", "write each name", { offset: star, length: text.length - star }, variableNote)
}

const parseLabels = (
  text: string,
  separator: string,
  isLabel: (label: string) => boolean,
  problem: { readonly what: string; readonly remedy: string; readonly note: string }
): Result.Result<ReadonlyArray<Token>, Problem> => {
  const tokens: Array<Token> = []
  for (const piece of pieces(text, separator)) {
    if (piece.text === "**") tokens.push(any)
    else if (piece.text === "*") tokens.push(one)
    else if (isLabel(piece.text)) tokens.push(literal(piece.text))
    else if (piece.text.includes("*")) {
      return fail("a wildcard stands alone", "write \"*\" alone", piece, problem.note)
    } else return fail(problem.what, problem.remedy, piece, problem.note)
  }
  return Result.succeed(tokens)
}

const isWord = (text: string): boolean => text.length <= 64 && /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(text)

/** A component that receives messages, `acme:totals`. */
export const parseRecipient: Parse = (text) => {
  const problem = {
    what: "not a name of a component",
    remedy: "use words of a to z and 0 to 9, joined by \"-\"",
    note: recipientNote
  }
  const tokens = parseLabels(text, ":", isWord, problem)
  if (Result.isFailure(tokens)) return Result.fail(tokens.failure)
  return tokens.success.length === 2 && tokens.success.every((token) => token._tag === "Segment")
    ? Result.succeed(open("", tokens.success))
    : fail("a recipient has two parts", "write \"acme:totals\"", { offset: 0, length: text.length }, recipientNote)
}

/** Topics, `invoices.*`. */
export const parseTopic: Parse = (text) =>
  Result.map(
    parseLabels(text, ".", (label) => /^[A-Za-z0-9_-]{1,64}$/.test(label), {
      what: "not a label of a topic",
      remedy: "use A to Z, a to z, 0 to 9, \"_\" and \"-\" between dots",
      note: topicNote
    }),
    (tokens) => open("", tokens)
  )
