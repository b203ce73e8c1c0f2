import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import * as addressBlocks from "./addressBlocks.ts"
import * as hostName from "./hostName.ts"
import { fail, type Parse, type Place, type Ports, type Problem, type Shape } from "./patternShape.ts"

const addressNote = "https means port 443, http 80; tcp and udp need a port."
const rangeNote = "A range is the first of its addresses and the number of bits that all of them share."

export const defaultPorts: ReadonlyMap<string, number | undefined> = new Map([
  ["https", 443],
  ["http", 80],
  ["tcp", undefined],
  ["udp", undefined]
])

type Host = Pick<Shape, "tokens" | "reach" | "network">

const shown = (address: NetAddress.IpAddress): string => {
  const text = NetAddress.formatIp(address)
  return NetAddress.isIpv6Address(address) ? `[${text}]` : text
}

const parseAddress = (text: string, place: Place): Result.Result<NetAddress.IpAddress, Problem> => {
  const address = addressBlocks.parse(text)
  if (address === undefined) {
    return fail(
      "not an IP address",
      text.includes(":") ? "write it as in \"[2001:db8::1]\"" : "write four decimal numbers, as in \"192.0.2.1\"",
      place,
      addressNote
    )
  }
  if (addressBlocks.holdsIpv4(address)) {
    return fail("an IPv4 address is hidden in this IPv6 address", "name the IPv4 address", place, addressNote)
  }
  return NetAddress.formatIp(address) === text
    ? Result.succeed(address)
    : fail("this address has a shorter form", `write "${shown(address)}"`, place, addressNote)
}

const parseRange = (
  address: NetAddress.IpAddress,
  bits: string,
  place: Place
): Result.Result<IpNetwork.IpNetwork, Problem> => {
  const width = NetAddress.width(address)
  const length = /^(?:0|[1-9][0-9]{0,2})$/.test(bits) ? Number(bits) : undefined
  if (length === undefined || length > width) {
    return fail(`the bits of a range are a number up to ${width}`, "write it without leading zeros", place, rangeNote)
  }
  if (length === width) {
    return fail("this range is one address", `write "${shown(address)}"`, place, rangeNote)
  }
  const network = IpNetwork.fromAddressUnsafe(address, length)
  const first = NetAddress.formatIp(network.address)
  if (first !== NetAddress.formatIp(address)) {
    const text = NetAddress.isIpv6Address(address) ? `[${first}/${length}]` : `${first}/${length}`
    return fail("a range begins with its first address", `write "${text}"`, place, rangeNote)
  }
  const kind = addressBlocks.classOfAll(network)
  return kind === undefined || kind === "Transition"
    ? fail("this range is of several kinds", "write a range for each, public or private", place, rangeNote)
    : Result.succeed(network)
}

/** One address, of which no range holds those of metadata. */
const hostOf = (address: NetAddress.IpAddress): Host => ({
  tokens: [],
  reach: addressBlocks.isMetadata(address) ? "Named" : "Open",
  network: IpNetwork.fromAddressUnsafe(address, NetAddress.width(address))
})

export const shapeOf = (address: NetAddress.IpAddress): Shape => ({ ...hostOf(address), head: "", ports: undefined })

/** An address or a range, without brackets. */
const parseNetwork = (text: string, place: Place): Result.Result<Host, Problem> => {
  const slash = text.indexOf("/")
  if (slash === -1) return Result.map(parseAddress(text, place), hostOf)
  return Result.map(
    Result.flatMap(
      parseAddress(text.slice(0, slash), place),
      (address) => parseRange(address, text.slice(slash + 1), place)
    ),
    (network) => ({ tokens: [], reach: "Open", network })
  )
}

/** Where the last label is a number, resolvers take the whole for an address. */
const isNumeric = (text: string): boolean => /^(?:[0-9]+|0x[0-9a-f]*)$/i.test(text.slice(text.lastIndexOf(".") + 1))

const parseHost = (text: string, offset: number): Result.Result<Host, Problem> => {
  const place = { offset, length: text.length }
  if (text === "") return fail("the host is missing", "write \"https://api.example.com\"", place, addressNote)
  if (text.length > 253) {
    return fail("a host name has at most 253 characters", "shorten it", place, hostName.hostNote)
  }
  if (text.startsWith("[") && text.endsWith("]")) {
    return text.includes(":")
      ? parseNetwork(text.slice(1, -1), place)
      : fail("brackets are for IPv6", "write it without them", place, addressNote)
  }
  if (text.includes("/") || isNumeric(text)) return parseNetwork(text, place)
  return Result.map(hostName.parse(text, place), (name) => ({ ...name, network: undefined }))
}

