import { assert, describe, it } from "@effect/vitest"
import * as HostConfig from "airssys/component/HostConfig"
import * as Manifest from "airssys/component/Manifest"
import * as PolicyFile from "airssys/component/PolicyFile"
import * as Acl from "airssys/security/Acl"
import * as AddressRange from "airssys/security/AddressRange"
import * as ApprovalStatement from "airssys/security/ApprovalStatement"
import * as Ask from "airssys/security/Ask"
import * as AuditEvent from "airssys/security/AuditEvent"
import * as AuditLog from "airssys/security/AuditLog"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as CapabilityKind from "airssys/security/CapabilityKind"
import * as GitUrl from "airssys/security/GitUrl"
import * as Grant from "airssys/security/Grant"
import * as Inference from "airssys/security/Inference"
import * as Pattern from "airssys/security/Pattern"
import * as Principal from "airssys/security/Principal"
import * as PublicKey from "airssys/security/PublicKey"
import * as Quota from "airssys/security/Quota"
import * as Quotas from "airssys/security/Quotas"
import * as Rbac from "airssys/security/Rbac"
import * as ReleaseStatement from "airssys/security/ReleaseStatement"
import * as SafeText from "airssys/security/SafeText"
import * as Statement from "airssys/security/Statement"
import { Effect, Exit, Layer, Predicate, Result, Schema } from "effect"
import { Digest } from "effect/crypto"
import { spent } from "../../../engine/test/support/spent.ts"
import { webCrypto } from "./webCrypto.ts"

const million = 1_000_000

const texts: ReadonlyArray<string> = [
  "",
  " ",
  "\u0000",
  "\n",
  "\ud800",
  "\udfff\ud800",
  "\u202e\u2066",
  "\u200b\ufeff",
  "..",
  "../..",
  "a/../b",
  "a//b",
  "/etc/passwd",
  "root:/../etc",
  "inbox:/%2e%2e/etc",
  "inbox:/a\u0000.csv",
  "https://user@host",
  "https://0x7f.1",
  "https://[::ffff:127.0.0.1]",
  "https://xn--a",
  "https://a..b",
  "https://a:99999999999999999999",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "then",
  "*",
  "**",
  "**/**/**/**/**/**/**/**/a",
  "*".repeat(1000),
  "a*".repeat(500),
  "{}",
  "[]",
  "null",
  "[".repeat(100_000),
  "{\"a\":".repeat(50_000),
  "\"".repeat(100_000),
  "'".repeat(100_000),
  "\\".repeat(100_000),
  "a".repeat(million),
  "a/".repeat(million / 2),
  "a.".repeat(million / 2),
  ":".repeat(million),
  "\u0301".repeat(million / 4),
  "ed25519:",
  `ed25519:${"A".repeat(43)}`,
  `ed25519:${"/".repeat(43)}`,
  `sha256:${"g".repeat(64)}`,
  "git@github.com:a/b",
  "https://user:secret@github.com/a/b.git",
  "[[entry]]\n".repeat(20_000),
  "schema = 1\n" + "[component.a]\n".repeat(2_000),
  "x = " + "[".repeat(10_000)
]

const cyclic: Record<string, unknown> = {}
cyclic["self"] = cyclic

/** What files, messages and databases can hold, and some that only a mistake in a program can. */
const values: ReadonlyArray<unknown> = [
  undefined,
  null,
  true,
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 63,
  -1,
  0.5,
  10n ** 40n,
  Symbol("s"),
  () => {},
  [],
  new Array(1_000_000),
  Array.from({ length: 100_000 }, () => ({})),
  {},
  Object.create(null),
  cyclic,
  new Date(Number.NaN),
  new Map([["kind", "clock"]]),
  { kind: "__proto__", patterns: [], reason: "x" },
  { kind: "clock", patterns: ["a"], reason: "x" },
  { kind: "storage.read", patterns: "a", reason: "x" },
  { kind: "storage.read", patterns: [{}], reason: "x" },
  { kind: "storage.read", patterns: Array.from({ length: 100_000 }, () => "a"), reason: "x" },
  { kind: "storage.read", patterns: ["a"], reason: "a".repeat(million) },
  { kind: "storage.read", patterns: ["a"], reason: "x", expires: "9999-99-99" },
  JSON.parse("{\"__proto__\":{\"kind\":\"clock\",\"patterns\":[],\"reason\":\"x\"}}"),
  { roles: [{ name: "a", inherits: ["a"], permissions: [] }], assignments: [] },
  ...texts
]

