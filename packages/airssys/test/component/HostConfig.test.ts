import { assert, describe, it } from "@effect/vitest"
import * as HostConfig from "airssys/component/HostConfig"
import type { HostingOptions } from "airssys/component/HostingOptions"
import * as Grant from "airssys/security/Grant"
import { Duration, Result } from "effect"
import * as fs from "node:fs"

const file = "airssys.toml"
const read = (path: string) => fs.readFileSync(new URL(path, import.meta.url), "utf8")
const inMemory = {
  file: undefined,
  options: { capacity: undefined, flushEvery: undefined, quota: undefined, rotate: undefined, retain: undefined },
  checkpoints: undefined
}

const audited = `schema = 1
policy = "policy.toml"
[audit]
file = "audit/log.ndjson"
capacity = 1024
flush-every = "10 ms"
quota = { per-second = "100 KiB", burst = "1 MiB" }
rotate = { size = "16 MiB", days = 1 }
retain = { segments = 30, days = 90 }
[audit.checkpoints]
origin = "example.com/host-1/audit"
key = "keys/audit.key"
witnesses = ["/mnt/witness/audit.ndjson"]
console = true
every = "30 s"
required = true`

const ada = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"
const bob = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
const smallOrder = `ed25519:${"A".repeat(43)}`

const approved = `schema = 1
[approvals]
key = "keys/host.key"
operators = ["${ada}", "${bob}"]
quorum = 2
pass-trusted = false`

const limited = `schema = 1
[quotas.component]
storage = "10 MiB"
messages = { per-second = 100, burst = 500 }
[quotas.tenant]
storage = "1 GiB"
fuel = "unlimited"
[quotas.tenants."Globex & Co."]
calls = 8
network = { per-second = "10 MiB" }
[storage]
file = "/var/lib/airssys/storage.sqlite"
[[component]]
source = "rates"
[component.quotas]
memory = "unlimited"
calls = 0
fuel = { per-second = 9_007_199_254_740_991 }
[component.health]
every = "5 s"
timeout = "50 ms"
failures = 2
[component.secrets]
api-key = { file = "keys/api-key" }
token = { env = "RATES_TOKEN" }
[[call]]
title = "x"
component = "acme:rates"
export = "rates.latest"
tenant = "globex"`

const whole = read("./fixtures/airssys.toml")

const parsed = (text: string): HostConfig.HostConfig =>
  Result.getOrThrowWith(HostConfig.parse(text, { file }), (error) => error)

const failureOf = (text: string): HostConfig.HostConfigError => {
  const result = HostConfig.parse(text, { file })
  assert(Result.isFailure(result), "the file was taken")
  return result.failure
}

const seconds = Duration.seconds
const millis = Duration.millis

