import { assert, describe, it } from "@effect/vitest"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import { Effect, Result } from "effect"
import * as grammar from "../../src/security/internal/grammar.ts"
import * as plainResource from "../../src/security/internal/plainResource.ts"
import { host, read, run } from "./kernel.ts"
import { listOf, pick, type Random, samplers, seeded } from "./patternSamples.ts"

const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
const words = ["a", "ab", "a1", "a_b", "a-b", "-a", "a-", "a--b", "9", "Ab", ".a", "a.", "a.b", "..", "x".repeat(64)]
const long = ["x".repeat(63), "x".repeat(65), "x".repeat(128), "x".repeat(129), "x".repeat(255), "x".repeat(256)]
const odd = [
  "",
  "\0",
  "\n",
  "\u00e9",
  "e\u0301",
  "\u202e",
  "\u212a",
  "\u017f",
  "\ud800",
  "%2e",
  "a b",
  "'a'",
  "*",
  "**"
]
const names = [
  "id_rsa",
  "ID_RSA",
  "shadow",
  "Shadow2",
  "server.pem",
  "server.PEM",
  "server.pemx",
  "a.key",
  "com1",
  "com1.txt",
  "con",
  "CLOCK$",
  "NUL.x",
  "aux",
  "prn",
  "lpt9",
  "proc",
  "dev",
  "sys",
  "_netrc",
  "ssh~1",
  "airssys.toml",
  "terraform.tfstate.old",
  "wallet.dat",
  "ntuser.dat",
  "keyrings",
  "gshadow",
  "gcloud",
  "credentials"
]
const hosts = [
  "localhost",
  "metadata.google.internal",
  "metadata.goog",
  "instance-data.ec2.internal",
  "metadata.packet.net",
  "xn--mnchen-3ya.de",
  "a.local",
  "a.internal",
  "1.2",
  "0x7f.0x1",
  "api.example.com",
  "api.example.com.",
  "a.b9",
  "a.9b"
]
const ports = ["", ":443", ":0443", ":65535", ":65536", ":0", ":99999", ":8000-8001", ":", ":443:443"]

/** The frame of a resource of a kind around its segments. */
const frames: ReadonlyArray<readonly [kind: RegExp, separator: string, before: ReadonlyArray<string>]> = [
  [/^network\.(?:in|out)bound$/, ".", ["https://", "http://", "tcp://", "HTTPS://", "https:/", ""]],
  [/^network\.resolve$/, ".", ["", "https://"]],
  [/^filesystem\./, "/", ["inbox:/", "in-box2:/", "inbox:", "In:/", "-a:/", ""]],
  [/^messaging\.send$/, ":", [""]],
  [/^messaging\./, ".", [""]],
  [/^process\./, " ", ["git ", "/bin/sh ", "git", ""]],
  [/^environment$/, "_", [""]],
  [/^(?:storage|custom)\./, "/", ["", "/"]]
]

/** Texts of which many are plain and many nearly: each character of ASCII stands at each place of a segment. */
const textsOf = (kind: CapabilityKind, random: Random): ReadonlyArray<string> => {
  const [, separator, before] = frames.find(([kinds]) => kinds.test(kind))!
  const around = ["", "a", "ab"]
  const characters = printable.flatMap((character) =>
    around.flatMap((start) => around.map((end) => `${start}${character}${end}`))
  )
  const pieces = [...words, ...words, ...words, ...long, ...odd, ...names, ...names]
  const frame = (inner: string) =>
    pick(random, before) + inner + (kind.startsWith("network.") ? pick(random, ports) : "")
  return [
    ...characters.flatMap((inner) => [before[0]! + inner, `${before[0]}a${separator}${inner}${separator}a`]),
    ...[...pieces, ...hosts].map((inner) => before[0]! + inner),
    ...hosts.flatMap((host) => ports.map((port) => before[0]! + host + port)),
    ...Array.from({ length: 4000 }, () => frame(listOf(random, pieces, 5).join(separator))),
    ...Array.from({ length: 1000 }, () => frame(listOf(random, [...hosts, ...words], 2).join(separator))),
    `${before[0]}${`a${separator}`.repeat(2040)}a`,
    `${before[0]}${`a${separator}`.repeat(2100)}a`
  ]
}

const depths = [0, 1, 2, 3]

