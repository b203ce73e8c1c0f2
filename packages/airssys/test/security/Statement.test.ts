import { assert, describe, it } from "@effect/vitest"
import { type PublicKey, SigningKey, Statement } from "airssys/security"
import { Effect, Redacted, Result, Schema } from "effect"
import { CryptoError, Signature } from "effect/crypto"
import { Base64Url } from "effect/encoding"
import { webCrypto } from "./webCrypto.ts"

const Note = Schema.Struct({
  about: Schema.String,
  count: Schema.Int,
  tags: Schema.Array(Schema.String),
  until: Schema.optionalKey(Schema.Int)
})
const note = Statement.make("airssys/note/1", Note)
const other = Statement.make("airssys/other/1", Note)
const newer = Statement.make("airssys/note/2", Note)

const value = { about: "Zürich \u0000\u2028", tags: ["b", "a"], count: -7 }
const golden = "airssys/note/1\n{\"about\":\"Zürich \\u0000\u2028\",\"count\":-7,\"tags\":[\"b\",\"a\"]}\n"

const goldenFile = `${golden}\
ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w \
E8jfu9WNRuoTCA7ApGjG5vSbscpC1qreevenZDAHaxjkaLV245UbeJo35bT0XaKbB-uS46x7N8YWT5VgnhwUAw
ed25519:gTl3Dqh9F19Wo1Rmw0x-zMuNipG07jeiXfYPW4_Js5Q \
MM_-DwiIxscUHqh9xgacW7eOiWAFFuB1ou9TUFKayh3BLKdjsjsgJ2812tSkrHtRQwChyk8iBD45TCDJPzCPDg
`

const keyOf = (byte: number) => SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(byte)))
const encoder = new TextEncoder()

const reasonOf = <A>(result: Result.Result<A, Statement.StatementError>): string =>
  Result.isFailure(result) ? result.failure.reason : "none"

const openReason = <A>(statement: Statement.Statement<A>, signed: Statement.Signed) =>
  Effect.map(Effect.result(Statement.open(statement, signed)), reasonOf)

