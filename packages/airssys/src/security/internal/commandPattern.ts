import * as Result from "effect/Result"
import {
  any,
  fail,
  literal,
  open,
  type Parse,
  partial,
  type Place,
  plainAny,
  type Problem,
  type Token
} from "./patternShape.ts"

const programNote = "A program is a file name or an absolute path, named in full."
const wordNote = "Words are parted by one space; what has other characters stands in single quotes, '' in them is one."
const starNote = "* and ** stand for no argument that is empty or begins with \"-\"; -* and -** do."

const bare = /^[A-Za-z0-9_./:=@%+,~^-]+$/
/** Arguments end at NUL, and half of a surrogate pair is written as another character. */
const impossible = /[\0\p{Cs}]/u

const isProgram = (text: string): boolean =>
  /^(?:\/[A-Za-z0-9._+-]{1,255}){1,32}$|^[A-Za-z0-9_][A-Za-z0-9._+-]{0,254}$/.test(text) &&
  text.split("/").every((segment) => !/^\.+$|\.$/.test(segment))

/** Windows hands the arguments of these to a shell. */
const isBatch = (text: string): boolean => /\.(?:bat|cmd)$/i.test(text)

/** A word as it is written. */
export const quote = (word: string): string => bare.test(word) ? word : `'${word.replaceAll("'", "''")}'`

interface Word {
  readonly value: string
  readonly place: Place
  readonly isQuoted: boolean
}

/** The end of a word that begins at `from`: the place of the space behind it. */
const endOf = (text: string, from: number): number => {
  if (text[from] !== "'") {
    const space = text.indexOf(" ", from)
    return space === -1 ? text.length : space
  }
  let at = text.indexOf("'", from + 1)
  while (at !== -1 && text[at + 1] === "'") at = text.indexOf("'", at + 2)
  return at === -1 ? -1 : at + 1
}

const readWord = (text: string, from: number): Result.Result<Word, Problem> => {
  const end = endOf(text, from)
  if (end === -1) {
    return fail("a quotation is not ended", "write \"'\"", { offset: from, length: text.length - from }, wordNote)
  }
  const place = { offset: from, length: end - from }
  const written = text.slice(from, end)
  if (written === "") return fail("words are parted by one space", "remove a space", place, wordNote)
  if (end < text.length && text[end] !== " ") {
    return fail("a quotation is a whole word", "write the word in one quotation", place, wordNote)
  }
  const isQuoted = written.startsWith("'")
  const value = isQuoted ? written.slice(1, -1).replaceAll("''", "'") : written
  if (isQuoted && bare.test(value)) return fail("this word needs no quotes", `write "${value}"`, place, wordNote)
  if (!isQuoted && !bare.test(value.replaceAll("*", "_"))) {
    return fail("this word needs quotes", "write it between single quotes", place, wordNote)
  }
  return Result.succeed({ value, place, isQuoted })
}

const parseArgument = ({ isQuoted, place, value }: Word): Result.Result<Token, Problem> => {
  const star = value.indexOf("*")
  if (isQuoted || star === -1) return Result.succeed(literal(value))
  if (value === "**") return Result.succeed(plainAny)
  if (value === "-**") return Result.succeed(any)
  const after = value.slice(star + 1)
  return after.includes("*")
    ? fail("an argument takes one *", "write ** or -** alone for any number of arguments", place, starNote)
    : Result.succeed(partial(value.slice(0, star), after, star === 0))
}

const parseProgram = ({ isQuoted, place, value }: Word): Result.Result<Token, Problem> => {
  if (value.includes("*")) return fail("a program is named in full", "write each program", place, programNote)
  if (isQuoted || !isProgram(value)) {
    return fail("not a program", "write \"git\" or \"/usr/bin/git\"", place, programNote)
  }
  return isBatch(value)
    ? fail("a batch file reads arguments as commands", "name a program", place, programNote)
    : Result.succeed(literal(value))
}

/** The words of a resource, or nothing where it is none. */
export const words = (text: string): ReadonlyArray<string> | undefined => {
  if (Result.isFailure(parse(text))) return undefined
  const found: Array<string> = []
  for (let at = 0; at <= text.length;) {
    const word = readWord(text, at)
    if (Result.isFailure(word) || (!word.success.isQuoted && word.success.value.includes("*"))) return undefined
    found.push(word.success.value)
    at += word.success.place.length + 1
  }
  return found
}

/** A program and its arguments, `git log --oneline *`. */
export const parse: Parse = (text) => {
  const hidden = impossible.exec(text)
  if (hidden !== null) {
    return fail("an argument has no NUL and no half of a character", "remove it", {
      offset: hidden.index,
      length: 1
    }, wordNote)
  }
  const tokens: Array<Token> = []
  for (let at = 0; at <= text.length;) {
    const word = readWord(text, at)
    if (Result.isFailure(word)) return Result.fail(word.failure)
    const token = at === 0 ? parseProgram(word.success) : parseArgument(word.success)
    if (Result.isFailure(token)) return Result.fail(token.failure)
    tokens.push(token.success)
    at += word.success.place.length + 1
  }
  return Result.succeed(open("", tokens))
}
