import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import {
  any,
  fail,
  isLiteral,
  literal,
  one,
  type Parse,
  pieces,
  type Problem,
  type Shape,
  type Token
} from "./patternShape.ts"

const addressNote = "https means port 443, http 80; tcp and udp need a port."
const hostNote = "* is one label of a host name, ** any number; it never stands for a part of a label."
const namedNote = "Addresses and local names are never covered by a wildcard."

const defaultPorts: ReadonlyMap<string, number | undefined> = new Map([
  ["https", 443],
  ["http", 80],
  ["tcp", undefined],
  ["udp", undefined]
])

const privateZones: ReadonlySet<string> = new Set([
  "arpa",
  "corp",
  "home",
  "internal",
  "intranet",
  "lan",
  "local",
  "localdomain",
  "localdomain6",
  "private",
  "svc"
])

/** Where clouds hand out credentials. */
const metadataHosts: ReadonlySet<string> = new Set([
  "instance-data",
  "instance-data.ec2.internal",
  "metadata",
  "metadata.azure.internal",
  "metadata.goog",
  "metadata.google.internal",
  "metadata.tencentyun.com"
])

/** IPv4 in IPv6, in canonical form: mapped, translated, compatible, NAT64, 6to4, Teredo. */
const holdsIpv4 = (canonical: string): boolean =>
  /^(?:::ffff:|::[0-9a-f]{1,4}:[0-9a-f]{1,4}$|64:ff9b:|2002:|2001:(?:0:|:))/.test(canonical)

/** RFC 1123 in lower case, with the underscore that service records use. */
const isLabel = (text: string): boolean => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(text)

const isNumeric = (label: string): boolean => /^(?:[0-9]+|0x[0-9a-f]*)$/i.test(label)

const whole = (offset: number, text: string) => ({ offset, length: text.length })

interface Host {
  readonly tokens: ReadonlyArray<Token>
  readonly reach: Shape["reach"]
}

const parseAddress = (text: string, offset: number, shown: string): Result.Result<Host, Problem> => {
  const address = NetAddress.ipFromString(text)
  const canonical = Result.isSuccess(address) ? NetAddress.formatIp(address.success) : undefined
  if (canonical === undefined) {
    return fail(
      "not an IP address",
      text.includes(":") ? "write it as in \"[2001:db8::1]\"" : "write four decimal numbers, as in \"192.0.2.1\"",
      whole(offset, shown),
      addressNote
    )
  }
  if (holdsIpv4(canonical)) {
    return fail(
      "an IPv4 address is hidden in this IPv6 address",
      "name the IPv4 address",
      whole(offset, shown),
      addressNote
    )
  }
  return canonical === text
    ? Result.succeed({ tokens: [literal(canonical)], reach: "Named" })
    : fail(
      "this address has a shorter form",
      `write "${text.includes(":") ? `[${canonical}]` : canonical}"`,
      whole(offset, shown),
      addressNote
    )
}

const parseLabel = (label: string, offset: number): Result.Result<Token, Problem> => {
  if (label === "**") return Result.succeed(any)
  if (label === "*") return Result.succeed(one)
  if (isLabel(label)) return Result.succeed(literal(label))
  const place = whole(offset, label)
  if (label === "") return fail("a label of this host is empty", "remove the dot", place, hostNote)
  if (label.includes("*")) return fail("a wildcard stands for a whole label", "write \"*\" alone", place, hostNote)
  if (isLabel(label.toLowerCase())) {
    return fail("host names are in lower case", `write "${label.toLowerCase()}"`, place, hostNote)
  }
  if (label.length > 63) return fail("a label has at most 63 characters", "shorten it", place, hostNote)
  return fail(
    "not a label of a host name",
    "use a to z, 0 to 9 and \"-\"; other letters in their \"xn--\" form",
    place,
    hostNote
  )
}

const reachOf = (names: ReadonlyArray<string>): Shape["reach"] => {
  const last = names.at(-1) ?? ""
  if (last === "localhost" || metadataHosts.has(names.join("."))) return "Named"
  if (names.length === 1 && last !== "**") return "Named"
  return privateZones.has(last) ? "Zoned" : "Open"
}

