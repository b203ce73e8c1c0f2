/**
 * The ranges of IP addresses that have a purpose of their own, after the
 * registries of IANA and what clouds reserve for themselves.
 *
 * A pattern that names a host allows connections to public addresses alone.
 * What connects looks the name up once, asks `Pattern.allowsAddress` about the
 * address that came back, and connects to that very address.
 *
 * @since 0.1.0
 */
import * as NetAddress from "effect/net/NetAddress"
import * as addressBlocks from "./internal/addressBlocks.ts"

/**
 * What an address is for. `Public` is what the others leave of global unicast.
 * `Metadata` is where a cloud hands out credentials or configuration,
 * `Transition` an IPv6 address that stands for one of IPv4.
 *
 * @category models
 * @since 0.1.0
 */
export type AddressClass =
  | "Public"
  | "Private"
  | "Loopback"
  | "LinkLocal"
  | "Shared"
  | "Metadata"
  | "Multicast"
  | "Broadcast"
  | "Unspecified"
  | "Documentation"
  | "Benchmark"
  | "Transition"
  | "Reserved"

/**
 * The class of an IP address without brackets or zone, as a resolver gives it;
 * `undefined` for what is none. IPv4 in its mapped form is the IPv4 address;
 * behind the well-known prefix of NAT64 a public one is public.
 *
 * ```ts
 * import { AddressRange } from "airssys/security"
 *
 * AddressRange.classify("93.184.215.14") // => "Public"
 * AddressRange.classify("::ffff:10.0.0.1") // => "Private"
 * AddressRange.classify("169.254.169.254") // => "Metadata"
 * AddressRange.classify("127.1") // => undefined
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const classify = (address: string): AddressClass | undefined => {
  const parsed = addressBlocks.parse(address)
  return parsed === undefined ? undefined : addressBlocks.classOf(parsed)
}

/**
 * Whether a text is an IP address that anybody may be reached at. False for
 * what is no address.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPublic = (address: string): boolean => classify(address) === "Public"

/**
 * The host by which resources of `network.outbound` name an address,
 * `10.0.0.1` or `[fd00::1]`. `undefined` for what is no address.
 *
 * @category combinators
 * @since 0.1.0
 */
export const host = (address: string): string | undefined => {
  const parsed = addressBlocks.parse(address)
  if (parsed === undefined) return undefined
  const plain = addressBlocks.unmapped(parsed)
  return NetAddress.isIpv4Address(plain) ? NetAddress.formatIp(plain) : `[${NetAddress.formatIp(plain)}]`
}
