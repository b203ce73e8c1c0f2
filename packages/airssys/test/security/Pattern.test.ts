import { assert, describe, it } from "@effect/vitest"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const compile = (kind: CapabilityKind, text: string): Pattern.Pattern => Result.getOrThrow(Pattern.parse(kind, text))

const matches = (kind: CapabilityKind, pattern: string, resource: string): boolean =>
  Pattern.matches(compile(kind, pattern), resource)

const problemOf = (kind: CapabilityKind, text: string): Pattern.PatternError => {
  const parsed = Pattern.parse(kind, text)
  if (Result.isSuccess(parsed)) throw new Error(`${kind} takes ${text}`)
  return parsed.failure
}

/** A pattern, the resources it covers and those it does not. */
type Row = readonly [kind: CapabilityKind, pattern: string, yes: ReadonlyArray<string>, no: ReadonlyArray<string>]

const rows: ReadonlyArray<Row> = [
  ["network.outbound", "https://api.ecb.europa.eu", ["https://api.ecb.europa.eu", "https://api.ecb.europa.eu:443"], [
    "http://api.ecb.europa.eu",
    "https://api.ecb.europa.eu:8443",
    "https://api.ecb.europa.eu.evil.example",
    "https://evil.api.ecb.europa.eu",
    "https://api.ecb.europa.eu@evil.example",
    "https://api.ecb.europa.eu/",
    "https://API.ecb.europa.eu",
    "HTTPS://api.ecb.europa.eu",
    "https://api.ecb.europa.eu.",
    "https://api.ecb.europa.eu:0443",
    "https://api%2eecb.europa.eu",
    "https://api.ecb.europa.eu\0",
    "api.ecb.europa.eu",
    "tcp://api.ecb.europa.eu:443"
  ]],
  ["network.outbound", "https://*.example.com", ["https://a.example.com", "https://a.example.com:443"], [
    "https://example.com",
    "https://evilexample.com",
    "https://a.b.example.com",
    "https://.example.com",
    "https://a.example.com.evil.example",
    "https://a.example.com:80",
    "https://*.example.com"
  ]],
  ["network.outbound", "https://**.example.com", [
    "https://a.example.com",
    "https://a.b.example.com",
    "https://example.com"
  ], [
    "https://evilexample.com",
    "https://example.com.evil.example"
  ]],
  ["network.outbound", "https://**", ["https://example.com", "https://a.b.example"], [
    "https://127.0.0.1",
    "https://10.0.0.1",
    "https://192.168.0.1",
    "https://169.254.169.254",
    "https://8.8.8.8",
    "https://[::1]",
    "https://[fe80::1]",
    "https://[fd00::1]",
    "https://[::ffff:127.0.0.1]",
    "https://2130706433",
    "https://0x7f.1",
    "https://127.1",
    "https://0177.0.0.1",
    "https://localhost",
    "https://a.localhost",
    "https://metadata.google.internal",
    "https://db.internal",
    "https://printer.local",
    "https://intranet"
  ]],
  ["network.outbound", "https://*.svc.internal", ["https://db.svc.internal"], ["https://svc.internal"]],
  ["network.outbound", "http://169.254.169.254", ["http://169.254.169.254", "http://169.254.169.254:80"], [
    "http://169.254.169.25",
    "http://2852039166",
    "http://[::ffff:169.254.169.254]"
  ]],
  ["network.outbound", "tcp://[::1]:5432", ["tcp://[::1]:5432"], ["tcp://[0:0:0:0:0:0:0:1]:5432", "tcp://[::1]:5433"]],
  ["network.inbound", "tcp://0.0.0.0:8080", ["tcp://0.0.0.0:8080"], ["tcp://127.0.0.1:8080", "udp://0.0.0.0:8080"]],
  ["network.resolve", "*.acme.example", ["a.acme.example"], [
    "acme.example",
    "a.b.acme.example",
    "https://a.acme.example"
  ]],
  ["storage.read", "rates/**", ["rates", "rates/eur", "rates/eur/2027"], [
    "rate",
    "rates2/eur",
    "/rates/eur",
    "rates/"
  ]],
  ["storage.write", "rates/*", ["rates/eur"], [
    "rates",
    "rates/eur/2027",
    "rates//eur",
    "rates/..",
    "rates/.",
    "rates/a*"
  ]],
  ["filesystem.read", "inbox:/**/*.csv", ["inbox:/a.csv", "inbox:/2027/a.csv", "inbox:/a/b/c.csv"], [
    "inbox:/.csv",
    "inbox:/a.CSV",
    "inbox:/a.csv/",
    "inbox:/a.csv/b",
    "inbox://a.csv",
    "inbox:/../a.csv",
    "inbox:/a/../b.csv",
    "inbox:/./a.csv",
    "inbox:/%2e%2e/a.csv",
    "inbox:/a%2fb.csv",
    "inbox:/a%00.csv",
    "inbox:/a\0.csv",
    "inbox:/a\\b.csv",
    "inbox:/a\u202e.csv",
    "outbox:/a.csv",
    "INBOX:/a.csv",
    "/a.csv",
    "a.csv",
    "__proto__:/a.csv"
  ]],
  ["filesystem.read", "inbox:/**", ["inbox:/", "inbox:/a", "inbox:/x/proc/a"], [
    "inbox:/proc/self/environ",
    "inbox:/PROC/1",
    "inbox:/sys/kernel",
    "inbox:/dev/sda",
    "inbox:/.ssh/config",
    "inbox:/home/.SSH/config",
    "inbox:/home/.\u017f\u017fh/config",
    "inbox:/a/id_rsa",
    "inbox:/a/id_rsa.",
    "inbox:/a/id_rsa ",
    "inbox:/a/id_rsa::$DATA",
    "inbox:/tls/server.key",
    "inbox:/tls/server.PEM",
    "inbox:/.env",
    "inbox:/.env.production",
    "inbox:/.airssys/audit",
    "inbox:/airssys.toml"
  ]],
  ["messaging.send", "acme:*", ["acme:totals"], ["acme", "acme:totals:x", "evil:totals", "acme:", "acme:Totals"]],
  ["messaging.publish", "invoices.*", ["invoices.paid"], [
    "invoices",
    "invoices.paid.late",
    "invoices2.paid",
    "invoices.",
    "invoices.*"
  ]],
  ["messaging.subscribe", "invoices.*", ["invoices.paid", "invoices.*"], ["invoices.**", "**", "*.*", "invoices.*.x"]],
  ["messaging.subscribe", "invoices.**", ["invoices", "invoices.a.b", "invoices.*", "invoices.**", "invoices.*.**"], [
    "**",
    "*.**"
  ]],
  ["environment", "STRIPE_KEY", ["STRIPE_KEY"], ["stripe_key", "STRIPE_KEY2", "STRIPE_KEY ", "*", ""]],
  ["environment", "__proto__", ["__proto__"], ["constructor"]],
  ["process.spawn", "git", ["git"], ["/usr/bin/git", "git status", "git2", "./git", "*"]],
  ["process.spawn", "/usr/bin/git", ["/usr/bin/git"], ["git", "/usr/bin/../bin/git", "/usr//bin/git", "/usr/bin/git/"]]
]

