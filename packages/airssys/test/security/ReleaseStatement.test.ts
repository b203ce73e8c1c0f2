import { assert, describe, it } from "@effect/vitest"
import { Ask, CapabilitySet, KeyRotation, ReleaseStatement, SigningKey, Statement } from "airssys/security"
import { Effect, Redacted, Result } from "effect"
import { webCrypto } from "./webCrypto.ts"

const keyOf = (byte: number) => SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(byte)))
const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`

const release = (key: SigningKey.SigningKey): ReleaseStatement.ReleaseStatement => ({
  algorithm: "ed25519",
  artifact: digestOf("a"),
  capabilities: digestOf("c"),
  issued: 1_800_000_000_000,
  key: key.publicKey,
  manifest: digestOf("d"),
  name: "rates",
  namespace: "acme",
  notAfter: 1_900_000_000_000,
  version: "1.2.0-rc.1+build.5"
})

const golden = "airssys/release/1\n" +
  `{"algorithm":"ed25519","artifact":"${digestOf("a")}","capabilities":"${digestOf("c")}","issued":1800000000000,` +
  `"key":"ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w","manifest":"${digestOf("d")}","name":"rates",` +
  "\"namespace\":\"acme\",\"notAfter\":1900000000000,\"version\":\"1.2.0-rc.1+build.5\"}\n"

const signature = "8q-3E5454RQBLc8o2uPU2VKrfSdVOOQhQx1ju7aAHsbh0PN3_99Wr9JM_rDgGBzE8spsTvkRJ2cUfZ-H5iQRAg"

const reasonOf = <A>(result: Result.Result<A, Statement.StatementError>): string =>
  Result.isFailure(result) ? result.failure.reason : "none"

describe("ReleaseStatement", () => {
  it.effect("is written and signed as in the first version", () =>
    Effect.gen(function*() {
      const key = yield* keyOf(1)
      const signed = yield* Statement.sign(ReleaseStatement.statement, release(key), [key])
      assert.strictEqual(signed.text, golden)
      assert.deepStrictEqual(signed.signatures, [{ key: key.publicKey, signature }])
      assert.deepStrictEqual(yield* ReleaseStatement.open(signed), { value: release(key), signers: [key.publicKey] })
    }).pipe(Effect.provide(webCrypto)))

  const changes: ReadonlyArray<[string, Partial<Record<keyof ReleaseStatement.ReleaseStatement, unknown>>]> = [
    ["another algorithm", { algorithm: "rsa" }],
    ["a digest in capitals", { artifact: digestOf("A") }],
    ["a digest that is cut", { manifest: "sha256:aa" }],
    ["no namespace", { namespace: "" }],
    ["a namespace with a colon", { namespace: "acme:x" }],
    ["a name that is a look-alike", { name: "r\u0430tes" }],
    ["a version of two numbers", { version: "1.2" }],
    ["a version with a v", { version: "v1.2.0" }],
    ["a version with zeros in front", { version: "01.2.0" }],
    ["a time before the epoch", { issued: -1 }],
    ["a fraction of a millisecond", { notAfter: 1_900_000_000_000.5 }],
    ["an end before its beginning", { notAfter: 1_700_000_000_000 }],
    ["an end at its beginning", { notAfter: 1_800_000_000_000 }],
    ["a time after the year 9999", { notAfter: 253_402_300_800_000 }],
    ["a key of another algorithm", { key: "rsa:AAAA" }],
    ["a previous release that is no digest", { previous: "1.1.0" }]
  ]
  it.effect.each(changes)("is not made with %s", ([, change]) =>
    Effect.gen(function*() {
      const value = { ...release(yield* keyOf(1)), ...change } as ReleaseStatement.ReleaseStatement
      assert.strictEqual(reasonOf(Statement.encode(ReleaseStatement.statement, value)), "InvalidValue")
    }).pipe(Effect.provide(webCrypto)))

  it.effect("is signed by the key it names, also where others sign it too", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* keyOf(1), yield* keyOf(2)]
      const alone = yield* Statement.sign(ReleaseStatement.statement, release(one), [two])
      assert.strictEqual((yield* Effect.flip(ReleaseStatement.open(alone))).reason, "Unsigned")
      const both = yield* Statement.endorse(ReleaseStatement.statement, alone, one)
      assert.deepStrictEqual((yield* ReleaseStatement.open(both)).signers, [two.publicKey, one.publicKey])
    }).pipe(Effect.provide(webCrypto)))
})

describe("KeyRotation", () => {
  it.effect("is signed by the old key and the new one, and by nobody else", () =>
    Effect.gen(function*() {
      const [from, to, third] = [yield* keyOf(1), yield* keyOf(2), yield* keyOf(3)]
      const value = { from: from.publicKey, to: to.publicKey, issued: 1, notAfter: 2 }
      const opened = (...keys: [SigningKey.SigningKey, ...Array<SigningKey.SigningKey>]) =>
        Effect.map(
          Effect.result(Effect.flatMap(Statement.sign(KeyRotation.statement, value, keys), KeyRotation.open)),
          reasonOf
        )
      assert.strictEqual(yield* opened(from, to), "none")
      assert.strictEqual(yield* opened(to, from), "none")
      assert.strictEqual(yield* opened(from), "Unsigned")
      assert.strictEqual(yield* opened(to), "Unsigned")
      assert.strictEqual(yield* opened(from, third), "Unsigned")
      assert.strictEqual(yield* opened(third, to), "Unsigned")
      assert.strictEqual(yield* opened(from, to, third), "Unsigned")
    }).pipe(Effect.provide(webCrypto)))

  it.effect("has two keys and an end", () =>
    Effect.gen(function*() {
      const [from, to] = [(yield* keyOf(1)).publicKey, (yield* keyOf(2)).publicKey]
      for (const value of [{ from, to: from, issued: 1, notAfter: 2 }, { from, to, issued: 2, notAfter: 2 }]) {
        assert.strictEqual(reasonOf(Statement.encode(KeyRotation.statement, value)), "InvalidValue")
      }
    }).pipe(Effect.provide(webCrypto)))
})

describe("CapabilitySet", () => {
  const place = { file: "Component.toml", line: 1 }
  const clock = Ask.make({ kind: "clock", reason: "Date the rates.", place })
  const variables = (patterns: ReadonlyArray<string>, expires?: string) =>
    Ask.make({ kind: "environment", patterns, reason: "Charge cards.", place, expires })

  it("is one line for each kind and pattern, however they are grouped, ordered and explained", () => {
    const text = "airssys/capabilities/1\n" +
      "{\"kind\":\"clock\"}\n{\"kind\":\"environment\",\"pattern\":\"A\"}\n{\"kind\":\"environment\",\"pattern\":\"B\"}\n"
    assert.strictEqual(CapabilitySet.text([clock, variables(["A", "B"])]), text)
    const again = Ask.make({ kind: "clock", reason: "Another reason.", place: { file: "x", line: 9 } })
    assert.strictEqual(CapabilitySet.text([variables(["B"]), again, variables(["A", "B"]), clock]), text)
    assert.strictEqual(CapabilitySet.text([]), "airssys/capabilities/1\n")
  })

  it.effect("has another digest with one pattern, kind or day more or less", () =>
    Effect.gen(function*() {
      const sets = [
        [],
        [clock],
        [variables(["A"])],
        [variables(["B"])],
        [variables(["A", "B"])],
        [variables(["A"], "2027-03-31")],
        [variables(["A"], "2027-04-01")],
        [clock, variables(["A"])]
      ]
      const digests = yield* Effect.forEach(sets, CapabilitySet.digest)
      assert.strictEqual(new Set(digests).size, sets.length)
      assert.isTrue(digests.every((digest) => /^sha256:[0-9a-f]{64}$/.test(digest)))
    }).pipe(Effect.provide(webCrypto)))
})
