import { assert, describe, it } from "@effect/vitest"
import type { AuditEntry } from "airssys/security/AuditEntry"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Inference from "airssys/security/Inference"
import * as Pattern from "airssys/security/Pattern"
import { Arbitrary, Effect, Result, Schema } from "effect"

const use = (kind: CapabilityKind, resource: string, options: Partial<Inference.Use> = {}): Inference.Use => ({
  principal: "acme:rates",
  kind,
  resource,
  wasAllowed: false,
  count: 1,
  ...options
})

const inferred = (kind: CapabilityKind, resources: ReadonlyArray<string>, options?: Inference.Options) =>
  Inference.infer(resources.map((resource) => use(kind, resource)), options).capabilities.flatMap((_) => _.patterns)

describe("Inference", () => {
  it("names what was seen, each once, in the order of the kinds", () => {
    const seen = [
      use("network.outbound", "https://api.example.com"),
      use("clock", ""),
      use("network.outbound", "https://api.example.com"),
      use("custom.ledger", "invoices/2027"),
      use("log", "")
    ]
    assert.deepStrictEqual(Inference.infer(seen), {
      capabilities: [
        { kind: "log", patterns: [] },
        { kind: "clock", patterns: [] },
        { kind: "network.outbound", patterns: ["https://api.example.com"] },
        { kind: "custom.ledger", patterns: ["invoices/2027"] }
      ],
      ungrantable: []
    })
    assert.deepStrictEqual(Inference.infer([]), { capabilities: [], ungrantable: [] })
  })

  it("leaves one segment open for enough siblings", () => {
    const keys = ["rates/eur", "rates/usd", "rates/gbp", "rates/jpy"]
    assert.deepStrictEqual(inferred("storage.read", keys), ["rates/*"])
    assert.deepStrictEqual(inferred("storage.read", keys.slice(1)), keys.slice(1).toSorted())
    assert.deepStrictEqual(inferred("storage.read", keys.slice(2), { siblings: 2 }), ["rates/*"])
    assert.deepStrictEqual(inferred("storage.read", keys, { siblings: Infinity }), keys.toSorted())
    assert.deepStrictEqual(inferred("storage.read", keys, { siblings: Number.NaN }), keys.toSorted())
    assert.deepStrictEqual(inferred("storage.read", keys.slice(0, 1), { siblings: -1 }), keys.slice(0, 1))
    assert.deepStrictEqual(
      inferred("filesystem.read", ["a", "b", "c", "d"].map((name) => `inbox:/2027/${name}/rates.csv`)),
      ["inbox:/2027/*/rates.csv"]
    )
    assert.deepStrictEqual(
      inferred("messaging.publish", ["a", "b", "c", "d"].map((name) => `invoices.${name}.paid`)),
      ["invoices.*.paid"]
    )
  })

  it.each<readonly [CapabilityKind, (name: string) => string]>([
    ["storage.read", (name) => name],
    ["storage.read", (name) => `${name}/today`],
    ["filesystem.read", (name) => `inbox:/${name}`],
    ["filesystem.read", (name) => `inbox:/${name}/rates.csv`],
    ["filesystem.read", (name) => `${name}:/2027/rates.csv`],
    ["messaging.subscribe", (name) => name],
    ["environment", (name) => `KEY_${name.toUpperCase()}`],
    ["process.spawn", (name) => `git${name}`],
    ["process.spawn", (name) => `git ${name}`],
    ["network.resolve", (name) => `${name}.eu.example.com`],
    ["network.outbound", (name) => `https://${name}.example.com`],
    ["network.outbound", (name) => `https://${name}.example`],
    ["network.outbound", (name) => `https://api.${name}.eu.example.com`],
    ["network.outbound", (name) => `https://api.eu.example.com:7${name.charCodeAt(0)}`],
    ["network.inbound", (name) => `tcp://127.0.0.1:7${name.charCodeAt(0)}`],
    ["messaging.send", (name) => `acme:${name}`],
    ["messaging.send", (name) => `${name}:rates`]
  ])("never leaves open more than that: %s", (kind, resource) => {
    const resources = "abcdefghij".split("").map(resource)
    assert.deepStrictEqual(inferred(kind, resources), resources.toSorted())
  })

  it("leaves the first label of a host open where three follow", () => {
    const names = "abcd".split("").map((name) => `https://${name}.eu.example.com:8443`)
    assert.deepStrictEqual(inferred("network.outbound", names), ["https://*.eu.example.com:8443"])
    const addresses = "1234".split("").map((name) => `https://${name}.0.0.9`)
    assert.notInclude(inferred("network.outbound", addresses).join(), "*")
  })

  it("names a resource once, in whichever way it was spelled", () => {
    const spelled = ["https://a.example.com", "https://a.example.com:443"]
    assert.strictEqual(inferred("network.outbound", spelled).length, 1)
  })

  it("keeps apart what no pattern could admit", () => {
    const hostile = ["../etc/passwd", "", "\u0000", "a//b", "a".repeat(10_000), "rates/*"]
    const { capabilities, ungrantable } = Inference.infer([
      use("storage.read", "rates/eur"),
      ...hostile.map((_) => use("storage.read", _)),
      use("filesystem.read", "inbox:/.ssh/id_ed25519")
    ])
    assert.notInclude(JSON.stringify(capabilities), "passwd")
    assert.includeMembers(ungrantable.map((_) => _.resource), ["../etc/passwd", "", "\u0000", "a//b", "rates/*"])
    assert.include(ungrantable.map((_) => _.resource), "inbox:/.ssh/id_ed25519")
  })

  it("reads the uses of a log, of one principal or of all", () => {
    const actor = (id: string) => ({ kind: "Component", id }) as const
    const entry = (sequence: number, event: AuditEntry["event"]): AuditEntry => ({ sequence, time: 0, event, hash: "" })
    const entries = [
      entry(1, {
        _tag: "CapabilityUsed",
        principal: actor("acme:rates"),
        kind: "clock",
        resource: "",
        rule: { grant: 1, pattern: "" },
        count: 7
      }),
      entry(2, { _tag: "Crashed", principal: actor("acme:rates"), detail: "" }),
      entry(3, {
        _tag: "CapabilityDenied",
        principal: actor("acme:totals"),
        kind: "environment",
        resource: "KEY",
        reason: "NotAsked"
      })
    ]
    assert.deepStrictEqual(Inference.uses(entries), [
      use("clock", "", { wasAllowed: true, count: 7 }),
      use("environment", "KEY", { principal: "acme:totals" })
    ])
    assert.strictEqual(Inference.uses(entries, "acme:totals").length, 1)
  })

  it("counts what a candidate would deny, the most frequent first", () => {
    const seen = [
      use("storage.read", "rates/eur", { wasAllowed: true, count: 5 }),
      use("storage.read", "rates/usd", { count: 2 }),
      use("clock", "", { wasAllowed: true }),
      use("environment", "KEY", { wasAllowed: true, count: 3 }),
      use("environment", "KEY", { count: 4 })
    ]
    const replay = Inference.replay(seen, [{ kind: "storage.read", patterns: ["rates/*"] }])
    assert.deepStrictEqual(replay, {
      allowed: 7,
      denied: 8,
      denials: [
        use("environment", "KEY", { wasAllowed: true, count: 7 }),
        use("clock", "", { wasAllowed: true })
      ],
      newlyDenied: 4,
      newlyAllowed: 2
    })
    assert.strictEqual(Inference.replay(seen, () => true).denied, 0)
    assert.strictEqual(Inference.replay(seen, []).denied, 15)
  })

  it("is quick about a log of many resources that no wildcard stands for", () => {
    const seen = Array.from({ length: 40_000 }, (_, index) => use("storage.read", `a${index}/b${index}`))
    const { capabilities } = Inference.infer(seen)
    assert.strictEqual(capabilities[0]?.patterns.length, seen.length)
    assert.strictEqual(Inference.replay(seen, capabilities).denied, 0)
  })

  it("writes a manifest that says nothing about reasons", () => {
    assert.strictEqual(
      Inference.toToml([
        { kind: "clock", patterns: [] },
        { kind: "storage.read", patterns: ["rates/*", "totals/may"], expires: "2027-03-31" }
      ]),
      "[[capability]]\nreason = \"\"\nclock = true\n\n[[capability]]\nreason = \"\"\nexpires = 2027-03-31\n"
        + "storage.read = [\"rates/*\", \"totals/may\"]\n"
    )
  })

  const word = Schema.Literals(["a", "b", "c", "d", "e", "f", "g"])
  const kinds = {
    "storage.read": (parts: ReadonlyArray<string>) => parts.join("/"),
    "filesystem.write": (parts: ReadonlyArray<string>) => `root:/${parts.join("/")}`,
    "messaging.publish": (parts: ReadonlyArray<string>) => parts.join("."),
    "network.outbound": (parts: ReadonlyArray<string>) => `https://${parts.join(".")}.example.com`,
    "custom.ledger": (parts: ReadonlyArray<string>) => parts.join("/"),
    "clock": () => ""
  }
  const seen = Schema.Struct({
    kind: Schema.Literals(Object.keys(kinds) as Array<keyof typeof kinds>),
    parts: Schema.NonEmptyArray(word)
  })

  it.effect.prop(
    "admits every use that could be granted, and nothing of it could be left out",
    {
      log: Arbitrary.array(Arbitrary.schema(seen), { maxLength: 60 }),
      siblings: Arbitrary.schema(Schema.Literals([2, 3, 4]))
    },
    ({ log, siblings }) =>
      Effect.sync(() => {
        const uses = log.map(({ kind, parts }) => use(kind, kinds[kind](parts)))
        const { capabilities, ungrantable } = Inference.infer(uses, { siblings })
        assert.deepStrictEqual(ungrantable, [])
        assert.strictEqual(Inference.replay(uses, capabilities).denied, 0)
        for (const [index, { kind, patterns }] of capabilities.entries()) {
          for (const dropped of patterns.length === 0 ? [""] : patterns) {
            const fewer = capabilities.flatMap((block, at) =>
              at !== index
                ? [block]
                : patterns.length < 2
                ? []
                : [{ kind, patterns: patterns.filter((_) => _ !== dropped) }]
            )
            assert.isAbove(Inference.replay(uses, fewer).denied, 0)
          }
          for (const pattern of patterns) {
            assert.isTrue(Result.isSuccess(Pattern.parse(kind, pattern)))
            assert.isAtMost(pattern.split("*").length, 2)
          }
        }
      })
  )
})
