import type { CapabilityKind } from "airssys/security/CapabilityKind"

export type Random = () => number

export const seeded = (seed: number): Random => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

export const pick = <A>(random: Random, from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)]!

export const listOf = (random: Random, from: ReadonlyArray<string>, most: number): Array<string> =>
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

const segments = join("/", ["a", "b", "ab", "aab", "abb"], ["*", "**", "a*", "*b", "a*b"], 5)
const tops = ["com", "com", "org", "local", "goog"]
const hosts: Sampler = {
  pattern: (random) =>
    random() < 0.1
      ? pick(random, ["**", "localhost", "metadata.goog", "127.0.0.1"])
      : [...listOf(random, ["a", "b", "metadata", "*", "**"], 4), pick(random, tops)].slice(random() < 0.1 ? -1 : 0)
        .join("."),
  resource: (random) =>
    random() < 0.1
      ? pick(random, ["localhost", "metadata.goog", "127.0.0.1", "com"])
      : [...listOf(random, ["a", "b", "metadata"], 4), pick(random, tops)].join(".")
}
const endpoints = before((random) => pick(random, ["https://", "http://"]), {
  pattern: (random) => hosts.pattern(random) + pick(random, ["", ":443", ":8080"]),
  resource: (random) => hosts.resource(random) + pick(random, ["", ":443", ":8080"])
})
const topics = join(".", ["a", "b"], ["*", "**"], 5)

/** Patterns and resources of every grammar, few enough to meet often. */
export const samplers: ReadonlyArray<readonly [CapabilityKind, Sampler]> = [
  ["environment", join("_", ["A", "B"], [], 2)],
  ["network.outbound", endpoints],
  ["network.resolve", hosts],
  ["storage.read", segments],
  ["filesystem.read", before((random) => pick(random, ["inbox:/", "outbox:/"]), segments)],
  ["messaging.send", {
    pattern: (random) => `${pick(random, ["a", "b", "*"])}:${pick(random, ["a", "b", "*"])}`,
    resource: (random) => `${pick(random, ["a", "b"])}:${pick(random, ["a", "b"])}`
  }],
  ["messaging.publish", topics],
  ["messaging.subscribe", topics],
  ["process.spawn", join("/", ["git", "/usr/bin/git"], [], 1)]
]