describe("Pattern.matches", () => {
  for (const [kind, pattern, yes, no] of rows) {
    describe(`${kind} ${pattern}`, () => {
      it.each(yes.map((resource) => [resource]))("covers %j", (resource) => {
        assert.isTrue(matches(kind, pattern, resource))
      })
      it.each(no.map((resource) => [resource]))("does not cover %j", (resource) => {
        assert.isFalse(matches(kind, pattern, resource))
      })
    })
  }

  it("answers megabyte resources and the worst of patterns at once", () => {
    const worst = [
      ["storage.read", `${"**/a/".repeat(14)}b`, "a/".repeat(2000)],
      ["storage.read", "**/a/a/a/a/a/a/a/a/a/a/a/b", "a/".repeat(2047)],
      ["filesystem.read", "inbox:/**/*aaaaaaaaaaaaaaaaaaaaaab", `inbox:/${"a".repeat(250)}/${"a/".repeat(1900)}`],
      ["storage.read", "**", "a".repeat(1_000_000)],
      ["network.outbound", "https://**", `https://${"a.".repeat(500_000)}com`],
      ["messaging.subscribe", "**", "*.".repeat(500_000)]
    ] as const
    const compiled = worst.map(([kind, pattern, resource]) => [compile(kind, pattern), resource] as const)
    const started = performance.now()
    for (let round = 0; round < 20; round++) {
      for (const [pattern, resource] of compiled) assert.isFalse(Pattern.matches(pattern, resource))
    }
    assert.isBelow((performance.now() - started) / 20, 100)
  })
})

