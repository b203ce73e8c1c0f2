import * as Result from "effect/Result"
import {
  any,
  fail,
  literal,
  one,
  open,
  type Parse,
  partial,
  pieces,
  type Place,
  type Problem,
  type Token
} from "./patternShape.ts"
import { compatible, isRefused } from "./refusedPaths.ts"

const pathNote = "* is one segment or a part of one, ** any number of segments."
const rootNote = "A path is below a named root; [roots] in airssys.toml maps the name to a folder."
const refusedNote = "Key files, /proc, /sys, /dev and the host's own stores are never given."
const portableNote = "What some file system reads as another name is no part of a path, on any host."

const hostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\\]/u
const encoded = /%(?:00|25|2e|2f|5c)/i

/** What a file system that knows fewer characters may read as `..` or as a separator. */
const isDisguised = (segment: string): boolean => {
  const name = compatible(segment)
  return /^[. ]+$/.test(name) || /[/\\]/.test(name)
}

/** What file systems without case, with streams or without dots at the end read as another name. */
const portableProblem = (segment: string, place: Place): Result.Result<never, Problem> | undefined => {
  const name = compatible(segment)
  const colon = name.indexOf(":")
  if (colon !== -1) {
    return fail("a path has no \":\" below its root", "write the path without it", place, portableNote)
  }
  return name.endsWith(".") || name.endsWith(" ")
    ? fail("a segment does not end in a dot or a space", "write the path without it", place, portableNote)
    : undefined
}

/** What a segment must not hold. */
const characterProblem = (segment: string, place: Place): Result.Result<never, Problem> | undefined => {
  const hidden = hostile.exec(segment)
  if (hidden !== null) {
    return fail(
      hidden[0] === "\\" ? "a path has no \"\\\"" : "a path has no invisible characters",
      hidden[0] === "\\" ? "write \"/\"" : "remove it",
      { offset: place.offset + hidden.index, length: hidden[0].length },
      pathNote
    )
  }
  const escape = encoded.exec(segment)
  if (escape !== null) {
    return fail(
      "a path is not percent-encoded",
      "write the character itself",
      { offset: place.offset + escape.index, length: escape[0].length },
      pathNote
    )
  }
  const composed = segment.normalize("NFC")
  return composed === segment ? undefined : fail("this has a composed form", `write "${composed}"`, place, pathNote)
}

/** Printable ASCII but `%` and `\`: its characters are no problem. */
const ordinary = /^[ -$&-[\]-~]*$/

const segmentLimit = 255

const parseSegment = (segment: string, place: Place): Result.Result<Token, Problem> => {
  if (segment === "**") return Result.succeed(any)
  if (segment === "*") return Result.succeed(one)
  if (segment === "") return fail("a segment of this path is empty", "remove a \"/\"", place, pathNote)
  if (segment === "." || segment === "..") {
    return fail(`a path has no "${segment}"`, "write the path without it", place, pathNote)
  }
  if (segment.length > segmentLimit) {
    return fail(`a segment has at most ${segmentLimit} characters`, "shorten it", place, pathNote)
  }
  const problem = ordinary.test(segment) ? undefined : characterProblem(segment, place)
  if (problem !== undefined) return problem
  if (isDisguised(segment)) {
    return fail("this can be read as \"..\" or as \"/\"", "write the path without it", place, pathNote)
  }
  const star = segment.indexOf("*")
  if (star === -1) return Result.succeed(literal(segment))
  const after = segment.slice(star + 1)
  return after.includes("*")
    ? fail("a segment takes one *", "write ** alone between slashes for any number of segments", place, pathNote)
    : Result.succeed(partial(segment.slice(0, star), after))
}

type Check = (segment: Place & { readonly text: string }, index: number, parent: string) =>
  | Result.Result<never, Problem>
  | undefined

const parseSegments = (
  text: string,
  from: number,
  check: Check
): Result.Result<ReadonlyArray<Token>, Problem> => {
  const tokens: Array<Token> = []
  let parent = ""
  for (const piece of pieces(text, "/", from)) {
    const token = parseSegment(piece.text, piece)
    if (Result.isFailure(token)) return Result.fail(token.failure)
    const problem = check(piece, tokens.length, parent)
    if (problem !== undefined) return problem
    tokens.push(token.success)
    parent = piece.text
  }
  return Result.succeed(tokens)
}

const checkFile: Check = (segment, index, parent) =>
  portableProblem(segment.text, segment) ??
    (isRefused(segment.text, index, parent)
      ? fail("this is refused whatever a manifest says", "leave it out", segment, refusedNote)
      : undefined)

/** Keys of the component's own storage, `rates/eur/*`. */
export const parseKey: Parse = (text) => {
  if (text.startsWith("/")) {
    return fail(
      "a key does not begin with \"/\"",
      `write "${text.replace(/^\/+/, "")}"`,
      { offset: 0, length: 1 },
      pathNote
    )
  }
  return Result.map(parseSegments(text, 0, () => undefined), (tokens) => open("", tokens))
}

const isRootName = (text: string): boolean => text.length <= 64 && /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(text)

/** `root:/path`, the root being a name that the host maps to a folder. */
export const parsePath: Parse = (text) => {
  const mark = text.indexOf(":/")
  const root = text.slice(0, Math.max(0, mark))
  const everything = { offset: 0, length: text.length }
  if (mark === -1) {
    const path = text.startsWith("/") ? text : `/${text}`
    return fail("a path needs a root", `write "inbox:${path}", inbox being your root`, everything, rootNote)
  }
  if (!isRootName(root)) {
    const place = { offset: 0, length: mark }
    return fail("not the name of a root", "use words of a to z and 0 to 9, joined by \"-\"", place, rootNote)
  }
  if (text.length === mark + 2) return Result.succeed(open(root, []))
  return Result.map(parseSegments(text, mark + 2, checkFile), (tokens) => open(root, tokens))
}
