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
const encodesNone = ["this label encodes no other letters", "write the letters in their one \"xn--\" form"] as const
const useLabel = "use a to z, 0 to 9, \"-\" and \"_\""
const noZeros = "write it without leading zeros"
const mixed = ["this range is of several kinds", "write a range for each, public or private"] as const
const notAProgram = ["not a program", "write \"git\" or \"/usr/bin/git\""] as const
const custom: CapabilityKind = "custom.printer"
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
      "a host name has no letters but a to z",
      "write \"xn--mnchen-3ya\"",
      8,
      7
    ],
    ["network.outbound", "https://xn--a.example", ...encodesNone, 8, 5],
    ["network.outbound", "https://xn--.example", "not a label of a host name", useLabel, 8, 4],
    ["network.outbound", "https://xn--zzzzzzzzz99.example", ...encodesNone, 8, 15],
    ["network.outbound", "https://xn--abc-.example", "not a label of a host name", useLabel, 8, 8],
    ["network.outbound", "https://xn--munchen-gie.example", ...encodesNone, 8, 15],
    ["network.outbound", "https://xn--x-sy8h.example", ...encodesNone, 8, 10],
    ["network.outbound", "https://xn--pi-bz3n.example", ...encodesNone, 8, 11],
    ["network.outbound", "https://xn--tda981v.example", ...encodesNone, 8, 11],
    ["network.outbound", "https://xn--ab-m1t.example", ...encodesNone, 8, 10],
    ["network.outbound", "https://xn--a-ecp.ru", ...encodesNone, 8, 9],
    ["network.outbound", "https://a\u200db.example", "not a label of a host name", useLabel, 8, 3],
    ["network.outbound", "https://a\u3002b.example", "not a label of a host name", useLabel, 8, 3],
    ["network.outbound", "https://\uff41pi.example", "not a label of a host name", useLabel, 8, 3],
    [
      "network.outbound",
      "https://\u0430pple.example",
      "a host name has no letters but a to z",
      "write \"xn--pple-43d\"",
      8,
      5
    ],
    ["network.outbound", "https://10.0.0.1/8", "a range begins with its first address", "write \"10.0.0.0/8\"", 8, 10],
    ["network.outbound", "https://[fd00::1/8]", "a range begins with its first address", "write \"[fd00::/8]\"", 8, 11],
    ["network.outbound", "https://10.0.0.0/08", "the bits of a range are a number up to 32", noZeros, 8, 11],
    ["network.outbound", "https://10.0.0.0/33", "the bits of a range are a number up to 32", noZeros, 8, 11],
    ["network.outbound", "https://[fd00::/129]", "the bits of a range are a number up to 128", noZeros, 8, 12],
    ["network.outbound", "https://[fd00::/]", "the bits of a range are a number up to 128", noZeros, 8, 9],
    ["network.outbound", "https://10.0.0.1/32", "this range is one address", "write \"10.0.0.1\"", 8, 11],
    ["network.outbound", "https://[fd00::1/128]", "this range is one address", "write \"[fd00::1]\"", 8, 13],
    ["network.outbound", "https://0.0.0.0/0", ...mixed, 8, 9],
    ["network.outbound", "https://8.0.0.0/5", ...mixed, 8, 9],
    ["network.outbound", "https://10.0.0.0/7", ...mixed, 8, 10],
    ["network.outbound", "https://[::/0]", ...mixed, 8, 6],
    ["network.outbound", "https://[2000::/3]", ...mixed, 8, 10],
    ["network.outbound", "https://[fc00::/6]", ...mixed, 8, 10],
    ["network.outbound", "https://[::ffff:0:0/96]", hidden, "name the IPv4 address", 8, 15],
    ["network.outbound", "https://[::/96]", ...mixed, 8, 7],
    ["network.outbound", "https://[2001:470::5efe:a00:1]", hidden, "name the IPv4 address", 8, 22],
    ["network.outbound", "https://[10.0.0.1]", "brackets are for IPv6", "write it without them", 8, 10],
    ["network.outbound", "https://10.0.0.0/8/x", "an address takes no path", "write \"https://10.0.0.0\"", 16, 4],
    ["network.outbound", "https://[fd00::/8]/x", "an address takes no path", "write \"https://[fd00::/8]\"", 18, 2],
    ["network.outbound", "https://[fd00::/8", "an address takes no path", "write \"https://[fd00::\"", 15, 2],
    ["network.outbound", "https://[fd00::1]x", "a host ends before its port", "write \":\" and the port", 0, 18],
    ["network.outbound", "https://a.example:90-80", "a range of ports goes up", "write the lower one first", 18, 5],
    ["network.outbound", "https://a.example:80-80", "a range of ports goes up", "write the lower one first", 18, 5],
    ["network.outbound", "https://a.example:80-", port, onePort, 18, 3],
    ["network.outbound", "https://a.example:80-90-99", port, onePort, 18, 8],
    ["network.outbound", "https://a.example:-80", port, onePort, 18, 3],
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
    ["process.spawn", "g*t status", "a program is named in full", "write each program", 0, 3],
    ["process.spawn", "* status", "a program is named in full", "write each program", 0, 1],
    ["process.spawn", "../sh", ...notAProgram, 0, 5],
    ["process.spawn", "/usr/../bin/sh", ...notAProgram, 0, 14],
    ["process.spawn", "-rf", ...notAProgram, 0, 3],
    ["process.spawn", "'git'", "this word needs no quotes", "write \"git\"", 0, 5],
    ["process.spawn", "'my git'", ...notAProgram, 0, 8],
    ["process.spawn", "git.", ...notAProgram, 0, 4],
    ["process.spawn", "build.BAT x", "a batch file reads arguments as commands", "name a program", 0, 9],
    ["process.spawn", "git  status", "words are parted by one space", "remove a space", 4, 1],
    ["process.spawn", "git ", "words are parted by one space", "remove a space", 4, 1],
    ["process.spawn", "git 'status'", "this word needs no quotes", "write \"status\"", 4, 8],
    ["process.spawn", "git $HOME", "this word needs quotes", "write it between single quotes", 4, 5],
    ["process.spawn", "git a;b", "this word needs quotes", "write it between single quotes", 4, 3],
    ["process.spawn", "git a'b'", "this word needs quotes", "write it between single quotes", 4, 4],
    ["process.spawn", "git 'a b", "a quotation is not ended", "write \"'\"", 4, 4],
    ["process.spawn", "git 'a b'c", "a quotation is a whole word", "write the word in one quotation", 4, 5],
    ["process.spawn", "git a*b*", "an argument takes one *", "write ** or -** alone for any number of arguments", 4, 4],
    ["process.spawn", "git '\0'", "an argument has no NUL and no half of a character", "remove it", 5, 1],
    ["process.spawn", "git '\ud800'", "an argument has no NUL and no half of a character", "remove it", 5, 1],
    [custom, "a//b", "a segment of this path is empty", "remove a \"/\"", 2, 1],
    [custom, "/a", "a key does not begin with \"/\"", "write \"a\"", 0, 1],
    ["filesystem.read", "inbox:/cafe\u0301", "this has a composed form", "write \"caf\u00e9\"", 7, 5],
    ["storage.read", "cafe\u0301", "this has a composed form", "write \"caf\u00e9\"", 0, 5],
    ["filesystem.read", "inbox:/a:b", "a path has no \":\" below its root", noDots, 7, 3],
    ["filesystem.read", "inbox:/a./b", "a segment does not end in a dot or a space", noDots, 7, 2],
    ["filesystem.read", "inbox:/a /b", "a segment does not end in a dot or a space", noDots, 7, 2],
    ["filesystem.read", "inbox:/a\u034fb", "a path has no invisible characters", "remove it", 8, 1],
    ["filesystem.read", "inbox:/.config/gh/**", refused, "leave it out", 15, 2],
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
    ["network.outbound", "https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"],
    ["network.outbound", "https://*.example", "https://xn--ls8h.example"],
    ["network.outbound", "https://a.example:8000-8100", "https://a.example:8000"],
    ["network.outbound", "https://a.example:8000-8100", "https://a.example:8100"],
    ["network.outbound", "https://a.example:1-65535", "https://a.example"],
    ["network.outbound", "http://localhost:3000-3010", "http://localhost:3001"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://10.255.0.1:5432"],
    ["network.outbound", "tcp://10.1.2.128/25:5432", "tcp://10.1.2.200:5432"],
    ["network.outbound", "tcp://[fd00::/8]:443", "tcp://[fd12:3456::1]:443"],
    ["network.outbound", "tcp://[fd00::/8]:400-500", "tcp://[fdff::]:443"],
    ["network.outbound", "https://[fe80::/10]", "https://[fe80::1]"],
    ["network.outbound", "http://[fd00:ec2::254]", "http://[fd00:ec2::254]"],
    ["network.resolve", "192.168.0.0/16", "192.168.1.1"],
    ["process.spawn", "git", "git"],
    ["process.spawn", "/usr/bin/git", "/usr/bin/git"],
    ["process.spawn", "git status", "git status"],
    ["process.spawn", "git log **", "git log"],
    ["process.spawn", "git log **", "git log main 'a b'"],
    ["process.spawn", "git show *", "git show 'it''s'"],
    ["process.spawn", "git show *", "git show '*'"],
    ["process.spawn", "git log -n *", "git log -n 5"],
    ["process.spawn", "git log --format=*", "git log --format=%h"],
    ["process.spawn", "git log -*", "git log --oneline"],
    ["process.spawn", "git log -**", "git log --oneline main -- a"],
    ["process.spawn", "git log -**", "git log ''"],
    ["process.spawn", "convert *.png *.jpg", "convert a.png b.jpg"],
    [custom, "office/*/a4", "office/third-floor/a4"],
    [custom, "office/**", "office"],
    ["filesystem.read", "inbox:/**", "inbox:/caf\u00e9"]
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
    ["network.outbound", "https://*.example", "https://xn--a.example"],
    ["network.outbound", "https://*.example", "https://m\u00fcnchen.example"],
    ["network.outbound", "https://a.example:8000-8100", "https://a.example:8101"],
    ["network.outbound", "https://a.example:8000-8100", "https://a.example:7999"],
    ["network.outbound", "https://a.example:8000-8100", "https://a.example:8000-8001"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://11.0.0.1:5432"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://10.0.0.1:5433"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "udp://10.0.0.1:5432"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://10.0.0.0/8:5432"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://10.0.0.0/9:5432"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://10.0.0.01:5432"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://10.1:5432"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://[::ffff:10.0.0.1]:5432"],
    ["network.outbound", "tcp://10.0.0.0/8:5432", "tcp://a.example:5432"],
    ["network.outbound", "tcp://[fd00::/8]:443", "tcp://[fe00::1]:443"],
    ["network.outbound", "tcp://[fd00::/8]:443", "tcp://[fd00:ec2::254]:443"],
    ["network.outbound", "tcp://[fe80::/10]:443", "tcp://[fe80::1%eth0]:443"],
    ["network.outbound", "tcp://[fe80::/10]:443", "tcp://[fe80::1%25eth0]:443"],
    ["network.outbound", "http://169.254.0.0/16", "http://169.254.169.254"],
    ["network.outbound", "http://100.64.0.0/10", "http://100.100.100.200"],
    ["network.outbound", "http://168.63.0.0/16", "http://168.63.129.16"],
    ["network.outbound", "https://**.corp", "https://corp"],
    ["process.spawn", "git", "git status"],
    ["process.spawn", "git status", "git"],
    ["process.spawn", "git *", "git"],
    ["process.spawn", "git *", "git a b"],
    ["process.spawn", "git *", "git ''"],
    ["process.spawn", "git **", "git ''"],
    ["process.spawn", "git *", "git --upload-pack=evil"],
    ["process.spawn", "git *", "git -c"],
    ["process.spawn", "git log **", "git log --output=/etc/passwd"],
    ["process.spawn", "git log **", "git log a -o b"],
    ["process.spawn", "git log *.txt", "git log --a.txt"],
    ["process.spawn", "git log '*'", "git log a"],
    ["process.spawn", "git log -*", "git log main"],
    ["process.spawn", "git log -*", "git log -"],
    ["process.spawn", "git log --format=*", "git log --format="],
    ["process.spawn", "git 'a b'", "git a b"],
    ["process.spawn", "git a b", "git 'a b'"],
    ["process.spawn", "git **", "git  a"],
    ["process.spawn", "git **", "git a "],
    ["process.spawn", "git **", "git 'a'"],
    ["process.spawn", "git **", "git *"],
    ["process.spawn", "git **", "git $HOME"],
    ["process.spawn", "git **", "Git"],
    ["process.spawn", "git **", "/tmp/git"],
    [custom, "office/*", "office/a/b"],
    [custom, "office/*", "office/.."],
    [custom, "office/*", "shop/a4"],
    ["filesystem.read", "inbox:/**", "inbox:/cafe\u0301"],
    ["filesystem.read", "inbox:/*.csv", "inbox:/secret.txt:x.csv"],
    ["filesystem.read", "inbox:/**", "inbox:/secret.txt::$DATA"],
    ["filesystem.read", "inbox:/**", "inbox:/secret.txt."],
    ["filesystem.read", "inbox:/**", "inbox:/a\ufe0f"]
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
    "a/.airssys-draft",
    "airssys.toml",
    "proc/self/environ",
    "PROC/1",
    "sys/kernel",
    "dev/sda",
    ".\u017f\u017fh/id",
    ".\u00dfh/id",
    "\u0131d_rsa",
    "\uff0essh/id",
    ".s\u200csh/id",
    ".config/gcloud/credentials.db",
    "A/.Config/GH/hosts.yml",
    ".git/config",
    ".git/hooks/post-checkout",
    ".cargo/credentials.toml",
    "a/.bashrc",
    "a/.zsh_history",
    "a/vault.kdbx",
    "etc/shadow",
    "terraform.tfstate.backup",
    "NUL",
    "a/con.txt",
    "a/COM1",
    "a/lpt\u00b9.log",
    "AIRSSY~1.TOM"
  ])("nothing covers inbox:/%s", (file) => {
    for (const pattern of ["inbox:/**", "inbox:/*/**", "inbox:/**/*", "inbox:/.*/**"]) {
      assert.isFalse(covers("filesystem.read", pattern, `inbox:/${file}`), pattern)
    }
  })

  it("covers what only looks like a key file", () => {
    for (
      const file of [
        "keys",
        "a.pem.txt",
        "ssh",
        "env",
        "a/proc",
        "a~b.txt",
        "backup~.csv",
        "console",
        "gh/hosts.yml",
        ".gitignore"
      ]
    ) {
      assert.isTrue(covers("filesystem.read", "inbox:/**", `inbox:/${file}`), file)
    }
  })

  it("compares no kinds with each other", () => {
    const read = parsed("filesystem.read", "inbox:/**")
    const write = parsed("filesystem.write", "inbox:/**")
    assert.isFalse(Pattern.subsumes(read, write))
    const resource = Pattern.parseResource("filesystem.write", "inbox:/a")
    assert(resource !== undefined)
    assert.isTrue(Pattern.covers(write, resource))
    assert.isFalse(Pattern.covers(read, resource))
  })
})
