import type { CapabilityKind } from "airssys/security/CapabilityKind"

export type Random = () => number

export const seeded = (seed: number): Random => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

export const pick = <A>(random: Random, from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)]!

export const listOf = <A>(random: Random, from: ReadonlyArray<A>, most: number): Array<A> =>
  Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(random, from))

export interface Sampler {
  readonly pattern: (random: Random) => string
  readonly resource: (random: Random) => string
}

const join = (
  separator: string,
  pieces: ReadonlyArray<string>,
  wild: ReadonlyArray<string>,
  most: number
): Sampler => ({
  pattern: (random) => listOf(random, [...pieces, ...wild], most).join(separator),
  resource: (random) => listOf(random, pieces, most).join(separator)
})

const before = (prefix: Sampler["pattern"], { pattern, resource }: Sampler): Sampler => ({
  pattern: (random) => prefix(random) + pattern(random),
  resource: (random) => prefix(random) + resource(random)
})

/** With the odds given, the second. */
const or = (odds: number, often: Sampler, seldom: Sampler): Sampler => ({
  pattern: (random) => (random() < odds ? seldom : often).pattern(random),
  resource: (random) => (random() < odds ? seldom : often).resource(random)
})

const oneOf = (patterns: ReadonlyArray<string>, resources: ReadonlyArray<string>): Sampler => ({
  pattern: (random) => pick(random, [...patterns, ...resources]),
  resource: (random) => pick(random, resources)
})

const segments = join("/", ["a", "b", "ab", "aab", "bab", "aba"], ["*", "**", "a*", "*b", "a*b"], 5)
const tops = ["com", "com", "org", "local", "goog"]
const names: Sampler = {
  pattern: (random) =>
    [...listOf(random, ["a", "b", "metadata", "*", "**"], 4), pick(random, tops)].slice(random() < 0.1 ? -1 : 0)
      .join("."),
  resource: (random) => [...listOf(random, ["a", "b", "metadata"], 4), pick(random, tops)].join(".")
}
const single = oneOf(["**"], ["localhost", "a.localhost", "metadata.goog", "com"])
const addresses = oneOf(
  [
    "10.0.0.0/8",
    "10.0.0.0/31",
    "10.128.0.0/9",
    "169.254.0.0/16",
    "169.254.168.0/23",
    "93.0.0.0/8",
    "[fd00::/8]",
    "[fd00:ec2::/32]",
    "[fd00:ec2::250/124]",
    "[fd80::/9]",
    "[2a00::/12]"
  ],
  [
    "10.0.0.0",
    "10.0.0.1",
    "10.0.0.2",
    "10.128.0.1",
    "11.0.0.1",
    "93.184.215.14",
    "169.254.1.1",
    "169.254.169.1",
    "169.254.169.254",
    "127.0.0.1",
    "[fd00::1]",
    "[fd00:ec2::253]",
    "[fd00:ec2::252]",
    "[fd80::1]",
    "[2a00:1450::1]",
    "[::1]"
  ]
)
const hosts = or(0.3, or(0.1, names, single), addresses)
const ports: Sampler = oneOf(["", ":443-8079", ":8000-8100", ":80-443"], ["", ":443", ":80", ":8080", ":8100"])
const endpoints = before((random) => pick(random, ["https://", "http://"]), {
  pattern: (random) => hosts.pattern(random) + ports.pattern(random),
  resource: (random) => hosts.resource(random) + ports.resource(random)
})
const topics = join(".", ["a", "b"], ["*", "**"], 5)
const words = join(
  " ",
  ["a", "b", "ab", "ba", "-a", "--b=a", "'*'", "''", "'-a b'"],
  ["*", "**", "-*", "-**", "a*", "*b", "--b=*"],
  5
)

/** Patterns and resources of every grammar, few enough to meet often. */
export const samplers: ReadonlyArray<readonly [CapabilityKind, Sampler]> = [
  ["environment", join("_", ["A", "B"], [], 2)],
  ["network.outbound", endpoints],
  ["network.inbound", endpoints],
  ["network.resolve", hosts],
  ["storage.read", segments],
  ["storage.write", segments],
  ["filesystem.read", before((random) => pick(random, ["inbox:/", "outbox:/"]), segments)],
  ["filesystem.write", before((random) => pick(random, ["inbox:/", "outbox:/"]), segments)],
  ["messaging.send", {
    pattern: (random) => `${pick(random, ["a", "b", "*"])}:${pick(random, ["a", "b", "*"])}`,
    resource: (random) => `${pick(random, ["a", "b"])}:${pick(random, ["a", "b"])}`
  }],
  ["messaging.publish", topics],
  ["messaging.subscribe", topics],
  ["process.spawn", before((random) => pick(random, ["git ", "git ", "sh "]), words)],
  ["custom.printer", segments]
]
