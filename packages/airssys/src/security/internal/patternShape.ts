import * as Result from "effect/Result"

/**
 * What is wrong with a pattern. `offset` and `length` count UTF-16 units of
 * the pattern; a problem of the whole pattern covers all of it.
 */
export interface Problem {
  readonly problem: string
  readonly remedy: string
  readonly offset: number
  readonly length: number
  readonly note: string
}

/** `**`: any number of segments, also none. */
interface AnyToken {
  readonly _tag: "Any"
}

/**
 * One segment. With `after` the segment begins with `before`, ends with
 * `after` and has at least one character between them; without, it is `before`.
 */
interface SegmentToken {
  readonly _tag: "Segment"
  readonly before: string
  readonly after: string | undefined
}

export type Token = AnyToken | SegmentToken

/**
 * How far wildcards reach. `Named`: only a pattern without wildcards matches.
 * `Zoned`: only a pattern that names the first token does.
 */
export type Reach = "Open" | "Zoned" | "Named"

/**
 * The parsed form of patterns and resources alike. `head` is compared as it
 * is: scheme and port of a network address, root of a path. The labels of a
 * host are in reverse, so that tokens go from the general to the particular.
 */
export interface Shape {
  readonly head: string
  readonly tokens: ReadonlyArray<Token>
  readonly reach: Reach
}

export type Parse = (text: string) => Result.Result<Shape, Problem>

export const any: Token = { _tag: "Any" }
export const one: Token = { _tag: "Segment", before: "", after: "" }
export const literal = (text: string): Token => ({ _tag: "Segment", before: text, after: undefined })

export const isLiteral = (token: Token): boolean => token._tag === "Segment" && token.after === undefined
const isOne = (token: Token): boolean => token._tag === "Segment" && token.before === "" && token.after === ""

export const isNamed = (shape: Shape): boolean => shape.tokens.every(isLiteral)

export const isWildcard = (token: Token): boolean => token._tag === "Any" || isOne(token)

export const fail = (
  problem: string,
  remedy: string,
  place: { readonly offset: number; readonly length: number },
  note: string
): Result.Result<never, Problem> =>
  Result.fail({ problem, remedy, offset: place.offset, length: Math.max(1, place.length), note })

/** The pieces between separators, each with where it begins. */
export const pieces = (
  text: string,
  separator: string,
  from = 0
): ReadonlyArray<{ readonly text: string; readonly offset: number; readonly length: number }> => {
  const found = []
  let offset = from
  for (const piece of text.slice(from).split(separator)) {
    found.push({ text: piece, offset, length: piece.length })
    offset += piece.length + separator.length
  }
  return found
}

/**
 * Whether each segment that `subject` stands for is one of `token`. A subject
 * that is a wildcard stands for many.
 */
const accepts = (token: Token, subject: Token): boolean => {
  if (token._tag === "Any") return true
  if (subject._tag === "Any") return false
  if (token.after === undefined) return subject.after === undefined && token.before === subject.before
  if (subject.after !== undefined) {
    return subject.before.startsWith(token.before) && subject.after.endsWith(token.after)
  }
  const segment = subject.before
  return segment.length > token.before.length + token.after.length &&
    segment.startsWith(token.before) &&
    segment.endsWith(token.after)
}

/**
 * The most tokens of a pattern: its positions are the bits of one integer.
 */
export const tokenLimit = 30

/**
 * The same tokens, each run of `*` and `**` written as its `*` and then at most
 * one `**`. Then no `**` follows another, and equal runs have one spelling.
 */
export const normalize = (tokens: ReadonlyArray<Token>): ReadonlyArray<Token> => {
  const made: Array<Token> = []
  for (const token of tokens) {
    if (made.at(-1)?._tag !== "Any") made.push(token)
    else if (isOne(token)) made.splice(-1, 0, token)
    else if (token._tag !== "Any") made.push(token)
  }
  return made
}

/** Sets the position after each `**` that has been reached, since it may stand for nothing. */
const skipAny = (tokens: ReadonlyArray<Token>, reached: number): number => {
  let states = reached
  for (let index = 0; index < tokens.length; index++) {
    if ((states & (1 << index)) !== 0 && tokens[index]?._tag === "Any") states |= 1 << (index + 1)
  }
  return states
}

/**
 * Whether everything that `subject` stands for is matched by `pattern`: exact
 * where the subject names one resource. Where it has wildcards, each of them
 * has to be taken by one of the pattern, so that what only several tokens
 * together would cover is not covered.
 *
 * All positions are followed at once, so the time is at most the number of
 * segments times the length of the pattern, whatever both contain.
 */
export const covers = (pattern: Shape, subject: Shape): boolean => {
  if (pattern.head !== subject.head) return false
  if (subject.reach === "Named" && !isNamed(pattern)) return false
  const { tokens } = pattern
  const first = tokens[0]
  if (subject.reach === "Zoned" && (first === undefined || !isLiteral(first))) return false
  let states = skipAny(tokens, 1)
  for (const segment of subject.tokens) {
    let next = 0
    for (let index = 0; index < tokens.length; index++) {
      const token = tokens[index]
      if (token === undefined || (states & (1 << index)) === 0 || !accepts(token, segment)) continue
      next |= token._tag === "Any" ? 1 << index : 1 << (index + 1)
    }
    states = skipAny(tokens, next)
    if (states === 0) return false
  }
  return (states & (1 << tokens.length)) !== 0
}

const anchorDepth = 2

const leading = (tokens: ReadonlyArray<Token>): ReadonlyArray<string> => {
  const texts = []
  for (const token of tokens) {
    if (token._tag === "Any" || token.after !== undefined) break
    texts.push(token.before)
  }
  return texts
}

/** Named in full: the whole. Else the head and at most two literal tokens. */
export const anchor = (shape: Shape): string => {
  const texts = leading(shape.tokens)
  return texts.length === shape.tokens.length
    ? `=${shape.head}\n${texts.join("\n")}`
    : [shape.head, ...texts.slice(0, anchorDepth)].join("\n")
}

/** The anchors that patterns of a resource may have, the most particular first. */
export const anchors = (shape: Shape): ReadonlyArray<string> => {
  const texts = leading(shape.tokens)
  const found = texts.length === shape.tokens.length ? [`=${shape.head}\n${texts.join("\n")}`] : []
  for (let depth = Math.min(anchorDepth, texts.length); depth >= 0; depth--) {
    found.push([shape.head, ...texts.slice(0, depth)].join("\n"))
  }
  return found
}