describe("Statement", () => {
  it("is two lines: its domain, and JSON with sorted keys and no spaces", () => {
    assert.strictEqual(Result.getOrThrow(Statement.encode(note, value)), golden)
    assert.deepStrictEqual(Result.getOrThrow(Statement.decode(note, golden)), value)
  })

  it.effect("is signed as it was in the first version", () =>
    Effect.gen(function*() {
      const signed = yield* Statement.sign(note, value, [yield* keyOf(1), yield* keyOf(2)])
      assert.strictEqual(Statement.print(signed), goldenFile)
      assert.deepStrictEqual(Result.getOrThrow(Statement.parse(note, goldenFile)), signed)
      assert.strictEqual(
        yield* Statement.digest(golden),
        "sha256:8175e7c26da8a932042619b6b71b957a186b9abe9170d793b22b4fc0aee8969b"
      )
    }).pipe(Effect.provide(webCrypto)))

  it.effect("says its value and who signed it", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* keyOf(1), yield* keyOf(2)]
      const opened = yield* Statement.open(note, yield* Statement.sign(note, value, [one, two]))
      assert.deepStrictEqual(opened, { value, signers: [one.publicKey, two.publicKey] })
    }).pipe(Effect.provide(webCrypto)))

  const body = (json: string) => `airssys/note/1\n${json}\n`
  const plain = "{\"about\":\"x\",\"count\":1,\"tags\":[]}"
  it.each<[string, string, Statement.StatementError["reason"]]>([
    ["an unknown field", body("{\"about\":\"x\",\"count\":1,\"extra\":true,\"tags\":[]}"), "NotCanonical"],
    ["a field named __proto__", body("{\"__proto__\":{},\"about\":\"x\",\"count\":1,\"tags\":[]}"), "NotCanonical"],
    ["a repeated field", body("{\"about\":\"x\",\"about\":\"x\",\"count\":1,\"tags\":[]}"), "NotCanonical"],
    ["fields in another order", body("{\"count\":1,\"about\":\"x\",\"tags\":[]}"), "NotCanonical"],
    ["a space", body("{\"about\":\"x\", \"count\":1,\"tags\":[]}"), "NotCanonical"],
    ["an escape that is not needed", body("{\"about\":\"\\u0078\",\"count\":1,\"tags\":[]}"), "NotCanonical"],
    ["half of a surrogate pair", body("{\"about\":\"\\ud800\",\"count\":1,\"tags\":[]}"), "NotCanonical"],
    ["a float that is an integer", body("{\"about\":\"x\",\"count\":1.0,\"tags\":[]}"), "NotCanonical"],
    ["an exponent", body("{\"about\":\"x\",\"count\":1e0,\"tags\":[]}"), "NotCanonical"],
    ["minus zero", body("{\"about\":\"x\",\"count\":-0,\"tags\":[]}"), "NotCanonical"],
    ["a fraction", body("{\"about\":\"x\",\"count\":1.5,\"tags\":[]}"), "InvalidValue"],
    ["an integer beyond 2^53", body("{\"about\":\"x\",\"count\":9007199254740993,\"tags\":[]}"), "InvalidValue"],
    ["a missing field", body("{\"about\":\"x\",\"tags\":[]}"), "InvalidValue"],
    [
      "null for a field that may be left out",
      body("{\"about\":\"x\",\"count\":1,\"tags\":[],\"until\":null}"),
      "InvalidValue"
    ],
    ["a list", body(`[${plain}]`), "InvalidValue"],
    ["a third line", `${body(plain)}\n`, "NotCanonical"],
    ["no line end", body(plain).slice(0, -1), "NotCanonical"],
    ["a byte order mark", `\ufeff${body(plain)}`, "OtherDomain"],
    ["another line end", body(plain).replace("\n", "\r\n"), "OtherDomain"],
    ["no domain", plain, "OtherDomain"],
    ["a domain that begins alike", body(plain).replace("note/1", "note/11"), "OtherDomain"],
    ["nothing", "", "OtherDomain"],
    ["no JSON", body("{"), "Malformed"],
    ["very deep JSON", body(`${"[".repeat(30_000)}${"]".repeat(30_000)}`), "InvalidValue"],
    ["too many characters", body(`{"about":"${"x".repeat(64 * 1024)}","count":1,"tags":[]}`), "TooLarge"]
  ])("is no text with %s", (_, text, reason) => {
    assert.strictEqual(reasonOf(Statement.decode(note, text)), reason)
  })

  it("is not made of what it could not be read from", () => {
    const encode = (value: unknown) => reasonOf(Statement.encode(note, value as typeof Note.Type))
    assert.strictEqual(encode({ ...value, about: "\ud800" }), "InvalidValue")
    assert.strictEqual(encode({ ...value, count: 0.5 }), "InvalidValue")
    assert.strictEqual(encode({ ...value, count: -0 }), "InvalidValue")
    assert.strictEqual(encode({ ...value, about: "x".repeat(64 * 1024) }), "TooLarge")
    assert.strictEqual(encode({ about: "x" }), "InvalidValue")
  })

  it.effect("of one domain or version never verifies as another, with its text as it is or renamed", () =>
    Effect.gen(function*() {
      const signed = yield* Statement.sign(note, value, [yield* keyOf(1)])
      for (const another of [other, newer]) {
        assert.strictEqual(yield* openReason(another, signed), "OtherDomain")
        const renamed = { ...signed, text: signed.text.replace(note.domain, another.domain) }
        assert.strictEqual(yield* openReason(another, renamed), "BadSignature")
      }
    }).pipe(Effect.provide(webCrypto)))

  it.effect("does not verify when a byte of it is changed, or its signature is of another text or key", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* keyOf(1), yield* keyOf(2)]
      const signed = yield* Statement.sign(note, value, [one])
      const signature = signed.signatures[0]!.signature
      const changed = { ...signed, text: golden.replace("-7", "-8") }
      assert.strictEqual(yield* openReason(note, changed), "BadSignature")
      const swapped = { ...signed, signatures: [{ key: two.publicKey, signature }] }
      assert.strictEqual(yield* openReason(note, swapped), "BadSignature")
      const bare = yield* SigningKey.sign(one, encoder.encode(golden.split("\n")[1]))
      const cross = { ...signed, signatures: [{ key: one.publicKey, signature: Base64Url.encode(bare) }] }
      assert.strictEqual(yield* openReason(note, cross), "BadSignature")
    }).pipe(Effect.provide(webCrypto)))

  it.effect("needs every signature that it carries to verify, each by another key, and at least one", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* keyOf(1), yield* keyOf(2)]
      const signed = yield* Statement.sign(note, value, [one])
      const first = signed.signatures[0]!
      const bad = { key: two.publicKey, signature: first.signature }
      const withSignatures = (...signatures: ReadonlyArray<Statement.Signer>) => ({ text: signed.text, signatures })
      assert.strictEqual(yield* openReason(note, withSignatures()), "Unsigned")
      assert.strictEqual(yield* openReason(note, withSignatures(first, first)), "RepeatedSigner")
      assert.strictEqual(yield* openReason(note, withSignatures(first, bad)), "BadSignature")
      assert.strictEqual(yield* openReason(note, withSignatures(bad, first)), "BadSignature")
      const many = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8, 9], keyOf)
      const nine = yield* Effect.forEach(
        many,
        (key) => Effect.map(Statement.sign(note, value, [key]), (_) => _.signatures[0]!)
      )
      assert.strictEqual(yield* openReason(note, withSignatures(...nine.slice(0, 8))), "none")
      assert.strictEqual(yield* openReason(note, withSignatures(...nine)), "TooManySignatures")
    }).pipe(Effect.provide(webCrypto)))

  it.effect("takes no signature or key that was not decoded", () =>
    Effect.gen(function*() {
      const signed = yield* Statement.sign(note, value, [yield* keyOf(1)])
      const { key, signature } = signed.signatures[0]!
      const small = `ed25519:${"A".repeat(43)}` as PublicKey.PublicKey
      for (
        const signer of [
          { key, signature: `${signature}A` },
          { key, signature: `${signature}=` },
          { key, signature: signature.slice(0, -1) },
          { key, signature: "" },
          { key: small, signature },
          { key: key.replace("ed25519", "ed448") as PublicKey.PublicKey, signature }
        ]
      ) {
        assert.strictEqual(yield* openReason(note, { ...signed, signatures: [signer] }), "BadSignature")
      }
    }).pipe(Effect.provide(webCrypto)))

  it.effect("is not taken where the platform cannot verify", () =>
    Effect.gen(function*() {
      const signed = yield* Statement.sign(note, value, [yield* keyOf(1)])
      const unsupported = Effect.fail(
        new CryptoError.CryptoError({
          module: "Signature",
          method: "verify",
          reason: new CryptoError.Unsupported({ description: "no Ed25519" })
        })
      )
      const reason = yield* openReason(note, signed).pipe(
        Effect.updateService(Signature.Signature, (service) => ({ ...service, verify: () => unsupported }))
      )
      assert.strictEqual(reason, "Unverifiable")
    }).pipe(Effect.provide(webCrypto)))

  it.effect("is signed further by others, each once", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* keyOf(1), yield* keyOf(2)]
      const both = yield* Statement.endorse(note, yield* Statement.sign(note, value, [one]), two)
      assert.deepStrictEqual((yield* Statement.open(note, both)).signers, [one.publicKey, two.publicKey])
      assert.strictEqual((yield* Effect.flip(Statement.endorse(note, both, two))).reason, "RepeatedSigner")
      assert.strictEqual((yield* Effect.flip(Statement.endorse(other, both, yield* keyOf(3)))).reason, "OtherDomain")
    }).pipe(Effect.provide(webCrypto)))

  it.effect("is read from a file of its lines alone", () =>
    Effect.gen(function*() {
      const file = Statement.print(yield* Statement.sign(note, value, [yield* keyOf(1)]))
      const reason = (text: string) => reasonOf(Statement.parse(note, text))
      const line = file.split("\n")[2]!
      assert.strictEqual(reason(file), "none")
      assert.strictEqual(reason(file.slice(0, -1)), "Malformed")
      assert.strictEqual(reason(`${file}\n`), "BadSignature")
      assert.strictEqual(reason(file.replace("\n", "\r\n")), "none")
      assert.strictEqual(reason(`${file}${line} more\n`), "BadSignature")
      assert.strictEqual(reason(`${file}${line.replace("ed25519", "rsa")}\n`), "BadSignature")
      assert.strictEqual(reason(`${file}${`${line}\n`.repeat(8)}`), "TooManySignatures")
      assert.strictEqual(reason("x".repeat(2 ** 20)), "TooLarge")
      assert.strictEqual(reason(""), "Malformed")
    }).pipe(Effect.provide(webCrypto)))

  it("has a domain of the form airssys/<purpose>/<version>", () => {
    for (
      const domain of ["", "note", "airssys/note", "airssys/note/0", "airssys/note/1\n", "airssys/Note/1", "x/note/1"]
    ) {
      assert.throws(() => Statement.make(domain, Note), /airssys\/<purpose>/)
    }
  })
})
