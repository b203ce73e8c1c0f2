/**
 * What somebody says and signs, so that it can be read in one way only.
 *
 * A text is two lines: a domain, which says what the statement is for, and the
 * canonical JSON of its value (sorted keys, no spaces, integers alone). The
 * bytes of both lines are what is signed. A text is taken only if it is, byte
 * for byte, what its own value is written as: that refuses unknown and repeated
 * fields, spaces, other spellings of a number or a string. Nothing that was
 * signed for one domain is a statement of another.
 *
 * @since 0.1.0
 */
import * as Digest from "effect/crypto/Digest"
import type * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as canonicalText from "./internal/canonicalText.ts"
import * as untrusted from "./internal/untrusted.ts"
import * as PublicKey from "./PublicKey.ts"
import * as SigningKey from "./SigningKey.ts"

/**
 * Longest text of a statement, in characters, and most signatures of one.
 *
 * @category models
 * @since 0.1.0
 */
export const limits = { text: 64 * 1024, signatures: 8 } as const

const signatureText = /^[A-Za-z0-9_-]{85}[AQgw]$/

/**
 * Schema of one signature: 64 bytes as canonical base64url.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Signer = Schema.Struct({
  key: PublicKey.PublicKey,
  signature: Schema.String.check(Schema.isPattern(signatureText))
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Signer extends Schema.Schema.Type<typeof Signer> {}

/**
 * Schema of a text and its signatures, as stores keep it. Nothing about it is
 * verified.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Signed = Schema.Struct({
  text: Schema.String.check(Schema.isMaxLength(limits.text)),
  signatures: Schema.Array(Signer).check(Schema.isMaxLength(limits.signatures))
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Signed extends Schema.Schema.Type<typeof Signed> {}

/**
 * A kind of statement: its domain, and the schema of what it says.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statement<A> {
  readonly domain: string
  readonly format: canonicalText.Format<A>
}

/**
 * What a text says, and the keys whose signatures were verified, in their
 * order. Whether these keys may say it is for the caller to decide.
 *
 * @category models
 * @since 0.1.0
 */
export interface Opened<out A> {
  readonly value: A
  readonly signers: ReadonlyArray<PublicKey.PublicKey>
}

/**
 * @category errors
 * @since 0.1.0
 */
export class StatementError extends Schema.TaggedError<StatementError>("airssys/security/StatementError")(
  "StatementError",
  {
    domain: Schema.String,
    reason: Schema.Literals([
      "TooLarge",
      "Malformed",
      "OtherDomain",
      "NotCanonical",
      "InvalidValue",
      "Unsigned",
      "TooManySignatures",
      "RepeatedSigner",
      "BadSignature",
      "Unverifiable"
    ]),
    detail: Schema.String,
    cause: Schema.optional(Schema.Defect())
  }
) {
  override get message(): string {
    return `${this.domain}: ${this.detail}`
  }
}

const domainPattern = /^airssys\/[a-z][a-z-]{0,31}\/[1-9][0-9]{0,3}$/

/**
 * Makes a kind of statement. A domain is `airssys/<purpose>/<version>`; two
 * kinds never share one. Throws for another form.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(domain: string, schema: Schema.Codec<A, unknown>): Statement<A> => {
  if (!domainPattern.test(domain)) throw new TypeError(`the domain of a statement is airssys/<purpose>/<version>`)
  return { domain, format: canonicalText.make(domain, schema, limits.text) }
}

const failed = <A>(
  statement: Statement<A>,
  reason: StatementError["reason"],
  detail: string,
  cause?: unknown
): StatementError =>
  new StatementError({ domain: statement.domain, reason, detail, ...(cause === undefined ? undefined : { cause }) })

const taken = <A, B>(
  statement: Statement<A>,
  result: Result.Result<B, canonicalText.Problem>
): Result.Result<B, StatementError> =>
  Result.mapError(result, ({ detail, reason }) => failed(statement, reason, detail))

/**
 * The text of a value.
 *
 * @category combinators
 * @since 0.1.0
 */
export const encode = <A>(statement: Statement<A>, value: A): Result.Result<string, StatementError> =>
  taken(statement, canonicalText.encode(statement.format, value))

/**
 * What a text says, whoever signed it. Fails unless the text is of this domain
 * and canonical.
 *
 * @category combinators
 * @since 0.1.0
 */
export const decode = <A>(statement: Statement<A>, text: string): Result.Result<A, StatementError> =>
  taken(statement, canonicalText.decode(statement.format, text))

const encoder = new TextEncoder()

/**
 * Signs a value with each of the keys.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sign = <A>(
  statement: Statement<A>,
  value: A,
  keys: readonly [SigningKey.SigningKey, ...Array<SigningKey.SigningKey>]
): Effect.Effect<Signed, StatementError, Signature.Signature> =>
  Effect.flatMap(
    Effect.fromResult(encode(statement, value)),
    (text) =>
      keys.reduce<Signing>((signed, key) => Effect.flatMap(signed, (_) => endorse(statement, _, key)), unsigned(text))
  )

type Signing = Effect.Effect<Signed, StatementError, Signature.Signature>

const unsigned = (text: string): Signing => Effect.succeed({ text, signatures: [] })

/**
 * Adds the signature of one more key to a text, which has to be a statement of
 * this domain. The signatures that it has are not looked at.
 *
 * @category combinators
 * @since 0.1.0
 */