/** A host name or an address alone, as it is looked up. */
export const parseName: Parse = (text) => {
  const scheme = text.indexOf("://")
  if (scheme === -1) return Result.map(parseHost(text, 0), (host) => ({ ...host, head: "", ports: undefined }))
  return fail(
    "a name to look up has no scheme",
    `write "${text.slice(scheme + 3)}"`,
    { offset: 0, length: text.length },
    hostName.hostNote
  )
}

export const isPort = (text: string): boolean => /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65_535

/** One port or, in a pattern, `first-last`. */
const parsePorts = (text: string, offset: number): Result.Result<Ports, Problem> => {
  const place = { offset, length: text.length }
  const [first = "", last = first, ...others] = text.split("-")
  if (!isPort(first) || !isPort(last) || others.length > 0) {
    return fail("a port is a number from 1 to 65535", "name one port, without leading zeros", place, addressNote)
  }
  return text === first || Number(first) < Number(last)
    ? Result.succeed({ first: Number(first), last: Number(last) })
    : fail("a range of ports goes up", "write the lower one first", place, addressNote)
}

/** What stands where after the scheme; the slash of a range belongs to the host. */
const hostLength = (rest: string): number => {
  if (rest.startsWith("[")) return rest.indexOf("]") + 1
  const range = /^[0-9.]+\/[0-9]+(?=:|$)/.exec(rest)
  if (range !== null) return range[0].length
  const colon = rest.indexOf(":")
  return colon === -1 ? rest.length : colon
}

/** What no address has, each with what to write without it. */
const superfluous = (text: string, start: number): Result.Result<never, Problem> | undefined => {
  const rest = text.slice(start)
  const length = hostLength(rest)
  const isAddress = /^(?:\[[^\]@?#\\]*\]|[0-9.]+\/[0-9]+)$/.test(rest.slice(0, length))
  const from = isAddress ? length : 0
  const extra = rest.slice(from).search(/[/?#\\]/)
  if (extra !== -1) {
    const place = { offset: start + from + extra, length: rest.length - from - extra }
    return fail("an address takes no path", `write "${text.slice(0, place.offset)}"`, place, addressNote)
  }
  const user = rest.lastIndexOf("@")
  if (user !== -1) {
    const place = { offset: start, length: user + 1 }
    return fail(
      "an address takes no user name",
      `write "${text.slice(0, start)}${rest.slice(user + 1)}"`,
      place,
      addressNote
    )
  }
  return isAddress || rest.split(":").length <= 2 ? undefined : fail(
    "an IPv6 address stands in brackets",
    `write "${text.slice(0, start)}[2001:db8::1]:443" with your address and port`,
    { offset: start, length: rest.length },
    addressNote
  )
}

const schemeProblem = (scheme: string): Result.Result<never, Problem> => {
  const lower = scheme.toLowerCase()
  const place = { offset: 0, length: scheme.length }
  return defaultPorts.has(lower)
    ? fail("schemes are in lower case", `write "${lower}"`, place, addressNote)
    : fail("unknown scheme", "write https, http, tcp or udp", place, addressNote)
}

const portsOf = (scheme: string, text: string, rest: string, offset: number): Result.Result<Ports, Problem> => {
  if (rest.startsWith(":")) return parsePorts(rest.slice(1), offset + 1)
  const port = defaultPorts.get(scheme)
  const everything = { offset: 0, length: text.length }
  if (rest !== "") return fail("a host ends before its port", "write \":\" and the port", everything, addressNote)
  return port === undefined
    ? fail(`${scheme} needs a port`, `write "${text}:5432" with your port`, everything, addressNote)
    : Result.succeed({ first: port, last: port })
}

/** A name or an IPv4 address, perhaps with a port: what most are. */
const simple = /^[a-z]+:\/\/[a-z0-9_.-]+(?::[0-9]+)?$/

/** `scheme://host[:port]`. */
export const parseEndpoint: Parse = (text) => {
  const mark = text.indexOf("://")
  if (mark === -1) {
    return fail("a host needs a scheme", `write "https://${text}"`, { offset: 0, length: text.length }, addressNote)
  }
  const scheme = text.slice(0, mark)
  if (!defaultPorts.has(scheme)) return schemeProblem(scheme)
  const start = mark + 3
  const extra = simple.test(text) ? undefined : superfluous(text, start)
  if (extra !== undefined) return extra
  const end = start + hostLength(text.slice(start))
  const ports = portsOf(scheme, text, text.slice(end), end)
  if (Result.isFailure(ports)) return Result.fail(ports.failure)
  return Result.map(parseHost(text.slice(start, end), start), (host) => ({
    ...host,
    head: scheme,
    ports: ports.success
  }))
}