describe("Pattern.parse", () => {
  const refused: ReadonlyArray<
    readonly [CapabilityKind, string, problem: string, remedy: string, at: readonly [number, number]]
  > = [
    ["network.outbound", "api.ecb.europa.eu", "a host needs a scheme", "write \"https://api.ecb.europa.eu\"", [0, 17]],
    ["network.outbound", "ftp://a.example", "unknown scheme", "write https, http, tcp or udp", [0, 3]],
    ["network.outbound", "HTTPS://a.example", "schemes are in lower case", "write \"https\"", [0, 5]],
    ["network.outbound", "tcp://db.example", "tcp needs a port", "write \"tcp://db.example:5432\" with your port", [
      0,
      16
    ]],
    ["network.outbound", "https://a.example/v1", "an address takes no path", "write \"https://a.example\"", [17, 3]],
    ["network.outbound", "https://me@a.example", "an address takes no user name", "write \"https://a.example\"", [
      8,
      3
    ]],
    [
      "network.outbound",
      "https://a.example:99999",
      "a port is a number from 1 to 65535",
      "name one port, without leading zeros",
      [18, 5]
    ],
    [
      "network.outbound",
      "https://a.example:*",
      "a port is a number from 1 to 65535",
      "name one port, without leading zeros",
      [18, 1]
    ],
    ["network.outbound", "https://A.example", "host names are in lower case", "write \"a\"", [8, 1]],
    ["network.outbound", "https://api-*.example", "a wildcard stands for a whole label", "write \"*\" alone", [8, 5]],
    [
      "network.outbound",
      "https://example.*",
      "the last label of a host is no wildcard",
      "name it, or write \"**\" for every public host",
      [16, 1]
    ],
    ["network.outbound", "https://*.localhost", "local names are named in full", "write \"localhost\"", [8, 11]],
    ["network.outbound", "https://127.1", "not an IP address", "write four decimal numbers, as in \"192.0.2.1\"", [
      8,
      5
    ]],
    ["network.outbound", "https://[0:0::1]", "this address has a shorter form", "write \"::1\"", [8, 8]],
    [
      "network.outbound",
      "https://[::ffff:127.0.0.1]",
      "an IPv4 address is hidden in this IPv6 address",
      "name the IPv4 address",
      [8, 18]
    ],
    ["network.outbound", "https://", "the host is missing", "write \"https://api.example.com\"", [8, 1]],
    ["network.resolve", "https://a.example", "a name to look up has no scheme", "write \"a.example\"", [0, 17]],
    ["storage.read", "/rates", "a key does not begin with \"/\"", "write \"rates\"", [0, 1]],
    ["storage.read", "a//b", "a segment of this path is empty", "remove a \"/\"", [2, 1]],
    ["storage.read", "a/../b", "a path has no \"..\"", "write the path without it", [2, 2]],
    ["storage.read", "a/*b*", "a segment takes one *", "write ** alone between slashes for any number of segments", [
      2,
      3
    ]],
    ["filesystem.read", "/etc/passwd", "a path needs a root", "write \"inbox:/etc/passwd\", inbox being your root", [
      0,
      11
    ]],
    ["filesystem.read", "Inbox:/a", "not the name of a root", "use words of a to z and 0 to 9, joined by \"-\"", [
      0,
      5
    ]],
    ["filesystem.read", "inbox:/proc/**", "this is refused whatever a manifest says", "leave it out", [7, 4]],
    ["filesystem.read", "inbox:/a/*.pem", "this is refused whatever a manifest says", "leave it out", [9, 5]],
    ["filesystem.read", "inbox:/a/%2E%2E", "a path is not percent-encoded", "write the character itself", [9, 3]],
    ["filesystem.read", "inbox:/a\0b", "a path has no invisible characters", "remove it", [8, 1]],
    ["messaging.send", "acme", "a recipient has two parts", "write \"acme:totals\"", [0, 4]],
    [
      "messaging.publish",
      "invoices.#",
      "not a label of a topic",
      "use A to Z, a to z, 0 to 9, \"_\" and \"-\" between dots",
      [9, 1]
    ],
    ["environment", "STRIPE_*", "a variable is named in full", "write each name", [7, 1]],
    ["process.spawn", "git*", "a command is named in full", "write each command", [0, 4]],
    ["clock", "*", "clock takes no pattern", "write clock = true", [0, 1]],
    ["storage.read", "", "the pattern is empty", "name a resource", [0, 1]],
    ["storage.read", "a".repeat(1025), "a pattern has at most 1024 characters", "shorten it", [0, 1024]],
    ["storage.read", "a/".repeat(31).slice(0, -1), "a pattern has at most 30 segments", "write ** for the last ones", [
      0,
      61
    ]]
  ]

  it.each(refused)("refuses %s %j", (kind, text, problem, remedy, [offset, length]) => {
    const error = problemOf(kind, text)
    assert.deepStrictEqual(
      { problem: error.problem, remedy: error.remedy, offset: error.offset, length: error.length },
      { problem, remedy, offset, length }
    )
  })

  it("keeps kind and text", () => {
    const pattern = compile("storage.read", "rates/**")
    assert.deepStrictEqual([pattern.kind, pattern.text, Pattern.isPattern(pattern)], ["storage.read", "rates/**", true])
    assert.isFalse(Pattern.isPattern({ kind: "storage.read", text: "rates/**" }))
  })

  it("escapes hostile text in its message and takes a megabyte without keeping it", () => {
    assert.notMatch(problemOf("environment", "A\u001b[2J\u202e\n").message, /[\p{Cc}\p{Cf}]/u)
    assert.isAtMost(problemOf("storage.read", "x".repeat(1_000_000)).message.length, 2200)
  })
})