describe.each(samplers)("plain resources of %s", (kind, sampler) => {
  const random = seeded(41)
  const sampled = Array.from({ length: 300 }, () => sampler.resource(random))
  const texts = [...new Set([...textsOf(kind, random), ...sampled])]
  const plain = texts.flatMap((text) => plainResource.read(kind, text) ?? [])

  it("are resources of their grammar, filed under the same keys", () => {
    for (const resource of plain) {
      const read = grammar.read(kind, resource.text)
      assert(read !== undefined, resource.text)
      for (const depth of depths) assert.strictEqual(resource.anchorAt(depth), read.anchorAt(depth), resource.text)
    }
  })

  it("are covered by exactly the patterns that cover what their grammar reads", () => {
    const written = [
      ...Array.from({ length: 150 }, () => sampler.pattern(random)),
      ...Array.from({ length: 40 }, () => pick(random, plain).text),
      ...Array.from({ length: 40 }, () => pick(random, plain).text.replace(/[a-z]+$/, "**")),
      ...Array.from({ length: 40 }, () => pick(random, plain).text.replace(/a/, "*"))
    ]
    const patterns = [...new Set(written)].flatMap((text) =>
      Result.match(Pattern.parse(kind, text), { onFailure: () => [], onSuccess: (made) => [made] })
    )
    let covered = 0
    for (const resource of [...plain.slice(0, 300), ...plain.slice(-300)]) {
      const read = grammar.read(kind, resource.text)!
      for (const pattern of patterns) {
        const expected = Pattern.covers(pattern, read)
        if (expected) covered++
        if (Pattern.covers(pattern, resource) !== expected) assert.fail(`${pattern.text} ${resource.text}`)
      }
    }
    assert.isAbove(covered, 20)
  })

  it("are most of those that programs name", () => {
    const named = sampled.filter((text) => grammar.read(kind, text) !== undefined)
    const found = named.filter((text) => plainResource.read(kind, text) !== undefined)
    assert.isAbove(found.length, named.length / 4)
    assert.isAbove(plain.length, 20)
  })
})

describe("a plain resource", () => {
  it("is not what has to be looked at closely", () => {
    const near: ReadonlyArray<readonly [CapabilityKind, string]> = [
      ["filesystem.read", "inbox:/id_rsa"],
      ["filesystem.read", "inbox:/a/server.PEM"],
      ["filesystem.read", "inbox:/a."],
      ["filesystem.read", "inbox:/a:b"],
      ["filesystem.read", "inbox:/ssh~1"],
      ["storage.read", "a/../b"],
      ["storage.read", "a//b"],
      ["storage.read", "a/%2e"],
      ["storage.read", "a/\u00e9"],
      ["network.outbound", "https://a.internal"],
      ["network.outbound", "https://metadata.packet.net"],
      ["network.outbound", "https://10.0.0.1"],
      ["network.outbound", "https://localhost"],
      ["process.spawn", "git 'a'"],
      ["process.spawn", "run.cmd a"]
    ]
    for (const [kind, text] of near) assert.isUndefined(plainResource.read(kind, text), text)
  })
})

describe("a decision", () => {
  it.effect("about one resource is not that about another which was named before", () =>
    run((enforcer) =>
      Effect.gen(function*() {
        const ada = host("ada")
        const patterns = ["inbox:/a/**", "inbox:/b/*/c", "inbox:/id", "outbox:/**"]
        yield* enforcer.admit(ada, { asks: [], grants: [read(patterns)] })
        const compiled = patterns.map((text) => Result.getOrThrow(Pattern.parse("filesystem.read", text)))
        const random = seeded(7)
        const segments = ["a", "b", "c", "id", "id_rsa", "..", "\u00e9"]
        const texts = Array.from({ length: 1000 }, () =>
          `${pick(random, ["inbox", "outbox"])}:/${listOf(random, segments, 3).join("/")}`)
        let allowed = 0
        for (let round = 0; round < 4000; round++) {
          const text = pick(random, texts)
          const isCovered = compiled.some((pattern) =>
            Pattern.matches(pattern, text)
          )
          if (isCovered) allowed++
          assert.strictEqual(enforcer.check(ada, "filesystem.read", text)._tag === "Allowed", isCovered, text)
        }
        assert.isAbove(allowed, 500)
      })
    ))
})