/** Whatever it is, it is shown without calling it. */
const shown = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : `value ${values.indexOf(value)}`

const isTyped = (cause: unknown): boolean => Predicate.hasProperty(cause, "_tag") && typeof cause._tag === "string"

/** Runs one entry; it answers, or fails with an error that has a name, in little time of the processor. */
const answers = (entry: string, value: unknown, run: () => unknown): unknown => {
  let answer: unknown
  const start = spent()
  try {
    answer = run()
  } catch (cause) {
    assert.isTrue(isTyped(cause), `${entry} of ${shown(value)} threw ${String(cause)}`)
    answer = Result.fail(cause)
  }
  const millis = spent() - start
  assert.isBelow(millis, 1_500, `${entry} of ${shown(value)}`)
  return answer
}

const isRefused = (answer: unknown): boolean =>
  answer === undefined || answer === false || (Result.isResult(answer) && Result.isFailure(answer))

const kinds: ReadonlyArray<CapabilityKind.CapabilityKind> = [...CapabilityKind.all, "custom.ledger"]

const anySigned = Schema.decodeUnknownResult(Statement.Signed)

const decoders: ReadonlyArray<readonly [string, (value: unknown) => unknown]> = [
  ["Grant.fromUnknown", (value) => Grant.fromUnknown(value)],
  ["Ask.fromUnknown", (value) => Ask.fromUnknown(value)],
  ["Acl.fromUnknown", (value) => Acl.fromUnknown("acl", [value])],
  ["Rbac.fromUnknown", (value) => Rbac.fromUnknown("roles", value)],
  ["Quota.Limits", (value) => Schema.decodeUnknownResult(Quota.Limits)(value)],
  ["AuditEvent", (value) => Schema.decodeUnknownResult(AuditEvent.AuditEvent)(value)],
  ["Statement.Signed", (value) => anySigned(value)],
  ["Principal", (value) => Principal.isPrincipal(value)],
  ["CapabilityKind", (value) => CapabilityKind.isCapabilityKind(value)]
]

const readers: ReadonlyArray<readonly [string, (text: string) => unknown]> = [
  ["PublicKey.fromText", (text) => PublicKey.fromText(text)],
  ["Statement.parse", (text) => Statement.parse(ReleaseStatement.statement, text)],
  ["Statement.decode", (text) => Statement.decode(ApprovalStatement.decision, text)],
  [
    "Statement.decode with its domain",
    (text) => Statement.decode(ApprovalStatement.decision, `airssys/approval-decision/1\n${text}\n`)
  ],
  ["PolicyFile.parse", (text) => PolicyFile.parse(text, { file: "policy.toml" })],
  ["HostConfig.parse", (text) => HostConfig.parse(text, { file: "airssys.toml" })],
  ["Manifest.parse", (text) => Manifest.parse(text, { file: "Component.toml" })]
]

