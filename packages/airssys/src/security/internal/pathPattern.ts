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
  ".AZURE",
  ".DOCKER",
  ".ENV",
  ".ENVRC",
  ".GIT-CREDENTIALS",
  ".GNUPG",
  ".HTPASSWD",
  ".KUBE",
  ".MY.CNF",
  ".NETRC",
  ".NPMRC",
  ".PGPASS",
  ".PYPIRC",
  ".SSH",
  ".VAULT-TOKEN",
  "AIRSSYS.TOML",
  "ID_DSA",
  "ID_ECDSA",
  "ID_ECDSA_SK",
  "ID_ED25519",
  "ID_ED25519_SK",
  "ID_RSA"
])

const refusedEndings = [".PEM", ".KEY", ".P12", ".PFX", ".PPK", ".KEYSTORE", ".JKS"]

const refusedTops: ReadonlySet<string> = new Set(["PROC", "SYS", "DEV"])

/** A name that a file system may have made for a longer one, `SSH~1`. */
const isShortName = (name: string): boolean => /^[^~.]{1,6}~[0-9]{1,6}(?:\.[^.]{0,3})?$/.test(name)

const withoutEnd = (name: string): string => name.replace(/[. ]{1,255}$/, "")

/**
 * The names that a file system could take a segment for: without regard to
 * case and compatibility forms, to dots and spaces at the end, or to a stream
 * after a colon.
 */
const foldings = (segment: string): ReadonlyArray<string> => {
  const name = segment.normalize("NFKC").toUpperCase()
  const colon = name.indexOf(":")
  return colon === -1 ? [withoutEnd(name)] : [withoutEnd(name), withoutEnd(name.slice(0, colon))]
}

/** Whether a segment is refused whatever the manifest says. `index` counts from 0 below the root. */
export const isRefused = (segment: string, index: number): boolean =>
  foldings(segment).some((name) =>
    refusedSegments.has(name) ||
    name.startsWith(".ENV.") ||
    refusedEndings.some((ending) => name.endsWith(ending)) ||
    isShortName(name) ||
    index === 0 && refusedTops.has(name)
  )

/** What a file system that knows fewer characters may read as `..` or as a separator. */
const isDisguised = (segment: string): boolean => {
  const name = segment.normalize("NFKC")
  return /^[. ]+$/.test(name) || /[/\\]/.test(name)
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
  if (isDisguised(segment)) {
    return fail("this can be read as \"..\" or as \"/\"", "write the path without it", place, pathNote)
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