describe("HostConfig.parse", () => {
  it("gives an empty host with defaults for an empty file", () => {
    assert.deepStrictEqual(parsed("schema = 1"), {
      folder: undefined,
      supervision: {
        strategy: "OneForOne",
        intensity: { restarts: 3, within: seconds(10) },
        backoff: { base: millis(100), factor: 2, cap: seconds(10) }
      },
      roots: new Map(),
      trust: { paths: [], digests: [], devMode: false, sources: [], pinned: [] },
      policy: undefined,
      audit: inMemory,
      approvals: undefined,
      quotas: { component: {}, tenant: {}, tenants: new Map() },
      storage: { file: undefined },
      receipts: {
        isKept: true,
        file: undefined,
        options: { count: undefined, age: undefined, buffer: undefined, within: undefined }
      },
      components: [],
      calls: []
    })
  })

  it("decodes every key", () => {
    const { audit, calls, components, roots, supervision, trust } = parsed(whole)
    assert.deepStrictEqual(supervision, {
      strategy: "OneForOne",
      intensity: { restarts: 5, within: Duration.minutes(1) },
      backoff: { base: millis(50), factor: 1.5, cap: seconds(2) }
    })
    assert.deepStrictEqual([...roots], [["inbox", "data/inbox"], ["outbox", "/var/lib/airssys/outbox"]])
    assert.deepStrictEqual(trust, {
      paths: ["plugins", "../shared/rates"],
      digests: [`sha256:${"0a".repeat(32)}`],
      devMode: true,
      sources: [],
      pinned: []
    })
    assert.deepStrictEqual(audit, { ...inMemory, file: "audit/log.ndjson" })
    const [rates, totals] = components
    assert(rates !== undefined && totals !== undefined)
    assert.strictEqual(rates.source, "plugins/rates")
    assert.deepStrictEqual(rates.place, { file, line: 18 })
    assert.strictEqual(rates.options.tier, "worker")
    assert.deepStrictEqual(rates.options.limits, { memory: 16 * 1024 * 1024, fuel: 1000, timeout: millis(100) })
    assert.deepStrictEqual(Object.entries(rates.options.config), [["base", "USD"], ["digits", 4], ["strict", true]])
    assert.deepStrictEqual(Object.entries(rates.options.environment), [["STRIPE_KEY", "sk"], ["__proto__", "x"]])
    assert.isNull(Object.getPrototypeOf(rates.options.environment))
    assert.deepStrictEqual(rates.options.grants, [
      Grant.make("network.outbound", ["https://api.ecb.europa.eu"], { reason: "Daily rates.", expires: "2027-03-31" }),
      Grant.make("filesystem.read", ["inbox:/**/*.csv"], { reason: "Daily rates.", expires: "2027-03-31" }),
      Grant.make("clock", { reason: "Date them." })
    ])
    assert.strictEqual(totals.source, "../totals")
    assert.deepStrictEqual(totals.options.grants, [])
    assert.strictEqual(totals.options.tier, "auto")
    assert.deepStrictEqual(totals.options.limits, { memory: undefined, fuel: undefined, timeout: undefined })
    const [call] = calls
    assert(call !== undefined)
    assert.deepStrictEqual(call.args.slice(0, 6), [1, 2.5, "x", true, "2027-01-01", 9_007_199_254_740_993n])
    assert.deepStrictEqual(Object.entries(call.args[6] as object), [["a", [1]]])
    assert.deepStrictEqual(call.meanwhile, { component: "acme:rates", export: "ping", args: [] })
  })

  it("decodes a policy and how the audit log is kept", () => {
    const { audit, policy } = parsed(audited)
    assert.strictEqual(policy, "policy.toml")
    assert.deepStrictEqual(audit, {
      file: "audit/log.ndjson",
      options: {
        capacity: 1024,
        flushEvery: millis(10),
        quota: { bytesPerSecond: 100 * 1024, burst: 1024 * 1024 },
        rotate: { bytes: 16 * 1024 * 1024, every: Duration.days(1) },
        retain: { segments: 30, age: Duration.days(90) }
      },
      checkpoints: {
        origin: "example.com/host-1/audit",
        key: "keys/audit.key",
        witnesses: ["/mnt/witness/audit.ndjson"],
        console: true,
        every: seconds(30),
        required: true
      }
    })
  })

  it.each<[name: string, from: string, to: string, problem: string]>([
    ["a wait beyond the loss window", "\"10 ms\"", "\"51 ms\"", "\"51 ms\" is no time of 1 to 50 ms"],
    ["no wait", "\"10 ms\"", "\"0 ms\"", "\"0 ms\" is no time of 1 to 50 ms"],
    ["a size of nothing", "\"100 KiB\"", "\"0 B\"", "the size is out of range"],
    ["a size without a unit", "\"16 MiB\"", "\"many\"", "\"many\" is no size"],
    ["an empty table", "{ segments = 30, days = 90 }", "{}", "the table says nothing"],
    ["no segments", "segments = 30", "segments = 0", "segments is no whole number from 1 to 1000000"],
    ["parts of a day", "days = 90", "days = 0.5", "days is no whole number from 1 to 36500"],
    [
      "a name of a key that no note has",
      "host-1/audit",
      "host 1",
      "an origin has 1 to 256 characters, no spaces and no \"+\""
    ],
    [
      "checkpoints that nobody takes",
      "witnesses = [\"/mnt/witness/audit.ndjson\"]\nconsole = true",
      "",
      "checkpoints have no witness"
    ],
    [
      "checkpoints of a log in memory",
      "file = \"audit/log.ndjson\"\n",
      "",
      "a log in memory starts again with each host"
    ],
    ["a witness that climbs", "/mnt/witness", "/mnt/../witness", "an absolute path has no \"..\""],
    ["an unknown key", "required = true", "require = true", "unknown key \"require\" in checkpoints"]
  ])("refuses %s", (_, from, to, problem) => {
    assert.include(audited, from)
    assert.deepStrictEqual(failureOf(audited.replace(from, () => to)).problems.map((_) => _.problem), [problem])
  })

  it("takes checkpoints of a log in the folder of the host", () => {
    const { audit, folder } = parsed(
      audited.replace("[audit]\nfile = \"audit/log.ndjson\"", "folder = \".airssys\"\n[audit]")
    )
    assert.strictEqual(folder, ".airssys")
    assert.strictEqual(audit.file, undefined)
    assert.strictEqual(audit.checkpoints?.key, "keys/audit.key")
  })

  it("decodes whose approval a release needs", () => {
    assert.deepEqual<unknown>(parsed(approved).approvals, {
      key: "keys/host.key",
      operators: [ada, bob],
      quorum: 2,
      passTrusted: false
    })
  })

  it.each<[name: string, from: string, to: string, problem: string]>([
    ["nobody to decide", `["${ada}", "${bob}"]`, "[]", "operators names nobody"],
    ["fewer operators than have to approve", `, "${bob}"`, "", "more have to approve than there are operators"],
    ["one operator twice", bob, ada, "this key is there twice"],
    ["a key that anybody could sign with", bob, smallOrder, `"${smallOrder}" is no public key`],
    ["a quorum of nobody", "quorum = 2", "quorum = 0", "quorum is no whole number from 1 to 64"],
    ["no key of its own", "key = \"keys/host.key\"\n", "", "approvals needs \"key\""]
  ])("refuses approvals with %s", (_, from, to, problem) => {
    assert.include(approved, from)
    assert.deepStrictEqual(failureOf(approved.replace(from, () => to)).problems.map((_) => _.problem), [problem])
  })

  it("decodes quotas, health, and where storage and secrets are", () => {
    const { calls, components, quotas, storage } = parsed(limited)
    const [rates] = components
    const MiB = 1024 * 1024
    assert.deepStrictEqual(quotas, {
      component: { storage: 10 * MiB, messages: { perSecond: 100, burst: 500 } },
      tenant: { storage: 1024 * MiB, fuel: "unlimited" },
      tenants: new Map([["Globex & Co.", { calls: 8, network: { perSecond: 10 * MiB, burst: 10 * MiB } }]])
    })
    assert.deepStrictEqual(storage, { file: "/var/lib/airssys/storage.sqlite" })
    assert.deepStrictEqual(rates?.quotas, {
      memory: "unlimited",
      calls: 0,
      fuel: { perSecond: Number.MAX_SAFE_INTEGER, burst: Number.MAX_SAFE_INTEGER }
    })
    assert.deepStrictEqual(rates?.options.health, { every: seconds(5), timeout: millis(50), failures: 2 })
    assert.deepStrictEqual([...rates?.secrets ?? []], [
      ["api-key", { _tag: "File", file: "keys/api-key" }],
      ["token", { _tag: "Environment", name: "RATES_TOKEN" }]
    ])
    assert.isUndefined(rates?.options.secrets)
    assert.strictEqual(calls[0]?.tenant, "globex")
  })

  it("decodes where receipts are kept, how many, for how long and whether at all", () => {
    const { receipts } = parsed(
      "schema = 1\n[receipts]\nfile = \"data/r.sqlite\"\ncount = 500\ndays = 30\nbuffer = 64\nwithin = \"20 ms\"\n"
    )
    assert.deepStrictEqual(receipts, {
      isKept: true,
      file: "data/r.sqlite",
      options: { count: 500, age: Duration.days(30), buffer: 64, within: millis(20) }
    })
    assert.isFalse(parsed("schema = 1\n[receipts]\nkeep = false\n").receipts.isKept)
  })

  it.each<[line: string, problem: string]>([
    ["count = 0", "count is no whole number from 1 to 1000000000"],
    ["days = 0.5", "days is no whole number from 1 to 36500"],
    ["buffer = 2_000_000", "buffer is no whole number from 1 to 1048576"],
    ["within = \"0 ms\"", "the time is out of range"],
    ["keep = \"no\"", "keep is a text"],
    ["keep = false\ncount = 5", "no receipts are kept"]
  ])("refuses receipts with %s", (line, problem) => {
    const { problems } = failureOf(`schema = 1\n[receipts]\n${line}\n`)
    assert.deepStrictEqual(problems.map((_) => _.problem), [problem])
  })

  it.each<[name: string, from: string, to: string, report: ReadonlyArray<string>]>([
    ["a quota that is no size", "storage = \"10 MiB\"", "storage = \"10 MB!\"", [
      "error: airssys.toml:3:11: \"10 MB!\" is no size",
      "  3 | storage = \"10 MB!\"",
      "    |           ^^^^^^^^ write \"100 MiB\" or \"unlimited\""
    ]],
    ["a rate without its time", "messages = { per-second = 100, burst = 500 }", "messages = 100", [
      "error: airssys.toml:4:12: messages is a number",
      "  4 | messages = 100",
      "    |            ^^^ write a table { per-second = ..., burst = ... }, or \"unlimited\""
    ]],
    ["a rate that is no number", "per-second = 100,", "per-second = \"100\",", [
      "error: airssys.toml:4:27: per-second is a text",
      "  4 | messages = { per-second = \"100\", burst = 500 }",
      "    |                           ^^^^^ write a whole number"
    ]],
    ["calls that are no number", "calls = 0", "calls = -1", [
      "error: airssys.toml:17:9: calls is no whole number from 0 to 1000000",
      "  17 | calls = -1",
      "     |         ^^ write one, such as 0"
    ]],
    ["a quota of nothing", "[quotas.tenant]", "[quotas.tenant]\ndisk = \"1 GiB\"", [
      "error: airssys.toml:6:1: unknown key \"disk\" in tenant",
      "  6 | disk = \"1 GiB\"",
      "    | ^^^^"
    ]],
    ["a table that limits nothing", "calls = 8\nnetwork = { per-second = \"10 MiB\" }", "", [
      "error: airssys.toml:8:1: the table limits nothing",
      "  8 | [quotas.tenants.\"Globex & Co.\"]",
      "    | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leave it out"
    ]],
    ["a secret that is its value", "{ file = \"keys/api-key\" }", "\"hunter2\"", [
      "error: airssys.toml:24:11: secrets.api-key is a text",
      "  24 | api-key = \"*******\"",
      "     |           ^^^^^^^^^ write where it is, { file = \"keys/api-key\" } or { env = \"API_KEY\" }"
    ]],
    ["a secret in the place of the variable", "\"RATES_TOKEN\"", "\"hunter-2\"", [
      "error: airssys.toml:25:17: this is no name of a variable",
      "  25 | token = { env = \"********\" }",
      "     |                 ^^^^^^^^^^ write A to Z, a to z, 0 to 9 and \"_\", no digit first"
    ]],
    ["a secret in two places", "{ file =", "{ env = \"A\", file =", [
      "error: airssys.toml:24:11: a secret is in one place",
      "  24 | api-key = { env = \"*\", file = \"************\" }",
      "     |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write { file = \"keys/api-key\" } or { env = \"API_KEY\" }"
    ]],
    ["a secret in no place", "{ env = \"RATES_TOKEN\" }", "{}", [
      "error: airssys.toml:25:9: a secret is in one place",
      "  25 | token = {}",
      "     |         ^^ write { file = \"keys/api-key\" } or { env = \"API_KEY\" }"
    ]],
    ["health that is never bad", "failures = 2", "failures = 0", [
      "error: airssys.toml:22:12: failures is no whole number from 1 to 1000",
      "  22 | failures = 0",
      "     |            ^ write one, such as 1"
    ]]
  ])("shows the place of %s, and what to write", (_, from, to, report) => {
    assert.include(limited, from)
    assert.deepStrictEqual(failureOf(limited.replace(from, () => to)).message.split("\n").slice(0, 3), report)
  })

  it("gives options that host a component", () => {
    const options: ReadonlyArray<HostingOptions> = parsed(whole).components.map((component) => component.options)
    assert.strictEqual(options.length, 2)
  })

  it("decodes the file of the example", () => {
    const { calls, components, trust } = parsed(read("../../../../examples/plugins/airssys.toml"))
    assert.deepStrictEqual(trust, { paths: ["totals", "rates"], digests: [], devMode: false, sources: [], pinned: [] })
    assert.deepStrictEqual(
      components.map(({ options, source }) => [source, options.tier, options.grants.map((grant) => grant.kind)]),
      [["totals", "auto", ["log"]], ["rates", "auto", ["log", "clock"]], ["miner", "auto", []]]
    )
    assert.deepStrictEqual(
      calls.map((call) => `${call.component} ${call.export} ${JSON.stringify(call.args)} ${call.meanwhile?.export}`),
      [
        "acme:totals totals.sum [[{\"quantity\":2,\"cents\":1050}]] undefined",
        "acme:rates rates.peek-secret [] undefined",
        "acme:rates rates.latest [\"USD\"] undefined",
        "evil:miner miner.spin [] totals.sum",
        "evil:miner miner.dig [] undefined",
        "evil:miner miner.ping [] undefined"
      ]
    )
  })

  it.each<[name: string, from: string, to: string, report: ReadonlyArray<string>]>([
    ["an unknown key", "restarts = 5", "restart = 5", [
      "error: airssys.toml:4:1: unknown key \"restart\" in supervision",
      "  4 | restart = 5",
      "    | ^^^^^^^ did you mean \"restarts\"?",
      "  supervision takes strategy, restarts, within, backoff. Nothing was started."
    ]],
    ["an unknown key of a component", "tier = \"worker\"", "teir = \"worker\"", [
      "error: airssys.toml:20:1: unknown key \"teir\" in component",
      "  20 | teir = \"worker\"",
      "     | ^^^^ did you mean \"tier\"?",
      "  component takes source, tier, limits, config, secrets, quotas, health, environment, grant. Nothing was started."
    ]],
    ["an unknown tier", "tier = \"worker\"", "tier = \"process\"", [
      "error: airssys.toml:20:8: tier is \"process\"",
      "  20 | tier = \"process\"",
      "     |        ^^^^^^^^^ write \"auto\", \"inline\" or \"worker\"",
      "  Nothing was started."
    ]],
    ["another strategy", "\"OneForOne\"", "\"OneForAll\"", [
      "error: airssys.toml:3:12: strategy is \"OneForAll\"",
      "  3 | strategy = \"OneForAll\"",
      "    |            ^^^^^^^^^^^ write \"OneForOne\"",
      "  Nothing was started."
    ]],
    ["restarts below none", "restarts = 5", "restarts = -1", [
      "error: airssys.toml:4:12: restarts is no whole number from 0 to 1000",
      "  4 | restarts = -1",
      "    |            ^^ write one, such as 0",
      "  Nothing was started."
    ]],
    ["a time that is none", "within = \"1 min\"", "within = \"1 hour\"", [
      "error: airssys.toml:5:10: \"1 hour\" is no length of time",
      "  5 | within = \"1 hour\"",
      "    |          ^^^^^^^^ write \"250 ms\", \"2 s\" or \"1 min\"",
      "  Nothing was started."
    ]],
    ["a factor below one", "backoff.factor = 1.5", "backoff.factor = 0.5", [
      "error: airssys.toml:7:18: the factor is out of range",
      "  7 | backoff.factor = 0.5",
      "    |                  ^^^ write a number from 1 to 100",
      "  Nothing was started."
    ]],
    ["a factor that is no number", "backoff.factor = 1.5", "backoff.factor = nan", [
      "error: airssys.toml:7:18: the factor is out of range",
      "  7 | backoff.factor = nan",
      "    |                  ^^^ write a number from 1 to 100",
      "  Nothing was started."
    ]],
    ["a base above the cap", "backoff.base = \"50 ms\"", "backoff.base = \"5 s\"", [
      "error: airssys.toml:8:15: the base is longer than the cap",
      "  8 | backoff.cap = \"2 s\"",
      "    |               ^^^^^ raise the cap or lower the base",
      "  Nothing was started."
    ]],
    ["a root that is the whole disk", "inbox = \"data/inbox\"", "inbox = \"/\"", [
      "error: airssys.toml:10:9: a root is not the whole disk",
      "  10 | inbox = \"/\"",
      "     |         ^^^ name a folder",
      "  Nothing was started."
    ]],
    ["a root in /proc", "inbox = \"data/inbox\"", "inbox = \"/proc/self\"", [
      "error: airssys.toml:10:9: this is refused whatever a manifest says",
      "  10 | inbox = \"/proc/self\"",
      "     |         ^^^^^^^^^^^^ name another folder",
      "  Key files, /proc, /sys, /dev and the host's own stores are never given. Nothing was started."
    ]],
    ["a root of keys", "inbox = \"data/inbox\"", "inbox = \"../.ssh\"", [
      "error: airssys.toml:10:9: this is refused whatever a manifest says",
      "  10 | inbox = \"../.ssh\"",
      "     |         ^^^^^^^^^ name another folder",
      "  Key files, /proc, /sys, /dev and the host's own stores are never given. Nothing was started."
    ]],
    ["a root with a wildcard", "inbox = \"data/inbox\"", "inbox = \"data/*\"", [
      "error: airssys.toml:10:9: a root is one folder",
      "  10 | inbox = \"data/*\"",
      "     |         ^^^^^^^^ write its path without *",
      "  Nothing was started."
    ]],
    ["a root that climbs", "inbox = \"data/inbox\"", "inbox = \"/data/../etc\"", [
      "error: airssys.toml:10:9: an absolute path has no \"..\"",
      "  10 | inbox = \"/data/../etc\"",
      "     |         ^^^^^^^^^^^^^^ write the path without it",
      "  Nothing was started."
    ]],
    ["a root that is no name", "inbox = \"data/inbox\"", "In_box = \"data/inbox\"", [
      "error: airssys.toml:10:1: \"In_box\" is no name",
      "  10 | In_box = \"data/inbox\"",
      "     | ^^^^^^ write a-z, 0-9 and single dashes",
      "  Nothing was started."
    ]],
    ["a root that a grant misses", "inbox = \"data/inbox\"\n", "", [
      "error: airssys.toml:27:21: \"inbox\" is no root of this file",
      "  27 | filesystem.read = [\"inbox:/**/*.csv\"]",
      "     |                     ^^^^^ add inbox = \"...\" to [roots]",
      "  Nothing was started."
    ]],
    ["an absolute path of trust", "\"plugins\"", "\"/plugins\"", [
      "error: airssys.toml:13:10: the path is absolute",
      "  13 | paths = [\"/plugins\", \"../shared/rates\"]",
      "     |          ^^^^^^^^^^ write it relative to the folder of this file",
      "  Nothing was started."
    ]],
    ["trust in the folder above", "\"plugins\"", "\"../\"", [
      "error: airssys.toml:13:10: the path names no folder of its own",
      "  13 | paths = [\"../\", \"../shared/rates\"]",
      "     |          ^^^^^ name a folder or file",
      "  Nothing was started."
    ]],
    ["trust through a folder", "\"plugins\"", "\"plugins/../..\"", [
      "error: airssys.toml:13:10: \"..\" stands at the beginning of a path only",
      "  13 | paths = [\"plugins/../..\", \"../shared/rates\"]",
      "     |          ^^^^^^^^^^^^^^^ write the path without it",
      "  Nothing was started."
    ]],
    ["a digest that is none", "sha256:0a", "sha1:0a", [
      "error: airssys.toml:14:12: \"sha1:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\" is no digest",
      "  14 | digests = [\"sha1:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\"]",
      "     |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write sha256: and 64 lower-case hex digits",
      "  Nothing was started."
    ]],
    ["dev-mode in words", "dev-mode = true", "dev-mode = \"yes\"", [
      "error: airssys.toml:15:12: dev-mode is a text",
      "  15 | dev-mode = \"yes\"",
      "     |            ^^^^^ write true or false",
      "  Nothing was started."
    ]],
    ["an absolute source", "\"../totals\"", "\"/opt/totals\"", [
      "error: airssys.toml:33:10: the path is absolute",
      "  33 | source = \"/opt/totals\"",
      "     |          ^^^^^^^^^^^^^ write it relative to the folder of this file",
      "  Nothing was started."
    ]],
    ["a source on a drive", "\"../totals\"", "\"C:/totals\"", [
      "error: airssys.toml:33:10: the path is absolute",
      "  33 | source = \"C:/totals\"",
      "     |          ^^^^^^^^^^^ write it relative to the folder of this file",
      "  Nothing was started."
    ]],
    ["a source with the other slash", "\"../totals\"", "'..\\totals'", [
      "error: airssys.toml:33:10: a path has no \"\\\"",
      "  33 | source = '..\\totals'",
      "     |          ^^^^^^^^^^^ write \"/\"",
      "  Nothing was started."
    ]],
    ["a source twice", "\"../totals\"", "\"plugins/rates\"", [
      "error: airssys.toml:33:10: \"plugins/rates\" is there twice",
      "  33 | source = \"plugins/rates\"",
      "     |          ^^^^^^^^^^^^^^^ remove one of the blocks",
      "  Nothing was started."
    ]],
    ["a component without a source", "source = \"../totals\"\n", "", [
      "error: airssys.toml:32:1: component needs \"source\"",
      "  32 | [[component]]",
      "     | ^^^^^^^^^^^^^ add source = \"plugins/rates\"",
      "  component takes source, tier, limits, config, secrets, quotas, health, environment, grant. Nothing was started."
    ]],
    ["a size that is none", "\"16 MiB\"", "\"16\"", [
      "error: airssys.toml:21:21: \"16\" is no size",
      "  21 | limits = { memory = \"16\", fuel = 1_000, timeout = \"100 ms\" }",
      "     |                     ^^^^ write \"32 MiB\"",
      "  Nothing was started."
    ]],
    ["a setting that is a list", "base = \"USD\"", "base = [\"USD\"]", [
      "error: airssys.toml:22:19: config.base is a list",
      "  22 | config = { base = [\"***\"], digits = 4, strict = true }",
      "     |                   ^^^^^^^ write a text in quotes, a number or true or false",
      "  Nothing was started."
    ]],
    ["a variable that is no name", "STRIPE_KEY =", "STRIPE-KEY =", [
      "error: airssys.toml:23:17: \"STRIPE-KEY\" is no name",
      "  23 | environment = { STRIPE-KEY = \"**\", __proto__ = \"*\" }",
      "     |                 ^^^^^^^^^^ write A to Z, a to z, 0 to 9 and \"_\", no digit first",
      "  Nothing was started."
    ]],
    ["a variable that is a number", "STRIPE_KEY = \"sk\"", "STRIPE_KEY = 1", [
      "error: airssys.toml:23:30: environment.STRIPE_KEY is a number",
      "  23 | environment = { STRIPE_KEY = 1, __proto__ = \"*\" }",
      "     |                              ^ write a text in quotes",
      "  Nothing was started."
    ]],
    ["a grant without a reason", "reason = \"Date them.\"\n", "", [
      "error: airssys.toml:29:1: grant needs \"reason\"",
      "  29 | [[component.grant]]",
      "     | ^^^^^^^^^^^^^^^^^^^ add reason = \"...\"",
      "  grant takes reason, expires, audit, log, clock, random, environment, network, storage, filesystem, messaging, process, custom. Nothing was started."
    ]],
    ["a grant of nothing", "clock = true\n", "", [
      "error: airssys.toml:29:1: the block names no capability",
      "  29 | [[component.grant]]",
      "     | ^^^^^^^^^^^^^^^^^^^ add one, such as clock = true",
      "  Nothing was started."
    ]],
    ["a grant with a pattern that is none", "\"https://api.ecb.europa.eu\"", "\"https://*\"", [
      "error: airssys.toml:27:30: the last label of a host is no wildcard",
      "  27 | network.outbound = [\"https://*\"]",
      "     |                              ^ name it, or write \"**\" for every public host",
      "  * is one label of a host name, ** any number; it never stands for a part of a label. Nothing was started."
    ]],
    ["a call without an export", "export = \"totals.sum\"\n", "", [
      "error: airssys.toml:34:1: call needs \"export\"",
      "  34 | [[call]]",
      "     | ^^^^^^^^ add export = \"rates.latest\"",
      "  call takes title, component, export, args, tenant, meanwhile. Nothing was started."
    ]],
    ["a call of no component", "component = \"acme:totals\"", "component = \"totals\"", [
      "error: airssys.toml:36:13: \"totals\" is no component",
      "  36 | component = \"totals\"",
      "     |             ^^^^^^^^ write \"acme:rates\"",
      "  Nothing was started."
    ]],
    ["a call of no export", "\"totals.sum\"", "\"totals/sum\"", [
      "error: airssys.toml:37:10: \"totals/sum\" is no export",
      "  37 | export = \"totals/sum\"",
      "     |          ^^^^^^^^^^^^ write \"rates.latest\"",
      "  Nothing was started."
    ]],
    [
      "arguments that are no list",
      "args = [1, 2.5, \"x\", true, 2027-01-01, 9_007_199_254_740_993, { a = [1] }]",
      "args = 1",
      [
        "error: airssys.toml:38:8: args is a number",
        "  38 | args = 1",
        "     |        ^ write a list",
        "  Nothing was started."
      ]
    ],
    ["a bidirectional mark", "title = \"Sum\"", "title = \"\u202eSum\\n\"", [
      "error: airssys.toml:35:9: the text has more than one line or a control character",
      "  35 | title = \"\\u{202e}Sum\\n\"",
      "     |         ^^^^^^^^^^^^^^^ write one line",
      "  Nothing was started."
    ]]
  ])("reports %s", (_, from, to, report) => {
    assert.include(whole, from)
    assert.deepStrictEqual(failureOf(whole.replace(from, () => to)).message.split("\n"), report)
  })
})

