import { assert, describe, it } from "@effect/vitest"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import { Result } from "effect"

const parsed = (kind: CapabilityKind, text: string): Pattern.Pattern =>
  Result.getOrThrowWith(Pattern.parse(kind, text), (error) => error)

const covers = (kind: CapabilityKind, pattern: string, resource: string): boolean =>
  Pattern.matches(parsed(kind, pattern), resource)

const failureOf = (kind: CapabilityKind, text: string): Pattern.PatternError => {
  const result = Pattern.parse(kind, text)
  assert(Result.isFailure(result), `${kind} ${text.slice(0, 80)} is taken`)
  return result.failure
}

const ip4 = "write four decimal numbers, as in \"192.0.2.1\""
const port = "a port is a number from 1 to 65535"
const onePort = "name one port, without leading zeros"
const notNamed = "use 1 to 128 of A to Z, a to z, 0 to 9 and \"_\", no digit first"
const noDots = "write the path without it"
const lastLabel = "the last label of a host is no wildcard"
const nameIt = "name it, or write \"**\" for every public host"
const refused = "this is refused whatever a manifest says"
const readAs = "this can be read as \"..\" or as \"/\""
const hidden = "an IPv4 address is hidden in this IPv6 address"
const escapes = "a path is not percent-encoded"

describe("Pattern.parse", () => {
  it.each<[CapabilityKind, string, string, string, number, number]>([
    ["log", "x", "log takes no pattern", "write log = true", 0, 1],
    ["environment", "", "the pattern is empty", "name a resource", 0, 1],
    ["environment", "STRIPE_*", "a variable is named in full", "write each name", 7, 1],
    ["environment", "1A", "not the name of a variable", notNamed, 0, 2],
    ["environment", "A-B", "not the name of a variable", notNamed, 0, 3],
    ["environment", "STRIPE_KEY\n", "not the name of a variable", notNamed, 0, 11],
    [
      "network.outbound",
      "api.ecb.europa.eu",
      "a host needs a scheme",
      "write \"https://api.ecb.europa.eu\"",
      0,
      17
    ],
    ["network.outbound", "HTTPS://a.example", "schemes are in lower case", "write \"https\"", 0, 5],
    ["network.outbound", "ftp://a.example", "unknown scheme", "write https, http, tcp or udp", 0, 3],
    ["network.outbound", "__proto__://a.example", "unknown scheme", "write https, http, tcp or udp", 0, 9],
    ["network.outbound", "https://", "the host is missing", "write \"https://api.example.com\"", 8, 1],
    ["network.outbound", "https://a.example/v1", "an address takes no path", "write \"https://a.example\"", 17, 3],
    ["network.outbound", "https://a.example?x", "an address takes no path", "write \"https://a.example\"", 17, 2],
    ["network.outbound", "https://a.example#x", "an address takes no path", "write \"https://a.example\"", 17, 2],
    ["network.outbound", "https://a\\@b", "an address takes no path", "write \"https://a\"", 9, 3],
    ["network.outbound", "https://me@a.example", "an address takes no user name", "write \"https://a.example\"", 8, 3],
    ["network.outbound", "https://a.example:0443", port, onePort, 18, 4],
    ["network.outbound", "https://a.example:0", port, onePort, 18, 1],
    ["network.outbound", "https://a.example:65536", port, onePort, 18, 5],
    ["network.outbound", "https://a.example:*", port, onePort, 18, 1],
    [
      "network.outbound",
      "tcp://a.example",
      "tcp needs a port",
      "write \"tcp://a.example:5432\" with your port",
      0,
      15
    ],
    ["network.outbound", "https://*", lastLabel, nameIt, 8, 1],
    ["network.outbound", "https://example.*", lastLabel, nameIt, 16, 1],
    ["network.outbound", "https://a.**", lastLabel, nameIt, 10, 2],
    [
      "network.outbound",
      "https://*example.com",
      "a wildcard stands for a whole label",
      "write \"*\" alone",
      8,
      8
    ],
    ["network.outbound", "https://a..example", "a label of this host is empty", "remove the dot", 10, 1],
    ["network.outbound", "https://a.example.", "a label of this host is empty", "remove the dot", 18, 1],
    ["network.outbound", "https://API.example.com", "host names are in lower case", "write \"api\"", 8, 3],
    [
      "network.outbound",
      "https://münchen.example",
      "not a label of a host name",
      "use a to z, 0 to 9 and \"-\"; other letters in their \"xn--\" form",
      8,
      7
    ],
    ["network.outbound", "https://*.localhost", "local names are named in full", "write \"localhost\"", 8, 11],
    ["network.outbound", "https://2130706433", "not an IP address", ip4, 8, 10],
    ["network.outbound", "https://0x7f000001", "not an IP address", ip4, 8, 10],
    ["network.outbound", "https://0177.0.0.1", "not an IP address", ip4, 8, 10],
    ["network.outbound", "https://127.1", "not an IP address", ip4, 8, 5],
    ["network.outbound", "https://*.0.0.1", "not an IP address", ip4, 8, 7],
    ["network.outbound", "https://[::0:1]", "this address has a shorter form", "write \"[::1]\"", 8, 7],
    ["network.outbound", "https://[2001:DB8::1]", "this address has a shorter form", "write \"[2001:db8::1]\"", 8, 13],
    ["network.outbound", "https://[::FFFF:127.0.0.1]", hidden, "name the IPv4 address", 8, 18],
    ["network.outbound", "https://[::ffff:7f00:1]", hidden, "name the IPv4 address", 8, 15],
    ["network.outbound", "https://[::ffff:0:7f00:1]", hidden, "name the IPv4 address", 8, 17],
    ["network.outbound", "https://[::127.0.0.1]", hidden, "name the IPv4 address", 8, 13],
    ["network.outbound", "https://[64:ff9b::a9fe:a9fe]", hidden, "name the IPv4 address", 8, 20],
    ["network.outbound", "https://[2002:7f00:1::]", hidden, "name the IPv4 address", 8, 15],
    ["network.outbound", "https://[2001::1]", hidden, "name the IPv4 address", 8, 9],
    [
      "network.outbound",
      "https://[fe80::1%eth0]",
      "not an IP address",
      "write it as in \"[2001:db8::1]\"",
      8,
      14
    ],
    [
      "network.outbound",
      "https://::1",
      "an IPv6 address stands in brackets",
      "write \"https://[2001:db8::1]:443\" with your address and port",
      8,
      3
    ],
    [
      "network.outbound",
      `https://${"a".repeat(64)}.example`,
      "a label has at most 63 characters",
      "shorten it",
      8,
      64
    ],
    ["network.resolve", "https://a.example", "a name to look up has no scheme", "write \"a.example\"", 0, 17],
    ["network.resolve", "*", lastLabel, nameIt, 0, 1],
    ["storage.read", "/rates", "a key does not begin with \"/\"", "write \"rates\"", 0, 1],
    ["storage.read", "rates//eur", "a segment of this path is empty", "remove a \"/\"", 6, 1],
    ["storage.read", "rates/", "a segment of this path is empty", "remove a \"/\"", 6, 1],
    ["storage.read", "rates/../x", "a path has no \"..\"", noDots, 6, 2],
    [
      "storage.read",
      "rates/a*b*c",
      "a segment takes one *",
      "write ** alone between slashes for any number of segments",
      6,
      5
    ],
    ["storage.read", "rates\\eur", "a path has no \"\\\"", "write \"/\"", 5, 1],
    ["storage.read", "rates/%2e%2e", escapes, "write the character itself", 6, 3],
    ["storage.read", "rates/%252e", escapes, "write the character itself", 6, 3],
    ["storage.read", "a\0b", "a path has no invisible characters", "remove it", 1, 1],
    ["storage.read", "a\u202eb", "a path has no invisible characters", "remove it", 1, 1],
    [
      "filesystem.read",
      "/etc/passwd",
      "a path needs a root",
      "write \"inbox:/etc/passwd\", inbox being your root",
      0,
      11
    ],
    [
      "filesystem.read",
      "Inbox:/a",
      "not the name of a root",
      "use words of a to z and 0 to 9, joined by \"-\"",
      0,
      5
    ],
    [
      "filesystem.read",
      "__proto__:/a",
      "not the name of a root",
      "use words of a to z and 0 to 9, joined by \"-\"",
      0,
      9
    ],
    ["filesystem.read", "inbox:/.ssh/**", refused, "leave it out", 7, 4],
    ["filesystem.read", "inbox:/**/server.PEM", refused, "leave it out", 10, 10],
    ["filesystem.read", "inbox:/proc/self", refused, "leave it out", 7, 4],
    ["filesystem.read", "inbox:/a/\u2025/b", readAs, noDots, 9, 1],
    ["filesystem.read", "inbox:/.. /b", readAs, noDots, 7, 3],
    ["filesystem.read", "inbox:/a\uff0fb", readAs, noDots, 7, 3],
    ["filesystem.read", "inbox:/a/../b", "a path has no \"..\"", noDots, 9, 2],
    ["messaging.send", "acme", "a recipient has two parts", "write \"acme:totals\"", 0, 4],
    ["messaging.send", "acme:**", "a recipient has two parts", "write \"acme:totals\"", 0, 7],
    ["messaging.send", "acme:*totals", "a wildcard stands alone", "write \"*\" alone", 5, 7],
    [
      "messaging.send",
      "Acme:totals",
      "not a name of a component",
      "use words of a to z and 0 to 9, joined by \"-\"",
      0,
      4
    ],
    [
      "messaging.publish",
      "a..b",
      "not a label of a topic",
      "use A to Z, a to z, 0 to 9, \"_\" and \"-\" between dots",
      2,
      1
    ],
    ["messaging.publish", "a.b*", "a wildcard stands alone", "write \"*\" alone", 2, 2],
    ["process.spawn", "git *", "a command is named in full", "write each command", 0, 5],
    ["process.spawn", "../sh", "not a command", "write \"git\" or \"/usr/bin/git\"", 0, 5],
    ["process.spawn", "/usr/../bin/sh", "not a command", "write \"git\" or \"/usr/bin/git\"", 0, 14],
    ["process.spawn", "-rf", "not a command", "write \"git\" or \"/usr/bin/git\"", 0, 3],
    [
      "storage.read",
      `${"a/".repeat(30)}a`,
      "a pattern has at most 30 segments",
      "write ** for the last ones",
      0,
      61
    ],
    ["storage.read", "a".repeat(1025), "a pattern has at most 1024 characters", "shorten it", 0, 1024]
  ])("refuses %s %j: %s", (kind, text, problem, remedy, offset, length) => {
    const failure = failureOf(kind, text)
    assert.deepStrictEqual(
      { problem: failure.problem, remedy: failure.remedy, offset: failure.offset, length: failure.length },
      { problem, remedy, offset, length }
    )
  })

  it("shows what it refuses escaped and short", () => {
    const failure = failureOf("storage.read", `\u001b[2J\u202e${"x".repeat(1e6)}`)
    assert.notMatch(failure.message, /[\p{Cc}\p{Cf}]/u)
    assert.isBelow(failure.message.length, 2200)
  })
})