describe("what no public entry takes", () => {
  it.each(decoders)("%s refuses whatever is none, by a typed error, in bounded time", (name, decode) => {
    for (const value of values) {
      if (name === "CapabilityKind" && value === "clock") continue
      assert.isTrue(isRefused(answers(name, value, () => decode(value))), `${name} took ${shown(value)}`)
    }
  })

  it.each(readers)("%s refuses whatever is none, by a typed error, in bounded time", (name, read) => {
    for (const text of texts) {
      assert.isTrue(isRefused(answers(name, text, () => read(text))), `${name} took ${shown(text)}`)
    }
  })

  it.each(kinds)(
    "patterns and resources of %s are taken or refused in bounded time, and grant nothing outside",
    (kind) => {
      for (const text of texts) {
        const parsed = answers("Pattern.parse", text, () => Pattern.parse(kind, text))
        assert.isTrue(Result.isResult(parsed))
        const resource = answers("Pattern.parseResource", text, () => Pattern.parseResource(kind, text))
        if (resource !== undefined && text.length > 4096) assert.fail(`a resource of ${text.length} characters`)
      }
    }
  )

  it("addresses and repositories are told in bounded time", () => {
    for (const text of texts) {
      assert.isFalse(answers("AddressRange.isPublic", text, () => AddressRange.isPublic(text)))
      answers("GitUrl.normalize", text, () => GitUrl.normalize(text))
    }
  })

  it("text is made safe, of any length", () => {
    for (const text of texts) {
      for (const escape of [SafeText.escape, SafeText.escapeLookAlikes]) {
        const safe = answers("SafeText", text, () => escape(text)) as string
        assert.isBelow(safe.length, 8_192)
        assert.notMatch(safe, /[\p{Cc}\p{Cf}\p{Cs}]/u)
      }
    }
  })

  it("uses of any kind are inferred from without a pattern that nothing covers", () => {
    const seen = kinds.flatMap((kind) =>
      texts.filter((text) => text.length < 10_000).map((resource): Inference.Use => ({
        principal: "acme:rates",
        kind,
        resource,
        wasAllowed: false,
        count: 1
      }))
    )
    const { capabilities, ungrantable } = answers(
      "Inference.infer",
      seen,
      () => Inference.infer(seen)
    ) as Inference.Inference
    const { denials } = Inference.replay(seen, capabilities)
    const key = ({ kind, resource }: Inference.Use) => `${kind} ${resource}`
    assert.sameMembers([...new Set(denials.map(key))], [...new Set(ungrantable.map(key))])
  })

  const principals: ReadonlyArray<Principal.Principal> = [
    Principal.make({ kind: "Component", id: "acme:rates" }),
    { kind: "Component", id: "__proto__", label: "x" },
    { kind: "__proto__", id: "acme:rates", label: "x" } as never,
    {} as never,
    Object.create(null)
  ]

  it.effect("the enforcer denies, of whomever, whatever it is asked", () =>
    Effect.gen(function*() {
      const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
      const [rates] = principals
      yield* enforcer.admit(rates!, {
        asks: [Ask.make({ kind: "storage.read", patterns: ["rates/**"], reason: "x", place: { file: "c", line: 1 } })],
        grants: [Grant.make("storage.read", ["rates/**"], { reason: "x" })]
      })
      for (const principal of principals) {
        for (
          const kind of [...kinds, "__proto__", "constructor", "", undefined] as ReadonlyArray<
            unknown
          > as ReadonlyArray<never>
        ) {
          for (const value of values) {
            if (typeof value !== "string" && kind !== "storage.read") continue
            const answer = answers("check", value, () => enforcer.check(principal, kind, value as never))
            const isDenied = isRefused(answer) || Predicate.isTagged(answer, "Denied")
            assert.isTrue(isDenied, `${principal.id} ${String(kind)} ${shown(value)}`)
          }
        }
      }
      assert.strictEqual(enforcer.check(rates!, "storage.read", "rates/usd")._tag, "Allowed")
    }).pipe(Effect.provide(CapabilityEnforcer.layerTest)))

  it.effect("quotas let nothing in that is no amount", () =>
    Effect.gen(function*() {
      const quotas = yield* Quotas.Quotas
      for (const value of values) {
        if (value === 0 || Object.is(value, -0)) continue
        for (const quota of Quota.all) {
          const answer = answers(
            "reserve",
            value,
            () => quotas.reserveUnsafe({ component: "a" }, quota, value as never)
          )
          assert.isTrue(isRefused(answer), `${quota} ${shown(value)}`)
        }
      }
    }).pipe(
      Effect.provide(
        Quotas.layerMemory().pipe(Layer.provide(AuditLog.layerMemory()), Layer.provide(Digest.layerWebCrypto))
      )
    ))

  it.effect("a copy of an audit log and a signed statement are refused by typed errors", () =>
    Effect.gen(function*() {
      for (const text of texts.filter((text) => text !== "")) {
        const log = yield* Effect.exit(AuditLog.verifyText(text))
        assert.isTrue(Exit.isFailure(log), `verifyText took ${shown(text)}`)
        const key = `ed25519:${"A".repeat(43)}` as PublicKey.PublicKey
        const signed = { text, signatures: [{ key, signature: text }] }
        const error = yield* Effect.flip(Statement.open(ReleaseStatement.statement, signed))
        assert.strictEqual(error._tag, "StatementError")
      }
    }).pipe(Effect.provide(webCrypto)))
})