describe("hostile host files", () => {
  it("shows no text of environment, config and secrets beside a problem", () => {
    const text = `schema = 1
[[component]]
source = "a"
environment.B = { C = "hunter2", D = """
hunter2""" }
config = { KEY = "hunter2", list = ["hunter2"] }
tier = "none"
environment.A = "hunter2"
environment.A-B = "hunter2"
secrets.a = "hunter2"
secrets.b = { value = "hunter2" }
secrets.c = { env = "hunter2!" }
secrets.d = { file = "hunter2", x = "hunter2" }`
    const { message, problems } = failureOf(text)
    assert.isAbove(problems.length, 2)
    assert.notInclude(message, "hunter2")
  })

  it.each(["__proto__", "constructor", "toString"])("%s is a key as any other", (key) => {
    for (
      const [from, to] of [
        ["schema = 1", `schema = 1\n${key} = 1`],
        ["[supervision]", `[supervision]\n${key} = 1`],
        ["[supervision]", `[supervision]\nbackoff.${key} = 1`],
        ["[roots]", `[roots]\n${key} = 1`],
        ["[trust]", `[trust]\n${key} = true`],
        ["[trust]", `[trust]\n${key} = { dev-mode = true }`],
        ["tier =", `${key} = 1\ntier =`],
        ["clock = true", `clock = true\n${key} = true`],
        ["memory =", `${key} = 1, memory =`],
        ["[[call]]", `[[call]]\n${key} = 1`]
      ] as const
    ) {
      assert.include(whole, from)
      assert.isAbove(failureOf(whole.replace(from, () => to)).problems.length, 0)
    }
  })

  it("a prototype that is set gives no defaults", () => {
    const { problems } = failureOf(whole.replace("dev-mode = true", "__proto__ = { dev-mode = true }"))
    assert.deepStrictEqual(problems.map(({ problem }) => problem), ["unknown key \"__proto__\" in trust"])
  })

  it("arguments keep keys of every name", () => {
    const { calls } = parsed(whole.replace("{ a = [1] }", "{ __proto__ = 1, constructor = 2 }"))
    assert.deepStrictEqual(Object.entries(calls[0]?.args[6] as object), [["__proto__", 1], ["constructor", 2]])
  })

  it("a change anywhere is decoded or reported, and never throws", () => {
    let seed = 11
    const below = (limit: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor(seed / 2 ** 32 * limit)
    }
    const pieces = [
      "",
      "\"",
      "[",
      "]",
      "{",
      "}",
      "=",
      ".",
      ",",
      "\n",
      "\0",
      "\u202e",
      "__proto__",
      "1",
      "true",
      "..",
      "/"
    ]
    for (let round = 0; round < 2000; round++) {
      let text = whole
      for (let change = below(3); change >= 0; change--) {
        const at = below(text.length)
        text = text.slice(0, at) + pieces[below(pieces.length)] + text.slice(at + below(8))
      }
      const result = HostConfig.parse(text, { file })
      if (Result.isFailure(result)) {
        assert.match(result.failure.message, /Nothing was started\.$/)
        assert.notMatch(result.failure.message, /(?!\n)[\p{Cc}\p{Cf}]/u)
      }
    }
  })
})