describe("Pattern.matches", () => {
  it.each<[CapabilityKind, string, string]>([
    ["environment", "STRIPE_KEY", "STRIPE_KEY"],
    ["environment", "__proto__", "__proto__"],
    ["network.outbound", "https://api.ecb.europa.eu", "https://api.ecb.europa.eu"],
    ["network.outbound", "https://api.ecb.europa.eu", "https://api.ecb.europa.eu:443"],
    ["network.outbound", "http://a.example:80", "http://a.example"],
    ["network.outbound", "https://*.acme.example:8443", "https://eu.acme.example:8443"],
    ["network.outbound", "https://**.acme.example", "https://acme.example"],
    ["network.outbound", "https://**.acme.example", "https://a.b.acme.example"],
    ["network.outbound", "https://**", "https://api.example.com"],
    ["network.outbound", "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"],
    ["network.outbound", "http://localhost:8080", "http://localhost:8080"],
    ["network.outbound", "http://169.254.169.254", "http://169.254.169.254"],
    ["network.outbound", "https://*.corp", "https://wiki.corp"],
    ["network.resolve", "*.example.com", "api.example.com"],
    ["storage.read", "rates/**", "rates"],
    ["storage.read", "rates/**", "rates/eur/usd"],
    ["storage.write", "rates/*", "rates/usd"],
    ["storage.write", "rates/usd-*.json", "rates/usd-2027.json"],
    ["storage.write", "constructor", "constructor"],
    ["filesystem.read", "inbox:/**/*.csv", "inbox:/2027/01/rates.csv"],
    ["filesystem.read", "inbox:/**/*.csv", "inbox:/rates.csv"],
    ["messaging.send", "acme:*", "acme:totals"],
    ["messaging.publish", "invoices.*", "invoices.paid"],
    ["messaging.subscribe", "invoices.**", "invoices.*"],
    ["messaging.subscribe", "invoices.**", "invoices.**"],
    ["messaging.subscribe", "invoices.*", "invoices.*"],
    ["process.spawn", "git", "git"],
    ["process.spawn", "/usr/bin/git", "/usr/bin/git"]
  ])("%s %s covers %s", (kind, pattern, resource) => {
    assert.isTrue(covers(kind, pattern, resource))
  })

  it.each<[CapabilityKind, string, string]>([
    ["environment", "STRIPE_KEY", "stripe_key"],
    ["environment", "STRIPE_KEY", "STRIPE_KEY\0"],
    ["environment", "STRIPE_KEY", "__proto__"],
    ["environment", "STRIPE_KEY", "constructor"],
    ["network.outbound", "https://*.example.com", "https://example.com"],
    ["network.outbound", "https://*.example.com", "https://evilexample.com"],
    ["network.outbound", "https://*.example.com", "https://example.com.evil.org"],
    ["network.outbound", "https://*.example.com", "https://a.b.example.com"],
    ["network.outbound", "https://*.example.com", "https://*.example.com"],
    ["network.outbound", "https://*.example.com", "https://a.example.com."],
    ["network.outbound", "https://*.example.com", "https://evil.org#.example.com"],
    ["network.outbound", "https://*.example.com", "https://evil.org/.example.com"],
    ["network.outbound", "https://*.example.com", "https://evil.org\\.example.com"],
    ["network.outbound", "https://*.example.com", "https://evil.org@a.example.com"],
    ["network.outbound", "https://*.example.com", "https://a.example.com@evil.org"],
    ["network.outbound", "https://*.example.com", "https://a\0.example.com"],
    ["network.outbound", "https://*.example.com", "https://a%2e.example.com"],
    ["network.outbound", "https://*.example.com", "https://A.example.com"],
    ["network.outbound", "https://*.example.com", "http://a.example.com"],
    ["network.outbound", "https://*.example.com", "http://a.example.com:443"],
    ["network.outbound", "https://*.example.com", "https://a.example.com:8443"],
    ["network.outbound", "https://*.example.com", "https://a.example.com:0443"],
    ["network.outbound", "https://*.example.com", "a.example.com"],
    ["network.outbound", "https://*.example.com", "https://a。example.com"],
    ["network.resolve", "*.example.com", "evilexample.com"],
    ["network.resolve", "**", "metadata.google.internal"],
    ["storage.read", "rates/**", "ratesx/usd"],
    ["storage.read", "rates/**", "rates/../secrets"],
    ["storage.read", "rates/**", "rates/./usd"],
    ["storage.read", "rates/**", "rates//usd"],
    ["storage.read", "rates/**", "rates/"],
    ["storage.read", "rates/**", "/rates/usd"],
    ["storage.read", "rates/**", "rates/%2e%2e/secrets"],
    ["storage.read", "rates/**", "rates/\0"],
    ["storage.read", "rates/**", "RATES/usd"],
    ["storage.read", "rates/**", "rates/*"],
    ["storage.read", "rates/**", "__proto__"],
    ["storage.write", "rates/*", "rates/eur/usd"],
    ["storage.write", "rates/*", "rates"],
    ["storage.write", "rates/a*a", "rates/a"],
    ["storage.write", "rates/a*a", "rates/aa"],
    ["filesystem.read", "inbox:/**", "outbox:/a"],
    ["filesystem.read", "inbox:/a/**", "inbox:/a/../b"],
    ["filesystem.read", "inbox:/**", "inbox:/../b"],
    ["filesystem.read", "inbox:/**", "inbox:/a/.."],
    ["filesystem.read", "inbox:/**", "inbox:a"],
    ["filesystem.read", "inbox:/**", "inbox://a"],
    ["filesystem.read", "inbox:/**", "/a"],
    ["messaging.send", "acme:*", "evil:totals"],
    ["messaging.send", "acme:*", "acme:totals:x"],
    ["messaging.publish", "invoices.*", "invoices.*"],
    ["messaging.publish", "invoices.**", "invoicesx.paid"],
    ["messaging.subscribe", "invoices.*", "invoices.**"],
    ["messaging.subscribe", "invoices.*.paid", "invoices.**"],
    ["messaging.subscribe", "invoices.**.paid", "invoices.**"],
    ["process.spawn", "git", "/tmp/git"],
    ["process.spawn", "/usr/bin/git", "git"],
    ["process.spawn", "git", "git status"]
  ])("%s %s does not cover %j", (kind, pattern, resource) => {
    assert.isFalse(covers(kind, pattern, resource))
  })

  it.each([
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0.0.0.0",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "2852039166",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[0:0:0:0:0:0:0:1]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fd00::1]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "localhost.localdomain",
    "printer.local",
    "db.internal",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "router.home",
    "metadata",
    "metadata.goog",
    "metadata.google.internal",
    "instance-data",
    "metadata.tencentyun.com",
    "１２７.0.0.1"
  ])("no wildcard covers https://%s", (host) => {
    for (const pattern of ["https://**", "https://**.com", "https://*.com", "https://*.*.com", "https://**.goog"]) {
      assert.isFalse(covers("network.outbound", pattern, `https://${host}`), pattern)
    }
    assert.isFalse(covers("network.resolve", "**", host))
  })

  it.each([
    ".ssh/id_rsa",
    ".SSH/config",
    ".ssh",
    ".ssh.",
    ".ssh /x",
    ".ſſh/x",
    ".ssh::$INDEX_ALLOCATION/x",
    "SSH~1/x",
    "a/.aws/credentials",
    "a/.env",
    "a/.ENV.production",
    "a/.envrc",
    "a/.docker/config.json",
    "a/.pgpass",
    "a/id_ed25519",
    "a/server.pem",
    "a/server.KEY",
    "a/b:server.pem",
    "a/server.pem:stream",
    "a/server.pem ",
    "a/.airssys/grants.json",
    "airssys.toml",
    "proc/self/environ",
    "PROC/1",
    "sys/kernel",
    "dev/sda"
  ])("nothing covers inbox:/%s", (file) => {
    for (const pattern of ["inbox:/**", "inbox:/*/**", "inbox:/**/*", "inbox:/.*/**"]) {
      assert.isFalse(covers("filesystem.read", pattern, `inbox:/${file}`), pattern)
    }
  })

  it("covers what only looks like a key file", () => {
    for (const file of ["keys", "a.pem.txt", "ssh", "env", "a/proc", "a~b.txt", "backup~.csv"]) {
      assert.isTrue(covers("filesystem.read", "inbox:/**", `inbox:/${file}`), file)
    }
  })

  it("takes megabytes in little time", () => {
    const patterns: ReadonlyArray<readonly [CapabilityKind, string]> = [
      ["environment", "A"],
      ["network.outbound", `https://${"**.".repeat(28)}com`],
      ["network.resolve", "**"],
      ["storage.read", `${"**/a/".repeat(14)}b`],
      ["filesystem.read", "inbox:/**/*a*".replace("*a*", "a*")],
      ["messaging.publish", "**.a.**.b"],
      ["messaging.subscribe", "**"],
      ["messaging.send", "*:*"],
      ["process.spawn", "git"]
    ]
    const resources = [
      "a/",
      "a.",
      ".",
      "*",
      "/",
      ":",
      "\0",
      "\u202e",
      "[",
      "%2e",
      "a",
      "ﷺ",
      " ",
      "https://",
      "inbox:/. "
    ]
    for (const [kind, text] of patterns) {
      const pattern = parsed(kind, text)
      for (const unit of resources) {
        const huge = unit.repeat(1e6 / unit.length)
        const full = unit.repeat(Math.floor(4096 / unit.length))
        const start = performance.now()
        assert.isFalse(Pattern.matches(pattern, huge))
        Pattern.matches(pattern, full)
        Pattern.matches(pattern, `inbox:/${full}`.slice(0, 4096))
        Pattern.matches(pattern, `https://${full}`.slice(0, 4096))
        Pattern.parse(kind, huge)
        Pattern.parse(kind, full.slice(0, 1024))
        assert.isBelow(performance.now() - start, 50, `${kind} ${unit}`)
      }
    }
  })
})