/** The meaning of wildcards, word for word: no table, no sharing, every split tried. */
const naive = (pattern: ReadonlyArray<string>, segments: ReadonlyArray<string>): boolean => {
  const [wanted, ...restOfPattern] = pattern
  const [segment, ...rest] = segments
  if (wanted === undefined) return segments.length === 0
  if (wanted === "**") return naive(restOfPattern, segments) || (segment !== undefined && naive(pattern, rest))
  if (segment === undefined) return false
  const isSegment = wanted.includes("*")
    ? Array.from(segment, (_, index) => index).some((from) =>
      Array.from(segment, (_, index) => index + 1).some((to) =>
        to > from && `${segment.slice(0, from)}*${segment.slice(to)}` === wanted
      )
    )
    : wanted === segment
  return isSegment && naive(restOfPattern, rest)
}

describe("laws", () => {
  const Words = Schema.Array(Schema.Literals(["a", "b", "ab", "ba", "aab"])).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(6)
  )
  const Wild = Schema.Array(Schema.Literals(["a", "b", "ab", "*", "**", "a*", "*b", "a*b"])).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(6)
  )
  const Topics = Schema.Array(Schema.Literals(["a", "b", "*", "**"])).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(4)
  )
  const Names = Schema.Array(Schema.Literals(["a", "b", "c"])).check(Schema.isMinLength(1), Schema.isMaxLength(5))

  it.prop("a pattern covers what the naive reading of it covers", [Wild, Words], ([pattern, segments]) => {
    const expected = naive(pattern, segments)
    assert.strictEqual(matches("storage.read", pattern.join("/"), segments.join("/")), expected)
    assert.strictEqual(matches("filesystem.read", `r:/${pattern.join("/")}`, `r:/${segments.join("/")}`), expected)
  }, { arbitrary: { runs: 2000 } })

  it.prop(
    "a subscription that is covered stands for no topic that is not",
    [Topics, Topics, Names],
    ([granted, asked, topic]) => {
      if (matches("messaging.subscribe", granted.join("."), asked.join(".")) && naive(asked, topic)) {
        assert.isTrue(
          naive(granted, topic),
          `${granted.join(".")} covers ${asked.join(".")} but not ${topic.join(".")}`
        )
      }
    },
    { arbitrary: { runs: 4000 } }
  )

  it.prop("a pattern without wildcards covers itself, and no text makes parsing or matching throw", [
    Schema.String,
    Schema.Literals([
      "network.outbound",
      "network.resolve",
      "storage.read",
      "filesystem.read",
      "messaging.send",
      "messaging.publish",
      "environment",
      "process.spawn"
    ])
  ], ([text, kind]) => {
    const parsed = Pattern.parse(kind, text)
    if (Result.isSuccess(parsed) && !text.includes("*")) assert.isTrue(Pattern.matches(parsed.success, text))
    Pattern.matches(compile("filesystem.read", "r:/**"), text)
    Pattern.matches(compile("network.outbound", "https://**"), text)
  }, { arbitrary: { runs: 500 } })
})
