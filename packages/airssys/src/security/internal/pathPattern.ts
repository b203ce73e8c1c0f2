import * as Result from "effect/Result"
import { any, fail, one, type Parse, pieces, type Problem, type Token } from "./patternShape.ts"

const pathNote = "* is one segment or a part of one, ** any number of segments."
const rootNote = "A path is below a named root; [roots] in airssys.toml maps the name to a folder."
const refusedNote = "Key files, /proc, /sys, /dev and the host's own stores are never given."

const hostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\\]/u
const encoded = /%(?:00|25|2e|2f|5c)/i

const refusedSegments: ReadonlySet<string> = new Set([
  ".AIRSSYS",
  ".AWS",
  ".ENV",
  ".GIT-CREDENTIALS",
  ".GNUPG",
  ".KUBE",
  ".NETRC",
  ".NPMRC",
  ".PYPIRC",
  ".SSH",
  "AIRSSYS.TOML",
  "ID_DSA",
  "ID_ECDSA",
  "ID_ED25519",
  "ID_RSA"
])

const refusedEndings = [".PEM", ".KEY", ".P12", ".PFX", ".PPK", ".KEYSTORE", ".JKS"]

const refusedTops: ReadonlySet<string> = new Set(["PROC", "SYS", "DEV"])

/**
 * The name that a file system could take a segment for: without regard to
 * case and compatibility forms, to a stream after a colon, or to dots and
 * spaces at the end.
 */
const folded = (segment: string): string =>
  segment.normalize("NFKC").toUpperCase().replace(/:.*$/s, "").replace(/[. ]{1,255}$/, "")

/** Whether a segment is refused whatever the manifest says. `index` counts from 0 below the root. */
export const isRefused = (segment: string, index: number): boolean => {
  const name = folded(segment)
  return refusedSegments.has(name) ||
    name.startsWith(".ENV.") ||
    refusedEndings.some((ending) => name.endsWith(ending)) ||
    index === 0 && refusedTops.has(name)
}

const segmentLimit = 255

const parseSegment = (
  segment: string,
  place: { readonly offset: number; readonly length: number }
): Result.Result<Token, Problem> => {
  if (segment === "**") return Result.succeed(any)
  if (segment === "*") return Result.succeed(one)
  if (segment === "") return fail("a segment of this path is empty", "remove a \"/\"", place, pathNote)
  if (segment === "." || segment === "..") {
    return fail(`a path has no "${segment}"`, "write the path without it", place, pathNote)
  }
  if (segment.length > segmentLimit) {
    return fail(`a segment has at most ${segmentLimit} characters`, "shorten it", place, pathNote)
  }
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
  const star = segment.indexOf("*")
  if (star === -1) return Result.succeed({ _tag: "Segment", before: segment, after: undefined })
  const after = segment.slice(star + 1)
  return after.includes("*")
    ? fail("a segment takes one *", "write ** alone between slashes for any number of segments", place, pathNote)
    : Result.succeed({ _tag: "Segment", before: segment.slice(0, star), after })
}

const parseSegments = (
  text: string,
  from: number,
  refuse: (segment: string, index: number) => boolean
): Result.Result<ReadonlyArray<Token>, Problem> => {
  const tokens: Array<Token> = []
  for (const [index, piece] of pieces(text, "/", from).entries()) {
    const token = parseSegment(piece.text, piece)
    if (Result.isFailure(token)) return Result.fail(token.failure)
    if (refuse(piece.text, index)) {
      return fail("this is refused whatever a manifest says", "leave it out", piece, refusedNote)
    }
    tokens.push(token.success)
  }
  return Result.succeed(tokens)
}

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
  return Result.map(parseSegments(text, 0, () => false), (tokens) => ({ head: "", tokens, reach: "Open" }))
}

export const isRootName = (text: string): boolean => text.length <= 64 && /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(text)

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
  if (text.length === mark + 2) return Result.succeed({ head: root, tokens: [], reach: "Open" })
  return Result.map(parseSegments(text, mark + 2, isRefused), (tokens) => ({ head: root, tokens, reach: "Open" }))
}