/** Says by trying every way what `covers` decides by following all at once. */
const reference = (pattern: ReadonlyArray<string>, subject: ReadonlyArray<string>): boolean => {
  const [token, ...rest] = pattern
  if (token === undefined) return subject.length === 0
  const [segment, ...others] = subject
  if (token === "**") return reference(rest, subject) || (segment !== undefined && reference(pattern, others))
  if (segment === undefined) return false
  const star = token.indexOf("*")
  const accepts = star === -1
    ? token === segment
    : segment.length > token.length - 1 && segment.startsWith(token.slice(0, star)) &&
      segment.endsWith(token.slice(star + 1))
  return accepts && reference(rest, others)
}

describe("against a reference", () => {
  const pseudoRandom = (seed: number) => () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed / 2 ** 32
  }
  const pick = <A>(random: () => number, from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)]!
  const listOf = (random: () => number, from: ReadonlyArray<string>, most: number) =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(random, from))

  it("keys match as they do there", () => {
    const random = pseudoRandom(1)
    let matched = 0
    for (let round = 0; round < 30_000; round++) {
      const pattern = listOf(random, ["a", "b", "ab", "*", "**", "a*", "*b", "a*b"], 6)
      const subject = listOf(random, ["a", "b", "ab", "aab", "abb"], 6)
      const expected = reference(pattern, subject)
      if (expected) matched++
      assert.strictEqual(
        covers("storage.read", pattern.join("/"), subject.join("/")),
        expected,
        `${pattern.join("/")} ${subject.join("/")}`
      )
    }
    assert.isAbove(matched, 1000)
  })

  it("public hosts match as they do there", () => {
    const random = pseudoRandom(2)
    for (let round = 0; round < 20_000; round++) {
      const pattern = [...listOf(random, ["a", "b", "*", "**"], 5), "com"]
      const subject = [...listOf(random, ["a", "b", "c"], 5), "com"]
      assert.strictEqual(
        covers("network.outbound", `https://${pattern.join(".")}`, `https://${subject.join(".")}`),
        reference(pattern, subject),
        `${pattern.join(".")} ${subject.join(".")}`
      )
    }
  })

  it("a subscription is covered only if every topic of it is", () => {
    const random = pseudoRandom(3)
    const topics = [["a"], ["b"], ["a", "a"], ["a", "b"], ["b", "a"], ["a", "b", "a"], ["b", "b", "b"], [
      "a",
      "a",
      "a",
      "b"
    ]]
    let covered = 0
    for (let round = 0; round < 20_000; round++) {
      const pattern = listOf(random, ["a", "b", "*", "**"], 4)
      const subject = listOf(random, ["a", "b", "*", "**"], 4)
      if (!covers("messaging.subscribe", pattern.join("."), subject.join("."))) continue
      covered++
      for (const topic of topics.filter((topic) => reference(subject, topic))) {
        assert.isTrue(
          reference(pattern, topic),
          `${pattern.join(".")} covers ${subject.join(".")} but not ${topic.join(".")}`
        )
      }
    }
    assert.isAbove(covered, 500)
  })
})
