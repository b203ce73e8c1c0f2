import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import type { AddressClass } from "../AddressRange.ts"

/** Where clouds hand out credentials, and what they reserve for themselves. */
const metadata: ReadonlyArray<string> = [
  "100.100.100.200",
  "168.63.129.16",
  "169.254.0.23",
  "169.254.10.10",
  "169.254.42.42",
  "169.254.169.123",
  "169.254.169.249",
  "169.254.169.250",
  "169.254.169.251",
  "169.254.169.253",
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "192.0.0.192",
  "fd00:42::42",
  "fd00:c1::a9fe:a9fe",
  "fd00:ec2::23",
  "fd00:ec2::123",
  "fd00:ec2::253",
  "fd00:ec2::254",
  "fd20:ce::254",
  "fe80::a9fe:a9fe"
]

/** The narrowest block that holds an address decides. */
const table: ReadonlyArray<readonly [AddressClass, ReadonlyArray<string>]> = [
  ["Public", ["0.0.0.0/0", "2000::/3"]],
  ["Reserved", [
    "192.0.0.0/24",
    "240.0.0.0/4",
    "::/0",
    "2001::/23"
  ]],
  ["Private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"]],
  ["Loopback", ["127.0.0.0/8", "::1/128"]],
  ["LinkLocal", ["169.254.0.0/16", "fe80::/10"]],
  ["Shared", ["100.64.0.0/10"]],
  ["Multicast", ["224.0.0.0/4", "ff00::/8"]],
  ["Broadcast", ["255.255.255.255/32"]],
  ["Unspecified", ["0.0.0.0/8", "::/128"]],
  ["Documentation", [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001:db8::/32",
    "3fff::/20"
  ]],
  ["Benchmark", ["198.18.0.0/15", "2001:2::/48"]],
  ["Transition", [
    "192.88.99.0/24",
    "::/96",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "2001::/32",
    "2002::/16"
  ]]
]

interface Block {
  readonly network: IpNetwork.IpNetwork
  readonly class: AddressClass
}

const blocks: ReadonlyArray<Block> = table
  .flatMap(([name, networks]) => networks.map((text) => ({ network: IpNetwork.fromStringUnsafe(text), class: name })))
  .toSorted((a, b) => b.network.prefixLength - a.network.prefixLength)

const mapped = IpNetwork.fromStringUnsafe("::ffff:0:0/96")
const translated = IpNetwork.fromStringUnsafe("64:ff9b::/96")
const metadataTexts: ReadonlySet<string> = new Set(metadata)

export const parse = (text: string): NetAddress.IpAddress | undefined => {
  if (typeof text !== "string" || text.length > 45) return undefined
  const address = NetAddress.ipFromString(text)
  return Result.isSuccess(address) ? address.success : undefined
}

const lastIpv4 = (address: NetAddress.IpAddress): NetAddress.IpAddress =>
  NetAddress.isIpv6Address(address)
    ? NetAddress.ipv4FromBytesUnsafe(Uint8Array.from(NetAddress.ipv6ToOctets(address)).subarray(12))
    : address

/** IPv4 in the form in which sockets of IPv6 have it is IPv4. */
export const unmapped = (address: NetAddress.IpAddress): NetAddress.IpAddress =>
  IpNetwork.contains(mapped, address) ? lastIpv4(address) : address

/** The interface identifier of a tunnel that has an IPv4 address at its end (RFC 5214). */
const isTunnel = (address: NetAddress.IpAddress): boolean => {
  if (!NetAddress.isIpv6Address(address)) return false
  const segments = NetAddress.ipv6ToSegments(address)
  return (segments[4] & 0xfdff) === 0 && segments[5] === 0x5efe
}

/** Whether IPv4 is in an IPv6 address: such an address is no host of a pattern. */
export const holdsIpv4 = (address: NetAddress.IpAddress): boolean =>
  NetAddress.isIpv6Address(address) && (isTunnel(address) || blockOf(address) === "Transition")

export const isMetadata = (address: NetAddress.IpAddress): boolean => metadataTexts.has(NetAddress.formatIp(address))

const blockOf = (address: NetAddress.IpAddress): AddressClass =>
  blocks.find(({ network }) => IpNetwork.contains(network, address))?.class ?? "Reserved"

export const classOf = (given: NetAddress.IpAddress): AddressClass => {
  const address = unmapped(given)
  if (isMetadata(address)) return "Metadata"
  if (isTunnel(address)) return "Transition"
  if (!IpNetwork.contains(translated, address)) return blockOf(address)
  return classOf(lastIpv4(address)) === "Public" ? "Public" : "Transition"
}

/**
 * The class of all addresses of a network but those of metadata; `undefined`
 * where they are of several.
 */
export const classOfAll = (network: IpNetwork.IpNetwork): AddressClass | undefined => {
  const outer = blocks.find((block) => IpNetwork.containsNetwork(block.network, network))?.class
  const isMixed = blocks.some((block) => block.class !== outer && IpNetwork.containsNetwork(network, block.network))
  return isMixed ? undefined : outer
}