export const endorse = <A>(
  statement: Statement<A>,
  signed: Signed,
  key: SigningKey.SigningKey
): Effect.Effect<Signed, StatementError, Signature.Signature> =>
  Effect.gen(function*() {
    if (!isReadable(signed)) return yield* failed(statement, "Malformed", "it is no text with signatures")
    yield* Effect.fromResult(decode(statement, signed.text))
    if (signed.signatures.some((_) => _.key === key.publicKey)) {
      return yield* failed(statement, "RepeatedSigner", `${key.publicKey} has signed it already`)
    }
    if (signed.signatures.length >= limits.signatures) {
      return yield* failed(statement, "TooManySignatures", `a statement has at most ${limits.signatures} signatures`)
    }
    const signature = yield* Effect.mapError(
      SigningKey.sign(key, encoder.encode(signed.text)),
      (cause) => failed(statement, "Unverifiable", "this platform could not sign", cause)
    )
    const signer: Signer = { key: key.publicKey, signature: Base64Url.encode(signature) }
    return { text: signed.text, signatures: [...signed.signatures, signer] }
  })

/**
 * What a statement says, and who signed it. Fails unless it has a signature and
 * each of its signatures verifies: one that does not is no signature to skip.
 *
 * @category combinators
 * @since 0.1.0
 */
export const open = <A>(
  statement: Statement<A>,
  signed: Signed
): Effect.Effect<Opened<A>, StatementError, Signature.Signature> =>
  Effect.gen(function*() {
    if (!isReadable(signed)) return yield* failed(statement, "Malformed", "it is no text with signatures")
    const value = yield* Effect.fromResult(decode(statement, signed.text))
    const { signatures } = signed
    if (signatures.length === 0) return yield* failed(statement, "Unsigned", "nobody signed it")
    if (signatures.length > limits.signatures) {
      return yield* failed(statement, "TooManySignatures", `a statement has at most ${limits.signatures} signatures`)
    }
    if (new Set(signatures.map((_) => _.key)).size < signatures.length) {
      return yield* failed(statement, "RepeatedSigner", "one key signed it twice")
    }
    const bytes = encoder.encode(signed.text)
    for (const signer of signatures) yield* verifySigner(statement, signer, bytes)
    return { value, signers: signatures.map((_) => _.key) }
  })

const verifySigner = <A>(statement: Statement<A>, signer: Signer, bytes: Uint8Array) =>
  Effect.gen(function*() {
    if (!isSigner(signer)) return yield* failed(statement, "BadSignature", "a signature is not written as one is")
    const isGood = yield* Effect.mapError(
      PublicKey.verify(signer.key, Result.getOrThrow(Base64Url.decode(signer.signature)), bytes),
      (cause) => failed(statement, "Unverifiable", "this platform could not verify the signature", cause)
    )
    if (!isGood) return yield* failed(statement, "BadSignature", `the signature of ${signer.key} does not verify`)
  })

const isSigner = untrusted.guard(Signer)

const isReadable = (signed: Signed): boolean =>
  untrusted.look(() => typeof signed.text === "string" && signed.signatures.every(({ key }) => key !== ""), false)

/**
 * `sha256:` and the digest of a text: what names this statement elsewhere.
 *
 * @category combinators
 * @since 0.1.0
 */
export const digest = (text: string): Effect.Effect<string, never, Digest.Digest> =>
  Digest.Digest.use((service) =>
    Effect.map(service.digestHex(Digest.sha256, encoder.encode(text)), (hex) => `sha256:${hex}`)
  )

/**
 * The text of a file: the statement, and a line `<key> <signature>` for each
 * signature. `head -n 2` of it is what was signed.
 *
 * @category combinators
 * @since 0.1.0
 */
export const print = (signed: Signed): string =>
  signed.text + signed.signatures.map(({ key, signature }) => `${key} ${signature}\n`).join("")

const signedShape = /^([^\n]*\n[^\n]*\n)((?:[^\n]*\n)*)$/

/**
 * Takes the text of a file apart. Nothing is verified.
 *
 * @category combinators
 * @since 0.1.0
 */
export const parse = <A>(statement: Statement<A>, file: string): Result.Result<Signed, StatementError> => {
  const fail = (reason: StatementError["reason"], detail: string) => Result.fail(failed(statement, reason, detail))
  if (typeof file !== "string") return fail("Malformed", "it is no text")
  if (file.length > limits.text + limits.signatures * 256) {
    return fail("TooLarge", `a statement has at most ${limits.text} characters and ${limits.signatures} signatures`)
  }
  const shape = signedShape.exec(file)
  if (shape === null) return fail("Malformed", "a statement is two lines, and a line for each signature")
  const lines = shape[2] === "" ? [] : shape[2]!.slice(0, -1).split("\n")
  if (lines.length > limits.signatures) {
    return fail("TooManySignatures", `a statement has at most ${limits.signatures} signatures`)
  }
  const signatures: Array<Signer> = []
  for (const line of lines) {
    const [key = "", signature = "", ...more] = line.split(" ")
    const parsed = PublicKey.fromText(key)
    if (Result.isFailure(parsed)) return fail("BadSignature", parsed.failure.message)
    const signer = { key: parsed.success, signature }
    if (more.length > 0 || !isSigner(signer)) return fail("BadSignature", "a signature is not written as one is")
    signatures.push(signer)
  }
  return Result.succeed({ text: shape[1]!, signatures })
}
