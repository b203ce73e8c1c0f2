/**
 * How much could go wrong with a capability, for the order in which a reviewer
 * reads. It decides nothing.
 *
 * @since 0.1.0
 */
import type * as CapabilityKind from "./CapabilityKind.ts"

/**
 * From the least to the greatest.
 *
 * @category models
 * @since 0.1.0
 */
export const levels = ["Low", "Medium", "High", "Critical"] as const

/**
 * @category models
 * @since 0.1.0
 */
export type Level = typeof levels[number]

/**
 * A level and the reason for it, in words of a reviewer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Risk {
  readonly level: Level
  readonly because: string
}

const risk = (level: Level, because: string): Risk => ({ level, because })

const isBroad = (pattern: string): boolean => pattern === "**" || pattern === "*:*"

const hasWildcard = (pattern: string): boolean => pattern.includes("*")

const address = /^([a-z]+):\/\/(\[[^\]]*\][^:]*|[^:]*)(?::.*)?$/

const isLiteralAddress = (host: string): boolean => host.startsWith("[") || /^[0-9.]+(?:\/[0-9]+)?$/.test(host)

const outbound = (pattern: string): Risk => {
  const [, scheme = "", host = ""] = address.exec(pattern) ?? []
  if (host === "**") return risk("High", "sends anything to any public host")
  if (isLiteralAddress(host)) return risk("High", "reaches addresses by number, which may be inside the network")
  if (!host.includes(".") || /\.(?:local|internal|lan|home|corp|svc)$/.test(host)) {
    return risk("High", "reaches hosts inside the network")
  }
  if (hasWildcard(host)) return risk("Medium", "reaches every host below a name, also ones that are added later")
  if (scheme !== "https") return risk("Medium", "talks to a host without the protection of TLS")
  return risk("Low", "talks to one host")
}

const inbound = (pattern: string): Risk =>
  /:\/\/(?:127\.0\.0\.1|\[::1\])(?::|$)/.test(pattern)
    ? risk("Medium", "listens for programs of this machine")
    : risk("High", "listens for other machines")

const files = (pattern: string, isWrite: boolean): Risk => {
  const isAll = /^[^:]*:\/\*\*$/.test(pattern)
  if (isWrite) {
    return isAll
      ? risk("High", "changes and deletes every file of a root")
      : risk("Medium", "changes and deletes files of a root")
  }
  return isAll ? risk("Medium", "reads every file of a root") : risk("Low", "reads files of a root")
}

const breadth = (pattern: string, broad: string, some: string): Risk =>
  isBroad(pattern) ? risk("Medium", broad) : risk("Low", some)

const assessments: Readonly<Record<string, (pattern: string) => Risk>> = {
  "log": () => risk("Low", "writes lines to the log"),
  "clock": () => risk("Low", "reads the time, which helps to measure others"),
  "random": () => risk("Low", "draws random bytes"),
  "environment": () => risk("Medium", "reads a value of the host, which may be a secret"),
  "network.outbound": outbound,
  "network.inbound": inbound,
  "network.resolve": (pattern) => breadth(pattern, "looks up any name, which can carry data out", "looks up names"),
  "storage.read": (pattern) => breadth(pattern, "reads all of its storage", "reads a part of its storage"),
  "storage.write": (pattern) => breadth(pattern, "changes all of its storage", "changes a part of its storage"),
  "filesystem.read": (pattern) => files(pattern, false),
  "filesystem.write": (pattern) => files(pattern, true),
  "messaging.send": (pattern) => breadth(pattern, "sends to any component", "sends to components that it names"),
  "messaging.publish": (pattern) => breadth(pattern, "publishes to every topic", "publishes to topics that it names"),
  "messaging.subscribe": (pattern) => breadth(pattern, "hears every topic", "hears topics that it names"),
  "process.spawn": () => risk("Critical", "runs a program outside of every limit of this host")
}

const known = new Map(Object.entries(assessments))

/**
 * The risk of a capability on what a pattern names; `pattern` is empty for a
 * kind without resources.
 *
 * ```ts
 * import { Risk } from "airssys/security"
 *
 * Risk.assess("network.outbound", "https://**").level // => "High"
 * Risk.assess("network.outbound", "https://api.example.com").level // => "Low"
 * Risk.assess("process.spawn", "git").level // => "Critical"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const assess = (kind: CapabilityKind.CapabilityKind, pattern: string): Risk =>
  known.get(kind)?.(pattern) ?? risk("Medium", "uses what this host has added")

/**
 * Orders by risk, the greatest first.
 *
 * @category combinators
 * @since 0.1.0
 */
export const compare = (a: Risk, b: Risk): number => levels.indexOf(b.level) - levels.indexOf(a.level)
