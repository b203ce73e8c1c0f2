import { assert, describe, it } from "@effect/vitest"
import * as Manifest from "airssys/component/Manifest"
import { Duration, Result } from "effect"
import * as fs from "node:fs"

const file = "Component.toml"
const read = (path: string) => fs.readFileSync(new URL(path, import.meta.url), "utf8")
const example = read("./fixtures/Component.toml")

const parsed = (text: string): Manifest.Manifest =>
  Result.getOrThrowWith(Manifest.parse(text, { file }), (error) => error)

const failureOf = (text: string): Manifest.ManifestError => {
  const result = Manifest.parse(text, { file })
  assert(Result.isFailure(result), "the manifest was taken")
  return result.failure
}

describe("Manifest.parse", () => {
  it("decodes the whole of a manifest", () => {
    const place = (line: number) => ({ file, line })
    const keep = "Keep the last rates, so that invoices go out while the bank is down."
    const say = "Date the rates and say what was served."
    assert.deepStrictEqual(parsed(example), {
      id: "acme:rates",
      component: {
        namespace: "acme",
        name: "rates",
        version: "1.2.0",
        world: "acme:rates/plugin@1.2.0",
        description: "Daily exchange rates for invoices.",
        authors: ["Ada Park <ada@acme.example>"],
        license: "MIT"
      },
      build: { command: "airssys build src/main.ts", output: "dist/rates.wasm" },
      limits: { memory: 32 * 1024 * 1024, fuel: 5_000_000, timeout: Duration.millis(250) },
      config: new Map<string, Manifest.ConfigEntry>([
        ["base", { type: "string", default: "EUR", isOptional: false }],
        ["api-key", { type: "secret", default: undefined, isOptional: true }]
      ]),
      messages: { accepts: ["cbor", "json"], sends: ["cbor"], from: ["acme:*"] },
      asks: [
        {
          kind: "network.outbound",
          patterns: ["https://api.ecb.europa.eu", "https://*.acme.example:8443"],
          reason: "Fetch the daily rates.",
          place: place(23)
        },
        { kind: "storage.read", patterns: ["rates/**"], reason: keep, place: place(26) },
        { kind: "storage.write", patterns: ["rates/*"], reason: keep, place: place(27) },
        {
          kind: "filesystem.read",
          patterns: ["inbox:/**/*.csv"],
          reason: "Read the CSV files of accounting until the API carries all currencies.",
          expires: "2027-03-31",
          place: place(31)
        },
        { kind: "log", patterns: [], reason: say, place: place(35) },
        { kind: "clock", patterns: [], reason: say, place: place(34) }
      ],
      dependencies: new Map([["acme:csv", "^2.1.0"]])
    })
  })

  it("decodes the manifests of the example", () => {
    const summary = ["totals", "rates", "miner"].map((name) => {
      const { asks, id, limits } = parsed(read(`../../../../examples/plugins/${name}/Component.toml`))
      return [id, limits.memory, limits.fuel, asks.map((ask) => ask.kind)]
    })
    assert.deepStrictEqual(summary, [
      ["acme:totals", 16 * 1024 * 1024, 1_000_000, ["log"]],
      ["acme:rates", 32 * 1024 * 1024, 5_000_000, ["log", "clock"]],
      ["evil:miner", 16 * 1024 * 1024, undefined, []]
    ])
  })

  it("takes kinds of the host's own", () => {
    const text = example.replace(
      "log = true",
      () => "log = true\ncustom.printer = [\"floor/*\"]\ncustom.queue = [\"a\"]"
    )
    assert.deepStrictEqual(
      parsed(text).asks.slice(-2).map(({ kind, patterns, place }) => [kind, patterns, place.line]),
      [
        ["custom.printer", ["floor/*"], 36],
        ["custom.queue", ["a"], 37]
      ]
    )
  })

  it("takes a world that somebody else publishes, so that many components can implement one", () => {
    const text = example.replace("acme:rates/plugin@1.2.0", "globex:shop/discount@2.0.0")
    assert.strictEqual(parsed(text).component.world, "globex:shop/discount@2.0.0")
  })

  it("takes Windows line ends and a byte order mark", () => {
    const text = `\ufeff${example.replaceAll("\n", "\r\n")}`
    assert.deepStrictEqual(parsed(text), parsed(example))
    assert.match(failureOf(text.replace("outbound", "outbond")).message, /^error: Component.toml:23:9: /)
  })

  it.each<[name: string, from: string, to: string, report: ReadonlyArray<string>]>([
    ["a custom kind that is no word", "log = true", "custom.Printer = [\"floor/*\"]", [
      "error: Component.toml:35:8: \"Printer\" is no name",
      "  35 | custom.Printer = [\"floor/*\"]",
      "     |        ^^^^^^^ write a word, such as queue",
      "  Nothing was installed."
    ]],
    ["a custom kind without resources", "log = true", "custom.printer = true", [
      "error: Component.toml:35:18: custom.printer is true",
      "  35 | custom.printer = true",
      "     |                  ^^^^ write a list such as [\"...\"]",
      "  Nothing was installed."
    ]],
    ["a pattern of a custom kind", "log = true", "custom.printer = [\"floor//2\"]", [
      "error: Component.toml:35:26: a segment of this path is empty",
      "  35 | custom.printer = [\"floor//2\"]",
      "     |                          ^ remove a \"/\"",
      "  * is one segment or a part of one, ** any number of segments. Nothing was installed."
    ]],
    ["an unknown key", "network.outbound =", "network.outbond =", [
      "error: Component.toml:23:9: unknown key \"outbond\" in network",
      "  23 | network.outbond = [\"https://api.ecb.europa.eu\", \"https://*.acme.example:8443\"]",
      "     |         ^^^^^^^ did you mean \"outbound\"?",
      "  network takes outbound, inbound, resolve. Nothing was installed."
    ]],
    ["an unknown key that is like no other", "license = \"MIT\"", "licensing-terms = \"MIT\"", [
      "error: Component.toml:10:1: unknown key \"licensing-terms\" in component",
      "  10 | licensing-terms = \"MIT\"",
      "     | ^^^^^^^^^^^^^^^",
      "  component takes namespace, name, version, world, description, authors, license. Nothing was installed."
    ]],
    ["an unknown key in an inline table", "optional = true", "optionl = true", [
      "error: Component.toml:20:30: unknown key \"optionl\" in api-key",
      "  20 | api-key = { type = \"secret\", optionl = true }",
      "     |                              ^^^^^^^ did you mean \"optional\"?",
      "  api-key takes type, default, optional. Nothing was installed."
    ]],
    ["an unknown codec", "sends = [\"cbor\"]", "sends = [\"xml\"]", [
      "error: Component.toml:40:10: a value of sends is \"xml\"",
      "  40 | sends = [\"xml\"]",
      "     |          ^^^^^ write \"cbor\", \"json\" or \"borsh\"",
      "  Nothing was installed."
    ]],
    ["a codec that is there twice", "sends = [\"cbor\"]", "sends = [\"cbor\", \"cbor\"]", [
      "error: Component.toml:40:9: a codec is there twice",
      "  40 | sends = [\"cbor\", \"cbor\"]",
      "     |         ^^^^^^^^^^^^^^^^ remove one",
      "  Nothing was installed."
    ]],
    [
      "a sender that is no component",
      "from = [\"acme:*\"]                      # who may send to it",
      "from = [\"acme\"]",
      [
        "error: Component.toml:41:9: a recipient has two parts",
        "  41 | from = [\"acme\"]",
        "     |         ^^^^^^ write \"acme:totals\"",
        "  A recipient is namespace:name; * stands for either of them. Nothing was installed."
      ]
    ],
    ["an unknown capability", "clock = true", "clocks = true", [
      "error: Component.toml:34:1: unknown key \"clocks\" in capability",
      "  34 | clocks = true",
      "     | ^^^^^^ did you mean \"clock\"?",
      "  capability takes reason, expires, audit, log, clock, random, environment, network, storage, filesystem, messaging, process, custom. Nothing was installed."
    ]],
    ["an unknown table", "[limits]", "[limit]", [
      "error: Component.toml:1:1: this file needs \"limits\"",
      "  1 | #:schema ./node_modules/airssys/schema/component-1.json",
      "    | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ add [limits]",
      "  this file takes schema, component, build, limits, config, messages, capability, dependencies.",
      "",
      "error: Component.toml:14:2: unknown key \"limit\" in this file",
      "  14 | [limit]                               # what it asks for; the host may give less",
      "     |  ^^^^^ did you mean \"limits\"?",
      "  this file takes schema, component, build, limits, config, messages, capability, dependencies. Nothing was installed."
    ]],
    ["a prototype key", "license = \"MIT\"", "__proto__ = \"MIT\"", [
      "error: Component.toml:10:1: unknown key \"__proto__\" in component",
      "  10 | __proto__ = \"MIT\"",
      "     | ^^^^^^^^^",
      "  component takes namespace, name, version, world, description, authors, license. Nothing was installed."
    ]],
    ["a value of the wrong type", "timeout = \"250 ms\"", "timeout = 250", [
      "error: Component.toml:17:11: timeout is a number",
      "  17 | timeout = 250                     # per message, waiting for the host included",
      "     |           ^^^ write a length of time such as \"250 ms\"",
      "  Nothing was installed."
    ]],
    ["a table where a text belongs", "license = \"MIT\"", "license = { name = \"MIT\" }", [
      "error: Component.toml:10:11: license is a table",
      "  10 | license = { name = \"MIT\" }",
      "     |           ^^^^^^^^^^^^^^^^ write a line of text",
      "  Nothing was installed."
    ]],
    ["a text where a table belongs", "[dependencies]\n\"acme:csv\" = \"^2.1.0\"", "[[dependencies]]", [
      "error: Component.toml:36:3: dependencies is a list",
      "  36 | [[dependencies]]",
      "     |   ^^^^^^^^^^^^ write a table",
      "  Nothing was installed."
    ]],
    ["a missing key", "namespace = \"acme\"\n", "", [
      "error: Component.toml:3:1: component needs \"namespace\"",
      "  3 | [component]",
      "    | ^^^^^^^^^^^ add namespace = \"rates\"",
      "  component takes namespace, name, version, world, description, authors, license. Nothing was installed."
    ]],
    ["a missing memory limit", "memory = \"32 MiB\"                      # all memories of one instance\n", "", [
      "error: Component.toml:14:1: limits needs \"memory\"",
      "  14 | [limits]                               # what it asks for; the host may give less",
      "     | ^^^^^^^^ add memory = \"32 MiB\"",
      "  limits takes memory, fuel, timeout. Nothing was installed."
    ]],
    [
      "neither fuel nor timeout",
      "fuel = 5_000_000                       # per message; `airssys test --receipts` shows yours\ntimeout = \"250 ms\"                     # per message, waiting for the host included\n",
      "",
      [
        "error: Component.toml:14:1: limits needs \"fuel\" or \"timeout\"",
        "  14 | [limits]                               # what it asks for; the host may give less",
        "     | ^^^^^^^^ add timeout = \"250 ms\"",
        "  limits takes memory, fuel, timeout; memory and one of the others are mandatory. Nothing was installed."
      ]
    ],
    ["a size that is none", "memory = \"32 MiB\"", "memory = \"32 elephants\"", [
      "error: Component.toml:15:10: \"32 elephants\" is no size",
      "  15 | memory = \"32 elephants\"                      # all memories of one instance",
      "     |          ^^^^^^^^^^^^^^ write \"32 MiB\"",
      "  Nothing was installed."
    ]],
    ["a size out of range", "memory = \"32 MiB\"", "memory = \"1 TiB\"", [
      "error: Component.toml:15:10: the size is out of range",
      "  15 | memory = \"1 TiB\"                      # all memories of one instance",
      "     |          ^^^^^^^ write 64 KiB to 4 GiB",
      "  Nothing was installed."
    ]],
    ["a time that is none", "timeout = \"250 ms\"", "timeout = \"soon\"", [
      "error: Component.toml:17:11: \"soon\" is no length of time",
      "  17 | timeout = \"soon\"                     # per message, waiting for the host included",
      "     |           ^^^^^^ write \"250 ms\", \"2 s\" or \"1 min\"",
      "  Nothing was installed."
    ]],
    ["a time out of range", "timeout = \"250 ms\"", "timeout = \"61 min\"", [
      "error: Component.toml:17:11: the time is out of range",
      "  17 | timeout = \"61 min\"                     # per message, waiting for the host included",
      "     |           ^^^^^^^^ write 1 ms to 60 min",
      "  Nothing was installed."
    ]],
    ["fuel with a fraction", "fuel = 5_000_000", "fuel = 1.5", [
      "error: Component.toml:16:8: fuel is no whole number from 1 to 9007199254740991",
      "  16 | fuel = 1.5                       # per message; `airssys test --receipts` shows yours",
      "     |        ^^^ write one, such as 1",
      "  Nothing was installed."
    ]],
    ["fuel that is infinite", "fuel = 5_000_000", "fuel = inf", [
      "error: Component.toml:16:8: fuel is no whole number from 1 to 9007199254740991",
      "  16 | fuel = inf                       # per message; `airssys test --receipts` shows yours",
      "     |        ^^^ write one, such as 1",
      "  Nothing was installed."
    ]],
    ["fuel beyond what counts exactly", "fuel = 5_000_000", "fuel = 99999999999999999999", [
      "error: Component.toml:16:8: fuel is too large a number",
      "  16 | fuel = 99999999999999999999                       # per message; `airssys test --receipts` shows yours",
      "     |        ^^^^^^^^^^^^^^^^^^^^ write a whole number",
      "  Nothing was installed."
    ]],
    ["a version that is none", "version = \"1.2.0\"", "version = \"1.2\"", [
      "error: Component.toml:6:11: \"1.2\" is no semantic version",
      "  6 | version = \"1.2\"",
      "    |           ^^^^^ write \"1.2.0\"",
      "  Nothing was installed."
    ]],
    ["a world that is none", "world = \"acme:rates/plugin@1.2.0\"", "world = \"rates\"", [
      "error: Component.toml:7:9: \"rates\" is no world",
      "  7 | world = \"rates\"      # compared with the .wasm at build and at install",
      "    |         ^^^^^^^ write \"acme:rates/plugin@1.2.0\"",
      "  Nothing was installed."
    ]],
    ["a name that is none", "name = \"rates\"", "name = \"Rates\"", [
      "error: Component.toml:5:8: \"Rates\" is no name",
      "  5 | name = \"Rates\"",
      "    |        ^^^^^^^ write a-z, 0-9 and single dashes",
      "  Nothing was installed."
    ]],
    ["a day that does not exist", "expires = 2027-03-31", "expires = 2027-02-30", [
      "error: Component.toml:30:11: this is no date of the calendar",
      "  30 | expires = 2027-02-30                   # last valid day, UTC",
      "     |           ^^^^^^^^^^ write a day as 2027-03-31",
      "  This file is TOML 1.0. Nothing was installed."
    ]],
    ["a date in words", "expires = 2027-03-31", "expires = \"soon\"", [
      "error: Component.toml:30:11: \"soon\" is no day of the calendar",
      "  30 | expires = \"soon\"                   # last valid day, UTC",
      "     |           ^^^^^^ write 2027-03-31",
      "  Nothing was installed."
    ]],
    ["a date with a time", "expires = 2027-03-31", "expires = 2027-03-31T00:00:00Z", [
      "error: Component.toml:30:11: \"2027-03-31T00:00:00Z\" is no day of the calendar",
      "  30 | expires = 2027-03-31T00:00:00Z                   # last valid day, UTC",
      "     |           ^^^^^^^^^^^^^^^^^^^^ write 2027-03-31",
      "  Nothing was installed."
    ]],
    ["a host without a scheme", "\"https://api.ecb.europa.eu\"", "\"api.ecb.europa.eu\"", [
      "error: Component.toml:23:21: a host needs a scheme",
      "  23 | network.outbound = [\"api.ecb.europa.eu\", \"https://*.acme.example:8443\"]",
      "     |                     ^^^^^^^^^^^^^^^^^^^ write \"https://api.ecb.europa.eu\"",
      "  https means port 443, http 80; tcp and udp need a port. Nothing was installed."
    ]],
    ["a port inside a pattern", "\"https://*.acme.example:8443\"", "\"https://*.acme.example:99999\"", [
      "error: Component.toml:23:74: a port is a number from 1 to 65535",
      "  23 | network.outbound = [\"https://api.ecb.europa.eu\", \"https://*.acme.example:99999\"]",
      "     |                                                                          ^^^^^ name one port, without leading zeros",
      "  https means port 443, http 80; tcp and udp need a port. Nothing was installed."
    ]],
    ["a segment inside a pattern", "\"inbox:/**/*.csv\"", "\"inbox:/**/../*.csv\"", [
      "error: Component.toml:31:31: a path has no \"..\"",
      "  31 | filesystem.read = [\"inbox:/**/../*.csv\"]  # inbox is a name; the host maps it to a folder",
      "     |                               ^^ write the path without it",
      "  * is one segment or a part of one, ** any number of segments. Nothing was installed."
    ]],
    ["a pattern in a literal string", "\"inbox:/**/*.csv\"", "'inbox:/**/../*.csv'", [
      "error: Component.toml:31:31: a path has no \"..\"",
      "  31 | filesystem.read = ['inbox:/**/../*.csv']  # inbox is a name; the host maps it to a folder",
      "     |                               ^^ write the path without it",
      "  * is one segment or a part of one, ** any number of segments. Nothing was installed."
    ]],
    ["a pattern with escapes", "\"inbox:/**/*.csv\"", "\"inbox:/\\u002a*/../*.csv\"", [
      "error: Component.toml:31:20: a path has no \"..\"",
      "  31 | filesystem.read = [\"inbox:/\\u002a*/../*.csv\"]  # inbox is a name; the host maps it to a folder",
      "     |                    ^^^^^^^^^^^^^^^^^^^^^^^^^ write the path without it",
      "  * is one segment or a part of one, ** any number of segments. Nothing was installed."
    ]],
    ["true where a list belongs", "storage.write = [\"rates/*\"]", "storage.write = true", [
      "error: Component.toml:27:17: storage.write is true",
      "  27 | storage.write = true",
      "     |                 ^^^^ write a list such as [\"...\"]",
      "  Nothing was installed."
    ]],
    ["a text where a list belongs", "storage.write = [\"rates/*\"]", "storage.write = \"rates/*\"", [
      "error: Component.toml:27:17: storage.write is a text",
      "  27 | storage.write = \"rates/*\"",
      "     |                 ^^^^^^^^^ write [\"rates/*\"]",
      "  Nothing was installed."
    ]],
    ["an empty list", "storage.write = [\"rates/*\"]", "storage.write = []", [
      "error: Component.toml:27:17: an empty list names nothing",
      "  27 | storage.write = []",
      "     |                 ^^ name a resource",
      "  Nothing was installed."
    ]],
    ["a number among patterns", "storage.write = [\"rates/*\"]", "storage.write = [\"rates/*\", 1]", [
      "error: Component.toml:27:29: a value of storage.write is a number",
      "  27 | storage.write = [\"rates/*\", 1]",
      "     |                             ^ write a pattern in quotes",
      "  Nothing was installed."
    ]],
    ["a pattern twice", "storage.write = [\"rates/*\"]", "storage.write = [\"rates/*\", \"rates/*\"]", [
      "error: Component.toml:27:17: \"rates/*\" is there twice",
      "  27 | storage.write = [\"rates/*\", \"rates/*\"]",
      "     |                 ^^^^^^^^^^^^^^^^^^^^^^ remove one",
      "  Nothing was installed."
    ]],
    ["a list where true belongs", "clock = true", "clock = [\"now\"]", [
      "error: Component.toml:34:9: clock is a list",
      "  34 | clock = [\"now\"]",
      "     |         ^^^^^^^ write true",
      "  Nothing was installed."
    ]],
    ["false where true belongs", "clock = true", "clock = false", [
      "error: Component.toml:34:9: clock is false",
      "  34 | clock = false",
      "     |         ^^^^^ write true",
      "  Nothing was installed."
    ]],
    ["a kind that is a table", "network.outbound = [", "network = [", [
      "error: Component.toml:23:11: network is a list",
      "  23 | network = [\"https://api.ecb.europa.eu\", \"https://*.acme.example:8443\"]",
      "     |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write a table",
      "  network takes outbound, inbound, resolve. Nothing was installed."
    ]],
    ["a capability without a reason", "reason = \"Date the rates and say what was served.\"\n", "", [
      "error: Component.toml:32:1: capability needs \"reason\"",
      "  32 | [[capability]]",
      "     | ^^^^^^^^^^^^^^ add reason = \"...\"",
      "  capability takes reason, expires, audit, log, clock, random, environment, network, storage, filesystem, messaging, process, custom. Nothing was installed."
    ]],
    ["a capability with an empty reason", "reason = \"Date the rates and say what was served.\"", "reason = \" \"", [
      "error: Component.toml:33:10: an empty text",
      "  33 | reason = \" \"",
      "     |          ^^^ write something",
      "  Nothing was installed."
    ]],
    ["a capability that names nothing", "clock = true\nlog = true\n", "", [
      "error: Component.toml:32:1: the block names no capability",
      "  32 | [[capability]]",
      "     | ^^^^^^^^^^^^^^ add one, such as clock = true",
      "  Nothing was installed."
    ]],
    ["a key twice", "license = \"MIT\"", "name = \"x\"", [
      "error: Component.toml:10:1: this key or table is there twice",
      "  10 | name = \"x\"",
      "     | ^^^^ keep one of them",
      "  This file is TOML 1.0. Nothing was installed."
    ]],
    ["a table twice", "[dependencies]", "[limits]", [
      "error: Component.toml:36:2: this key or table is there twice",
      "  36 | [limits]",
      "     |  ^^^^^^ keep one of them",
      "  This file is TOML 1.0. Nothing was installed."
    ]],
    ["a table instead of a block", "[[capability]]\nreason = \"Date", "[capability]\nreason = \"Date", [
      "error: Component.toml:32:2: this key or table is there twice",
      "  32 | [capability]",
      "     |  ^^^^^^^^^^ keep one of them",
      "  This file is TOML 1.0. Nothing was installed."
    ]],
    ["a text that does not end", "license = \"MIT\"", "license = \"MIT", [
      "error: Component.toml:10:15: not TOML: unterminated string constant",
      "  10 | license = \"MIT",
      "     |               ^",
      "  This file is TOML 1.0. Nothing was installed."
    ]],
    ["a value that is missing", "license = \"MIT\"", "license =", [
      "error: Component.toml:11:1: not TOML: the key, equals sign, and value must be on the same line",
      "  11 | [build]",
      "     | ^",
      "  This file is TOML 1.0. Nothing was installed."
    ]],
    [
      "an inline table over two lines",
      "{ type = \"secret\", optional = true }",
      "{ type = \"secret\",\noptional = true }",
      [
        "error: Component.toml:21:1: not TOML: no newlines are allowed between the curly braces unless they are valid within a value",
        "  21 | optional = true }",
        "     | ^^^^^^^^",
        "  This file is TOML 1.0. Nothing was installed."
      ]
    ],
    ["a secret with a default", "optional = true", "default = \"hunter2\"", [
      "error: Component.toml:20:40: a secret has no default",
      "  20 | api-key = { type = \"secret\", default = \"hunter2\" }",
      "     |                                        ^^^^^^^^^ remove it; the host sets secrets",
      "  Nothing was installed."
    ]],
    ["a default of another type", "default = \"EUR\"", "default = 3", [
      "error: Component.toml:19:37: the default is not of type string",
      "  19 | base = { type = \"string\", default = 3 }",
      "     |                                     ^ write a value of that type",
      "  Nothing was installed."
    ]],
    ["an unknown type", "type = \"string\"", "type = \"text\"", [
      "error: Component.toml:19:17: type is \"text\"",
      "  19 | base = { type = \"text\", default = \"EUR\" }",
      "     |                 ^^^^^^ write \"string\", \"integer\", \"boolean\", \"float\" or \"secret\"",
      "  Nothing was installed."
    ]],
    ["a config key that is no name", "api-key =", "API_KEY =", [
      "error: Component.toml:20:1: \"API_KEY\" is no name",
      "  20 | API_KEY = { type = \"secret\", optional = true }",
      "     | ^^^^^^^ write a-z, 0-9 and single dashes",
      "  Nothing was installed."
    ]],
    ["a dependency that is no component", "\"acme:csv\" = \"^2.1.0\"", "csv = \"^2.1.0\"", [
      "error: Component.toml:37:1: \"csv\" is no name",
      "  37 | csv = \"^2.1.0\"",
      "     | ^^^ write \"acme:csv\"",
      "  Nothing was installed."
    ]],
    ["a range that is none", "\"acme:csv\" = \"^2.1.0\"", "\"acme:csv\" = \"new\"", [
      "error: Component.toml:37:14: \"new\" is no range of versions",
      "  37 | \"acme:csv\" = \"new\"",
      "     |              ^^^^^ write \"^2.1.0\"",
      "  Nothing was installed."
    ]],
    ["an artifact outside of the folder", "output = \"dist/rates.wasm\"", "output = \"../rates.wasm\"", [
      "error: Component.toml:13:10: the path leaves the folder",
      "  13 | output = \"../rates.wasm\"",
      "     |          ^^^^^^^^^^^^^^^ write a path below it, without ..",
      "  Nothing was installed."
    ]],
    ["an artifact by absolute path", "output = \"dist/rates.wasm\"", "output = \"/etc/passwd\"", [
      "error: Component.toml:13:10: the path leaves the folder",
      "  13 | output = \"/etc/passwd\"",
      "     |          ^^^^^^^^^^^^^ write a path below it, without ..",
      "  Nothing was installed."
    ]],
    ["another version of the schema", "schema = 1", "schema = 2", [
      "error: Component.toml:2:10: schema is 2",
      "  2 | schema = 2",
      "    |          ^ write 1",
      "  Nothing was installed."
    ]],
    ["a bidirectional mark in a value", "name = \"rates\"", "name = \"a\u202eb\"", [
      "error: Component.toml:5:8: \"a\\u{202e}b\" is no name",
      "  5 | name = \"a\\u{202e}b\"",
      "    |        ^^^^^^^^^^^^ write a-z, 0-9 and single dashes",
      "  Nothing was installed."
    ]],
    ["a bidirectional mark in a key", "license =", "\"li\u202ecense\" =", [
      "error: Component.toml:10:1: unknown key \"li\\u{202e}cense\" in component",
      "  10 | \"li\\u{202e}cense\" = \"MIT\"",
      "     | ^^^^^^^^^^^^^^^^^ did you mean \"license\"?",
      "  component takes namespace, name, version, world, description, authors, license. Nothing was installed."
    ]],
    ["an escape sequence for a terminal", "license = \"MIT\"", "\"\\u001b[2J\" = 1", [
      "error: Component.toml:10:1: unknown key \"\\u{1b}[2J\" in component",
      "  10 | \"\\u001b[2J\" = 1",
      "     | ^^^^^^^^^^^",
      "  component takes namespace, name, version, world, description, authors, license. Nothing was installed."
    ]],
    ["a byte order of wide letters", "name = \"rates\"", "\"\u6f22\u5b57\" = 1\nname = \"rates\"", [
      "error: Component.toml:5:1: unknown key \"\u6f22\u5b57\" in component",
      "  5 | \"\u6f22\u5b57\" = 1",
      "    | ^^^^^^",
      "  component takes namespace, name, version, world, description, authors, license. Nothing was installed."
    ]],
    [
      "a problem behind wide letters and a tab",
      "storage.write = [\"rates/*\"]",
      "storage.write = [\"\u6f22\u5b57/\u0301x\",\t\"a//b\"]",
      [
        "error: Component.toml:27:30: a segment of this path is empty",
        "  27 | storage.write = [\"\u6f22\u5b57/\u0301x\",  \"a//b\"]",
        "     |                                ^ remove a \"/\"",
        "  * is one segment or a part of one, ** any number of segments. Nothing was installed."
      ]
    ],
    ["two problems", "version = \"1.2.0\"\nworld", "version = \"1\"\nwordl", [
      "error: Component.toml:3:1: component needs \"world\"",
      "  3 | [component]",
      "    | ^^^^^^^^^^^ add world = \"acme:rates/plugin@1.2.0\"",
      "  component takes namespace, name, version, world, description, authors, license.",
      "",
      "error: Component.toml:6:11: \"1\" is no semantic version",
      "  6 | version = \"1\"",
      "    |           ^^^ write \"1.2.0\"",
      "",
      "error: Component.toml:7:1: unknown key \"wordl\" in component",
      "  7 | wordl = \"acme:rates/plugin@1.2.0\"      # compared with the .wasm at build and at install",
      "    | ^^^^^ did you mean \"world\"?",
      "  component takes namespace, name, version, world, description, authors, license. Nothing was installed."
    ]]
  ])("reports %s", (_, from, to, report) => {
    assert.include(example, from)
    assert.deepStrictEqual(failureOf(example.replace(from, () => to)).message.split("\n"), report)
  })

  it("says how blocks are written", () => {
    assert.deepStrictEqual(
      failureOf(`capability = "log"\n${example.slice(0, example.indexOf("[[capability]]"))}`).message,
      [
        "error: Component.toml:1:14: capability is a text",
        "  1 | capability = \"log\"",
        "    |              ^^^^^ write [[capability]] blocks",
        "  Nothing was installed."
      ].join("\n")
    )
  })

  it("reports at most twenty problems", () => {
    const keys = Array.from({ length: 50 }, (_, index) => `k${index} = 1`).join("\n")
    assert.strictEqual(failureOf(example.replace("[build]", `${keys}\n[build]`)).problems.length, 20)
  })
})