const parseHost = (text: string, offset: number): Result.Result<Host, Problem> => {
  const place = whole(offset, text)
  if (text === "") return fail("the host is missing", "write \"https://api.example.com\"", place, addressNote)
  if (text.length > 253) return fail("a host name has at most 253 characters", "shorten it", place, hostNote)
  if (text.startsWith("[") && text.endsWith("]")) return parseAddress(text.slice(1, -1), offset, text)
  const labels = pieces(text, ".")
  const last = labels.at(-1)?.text ?? ""
  if (isNumeric(last)) return parseAddress(text, offset, text)
  const tokens: Array<Token> = []
  for (const label of labels) {
    const token = parseLabel(label.text, offset + label.offset)
    if (Result.isFailure(token)) return Result.fail(token.failure)
    tokens.push(token.success)
  }
  const top = tokens.at(-1)
  if (top !== undefined && !isLiteral(top) && text !== "**") {
    return fail(
      "the last label of a host is no wildcard",
      "name it, or write \"**\" for every public host",
      { offset: offset + text.length - last.length, length: last.length },
      hostNote
    )
  }
  if (last === "localhost" && !tokens.every(isLiteral)) {
    return fail("local names are named in full", "write \"localhost\"", place, namedNote)
  }
  return Result.succeed({ tokens: tokens.toReversed(), reach: reachOf(labels.map((label) => label.text)) })
}

/** A host name alone, as it is looked up. */
export const parseName: Parse = (text) => {
  const scheme = text.indexOf("://")
  if (scheme !== -1) {
    return fail(
      "a name to look up has no scheme",
      `write "${text.slice(scheme + 3)}"`,
      { offset: 0, length: text.length },
      hostNote
    )
  }
  return Result.map(parseHost(text, 0), (host) => ({ head: "", ...host }))
}

const splitPort = (rest: string): { readonly host: string; readonly port: string | undefined } => {
  const colon = rest.indexOf(":", rest.startsWith("[") ? Math.max(0, rest.indexOf("]")) : 0)
  return colon === -1 ? { host: rest, port: undefined } : { host: rest.slice(0, colon), port: rest.slice(colon + 1) }
}

const isPort = (text: string): boolean => /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65_535

/** `scheme://host[:port]`. */
export const parseAddressPattern: Parse = (text) => {
  const mark = text.indexOf("://")
  if (mark === -1) {
    return fail("a host needs a scheme", `write "https://${text}"`, { offset: 0, length: text.length }, addressNote)
  }
  const scheme = text.slice(0, mark)
  const start = mark + 3
  if (!defaultPorts.has(scheme)) {
    const lower = scheme.toLowerCase()
    return defaultPorts.has(lower)
      ? fail("schemes are in lower case", `write "${lower}"`, whole(0, scheme), addressNote)
      : fail("unknown scheme", "write https, http, tcp or udp", whole(0, scheme), addressNote)
  }
  const rest = text.slice(start)
  const extra = rest.search(/[/?#\\]/)
  if (extra !== -1) {
    const place = { offset: start + extra, length: rest.length - extra }
    return fail("an address takes no path", `write "${text.slice(0, start + extra)}"`, place, addressNote)
  }
  const user = rest.lastIndexOf("@")
  if (user !== -1) {
    const place = { offset: start, length: user + 1 }
    return fail("an address takes no user name", `write "${scheme}://${rest.slice(user + 1)}"`, place, addressNote)
  }
  if (!rest.startsWith("[") && rest.split(":").length > 2) {
    return fail(
      "an IPv6 address stands in brackets",
      `write "${scheme}://[2001:db8::1]:443" with your address and port`,
      whole(start, rest),
      addressNote
    )
  }
  const { host, port } = splitPort(rest)
  if (port !== undefined && !isPort(port)) {
    const place = { offset: start + host.length + 1, length: port.length }
    return fail("a port is a number from 1 to 65535", "name one port, without leading zeros", place, addressNote)
  }
  const parsed = parseHost(host, start)
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const number = port ?? defaultPorts.get(scheme)
  return number === undefined
    ? fail(
      `${scheme} needs a port`,
      `write "${text}:5432" with your port`,
      { offset: 0, length: text.length },
      addressNote
    )
    : Result.succeed({ head: `${scheme}:${number}`, ...parsed.success })
}
