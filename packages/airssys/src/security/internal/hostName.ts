import * as Result from "effect/Result"
import { any, fail, isLiteral, literal, one, type Place, type Problem, type Reach, type Token } from "./patternShape.ts"
import * as punycode from "./punycode.ts"

export const hostNote = "* is one label of a host name, ** any number; it never stands for a part of a label."
const namedNote = "Addresses and local names are never covered by a wildcard."
const unicodeNote = "Host names are compared in the form that is looked up, which has no letters but a to z."

/** Names that are looked up in a network of one's own. */
const privateZones: ReadonlySet<string> = new Set([
  "alt",
  "arpa",
  "consul",
  "corp",
  "docker",
  "domain",
  "home",
  "host",
  "internal",
  "intra",
  "intranet",
  "invalid",
  "lan",
  "local",
  "localdomain",
  "localdomain6",
  "onion",
  "private",
  "svc",
  "test"
])

/** Where clouds hand out credentials. */
const metadataHosts: ReadonlySet<string> = new Set([
  "instance-data.ec2.internal",
  "metadata.azure.internal",
  "metadata.goog",
  "metadata.google.internal",
  "metadata.oraclecloud.com",
  "metadata.platformequinix.com",
  "metadata.packet.net",
  "metadata.tencentyun.com"
])

export const isLocal = (name: string): boolean => name === "localhost" || name.endsWith(".localhost")

export const isMetadata = (name: string): boolean =>
  metadataHosts.has(name) || name === "metadata" || name === "instance-data"

/** RFC 1123 in lower case, with the underscore that service records use. */
const isLabel = (text: string): boolean => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(text)

/** The form in which a name with other letters is looked up (UTS 46); `undefined` if it has none. */
const toAscii = (text: string): string | undefined => {
  const name = URL.parse(`https://${text}`)?.hostname
  return name !== undefined && name.startsWith("xn--") && isLabel(name) ? name : undefined
}

/** Whether a label is what its own letters are written as. */
const isWellEncoded = (label: string): boolean => {
  const letters = punycode.decode(label.slice(4))
  return letters !== undefined && toAscii(letters) === label
}

const parseLabel = (label: string, offset: number): Result.Result<Token, Problem> => {
  if (label === "**") return Result.succeed(any)
  if (label === "*") return Result.succeed(one)
  const place = { offset, length: label.length }
  if (isLabel(label)) {
    return !label.startsWith("xn--") || isWellEncoded(label)
      ? Result.succeed(literal(label))
      : fail("this label encodes no other letters", "write the letters in their one \"xn--\" form", place, unicodeNote)
  }
  if (label === "") return fail("a label of this host is empty", "remove the dot", place, hostNote)
  if (label.includes("*")) return fail("a wildcard stands for a whole label", "write \"*\" alone", place, hostNote)
  if (label.length > 63) return fail("a label has at most 63 characters", "shorten it", place, hostNote)
  if (isLabel(label.toLowerCase())) {
    return fail("host names are in lower case", `write "${label.toLowerCase()}"`, place, hostNote)
  }
  const ascii = /^[\p{L}\p{M}\p{N}-]+$/u.test(label) ? toAscii(label) : undefined
  return ascii === undefined
    ? fail("not a label of a host name", "use a to z, 0 to 9, \"-\" and \"_\"", place, hostNote)
    : fail("a host name has no letters but a to z", `write "${ascii}"`, place, unicodeNote)
}

export const reachOf = (name: string): Reach => {
  const dot = name.lastIndexOf(".")
  const last = name.slice(dot + 1)
  if (last === "localhost" || metadataHosts.has(name)) return "Named"
  if (dot === -1 && name !== "**") return "Named"
  return privateZones.has(last) ? "Zoned" : "Open"
}

export interface HostName {
  /** The labels, the last one first. */
  readonly tokens: ReadonlyArray<Token>
  readonly reach: Reach
}

/** A name of at most 253 characters; not an address. */
export const parse = (text: string, place: Place): Result.Result<HostName, Problem> => {
  const labels = text.split(".")
  const last = labels.at(-1) ?? ""
  const tokens: Array<Token> = []
  let offset = place.offset
  for (const label of labels) {
    const token = parseLabel(label, offset)
    if (Result.isFailure(token)) return Result.fail(token.failure)
    tokens.unshift(token.success)
    offset += label.length + 1
  }
  const top = tokens[0]
  if (top !== undefined && !isLiteral(top) && text !== "**") {
    const place = { offset: offset - last.length - 1, length: last.length }
    return fail(
      "the last label of a host is no wildcard",
      "name it, or write \"**\" for every public host",
      place,
      hostNote
    )
  }
  if (last === "localhost" && !tokens.every(isLiteral)) {
    return fail("local names are named in full", "write \"localhost\"", place, namedNote)
  }
  return Result.succeed({ tokens, reach: reachOf(text) })
}

/** The name of which these are the labels, the last one first; empty if they have wildcards. */
export const nameOf = (tokens: ReadonlyArray<Token>): string =>
  tokens.every(isLiteral) ? tokens.map((token) => token._tag === "Any" ? "" : token.before).toReversed().join(".") : ""