describe("hostile manifests", () => {
  it.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"])(
    "%s is a key as any other",
    (key) => {
      for (
        const [from, to] of [
          ["schema = 1", `schema = 1\n${key} = 1`],
          ["[component]", `[component]\n${key} = 1`],
          ["[component]", `[component]\n${key}.version = "1.0.0"`],
          ["[build]", `[build]\n${key} = { command = "x" }`],
          ["[limits]", `[limits]\n${key}.memory = "1 GiB"`],
          ["[config]", `[config]\n${key} = 1`],
          ["default = \"EUR\"", `default = "EUR", ${key} = 1`],
          ["clock = true", `clock = true\n${key} = true`],
          ["network.outbound", `network.${key} = ["a"]\nnetwork.outbound`],
          ["[dependencies]", `[${key}]\na = 1\n[dependencies]`],
          ["[dependencies]", `[[${key}]]\na = 1\n[dependencies]`],
          ["[dependencies]", `[dependencies]\n${key} = "^1.0.0"`],
          ["[dependencies]", `[dependencies.${key}]\na = "^1.0.0"`]
        ] as const
      ) {
        assert.include(example, from)
        const { problems } = failureOf(example.replace(from, () => to))
        assert.isTrue(problems.some(({ problem }) => problem.includes(key)), `${key} ${to}`)
      }
      assert.strictEqual(Object.hasOwn(Object.prototype, "memory"), false)
    }
  )

  it("a prototype that is set says nothing about what is missing", () => {
    const { problems } = failureOf(example.replace("namespace = \"acme\"", "__proto__ = { namespace = \"acme\" }"))
    assert.deepStrictEqual(problems.map(({ problem }) => problem), [
      "component needs \"namespace\"",
      "unknown key \"__proto__\" in component"
    ])
  })

  it.each<[string, string, RegExp]>([
    ["nothing", "", /needs "schema"/],
    ["300 KiB of a comment", `#${"x".repeat(300 * 1024)}`, /at most 256 KiB/],
    ["300 KiB of letters of three bytes", `#${"漢".repeat(100 * 1024)}`, /at most 256 KiB/],
    ["lists in lists", `a = ${"[".repeat(1e5)}`, /nest at most 16 deep/],
    ["closed lists in lists", `a = ${"[".repeat(50)}${"]".repeat(50)}`, /nest at most 16 deep/],
    ["tables in tables", `a = ${"{a=".repeat(50_000)}`, /nest at most 16 deep/],
    ["dotted keys", `a${".b".repeat(1e5)} = 1`, /nest at most 16 deep/],
    ["dotted keys in a header", `[a${".b".repeat(1e5)}]`, /nest at most 16 deep/],
    ["quoted dotted keys", `a${".\"b\"".repeat(50_000)} = 1`, /nest at most 16 deep/],
    [
      "headers below headers",
      Array.from({ length: 15 }, (_, n) => `[a${".b".repeat(n)}]`).join("\n"),
      /unknown key "a"/
    ],
    ["100,000 keys", Array.from({ length: 1e5 }, (_, n) => `${n.toString(36)}=1`).join("\n"), /256 KiB|8192 values/],
    ["20,000 keys", Array.from({ length: 2e4 }, (_, n) => `a${n}=1`).join("\n"), /8192 values/],
    ["100,000 values", `a = [${"1,".repeat(1e5)}]`, /8192 values/],
    ["8,000 keys", Array.from({ length: 8000 }, (_, n) => `a${n}=1`).join("\n"), /unknown key/],
    ["4,000 headers", Array.from({ length: 4000 }, (_, n) => `[a${n}]`).join("\n"), /unknown key/],
    ["4,000 blocks", "[[capability]]\n".repeat(4000), /needs "reason"/],
    ["repeated headers", "[a]\n".repeat(50_000), /8192 values/],
    ["brackets in a string that never ends", `a = "${"[".repeat(1e4)}`, /unterminated/],
    ["quotes", "\"".repeat(2e5), /./],
    ["backslashes", `a = "${"\\".repeat(2e5)}`, /./],
    ["control characters", "\0\u0001\u001b[2J = \u202e", /./],
    ["half of a pair", "a = \"\ud800\"", /./],
    ["a long key", `${"a".repeat(2e5)} = 1`, /unknown key/],
    ["a long value", `schema = "${"a".repeat(2e5)}"`, /a text has at most 32768 characters/]
  ])("%s is refused fast", { timeout: 60_000 }, (_, text, report) => {
    const start = process.threadCpuUsage()
    const { message } = failureOf(text)
    const { system, user } = process.threadCpuUsage(start)
    assert.isBelow((user + system) / 1000, 1000, "milliseconds of the processor")
    assert.match(message, report)
    assert.isBelow(message.length, 20_000)
    assert.notMatch(message, /(?!\n)[\p{Cc}\p{Cf}]/u)
  })

  it("a change anywhere is decoded or reported, and never throws", () => {
    const pseudoRandom = (seed: number) => () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed / 2 ** 32
    }
    const random = pseudoRandom(7)
    const below = (limit: number) => Math.floor(random() * limit)
    const pieces = [
      "",
      "\"",
      "'",
      "[",
      "]",
      "{",
      "}",
      "=",
      ".",
      ",",
      "\n",
      "#",
      "\\u202e",
      "\0",
      "\u202e",
      "\ud800",
      "__proto__",
      "1",
      "-",
      "true",
      "2027-13-01",
      "inf",
      "\"\"\"",
      "[[capability]]",
      "漢"
    ]
    let taken = 0
    for (let round = 0; round < 3000; round++) {
      let text = example
      for (let change = below(3); change >= 0; change--) {
        const at = below(text.length)
        text = text.slice(0, at) + pieces[below(pieces.length)] + text.slice(at + below(8))
      }
      const result = Manifest.parse(text, { file })
      if (Result.isSuccess(result)) {
        taken++
        continue
      }
      for (const problem of result.failure.problems) {
        assert.isAtLeast(problem.line, 1)
        assert.isAtMost(problem.line, text.split("\n").length)
        assert.isAtLeast(problem.column, 1)
        assert.isAtMost(problem.column, problem.source.length + 1)
      }
      assert.match(result.failure.message, /Nothing was installed\.$/)
      assert.notMatch(result.failure.message, /(?!\n)[\p{Cc}\p{Cf}]/u)
    }
    assert.isAbove(taken, 300)
    assert.isBelow(taken, 2700)
  })
})
